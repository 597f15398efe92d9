//! What people and machines see: one listener for the console, one for the log file.
//!
//! Input: the settings of [`Logging`] and whether stdout is a terminal. Output: an [`EventSink`]. Nothing else of
//! the program writes to stdout while a command runs.

mod console;
mod json;
mod log_file;
mod progress;
mod summary;
mod text;

use std::io::{IsTerminal as _, stdout};

use camino::Utf8Path;

use console::{Console, Lines};
use json::JsonLines;
use log_file::LogFile;
use progress::Progress;

use super::args::{Color, LogFormat, Logging, Surroundings};
use crate::artifacts::Invocation;
use crate::diag::Scrubber;
use crate::event::{EventSink, Level, Listener, Style, WarnPolicy};

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Whether stdout is one.
    pub interactive: bool,
    /// Whether it shows colours, as far as variables tell.
    pub color: bool,
}

impl Terminal {
    /// Asks stdout and the variables `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE` and `TERM`.
    pub fn of_process(around: &Surroundings) -> Self {
        Self::from_variables(stdout().is_terminal(), around)
    }

    fn from_variables(is_terminal: bool, around: &Surroundings) -> Self {
        let dumb = around.var("TERM") == Some("dumb");
        let forced = around.var("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let forbidden = around.var("NO_COLOR").is_some() || around.var("CLICOLOR") == Some("0");
        let color = !forbidden && (forced || is_terminal && !dumb);
        Self { interactive: is_terminal && !dumb, color }
    }

    /// Decides about colours.
    pub fn colored(self, wanted: Color) -> bool {
        match wanted {
            Color::Auto => self.color,
            Color::Always => true,
            Color::Never => false,
        }
    }
}

/// Opens console and log file. `log_folder` is where `dbt.log` goes; `None` for no file.
pub fn open(
    logging: &Logging,
    policy: WarnPolicy,
    log_folder: Option<&Utf8Path>,
    invocation: &Invocation,
    (terminal, secrets): (Terminal, &Scrubber),
) -> EventSink {
    let mut listeners: Vec<Box<dyn Listener>> = Vec::new();
    if let Some(level) = logging.level {
        listeners.push(console(logging, level, invocation, (terminal, secrets)));
    }
    if let (Some(level), Some(folder)) = (logging.file_level, log_folder) {
        let style = Style { color: logging.file_color, width: logging.width };
        let lines = lines(logging.file_format, style, invocation, secrets);
        let file = LogFile::new(lines, level, folder.join("dbt.log"), logging.file_max_bytes);
        listeners.push(Box::new(file.with_cache_events(logging.cache_events)));
    }
    EventSink::start(listeners, policy)
}

fn console(
    logging: &Logging,
    level: Level,
    invocation: &Invocation,
    (terminal, secrets): (Terminal, &Scrubber),
) -> Box<dyn Listener> {
    // JSON is for machines: colours only where somebody insists.
    let color = match logging.format {
        LogFormat::Json => logging.color == Color::Always,
        LogFormat::Text | LogFormat::Debug => terminal.colored(logging.color),
    };
    let style = Style { color, width: logging.width };
    if terminal.interactive && logging.format == LogFormat::Text && level == Level::Info {
        return Box::new(Progress::new(style, secrets.clone()));
    }
    let lines = lines(logging.format, style, invocation, secrets);
    Box::new(Console::new(lines, level, logging.cache_events, stdout()))
}

fn lines(format: LogFormat, style: Style, invocation: &Invocation, secrets: &Scrubber) -> Lines {
    match format {
        LogFormat::Text => Lines::Short { style, secrets: secrets.clone() },
        LogFormat::Debug => Lines::Long { style, secrets: secrets.clone(), invocation: invocation.clone() },
        LogFormat::Json => Lines::Json(JsonLines::new(invocation, style, secrets)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_need_a_terminal_and_nobody_who_objects() {
        let with = |variables: &[(&str, &str)]| Surroundings {
            env: variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            ..Surroundings::default()
        };
        let color = |is_terminal, variables: &[(&str, &str)]| {
            Terminal::from_variables(is_terminal, &with(variables)).color
        };
        assert!(color(true, &[]));
        assert!(!color(false, &[]));
        assert!(!color(true, &[("NO_COLOR", "1")]));
        assert!(!color(true, &[("CLICOLOR", "0")]));
        assert!(!color(true, &[("TERM", "dumb")]));
        assert!(color(false, &[("CLICOLOR_FORCE", "1")]));
        assert!(Terminal { interactive: false, color: false }.colored(Color::Always));
    }
}
