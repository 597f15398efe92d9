//! Scalars: plain, quoted, and those behind `|` and `>`.

use std::sync::Arc;

use super::super::place::{self, Style};
use super::super::scalar::{self, Plain};
use super::super::{Value, Yaml, keys};
use super::block::Key;
use super::{END, Reader};

/// What ended the part of a plain scalar that stands on one line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// A colon with space behind it.
    Colon,
    /// The end of the line.
    Line,
    /// A comment.
    Comment,
}

impl Reader<'_> {
    /// Types a plain scalar of one line.
    pub(super) fn resolve(&self, start: usize, end: usize) -> Option<Value> {
        resolve(&self.input.text[start..end])
    }

    pub(super) fn plain_key(&self, start: usize, end: usize) -> Option<Key> {
        let value = self.resolve(start, end)?;
        let text = keys::spelling(&value)?;
        let typed = if let Value::Str(_) = value { None } else { Some(Box::new(value)) };
        Some(Key { text, typed, start, end })
    }

    /// Leaves out the space at the end.
    pub(super) fn trimmed(&self, start: usize, end: usize) -> usize {
        let space = self.bytes[start..end].iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t'));
        end - space.count()
    }

    /// Reads a plain scalar up to the end of the line or what ends it before, without the space in front of that.
    pub(super) fn plain_line(&mut self) -> Stop {
        let start = self.at;
        let mut at = start;
        let stop = loop {
            at += self.bytes[at..]
                .iter()
                .position(|byte| matches!(byte, b':' | b'#' | b'\n' | b'\r'))
                .unwrap_or(self.bytes.len() - at);
            match self.byte_at(at) {
                b':' if self.is_blank(at + 1) => break Stop::Colon,
                b'#' if at > start && matches!(self.bytes[at - 1], b' ' | b'\t') => break Stop::Comment,
                b'\n' | b'\r' | END => break Stop::Line,
                _ => at += 1,
            }
        };
        self.at = self.trimmed(start, at);
        stop
    }

    /// Reads the rest of a plain scalar whose first line is read. Lines that are indented more than `parent` go on with
    /// it.
    pub(super) fn plain(&mut self, parent: usize, first: (usize, usize), stop: Stop) -> Option<Yaml> {
        let (start, end) = first;
        let (mut lines, mut stop) = (1, stop);
        loop {
            if stop == Stop::Colon {
                return None;
            }
            self.skip_to_break();
            let breaks = self.next_line()?;
            if stop == Stop::Comment || self.column <= parent || self.byte() == b'#' {
                break;
            }
            if lines == 1 {
                self.folded.clear();
                self.folded.push_str(&self.input.text[start..end]);
            }
            lines += 1;
            self.fold(breaks);
            let from = self.at;
            stop = self.plain_line();
            self.folded.push_str(&self.input.text[from..self.at]);
        }
        self.token()?;
        if lines == 1 {
            return Some(self.yaml(start, end, self.resolve(start, end)?));
        }
        let value = resolve(&self.folded)?;
        let Value::Str(text) = &value else { return None };
        let end = place::scalar_end(self.input.text, start, self.at, (text, Style::Plain));
        Some(self.yaml(start, end, value))
    }

    /// Skips what may stand between a plain scalar and the end of its line: tabs as well, other than elsewhere.
    fn skip_to_break(&mut self) {
        while matches!(self.byte(), b' ' | b'\t') {
            self.at += 1;
        }
        if self.byte() == b'#' {
            self.skip_rest();
        }
    }

    /// Writes what stands for line ends between two lines of text.
    fn fold(&mut self, breaks: usize) {
        if breaks == 1 {
            self.folded.push(' ');
        }
        self.push_breaks(breaks.saturating_sub(1));
    }

    /// Reads a quoted scalar and ends right behind it. Returns its text, and on how many lines it stands.
    pub(super) fn quoted(&mut self) -> Option<(Arc<str>, usize)> {
        let quote = self.byte();
        let start = self.at + 1;
        let mut lines = 1;
        // The first byte of what is not copied yet.
        let mut from = start;
        self.at = start;
        self.folded.clear();
        loop {
            let special = |byte: &u8| *byte == quote || matches!(byte, b'\\' | b'\n' | b'\r');
            self.at += self.bytes[self.at..].iter().position(special)?;
            match self.byte() {
                b'\\' if quote == b'"' => {
                    self.folded.push_str(&self.input.text[from..self.at]);
                    lines += self.escape()?;
                    from = self.at;
                }
                b'\\' => self.at += 1,
                b'\'' if quote == b'\'' && self.byte_at(self.at + 1) == b'\'' => {
                    self.folded.push_str(&self.input.text[from..=self.at]);
                    self.at += 2;
                    from = self.at;
                }
                byte if byte == quote => break,
                _ => {
                    let end = self.trimmed(from, self.at);
                    self.folded.push_str(&self.input.text[from..end]);
                    let breaks = self.next_quoted_line()?;
                    self.fold(breaks);
                    lines += breaks;
                    from = self.at;
                }
            }
        }
        let last = &self.input.text[from..self.at];
        self.at += 1;
        if from == start {
            return Some((last.into(), lines));
        }
        self.folded.push_str(last);
        Some((self.folded.as_str().into(), lines))
    }

    /// Goes on with a quoted scalar on a later line, at any indentation.
    fn next_quoted_line(&mut self) -> Option<usize> {
        let breaks = self.next_line()?;
        (!self.at_document_mark()).then_some(breaks)
    }

    /// Reads a backslash and what belongs to it, and writes what that stands for. Returns the line ends stepped over.
    fn escape(&mut self) -> Option<usize> {
        let letter = self.byte_at(self.at + 1);
        let digits = match letter {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            b'\n' | b'\r' => {
                self.at += 1;
                let breaks = self.next_quoted_line()?;
                self.push_breaks(breaks - 1);
                return Some(breaks);
            }
            _ => 0,
        };
        let code = self.at + 2..self.at + 2 + digits;
        self.at = code.end;
        self.folded.push(match letter {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'"' | b'\\' | b'/' | b' ' => char::from(letter),
            _ if digits > 0 && self.bytes.get(code.clone())?.iter().all(u8::is_ascii_hexdigit) => {
                char::from_u32(u32::from_str_radix(&self.input.text[code], 16).ok()?)?
            }
            _ => return None,
        });
        Some(0)
    }

    pub(super) fn push_breaks(&mut self, count: usize) {
        self.folded.extend(std::iter::repeat_n('\n', count));
    }
}

fn resolve(text: &str) -> Option<Value> {
    match scalar::resolve(text).ok()? {
        Plain::Value(value) => Some(value),
        Plain::Merge | Plain::Equals => None,
    }
}
