//! One resource as lists, search and graph know it: what is needed before its page is opened.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::hash::IndexMap;
use crate::manifest::Json;

/// The longest description in the index, in characters; the rest is in the texts for searching.
const LONGEST_SUMMARY: usize = 240;

/// What the index says of a resource. Parts that are empty are left out.
#[derive(Serialize)]
pub(super) struct Entry<'a> {
    pub(super) id: &'a str,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) package: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) path: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) fqn: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) summary: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) columns: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<String>,
    #[serde(skip_serializing_if = "is_empty")]
    pub(super) label: Option<String>,
    /// Database, schema and name in the warehouse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) relation: Option<[String; 3]>,
    #[serde(skip_serializing_if = "is_empty")]
    pub(super) source: Option<String>,
    #[serde(skip_serializing_if = "is_empty")]
    pub(super) materialized: Option<String>,
    #[serde(skip_serializing_if = "is_empty")]
    pub(super) access: Option<String>,
    #[serde(skip_serializing_if = "is_empty")]
    pub(super) group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<Json>,
    /// Who answers for it, of groups and exposures.
    #[serde(skip_serializing_if = "is_empty")]
    pub(super) owner: Option<String>,
    /// The colour that the project gives it in the graph.
    #[serde(skip_serializing_if = "is_empty")]
    pub(super) color: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) hidden: bool,
    /// Of a generic test: what it asks, and of which column.
    #[serde(skip_serializing_if = "is_empty")]
    pub(super) test: Option<String>,
    #[serde(skip_serializing_if = "is_empty")]
    pub(super) column: Option<String>,
    /// Of a generic test: the place of what it tests in the index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attached: Option<usize>,
    /// The places of its parents in the index.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) parents: Vec<usize>,
    /// How it fared when it was last built or tested.
    #[serde(skip_serializing_if = "is_empty")]
    pub(super) status: Option<String>,
}

#[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
fn is_empty(text: &Option<String>) -> bool {
    text.as_deref().is_none_or(str::is_empty)
}

/// The keys of a manifest entry that are read here; what a kind of resource does not have is missing.
#[derive(Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the keys of a manifest entry")]
pub(super) struct Raw {
    name: String,
    resource_type: String,
    package_name: String,
    original_file_path: String,
    fqn: Vec<String>,
    pub(super) description: Option<String>,
    pub(super) columns: IndexMap<String, RawColumn>,
    tags: Tags,
    label: Option<String>,
    database: Option<String>,
    schema: Option<String>,
    alias: Option<String>,
    identifier: Option<String>,
    source_name: Option<String>,
    access: Option<String>,
    group: Option<String>,
    version: Option<Json>,
    owner: Option<RawOwner>,
    config: RawConfig,
    docs: RawDocs,
    column_name: Option<String>,
    pub(super) attached_node: Option<String>,
    test_metadata: Option<TestMetadata>,
    pub(super) depends_on: DependsOn,
    pub(super) raw_code: Option<String>,
    pub(super) macro_sql: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawColumn {
    pub(super) name: String,
    pub(super) description: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawConfig {
    materialized: Option<String>,
    access: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawOwner {
    name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawDocs {
    show: Option<bool>,
    node_color: Option<String>,
}

#[derive(Deserialize)]
struct TestMetadata {
    name: String,
    #[serde(default)]
    namespace: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct DependsOn {
    pub(super) nodes: Vec<String>,
    pub(super) macros: Vec<String>,
}

/// Tags are one text or a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Tags {
    One(String),
    Many(Vec<String>),
}

impl Default for Tags {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Raw {
    /// Reads an entry; what is in another shape than dbt's is taken as missing.
    pub(super) fn of(text: &RawValue) -> Self {
        serde_json::from_str(text.get()).unwrap_or_default()
    }

    /// Takes out what the index shows; parents, status and the test's target are filled in later.
    pub(super) fn entry<'a>(&self, id: &'a str) -> Entry<'a> {
        let tags = match &self.tags {
            Tags::One(tag) => vec![tag.clone()],
            Tags::Many(tags) => tags.clone(),
        };
        let test = self.test_metadata.as_ref().map(|test| match test.namespace.as_deref() {
            Some(namespace) if !namespace.is_empty() => format!("{namespace}.{}", test.name),
            _ => test.name.clone(),
        });
        Entry {
            id,
            kind: if self.resource_type.is_empty() { kind_of(id).into() } else { self.resource_type.clone() },
            name: self.name.clone(),
            package: self.package_name.clone(),
            path: self.original_file_path.clone(),
            fqn: self.fqn.clone(),
            summary: cut(self.description.as_deref().unwrap_or_default()).into_owned(),
            columns: self.columns.iter().map(|(key, column)| column.shown_name(key).to_owned()).collect(),
            tags,
            label: self.label.clone(),
            relation: self.relation(),
            source: self.source_name.clone(),
            materialized: self.config.materialized.clone(),
            access: self.access.clone().or_else(|| self.config.access.clone()),
            group: self.group.clone(),
            version: self.version.clone().filter(|version| !version.is_null()),
            owner: self.owner.as_ref().and_then(|owner| owner.name.clone()),
            color: self.docs.node_color.clone(),
            hidden: self.docs.show == Some(false),
            test,
            column: self.column_name.clone(),
            attached: None,
            parents: Vec::new(),
            status: None,
        }
    }

    fn relation(&self) -> Option<[String; 3]> {
        let schema = self.schema.as_ref()?;
        let name = self.identifier.as_ref().or(self.alias.as_ref())?;
        let ephemeral = self.config.materialized.as_deref() == Some("ephemeral");
        let built =
            matches!(self.resource_type.as_str(), "model" | "seed" | "snapshot" | "source" | "function");
        (built && !ephemeral)
            .then(|| [self.database.clone().unwrap_or_default(), schema.clone(), name.clone()])
    }
}

impl RawColumn {
    pub(super) fn shown_name<'a>(&'a self, key: &'a str) -> &'a str {
        if self.name.is_empty() { key } else { &self.name }
    }
}

/// The first part of an id is its kind.
fn kind_of(id: &str) -> &str {
    id.split('.').next().unwrap_or_default()
}

fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(LONGEST_SUMMARY) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}
