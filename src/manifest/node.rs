//! Models, seeds, snapshots, tests, analyses, hooks and functions: one type, since most of their facts are the same.

use std::sync::Arc;

use serde::Serialize;

use super::{Config, FunctionCall, Json, JsonMap, ResourceType, Signature, UniqueId};
use crate::diag::{FileId, Span};
use crate::hash::IndexMap;

/// Columns by name, in the order of the property file. Versions of a model share theirs.
pub type Columns = IndexMap<Arc<str>, Arc<ColumnProperties>>;

/// Keys of a configuration with the places where they were set, the last one last.
pub type ConfigPlaces = Box<[(Arc<str>, Span)]>;

/// What the property file says of a column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnProperties {
    /// The name as written.
    pub name: Arc<str>,
    /// Rendered description.
    pub description: Arc<str>,
    /// Own and configured `meta`.
    pub meta: JsonMap,
    /// Declared type, for contracts.
    pub data_type: Option<String>,
    /// Constraint objects, for contracts.
    pub constraints: Vec<Json>,
    /// Whether the name needs quotes.
    pub quote: Option<bool>,
    /// Tags, given to the column's tests.
    pub tags: Vec<String>,
    /// Time granularity, for time spines.
    pub granularity: Option<String>,
    /// Ids of the docs blocks that the description uses.
    pub doc_blocks: Vec<UniqueId>,
    /// Unknown keys, kept as given.
    pub extra: JsonMap,
}

/// A file's fingerprint as artifacts show it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checksum {
    /// The algorithm: `sha256`, `path` for large seeds, `none` for generic tests.
    pub name: String,
    /// Hex digits, or the path.
    pub checksum: String,
}

/// The language of a node's code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Jinja-SQL.
    #[default]
    Sql,
    /// Python.
    Python,
}

/// One `ref()` as written, with the place of the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefCall {
    /// The model's name.
    pub name: String,
    /// The package, when given.
    pub package: Option<String>,
    /// The version, when given: a number or a text.
    pub version: Option<Json>,
    /// Where it was called; `None` when no place is known (a call made by a macro of Tidegate's own).
    #[serde(skip)]
    pub span: Option<Span>,
}

impl RefCall {
    /// Returns the call as people write it: `ref('package', 'name', v=2)`.
    pub fn written(&self) -> String {
        let package = self.package.as_ref().map(|package| format!("'{package}', ")).unwrap_or_default();
        let version = match &self.version {
            Some(Json::String(text)) => format!(", v='{text}'"),
            Some(other) => format!(", v={other}"),
            None => String::new(),
        };
        format!("ref({package}'{}'{version})", self.name)
    }
}

/// One `source()` as written, with the place of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCall {
    /// The source's name.
    pub source: String,
    /// The table's name.
    pub table: String,
    /// Where it was called.
    pub span: Option<Span>,
}

impl SourceCall {
    /// Returns the call as people write it: `source('source', 'table')`.
    pub fn written(&self) -> String {
        format!("source('{}', '{}')", self.source, self.table)
    }
}

/// What a resource needs: macros it calls and resources it reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DependsOn {
    /// Macros called while parsing.
    pub macros: Vec<UniqueId>,
    /// Nodes and sources read, in the order of the calls.
    pub nodes: Vec<UniqueId>,
}

/// A contract as artifacts show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contract {
    /// Whether the model must keep it.
    pub enforced: bool,
    /// Whether type aliases count as equal.
    pub alias_types: bool,
    /// Fingerprint of columns and constraints; `None` unless enforced.
    pub checksum: Option<String>,
}

impl Default for Contract {
    fn default() -> Self {
        Self { enforced: false, alias_types: true, checksum: None }
    }
}

/// The definition that a generic test instance was made from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TestMetadata {
    /// The test's name without namespace, for example `unique`.
    pub name: String,
    /// Arguments, `model` included, as `test_metadata.kwargs` of the manifest.
    pub kwargs: JsonMap,
    /// The package of the test macro, when given.
    pub namespace: Option<String>,
}

/// The facts only a generic test has.
#[derive(Clone, Debug, PartialEq)]
pub struct GenericTest {
    /// The column under test, if any.
    pub column_name: Option<String>,
    /// Where the test is declared: `models.orders`.
    pub file_key_name: String,
    /// The model, seed, snapshot under test; `None` for sources.
    pub attached_node: Option<UniqueId>,
    /// Its definition.
    pub metadata: TestMetadata,
}

/// What a node is, with the facts that only its kind has.
#[expect(clippy::large_enum_variant, reason = "most nodes of a project are models")]
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// A model, with its governance.
    Model {
        /// Who may ref it: `private`, `protected` or `public`.
        access: String,
        /// Model-level constraints.
        constraints: Vec<Json>,
        /// Its version: a number or a text.
        version: Option<Json>,
        /// The version an unpinned `ref` means.
        latest_version: Option<Json>,
        /// When it goes away, as ISO text.
        deprecation_date: Option<String>,
        /// The columns that identify a row.
        primary_key: Vec<String>,
        /// Time-spine settings.
        time_spine: Option<Json>,
    },
    /// A CSV file; the folder it lies in is shown in artifacts.
    Seed {
        /// Absolute path of its package.
        root_path: String,
    },
    /// A table that keeps history.
    Snapshot,
    /// A test written as a whole query.
    SingularTest,
    /// An instance of a generic test.
    GenericTest(Box<GenericTest>),
    /// A query that is only compiled.
    Analysis,
    /// An `on-run-start` or `on-run-end` hook; the index counts from 0.
    Operation {
        /// Its place in the list.
        index: usize,
    },
    /// A query given on the command line.
    SqlOperation,
    /// A user-defined function.
    Function(Box<Signature>),
    /// A unit test while it runs: the model under test, fed with given rows.
    UnitTest {
        /// The model, as the test names it.
        model: String,
    },
}

/// A resource with code. Field names are those of `manifest.json` where it has them.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its id.
    pub unique_id: UniqueId,
    /// What it is.
    pub kind: NodeKind,
    /// Its name.
    pub name: String,
    /// The package that defines it.
    pub package_name: Arc<str>,
    /// Path below its resource path.
    pub path: String,
    /// Path below the package root.
    pub original_file_path: String,
    /// Package, folders, name.
    pub fqn: Vec<String>,
    /// The relation's database.
    pub database: String,
    /// The relation's schema.
    pub schema: String,
    /// The relation's identifier.
    pub alias: String,
    /// The file's fingerprint.
    pub checksum: Checksum,
    /// Resolved configuration.
    pub config: Config,
    /// Configured values before rendering, for state comparison.
    pub unrendered_config: Arc<JsonMap>,
    /// Tags, as configured.
    pub tags: Vec<String>,
    /// Rendered description.
    pub description: String,
    /// Declared columns.
    pub columns: Columns,
    /// The owning group.
    pub group: Option<String>,
    /// The property file that describes it: `package://path`.
    pub patch_path: Option<String>,
    /// When it was parsed: seconds since 1970.
    pub created_at: f64,
    /// The relation as SQL; `None` for what is not built.
    pub relation_name: Option<String>,
    /// The code as written.
    pub raw_code: Arc<str>,
    /// Ids of the docs blocks that the description uses.
    pub doc_blocks: Vec<UniqueId>,
    /// SQL or Python.
    pub language: Language,
    /// `ref()` calls.
    pub refs: Vec<RefCall>,
    /// `source()` calls.
    pub sources: Vec<SourceCall>,
    /// `metric()` calls, each as a list of texts.
    pub metrics: Vec<Vec<String>>,
    /// `function()` calls.
    pub functions: Vec<FunctionCall>,
    /// What it needs.
    pub depends_on: DependsOn,
    /// Its contract.
    pub contract: Contract,
    /// Where configured keys were set, for messages about them.
    pub config_places: ConfigPlaces,
    /// The file with its code, where a message about it points.
    pub file: FileId,
    /// Its definition in that file: the whole file, a block, or a YAML entry.
    pub span: Span,
}

impl Node {
    /// Returns the resource type.
    pub fn resource_type(&self) -> ResourceType {
        match self.kind {
            NodeKind::Model { .. } => ResourceType::Model,
            NodeKind::Seed { .. } => ResourceType::Seed,
            NodeKind::Snapshot => ResourceType::Snapshot,
            NodeKind::SingularTest | NodeKind::GenericTest(_) => ResourceType::Test,
            NodeKind::Analysis => ResourceType::Analysis,
            NodeKind::Operation { .. } => ResourceType::Operation,
            NodeKind::SqlOperation => ResourceType::SqlOperation,
            NodeKind::Function(_) => ResourceType::Function,
            NodeKind::UnitTest { .. } => ResourceType::UnitTest,
        }
    }

    /// Returns the place where a config was last set.
    pub fn config_place(&self, key: &str) -> Option<Span> {
        self.config_places.iter().rev().find(|(known, _)| &**known == key).map(|(_, place)| *place)
    }

    /// Returns the place where a config was last set, else that of the node.
    pub fn place_of(&self, config: &str) -> Span {
        self.config_place(config).unwrap_or(self.span)
    }

    /// Returns the version of a versioned model as text.
    pub fn version(&self) -> Option<String> {
        match &self.kind {
            NodeKind::Model { version: Some(version), .. } => Some(version_text(version)),
            _ => None,
        }
    }

    /// Returns the latest version of a versioned model as text.
    pub fn latest_version(&self) -> Option<String> {
        match &self.kind {
            NodeKind::Model { latest_version: Some(version), .. } => Some(version_text(version)),
            _ => None,
        }
    }

    /// Returns the name as people select it: `orders`, or `orders.v2` for a versioned model.
    pub fn search_name(&self) -> String {
        match self.version() {
            Some(version) => format!("{}.v{version}", self.name),
            None => self.name.clone(),
        }
    }

    /// Returns the call of `ref` that means this node, and this version of it, in a package.
    pub fn ref_call(&self, in_package: &str) -> RefCall {
        RefCall {
            name: self.name.clone(),
            package: (*self.package_name != *in_package).then(|| self.package_name.to_string()),
            version: self.version().map(Json::String),
            span: None,
        }
    }

    /// Returns the facts of a generic test, if it is one.
    pub fn generic_test(&self) -> Option<&GenericTest> {
        match &self.kind {
            NodeKind::GenericTest(test) => Some(test),
            _ => None,
        }
    }

    /// Tells whether it is inlined into its consumers instead of being built.
    pub fn is_ephemeral(&self) -> bool {
        matches!(self.kind, NodeKind::Model { .. }) && self.config.text("materialized") == Some("ephemeral")
    }

    /// Tells whether it becomes a relation of its own name in the database.
    pub fn is_relational(&self) -> bool {
        self.resource_type().is_refable() && !self.is_ephemeral()
    }

    /// Returns the signature of a function, if it is one.
    pub fn signature(&self) -> Option<&Signature> {
        match &self.kind {
            NodeKind::Function(signature) => Some(signature),
            _ => None,
        }
    }
}

/// Writes a version, given as number or text, as text.
pub fn version_text(version: &Json) -> String {
    match version {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Compares versions as numbers if both are, else as text.
pub fn version_order(a: &Json, b: &Json) -> std::cmp::Ordering {
    let (a, b) = (version_text(a), version_text(b));
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.total_cmp(&b),
        _ => a.cmp(&b),
    }
}
