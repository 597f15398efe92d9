//! Names in compiled SQL: what stands at a place.

use std::ops::Range;

use crate::sql::{Kind, Lexer};

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
}
