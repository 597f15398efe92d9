//! DuckDB's keys of a profile, as dbt-duckdb defines them.
//!
//! Input: the rendered output mapping. Output: a typed profile and the statements it stands for (`attach`, `secret`).
//! Invariant: nothing is opened or checked against the world here. Called by `adapter::profile` and `open`.

use camino::Utf8Path;
use serde_json::{Map, Value};

use crate::adapter::ProfileError;
use crate::adapter::profile::{Section, wrong_type};
use crate::diag::Scrubber;
use crate::sql::string_literal;

use super::statements::{attach_sql, python_str, secret_sql};

/// The settings of a DuckDB target.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// File, `:memory:`, or a URL (`md:`, `ducklake:`).
    pub path: String,
    /// The catalog models go to: the one of `path`, or an attached one.
    pub database: String,
    /// The schema models go to.
    pub schema: String,
    /// What to pass when the database is opened.
    pub config_options: Map<String, Value>,
    /// Extensions to load, in order.
    pub extensions: Vec<Extension>,
    /// Settings of every session.
    pub settings: Map<String, Value>,
    /// `create secret` statements, in order.
    pub secrets: Vec<String>,
    /// `attach` statements, in order.
    pub attach: Vec<String>,
    /// Root folder of external materializations.
    pub external_root: String,
    /// Whether `begin` and `commit` are left out.
    pub disable_transactions: bool,
    /// Whether the database stays open between connections.
    pub keep_open: bool,
    /// The interpreter of Python models; a key of ours.
    pub python: Option<String>,
    /// Folders that Python models import from besides Python's own.
    pub module_paths: Vec<String>,
    /// What to try again, and how often.
    pub retries: Option<Retries>,
    /// Names of the catalogs that are lakes (`DuckLake`).
    pub ducklakes: Vec<String>,
    /// The output as it was given, for `target`.
    given: Map<String, Value>,
}

/// An extension to load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// Where it is installed from when it is not the default repository.
    pub repo: Option<String>,
}

/// When to try again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    /// How often to try to open the database.
    pub connect_attempts: u32,
    /// How often to try a statement.
    pub query_attempts: u32,
    /// Which errors are worth it, as classes of DuckDB's Python client (`IOException`).
    pub retryable_exceptions: Vec<String>,
}

impl Profile {
    /// Makes the profile of a database file with defaults for everything else.
    pub fn file(path: &str) -> Result<Self, ProfileError> {
        let mut output = Map::new();
        output.insert("path".to_owned(), Value::String(path.to_owned()));
        Self::from_output(&output)
    }

    /// Reads an output.
    pub fn from_output(output: &Map<String, Value>) -> Result<Self, ProfileError> {
        let top = Section::top(output);
        if top.get("remote").is_some_and(|v| !v.is_null()) {
            return Err(ProfileError::new("remote", "`remote` is not supported")
                .help("point `path` at the database itself"));
        }
        let path = top.string("path", false)?.unwrap_or_else(|| ":memory:".to_owned());
        let attach = read_attach(&top)?;
        let derived = database_name(&path);
        let database = database_of(&top, &derived, &attach)?;
        let mut ducklakes: Vec<String> = Vec::new();
        if top.boolean("is_ducklake", true)? == Some(true) || path.to_lowercase().contains("ducklake:") {
            ducklakes.push(derived);
        }
        ducklakes.extend(attach.iter().filter(|a| a.ducklake).map(|a| a.name.clone()));
        Ok(Self {
            database,
            schema: top.string("schema", false)?.unwrap_or_else(|| "main".to_owned()),
            config_options: top.mapping("config_options")?,
            extensions: read_extensions(&top)?,
            settings: read_settings(&top)?,
            secrets: read_secrets(&top)?,
            attach: attach.into_iter().map(|a| a.sql).collect(),
            external_root: top.string("external_root", false)?.unwrap_or_else(|| ".".to_owned()),
            disable_transactions: top.boolean("disable_transactions", false)?.unwrap_or(false),
            keep_open: top.boolean("keep_open", false)?.unwrap_or(true),
            python: top.string("python", false)?,
            module_paths: read_module_paths(&top)?,
            retries: read_retries(&top)?,
            ducklakes,
            given: output.clone(),
            path,
        })
    }

    /// Tells whether the database lives in memory only.
    pub fn is_memory(&self) -> bool {
        self.path == ":memory:"
    }

    /// Returns the same with an empty database in memory instead of its own and the attached ones, and without transactions.
    #[must_use]
    pub fn in_memory(&self) -> Self {
        let mut config_options = self.config_options.clone();
        config_options.remove("access_mode");
        // A statement that is refused must not take the others with it.
        let disable_transactions = true;
        let path = ":memory:".to_owned();
        Self { path, attach: Vec::new(), config_options, disable_transactions, ..self.clone() }
    }

    /// Returns the name that DuckDB gives the database of the path.
    pub fn main_database(&self) -> String {
        database_name(&self.path)
    }

    /// Tells whether the path names a file here.
    pub fn is_file(&self) -> bool {
        !self.is_memory() && scheme(&self.path).is_empty()
    }

    /// Tells whether the main database is MotherDuck's, or one attached.
    pub fn is_motherduck(&self) -> bool {
        let motherduck = |path: &str| matches!(scheme(path).to_lowercase().as_str(), "md" | "motherduck");
        let attached =
            self.given.get("attach").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        motherduck(&self.path) || attached.iter().any(|a| a["path"].as_str().is_some_and(motherduck))
    }

    /// Tells whether a catalog is a DuckLake, as far as the profile says.
    pub fn is_ducklake(&self, database: &str) -> bool {
        self.ducklakes.iter().any(|name| name == database)
    }

    /// Returns what hides the tokens and passwords of this profile.
    pub fn secrets_hidden(&self) -> Scrubber {
        super::hidden::scrubber(&self.given)
    }

    /// Returns the keys `target` shows, in dbt's order; absent ones are null.
    pub fn connection_keys(&self) -> Map<String, Value> {
        let mut keys = Map::new();
        for key in [
            "database",
            "schema",
            "path",
            "config_options",
            "extensions",
            "settings",
            "external_root",
            "use_credential_provider",
            "attach",
            "filesystems",
            "remote",
            "plugins",
            "disable_transactions",
        ] {
            let value = match key {
                "database" => Value::String(self.database.clone()),
                "schema" => Value::String(self.schema.clone()),
                "path" => Value::String(self.path.clone()),
                "external_root" => Value::String(self.external_root.clone()),
                "settings" => Value::Object(self.settings.clone()),
                "disable_transactions" => Value::Bool(self.disable_transactions),
                _ => self.given.get(key).cloned().unwrap_or(Value::Null),
            };
            keys.insert(key.to_owned(), value);
        }
        keys
    }

    /// Returns what the profile asks for and cannot be given: everything that runs inside Python.
    pub fn unsupported(&self) -> Vec<String> {
        ["filesystems", "plugins"]
            .into_iter()
            .filter(|key| match self.given.get(*key) {
                None | Some(Value::Null) => false,
                Some(Value::Array(items)) => !items.is_empty(),
                Some(_) => true,
            })
            .map(|key| format!("`{key}` needs Python and is ignored"))
            .collect()
    }
}

/// An attached database, read.
struct Attached {
    name: String,
    ducklake: bool,
    sql: String,
}

fn database_of(top: &Section<'_>, derived: &str, attach: &[Attached]) -> Result<String, ProfileError> {
    if derived.is_empty() {
        return Err(ProfileError::new("path", "`path` names no file, so the database has no name")
            .help("write the path of a DuckDB file, for example `warehouse.duckdb`"));
    }
    match top.string("database", false)? {
        None => Ok(derived.to_owned()),
        Some(name) if name == derived || attach.iter().any(|a| a.name == name) => Ok(name),
        Some(name) => Err(ProfileError::new(
            "database",
            format!("`database` is `{name}`, but `path` opens the database `{derived}`"),
        )
        .help(format!(
            "write `database: {derived}`, leave it out, or attach a database with the alias `{name}`"
        ))),
    }
}

/// Returns the part of a URL before the colon; a single letter is a drive, not a scheme.
fn scheme(path: &str) -> &str {
    let (scheme, _) = path.split_once(':').unwrap_or_default();
    let valid = scheme.len() > 1 && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    if valid { scheme } else { "" }
}

/// Returns the name DuckDB gives the catalog of a path: the file name up to its first dot.
pub(super) fn database_name(path: &str) -> String {
    if path == ":memory:" {
        return "memory".to_owned();
    }
    let scheme = scheme(path);
    let rest = if scheme.is_empty() { path } else { &path[scheme.len() + 1..] };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let base = rest.rsplit('/').next().unwrap_or_default();
    match scheme.to_lowercase().as_str() {
        "md" | "motherduck" if base.is_empty() => "my_db".to_owned(),
        "md" | "motherduck" | "ducklake" => {
            let stem = Utf8Path::new(base).file_stem().unwrap_or_default();
            // `ducklake:postgres:dbname` names its catalog behind the last colon.
            stem.rsplit(':').next().unwrap_or_default().to_owned()
        }
        _ => base.trim_start_matches('.').split('.').next().unwrap_or_default().to_owned(),
    }
}

fn read_extensions(top: &Section<'_>) -> Result<Vec<Extension>, ProfileError> {
    let mut found = Vec::new();
    for (i, item) in top.list("extensions")?.iter().enumerate() {
        let path = format!("extensions[{i}]");
        found.push(match item {
            Value::String(name) => Extension { name: name.clone(), repo: None },
            Value::Object(_) => {
                let section = Section::inner(&path, item)?;
                section.only(&["name", "repo"])?;
                let field = |key: &str| {
                    section.string(key, false)?.ok_or_else(|| {
                        ProfileError::new(&path, format!("`{path}` has no `{key}`"))
                            .help("write the extension's name alone, or a mapping of `name` and `repo`")
                    })
                };
                Extension { name: field("name")?, repo: Some(field("repo")?) }
            }
            other => return Err(wrong_type(path, "a name, or a mapping of `name` and `repo`", other)),
        });
    }
    Ok(found)
}

fn read_module_paths(top: &Section<'_>) -> Result<Vec<String>, ProfileError> {
    let path = |item: &Value| match item {
        Value::String(path) => Ok(path.clone()),
        other => Err(wrong_type("module_paths", "a list of folders", other)),
    };
    top.list("module_paths")?.iter().map(path).collect()
}

fn read_settings(top: &Section<'_>) -> Result<Map<String, Value>, ProfileError> {
    let mut settings = top.mapping("settings")?;
    if let Some(token) = top.string("motherduck_token", true)? {
        let given = settings.get("motherduck_token").filter(|v| !v.is_null());
        if given.is_some_and(|v| v.as_str() != Some(&token)) {
            return Err(ProfileError::new(
                "motherduck_token",
                "`motherduck_token` is given twice, differently",
            )
            .help("keep the one in `settings`, or the one beside it"));
        }
        settings.insert("motherduck_token".to_owned(), Value::String(token));
    }
    Ok(settings)
}

fn read_secrets(top: &Section<'_>) -> Result<Vec<String>, ProfileError> {
    let mut secrets: Vec<Value> = top.list("secrets")?.to_vec();
    match top.string("use_credential_provider", true)?.as_deref() {
        None | Some("") => {}
        Some("aws") => secrets.push(serde_json::json!({"type": "s3", "provider": "credential_chain"})),
        Some(other) => {
            let message = format!("`use_credential_provider` must be `aws`, not `{other}`");
            return Err(ProfileError::new("use_credential_provider", message));
        }
    }
    let mut statements = Vec::new();
    for (i, secret) in secrets.iter().enumerate() {
        let path = format!("secrets[{i}]");
        let section = Section::inner(&path, secret)?;
        if section.string("type", false)?.is_none() {
            return Err(
                ProfileError::new(&path, format!("`{path}` has no `type`")).help("for example `type: s3`")
            );
        }
        if let Value::Object(map) = secret {
            statements.push(secret_sql(map, i + 1));
        }
    }
    Ok(statements)
}

fn read_attach(top: &Section<'_>) -> Result<Vec<Attached>, ProfileError> {
    const KEYS: &[&str] = &["path", "type", "alias", "secret", "read_only", "options", "is_ducklake"];
    let mut found = Vec::new();
    for (i, item) in top.list("attach")?.iter().enumerate() {
        let here = format!("attach[{i}]");
        let section = Section::inner(&here, item)?;
        section.only(KEYS)?;
        let Some(path) = section.string("path", false)? else {
            return Err(ProfileError::new(&here, format!("`{here}` has no `path`")));
        };
        let alias = section.string("alias", true)?;
        section.string("type", true)?;
        section.string("secret", true)?;
        section.boolean("read_only", false)?;
        let ducklake =
            section.boolean("is_ducklake", true)? == Some(true) || path.to_lowercase().contains("ducklake:");
        let sql = attach_sql(&here, item, &section.mapping("options")?)?;
        found.push(Attached { name: alias.unwrap_or_else(|| database_name(&path)), ducklake, sql });
    }
    Ok(found)
}

fn read_retries(top: &Section<'_>) -> Result<Option<Retries>, ProfileError> {
    let Some(value) = top.get("retries").filter(|v| !v.is_null()) else { return Ok(None) };
    let section = Section::inner("retries", value)?;
    section.only(&["connect_attempts", "query_attempts", "retryable_exceptions"])?;
    let mut retryable_exceptions = Vec::new();
    for (i, item) in section.list("retryable_exceptions")?.iter().enumerate() {
        match item {
            Value::String(name) => retryable_exceptions.push(name.clone()),
            other => return Err(wrong_type(format!("retries.retryable_exceptions[{i}]"), "a string", other)),
        }
    }
    if section.get("retryable_exceptions").is_none() {
        retryable_exceptions.push("IOException".to_owned());
    }
    Ok(Some(Retries {
        connect_attempts: section.count("connect_attempts")?.unwrap_or(1),
        query_attempts: section.count("query_attempts")?.unwrap_or(1).max(1),
        retryable_exceptions,
    }))
}

/// Returns `set k = 'v'` for every setting; DuckDB casts the text to the setting's type.
pub(super) fn settings_sql(settings: &Map<String, Value>) -> Vec<String> {
    settings
        .iter()
        .map(|(key, value)| format!("SET {key} = {}", string_literal(&python_str(value))))
        .collect()
}
