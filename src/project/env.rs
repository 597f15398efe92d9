//! Environment variables as templates may see them: `env_var`, secrets, and what was asked for.
//!
//! The environment is taken once at the start and passed in, so that tests need not change it. Called by
//! `project` (YAML files) and `context` (models, macros).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::hash::IndexMap;

use crate::diag::{Code, Diagnostic, Scrubber};

/// Variables whose names begin so are secrets: only `profiles.yml` and `packages.yml` may read them, and
/// their values never reach a log. A final underscore is not needed.
pub const SECRET_PREFIX: &str = "DBT_ENV_SECRET";

/// Variables whose names begin so are copied into artifacts, without the prefix.
const CUSTOM_PREFIX: &str = "DBT_ENV_CUSTOM_ENV_";

/// Who asks for a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// A file that may hold secrets.
    Allowed,
    /// All others.
    Forbidden,
}

/// Why a variable cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    /// Not set, and no default given. The wording is dbt's, since tools look for it.
    #[error("Env var required but not provided: '{0}'")]
    Missing(String),
    /// A secret where none may be used.
    #[error("`{0}` is a secret: it can be read in profiles.yml and packages.yml only")]
    Secret(String),
}

impl EnvError {
    /// Names the kind of problem.
    pub fn code(&self) -> Code {
        Code::MISSING_ENV_VAR
    }

    /// Says what to do.
    pub fn help(&self) -> String {
        match self {
            Self::Missing(name) => format!("set `{name}`, or give a default: `env_var('{name}', '...')`"),
            Self::Secret(_) => format!("take a variable whose name does not begin with `{SECRET_PREFIX}`"),
        }
    }

    /// Makes a diagnostic without a place.
    pub fn into_diagnostic(self) -> Diagnostic {
        Diagnostic::error(self.code(), None, self.to_string()).help(self.help())
    }
}

/// The environment of one invocation. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Env(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// In the order of the process, as dbt shows them.
    variables: IndexMap<String, String>,
    /// Name → value given out; `None` where a default was used.
    asked: Mutex<BTreeMap<String, Option<String>>>,
}

impl Env {
    /// Takes the environment of the process. Variables that are not UTF-8 cannot be asked for.
    pub fn of_process() -> Self {
        let utf8 = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        std::env::vars_os().filter_map(utf8).collect()
    }

    /// Returns a variable as it is set, without rules and records: for settings of Tidegate itself.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.0.variables.get(name).map(String::as_str)
    }

    /// Answers `env_var(name, default)`. An empty default is a default.
    pub fn get(&self, name: &str, default: Option<&str>, secrets: Secrets) -> Result<String, EnvError> {
        let secret = is_secret(name);
        if secret && secrets == Secrets::Forbidden {
            return Err(EnvError::Secret(name.to_owned()));
        }
        let found = self.raw(name);
        if !secret && (found.is_some() || default.is_some()) {
            let mut asked = self.0.asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.insert(name.to_owned(), found.map(str::to_owned));
        }
        found.or(default).map(str::to_owned).ok_or_else(|| EnvError::Missing(name.to_owned()))
    }

    /// Returns the variables that templates asked for so far, secrets left out: name and value, no value
    /// where the default was used.
    pub fn asked(&self) -> BTreeMap<String, Option<String>> {
        self.0.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the variables `DBT_ENV_CUSTOM_ENV_X` as `X`: `dbt_metadata_envs`, `metadata.env`.
    pub fn custom(&self) -> IndexMap<String, String> {
        let custom = |(name, value): (&String, &String)| {
            Some((name.strip_prefix(CUSTOM_PREFIX)?.to_owned(), value.clone()))
        };
        self.0.variables.iter().filter_map(custom).collect()
    }

    /// Returns what hides the secrets of this environment.
    pub fn scrubber(&self) -> Scrubber {
        Scrubber::new(
            self.0.variables.iter().filter(|(name, _)| is_secret(name)).map(|(_, value)| value.clone()),
        )
    }
}

impl FromIterator<(String, String)> for Env {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(variables: T) -> Self {
        Self(Arc::new(Inner { variables: variables.into_iter().collect(), asked: Mutex::default() }))
    }
}

/// Tells whether a variable's name makes it a secret.
pub fn is_secret(name: &str) -> bool {
    name.starts_with(SECRET_PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Env {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn defaults_and_missing() {
        let env = env(&[("A", "1"), ("EMPTY", "")]);
        assert_eq!(env.get("A", Some("2"), Secrets::Forbidden), Ok("1".into()));
        assert_eq!(env.get("EMPTY", Some("2"), Secrets::Forbidden), Ok(String::new()));
        assert_eq!(env.get("B", Some(""), Secrets::Forbidden), Ok(String::new()));
        let missing = env.get("B", None, Secrets::Forbidden).unwrap_err();
        assert_eq!(missing.to_string(), "Env var required but not provided: 'B'");
        assert_eq!(
            env.asked().into_iter().collect::<Vec<_>>(),
            [("A".into(), Some("1".into())), ("B".into(), None), ("EMPTY".into(), Some(String::new()))]
        );
    }

    #[test]
    fn secrets_stay_where_they_may_be() {
        let env = env(&[("DBT_ENV_SECRETX", "hunter2"), ("DBT_ENV_SECRET_LONG", "hunter2-more")]);
        assert_eq!(env.get("DBT_ENV_SECRETX", None, Secrets::Allowed), Ok("hunter2".into()));
        let refused = env.get("DBT_ENV_SECRETX", Some("x"), Secrets::Forbidden);
        assert_eq!(refused, Err(EnvError::Secret("DBT_ENV_SECRETX".into())));
        assert!(env.asked().is_empty());
        assert_eq!(env.scrubber().scrub("a hunter2-more b hunter2"), "a ***** b *****");
    }

    #[test]
    fn custom_variables_lose_their_prefix() {
        let env = env(&[("DBT_ENV_CUSTOM_ENV_JOB", "7"), ("OTHER", "x")]);
        assert_eq!(env.custom().into_iter().collect::<Vec<_>>(), [("JOB".into(), "7".into())]);
    }
}
