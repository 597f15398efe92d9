//! What every node has in common: from a file and what rendering it told, through its configuration, to the
//! finished [`Node`]. The kinds make a [`Draft`] each; [`Builder::finish`] does the rest.

use std::sync::Arc;

use crate::context::{Capture, ParseNode};
use crate::diag::{Diagnostic, FileId, Span};
use crate::jinja::Template;
use crate::manifest::{
    Checksum, Columns, Config, ConfigPlaces, Contract, DependsOn, Json, Language, Node, NodeKind, Relation,
    ResourceType, UniqueId,
};

use super::config::{self, Layer, Layers, Resolved};
use super::config_memo::Memo;
use super::models;
use super::names::{Names, Part};
use super::trees::Trees;

/// A node as its file defines it.
pub(super) struct Draft {
    /// The node before it is configured: everything that follows from the file alone. Nobody else has it: it is behind a
    /// pointer, since it is large and handed on from step to step.
    pub(super) node: Arc<Node>,
    /// Its compiled code; nothing for seeds and Python.
    pub(super) template: Option<Template>,
    /// What rendering it told.
    pub(super) capture: Capture,
    /// Its `config()` calls, joined.
    pub(super) calls: Layer,
    /// The arguments of its `config()` calls as `unrendered_config` shows them where dbt reads a file without
    /// rendering it; nothing where it renders it.
    pub(super) literal: Option<Layer>,
}

/// What a property file adds to a node.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "the name of the manifest")]
pub(super) struct Patch {
    pub(super) patch_path: String,
    pub(super) description: String,
    pub(super) columns: Columns,
    pub(super) config: Layer,
}

/// The identity of a node.
pub(super) struct Identity {
    pub(super) resource: ResourceType,
    pub(super) package: Arc<str>,
    pub(super) name: String,
    pub(super) path: String,
    pub(super) original_file_path: String,
    pub(super) fqn: Vec<String>,
}

/// The code of a node.
pub(super) struct Code {
    pub(super) text: Arc<str>,
    pub(super) checksum: Checksum,
    pub(super) language: Language,
    pub(super) file: FileId,
    pub(super) span: Span,
}

/// Makes a node of what its file says; configuration and names are still missing.
pub(super) fn unconfigured(identity: Identity, code: Code, kind: NodeKind, created_at: f64) -> Node {
    let Identity { resource, package, name, path, original_file_path, fqn } = identity;
    Node {
        unique_id: UniqueId::new(resource, &package, &name),
        kind,
        package_name: package,
        path,
        original_file_path,
        fqn,
        database: String::new(),
        schema: String::new(),
        alias: name.clone(),
        name,
        checksum: code.checksum,
        config: Config::default(),
        unrendered_config: Arc::default(),
        tags: Vec::new(),
        description: String::new(),
        columns: Columns::default(),
        group: None,
        patch_path: None,
        created_at,
        relation_name: None,
        raw_code: code.text,
        doc_blocks: Vec::new(),
        language: code.language,
        refs: Vec::new(),
        sources: Vec::new(),
        metrics: Vec::new(),
        functions: Vec::new(),
        depends_on: DependsOn::default(),
        contract: Contract::default(),
        config_places: ConfigPlaces::default(),
        file: code.file,
        span: code.span,
    }
}

/// Configures and names nodes.
pub(super) struct Builder<'a> {
    pub(super) trees: &'a Trees<'a>,
    pub(super) names: &'a Names,
    /// Configurations that other nodes have.
    pub(super) memo: &'a Memo,
    /// Makes a relation of database, schema and identifier, quoted as the project wants.
    pub(super) relation: &'a (dyn Fn(&str, &str, &str) -> Relation + Sync),
    /// Whether tests store their failures unless configured otherwise.
    pub(super) store_failures: bool,
    /// Whether `unrendered_config` shows what was written everywhere.
    pub(super) as_written: bool,
}

impl Builder<'_> {
    /// Makes what templates know of a node while it is parsed.
    pub(super) fn parse_node(&self, node: &Arc<Node>) -> ParseNode {
        let (database, schema) = (self.names.default_database(), self.names.default_schema());
        let relation = (self.relation)(database, schema, &node.name);
        let (known, database, schema) = (Arc::clone(node), Arc::from(database), Arc::from(schema));
        // Few templates look at it.
        let model = move || {
            let (database, schema): (&Arc<str>, &Arc<str>) = (&database, &schema);
            let config = Config::new(crate::manifest::defaults(known.resource_type()).clone());
            let shown = Node {
                database: database.to_string(),
                schema: schema.to_string(),
                config,
                ..Node::clone(&known)
            };
            crate::manifest::resource_json(&shown)
        };
        ParseNode { unique_id: node.unique_id.clone(), relation, model: Arc::new(model) }
    }

    /// Tells whether a node is enabled as far as project files and its own file say; property files may
    /// still change that.
    pub(super) fn enabled_by_file(&self, draft: &Draft) -> bool {
        let node = &draft.node;
        let trees = self.trees.layers(node.resource_type(), &node.package_name, &node.fqn);
        let layers = trees.own.iter().chain([&draft.calls]).chain(&trees.root);
        let given = layers.filter_map(|layer| layer.get("enabled")).next_back();
        given.is_none_or(|setting| setting.value != Json::Bool(false))
    }

    /// Configures and names a node. `version` facts, access and constraints are in the node's kind already.
    pub(super) fn finish(
        &self,
        draft: Draft,
        patch: Option<Patch>,
        problems: &mut Vec<Diagnostic>,
    ) -> (Arc<Node>, Resolved) {
        let Draft { node: mut draft, capture, calls, literal, .. } = draft;
        let node = Arc::make_mut(&mut draft);
        let resource = node.resource_type();
        let trees = self.trees.layers(resource, &node.package_name, &node.fqn);
        let mut properties = patch.as_ref().map(|patch| patch.config.clone());
        if resource == ResourceType::Model && node.language == Language::Python {
            let layer = properties.get_or_insert_default();
            if layer.get("materialized").is_none() {
                layer.set("materialized", Json::from("table"), None);
            }
        }
        let properties = properties.as_ref();
        let resolved = self.memo.resolve(resource, &trees, (properties, &calls), problems);
        let raw = self.trees.raw_layers(resource, &node.package_name, &node.fqn);
        let mut unrendered = config::unrendered(
            Layers { own: &raw.own, properties, calls: &calls, root: &raw.root },
            self.as_written,
        );
        if patch.as_ref().is_none_or(|patch| patch.config.is_empty()) {
            for setting in literal.iter().flat_map(Layer::iter) {
                unrendered.insert(setting.key.to_string(), setting.value.clone());
            }
        }
        node.unrendered_config = self.memo.share(unrendered);
        if let Some(patch) = patch {
            node.patch_path = Some(patch.patch_path);
            node.description = patch.description;
            node.columns = patch.columns;
        }
        mirror(node, &resolved);
        models::begin_as_datetime(node);
        take_capture(node, capture);
        self.place(node, &resolved, problems);
        (draft, resolved)
    }

    /// Sets database, schema, alias and the name of the relation.
    fn place(&self, node: &mut Node, resolved: &Resolved, problems: &mut Vec<Diagnostic>) {
        for part in [Part::Database, Part::Schema, Part::Alias] {
            let key = match part {
                Part::Database => "database",
                Part::Schema => "schema",
                Part::Alias => "alias",
            };
            match self.names.part(part, resolved.effective_text(key), node) {
                Ok(name) => match part {
                    Part::Database => node.database = name,
                    Part::Schema => node.schema = name,
                    Part::Alias => node.alias = name,
                },
                Err(problem) => problems.push(*problem),
            }
        }
        if matches!(node.kind, NodeKind::Snapshot) {
            let target = |key: &str| resolved.effective_text(key).filter(|text| !text.is_empty());
            if let Some(database) = target("target_database") {
                database.clone_into(&mut node.database);
            }
            if let Some(schema) = target("target_schema") {
                schema.clone_into(&mut node.schema);
            }
        }
        let is_test = node.resource_type() == ResourceType::Test;
        let is_kept = node.is_relational() || (is_test && node.config.stores_failures(self.store_failures));
        node.relation_name =
            is_kept.then(|| (self.relation)(&node.database, &node.schema, &node.alias).to_string());
    }
}

/// Copies what the configuration says to the places where older readers look.
fn mirror(node: &mut Node, resolved: &Resolved) {
    for tag in &resolved.said.tags {
        if !node.tags.contains(tag) {
            node.tags.push(tag.clone());
        }
    }
    node.config = Config::new(Arc::clone(&resolved.said.values));
    node.config_places = resolved.places();
    let set = |key: &str| resolved.get(key).filter(|value| !value.is_null());
    if let Some(Json::String(group)) = set("group").filter(|group| group.as_str() != Some("")) {
        node.group = Some(group.clone());
    }
    if let Some(contract) = set("contract").filter(|_| node.resource_type() != ResourceType::Seed) {
        let flag = |key: &str, default: bool| contract.get(key).and_then(Json::as_bool).unwrap_or(default);
        node.contract = Contract {
            enforced: flag("enforced", false),
            alias_types: flag("alias_types", true),
            checksum: None,
        };
    }
    if let (NodeKind::Model { access, .. }, Some(Json::String(configured))) = (&mut node.kind, set("access"))
    {
        access.clone_from(configured);
    }
}

/// Adds what rendering told to a node.
pub(super) fn take_capture(node: &mut Node, capture: Capture) {
    node.refs.extend(capture.refs);
    node.sources.extend(capture.sources);
    node.metrics.extend(capture.metrics);
    node.functions.extend(capture.functions);
    for id in capture.macros {
        if !node.depends_on.macros.contains(&id) {
            node.depends_on.macros.push(id);
        }
    }
    // Most nodes read one or two; thousands of them are kept.
    node.refs.shrink_to_fit();
    node.sources.shrink_to_fit();
}
