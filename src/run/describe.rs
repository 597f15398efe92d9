//! What events say of a node: its facts for tools, its description for people.

use crate::hash::HashMap;

use jiff::Timestamp;

use crate::artifacts::{Phase, RunResult};
use crate::event::{NodeFacts, NodeGroup, NodeInfo, NodeRelation, RunResultMsg, TimingInfo};
use crate::jinja::{from_json, py_str};
use crate::manifest::{Json, JsonMap, Manifest, Node, NodeKind, ResourceType, SourceTable, UniqueId};

/// The facts of the nodes of a run, made once a node.
#[derive(Debug, Default)]
pub(super) struct Infos(HashMap<UniqueId, NodeInfo>);

impl Infos {
    /// Collects the facts of some nodes.
    pub(super) fn new<'a>(manifest: &Manifest, ids: impl IntoIterator<Item = &'a UniqueId>) -> Self {
        let info = |id: &UniqueId| {
            let facts = match manifest.node(id) {
                Some(node) => node_facts(node, manifest),
                None => other_facts(manifest, id),
            };
            (id.clone(), NodeInfo::new(facts))
        };
        Self(ids.into_iter().map(info).collect())
    }

    /// Returns the info of a node; an empty one for a node that was not collected.
    pub(super) fn get(&self, id: &UniqueId) -> NodeInfo {
        self.0.get(id).cloned().unwrap_or_default()
    }

    /// Returns the info of a node that starts now.
    pub(super) fn started(&self, id: &UniqueId) -> NodeInfo {
        NodeInfo { started_at: Some(Timestamp::now()), ..self.get(id).with_status("started") }
    }
}

fn node_facts(node: &Node, manifest: &Manifest) -> NodeFacts {
    NodeFacts {
        unique_id: node.unique_id.to_string(),
        resource_type: node.resource_type().to_string(),
        name: node.name.clone(),
        path: node.path.clone(),
        materialized: node.config.text("materialized").unwrap_or_default().to_owned(),
        checksum: node.checksum.checksum.clone(),
        meta: node.config.mapping("meta"),
        relation: NodeRelation {
            alias: node.alias.clone(),
            database: node.database.clone(),
            relation_name: node.relation_name.clone().unwrap_or_default(),
            schema: node.schema.clone(),
        },
        group: group_of(node, manifest),
    }
}

/// Returns the group of a node as events tell of it; the owner's facts are text, in Python's spelling.
pub fn group_of(node: &Node, manifest: &Manifest) -> Option<NodeGroup> {
    let name = node.group.as_ref()?;
    let group = manifest.groups.values().find(|group| group.name == **name)?;
    let text = |value: &Json| value.as_str().map_or_else(|| py_str(&from_json(value)), str::to_owned);
    let owner = group.owner.as_object().into_iter().flatten();
    let owner = owner.filter(|(_, value)| !value.is_null());
    Some(NodeGroup {
        name: group.name.clone(),
        owner: owner.map(|(key, value)| (key.clone(), Json::from(text(value)))).collect(),
        package_name: group.package_name.to_string(),
    })
}

fn other_facts(manifest: &Manifest, id: &UniqueId) -> NodeFacts {
    let kind = manifest.resource_type(id).map(|kind| kind.to_string()).unwrap_or_default();
    if let Some(table) = manifest.sources.get(id) {
        return source_facts(table);
    }
    let (name, path) = if let Some(exposure) = manifest.exposures.get(id) {
        (exposure.name.clone(), exposure.path.clone())
    } else if let Some(test) = manifest.unit_tests.get(id) {
        (test.name.clone(), test.path.clone())
    } else if let Some((entry, _)) = manifest.semantic_entry(id) {
        (entry.name.clone(), entry.path.clone())
    } else {
        (id.to_string(), String::new())
    };
    NodeFacts { unique_id: id.to_string(), resource_type: kind, name, path, ..NodeFacts::default() }
}

/// Returns what events tell of a source table.
pub fn source_facts(table: &SourceTable) -> NodeFacts {
    NodeFacts {
        unique_id: table.unique_id.to_string(),
        resource_type: ResourceType::Source.to_string(),
        name: table.name.clone(),
        path: table.path.clone(),
        meta: table.meta.clone(),
        relation: NodeRelation {
            database: table.database.clone(),
            relation_name: table.relation_name.clone(),
            schema: table.schema.clone(),
            ..NodeRelation::default()
        },
        ..NodeFacts::default()
    }
}

/// Returns what node lines call a node: `sql table model main.orders`, `seed file main.countries`. A model that is
/// built `in_batches` is called after that.
pub(super) fn description(node: &Node, home: Option<&str>, in_batches: bool) -> String {
    let relation = place(node, home);
    match node.resource_type() {
        ResourceType::Model => {
            let language = match node.language {
                crate::manifest::Language::Sql => "sql",
                crate::manifest::Language::Python => "python",
            };
            let materialized = node.config.materialized();
            let kind = if in_batches { "microbatch" } else { materialized.as_str() };
            format!("{language} {kind} model {relation}")
        }
        ResourceType::Seed => format!("seed file {relation}"),
        ResourceType::Snapshot => format!("snapshot {relation}"),
        ResourceType::Function => format!("function {relation}"),
        kind @ (ResourceType::Test | ResourceType::UnitTest) => format!("{kind} {}", test_name(node)),
        other => format!("{other} {}", node.name),
    }
}

/// Returns where a node is built: `main.orders`, and the database too unless it is `home`, the target's.
pub(super) fn place(node: &Node, home: Option<&str>) -> String {
    let (schema, alias) = (&node.schema, &node.alias);
    match &node.database {
        database if !database.is_empty() && home != Some(database) => format!("{database}.{schema}.{alias}"),
        _ => format!("{schema}.{alias}"),
    }
}

/// Returns the name a test is shown by; a unit test with its model.
pub(super) fn test_name(node: &Node) -> String {
    match &node.kind {
        NodeKind::UnitTest { model } => format!("{model}::{}", node.name),
        _ => node.name.clone(),
    }
}

/// Returns a result as events carry it.
pub fn result_message(result: &RunResult) -> RunResultMsg {
    let phase = |timing: &crate::artifacts::Timing| TimingInfo {
        name: match timing.name {
            Phase::Compile => "compile".into(),
            Phase::Execute => "execute".into(),
        },
        started_at: Some(timing.started_at),
        completed_at: Some(timing.completed_at),
    };
    RunResultMsg {
        adapter_response: result.adapter_response.clone(),
        execution_time: result.execution_time,
        message: result.message.clone().unwrap_or_default(),
        num_failures: result.failures.unwrap_or(0),
        status: result.status.as_str().into(),
        thread: result.thread_id.clone(),
        timing_info: result.timing.iter().map(phase).collect(),
    }
}

/// What the event of a snapshot shows of its config: all that is set, as Python prints it.
pub(super) fn snapshot_config(node: &Node) -> JsonMap {
    let set = node.config.values().iter().filter(|(_, value)| !value.is_null());
    set.map(|(key, value)| (key.clone(), Json::from(py_str(&from_json(&without_nulls(value)))))).collect()
}

fn without_nulls(value: &Json) -> Json {
    match value {
        Json::Object(map) => {
            let set = map.iter().filter(|(_, value)| !value.is_null());
            set.map(|(key, value)| (key.clone(), without_nulls(value))).collect::<JsonMap>().into()
        }
        Json::Array(items) => items.iter().map(without_nulls).collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}
