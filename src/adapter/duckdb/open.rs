//! Opens a DuckDB database the way a profile asks for.
//!
//! Input: a [`Profile`]. Output: the first connection, with extensions loaded, secrets made and databases attached, in dbt's
//! order. Invariant: when something fails the database is closed again, so a later try starts afresh; errors hide the profile's
//! secrets, which the statements hold that they are about.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use duckdb::{Config, Connection};
use serde_json::Value;

use super::error::{explain_open, from_driver, python_class};
use super::library;
use super::profile::{Extension, Profile};
use super::statements::python_str;
use crate::adapter::{DbError, DbErrorKind, Patience};
use crate::sql::string_literal;

/// Opens the database and everything that belongs to it. A file that another process holds is waited for, as far as
/// patience goes: by itself there is none, since the other one may be a person's, who goes home and leaves it open.
pub(super) fn open(
    profile: &Profile,
    patience: &Patience,
    cancelled: &AtomicBool,
) -> Result<Connection, DbError> {
    let hidden = |error: DbError| error.hiding(&profile.secrets_hidden());
    let mut wait = patience.wait(Some(Duration::ZERO));
    loop {
        if cancelled.load(Ordering::SeqCst) {
            return Err(DbError::interrupted());
        }
        let mut error = match open_now(profile) {
            Err(error) if error.kind == DbErrorKind::Lock => error,
            other => return other.map_err(hidden),
        };
        if !wait.goes_on(|| error.help.first().cloned().unwrap_or_default()) {
            let advice = || "end it, or wait for it with `--lock-timeout SECONDS`".to_owned();
            error.help.push(wait.in_vain().unwrap_or_else(advice));
            return Err(hidden(error));
        }
    }
}

fn open_now(profile: &Profile) -> Result<Connection, DbError> {
    let connection = retry(profile, |p| p.connect_attempts, || connect(profile))?;
    // Errors then name the byte they mean.
    run(&connection, "SET errors_as_json = true")?;
    for extension in &profile.extensions {
        load(&connection, extension)?;
    }
    for sql in &profile.secrets {
        run(&connection, sql).map_err(|e| e.help("see `secrets` in the profile"))?;
    }
    for sql in &profile.attach {
        run(&connection, sql).map_err(|mut e| {
            if e.kind == DbErrorKind::Lock {
                return explain_open(e, "an attached database");
            }
            if e.kind == DbErrorKind::Statement {
                e.kind = DbErrorKind::Connection;
            }
            e.help(format!("the profile's `attach` runs `{sql}`"))
        })?;
    }
    Ok(connection)
}

/// Runs `action` as often as the profile's `retries` allow; waits 1, 2, 4, ... seconds between tries.
pub(super) fn retry<T>(
    profile: &Profile,
    attempts: impl Fn(&super::Retries) -> u32,
    mut action: impl FnMut() -> Result<T, DbError>,
) -> Result<T, DbError> {
    let Some(retries) = &profile.retries else { return action() };
    let mut attempt = 0;
    loop {
        let error = match action() {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        attempt += 1;
        let class = python_class(&error.class);
        if attempt >= attempts(retries) || !retries.retryable_exceptions.contains(&class) {
            return Err(error);
        }
        sleep(Duration::from_secs(1 << (attempt - 1).min(6)));
    }
}

fn connect(profile: &Profile) -> Result<Connection, DbError> {
    library::load()?;
    let opened = config(profile).and_then(|config| {
        if profile.is_memory() {
            Connection::open_in_memory_with_flags(config)
        } else {
            Connection::open_with_flags(&profile.path, config)
        }
    });
    opened.map_err(|e| explain_open(from_driver(&e, ""), &profile.path))
}

fn config(profile: &Profile) -> duckdb::Result<Config> {
    let mut config = Config::default();
    for (key, value) in &profile.config_options {
        let text = match value {
            Value::Bool(b) => b.to_string(),
            other => python_str(other),
        };
        config = config.with(key, text)?;
    }
    config.custom_user_agent("tidegate")
}

/// Loads an extension; installs it only if it is not there, so that no network is needed when it is.
fn load(connection: &Connection, extension: &Extension) -> Result<(), DbError> {
    let name = &extension.name;
    let load = format!("LOAD {}", quoted_name(name));
    if run(connection, &load).is_ok() {
        return Ok(());
    }
    let from = extension.repo.as_ref().map(|repo| format!(" FROM {}", quoted_repo(repo))).unwrap_or_default();
    run(connection, &format!("INSTALL {}{from}", quoted_name(name))).and_then(|()| run(connection, &load)).map_err(
        |mut e| {
            e.kind = DbErrorKind::Connection;
            e.help(format!("the profile's `extensions` asks for `{name}`; put its file into DuckDB's extension folder (`config_options: {{extension_directory: ...}}`), or allow the network"))
        },
    )
}

fn quoted_name(name: &str) -> String {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain { name.to_owned() } else { string_literal(name) }
}

/// A repository is one of DuckDB's names (`community`), or an address in quotes.
fn quoted_repo(repo: &str) -> String {
    let given = repo.starts_with('\'') || repo.starts_with('"');
    if given { repo.to_owned() } else { quoted_name(repo) }
}

/// Runs one statement for its effect.
pub(super) fn run(connection: &Connection, sql: &str) -> Result<(), DbError> {
    connection.execute_batch(sql).map_err(|e| from_driver(&e, sql))
}
