//! `dbt.log`: every event, appended at once, starting anew when it grows too big.
//!
//! The file is opened at the first event. A log that cannot be written never stops a run: it is told once.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};

use camino::{Utf8Path, Utf8PathBuf};

use super::console::Lines;
use crate::event::{Envelope, Event, Level, Listener};

/// How many old files are kept beside the present one.
const BACKUPS: u32 = 5;

/// The log file of an invocation.
pub(super) struct LogFile {
    lines: Lines,
    level: Level,
    cache_events: bool,
    path: Utf8PathBuf,
    max_bytes: u64,
    open: Option<Open>,
    broken: bool,
}

struct Open {
    file: File,
    size: u64,
}

impl LogFile {
    /// Makes the log of this path; `max_bytes` 0 lets it grow.
    pub(super) fn new(lines: Lines, level: Level, path: Utf8PathBuf, max_bytes: u64) -> Self {
        Self { lines, level, cache_events: false, path, max_bytes, open: None, broken: false }
    }

    /// Logs changes of the relation cache too.
    #[must_use]
    pub(super) fn with_cache_events(mut self, wanted: bool) -> Self {
        self.cache_events = wanted;
        self
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => Self::open(&self.path)?,
        };
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if self.max_bytes > 0 && open.size > 0 && open.size.saturating_add(length) > self.max_bytes {
            drop(open.file);
            rotate(&self.path)?;
            open = Self::open(&self.path)?;
        }
        open.file.write_all(line.as_bytes())?;
        open.size = open.size.saturating_add(length);
        self.open = Some(open);
        Ok(())
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
        let mut line = self.lines.line(envelope);
        line.push('\n');
        if let Err(error) = self.write(&line) {
            self.broken = true;
            let _ = writeln!(io::stderr(), "warning: cannot write the log `{}`: {error}", self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventSink, Note, Style, WarnPolicy};
    use crate::project::Scrubber;

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
