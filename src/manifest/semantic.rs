//! The semantic layer: semantic models, metrics and saved queries, with their JSON shapes in `manifest.json`.
//!
//! Their insides (entities, measures, parameters) are JSON: Tidegate checks and completes them while parsing, and
//! nothing but artifacts and templates reads them afterwards.

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::fields::Fields as _;
use super::{Config, DependsOn, Json, JsonMap, RefCall, ResourceType, UniqueId};
use crate::diag::{FileId, Span};

/// What the three kinds have in common.
#[derive(Clone, Debug)]
pub struct SemanticEntry {
    /// Its id.
    pub unique_id: UniqueId,
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
    /// Rendered description.
    pub description: Option<String>,
    /// Name for people.
    pub label: Option<String>,
    /// Resolved configuration.
    pub config: Config,
    /// Configured values before rendering.
    pub unrendered_config: JsonMap,
    /// Its group.
    pub group: Option<String>,
    /// What it is made of.
    pub depends_on: DependsOn,
    /// When it was parsed: seconds since 1970.
    pub created_at: f64,
    /// The property file.
    pub file: FileId,
    /// Its entry there.
    pub span: Span,
}

/// A number that the business asks for.
#[derive(Clone, Debug)]
pub struct Metric {
    /// Names, places, configuration.
    pub entry: SemanticEntry,
    /// How it is computed.
    pub metric_type: MetricType,
    /// What it is computed from; all of dbt's keys are there.
    pub type_params: JsonMap,
    /// The condition on its rows, or null.
    pub filter: Json,
    /// The grain it is shown at by default.
    pub time_granularity: Option<String>,
    /// Metadata.
    pub meta: JsonMap,
    /// Tags.
    pub tags: Vec<String>,
}

/// How a metric is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricType {
    /// One measure.
    Simple,
    /// One metric divided by another.
    Ratio,
    /// A measure summed up over time.
    Cumulative,
    /// An expression of metrics.
    Derived,
    /// How many of one event led to another.
    Conversion,
}

impl MetricType {
    /// All types, by dbt's spelling.
    pub const ALL: [(&'static str, Self); 5] = [
        ("simple", Self::Simple),
        ("ratio", Self::Ratio),
        ("cumulative", Self::Cumulative),
        ("derived", Self::Derived),
        ("conversion", Self::Conversion),
    ];

    /// Returns dbt's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Ratio => "ratio",
            Self::Cumulative => "cumulative",
            Self::Derived => "derived",
            Self::Conversion => "conversion",
        }
    }
}

/// A model described for metrics: what identifies its rows, what is measured, by what it can be grouped.
#[derive(Clone, Debug)]
pub struct SemanticModel {
    /// Names, places, configuration.
    pub entry: SemanticEntry,
    /// The model, as written: `ref('orders')`.
    pub model: String,
    /// Where that model is built, or null.
    pub node_relation: Json,
    /// `defaults`, or null.
    pub defaults: Json,
    /// What identifies rows.
    pub entities: Vec<Json>,
    /// What is aggregated.
    pub measures: Vec<Json>,
    /// By what rows are grouped.
    pub dimensions: Vec<Json>,
    /// The call in `model`.
    pub refs: Vec<RefCall>,
    /// The entity of the rows where no column names it.
    pub primary_entity: Option<String>,
}

/// A query of metrics that is kept.
#[derive(Clone, Debug)]
pub struct SavedQuery {
    /// Names, places, configuration.
    pub entry: SemanticEntry,
    /// Metrics, groups, conditions.
    pub query_params: Json,
    /// Where results are written.
    pub exports: Vec<Json>,
    /// Tags.
    pub tags: Vec<String>,
}

impl SavedQuery {
    /// Returns the names of the metrics it asks for.
    pub fn metrics(&self) -> impl Iterator<Item = &str> {
        let metrics = self.query_params.get("metrics").and_then(Json::as_array);
        metrics.into_iter().flatten().filter_map(Json::as_str)
    }
}

impl SemanticModel {
    /// Returns the names of its measures.
    pub fn measure_names(&self) -> impl Iterator<Item = &str> {
        self.measures.iter().filter_map(|measure| measure.get("name").and_then(Json::as_str))
    }
}

impl SemanticEntry {
    fn head<M: SerializeMap>(&self, kind: ResourceType, map: &mut M) -> Result<(), M::Error> {
        map.field("name", &self.name)?;
        map.field("resource_type", &kind)?;
        map.field("package_name", &self.package_name)?;
        map.field("path", &self.path)?;
        map.field("original_file_path", &self.original_file_path)?;
        map.field("unique_id", &self.unique_id)?;
        map.field("fqn", &self.fqn)
    }

    fn config<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.field("config", &self.config)?;
        map.field("unrendered_config", &self.unrendered_config)
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (entry, none) = (&self.entry, Vec::<Json>::new());
        let mut map = serializer.serialize_map(None)?;
        entry.head(ResourceType::Metric, &mut map)?;
        map.field("description", entry.description.as_deref().unwrap_or_default())?;
        map.field("label", &entry.label)?;
        map.field("type", self.metric_type.as_str())?;
        map.field("type_params", &self.type_params)?;
        map.field("filter", &self.filter)?;
        map.field("metadata", &Json::Null)?;
        map.field("time_granularity", &self.time_granularity)?;
        map.field("meta", &self.meta)?;
        map.field("tags", &self.tags)?;
        entry.config(&mut map)?;
        map.field("sources", &none)?;
        map.field("depends_on", &entry.depends_on)?;
        map.field("refs", &none)?;
        map.field("metrics", &none)?;
        map.field("created_at", &entry.created_at)?;
        map.field("group", &entry.group)?;
        map.end()
    }
}

impl Serialize for SemanticModel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entry = &self.entry;
        let mut map = serializer.serialize_map(None)?;
        entry.head(ResourceType::SemanticModel, &mut map)?;
        map.field("model", &self.model)?;
        map.field("node_relation", &self.node_relation)?;
        map.field("description", &entry.description)?;
        map.field("label", &entry.label)?;
        map.field("defaults", &self.defaults)?;
        map.field("entities", &self.entities)?;
        map.field("measures", &self.measures)?;
        map.field("dimensions", &self.dimensions)?;
        map.field("metadata", &Json::Null)?;
        map.field("depends_on", &entry.depends_on)?;
        map.field("refs", &self.refs)?;
        map.field("created_at", &entry.created_at)?;
        entry.config(&mut map)?;
        map.field("primary_entity", &self.primary_entity)?;
        map.field("group", &entry.group)?;
        map.end()
    }
}

impl Serialize for SavedQuery {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entry = &self.entry;
        let mut map = serializer.serialize_map(None)?;
        entry.head(ResourceType::SavedQuery, &mut map)?;
        map.field("query_params", &self.query_params)?;
        map.field("exports", &self.exports)?;
        map.field("description", &entry.description)?;
        map.field("label", &entry.label)?;
        map.field("metadata", &Json::Null)?;
        entry.config(&mut map)?;
        map.field("group", &entry.group)?;
        map.field("depends_on", &entry.depends_on)?;
        map.field("created_at", &entry.created_at)?;
        map.field("refs", &Vec::<Json>::new())?;
        map.field("tags", &self.tags)?;
        map.end()
    }
}
