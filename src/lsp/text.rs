//! Places in texts: bytes here, lines and UTF-16 units in the protocol.
//!
//! Input: a text, and positions that may lie anywhere. Output: offsets that always fit the text and cut no character.
//! Lines end at `\n`, `\r\n` or `\r`, as the protocol has it. Used by all of `lsp`.

use std::ops::Range as Bytes;
use std::sync::Arc;

use lsp_types::{Position, Range, TextDocumentContentChangeEvent};

/// A text with the starts of its lines.
#[derive(Clone, Debug)]
pub(super) struct Text {
    text: Arc<str>,
    lines: Arc<[usize]>,
}

impl Text {
    pub(super) fn new(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let bytes = text.as_bytes();
        let ends_line = |(at, byte): (usize, &u8)| match byte {
            b'\n' => Some(at + 1),
            b'\r' if bytes.get(at + 1) != Some(&b'\n') => Some(at + 1),
            _ => None,
        };
        let lines = std::iter::once(0).chain(bytes.iter().enumerate().filter_map(ends_line)).collect();
        Self { text, lines }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn shared(&self) -> &Arc<str> {
        &self.text
    }

    /// Returns a line without its end.
    fn line(&self, number: usize) -> &str {
        let start = self.lines.get(number).copied().unwrap_or(self.text.len());
        let end = self.lines.get(number + 1).copied().unwrap_or(self.text.len());
        self.text[start..end].trim_end_matches(['\n', '\r'])
    }

    /// Returns the byte of a position. One behind the end of its line or of the text means that end.
    pub(super) fn offset(&self, position: Position) -> usize {
        let number = position.line as usize;
        let Some(start) = self.lines.get(number) else { return self.text.len() };
        let (mut units, mut bytes) = (0, 0);
        for c in self.line(number).chars() {
            units += c.len_utf16();
            // A position within a character means its start.
            if units > position.character as usize {
                break;
            }
            bytes += c.len_utf8();
        }
        start + bytes
    }

    /// Returns the position of a byte. One behind the end, or within a character, means what is before it.
    pub(super) fn position(&self, offset: usize) -> Position {
        let offset = (0..=offset.min(self.text.len())).rev().find(|at| self.text.is_char_boundary(*at));
        let offset = offset.unwrap_or(0);
        let number = self.lines.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.lines.get(number).copied().unwrap_or(0);
        // A byte order mark is no character of the first line: editors do not show it.
        let before = self.text[start..offset].trim_start_matches('\u{feff}');
        let units: usize = before.chars().map(char::len_utf16).sum();
        Position { line: as_u32(number), character: as_u32(units) }
    }

    pub(super) fn range(&self, bytes: Bytes<usize>) -> Range {
        Range { start: self.position(bytes.start), end: self.position(bytes.end) }
    }

    pub(super) fn bytes(&self, range: Range) -> Bytes<usize> {
        let start = self.offset(range.start);
        start..self.offset(range.end).max(start)
    }

    /// Returns the text after some changes, which count one after the other.
    pub(super) fn changed(&self, changes: Vec<TextDocumentContentChangeEvent>) -> Self {
        let mut now = self.clone();
        for change in changes {
            now = match change.range {
                None => Self::new(change.text),
                Some(range) => {
                    let (bytes, old) = (now.bytes(range), now.as_str());
                    Self::new([&old[..bytes.start], &change.text, &old[bytes.end..]].concat())
                }
            };
        }
        now
    }
}

fn as_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What became of a text: all that differs is one stretch in the middle. Places before and behind it move along; those
/// within it are lost, and stand at its start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shift {
    same_until: usize,
    old_from: usize,
    new_from: usize,
}

impl Shift {
    pub(super) fn between(old: &str, new: &str) -> Self {
        let same = |a: &[u8], b: &[u8]| a.iter().zip(b).take_while(|(a, b)| a == b).count();
        let (old, new) = (old.as_bytes(), new.as_bytes());
        let head = same(old, new);
        let (old_rest, new_rest) = (&old[head..], &new[head..]);
        let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
        Self { same_until: head, old_from: old.len() - tail, new_from: new.len() - tail }
    }

    pub(super) fn of(self, offset: usize) -> usize {
        if offset <= self.same_until {
            offset
        } else if offset >= self.old_from {
            offset - self.old_from + self.new_from
        } else {
            self.same_until
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn positions_count_utf16_units() {
        // One unit, two units, one unit of two bytes.
        let text = Text::new("aé😀b\r\nz\rlast");
        for (offset, position) in [
            (0, at(0, 0)),
            (1, at(0, 1)),
            (3, at(0, 2)),
            (7, at(0, 4)),
            (8, at(0, 5)),
            (10, at(1, 0)),
            (12, at(2, 0)),
        ] {
            assert_eq!(text.position(offset), position, "{offset}");
            assert_eq!(text.offset(position), offset, "{position:?}");
        }
        assert_eq!(text.offset(at(0, 3)), 3, "within a character");
        assert_eq!(text.offset(at(0, 99)), 8, "behind the line");
        assert_eq!(text.offset(at(99, 1)), 16, "behind the text");
        assert_eq!(text.position(5), at(0, 2), "within a character");
        assert_eq!(text.position(99), at(2, 4));
    }

    #[test]
    fn changes_count_one_after_the_other() {
        let change = |range: Option<[u32; 4]>, text: &str| TextDocumentContentChangeEvent {
            range: range.map(|[a, b, c, d]| Range { start: at(a, b), end: at(c, d) }),
            range_length: None,
            text: text.to_owned(),
        };
        let text = Text::new("😀x\ny");
        let changed = text.changed(vec![
            change(Some([0, 2, 0, 3]), "ä\n"),
            change(Some([1, 0, 1, 0]), "b"),
            change(Some([9, 9, 9, 9]), "!"),
            change(Some([2, 1, 0, 0]), ""),
        ]);
        assert_eq!(changed.as_str(), "😀ä\nb\ny!");
        assert_eq!(changed.changed(vec![change(None, "new")]).as_str(), "new");
    }

    #[test]
    fn places_move_with_the_text_around_them() {
        let shift = Shift::between("select a, bb from t", "select a, ccc, bb from t");
        assert_eq!(shift.of(7), 7);
        assert_eq!(shift.of(10), 10);
        assert_eq!(shift.of(13), 18);
        let same = Shift::between("x", "x");
        assert_eq!(same.of(1), 1);
    }
}
