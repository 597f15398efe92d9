//! Which part of which template produced each part of the output.
//!
//! Filled while rendering: one segment for each piece of text and each printed value, with the macro call
//! it ran in. Asked later, when a database reports an error at a position of compiled SQL.

use std::sync::Arc;

use crate::diag::{FileId, Frame, Span};

/// A macro call that was running while text was produced.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) name: Arc<str>,
    pub(crate) called_at: Span,
    pub(crate) parent: Option<u32>,
}

/// Output from `start` up to the next segment comes from `span`; `None` for text from elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    pub(crate) start: u32,
    pub(crate) span: Option<Span>,
    /// Literal text, where each byte of output is a byte of the template.
    pub(crate) literal: bool,
    pub(crate) site: Option<u32>,
}

/// Where the output of a render came from.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    pub(crate) segments: Vec<Segment>,
    pub(crate) sites: Vec<Site>,
    pub(crate) len: u32,
}

/// Where a byte of output came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The literal byte, or the expression that printed it.
    pub span: Span,
    /// The macros that were running, innermost first; empty in the template itself.
    pub frames: Vec<Frame>,
    /// Where the template itself stood: the span, or the call of the outermost macro.
    pub site: Span,
}

impl SourceMap {
    /// Finds the origin of the output byte at `offset`.
    pub fn lookup(&self, offset: usize) -> Option<Origin> {
        let offset = u32::try_from(offset).ok().filter(|offset| *offset < self.len)?;
        let at = self.segments.partition_point(|segment| segment.start <= offset).checked_sub(1)?;
        let segment = self.segments.get(at)?;
        let mut span = segment.span?;
        if segment.literal {
            let byte =
                (span.start + (offset - segment.start)).min(span.end.saturating_sub(1).max(span.start));
            span = Span { start: byte, end: (byte + 1).min(span.end.max(byte)), ..span };
        }
        let (frames, site) = self.frames(segment, span);
        Some(Origin { span, frames, site })
    }

    fn frames(&self, segment: &Segment, span: Span) -> (Vec<Frame>, Span) {
        let mut frames = Vec::new();
        let (mut site, mut at) = (segment.site, span);
        while let Some(call) = site.and_then(|i| self.sites.get(i as usize)) {
            frames.push(Frame { name: format!("macro `{}`", call.name), span: Some(at) });
            at = call.called_at;
            site = call.parent;
        }
        (frames, at)
    }

    /// Returns the parts of a file that are in the output as they are, in the order of the output.
    pub fn literals(&self, file: FileId) -> impl Iterator<Item = std::ops::Range<usize>> {
        let own = self.segments.iter().filter(|segment| segment.literal).filter_map(|segment| segment.span);
        own.filter(move |span| span.file == file).map(Span::range)
    }

    /// Returns the map of the output without its first `start` bytes and from `end` on, for a caller
    /// that trims or cuts the text.
    #[must_use]
    pub fn slice(&self, start: usize, end: usize) -> SourceMap {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).min(self.len);
        let (start, end) = (clamp(start), clamp(end));
        let mut sliced = SourceMap { sites: self.sites.clone(), ..SourceMap::default() };
        sliced.append(&self.segments, 0, start..end);
        sliced.len = end.saturating_sub(start);
        sliced
    }

    /// Adds the map of text that is put after this one's.
    pub fn push(&mut self, other: &SourceMap) {
        let sites = u32::try_from(self.sites.len()).unwrap_or(0);
        let moved = |site: Option<u32>| site.map(|s| s + sites);
        self.sites.extend(other.sites.iter().map(|s| Site { parent: moved(s.parent), ..s.clone() }));
        let base = self.len;
        self.segments.extend(other.segments.iter().map(|s| Segment {
            start: s.start + base,
            site: moved(s.site),
            ..*s
        }));
        self.len += other.len;
    }

    /// Adds text without an origin, for example what a caller puts around the output.
    pub fn push_unknown(&mut self, len: usize) {
        self.segments.push(Segment { start: self.len, span: None, literal: false, site: None });
        self.len += u32::try_from(len).unwrap_or(0);
    }

    pub(crate) fn append(&mut self, segments: &[Segment], base: u32, range: std::ops::Range<u32>) {
        append(&mut self.segments, segments, base, range);
    }
}

/// Copies the segments of `range` of a text to where that text begins at `base` of another one.
pub(crate) fn append(to: &mut Vec<Segment>, segments: &[Segment], base: u32, range: std::ops::Range<u32>) {
    let first = segments.partition_point(|s| s.start <= range.start).saturating_sub(1);
    for segment in &segments[first..] {
        if segment.start >= range.end {
            break;
        }
        let skipped = range.start.saturating_sub(segment.start);
        let mut moved = *segment;
        moved.start = base + segment.start.saturating_sub(range.start);
        if let Some(span) = moved.span.as_mut().filter(|_| segment.literal) {
            span.start = (span.start + skipped).min(span.end);
        }
        to.push(moved);
    }
}
