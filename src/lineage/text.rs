//! Compiled SQL → tree. What sqlparser cannot read, or reads wrongly, DuckDB's own parser writes plainer first.
//!
//! The edits made then are safe because the engine's printer writes one form only; they leave out what does not change where a
//! column comes from (samples, frames) or write a join as the plain join with the same columns.

use sqlparser::ast::Query;

use crate::sql::{Dialect, code_tokens, parse_query};

/// Writes a query plainer, or says why it cannot.
pub type Plainer<'a> = dyn FnMut(&str) -> Result<String, String> + 'a;

/// Parses a query. Errors with the reason why it cannot be read.
pub(super) fn tree(
    sql: &str,
    dialect: &dyn Dialect,
    plainer: Option<&mut Plainer<'_>>,
) -> Result<Query, String> {
    let Some(plainer) = plainer else { return parse_query(sql, dialect).map_err(|why| reason(&why)) };
    let refused = if is_misread(sql) {
        "it has a shorthand of DuckDB's".to_owned()
    } else {
        match parse_query(sql, dialect) {
            Ok(query) => return Ok(query),
            Err(why) => why,
        }
    };
    let plain = plainer(sql).map_err(|_| reason(&refused))?;
    parse_query(&simplified(&plain), dialect).map_err(|why| reason(&why))
}

fn reason(why: &str) -> String {
    format!("the SQL could not be read: {why}")
}

/// The words and signs of a text, each with its place.
fn words(sql: &str) -> Vec<(&str, usize)> {
    code_tokens(sql).map(|token| (&sql[token.range.clone()], token.range.start)).collect()
}

fn is(words: &[(&str, usize)], at: usize, wanted: &[&str]) -> bool {
    wanted
        .iter()
        .enumerate()
        .all(|(n, wanted)| words.get(at + n).is_some_and(|(word, _)| word.eq_ignore_ascii_case(wanted)))
}

/// Tells whether sqlparser would take something for something else: `positional` for an alias, the colon of `x: a` for an
/// access.
pub fn is_misread(sql: &str) -> bool {
    let words = words(sql);
    let mut brackets = 0i32;
    for (at, (word, place)) in words.iter().enumerate() {
        match *word {
            "[" | "{" => brackets += 1,
            "]" | "}" => brackets -= 1,
            ":" if brackets == 0 => {
                let next = words
                    .get(at + 1)
                    .is_some_and(|(word, start)| matches!(*word, ":" | "=") && *start == place + 1);
                let second = at > 0 && words[at - 1].0 == ":" && words[at - 1].1 + 1 == *place;
                if !next && !second && !ends_parameters(&words[..at]) {
                    return true;
                }
            }
            _ if is(&words, at, &["positional", "join"]) => return true,
            _ => {}
        }
    }
    false
}

/// Tells whether words end in `lambda x, y`, whose colon sqlparser knows.
fn ends_parameters(words: &[(&str, usize)]) -> bool {
    let is_name = |word: &str| word.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '"');
    let mut back = words.iter().rev().map(|(word, _)| *word);
    back.find(|word| word.eq_ignore_ascii_case("lambda") || !(is_name(word) || *word == ","))
        .is_some_and(|word| word.eq_ignore_ascii_case("lambda"))
}

/// Leaves out or replaces what sqlparser does not read, in a text that DuckDB wrote.
fn simplified(plain: &str) -> String {
    let words = words(plain);
    let mut out = String::with_capacity(plain.len());
    let mut copied = 0;
    let mut at = 0;
    while at < words.len() {
        let Some((length, instead)) = edit(&words, at) else {
            at += 1;
            continue;
        };
        let start = words[at].1;
        let last = words[at + length - 1];
        out.push_str(&plain[copied..start]);
        out.push_str(instead);
        copied = last.1 + last.0.len();
        at += length;
    }
    out.push_str(&plain[copied..]);
    out
}

/// Returns how many words to replace, and by what.
fn edit(words: &[(&str, usize)], at: usize) -> Option<(usize, &'static str)> {
    let joins = ["INNER", "LEFT", "RIGHT", "FULL", "SEMI", "ANTI", "JOIN"];
    if is(words, at, &["ASOF"]) && joins.iter().any(|join| is(words, at + 1, &[join])) {
        return Some((1, ""));
    }
    if is(words, at, &["POSITIONAL", "JOIN"]) {
        return Some((2, "CROSS JOIN"));
    }
    for frame in [["EXCLUDE", "CURRENT", "ROW"], ["EXCLUDE", "NO", "OTHERS"]] {
        if is(words, at, &frame) {
            return Some((3, ""));
        }
    }
    if is(words, at, &["EXCLUDE", "GROUP"]) || is(words, at, &["EXCLUDE", "TIES"]) {
        return Some((2, ""));
    }
    if is(words, at, &["*", "*"]) && words[at + 1].1 == words[at].1 + 1 {
        return Some((2, "^"));
    }
    if is(words, at, &["USING", "SAMPLE"]) {
        // `USING SAMPLE 10.0% (System)` or `.. (System, 42)`.
        let open = (at..words.len()).find(|at| is(words, *at, &["("]))?;
        return Some((group_end(words, open)? + 1 - at, ""));
    }
    if is(words, at, &["USING", "KEY", "("]) {
        return Some((group_end(words, at + 2)? + 1 - at, ""));
    }
    if is(words, at, &["LIMIT", "("]) {
        let end = group_end(words, at + 1)?;
        return is(words, end + 1, &["%"]).then_some((end + 2 - at, ""));
    }
    None
}

/// Returns the index of the parenthesis that closes the one at `open`.
fn group_end(words: &[(&str, usize)], open: usize) -> Option<usize> {
    let mut depth = 0;
    for (at, (word, _)) in words.iter().enumerate().skip(open) {
        match *word {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorthands_that_look_like_something_else_are_seen() {
        assert!(is_misread("select x: a from t") && is_misread("from t positional join u"));
        assert!(!is_misread("select a::int, l[1:2], {'a': 1}, f(a := 1), 'x: y' -- b: c\nfrom t"));
    }

    #[test]
    fn what_sqlparser_does_not_read_is_left_out() {
        let check = |plain: &str, want: &str| assert_eq!(simplified(plain), want);
        check("SELECT * FROM t ASOF LEFT JOIN u USING (a)", "SELECT * FROM t  LEFT JOIN u USING (a)");
        check("SELECT * FROM t POSITIONAL JOIN u", "SELECT * FROM t CROSS JOIN u");
        check(
            "SELECT (a ** 2), * EXCLUDE (a) FROM t USING SAMPLE 10.0% (System)",
            "SELECT (a ^ 2), * EXCLUDE (a) FROM t ",
        );
        check("SELECT a FROM t LIMIT (10) %", "SELECT a FROM t ");
        check("SELECT 'ASOF JOIN' FROM t", "SELECT 'ASOF JOIN' FROM t");
    }
}
