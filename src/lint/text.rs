//! One compiled text: its tree, and where its parts were written.

use sqlparser::ast::{Query, Spanned};
use sqlparser::tokenizer::Location;

use crate::diag::{FileId, Sources, Span};
use crate::jinja::SourceMap;
use crate::lineage::is_misread;
use crate::sql::{Dialect, parse_query};

/// A compiled text and where it came from.
pub(super) struct Text<'a> {
    pub(super) code: &'a str,
    map: &'a SourceMap,
    /// The model's own file.
    file: FileId,
    sources: &'a Sources,
    /// Where lines start.
    lines: Vec<usize>,
}

impl<'a> Text<'a> {
    pub(super) fn new(code: &'a str, map: &'a SourceMap, file: FileId, sources: &'a Sources) -> Self {
        let breaks = code.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { code, map, file, sources, lines: std::iter::once(0).chain(breaks).collect() }
    }

    /// Parses the text. Errors with the reason why it cannot be read as it stands.
    pub(super) fn tree(&self, dialect: &dyn Dialect) -> Result<Query, String> {
        if dialect.is_friendly() && is_misread(self.code) {
            return Err("it has a shorthand that only its engine reads".to_owned());
        }
        parse_query(self.code, dialect)
    }

    /// Returns the byte at a location of the parser's; `None` for the location of nothing.
    pub(super) fn offset(&self, at: Location) -> Option<usize> {
        let number = usize::try_from(at.line).ok()?.checked_sub(1)?;
        let start = *self.lines.get(number)?;
        let column = usize::try_from(at.column).ok()?.checked_sub(1)?;
        let (byte, _) = self.code.get(start..)?.char_indices().nth(column)?;
        Some(start + byte)
    }

    /// Returns the first byte of a part of the tree.
    pub(super) fn start(&self, part: &impl Spanned) -> Option<usize> {
        self.offset(part.span().start)
    }

    /// Returns where a word was written; `None` if that is not the model's own file.
    pub(super) fn place(&self, offset: usize) -> Option<Span> {
        let origin = self.map.lookup(offset).filter(|origin| origin.span.file == self.file)?;
        Some(self.sources.word(origin.span))
    }

    /// Tells whether the word at a byte stands in the model's file as it stands here, and no expression printed it.
    pub(super) fn is_literal(&self, offset: usize) -> bool {
        self.place(offset).is_some_and(|span| {
            let written = self.sources.excerpt(span);
            !span.range().is_empty() && self.code.get(offset..).is_some_and(|rest| rest.starts_with(&written))
        })
    }

    /// The parts of the model's file that stand here as they are.
    pub(super) fn literals(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        self.map.literals(self.file)
    }
}
