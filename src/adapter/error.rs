//! What a database says no with.
//!
//! Invariant: `message` is the engine's own words, without our opinion; `help` is ours. The position is a byte offset
//! into the text that was sent, so that `compile`'s source map can lead back to the file a user wrote.

use std::fmt;

use crate::diag::{Code, Diagnostic, Scrubber};

/// What kind of trouble it is, as far as it decides what happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DbErrorKind {
    /// The database could not be reached or opened.
    Connection,
    /// Somebody else holds the database, or what the statement needs of it.
    Lock,
    /// Two transactions got in each other's way; trying again may help.
    Conflict,
    /// Memory, disk or network gave out.
    Resource,
    /// The user stopped it.
    Interrupted,
    /// The SQL or the data is wrong.
    Statement,
}

/// What kind of thing a statement names that the engine does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lacking {
    /// A column of what the statement reads.
    Column,
    /// A table, a view or a schema.
    Relation,
    /// Anything else that can be made: a function, a type, a sequence.
    Other,
}

/// What an engine thinks that may be meant instead of a name it does not know. It compares letters, and so it may name anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// Its words, which are no part of the message.
    pub text: String,
    /// The names in them, without what qualifies them.
    pub names: Vec<String>,
}

impl Advice {
    /// Takes the advice off a message: from `start` on, where names stand in double quotes.
    pub(super) fn cut(message: &mut String, start: usize) -> Self {
        let text = message.split_off(start).trim().to_owned();
        message.truncate(message.trim_end().len());
        let quoted = text.split('"').skip(1).step_by(2);
        let names = quoted.filter_map(|name| name.rsplit('.').next()).map(str::to_owned).collect();
        Self { text, names }
    }
}

/// A database error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct DbError {
    /// What kind of trouble.
    pub kind: DbErrorKind,
    /// The engine's class of error, for example `Catalog Error`; empty where there is none.
    pub class: String,
    /// The engine's message without class and without excerpt.
    pub message: String,
    /// Where in the SQL that was sent, in bytes.
    pub position: Option<usize>,
    /// The engine's picture of the place: the line and a caret below it.
    pub excerpt: Option<String>,
    /// The name that the engine does not know, and what it should be.
    pub missing: Option<(Lacking, String)>,
    /// What the engine thinks that may be meant.
    pub advice: Option<Box<Advice>>,
    /// Which of the rows that were sent it is about, from 1.
    pub row: Option<u64>,
    /// What to do about it.
    pub help: Vec<String>,
}

impl DbError {
    /// Makes an error without a class or a place.
    pub fn new(kind: DbErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            class: String::new(),
            message: message.into(),
            position: None,
            excerpt: None,
            missing: None,
            advice: None,
            row: None,
            help: Vec::new(),
        }
    }

    /// Returns the error of a statement that was stopped.
    pub fn interrupted() -> Self {
        Self::new(DbErrorKind::Interrupted, "interrupted")
    }

    /// Adds advice.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Returns the same without secrets.
    #[must_use]
    pub fn hiding(self, secrets: &Scrubber) -> Self {
        let hide = |text: String| secrets.scrub(&text).into_owned();
        Self {
            message: hide(self.message),
            excerpt: self.excerpt.map(hide),
            missing: self.missing.map(|(what, name)| (what, hide(name))),
            help: self.help.into_iter().map(hide).collect(),
            ..self
        }
    }

    /// Returns a diagnostic without a place; the caller maps [`position`](Self::position) to one.
    pub fn to_diagnostic(&self) -> Diagnostic {
        let code = match self.kind {
            DbErrorKind::Connection => Code::CONNECTION,
            DbErrorKind::Lock => Code::LOCKED,
            DbErrorKind::Interrupted => Code::INTERRUPTED,
            DbErrorKind::Conflict => Code::CONFLICT,
            DbErrorKind::Resource => Code::RESOURCE,
            DbErrorKind::Statement => Code::DATABASE,
        };
        let mut text = self.message.clone();
        if let Some(advice) = &self.advice {
            text = format!("{text}\n{}", advice.text);
        }
        if !self.class.is_empty() {
            text = format!("{}: {text}", self.class);
        }
        self.help.iter().fold(Diagnostic::error(code, None, text), |d, help| d.help(help.as_str()))
    }
}

impl fmt::Display for DbError {
    /// Writes the error as the engine prints it, excerpt included.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.class.is_empty() {
            write!(f, "{}: ", self.class)?;
        }
        f.write_str(&self.message)?;
        if let Some(advice) = &self.advice {
            write!(f, "\n{}", advice.text)?;
        }
        match &self.excerpt {
            Some(excerpt) => write!(f, "\n\n{excerpt}"),
            None => Ok(()),
        }
    }
}
