//! `dbt.log`: every event, starting anew when it grows too big. Lines that come together are appended together.
//!
//! The file is opened at the first event. A log that cannot be written never stops a run: it is told once.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};

use camino::{Utf8Path, Utf8PathBuf};

use super::console::Lines;
use crate::event::{Envelope, Event, Level, Listener};

/// How many old files are kept beside the present one.
const BACKUPS: u32 = 5;

/// How much is held back at most.
const HELD: usize = 1 << 16;

/// The log file of an invocation.
pub(super) struct LogFile {
    lines: Lines,
    level: Level,
    cache_events: bool,
    path: Utf8PathBuf,
    max_bytes: u64,
    open: Option<Open>,
    /// Lines that are not written yet.
    held: String,
    broken: bool,
}

struct Open {
    file: File,
    /// How large it is with what is held back.
    size: u64,
}

impl LogFile {
    /// Makes the log of this path; `max_bytes` 0 lets it grow.
    pub(super) fn new(lines: Lines, level: Level, path: Utf8PathBuf, max_bytes: u64) -> Self {
        Self {
            lines,
            level,
            cache_events: false,
            path,
            max_bytes,
            open: None,
            held: String::new(),
            broken: false,
        }
    }

    /// Logs changes of the relation cache too.
    #[must_use]
    pub(super) fn with_cache_events(mut self, wanted: bool) -> Self {
        self.cache_events = wanted;
        self
    }

    /// Adds a line, in a new file if this one is full.
    fn add(&mut self, line: &str) -> io::Result<()> {
        let length = u64::try_from(line.len() + 1).unwrap_or(u64::MAX);
        let is_full = |open: &Open| {
            self.max_bytes > 0 && open.size > 0 && open.size.saturating_add(length) > self.max_bytes
        };
        if self.open.as_ref().is_some_and(is_full) {
            self.write()?;
            self.open = None;
            rotate(&self.path)?;
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => Self::open(&self.path)?,
        };
        open.size = open.size.saturating_add(length);
        self.open = Some(open);
        self.held.push_str(line);
        self.held.push('\n');
        if self.held.len() >= HELD { self.write() } else { Ok(()) }
    }

    /// Writes what is held back.
    fn write(&mut self) -> io::Result<()> {
        let Some(open) = self.open.as_mut().filter(|_| !self.held.is_empty()) else { return Ok(()) };
        let written = open.file.write_all(self.held.as_bytes());
        self.held.clear();
        written
    }

    fn told(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            self.broken = true;
            let _ = writeln!(io::stderr(), "warning: cannot write the log `{}`: {error}", self.path);
        }
    }

    fn open(path: &Utf8Path) -> io::Result<Open> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let size = file.metadata()?.len();
        Ok(Open { file, size })
    }
}

/// Moves `dbt.log` to `dbt.log.1`, that to `dbt.log.2`, and so on; the oldest goes.
fn rotate(path: &Utf8Path) -> io::Result<()> {
    let numbered = |number: u32| format!("{path}.{number}");
    for number in (1..BACKUPS).rev() {
        match std::fs::rename(numbered(number), numbered(number + 1)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    std::fs::rename(path, numbered(1))
}

impl Listener for LogFile {
    fn level(&self) -> Level {
        self.level
    }

    fn on(&mut self, envelope: &Envelope) {
        // `clean` may have removed the folder: its lines must not bring it back.
        let of_clean = matches!(
            envelope.event,
            Event::CheckCleanPath(_)
                | Event::ConfirmCleanPath(_)
                | Event::ProtectedCleanPath(_)
                | Event::FinishedCleanPaths(_)
        );
        let unwanted = envelope.event.is_cache_event() && !self.cache_events;
        let too_quiet = envelope.level < self.level;
        if self.broken || of_clean || unwanted || too_quiet {
            return;
        }
        let line = self.lines.line(envelope);
        let added = self.add(&line);
        self.told(added);
    }

    fn settle(&mut self) {
        let written = self.write();
        self.told(written);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Scrubber;
    use crate::event::{EventSink, Note, Style, WarnPolicy};

    #[test]
    fn a_full_log_moves_aside_and_five_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("logs/dbt.log");
        let lines = Lines::Short { style: Style::default(), secrets: Scrubber::default() };
        let log = LogFile::new(lines, Level::Debug, path.clone(), 40);
        let sink = EventSink::start(vec![Box::new(log)], WarnPolicy::default());
        for number in 0..8 {
            sink.send(Note { msg: format!("a line of thirty bytes {number}") });
        }
        sink.close();
        let text = |path: &str| std::fs::read_to_string(path).unwrap();
        assert!(text(path.as_str()).ends_with("bytes 7\n"));
        assert!(text(&format!("{path}.5")).ends_with("bytes 2\n"));
        assert!(!std::path::Path::new(&format!("{path}.6")).exists());
    }
}
