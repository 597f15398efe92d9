//! The console without a live display: a line for each event, on stdout, at once.

use std::io::{self, Write};

use super::json::JsonLines;
use super::text;
use crate::artifacts::Invocation;
use crate::diag::Scrubber;
use crate::event::{Envelope, Level, Listener, Style};

/// How an event becomes a line.
#[derive(Debug)]
pub(super) enum Lines {
    /// `12:00:00  message`.
    Short {
        /// Colours and width.
        style: Style,
        /// What must not be shown.
        secrets: Scrubber,
    },
    /// With microseconds, level and thread.
    Long {
        /// Colours and width.
        style: Style,
        /// What must not be shown.
        secrets: Scrubber,
        /// For the ruler at the beginning.
        invocation: Invocation,
    },
    /// A JSON object.
    Json(JsonLines),
}

impl Lines {
    /// Returns the line, without its end.
    pub(super) fn line(&self, envelope: &Envelope) -> String {
        match self {
            Self::Short { style, secrets } => text::short(envelope, style, secrets),
            Self::Long { style, secrets, invocation } => text::long(envelope, style, secrets, invocation),
            Self::Json(lines) => lines.line(envelope),
        }
    }
}

/// Writes lines to stdout, or to what a test gives.
pub(super) struct Console<W> {
    lines: Lines,
    level: Level,
    cache_events: bool,
    out: W,
    /// Whether the last message went over several lines.
    in_block: bool,
    /// A reader that went away is no reason to stop the run.
    gone: bool,
}

impl<W: Write> Console<W> {
    /// Makes a console for events of at least this level.
    pub(super) fn new(lines: Lines, level: Level, cache_events: bool, out: W) -> Self {
        Self { lines, level, cache_events, out, in_block: false, gone: false }
    }
}

impl<W: Write + Send> Listener for Console<W> {
    fn level(&self) -> Level {
        self.level
    }

    fn on(&mut self, envelope: &Envelope) {
        if self.gone || (envelope.event.is_cache_event() && !self.cache_events) {
            return;
        }
        let mut line = self.lines.line(envelope);
        let output = envelope.event.is_output();
        if output && self.in_block && matches!(self.lines, Lines::Short { .. }) {
            // Output has no clock before it: without one it would seem to belong to the message.
            line.insert_str(0, &format!("{}\n", text::clock(envelope)));
        }
        self.in_block = !output && line.contains('\n');
        line.push('\n');
        let written: io::Result<()> = self.out.write_all(line.as_bytes()).and_then(|()| self.out.flush());
        self.gone = written.is_err();
    }
}
