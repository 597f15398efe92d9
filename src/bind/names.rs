//! Names in compiled SQL: what stands at a place, which words a query uses, whether it takes whatever columns there are.

use std::ops::Range;

use crate::sql::{Kind, Lexer, Token};

/// Returns a name with its dots that begins at a byte, as its parts without quotes, and its range.
pub(super) fn dotted_at(sql: &str, at: usize) -> Option<(Vec<String>, Range<usize>)> {
    let mut parts = Vec::new();
    let mut end = at;
    let mut wants_name = true;
    for token in Lexer::new(sql).skip_while(|token| token.range.start < at) {
        let text = &sql[token.range.clone()];
        match token.kind {
            Kind::Word | Kind::Quoted if wants_name => {
                parts.push(if token.kind == Kind::Quoted { unquoted(text) } else { text.to_owned() });
                end = token.range.end;
                wants_name = false;
            }
            Kind::Other if text == "." && !wants_name => wants_name = true,
            _ => break,
        }
    }
    (!parts.is_empty()).then_some((parts, at..end))
}

fn unquoted(text: &str) -> String {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).replace("\"\"", "\"")
}

fn code(sql: &str) -> impl Iterator<Item = Token> {
    Lexer::new(sql).filter(|token| !matches!(token.kind, Kind::Space | Kind::Comment))
}

/// Tells whether a query uses one of some words, given in small letters.
pub(super) fn mentions(sql: &str, words: &[&str]) -> bool {
    code(sql).any(|token| {
        token.kind == Kind::Word
            && words.iter().any(|word| sql[token.range.clone()].eq_ignore_ascii_case(word))
    })
}

/// Tells whether a query takes columns without naming them: by a star, or by leaving `select` out.
pub(super) fn takes_all(sql: &str) -> bool {
    const BEFORE_STAR: [&str; 6] = ["select", "distinct", "all", ",", ".", ")"];
    let mut before = String::new();
    let mut selects = false;
    for token in code(sql) {
        let word = sql[token.range].to_ascii_lowercase();
        selects |= word == "select";
        if word == "columns" || word == "natural" || (word == "*" && BEFORE_STAR.contains(&before.as_str())) {
            return true;
        }
        before = word;
    }
    !selects
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_with_their_dots() {
        let sql = "select * from raw.\"My \"\"T\"\"\" as t";
        let (parts, range) = dotted_at(sql, 14).unwrap();
        assert_eq!(parts, ["raw", "My \"T\""]);
        assert_eq!(&sql[range], "raw.\"My \"\"T\"\"\"");
        assert_eq!(dotted_at(sql, 0).unwrap().0, ["select"]);
        assert!(dotted_at(sql, 7).is_none());
    }

    #[test]
    fn stars_are_told_from_products() {
        for sql in [
            "select * from t",
            "select a, t.* from t",
            "from t",
            "select distinct * from t",
            "select columns('a') from t",
        ] {
            assert!(takes_all(sql), "{sql}");
        }
        for sql in ["select a * b, count(*), 2 * a from t", "select '*' from t -- *"] {
            assert!(!takes_all(sql), "{sql}");
        }
    }
}
