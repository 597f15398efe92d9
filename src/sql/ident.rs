//! One name that quotes itself: text in, SQL out. Nobody else puts quote characters around a name.

use std::fmt::{self, Write};

use super::Dialect;

/// A name as an engine stores it, shown quoted for a dialect.
#[derive(Clone, Copy, Debug)]
pub struct Ident<'a> {
    name: &'a str,
    quote: char,
}

impl<'a> Ident<'a> {
    /// Makes a name to be quoted the way `dialect` does.
    pub fn new(name: &'a str, dialect: &dyn Dialect) -> Self {
        Self { name, quote: dialect.quote_char() }
    }

    /// Makes a name quoted with the given character.
    pub fn quoted_with(name: &'a str, quote: char) -> Self {
        Self { name, quote }
    }
}

impl fmt::Display for Ident<'_> {
    /// Writes the name in quotes; a quote character inside is doubled.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char(self.quote)?;
        for (at, part) in self.name.split(self.quote).enumerate() {
            if at > 0 {
                f.write_char(self.quote)?;
                f.write_char(self.quote)?;
            }
            f.write_str(part)?;
        }
        f.write_char(self.quote)
    }
}

#[cfg(test)]
mod tests {
    use super::super::DuckDb;
    use super::*;

    #[test]
    fn a_quote_inside_is_doubled() {
        assert_eq!(Ident::new("plain", &DuckDb).to_string(), "\"plain\"");
        assert_eq!(Ident::new("a\"b", &DuckDb).to_string(), "\"a\"\"b\"");
        assert_eq!(Ident::quoted_with("a`b", '`').to_string(), "`a``b`");
    }
}
