//! Mappings and lists by indentation.
//!
//! Each function begins at the first byte of its node and ends at the token behind it, which is the first of its line;
//! whoever called decides by its column whether it belongs to them.

use std::sync::Arc;

use super::super::keys::Keys;
use super::super::place::{self, Style};
use super::super::{Entry, Map, Value, Yaml};
use super::scalar::Stop;
use super::{END, LONGEST_KEY, Reader};

/// A key whose colon is read.
pub(super) struct Key {
    pub text: Arc<str>,
    pub typed: Option<Box<Value>>,
    pub start: usize,
    pub end: usize,
}

/// A scalar of which as much is read as could be a key. The reader stands behind it.
enum Word {
    Quoted { text: Arc<str>, lines: usize },
    Plain { stop: Stop },
}

impl Reader<'_> {
    /// Reads any node. `parent` is the indentation of what it lies in: the node stands to the right of it.
    pub(super) fn block(&mut self, parent: usize) -> Option<Yaml> {
        let (start, column) = (self.at, self.column);
        if self.at_dash() {
            return self.sequence(column);
        }
        if let b'[' | b'{' | b'|' | b'>' = self.byte() {
            return self.inline(parent);
        }
        let word = self.word()?;
        match self.key_of(start, &word) {
            Some(key) => self.mapping(column, key),
            None => self.scalar(parent, start, word),
        }
    }

    /// Reads a node that stands behind a key on its line: no mapping or list can begin there.
    fn inline(&mut self, parent: usize) -> Option<Yaml> {
        let start = self.at;
        match self.byte() {
            b'[' | b'{' => {
                let yaml = self.flow()?;
                self.end_line()?;
                Some(yaml)
            }
            b'|' | b'>' => self.block_scalar(parent),
            _ => {
                let word = self.word()?;
                self.scalar(parent, start, word)
            }
        }
    }

    fn at_dash(&self) -> bool {
        self.byte() == b'-' && self.is_blank(self.at + 1)
    }

    fn word(&mut self) -> Option<Word> {
        if let b'"' | b'\'' = self.byte() {
            let (text, lines) = self.quoted()?;
            return Some(Word::Quoted { text, lines });
        }
        let begins = starts_plain(self.byte()) && !self.at_dash();
        begins.then(|| Word::Plain { stop: self.plain_line() })
    }

    /// Makes a key of a word that began at `start` if its colon follows on the same line, and steps over that.
    fn key_of(&mut self, start: usize, word: &Word) -> Option<Key> {
        let end = self.at;
        if !matches!(word, Word::Quoted { lines: 1, .. } | Word::Plain { stop: Stop::Colon }) {
            return None;
        }
        let colon = self.bytes[end..].iter().position(|byte| *byte != b' ')? + end;
        if self.byte_at(colon) != b':' || !self.is_blank(colon + 1) || colon - start > LONGEST_KEY {
            return None;
        }
        self.at = colon + 1;
        match word {
            Word::Quoted { text, .. } => Some(Key { text: Arc::clone(text), typed: None, start, end }),
            Word::Plain { .. } => self.plain_key(start, end),
        }
    }

    /// Reads the rest of a scalar that is no key. Alone in a text scalars are rare, and not ordinary.
    fn scalar(&mut self, parent: usize, start: usize, word: Word) -> Option<Yaml> {
        let end = self.at;
        if parent == 0 {
            return None;
        }
        match word {
            Word::Plain { stop } => self.plain(parent, (start, end), stop),
            Word::Quoted { text, .. } => {
                self.end_line()?;
                Some(self.yaml(start, end, Value::Str(text)))
            }
        }
    }

    /// Reads a mapping whose first key is read. All its keys stand in `column`.
    fn mapping(&mut self, column: usize, first: Key) -> Option<Yaml> {
        self.enter()?;
        let (start, mut after) = (first.start, first.start);
        let mut keys = Keys::default();
        let mut key = first;
        loop {
            let value = self.mapping_value(column)?;
            after = after.max(self.input.end(value.span)).max(key.end);
            self.add(&mut keys, key, value);
            if self.column != column {
                break;
            }
            let start = self.at;
            let word = self.word()?;
            key = self.key_of(start, &word)?;
        }
        self.depth -= 1;
        let map = self.yaml(start, after, Value::Map(Map::new(keys.entries)));
        (self.column < column).then_some(map)
    }

    /// Adds an entry to a mapping of either style.
    pub(super) fn add(&mut self, keys: &mut Keys, key: Key, value: Yaml) {
        let key_span = self.input.span(key.start, key.end);
        let entry = Entry { key: key.text, key_span, typed_key: key.typed, value };
        keys.add(entry, &self.input, &mut self.found);
    }

    /// Reads what follows a colon: something on the line, something indented more, a list whose dashes stand below the
    /// key, or nothing.
    fn mapping_value(&mut self, column: usize) -> Option<Yaml> {
        let nothing = self.at;
        if !self.line_ends()? {
            return self.inline(column);
        }
        self.next_token()?;
        if self.column > column {
            self.block(column)
        } else if self.column == column && self.at_dash() {
            self.sequence(column)
        } else {
            Some(self.yaml(nothing, nothing, Value::Null))
        }
    }

    /// Reads a list whose dashes stand in `column`.
    fn sequence(&mut self, column: usize) -> Option<Yaml> {
        self.enter()?;
        let start = self.at;
        let mut items: Vec<Yaml> = Vec::new();
        loop {
            let item = self.sequence_item(column)?;
            if let Some(last) = items.last_mut() {
                self.end_anew(last, self.input.start(item.span));
            }
            items.push(item);
            if self.column != column || !self.at_dash() {
                break;
            }
        }
        self.depth -= 1;
        let after = items.last().map_or(start, |item| self.input.end(item.span));
        let list = self.yaml(start, after, Value::Seq(items));
        (self.column <= column).then_some(list)
    }

    fn sequence_item(&mut self, column: usize) -> Option<Yaml> {
        let dash = self.at;
        self.at += 1;
        if !self.line_ends()? {
            self.column = column + self.at - dash;
            return self.block(column);
        }
        self.next_token()?;
        if self.column > column {
            return self.block(column);
        }
        Some(self.yaml(dash + 1, dash + 1, Value::Null))
    }

    /// Looks for the end of an item once more where the place of the next one has a say in it; see
    /// [`place::scalar_end`].
    fn end_anew(&self, item: &mut Yaml, next: usize) {
        let Value::Str(text) = &item.value else { return };
        let start = self.input.start(item.span);
        let style = match self.byte_at(start) {
            b'"' | b'\'' => return,
            b'|' | b'>' => Style::Block,
            _ => Style::Plain,
        };
        let end = place::scalar_end(self.input.text, start, next, (text, style));
        item.span = self.input.span(start, end);
    }
}

/// Tells whether a byte can begin a scalar without quotes, by itself (a dash may still stand for an item of a list).
/// `?` and `:` can in some places, which are rare.
pub(super) fn starts_plain(byte: u8) -> bool {
    let space = matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | END);
    let bracket = matches!(byte, b'[' | b']' | b'{' | b'}' | b',' | b'?' | b':');
    let sign = matches!(byte, b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`');
    !(space || bracket || sign)
}
