//! A profile's output, read into the type of its engine.
//!
//! Input: the rendered mapping below `outputs.<target>`. Output: a typed [`Profile`], or a [`ProfileError`] that names
//! the key; the caller owns the YAML and knows where the key stands. Invariant: unknown keys at the top are allowed,
//! as dbt allows them; unknown keys further down are errors, as there. Called by `project`.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Adapter, Kind, Patience, duckdb, postgres};
use crate::diag::Scrubber;

/// Why a profile's output cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ProfileError {
    /// The key at fault as a path, for example `attach[0].path`; empty for the whole output.
    pub key: String,
    /// What is wrong, key included.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl ProfileError {
    /// Makes an error about a key.
    pub(super) fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into(), help: None }
    }

    /// Sets the advice.
    pub(super) fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }
}

/// The connection settings of one target.
#[derive(Clone, Debug, PartialEq)]
pub enum Profile {
    /// DuckDB's.
    DuckDb(Box<duckdb::Profile>),
    /// Postgres's.
    Postgres(Box<postgres::Profile>),
}

impl Profile {
    /// Reads an output; `type` decides whose it is.
    pub fn from_output(output: &Map<String, Value>) -> Result<Self, ProfileError> {
        match output.get("type") {
            Some(Value::String(kind)) if kind == "duckdb" => {
                duckdb::Profile::from_output(output).map(|p| Self::DuckDb(Box::new(p)))
            }
            Some(Value::String(kind)) if kind == "postgres" => {
                postgres::Profile::from_output(output).map(|p| Self::Postgres(Box::new(p)))
            }
            Some(Value::String(kind)) => {
                Err(ProfileError::new("type", format!("no adapter for type `{kind}`"))
                    .help("the engines are `duckdb` and `postgres`"))
            }
            Some(_) => Err(ProfileError::new("type", "`type` must be a string")),
            None => Err(ProfileError::new("", "the output has no `type`")
                .help("add `type: duckdb` or `type: postgres`")),
        }
    }

    /// Tells which engine it is for.
    pub fn kind(&self) -> Kind {
        match self {
            Self::DuckDb(_) => Kind::DuckDb,
            Self::Postgres(_) => Kind::Postgres,
        }
    }

    /// Returns the database models go to by default.
    pub fn database(&self) -> &str {
        match self {
            Self::DuckDb(p) => &p.database,
            Self::Postgres(p) => &p.database,
        }
    }

    /// Returns the schema models go to by default.
    pub fn schema(&self) -> &str {
        match self {
            Self::DuckDb(p) => &p.schema,
            Self::Postgres(p) => &p.schema,
        }
    }

    /// Returns the keys `target` shows in templates, besides the ones every target has; never a password.
    pub fn connection_keys(&self) -> Map<String, Value> {
        match self {
            Self::DuckDb(p) => p.connection_keys(),
            Self::Postgres(p) => p.connection_keys(),
        }
    }

    /// Returns what hides the secrets of this profile. That of Postgres is in nothing that is shown.
    pub fn secrets_hidden(&self) -> Scrubber {
        match self {
            Self::DuckDb(p) => p.secrets_hidden(),
            Self::Postgres(_) => Scrubber::default(),
        }
    }

    /// Returns what the profile asks for and Tidegate cannot give, one sentence each.
    pub fn unsupported(&self) -> Vec<String> {
        match self {
            Self::DuckDb(p) => p.unsupported(),
            Self::Postgres(_) => Vec::new(),
        }
    }

    /// Makes the adapter. Nothing is opened before the first connection; `patience` is for what others hold then.
    pub fn adapter(&self, patience: Patience) -> Arc<dyn Adapter> {
        match self {
            Self::DuckDb(p) => Arc::new(duckdb::Database::new((**p).clone(), patience)),
            Self::Postgres(p) => Arc::new(postgres::Server::new(p, patience)),
        }
    }
}

/// A mapping being read, with its path for messages.
pub(super) struct Section<'a> {
    path: String,
    map: &'a Map<String, Value>,
}

impl<'a> Section<'a> {
    /// Starts at the top of an output.
    pub(super) fn top(map: &'a Map<String, Value>) -> Self {
        Self { path: String::new(), map }
    }

    /// Goes into a mapping.
    pub(super) fn inner(path: impl Into<String>, value: &'a Value) -> Result<Self, ProfileError> {
        let path = path.into();
        match value {
            Value::Object(map) => Ok(Self { path, map }),
            other => Err(wrong_type(path, "a mapping", other)),
        }
    }

    /// Returns the path of a key.
    pub(super) fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Returns the raw value.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key)
    }

    /// Reads an optional string; null counts as absent only where dbt's field may be null.
    pub(super) fn string(&self, key: &str, nullable: bool) -> Result<Option<String>, ProfileError> {
        match self.map.get(key) {
            None => Ok(None),
            Some(Value::Null) if nullable => Ok(None),
            Some(Value::String(s)) => Ok(Some(s.clone())),
            Some(other) => Err(wrong_type(self.path(key), "a string", other)),
        }
    }

    /// Reads an optional boolean.
    pub(super) fn boolean(&self, key: &str, nullable: bool) -> Result<Option<bool>, ProfileError> {
        match self.map.get(key) {
            None => Ok(None),
            Some(Value::Null) if nullable => Ok(None),
            Some(Value::Bool(b)) => Ok(Some(*b)),
            Some(other) => Err(wrong_type(self.path(key), "true or false", other)),
        }
    }

    /// Reads an optional whole number that is not negative; null counts as absent.
    pub(super) fn count(&self, key: &str) -> Result<Option<u32>, ProfileError> {
        match self.map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_u64().and_then(|n| u32::try_from(n).ok()) {
                Some(n) => Ok(Some(n)),
                None => Err(wrong_type(self.path(key), "a whole number", value)),
            },
        }
    }

    /// Reads an optional mapping; null counts as absent.
    pub(super) fn mapping(&self, key: &str) -> Result<Map<String, Value>, ProfileError> {
        match self.map.get(key) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(map)) => Ok(map.clone()),
            Some(other) => Err(wrong_type(self.path(key), "a mapping", other)),
        }
    }

    /// Reads an optional list; null counts as absent.
    pub(super) fn list(&self, key: &str) -> Result<&'a [Value], ProfileError> {
        match self.map.get(key) {
            None | Some(Value::Null) => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(other) => Err(wrong_type(self.path(key), "a list", other)),
        }
    }

    /// Errors at the first key that is not among `known`.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), ProfileError> {
        match self.map.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) => {
                let error = ProfileError::new(self.path(key), format!("`{}` has no key `{key}`", self.path));
                Err(match crate::diag::suggest(key, known.iter().copied()) {
                    Some(text) => error.help(text),
                    None => error.help(format!("its keys are {}", known.join(", "))),
                })
            }
        }
    }
}

/// Makes the error for a value of another type than wanted.
pub(super) fn wrong_type(path: impl Into<String>, want: &str, got: &Value) -> ProfileError {
    let path = path.into();
    // What is nested is not shown, since it may hold a password, nor a password that looks like a number.
    let secret = duckdb::SECRETIVE.iter().any(|word| path.contains(word));
    let got = match got {
        Value::Number(_) if secret => "a number".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
        single => format!("`{single}`"),
    };
    let message = format!("`{path}` must be {want}, not {got}");
    ProfileError::new(path, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_that_may_be_secrets_are_not_shown() {
        let shown = |path: &str| wrong_type(path, "a string", &json!(40_817)).message;
        for secret in ["password", "attach[0].options.pwd", "secrets[0].session_token", "key_id"] {
            assert!(!shown(secret).contains("40817"), "{}", shown(secret));
        }
        assert_eq!(shown("host"), "`host` must be a string, not `40817`");
    }
}
