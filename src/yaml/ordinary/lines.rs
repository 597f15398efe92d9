//! Line ends, comments and indentation: from one token to the next.

use super::{END, Reader};

impl Reader<'_> {
    fn skip_spaces(&mut self) {
        while self.byte() == b' ' {
            self.at += 1;
        }
    }

    /// Goes to the end of the line. What comes before it does not matter: `\r` stands before `\n` only.
    pub(super) fn skip_rest(&mut self) {
        self.at += self.input.text[self.at..].find('\n').unwrap_or(self.bytes.len() - self.at);
    }

    /// Steps over a line's end, unless the text is over.
    pub(super) fn skip_break(&mut self) {
        self.at += match self.byte() {
            b'\r' => 2,
            b'\n' => 1,
            _ => 0,
        };
    }

    pub(super) fn at_break(&self) -> bool {
        matches!(self.byte(), b'\n' | b'\r')
    }

    /// Skips space and a comment behind a token, and tells whether the line ends there.
    pub(super) fn line_ends(&mut self) -> Option<bool> {
        let from = self.at;
        self.skip_spaces();
        match self.byte() {
            b'\n' | b'\r' | END => Some(true),
            b'#' if self.at > from => {
                self.skip_rest();
                Some(true)
            }
            b'#' | b'\t' => None,
            _ => Some(false),
        }
    }

    /// Goes to the next token, which must stand on a later line.
    pub(super) fn end_line(&mut self) -> Option<()> {
        if self.line_ends()? { self.next_token() } else { None }
    }

    /// Goes on within or behind brackets: space, comments and line ends mean nothing there.
    pub(super) fn skip_in_brackets(&mut self) -> Option<()> {
        if self.line_ends()? {
            self.next_token()?;
        }
        Some(())
    }

    /// Goes from a line's end to the next token, and sets its column.
    pub(super) fn next_token(&mut self) -> Option<()> {
        self.next_line()?;
        self.token()
    }

    /// Goes from the first character of a line to the next token. The marks of documents are no ordinary ones.
    pub(super) fn token(&mut self) -> Option<()> {
        self.skip_comments()?;
        (!self.at_document_mark()).then_some(())
    }

    pub(super) fn skip_comments(&mut self) -> Option<()> {
        while self.byte() == b'#' {
            self.skip_rest();
            self.next_line()?;
        }
        Some(())
    }

    pub(super) fn at_document_mark(&self) -> bool {
        let rest = &self.bytes[self.at..];
        self.column == 1 && (rest.starts_with(b"---") || rest.starts_with(b"..."))
    }

    /// Goes to the first line that is not empty, from the start of the text.
    pub(super) fn first_line(&mut self) -> Option<()> {
        if self.is_empty_line()? {
            self.next_line()?;
        }
        Some(())
    }

    /// Goes from a line's end to the first character of the next line that is not empty. Returns how many line ends
    /// there are in between.
    pub(super) fn next_line(&mut self) -> Option<usize> {
        let mut breaks = 0;
        while self.at_break() {
            self.skip_break();
            breaks += 1;
            if !self.is_empty_line()? {
                return Some(breaks);
            }
        }
        self.column = 0;
        Some(breaks)
    }

    /// Skips the space at the start of a line. Sets the column, unless the line is empty.
    fn is_empty_line(&mut self) -> Option<bool> {
        let start = self.at;
        self.skip_spaces();
        match self.byte() {
            b'\n' | b'\r' | END => Some(true),
            b'\t' => None,
            _ => {
                self.column = self.at - start + 1;
                Some(false)
            }
        }
    }
}
