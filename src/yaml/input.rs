//! The text that is read, and spans into it. Made by `parse`, used by both readers.

use camino::Utf8Path;

use crate::diag::{FileId, Span};

/// One text of the store without its byte order mark.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    /// The file's path as shown.
    pub path: &'a Utf8Path,
    pub text: &'a str,
    /// Bytes of a byte order mark in front of `text`.
    pub bom: usize,
    pub file: FileId,
}

impl Input<'_> {
    /// Makes a span of bytes of `text`.
    pub(super) fn span(&self, from: usize, to: usize) -> Span {
        Span::new(self.file, from + self.bom, to + self.bom)
    }

    /// Returns where in `text` a span of this file starts.
    pub(super) fn start(&self, span: Span) -> usize {
        span.start as usize - self.bom
    }

    /// Returns where in `text` a span of this file ends.
    pub(super) fn end(&self, span: Span) -> usize {
        span.end as usize - self.bom
    }
}
