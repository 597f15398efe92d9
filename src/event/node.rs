//! The node an event is about, as dbt puts it into the payload.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use jiff::Timestamp;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// Where a node is built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NodeRelation {
    /// The name in the database.
    pub alias: String,
    /// The database; empty when the node has none.
    pub database: String,
    /// The quoted full name; empty for what is not stored.
    pub relation_name: String,
    /// The schema.
    pub schema: String,
}

/// What stays the same about a node during a run. Made once a node and shared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeFacts {
    /// For example `model.shop.orders`.
    pub unique_id: String,
    /// For example `model`.
    pub resource_type: String,
    /// The name.
    pub name: String,
    /// The path relative to its resource path.
    pub path: String,
    /// The materialization; empty when the node has none.
    pub materialized: String,
    /// The checksum of the node's text; empty when it has none.
    pub checksum: String,
    /// The `meta` of the node.
    pub meta: Map<String, Value>,
    /// Where it is built.
    pub relation: NodeRelation,
    /// The group it belongs to, and who answers for it.
    pub group: Option<NodeGroup>,
}

/// A group as events tell of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NodeGroup {
    /// Its name.
    pub name: String,
    /// Who answers for it: `name`, `email` and whatever else the project says, as text.
    pub owner: Map<String, Value>,
    /// The package that defines it.
    pub package_name: String,
}

impl NodeGroup {
    /// Returns the owner for people: `Jane <jane@shop.test>`, or as much of it as is known.
    pub fn owner_text(&self) -> String {
        let text = |key: &str| self.owner.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        match (text("name"), text("email")) {
            (Some(name), Some(email)) => format!("{name} <{email}>"),
            (Some(one), None) | (None, Some(one)) => one.to_owned(),
            (None, None) => String::new(),
        }
    }
}

/// Writes a node and, beside it, its group where it has one: dbt's events carry both.
pub(super) fn with_group<S: Serializer>(info: &NodeInfo, to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(None)?;
    map.serialize_entry("node_info", info)?;
    if let Some(group) = &info.facts.group {
        map.serialize_entry("group", group)?;
    }
    map.end()
}

/// The same where there may be no node.
#[expect(clippy::ref_option, reason = "the shape serde wants of a serializer function")]
pub(super) fn with_any_group<S: Serializer>(info: &Option<NodeInfo>, to: S) -> Result<S::Ok, S::Error> {
    match info {
        Some(info) => with_group(info, to),
        None => to.serialize_map(Some(0))?.end(),
    }
}

/// A node and how far it is. Cloning is cheap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeInfo {
    /// What does not change.
    pub facts: Arc<NodeFacts>,
    /// When the work on it began.
    pub started_at: Option<Timestamp>,
    /// When the work on it ended.
    pub finished_at: Option<Timestamp>,
    /// `started`, `compiling`, `executing`, then the status of the result; `None` before all that.
    pub status: Option<Cow<'static, str>>,
}

impl NodeInfo {
    /// Makes the info of a node that nobody has begun to work on.
    pub fn new(facts: impl Into<Arc<NodeFacts>>) -> Self {
        Self { facts: facts.into(), ..Self::default() }
    }

    /// Returns the same node with another status.
    #[must_use]
    pub fn with_status(&self, status: impl Into<Cow<'static, str>>) -> Self {
        Self { status: Some(status.into()), ..self.clone() }
    }
}

impl Serialize for NodeInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let facts = &*self.facts;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("materialized", &facts.materialized)?;
        map.serialize_entry("meta", &facts.meta)?;
        map.serialize_entry("node_checksum", &facts.checksum)?;
        map.serialize_entry("node_finished_at", &iso(self.finished_at))?;
        map.serialize_entry("node_name", &facts.name)?;
        map.serialize_entry("node_path", &facts.path)?;
        map.serialize_entry("node_relation", &facts.relation)?;
        map.serialize_entry("node_started_at", &iso(self.started_at))?;
        // dbt writes Python's word for "none yet", and readers know it.
        map.serialize_entry("node_status", self.status.as_deref().unwrap_or("None"))?;
        map.serialize_entry("resource_type", &facts.resource_type)?;
        map.serialize_entry("unique_id", &facts.unique_id)?;
        map.end()
    }
}

/// UTC with microseconds and no zone, as Python's `isoformat` writes it; empty for `None`.
fn iso(at: Option<Timestamp>) -> String {
    at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string()).unwrap_or_default()
}

/// A phase of a node's work.
#[derive(Clone, Debug, Serialize)]
pub struct TimingInfo {
    /// When it ended.
    #[serde(serialize_with = "zulu")]
    pub completed_at: Option<Timestamp>,
    /// `compile` or `execute`.
    pub name: Cow<'static, str>,
    /// When it began.
    #[serde(serialize_with = "zulu")]
    pub started_at: Option<Timestamp>,
}

#[expect(clippy::ref_option, reason = "the shape serde wants of a serializer function")]
fn zulu<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serializer.collect_str(&at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ")),
        None => serializer.serialize_str(""),
    }
}

/// The result of a node, as events carry it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RunResultMsg {
    /// What the database answered.
    pub adapter_response: Map<String, Value>,
    /// Seconds.
    pub execution_time: f64,
    /// The message of the result; empty for none.
    pub message: String,
    /// Failing rows of a test.
    pub num_failures: i64,
    /// The status.
    pub status: Cow<'static, str>,
    /// The thread that did the work.
    pub thread: String,
    /// The phases.
    pub timing_info: Vec<TimingInfo>,
}

thread_local! {
    static CURRENT: RefCell<Option<NodeInfo>> = const { RefCell::new(None) };
}

/// Says that this thread works on a node, until dropped: what the adapter and the templates send meanwhile
/// carries the node. Scopes nest.
#[derive(Debug)]
pub struct NodeScope {
    outer: Option<NodeInfo>,
}

impl NodeScope {
    /// Begins the scope.
    #[must_use = "the scope ends when this is dropped"]
    pub fn enter(info: NodeInfo) -> Self {
        Self { outer: CURRENT.with_borrow_mut(|current| current.replace(info)) }
    }

    /// Says how far the node of this thread is; what is sent from now on shows it.
    pub fn reached(status: &'static str) {
        CURRENT.with_borrow_mut(|current| {
            if let Some(info) = current {
                info.status = Some(Cow::Borrowed(status));
            }
        });
    }

    /// Returns the node this thread works on.
    pub fn current() -> Option<NodeInfo> {
        CURRENT.with_borrow(Clone::clone)
    }
}

impl Drop for NodeScope {
    fn drop(&mut self) {
        let outer = self.outer.take();
        CURRENT.with_borrow_mut(|current| *current = outer);
    }
}
