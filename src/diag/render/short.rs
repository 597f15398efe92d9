//! Diagnostics on one line each, as editors and `grep` like them: `path:line:col: error[code]: message`.

use crate::diag::{Diagnostic, Sources};

/// Renders one diagnostic. Ends without a newline; line ends within the message become blanks.
pub fn render(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let place = diagnostic.span.and_then(|span| sources.locate(span)).map(|place| format!("{place}: "));
    let word = diagnostic.severity.as_str();
    let message = diagnostic.message.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{}{word}[{}]: {message}", place.unwrap_or_default(), diagnostic.code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Code, Span};

    #[test]
    fn the_place_comes_first_and_all_is_one_line() {
        let sources = Sources::new();
        let file = sources.add("models/a.sql", "select\n  nope");
        let span = Span::new(file, 9, 13);
        let diagnostic = Diagnostic::error(Code::DATABASE, span, "no column\n `nope`");
        assert_eq!(render(&diagnostic, &sources), "models/a.sql:2:3: error[database]: no column `nope`");
        let warning = Diagnostic::warning(Code::DEPRECATED, None, "old");
        assert_eq!(render(&warning, &sources), "warning[deprecated]: old");
    }
}
