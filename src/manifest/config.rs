//! A node's resolved configuration: dbt's keys in dbt's order, then whatever else the user gave.
//!
//! Values were checked when they were merged (`parse::config`), so the typed readers here are total: they
//! fall back to dbt's default where a value is absent.

use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::Serialize;

use super::{Json, JsonMap, ResourceType};

/// The configuration of one resource. Serializes as the object that artifacts show.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Config(Arc<JsonMap>);

/// How a node becomes a relation. Anything that is not built in is the name of a materialization macro.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Materialized {
    /// A view.
    View,
    /// A table, rebuilt each time.
    Table,
    /// A table that grows.
    Incremental,
    /// A common table expression in its consumers.
    Ephemeral,
    /// A table loaded from a CSV file.
    Seed,
    /// A table that keeps history.
    Snapshot,
    /// A test query.
    Test,
    /// Any other materialization macro.
    Custom(Arc<str>),
}

impl Materialized {
    /// Reads a configured name.
    pub fn parse(name: &str) -> Self {
        match name {
            "view" => Self::View,
            "table" => Self::Table,
            "incremental" => Self::Incremental,
            "ephemeral" => Self::Ephemeral,
            "seed" => Self::Seed,
            "snapshot" => Self::Snapshot,
            "test" => Self::Test,
            other => Self::Custom(other.into()),
        }
    }

    /// Returns the configured name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::View => "view",
            Self::Table => "table",
            Self::Incremental => "incremental",
            Self::Ephemeral => "ephemeral",
            Self::Seed => "seed",
            Self::Snapshot => "snapshot",
            Self::Test => "test",
            Self::Custom(name) => name,
        }
    }
}

impl fmt::Display for Materialized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a failing test is an error or a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Fails the run.
    Error,
    /// Is only told.
    Warn,
}

impl Config {
    /// Takes a merged and checked object. Thousands of nodes are configured alike and share theirs.
    pub fn new(values: impl Into<Arc<JsonMap>>) -> Self {
        Self(values.into())
    }

    /// Returns a value; `None` when the key is absent.
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.0.get(key)
    }

    /// Returns all values in artifact order.
    pub fn values(&self) -> &JsonMap {
        &self.0
    }

    /// Returns a value that is set (present and not null).
    pub fn set(&self, key: &str) -> Option<&Json> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// Returns a text value that is set.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Json::as_str)
    }

    /// Returns a boolean value that is set.
    pub fn flag(&self, key: &str) -> Option<bool> {
        self.0.get(key).and_then(Json::as_bool)
    }

    /// Returns a mapping that is set.
    pub fn object(&self, key: &str) -> Option<&JsonMap> {
        self.0.get(key).and_then(Json::as_object)
    }

    /// Returns a mapping; empty when absent.
    pub fn mapping(&self, key: &str) -> JsonMap {
        self.object(key).cloned().unwrap_or_default()
    }

    /// Returns the `docs` settings, dbt's where nothing is said.
    pub fn docs(&self) -> &Json {
        static SHOWN: LazyLock<Json> =
            LazyLock::new(|| serde_json::json!({"show": true, "node_color": null}));
        self.set("docs").unwrap_or(&SHOWN)
    }

    /// Returns a list of texts; a single text counts as a list of one.
    pub fn texts(&self, key: &str) -> Vec<&str> {
        match self.0.get(key) {
            Some(Json::String(text)) => vec![text],
            Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Tells whether the resource takes part.
    pub fn enabled(&self) -> bool {
        self.flag("enabled").unwrap_or(true)
    }

    /// Returns how the node becomes a relation.
    pub fn materialized(&self) -> Materialized {
        Materialized::parse(self.text("materialized").unwrap_or("view"))
    }

    /// Tells whether the table grows by batches of event time.
    pub fn is_microbatch(&self) -> bool {
        self.text("materialized") == Some("incremental")
            && self.text("incremental_strategy") == Some("microbatch")
    }

    /// Returns the severity of a test (any spelling of the case).
    pub fn severity(&self) -> Severity {
        match self.text("severity") {
            Some(text) if text.eq_ignore_ascii_case("warn") => Severity::Warn,
            _ => Severity::Error,
        }
    }

    /// Tells whether the failing rows of a test are kept as a relation; `asked` is for what says nothing itself. Where
    /// `store_failures_as` is set, `store_failures` was made to follow it.
    pub fn stores_failures(&self, asked: bool) -> bool {
        self.flag("store_failures").unwrap_or(asked)
    }

    /// Tells whether a contract is enforced.
    pub fn contract_enforced(&self) -> bool {
        self.0.get("contract").and_then(|c| c.get("enforced")).and_then(Json::as_bool).unwrap_or(false)
    }
}

/// Returns dbt's keys and defaults for a resource, in artifact order (`resources.md` section 2).
pub fn defaults(resource: ResourceType) -> &'static JsonMap {
    static ALL: LazyLock<JsonMap> =
        LazyLock::new(|| serde_json::from_str(include_str!("config_defaults.json")).unwrap_or_default());
    static NONE: LazyLock<JsonMap> = LazyLock::new(JsonMap::new);
    ALL.get(resource.as_str()).and_then(Json::as_object).unwrap_or(&NONE)
}
