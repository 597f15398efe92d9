//! Which words a query uses, and whether it takes whatever columns there are: questions that need no tree.
//!
//! Comments and strings do not count. Used by `diff` and `bind`.

use super::{Kind, Lexer, Token};

/// Iterates over what is neither white space nor a comment.
pub fn code_tokens(sql: &str) -> impl Iterator<Item = Token> {
    Lexer::new(sql).filter(|token| !matches!(token.kind, Kind::Space | Kind::Comment))
}

/// Tells whether a query uses one of some words, given in small letters.
pub fn mentions(sql: &str, words: &[&str]) -> bool {
    code_tokens(sql).any(|token| {
        token.kind == Kind::Word
            && words.iter().any(|word| sql[token.range.clone()].eq_ignore_ascii_case(word))
    })
}

/// Tells whether a name stands in a query, in quotes or not.
pub fn names(sql: &str, name: &str) -> bool {
    code_tokens(sql).any(|token| {
        matches!(token.kind, Kind::Word | Kind::Quoted)
            && sql[token.range].trim_matches('"').eq_ignore_ascii_case(name)
    })
}

/// Tells whether a query takes columns without naming them: by a star, or by leaving `select` out.
pub fn takes_all_columns(sql: &str) -> bool {
    const BEFORE_STAR: [&str; 6] = ["select", "distinct", "all", ",", ".", ")"];
    let mut before = String::new();
    let mut selects = false;
    for token in code_tokens(sql) {
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
    fn stars_are_told_from_products() {
        for sql in [
            "select * from t",
            "select a, t.* from t",
            "from t",
            "select distinct * from t",
            "select columns('a') from t",
        ] {
            assert!(takes_all_columns(sql), "{sql}");
        }
        for sql in ["select a * b, count(*), 2 * a from t", "select '*' from t -- *"] {
            assert!(!takes_all_columns(sql), "{sql}");
        }
    }

    #[test]
    fn names_count_where_they_are_code() {
        let sql = "select \"A b\", c from t -- d\nwhere e = 'f'";
        assert!(["a b", "C", "t"].iter().all(|name| names(sql, name)));
        assert!(["d", "f"].iter().all(|name| !names(sql, name)));
        assert!(mentions(sql, &["where"]) && !mentions(sql, &["a b", "d"]));
    }
}
