//! The JSON shapes of `manifest.json` v12: keys in dbt's order (`artifacts.md` section 2).

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::fields::Fields as _;
use super::{
    ColumnProperties, Compiled, Constrained, DependsOn, Disabled, Exposure, Json, JsonMap, Language, Macro,
    Node, NodeKind, ResourceType, SourceCall, SourceTable, UnitTest,
};

/// Serializes a resource to a JSON object, for Jinja's `model` and `graph`.
pub fn resource_json(resource: &impl Serialize) -> Json {
    serde_json::to_value(resource).unwrap_or(Json::Null)
}

impl Serialize for SourceCall {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [&self.source, &self.table].serialize(serializer)
    }
}

/// A node with what compiling it added, as artifacts show it.
#[derive(Clone, Debug)]
pub struct NodeWithCompiled<'a> {
    /// The node.
    pub node: &'a Node,
    /// Its compiled form, if there is one.
    pub compiled: Option<Arc<Compiled>>,
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        NodeWithCompiled { node: self, compiled: None }.serialize(serializer)
    }
}

impl Serialize for NodeWithCompiled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let node = self.node;
        let mut map = serializer.serialize_map(None)?;
        if let Some(signature) = node.signature() {
            map.field("returns", &signature.returns)?;
        }
        let constrained = self.constrained();
        self.identity(&mut map)?;
        map.field("checksum", &node.checksum)?;
        map.field("config", &node.config)?;
        map.field("tags", &node.tags)?;
        map.field("description", &node.description)?;
        map.field("columns", constrained.map_or(&node.columns, |it| &it.columns))?;
        map.field("meta", node.config.object("meta").unwrap_or(&JsonMap::new()))?;
        map.field("group", &node.group)?;
        map.field("docs", node.config.docs())?;
        map.field("patch_path", &node.patch_path)?;
        let build_path = self.compiled.as_ref().and_then(|c| c.build_path.as_deref());
        map.field("build_path", &build_path)?;
        map.field("unrendered_config", &node.unrendered_config)?;
        map.field("created_at", &node.created_at)?;
        let stored = self.compiled.as_ref().and_then(|c| c.relation_name.as_deref());
        map.field("relation_name", &stored.or(node.relation_name.as_deref()))?;
        map.field("raw_code", &node.raw_code)?;
        map.field("doc_blocks", &node.doc_blocks)?;
        if let NodeKind::Seed { root_path } = &node.kind {
            map.field("root_path", root_path)?;
            map.field("depends_on", &MacrosOnly { macros: &node.depends_on.macros })?;
            return map.end();
        }
        self.code(&mut map)?;
        self.own(&mut map)?;
        map.end()
    }
}

#[derive(serde::Serialize)]
struct MacrosOnly<'a> {
    macros: &'a [super::UniqueId],
}

#[derive(serde::Serialize)]
struct Dependencies<'a> {
    macros: Vec<&'a super::UniqueId>,
    nodes: &'a [super::UniqueId],
}

impl NodeWithCompiled<'_> {
    fn identity<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let node = self.node;
        map.field("database", &node.database)?;
        map.field("schema", &node.schema)?;
        map.field("name", &node.name)?;
        map.field("resource_type", &node.resource_type())?;
        map.field("package_name", &node.package_name)?;
        map.field("path", &node.path)?;
        map.field("original_file_path", &node.original_file_path)?;
        map.field("unique_id", &node.unique_id)?;
        map.field("fqn", &node.fqn)?;
        map.field("alias", &node.alias)
    }

    fn code<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let node = self.node;
        let language = match node.language {
            Language::Sql => "sql",
            Language::Python => "python",
        };
        map.field("language", language)?;
        map.field("refs", &node.refs)?;
        map.field("sources", &node.sources)?;
        map.field("metrics", &node.metrics)?;
        map.field("functions", &node.functions)?;
        map.field("depends_on", &self.depends_on())?;
        map.field("compiled_path", &self.compiled.as_ref().and_then(|c| c.path.as_deref()))?;
        if let Some(compiled) = &self.compiled {
            map.field("compiled", &true)?;
            map.field("compiled_code", &compiled.code)?;
            map.field("extra_ctes_injected", &compiled.injected)?;
            map.field("extra_ctes", &compiled.extra_ctes)?;
        }
        map.field("contract", &node.contract)
    }

    /// What parsing saw, and the macros that were called since.
    fn depends_on(&self) -> Dependencies<'_> {
        let DependsOn { macros, nodes } = &self.node.depends_on;
        let since = self.compiled.iter().flat_map(|compiled| &compiled.macros);
        let macros = macros.iter().chain(since.filter(|id| !macros.contains(id))).collect();
        Dependencies { macros, nodes }
    }

    fn constrained(&self) -> Option<&Constrained> {
        self.compiled.as_ref()?.constrained.as_ref()
    }

    fn own<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        match &self.node.kind {
            NodeKind::Model {
                access,
                constraints,
                version,
                latest_version,
                deprecation_date,
                primary_key,
                time_spine,
            } => {
                map.field("access", access)?;
                let compiled = self.constrained().map(|it| &it.constraints);
                map.field("constraints", compiled.unwrap_or(constraints))?;
                map.field("version", version)?;
                map.field("latest_version", latest_version)?;
                map.field("deprecation_date", deprecation_date)?;
                map.field("primary_key", primary_key)?;
                map.field("time_spine", time_spine)
            }
            NodeKind::GenericTest(test) => {
                map.field("column_name", &test.column_name)?;
                map.field("file_key_name", &test.file_key_name)?;
                map.field("attached_node", &test.attached_node)?;
                map.field("test_metadata", &test.metadata)
            }
            NodeKind::Function(signature) => map.field("arguments", &signature.arguments),
            // dbt counts hooks from 1 once they have run.
            NodeKind::Operation { index } => {
                let ran = self.compiled.as_ref().is_some_and(|compiled| compiled.ran_as_hook);
                map.field("index", &(index + usize::from(ran)))
            }
            NodeKind::Seed { .. }
            | NodeKind::Snapshot
            | NodeKind::SingularTest
            | NodeKind::Analysis
            | NodeKind::SqlOperation
            | NodeKind::UnitTest { .. } => Ok(()),
        }
    }
}

/// `config` of a column: what also stands beside it.
#[derive(serde::Serialize)]
struct ColumnConfig<'a> {
    meta: &'a JsonMap,
    tags: &'a [String],
}

impl Serialize for ColumnProperties {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.field("name", &self.name)?;
        map.field("description", &self.description)?;
        map.field("meta", &self.meta)?;
        map.field("data_type", &self.data_type)?;
        map.field("constraints", &self.constraints)?;
        map.field("quote", &self.quote)?;
        map.field("config", &ColumnConfig { meta: &self.meta, tags: &self.tags })?;
        map.field("tags", &self.tags)?;
        map.field("granularity", &self.granularity)?;
        map.field("doc_blocks", &self.doc_blocks)?;
        for (key, value) in &self.extra {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl Serialize for SourceTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.field("database", &self.database)?;
        map.field("schema", &self.schema)?;
        map.field("name", &self.name)?;
        map.field("resource_type", &ResourceType::Source)?;
        map.field("package_name", &self.package_name)?;
        map.field("path", &self.path)?;
        map.field("original_file_path", &self.path)?;
        map.field("unique_id", &self.unique_id)?;
        map.field("fqn", &self.fqn)?;
        map.field("source_name", &self.source_name)?;
        map.field("source_description", &self.source_description)?;
        map.field("loader", &self.loader)?;
        map.field("identifier", &self.identifier)?;
        map.field("quoting", &self.quoting)?;
        map.field("loaded_at_field", &self.loaded_at_field)?;
        map.field("loaded_at_query", &self.loaded_at_query)?;
        map.field("freshness", &self.freshness)?;
        map.field("external", &self.external)?;
        map.field("description", &self.description)?;
        map.field("columns", &self.columns)?;
        map.field("meta", &self.meta)?;
        map.field("source_meta", &self.source_meta)?;
        map.field("tags", &self.tags)?;
        map.field("config", &self.config)?;
        map.field("patch_path", &self.patch_path)?;
        map.field("unrendered_config", &self.unrendered_config)?;
        map.field("relation_name", &self.relation_name)?;
        map.field("created_at", &self.created_at)?;
        map.field("unrendered_database", &self.unrendered_database)?;
        map.field("unrendered_schema", &self.unrendered_schema)?;
        map.field("doc_blocks", &self.doc_blocks)?;
        map.end()
    }
}

impl Serialize for Macro {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.field("name", &self.name)?;
        map.field("resource_type", &ResourceType::Macro)?;
        map.field("package_name", &self.package_name)?;
        map.field("path", &self.original_file_path)?;
        map.field("original_file_path", &self.original_file_path)?;
        map.field("unique_id", &self.unique_id)?;
        map.field("macro_sql", &self.macro_sql)?;
        map.field("depends_on", &MacrosOnly { macros: &self.depends_on })?;
        map.field("description", &self.description)?;
        map.field("meta", &self.meta)?;
        map.field("docs", &self.docs)?;
        map.field("config", &serde_json::json!({"meta": self.meta, "docs": self.docs}))?;
        map.field("patch_path", &self.patch_path)?;
        map.field("arguments", &self.arguments)?;
        map.field("created_at", &self.created_at)?;
        map.field("supported_languages", &self.supported_languages)?;
        map.end()
    }
}

impl Serialize for Exposure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.field("name", &self.name)?;
        map.field("resource_type", &ResourceType::Exposure)?;
        map.field("package_name", &self.package_name)?;
        map.field("path", &self.path)?;
        map.field("original_file_path", &self.original_file_path)?;
        map.field("unique_id", &self.unique_id)?;
        map.field("fqn", &self.fqn)?;
        map.field("type", &self.exposure_type)?;
        map.field("owner", &self.owner)?;
        map.field("description", &self.description)?;
        map.field("label", &self.label)?;
        map.field("maturity", &self.maturity)?;
        map.field("meta", &self.meta)?;
        map.field("tags", &self.tags)?;
        map.field("config", &self.config)?;
        map.field("unrendered_config", &self.unrendered_config)?;
        map.field("url", &self.url)?;
        map.field("depends_on", &self.depends_on)?;
        map.field("refs", &self.refs)?;
        map.field("sources", &self.sources)?;
        map.field("metrics", &self.metrics)?;
        map.field("created_at", &self.created_at)?;
        map.end()
    }
}

impl Serialize for UnitTest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.field("model", &self.model)?;
        map.field("given", &self.given)?;
        map.field("expect", &self.expect)?;
        map.field("name", &self.name)?;
        map.field("resource_type", &ResourceType::UnitTest)?;
        map.field("package_name", &self.package_name)?;
        map.field("path", &self.path)?;
        map.field("original_file_path", &self.original_file_path)?;
        map.field("unique_id", &self.unique_id)?;
        map.field("fqn", &self.fqn)?;
        map.field("description", &self.description)?;
        map.field("overrides", &self.overrides)?;
        map.field("depends_on", &self.depends_on)?;
        map.field("config", &self.config)?;
        map.field("checksum", &self.checksum)?;
        map.field("schema", &self.schema)?;
        map.field("created_at", &self.created_at)?;
        map.field("versions", &self.versions)?;
        map.field("version", &self.version)?;
        map.end()
    }
}

impl Serialize for Disabled {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Disabled::Node(node) => node.serialize(serializer),
            Disabled::Source(table) => table.serialize(serializer),
            Disabled::Exposure(exposure) => exposure.serialize(serializer),
            Disabled::UnitTest(test) => test.serialize(serializer),
            Disabled::Metric(metric) => metric.serialize(serializer),
            Disabled::SemanticModel(model) => model.serialize(serializer),
            Disabled::SavedQuery(query) => query.serialize(serializer),
        }
    }
}
