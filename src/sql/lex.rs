//! Cuts SQL text into comments, strings, names and the rest, without understanding it.
//!
//! Input: any text. Output: tokens whose ranges are adjacent and cover the text. Invariant: an unterminated string
//! or comment runs to the end. The rules are those DuckDB and Postgres share: `--` comments, nested `/* */`,
//! `'..'` with doubled quotes, `e'..'` with backslashes, `".."`, and `$tag$..$tag$`. Used by the rest of `sql`.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Blanks, tabs, line breaks.
    Space,
    /// `-- ...` up to, not including, the line break, or `/* ... */`.
    Comment,
    /// A string literal of any of the forms.
    String,
    /// A quoted name.
    Quoted,
    /// Letters, digits, `_` and `$`: a keyword, a name or a number.
    Word,
    /// A semicolon.
    Semicolon,
    /// Any other single character.
    Other,
}

/// A piece of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it is, in bytes.
    pub range: Range<usize>,
}

/// Iterates over the tokens of a text.
#[derive(Clone, Debug)]
pub struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    /// Starts at the beginning of `text`.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    /// Returns the end of the first `until` at or after `from`, or the end of the text.
    fn past(&self, from: usize, until: &str) -> usize {
        self.text
            .get(from..)
            .and_then(|rest| rest.find(until))
            .map_or(self.text.len(), |n| from + n + until.len())
    }

    fn line_comment(&self, start: usize) -> usize {
        self.text[start..].find('\n').map_or(self.text.len(), |n| start + n)
    }

    /// Block comments nest in both engines.
    fn block_comment(&self, start: usize) -> usize {
        let mut depth = 0usize;
        let mut at = start;
        while at < self.text.len() {
            match (self.byte(at), self.byte(at + 1)) {
                (b'/', b'*') => {
                    depth += 1;
                    at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        return at;
                    }
                }
                _ => at += 1,
            }
        }
        self.text.len()
    }

    /// Returns the end of a quoted run that opens at `open`; a doubled quote stays inside.
    fn quoted(&self, open: usize, backslash: bool) -> usize {
        let quote = self.byte(open);
        let mut at = open + 1;
        while at < self.text.len() {
            let b = self.byte(at);
            let escaped = (backslash && b == b'\\') || (b == quote && self.byte(at + 1) == quote);
            if escaped {
                at += 2;
            } else if b == quote {
                return at + 1;
            } else {
                at += 1;
            }
        }
        self.text.len()
    }

    /// Returns the end of a dollar-quoted string that opens at `start`, if one does.
    fn dollar(&self, start: usize) -> Option<usize> {
        let mut at = start + 1;
        while is_word(self.byte(at)) && self.byte(at) != b'$' {
            if at == start + 1 && self.byte(at).is_ascii_digit() {
                return None;
            }
            at += 1;
        }
        (self.byte(at) == b'$').then(|| self.past(at + 1, &self.text[start..=at]))
    }

    fn word(&self, start: usize) -> usize {
        let mut at = start;
        while is_word(self.byte(at)) {
            at += 1;
        }
        at
    }

    fn token_at(&self, start: usize) -> (Kind, usize) {
        let (b, next) = (self.byte(start), self.byte(start + 1));
        match b {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => {
                let rest = &self.text.as_bytes()[start..];
                let n = rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c));
                (Kind::Space, n.map_or(self.text.len(), |n| start + n))
            }
            b'-' if next == b'-' => (Kind::Comment, self.line_comment(start)),
            b'/' if next == b'*' => (Kind::Comment, self.block_comment(start)),
            b'\'' => (Kind::String, self.quoted(start, false)),
            b'e' | b'E' if next == b'\'' => (Kind::String, self.quoted(start + 1, true)),
            b'"' | b'`' => (Kind::Quoted, self.quoted(start, false)),
            b'$' => {
                self.dollar(start).map_or_else(|| (Kind::Word, self.word(start)), |end| (Kind::String, end))
            }
            b';' => (Kind::Semicolon, start + 1),
            _ if is_word(b) => (Kind::Word, self.word(start)),
            _ => (Kind::Other, start + 1),
        }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        if self.at >= self.text.len() {
            return None;
        }
        let start = self.at;
        let (kind, end) = self.token_at(start);
        // A backslash before the last quote may have stepped over the end.
        self.at = end.min(self.text.len());
        Some(Token { kind, range: start..self.at })
    }
}

/// Every byte of a character beyond ASCII counts as a letter, so tokens never cut a character.
fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, want: &[(Kind, &str)]) {
        let got: Vec<(Kind, &str)> =
            Lexer::new(sql).filter(|t| t.kind != Kind::Space).map(|t| (t.kind, &sql[t.range])).collect();
        assert_eq!(got, want);
        let covered: usize = Lexer::new(sql).map(|t| t.range.len()).sum();
        assert_eq!(covered, sql.len());
    }

    #[test]
    fn strings_and_names() {
        use Kind::{Comment, Other, Quoted, String, Word};
        check("select 'a;''b'", &[(Word, "select"), (String, "'a;''b'")]);
        check(r"e'a\'b' 'a\' x", &[(String, r"e'a\'b'"), (String, r"'a\'"), (Word, "x")]);
        check("\"a;\"\"b\".c", &[(Quoted, "\"a;\"\"b\""), (Other, "."), (Word, "c")]);
        check("$$a;'$$ $t$ $$ $t$ $1", &[(String, "$$a;'$$"), (String, "$t$ $$ $t$"), (Word, "$1")]);
        check("a$b$c", &[(Word, "a$b$c")]);
        check(
            "1-2--x\n/* a /* b */ ; */é",
            &[
                (Word, "1"),
                (Other, "-"),
                (Word, "2"),
                (Comment, "--x"),
                (Comment, "/* a /* b */ ; */"),
                (Word, "é"),
            ],
        );
    }

    #[test]
    fn what_is_not_closed_runs_to_the_end() {
        check("'abc", &[(Kind::String, "'abc")]);
        check("e'abc\\", &[(Kind::String, "e'abc\\")]);
        check("/* /* */ x", &[(Kind::Comment, "/* /* */ x")]);
        check("$a$ x $$", &[(Kind::String, "$a$ x $$")]);
        check("e'é\\é", &[(Kind::String, "e'é\\é")]);
    }
}
