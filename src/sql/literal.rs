//! SQL literals: a value in, its text in quotes out.

/// Returns `text` as a SQL string literal, single quotes doubled.
pub fn string_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(string_literal("it's"), "'it''s'");
        assert_eq!(string_literal(""), "''");
    }
}
