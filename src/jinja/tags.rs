//! The tags of a text that may be half written, with their tokens.
//!
//! Input: any text. Output: its tags in order. What a compiler would refuse (a tag, string or bracket without an end) ends a
//! tag early, and is no reason to overlook the tags behind it. Called by `lsp`, which looks at texts while they are typed.

use std::ops::Range;

use super::front::scan::{Piece, Scanner, Token, TokenKind};
use crate::diag::Sources;

/// A `{{ .. }}` or `{% .. %}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    /// From its first brace to its last, or to its last token where it has no end.
    pub(crate) range: Range<usize>,
    /// Whether it is `{% .. %}`.
    pub(crate) is_block: bool,
    /// Whether it has an end.
    pub(crate) closed: bool,
    /// What is in it. A string without an end runs to the end of its line.
    pub(crate) tokens: Vec<Token>,
}

/// Finds all tags outside of comments and raw parts.
pub(crate) fn tags(text: &str) -> Vec<Tag> {
    // Nobody sees where errors are.
    let mut scanner = Scanner::new(text, Sources::new().add_inner("", ""), 0);
    let mut found = Vec::new();
    loop {
        let start = scanner.at();
        match scanner.next() {
            Ok(None) => return found,
            Ok(Some(Piece::Plain(_))) => {}
            Ok(Some(Piece::Variable(range))) => {
                let tokens = std::mem::take(&mut scanner.tokens);
                found.push(Tag { range, is_block: false, closed: true, tokens });
            }
            Ok(Some(Piece::Block(range))) => {
                let tokens = std::mem::take(&mut scanner.tokens);
                found.push(Tag { range, is_block: true, closed: true, tokens });
            }
            Err(_) => {
                let tokens = std::mem::take(&mut scanner.tokens);
                found.extend(open_tag(text, start, tokens));
                scanner.skip_marker();
            }
        }
    }
}

fn open_tag(text: &str, start: usize, mut tokens: Vec<Token>) -> Option<Tag> {
    let is_block = match text.as_bytes().get(start + 1)? {
        b'{' => false,
        b'%' => true,
        _ => return None,
    };
    let end = tokens.last().map_or(start + 2, |token| token.end);
    let rest = text.get(end..).unwrap_or_default();
    let quote = end + rest.len() - rest.trim_start().len();
    if text.get(quote..).is_some_and(|rest| rest.starts_with(['\'', '"'])) {
        let line = text[quote..].find('\n').map_or(text.len(), |at| quote + at);
        tokens.push(Token { kind: TokenKind::Str, start: quote, end: line });
    }
    let end = tokens.last().map_or(end, |token| token.end);
    Some(Tag { range: start..end, is_block, closed: false, tokens })
}

/// Returns the tokens of an expression that stands without braces, as some YAML values do.
pub(crate) fn expression_tokens(text: &str) -> Vec<Token> {
    const OPEN: &str = "{{";
    let found = tags(&[OPEN, text, "}}"].concat()).into_iter().next();
    let tokens = found.map(|tag| tag.tokens).unwrap_or_default();
    let back = |at: usize| at.saturating_sub(OPEN.len()).min(text.len());
    tokens
        .into_iter()
        .map(|token| Token { start: back(token.start), end: back(token.end), ..token })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        let shown = |tag: Tag| {
            let words: Vec<&str> = tag.tokens.iter().map(|token| &text[token.start..token.end]).collect();
            format!("{}{}", words.join(" "), if tag.closed { "" } else { " .." })
        };
        assert_eq!(tags(text).into_iter().map(shown).collect::<Vec<_>>(), want);
    }

    #[test]
    fn what_is_not_closed_hides_nothing_behind_it() {
        check("a {{ x('y') }} {# {{ no }} #}{% if z -%} b", &["x ( 'y' )", "if z"]);
        check("{{ ref('ord", &["ref ( 'ord .."]);
        check("{{ a. \n from {{ b }}", &["a . from { { b } } ..", "b"]);
        check("{{ a) }} {{ b }}", &["a ..", "b"]);
        check("{# no end {{ a }}", &["a"]);
        check("{% raw %}{{ no }}{% endraw %}{{", &[" .."]);
        check("{{ é('ü') }}", &["é ( 'ü' )"]);
    }

    #[test]
    fn expressions_need_no_braces() {
        let text = "ref('a', v=1)";
        let words: Vec<&str> =
            expression_tokens(text).iter().map(|token| &text[token.start..token.end]).collect();
        assert_eq!(words, ["ref", "(", "'a'", ",", "v", "=", "1", ")"]);
    }
}
