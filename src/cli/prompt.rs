//! Questions on the terminal. Answers are lines of stdin; the end of stdin answers nothing more.

use std::io::{BufRead as _, IsTerminal as _, Write as _, stdin, stdout};

use crate::event::EventSink;

/// Asks, after everything sent before was shown.
#[derive(Debug)]
pub(super) struct Prompt {
    events: EventSink,
    open: bool,
}

impl Prompt {
    pub(super) fn of_process(events: &EventSink) -> Self {
        Self { events: events.clone(), open: true }
    }

    /// Tells whether an answer may still come.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Shows a line that belongs to a question.
    pub(super) fn say(&self, text: &str) {
        self.events.flush();
        let _ = writeln!(stdout(), "{text}");
    }

    /// Asks; an empty answer is the default. `None` at the end of stdin without a default.
    pub(super) fn ask(&mut self, question: &str, default: Option<&str>) -> Option<String> {
        self.events.flush();
        let shown = default.map_or_else(String::new, |default| format!(" [{default}]"));
        let _ = write!(stdout(), "{question}{shown}: ").and_then(|()| stdout().flush());
        let mut line = String::new();
        let read = if self.open { stdin().lock().read_line(&mut line).unwrap_or(0) } else { 0 };
        if read == 0 {
            self.open = false;
            let _ = writeln!(stdout());
            return default.map(str::to_owned);
        }
        match line.trim() {
            "" => default.map_or_else(|| self.ask(question, None), |default| Some(default.to_owned())),
            answer => Some(answer.to_owned()),
        }
    }

    /// Asks for a secret, which a terminal does not show while it is typed. `None` at the end of stdin.
    pub(super) fn ask_secret(&mut self, question: &str) -> Option<String> {
        if !stdin().is_terminal() {
            return self.ask(question, None);
        }
        self.events.flush();
        let _ = write!(stdout(), "{question}: ").and_then(|()| stdout().flush());
        console::Term::stdout().read_secure_line().ok()
    }

    /// Asks for a yes; anything else is a no.
    pub(super) fn confirm(&mut self, question: &str) -> bool {
        let answer = self.ask(&format!("{question} (y/n)"), Some("n")).unwrap_or_default();
        matches!(answer.to_lowercase().as_str(), "y" | "yes")
    }
}
