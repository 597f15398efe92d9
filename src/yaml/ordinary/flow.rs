//! Lists and mappings in brackets.

use super::super::keys::Keys;
use super::super::{Map, Value, Yaml};
use super::block::{Key, starts_plain};
use super::{LONGEST_KEY, Reader};

impl Reader<'_> {
    /// Reads a list or mapping in brackets, and ends right behind it.
    pub(super) fn flow(&mut self) -> Option<Yaml> {
        self.enter()?;
        let start = self.at;
        let close = if self.byte() == b'[' { b']' } else { b'}' };
        self.at += 1;
        self.skip_in_brackets()?;
        let value = if close == b']' { self.flow_sequence() } else { self.flow_mapping() }?;
        self.at += 1;
        self.depth -= 1;
        Some(self.yaml(start, self.at, value))
    }

    fn flow_sequence(&mut self) -> Option<Value> {
        let mut items = Vec::new();
        while self.byte() != b']' {
            items.push(self.flow_node()?);
            self.flow_separator(b']')?;
        }
        Some(Value::Seq(items))
    }

    fn flow_mapping(&mut self) -> Option<Value> {
        let mut keys = Keys::default();
        while self.byte() != b'}' {
            let key = self.flow_key()?;
            self.skip_in_brackets()?;
            let value = match self.byte() {
                b',' | b'}' => self.yaml(self.at, self.at, Value::Null),
                _ => self.flow_node()?,
            };
            self.add(&mut keys, key, value);
            self.flow_separator(b'}')?;
        }
        Some(Value::Map(Map::new(keys.entries)))
    }

    /// Goes from an item to the next, or to the closing bracket.
    fn flow_separator(&mut self, close: u8) -> Option<()> {
        self.skip_in_brackets()?;
        if self.byte() == b',' {
            self.at += 1;
            return self.skip_in_brackets();
        }
        (self.byte() == close).then_some(())
    }

    /// Reads a value that is there.
    fn flow_node(&mut self) -> Option<Yaml> {
        let start = self.at;
        match self.byte() {
            b'[' | b'{' => self.flow(),
            b'"' | b'\'' => {
                let (text, _) = self.quoted()?;
                Some(self.yaml(start, self.at, Value::Str(text)))
            }
            _ => {
                let end = self.flow_plain()?;
                let value = self.resolve(start, end)?;
                Some(self.yaml(start, end, value))
            }
        }
    }

    /// Reads a key with its colon, which stands on its line.
    fn flow_key(&mut self) -> Option<Key> {
        let start = self.at;
        let key = if let b'"' | b'\'' = self.byte() {
            let (text, lines) = self.quoted()?;
            (lines == 1).then_some(Key { text, typed: None, start, end: self.at })?
        } else {
            let end = self.flow_plain()?;
            self.plain_key(start, end)?
        };
        while self.byte() == b' ' {
            self.at += 1;
        }
        let is_key = self.byte() == b':' && self.at - start <= LONGEST_KEY;
        self.at += 1;
        is_key.then_some(key)
    }

    /// Goes to what ends a scalar without quotes, and returns the scalar's end.
    fn flow_plain(&mut self) -> Option<usize> {
        let start = self.at;
        if !starts_plain(self.byte()) {
            return None;
        }
        if self.byte() == b'-' && (self.is_blank(start + 1) || is_flow_indicator(self.byte_at(start + 1))) {
            return None;
        }
        let mut at = start;
        loop {
            match self.byte_at(at) {
                b':' if self.is_blank(at + 1) => break,
                b':' if is_flow_indicator(self.byte_at(at + 1)) => return None,
                b'#' if matches!(self.byte_at(at - 1), b' ' | b'\t') => break,
                b',' | b'[' | b']' | b'{' | b'}' | b'\n' | b'\r' | super::END => break,
                _ => at += 1,
            }
        }
        let end = self.trimmed(start, at);
        // A comment keeps the space before it, by which it is known as one.
        self.at = end;
        Some(end)
    }
}

fn is_flow_indicator(byte: u8) -> bool {
    matches!(byte, b',' | b'?' | b'[' | b']' | b'{' | b'}')
}
