//! Statements of a script, and the place where CTEs go.
//!
//! Input: SQL text. Output: byte ranges and offsets into it. Called by the adapters (is there anything to run?) and
//! by `compile` (ephemeral models become CTEs).

use std::ops::Range;

use super::{Kind, Lexer, code_tokens};

/// Where a query's own `with` ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeadingWith {
    /// The offset right behind `with`, or behind `with recursive`: the first CTE may be written here.
    pub insert_at: usize,
    /// Whether `recursive` was there.
    pub recursive: bool,
}

/// Returns the ranges of a script's statements, without their semicolons and outer blanks.
///
/// A piece that holds only comments belongs to no statement and is left out.
pub fn split_statements(sql: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut current: Option<Range<usize>> = None;
    for token in Lexer::new(sql) {
        match token.kind {
            Kind::Space | Kind::Comment => {}
            Kind::Semicolon => found.extend(current.take()),
            _ => match &mut current {
                Some(range) => range.end = token.range.end,
                None => current = Some(token.range),
            },
        }
    }
    found.extend(current);
    found
}

/// Tells whether there is nothing to run: only blanks, comments and semicolons.
pub fn is_blank(sql: &str) -> bool {
    Lexer::new(sql).all(|t| matches!(t.kind, Kind::Space | Kind::Comment | Kind::Semicolon))
}

/// Returns the text with each comment replaced by one blank, so that no two words meet.
pub fn strip_comments(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    for token in Lexer::new(sql) {
        match token.kind {
            Kind::Comment => out.push(' '),
            _ => out.push_str(&sql[token.range]),
        }
    }
    out
}

/// Tells whether a script ends the open transaction, apart from going back to a savepoint.
pub fn ends_transaction(sql: &str) -> bool {
    let ends = |statement: Range<usize>| {
        let text = &sql[statement];
        let words = code_tokens(text).take(4);
        let words: Vec<String> = words.map(|token| text[token.range].to_lowercase()).collect();
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["rollback", "to", ..] | ["rollback", "work" | "transaction", "to", ..] => false,
            ["commit" | "rollback" | "abort", ..] => true,
            // The body of a function ends so, too.
            ["end"] => !sql.to_lowercase().contains("atomic"),
            ["end", "work" | "transaction", ..] => true,
            _ => false,
        }
    };
    split_statements(sql).into_iter().any(ends)
}

/// Finds the `with` a query begins with; comments and blanks may stand before it.
pub fn leading_with(sql: &str) -> Option<LeadingWith> {
    let mut words = code_tokens(sql);
    let first = words.next()?;
    if !sql[first.range.clone()].eq_ignore_ascii_case("with") {
        return None;
    }
    let plain = LeadingWith { insert_at: first.range.end, recursive: false };
    Some(match words.next() {
        Some(second) if sql[second.range.clone()].eq_ignore_ascii_case("recursive") => {
            LeadingWith { insert_at: second.range.end, recursive: true }
        }
        _ => plain,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_split(sql: &str, want: &[&str]) {
        let got: Vec<&str> = split_statements(sql).into_iter().map(|r| &sql[r]).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn statements_end_at_semicolons_outside_strings() {
        check_split("select 1; select 2", &["select 1", "select 2"]);
        check_split(" select ';' -- a; b\n from t ; ; ", &["select ';' -- a; b\n from t"]);
        check_split("/* x; */ create function f() as $$ a; b $$;", &["create function f() as $$ a; b $$"]);
        check_split("-- only; words", &[]);
        check_split("", &[]);
    }

    #[test]
    fn blank_means_nothing_to_run() {
        assert!(is_blank(" ;; -- x\n/* y */"));
        assert!(!is_blank("-- x\nselect 1"));
        assert_eq!(strip_comments("a--b\nc/*d*/e'--f'"), "a \nc e'--f'");
    }

    #[test]
    fn the_end_of_a_transaction_is_found_in_scripts() {
        for sql in ["commit", "select 1; -- x\n COMMIT work;", "rollback", "end", "end transaction", "abort"]
        {
            assert!(ends_transaction(sql), "{sql}");
        }
        let body = "create function f() returns int begin atomic select 1; end";
        for sql in
            ["select 'commit'", "rollback to savepoint a", "savepoint a", "do $$ begin commit; end $$", body]
        {
            assert!(!ends_transaction(sql), "{sql}");
        }
    }

    #[track_caller]
    fn check_with(sql: &str, want: Option<(&str, bool)>) {
        let got = leading_with(sql).map(|w| (&sql[..w.insert_at], w.recursive));
        assert_eq!(got, want);
    }

    #[test]
    fn leading_with_is_found_behind_comments() {
        check_with("with a as (select 1) select 2", Some(("with", false)));
        check_with("-- c\n/* d */ WITH\n recursive a as ()", Some(("-- c\n/* d */ WITH\n recursive", true)));
        check_with("with recursives as ()", Some(("with", false)));
        check_with("select * from (with a as (select 1) select 1)", None);
        check_with("with_it", None);
        check_with("'with' x", None);
        check_with("", None);
    }
}
