//! Scalars behind `|` and `>`.

use super::super::place::{self, Style};
use super::super::{Value, Yaml};
use super::{END, Reader};

/// What becomes of the line ends behind the last line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomp {
    /// `-`: all go.
    Strip,
    /// One stays.
    Clip,
    /// `+`: all stay.
    Keep,
}

/// The line ends met since the last text, not written yet.
#[derive(Default)]
struct Breaks {
    /// The one that ends the last line of text.
    leading: bool,
    /// Those of the empty lines behind it.
    trailing: usize,
}

impl Reader<'_> {
    /// Reads a block scalar of something indented as `parent`. With a digit for its indentation it is not ordinary.
    pub(super) fn block_scalar(&mut self, parent: usize) -> Option<Yaml> {
        let start = self.at;
        let fold = self.byte() == b'>';
        self.at += 1;
        let chomp = match self.byte() {
            b'-' => Chomp::Strip,
            b'+' => Chomp::Keep,
            _ => Chomp::Clip,
        };
        if chomp != Chomp::Clip {
            self.at += 1;
        }
        if parent == 0 || !self.line_ends()? {
            return None;
        }
        self.skip_break();
        self.folded.clear();
        let (indent, trailing) = self.block_indent()?;
        let mut breaks = Breaks { leading: false, trailing };
        if self.column > parent {
            self.block_lines(indent, fold, &mut breaks)?;
        }
        if breaks.leading && chomp != Chomp::Strip {
            self.folded.push('\n');
        }
        if chomp == Chomp::Keep {
            self.push_breaks(breaks.trailing);
        }
        self.token()?;
        let end = place::scalar_end(self.input.text, start, self.at, (&self.folded, Style::Block));
        Some(self.yaml(start, end, Value::Str(self.folded.as_str().into())))
    }

    /// Goes to the first line of text, whose indentation is the scalar's. Returns it with the number of empty lines.
    fn block_indent(&mut self) -> Option<(usize, usize)> {
        let (mut empty, mut widest) = (0, 0);
        loop {
            let line = self.at;
            while self.byte() == b' ' {
                self.at += 1;
            }
            let indent = self.at - line;
            match self.byte() {
                b'\n' | b'\r' => {
                    widest = widest.max(indent);
                    empty += 1;
                    self.skip_break();
                }
                b'\t' => return None,
                END => {
                    self.column = 0;
                    return Some((0, empty));
                }
                _ => {
                    self.column = indent + 1;
                    return (widest <= indent).then_some((indent, empty));
                }
            }
        }
    }

    /// Reads the lines of text, from the first character of the first, and goes to the first line that is indented
    /// less.
    fn block_lines(&mut self, indent: usize, fold: bool, breaks: &mut Breaks) -> Option<()> {
        let mut after_blank = false;
        loop {
            let blank = matches!(self.byte(), b' ' | b'\t');
            if fold && breaks.leading && !after_blank && !blank {
                if breaks.trailing == 0 {
                    self.folded.push(' ');
                }
            } else if breaks.leading {
                self.folded.push('\n');
            }
            self.push_breaks(breaks.trailing);
            after_blank = blank;
            let from = self.at;
            self.skip_rest();
            if self.at > from && self.bytes[self.at - 1] == b'\r' {
                self.at -= 1;
            }
            self.folded.push_str(&self.input.text[from..self.at]);
            *breaks = Breaks { leading: self.byte() != END, trailing: 0 };
            self.skip_break();
            if !self.next_block_line(indent, breaks)? {
                return Some(());
            }
        }
    }

    /// Skips empty lines and indentation. Tells whether the line belongs to the scalar.
    fn next_block_line(&mut self, indent: usize, breaks: &mut Breaks) -> Option<bool> {
        loop {
            let line = self.at;
            while self.at - line < indent && self.byte() == b' ' {
                self.at += 1;
            }
            match self.byte() {
                b'\n' | b'\r' => {
                    breaks.trailing += 1;
                    self.skip_break();
                }
                END => {
                    self.column = 0;
                    return Some(false);
                }
                _ if self.at - line == indent => return Some(true),
                b'\t' => return None,
                _ => {
                    self.column = self.at - line + 1;
                    return Some(false);
                }
            }
        }
    }
}
