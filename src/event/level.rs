//! How loud an event is.

use std::fmt;

use serde::{Serialize, Serializer};

/// The level of an event, quietest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Only for looking into a run.
    Debug,
    /// Tells how the work goes on.
    Info,
    /// Something to look at; the work goes on.
    Warn,
    /// Something failed.
    Error,
}

impl Level {
    /// Returns the word used in logs and flags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
