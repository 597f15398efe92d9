//! Cuts template text into plain text, comments, raw parts and tags with their tokens.
//!
//! Follows Jinja2's rules for what ends a tag: strings and brackets inside of it hide its end marker. Who only looks
//! for blocks takes dbt's coarser rules. Used by the block scanner and by the rewriting before the parser.

use std::ops::Range;

use crate::diag::{FileId, Span};
use crate::jinja::error::Error;

/// One cut of the text. All ranges are byte offsets of the scanned text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Plain text, a comment, or a raw block: nothing to look into.
    Plain(Range<usize>),
    /// `{{ ... }}`; its tokens are in [`Scanner::tokens`].
    Variable(Range<usize>),
    /// `{% ... %}`; its tokens are in [`Scanner::tokens`].
    Block(Range<usize>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Ident,
    Number,
    Str,
    Op,
}

/// A token inside of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Walks over a text.
pub(crate) struct Scanner<'s> {
    text: &'s str,
    at: usize,
    file: FileId,
    /// Where the text lies in its file.
    base: usize,
    coarse: bool,
    /// The tokens of the tag last returned.
    pub(crate) tokens: Vec<Token>,
    brackets: Vec<u8>,
}

impl<'s> Scanner<'s> {
    /// Starts at the beginning of `text`, which lies at offset `base` of its file.
    pub(crate) fn new(text: &'s str, file: FileId, base: usize) -> Self {
        Self { text, at: 0, file, base, coarse: false, tokens: Vec::new(), brackets: Vec::new() }
    }

    /// Starts at the beginning of a file of which only blocks matter. As for dbt (`dbt_common.clients._jinja_blocks`), only
    /// strings hide the end of a tag, what stands in it may be anything, and a tag without a name is plain text: people draw
    /// lines of `{% ###### %}` between their macros.
    pub(crate) fn of_blocks(text: &'s str, file: FileId) -> Self {
        Self { coarse: true, ..Self::new(text, file, 0) }
    }

    /// Makes a span of the file from a range of the text.
    pub(crate) fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.file, self.base + range.start, self.base + range.end)
    }

    /// Returns the text of a token.
    pub(crate) fn token_text(&self, token: Token) -> &'s str {
        &self.text[token.start..token.end]
    }

    /// Returns the text of the token at an index, or nothing.
    pub(crate) fn word(&self, index: usize) -> &'s str {
        self.tokens.get(index).map_or("", |token| self.token_text(*token))
    }

    /// Returns where the next piece begins.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Goes on behind the marker whose piece has no end.
    pub(crate) fn skip_marker(&mut self) {
        self.at += 2;
    }

    /// Returns the next piece.
    ///
    /// # Errors
    /// When a comment, raw block, tag or string has no end.
    pub(crate) fn next(&mut self) -> Result<Option<Piece>, Error> {
        let start = self.at;
        if start >= self.text.len() {
            return Ok(None);
        }
        let rest = &self.text[start..];
        let Some(marker) = find_marker(rest) else {
            self.at = self.text.len();
            return Ok(Some(Piece::Plain(start..self.at)));
        };
        if marker > 0 {
            self.at = start + marker;
            return Ok(Some(Piece::Plain(start..self.at)));
        }
        match rest.as_bytes()[1] {
            b'#' => self.comment(start),
            b'{' => self.tag(start, b'}').map(|end| Some(Piece::Variable(start..end))),
            _ if self.coarse && !is_named(&rest[2..]) => {
                self.at = start + 2;
                Ok(Some(Piece::Plain(start..self.at)))
            }
            _ => match self.raw(start)? {
                Some(end) => Ok(Some(Piece::Plain(start..end))),
                None => self.tag(start, b'%').map(|end| Some(Piece::Block(start..end))),
            },
        }
    }

    fn comment(&mut self, start: usize) -> Result<Option<Piece>, Error> {
        let Some(end) = self.text[start + 2..].find("#}") else {
            let span = self.span(start..start + 2);
            return Err(Error::syntax(span, "the comment has no end").help("close it with `#}`"));
        };
        self.at = start + 2 + end + 2;
        Ok(Some(Piece::Plain(start..self.at)))
    }

    fn raw(&mut self, start: usize) -> Result<Option<usize>, Error> {
        let Some(opened) = bare_tag(&self.text[start + 2..], "raw") else { return Ok(None) };
        let mut at = start + 2 + opened;
        while let Some(found) = self.text[at..].find("{%") {
            at += found + 2;
            if let Some(closed) = bare_tag(&self.text[at..], "endraw") {
                self.at = at + closed;
                return Ok(Some(self.at));
            }
        }
        let span = self.span(start..start + 2 + opened);
        Err(Error::syntax(span, "the `raw` block has no end").help("close it with `{% endraw %}`"))
    }

    fn tag(&mut self, start: usize, closer: u8) -> Result<usize, Error> {
        self.tokens.clear();
        self.brackets.clear();
        let bytes = self.text.as_bytes();
        let mut at = start + 2;
        if matches!(bytes.get(at), Some(b'-' | b'+')) {
            at += 1;
        }
        while let Some(&byte) = bytes.get(at) {
            if byte.is_ascii_whitespace() {
                at += 1;
                continue;
            }
            let wide = if byte.is_ascii() { None } else { self.text[at..].chars().next() };
            if let Some(space) = wide.filter(|c| c.is_whitespace()) {
                at += space.len_utf8();
                continue;
            }
            if self.brackets.is_empty() {
                let signed = usize::from(matches!(byte, b'-' | b'+'));
                if bytes.get(at + signed) == Some(&closer) && bytes.get(at + signed + 1) == Some(&b'}') {
                    self.at = at + signed + 2;
                    return Ok(self.at);
                }
            }
            at = self.token(at, byte)?;
        }
        let name = if closer == b'%' { "tag" } else { "expression" };
        let close = if closer == b'%' { "%}" } else { "}}" };
        let span = self.span(start..start + 2);
        Err(Error::syntax(span, format!("the {name} has no end")).help(format!("close it with `{close}`")))
    }

    fn token(&mut self, start: usize, first: u8) -> Result<usize, Error> {
        let rest = &self.text[start..];
        let (kind, len) = match first {
            b'\'' | b'"' => (TokenKind::Str, self.string(start, first)?),
            b'0'..=b'9' => (TokenKind::Number, number(rest, self.after_dot())),
            _ => match identifier(rest) {
                0 if self.coarse => (TokenKind::Op, rest.chars().next().map_or(1, char::len_utf8)),
                0 => (TokenKind::Op, self.operator(start, first)?),
                len => (TokenKind::Ident, len),
            },
        };
        self.tokens.push(Token { kind, start, end: start + len });
        Ok(start + len)
    }

    fn after_dot(&self) -> bool {
        self.tokens.last().is_some_and(|token| self.token_text(*token) == ".")
    }

    fn string(&self, start: usize, delimiter: u8) -> Result<usize, Error> {
        let bytes = &self.text.as_bytes()[start + 1..];
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'\\' => at += 2,
                _ if byte == delimiter => return Ok(at + 2),
                _ => at += 1,
            }
        }
        let close = format!("close it with `{}`", char::from(delimiter));
        Err(Error::syntax(self.span(start..start + 1), "the string has no end").help(close))
    }

    fn operator(&mut self, start: usize, first: u8) -> Result<usize, Error> {
        let fail = |me: &Self, message: String| {
            let len = me.text[start..].chars().next().map_or(1, char::len_utf8);
            Err(Error::syntax(me.span(start..start + len), message))
        };
        match first {
            b'(' => self.brackets.push(b')'),
            b'[' => self.brackets.push(b']'),
            b'{' => self.brackets.push(b'}'),
            b')' | b']' | b'}' => match self.brackets.pop() {
                Some(wanted) if wanted == first => {}
                Some(wanted) => {
                    let (found, wanted) = (char::from(first), char::from(wanted));
                    return fail(self, format!("unexpected `{found}`, expected `{wanted}`"));
                }
                None => return fail(self, format!("unexpected `{}`", char::from(first))),
            },
            b'+' | b'-' | b'%' | b'.' | b',' | b':' | b'~' | b'|' => {}
            b'*' | b'/' | b'=' | b'>' | b'<' | b'!' => {
                let second = self.text.as_bytes().get(start + 1).copied();
                let doubled = match first {
                    b'*' | b'/' => second == Some(first),
                    _ => second == Some(b'='),
                };
                if doubled {
                    return Ok(2);
                }
                if first == b'!' {
                    return fail(self, "unexpected `!`".to_owned());
                }
            }
            _ => {
                let found = self.text[start..].chars().next().unwrap_or('?');
                return fail(self, format!("unexpected character `{found}`"));
            }
        }
        Ok(1)
    }
}

fn find_marker(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        at += text[at..].find('{')?;
        if matches!(bytes.get(at + 1), Some(b'{' | b'%' | b'#')) {
            return Some(at);
        }
        at += 1;
    }
}

/// Tells whether what follows `{%` is the name of a tag.
fn is_named(inner: &str) -> bool {
    let name = inner.strip_prefix(['-', '+']).unwrap_or(inner).trim_start();
    identifier(name) > 0
}

/// Returns the length of `[-+] name [-+] %}` at the start of `text`.
fn bare_tag(text: &str, name: &str) -> Option<usize> {
    let inner = text.strip_prefix(['-', '+']).unwrap_or(text);
    let inner = inner.trim_ascii_start().strip_prefix(name)?.trim_ascii_start();
    let inner = inner.strip_prefix(['-', '+']).unwrap_or(inner).strip_prefix("%}")?;
    Some(text.len() - inner.len())
}

/// Returns the length of the name at the start of `text`.
pub(crate) fn identifier(text: &str) -> usize {
    let simple = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    match text.as_bytes() {
        [b'0'..=b'9', ..] => return 0,
        bytes if bytes.get(simple).is_none_or(u8::is_ascii) => return simple,
        _ => {}
    }
    let mut len = simple;
    for c in text[simple..].chars() {
        let fits = c == '_' || c.is_alphabetic() || (len > 0 && (c.is_alphanumeric() || c == '\u{b7}'));
        if !fits {
            break;
        }
        len += c.len_utf8();
    }
    len
}

fn number(text: &str, after_dot: bool) -> usize {
    let digits = |from: usize| {
        text[from..].bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count() + from
    };
    let bytes = text.as_bytes();
    let mut end = digits(0);
    if !after_dot && bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        end = digits(end + 1);
    }
    let exponent = end > 1 && matches!(bytes[end - 1], b'e' | b'E') && !text.starts_with("0x");
    if exponent && matches!(bytes.get(end), Some(b'+' | b'-')) {
        end = digits(end + 1);
    }
    end
}
