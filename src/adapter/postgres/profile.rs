//! A profile's output for Postgres (`project.md` section 3).

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::adapter::ProfileError;
use crate::adapter::profile::Section;

/// Whether and how a connection is encrypted, in libpq's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SslMode {
    /// Never.
    Disable,
    /// Only if the server insists.
    Allow,
    /// If the server can.
    #[default]
    Prefer,
    /// Always, whoever the server is.
    Require,
    /// Always, and the certificate must be signed by a known authority.
    VerifyCa,
    /// Always, and the certificate must be that of the host.
    VerifyFull,
}

impl SslMode {
    /// The modes by their words.
    pub(super) const ALL: [(&'static str, Self); 6] = [
        ("disable", Self::Disable),
        ("allow", Self::Allow),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];

    fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, mode)| *mode == self).map_or("", |(word, _)| word)
    }
}

/// A password, which no message, log or debug output shows.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Wraps a text.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Tells whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the text, for the server only.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("*****")
    }
}

/// The connection settings of one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The server's name or address; a folder means a Unix socket in it.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The user.
    pub user: String,
    /// The password.
    pub password: Password,
    /// The database.
    pub database: String,
    /// The schema models go to by default.
    pub schema: String,
    /// How long to wait for the server's answer to a new connection; `None` is for ever.
    pub connect_timeout: Option<Duration>,
    /// The role to take on.
    pub role: Option<String>,
    /// The `search_path` of sessions.
    pub search_path: Option<String>,
    /// How long a connection may be silent before the network is asked about it; `None` is the system's default.
    pub keepalives_idle: Option<Duration>,
    /// Encryption; `None` is [`SslMode::Prefer`].
    pub sslmode: Option<SslMode>,
    /// The client's certificate: a PEM file.
    pub sslcert: Option<String>,
    /// The key of the client's certificate: a PEM file.
    pub sslkey: Option<String>,
    /// The certificates of trusted authorities: a PEM file.
    pub sslrootcert: Option<String>,
    /// What the server's views show of the session.
    pub application_name: Option<String>,
    /// Whether each statement is a transaction of its own.
    pub autocommit: bool,
    /// How often to try again when the server cannot be reached.
    pub retries: u32,
}

impl Profile {
    /// Reads an output.
    pub fn from_output(output: &Map<String, Value>) -> Result<Self, ProfileError> {
        let top = Section::top(output);
        let either = |key: &str, alias: &str| -> Result<String, ProfileError> {
            match (text(&top, key)?, text(&top, alias)?) {
                (Some(_), Some(_)) => {
                    let message = format!("`{key}` and `{alias}` are the same setting");
                    Err(ProfileError::new(alias, message).help("leave one of them out"))
                }
                (Some(found), None) | (None, Some(found)) => Ok(found),
                (None, None) => Err(missing(key)),
            }
        };
        let required = |key: &str| text(&top, key)?.ok_or_else(|| missing(key));
        let seconds = |key: &str| -> Result<Option<Duration>, ProfileError> {
            Ok(top.count(key)?.filter(|seconds| *seconds > 0).map(|s| Duration::from_secs(u64::from(s))))
        };
        Ok(Self {
            host: required("host")?,
            port: port(&top)?,
            user: required("user")?,
            password: Password(either("password", "pass")?),
            database: either("dbname", "database")?,
            schema: required("schema")?,
            connect_timeout: match top.get("connect_timeout") {
                None | Some(Value::Null) => Some(Duration::from_secs(10)),
                Some(_) => seconds("connect_timeout")?,
            },
            role: top.string("role", true)?,
            search_path: top.string("search_path", true)?.filter(|path| !path.is_empty()),
            keepalives_idle: seconds("keepalives_idle")?,
            sslmode: ssl_mode(&top)?,
            sslcert: top.string("sslcert", true)?,
            sslkey: top.string("sslkey", true)?,
            sslrootcert: top.string("sslrootcert", true)?,
            application_name: match top.get("application_name") {
                None => Some("dbt".to_owned()),
                Some(_) => top.string("application_name", true)?,
            },
            autocommit: top.boolean("autocommit", true)?.unwrap_or(false),
            retries: top.count("retries")?.unwrap_or(1),
        })
    }

    /// Returns the keys `target` shows in templates: everything but the password.
    pub fn connection_keys(&self) -> Map<String, Value> {
        let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::from);
        let seconds = |time: Option<Duration>| Value::from(time.map_or(0, |time| time.as_secs()));
        [
            ("host", Value::from(self.host.as_str())),
            ("port", Value::from(self.port)),
            ("user", Value::from(self.user.as_str())),
            ("database", Value::from(self.database.as_str())),
            ("dbname", Value::from(self.database.as_str())),
            ("schema", Value::from(self.schema.as_str())),
            ("connect_timeout", seconds(self.connect_timeout)),
            ("role", text(&self.role)),
            ("search_path", text(&self.search_path)),
            ("keepalives_idle", seconds(self.keepalives_idle)),
            ("sslmode", self.sslmode.map_or(Value::Null, |mode| Value::from(mode.as_str()))),
            ("sslcert", text(&self.sslcert)),
            ("sslkey", text(&self.sslkey)),
            ("sslrootcert", text(&self.sslrootcert)),
            ("application_name", text(&self.application_name)),
            ("autocommit", Value::from(self.autocommit)),
            ("retries", Value::from(self.retries)),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
    }
}

fn missing(key: &str) -> ProfileError {
    ProfileError::new("", format!("the output has no `{key}`")).help(format!("add `{key}:`"))
}

/// A text; a number is taken as its digits, since people write passwords and names without quotes.
fn text(top: &Section<'_>, key: &str) -> Result<Option<String>, ProfileError> {
    match top.get(key) {
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        _ => top.string(key, true),
    }
}

fn port(top: &Section<'_>) -> Result<u16, ProfileError> {
    let Some(value) = top.get("port") else { return Err(missing("port")) };
    let number = match value {
        Value::String(digits) => digits.trim().parse().ok(),
        other => other.as_u64().and_then(|number| u16::try_from(number).ok()),
    };
    number.ok_or_else(|| {
        ProfileError::new("port", format!("`port` must be a number from 0 to 65535, not `{value}`"))
    })
}

fn ssl_mode(top: &Section<'_>) -> Result<Option<SslMode>, ProfileError> {
    let Some(word) = top.string("sslmode", true)?.filter(|word| !word.is_empty()) else { return Ok(None) };
    if let Some((_, mode)) = SslMode::ALL.iter().find(|(known, _)| *known == word) {
        return Ok(Some(*mode));
    }
    let known = SslMode::ALL.iter().map(|(known, _)| *known);
    let error = ProfileError::new("sslmode", format!("`sslmode` cannot be `{word}`"));
    Err(error.help(format!("it is one of {}", known.collect::<Vec<_>>().join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(more: Value) -> Result<Profile, ProfileError> {
        let mut output = json!({
            "type": "postgres", "host": "db", "user": "me", "password": "secret", "port": 5432, "dbname": "d",
            "schema": "s",
        });
        if let (Value::Object(output), Value::Object(more)) = (&mut output, more) {
            output.extend(more);
        }
        Profile::from_output(output.as_object().unwrap())
    }

    #[test]
    fn defaults_are_those_of_dbt() {
        let profile = read(json!({})).unwrap();
        assert_eq!(profile.connect_timeout, Some(Duration::from_secs(10)));
        assert_eq!(profile.retries, 1);
        assert_eq!(profile.application_name.as_deref(), Some("dbt"));
        assert_eq!(profile.sslmode, None);
        assert_eq!(profile.keepalives_idle, None);
    }

    #[test]
    fn other_names_and_numbers_for_texts_are_taken() {
        let profile = read(json!({"port": "5433", "sslmode": "verify-full", "user": 7})).unwrap();
        assert_eq!((profile.port, profile.user.as_str()), (5433, "7"));
        assert_eq!(profile.sslmode, Some(SslMode::VerifyFull));
        let mut output =
            json!({"host": "h", "user": "u", "pass": "p", "port": 1, "database": "d", "schema": "s"});
        assert_eq!(Profile::from_output(output.as_object().unwrap()).unwrap().database, "d");
        output["dbname"] = json!("e");
        let error = Profile::from_output(output.as_object().unwrap()).unwrap_err();
        assert_eq!(error.message, "`dbname` and `database` are the same setting");
    }

    #[test]
    fn mistakes_name_the_key() {
        assert_eq!(read(json!({"port": 70000})).unwrap_err().key, "port");
        assert_eq!(read(json!({"sslmode": "full"})).unwrap_err().key, "sslmode");
        let empty = Profile::from_output(json!({"host": "h"}).as_object().unwrap()).unwrap_err();
        assert_eq!(empty.message, "the output has no `port`");
    }

    #[test]
    fn the_password_stays_hidden() {
        let profile = read(json!({})).unwrap();
        assert!(!format!("{profile:?}").contains("secret"));
        assert!(!Value::Object(profile.connection_keys()).to_string().contains("secret"));
    }
}
