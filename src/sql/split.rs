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
