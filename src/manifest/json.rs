//! The JSON shapes of `manifest.json` v12: keys in dbt's order (`artifacts.md` section 2).

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

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
            map.serialize_entry("returns", &signature.returns)?;
        }
        let constrained = self.constrained();
        self.identity(&mut map)?;
        map.serialize_entry("checksum", &node.checksum)?;
        map.serialize_entry("config", &node.config)?;
        map.serialize_entry("tags", &node.tags)?;
        map.serialize_entry("description", &node.description)?;
        map.serialize_entry("columns", constrained.map_or(&node.columns, |it| &it.columns))?;
        map.serialize_entry("meta", node.config.object("meta").unwrap_or(&JsonMap::new()))?;
        map.serialize_entry("group", &node.group)?;
        map.serialize_entry("docs", node.config.docs())?;
        map.serialize_entry("patch_path", &node.patch_path)?;
        let build_path = self.compiled.as_ref().and_then(|c| c.build_path.as_deref());
        map.serialize_entry("build_path", &build_path)?;
        map.serialize_entry("unrendered_config", &node.unrendered_config)?;
        map.serialize_entry("created_at", &node.created_at)?;
        let stored = self.compiled.as_ref().and_then(|c| c.relation_name.as_deref());
        map.serialize_entry("relation_name", &stored.or(node.relation_name.as_deref()))?;
        map.serialize_entry("raw_code", &node.raw_code)?;
        map.serialize_entry("doc_blocks", &node.doc_blocks)?;
        if let NodeKind::Seed { root_path } = &node.kind {
            map.serialize_entry("root_path", root_path)?;
            map.serialize_entry("depends_on", &MacrosOnly { macros: &node.depends_on.macros })?;
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
        map.serialize_entry("database", &node.database)?;
        map.serialize_entry("schema", &node.schema)?;
        map.serialize_entry("name", &node.name)?;
        map.serialize_entry("resource_type", &node.resource_type())?;
        map.serialize_entry("package_name", &node.package_name)?;
        map.serialize_entry("path", &node.path)?;
        map.serialize_entry("original_file_path", &node.original_file_path)?;
        map.serialize_entry("unique_id", &node.unique_id)?;
        map.serialize_entry("fqn", &node.fqn)?;
        map.serialize_entry("alias", &node.alias)
    }

    fn code<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let node = self.node;
        let language = match node.language {
            Language::Sql => "sql",
            Language::Python => "python",
        };
        map.serialize_entry("language", language)?;
        map.serialize_entry("refs", &node.refs)?;
        map.serialize_entry("sources", &node.sources)?;
        map.serialize_entry("metrics", &node.metrics)?;
        map.serialize_entry("functions", &node.functions)?;
        map.serialize_entry("depends_on", &self.depends_on())?;
        map.serialize_entry("compiled_path", &self.compiled.as_ref().and_then(|c| c.path.as_deref()))?;
        if let Some(compiled) = &self.compiled {
            map.serialize_entry("compiled", &true)?;
            map.serialize_entry("compiled_code", &compiled.code)?;
            map.serialize_entry("extra_ctes_injected", &compiled.injected)?;
            map.serialize_entry("extra_ctes", &compiled.extra_ctes)?;
        }
        map.serialize_entry("contract", &node.contract)
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
                map.serialize_entry("access", access)?;
                let compiled = self.constrained().map(|it| &it.constraints);
                map.serialize_entry("constraints", compiled.unwrap_or(constraints))?;
                map.serialize_entry("version", version)?;
                map.serialize_entry("latest_version", latest_version)?;
                map.serialize_entry("deprecation_date", deprecation_date)?;
                map.serialize_entry("primary_key", primary_key)?;
                map.serialize_entry("time_spine", time_spine)
            }
            NodeKind::GenericTest(test) => {
                map.serialize_entry("column_name", &test.column_name)?;
                map.serialize_entry("file_key_name", &test.file_key_name)?;
                map.serialize_entry("attached_node", &test.attached_node)?;
                map.serialize_entry("test_metadata", &test.metadata)
            }
            NodeKind::Function(signature) => map.serialize_entry("arguments", &signature.arguments),
            // dbt counts hooks from 1 once they have run.
            NodeKind::Operation { index } => {
                let ran = self.compiled.as_ref().is_some_and(|compiled| compiled.ran_as_hook);
                map.serialize_entry("index", &(index + usize::from(ran)))
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
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("description", &self.description)?;
        map.serialize_entry("meta", &self.meta)?;
        map.serialize_entry("data_type", &self.data_type)?;
        map.serialize_entry("constraints", &self.constraints)?;
        map.serialize_entry("quote", &self.quote)?;
        map.serialize_entry("config", &ColumnConfig { meta: &self.meta, tags: &self.tags })?;
        map.serialize_entry("tags", &self.tags)?;
        map.serialize_entry("granularity", &self.granularity)?;
        map.serialize_entry("doc_blocks", &self.doc_blocks)?;
        for (key, value) in &self.extra {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl Serialize for SourceTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("database", &self.database)?;
        map.serialize_entry("schema", &self.schema)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("resource_type", &ResourceType::Source)?;
        map.serialize_entry("package_name", &self.package_name)?;
        map.serialize_entry("path", &self.path)?;
        map.serialize_entry("original_file_path", &self.path)?;
        map.serialize_entry("unique_id", &self.unique_id)?;
        map.serialize_entry("fqn", &self.fqn)?;
        map.serialize_entry("source_name", &self.source_name)?;
        map.serialize_entry("source_description", &self.source_description)?;
        map.serialize_entry("loader", &self.loader)?;
        map.serialize_entry("identifier", &self.identifier)?;
        map.serialize_entry("quoting", &self.quoting)?;
        map.serialize_entry("loaded_at_field", &self.loaded_at_field)?;
        map.serialize_entry("loaded_at_query", &self.loaded_at_query)?;
        map.serialize_entry("freshness", &self.freshness)?;
        map.serialize_entry("external", &self.external)?;
        map.serialize_entry("description", &self.description)?;
        map.serialize_entry("columns", &self.columns)?;
        map.serialize_entry("meta", &self.meta)?;
        map.serialize_entry("source_meta", &self.source_meta)?;
        map.serialize_entry("tags", &self.tags)?;
        map.serialize_entry("config", &self.config)?;
        map.serialize_entry("patch_path", &self.patch_path)?;
        map.serialize_entry("unrendered_config", &self.unrendered_config)?;
        map.serialize_entry("relation_name", &self.relation_name)?;
        map.serialize_entry("created_at", &self.created_at)?;
        map.serialize_entry("unrendered_database", &self.unrendered_database)?;
        map.serialize_entry("unrendered_schema", &self.unrendered_schema)?;
        map.serialize_entry("doc_blocks", &self.doc_blocks)?;
        map.end()
    }
}

impl Serialize for Macro {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("resource_type", &ResourceType::Macro)?;
        map.serialize_entry("package_name", &self.package_name)?;
        map.serialize_entry("path", &self.original_file_path)?;
        map.serialize_entry("original_file_path", &self.original_file_path)?;
        map.serialize_entry("unique_id", &self.unique_id)?;
        map.serialize_entry("macro_sql", &self.macro_sql)?;
        map.serialize_entry("depends_on", &MacrosOnly { macros: &self.depends_on })?;
        map.serialize_entry("description", &self.description)?;
        map.serialize_entry("meta", &self.meta)?;
        map.serialize_entry("docs", &self.docs)?;
        map.serialize_entry("config", &serde_json::json!({"meta": self.meta, "docs": self.docs}))?;
        map.serialize_entry("patch_path", &self.patch_path)?;
        map.serialize_entry("arguments", &self.arguments)?;
        map.serialize_entry("created_at", &self.created_at)?;
        map.serialize_entry("supported_languages", &self.supported_languages)?;
        map.end()
    }
}

impl Serialize for Exposure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("resource_type", &ResourceType::Exposure)?;
        map.serialize_entry("package_name", &self.package_name)?;
        map.serialize_entry("path", &self.path)?;
        map.serialize_entry("original_file_path", &self.original_file_path)?;
        map.serialize_entry("unique_id", &self.unique_id)?;
        map.serialize_entry("fqn", &self.fqn)?;
        map.serialize_entry("type", &self.exposure_type)?;
        map.serialize_entry("owner", &self.owner)?;
        map.serialize_entry("description", &self.description)?;
        map.serialize_entry("label", &self.label)?;
        map.serialize_entry("maturity", &self.maturity)?;
        map.serialize_entry("meta", &self.meta)?;
        map.serialize_entry("tags", &self.tags)?;
        map.serialize_entry("config", &self.config)?;
        map.serialize_entry("unrendered_config", &self.unrendered_config)?;
        map.serialize_entry("url", &self.url)?;
        map.serialize_entry("depends_on", &self.depends_on)?;
        map.serialize_entry("refs", &self.refs)?;
        map.serialize_entry("sources", &self.sources)?;
        map.serialize_entry("metrics", &self.metrics)?;
        map.serialize_entry("created_at", &self.created_at)?;
        map.end()
    }
}

impl Serialize for UnitTest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("model", &self.model)?;
        map.serialize_entry("given", &self.given)?;
        map.serialize_entry("expect", &self.expect)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("resource_type", &ResourceType::UnitTest)?;
        map.serialize_entry("package_name", &self.package_name)?;
        map.serialize_entry("path", &self.path)?;
        map.serialize_entry("original_file_path", &self.original_file_path)?;
        map.serialize_entry("unique_id", &self.unique_id)?;
        map.serialize_entry("fqn", &self.fqn)?;
        map.serialize_entry("description", &self.description)?;
        map.serialize_entry("overrides", &self.overrides)?;
        map.serialize_entry("depends_on", &self.depends_on)?;
        map.serialize_entry("config", &self.config)?;
        map.serialize_entry("checksum", &self.checksum)?;
        map.serialize_entry("schema", &self.schema)?;
        map.serialize_entry("created_at", &self.created_at)?;
        map.serialize_entry("versions", &self.versions)?;
        map.serialize_entry("version", &self.version)?;
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
