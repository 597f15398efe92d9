//! Ordinary YAML → tree, in one pass over the bytes: no tokens, no tree in between.
//!
//! Reads what nearly all files of projects hold: mappings and lists by indentation, scalars of every style, brackets,
//! comments. At the first thing it is not certain about it gives up, and `parse` asks the YAML crate: so that crate
//! decides what is YAML, and finds the words for errors. **A tree from here is the tree the crate leads to**, with all
//! places and warnings; `tests` compares the two. Where a rule is hard to follow exactly, giving up is the right answer.
//!
//! Columns count from 1; 0 is the column of the end of the text, and the indentation around the whole text.

mod block;
mod characters;
mod flow;
mod lines;
mod literal;
mod scalar;
#[cfg(test)]
mod tests;

use crate::diag::Diagnostic;

use super::input::Input;
use super::{Value, Yaml};

/// The most values that may lie within each other; far below what the stack and the YAML crate allow.
const DEEPEST: usize = 64;

/// The longest key in bytes with the space behind it. YAML has no keys over 1024 characters without a `?`.
const LONGEST_KEY: usize = 1000;

/// What stands behind the last byte. It cannot stand in the text.
const END: u8 = 0;

/// Reads a text. `None` when it is not ordinary.
pub(super) fn read(input: Input<'_>) -> Option<(Yaml, Vec<Diagnostic>)> {
    if !characters::are_ordinary(input.text.as_bytes()) {
        return None;
    }
    let mut reader = Reader {
        input,
        bytes: input.text.as_bytes(),
        at: 0,
        column: 0,
        depth: 0,
        folded: String::new(),
        found: Vec::new(),
    };
    let tree = reader.document()?;
    Some((tree, reader.found))
}

struct Reader<'a> {
    input: Input<'a>,
    bytes: &'a [u8],
    /// The next byte.
    at: usize,
    /// The column of the node or indicator at `at`, where it is the first of its line or follows dashes.
    column: usize,
    /// How many collections are open.
    depth: usize,
    /// The text of the scalar being read, when it is not a piece of the file.
    folded: String,
    found: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn document(&mut self) -> Option<Yaml> {
        self.first_line()?;
        self.skip_comments()?;
        if self.column == 1 && self.bytes[self.at..].starts_with(b"---") {
            self.at += 3;
            self.end_line()?;
        }
        if self.at_document_mark() {
            return None;
        }
        if self.column == 0 {
            return Some(self.yaml(self.at, self.at, Value::Null));
        }
        let tree = self.block(0)?;
        (self.column == 0).then_some(tree)
    }

    fn byte(&self) -> u8 {
        self.byte_at(self.at)
    }

    fn byte_at(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(END)
    }

    /// Tells whether there is space, a line's end or the text's end.
    fn is_blank(&self, at: usize) -> bool {
        matches!(self.byte_at(at), b' ' | b'\t' | b'\n' | b'\r' | END)
    }

    fn yaml(&self, from: usize, to: usize, value: Value) -> Yaml {
        Yaml::new(self.input.span(from, to), value)
    }

    /// Enters a collection.
    fn enter(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= DEEPEST).then_some(())
    }
}
