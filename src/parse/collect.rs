//! Everything that was read → the manifest: duplicates found, the enabled parted from the disabled, tests
//! attached, names resolved, keys inferred. Called by `pipeline`.

use std::sync::Arc;

use rayon::prelude::*;

use crate::diag::{Code, Diagnostic, Span};
use crate::hash::HashMap;
use crate::jinja::Template;
use crate::manifest::{
    Disabled, Doc, Exposure, Lookup, Macro, Manifest, Metric, Node, NodeKind, ResourceType, SavedQuery,
    SemanticEntry, SemanticModel, SourceTable, UniqueId, UnitTest,
};

use super::descriptions::{Described, Describer};
use super::finish::{Finisher, NodeWithCode};
use super::primary_key;
use super::resolve::{Resolved, Resolver, add, apply, start};
use super::semantic::Binder;
use super::sources::ParsedSource;
use super::test_nodes::{Attached, MadeTest};
use super::unit_tests::{self, Bound};

/// Collects resources.
pub(super) struct Collector<'a> {
    finisher: &'a Finisher<'a>,
    manifest: Manifest,
    templates: HashMap<UniqueId, Template>,
    /// Where each id was defined first.
    places: HashMap<UniqueId, Span>,
    problems: Vec<Diagnostic>,
    unit_tests: Vec<UnitTest>,
}

/// What came out.
pub(super) struct Collected {
    pub(super) manifest: Manifest,
    pub(super) templates: HashMap<UniqueId, Template>,
    pub(super) lookup: Lookup,
    pub(super) problems: Vec<Diagnostic>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(finisher: &'a Finisher<'a>) -> Self {
        Self {
            finisher,
            manifest: Manifest::default(),
            templates: HashMap::default(),
            places: HashMap::default(),
            problems: Vec::new(),
            unit_tests: Vec::new(),
        }
    }

    /// Reports an id that is there already; tells whether it is new.
    /// The words are dbt's, which scripts look for.
    fn is_new(&mut self, id: &UniqueId, span: Span, (kinds, name): (&str, &str)) -> bool {
        let Some(first) = self.places.get(id) else {
            self.places.insert(id.clone(), span);
            return true;
        };
        self.problems.push(
            Diagnostic::error(
                Code::DUPLICATE_NAME,
                start(span),
                format!("dbt found two {kinds} with the name \"{name}\""),
            )
            .label(start(*first), "the first one")
            .note(format!("both have the id `{id}`"))
            .help("rename or remove one of them"),
        );
        false
    }

    /// Adds macros, their descriptions rendered.
    pub(super) fn macros(&mut self, macros: Vec<Macro>) {
        for mut found in macros {
            if found.patch_path.is_some() {
                self.describe_macro(&mut found);
            }
            self.manifest.macros.insert(found.unique_id.clone(), Arc::new(found));
        }
    }

    fn describe_macro(&mut self, found: &mut Macro) {
        let describer = Describer {
            docs: self.finisher.docs,
            shared: self.finisher.shared,
            package: &Arc::clone(&found.package_name),
        };
        let who = format!("macro `{}`", found.name);
        let mut render = |text: &str| match describer.render(text, Some(found.span), &who) {
            Ok(described) => {
                described.map_or_else(|| text.to_owned(), |described| described.text.to_string())
            }
            Err(problem) => {
                self.problems.push(*problem);
                text.to_owned()
            }
        };
        let description = render(&found.description);
        let mut arguments = found.arguments.clone();
        for argument in &mut arguments {
            if let Some(text) = argument.get("description").and_then(|text| text.as_str()) {
                argument["description"] = render(text).into();
            }
        }
        (found.description, found.arguments) = (description, arguments);
    }

    /// Adds docs blocks.
    pub(super) fn docs(&mut self, docs: Vec<Arc<Doc>>) {
        for doc in docs {
            if self.is_new(&doc.unique_id, doc.span, ("docs blocks", &doc.name)) {
                self.manifest.docs.insert(doc.unique_id.clone(), doc);
            }
        }
    }

    /// Adds nodes.
    pub(super) fn nodes(&mut self, nodes: Vec<NodeWithCode>) {
        for NodeWithCode { node, template } in nodes {
            self.node(node, template);
        }
    }

    fn node(&mut self, node: Arc<Node>, template: Option<Template>) {
        let id = node.unique_id.clone();
        if !node.config.enabled() {
            self.manifest.disabled.entry(id).or_default().push(Disabled::Node(node));
            return;
        }
        let kinds = match node.resource_type() {
            ResourceType::Analysis => "analyses".to_owned(),
            ResourceType::Test => "data_tests".to_owned(),
            kind => format!("{kind}s"),
        };
        if !self.is_new(&id, node.span, (&kinds, &node.name)) {
            return;
        }
        if let Some(template) = template {
            self.templates.insert(id.clone(), template);
        }
        self.manifest.insert_node(node);
    }

    /// Adds generic tests with their compiled code.
    pub(super) fn tests(&mut self, tests: Vec<MadeTest>) {
        for MadeTest { mut node, template, .. } in tests {
            if node.config.enabled() && !node.description.is_empty() {
                let (docs, shared) = (self.finisher.docs, self.finisher.shared);
                let package = Arc::clone(&node.package_name);
                let describer = Describer { docs, shared, package: &package };
                let who = format!("test `{}`", node.name);
                match describer.render(&node.description, Some(start(node.span)), &who) {
                    Ok(Some(Described { text, blocks })) => {
                        let node = Arc::make_mut(&mut node);
                        (node.description, node.doc_blocks) = (text.to_string(), blocks);
                    }
                    Ok(None) => {}
                    Err(problem) => self.problems.push(*problem),
                }
            }
            self.node(node, template);
        }
    }

    /// Adds the tables of sources. Descriptions of the enabled ones are rendered.
    pub(super) fn sources(&mut self, sources: Vec<ParsedSource>) {
        for ParsedSource { table, columns, .. } in sources {
            let id = table.unique_id.clone();
            if !table.config.enabled() {
                self.manifest.disabled.entry(id).or_default().push(Disabled::Source(Arc::new(table)));
                continue;
            }
            // dbt joins the two names so.
            let name = format!("{}_{}", table.source_name, table.name);
            if !self.is_new(&id, table.span, ("sources", &name)) {
                continue;
            }
            let table = self.described(table, &columns);
            self.manifest.sources.insert(id, Arc::new(table));
        }
    }

    fn described(&mut self, mut table: SourceTable, columns: &[super::columns::Column]) -> SourceTable {
        let package = Arc::clone(&table.package_name);
        let describer =
            Describer { docs: self.finisher.docs, shared: self.finisher.shared, package: &package };
        let who = format!("source table `{}`", table.search_name());
        let place = Some(start(table.span));
        match describer.render(&table.description, place, &who) {
            Ok(Some(Described { text, blocks })) => {
                (table.description, table.doc_blocks) = (text.to_string(), blocks);
            }
            Ok(None) => {}
            Err(problem) => self.problems.push(*problem),
        }
        match describer.render(&table.source_description, place, &who) {
            Ok(Some(described)) => table.source_description = described.text.to_string(),
            Ok(None) => {}
            Err(problem) => self.problems.push(*problem),
        }
        for column in columns {
            let Some(shown) = table.columns.get_mut(&column.shown.name) else { continue };
            let shared = self.finisher.columns;
            let described = describer.column(shown, column.description_span, &who, shared);
            self.problems.extend(described.err().map(|problem| *problem));
        }
        table
    }

    /// Adds an exposure.
    pub(super) fn exposure(&mut self, mut exposure: Exposure) {
        let id = exposure.unique_id.clone();
        if !exposure.config.enabled() {
            self.manifest.disabled.entry(id).or_default().push(Disabled::Exposure(Arc::new(exposure)));
            return;
        }
        if !self.is_new(&id, exposure.span, ("exposures", &exposure.name)) {
            return;
        }
        let package = Arc::clone(&exposure.package_name);
        let describer =
            Describer { docs: self.finisher.docs, shared: self.finisher.shared, package: &package };
        match describer.render(
            &exposure.description,
            Some(start(exposure.span)),
            &format!("exposure `{}`", exposure.name),
        ) {
            Ok(Some(described)) => exposure.description = described.text.to_string(),
            Ok(None) => {}
            Err(problem) => self.problems.push(*problem),
        }
        self.manifest.exposures.insert(id, Arc::new(exposure));
    }

    /// Adds metrics.
    pub(super) fn metrics(&mut self, metrics: impl IntoIterator<Item = Metric>) {
        for mut metric in metrics {
            let id = metric.entry.unique_id.clone();
            if !metric.entry.config.enabled() {
                self.manifest.disabled.entry(id).or_default().push(Disabled::Metric(Arc::new(metric)));
            } else if self.is_new(&id, metric.entry.span, ("metrics", &metric.entry.name)) {
                self.describe_entry(&mut metric.entry);
                self.manifest.metrics.insert(id, Arc::new(metric));
            }
        }
    }

    /// Adds a semantic model, its description and those of its parts rendered.
    pub(super) fn semantic_model(&mut self, mut model: SemanticModel) {
        let id = model.entry.unique_id.clone();
        if !model.entry.config.enabled() {
            self.manifest.disabled.entry(id).or_default().push(Disabled::SemanticModel(Arc::new(model)));
        } else if self.is_new(&id, model.entry.span, ("semantic_models", &model.entry.name)) {
            self.describe_entry(&mut model.entry);
            let SemanticModel { dimensions, measures, entities, entry, .. } = &mut model;
            for part in dimensions.iter_mut().chain(measures).chain(entities) {
                if let Some(text) = part.get("description").and_then(|text| text.as_str()) {
                    part["description"] = self.description(entry, text).into();
                }
            }
            self.manifest.semantic_models.insert(id, Arc::new(model));
        }
    }

    /// Adds a saved query.
    pub(super) fn saved_query(&mut self, mut query: SavedQuery) {
        let id = query.entry.unique_id.clone();
        if !query.entry.config.enabled() {
            self.manifest.disabled.entry(id).or_default().push(Disabled::SavedQuery(Arc::new(query)));
        } else if self.is_new(&id, query.entry.span, ("saved_queries", &query.entry.name)) {
            self.describe_entry(&mut query.entry);
            self.manifest.saved_queries.insert(id, Arc::new(query));
        }
    }

    fn describe_entry(&mut self, entry: &mut SemanticEntry) {
        if let Some(text) = &entry.description {
            entry.description = Some(self.description(entry, text));
        }
    }

    /// Renders a description of the semantic layer.
    fn description(&mut self, entry: &SemanticEntry, text: &str) -> String {
        let describer = Describer {
            docs: self.finisher.docs,
            shared: self.finisher.shared,
            package: &entry.package_name,
        };
        match describer.render(text, Some(start(entry.span)), &format!("`{}`", entry.name)) {
            Ok(described) => {
                described.map_or_else(|| text.to_owned(), |described| described.text.to_string())
            }
            Err(problem) => {
                self.problems.push(*problem);
                text.to_owned()
            }
        }
    }

    /// Adds a group.
    pub(super) fn group(&mut self, group: crate::manifest::Group) {
        if self.is_new(&group.unique_id, group.span, ("groups", &group.name)) {
            self.manifest.groups.insert(group.unique_id.clone(), Arc::new(group));
        }
    }

    /// Adds a unit test; it is bound to its model at the end.
    pub(super) fn unit_test(&mut self, test: UnitTest) {
        if self.is_new(&test.unique_id, test.span, ("unit_tests", &test.name)) {
            self.unit_tests.push(test);
        }
    }

    /// Finds the node that tests of an entry are attached to: an enabled one, else a disabled one.
    pub(super) fn attached(&self) -> AttachIndex {
        AttachIndex::new(&self.manifest)
    }

    /// Resolves names, infers keys, and gives the manifest.
    pub(super) fn finish(mut self) -> Collected {
        let workspace = self.finisher.workspace;
        let package_first = workspace.flags.behavior("require_ref_searches_node_package_before_root");
        let lookup = Lookup::new(&self.manifest, &workspace.project.name, package_first);
        let resolver = self.resolver(&lookup, package_first);
        let nodes: Vec<&Arc<Node>> = self.manifest.all_nodes().collect();
        let resolved: Vec<(Option<Resolved>, Vec<Diagnostic>)> = nodes
            .into_par_iter()
            .map(|node| {
                let seed = matches!(node.kind, NodeKind::Seed { .. });
                if seed || (node.refs.is_empty() && node.sources.is_empty()) {
                    return (None, Vec::new());
                }
                let mut problems = Vec::new();
                (Some(resolver.node(node, &mut problems)), problems)
            })
            .collect();
        let mut wrong = Vec::new();
        let exposures: Vec<Arc<Exposure>> = self
            .manifest
            .exposures
            .values()
            .map(|exposure| {
                let resolved = resolver.exposure(exposure, &mut wrong);
                let mut exposure = Exposure::clone(exposure);
                exposure.depends_on.nodes = resolved.nodes;
                Arc::new(exposure)
            })
            .collect();
        let semantic_models: Vec<SemanticModel> = self
            .manifest
            .semantic_models
            .values()
            .map(|model| Binder::semantic_model(&self.manifest, model, &resolver, &mut wrong))
            .collect();
        self.problems.extend(wrong);
        for (node, (resolved, problems)) in self.manifest.all_nodes_mut().zip(resolved) {
            self.problems.extend(problems);
            if let Some(resolved) = resolved {
                // Nobody else has them yet, so that nothing is copied.
                apply(Arc::make_mut(node), resolved);
            }
        }
        for exposure in exposures {
            self.manifest.exposures.insert(exposure.unique_id.clone(), exposure);
        }
        self.bind_semantic_layer(semantic_models);
        self.bind_unit_tests(&lookup);
        self.infer_keys();
        self.bind_functions(&lookup, package_first);
        Collected { manifest: self.manifest, templates: self.templates, lookup, problems: self.problems }
    }

    fn resolver<'l>(&'l self, lookup: &'l Lookup, package_first: bool) -> Resolver<'l> {
        let workspace = self.finisher.workspace;
        let restricted = workspace.projects().map(|project| (&*project.name, project.restrict_access));
        Resolver {
            manifest: &self.manifest,
            lookup,
            root: &workspace.project.name,
            restricted: restricted.collect(),
            warn_on_root: !package_first,
        }
    }

    /// Adds the functions that nodes call to what they need: after all else, as in dbt.
    fn bind_functions(&mut self, lookup: &Lookup, package_first: bool) {
        let resolver = self.resolver(lookup, package_first);
        let callers = self.manifest.all_nodes().filter(|node| !node.functions.is_empty());
        let mut problems = Vec::new();
        let bound: Vec<Node> = callers
            .map(|node| {
                let mut bound = Node::clone(node);
                add(&mut bound, resolver.functions(node, &mut problems));
                bound
            })
            .collect();
        self.problems.extend(problems);
        for node in bound {
            self.manifest.insert_node(Arc::new(node));
        }
    }

    /// Binds metrics and saved queries, and what calls metrics.
    fn bind_semantic_layer(&mut self, models: Vec<SemanticModel>) {
        for model in models {
            self.manifest.semantic_models.insert(model.entry.unique_id.clone(), Arc::new(model));
        }
        let binder = Binder::new(&self.manifest, &self.finisher.workspace.project.name);
        let metrics = self.manifest.metrics.values().cloned().collect();
        for metric in binder.metrics(metrics, &mut self.problems) {
            self.manifest.metrics.insert(metric.entry.unique_id.clone(), Arc::new(metric));
        }
        for query in self.manifest.saved_queries.values_mut() {
            *query = Arc::new(binder.saved_query(query, &mut self.problems));
        }
        for node in self.manifest.nodes.values_mut().filter(|node| !node.metrics.is_empty()) {
            let who = format!("{} `{}`", node.resource_type(), node.name);
            let calls = node.metrics.clone();
            for call in &calls {
                match binder.metric_call(&who, (&node.package_name, node.span), call) {
                    Ok(id) if node.depends_on.nodes.contains(&id) => {}
                    Ok(id) => Arc::make_mut(node).depends_on.nodes.push(id),
                    Err(problem) => self.problems.push(*problem),
                }
            }
        }
        for exposure in self.manifest.exposures.values_mut().filter(|exposure| !exposure.metrics.is_empty()) {
            let who = format!("exposure `{}`", exposure.name);
            let calls = exposure.metrics.clone();
            for call in &calls {
                match binder.metric_call(&who, (&exposure.package_name, exposure.span), call) {
                    Ok(id) if exposure.depends_on.nodes.contains(&id) => {}
                    Ok(id) => Arc::make_mut(exposure).depends_on.nodes.push(id),
                    Err(problem) => self.problems.push(*problem),
                }
            }
        }
    }

    fn bind_unit_tests(&mut self, lookup: &Lookup) {
        for test in std::mem::take(&mut self.unit_tests) {
            match unit_tests::bind(test, &self.manifest, lookup, &mut self.problems) {
                Bound::Tests(tests) => {
                    for test in tests {
                        self.manifest.unit_tests.insert(test.unique_id.clone(), Arc::new(test));
                    }
                }
                Bound::Disabled(test) => {
                    let entry = self.manifest.disabled.entry(test.unique_id.clone()).or_default();
                    entry.push(Disabled::UnitTest(Arc::from(test)));
                }
                Bound::Nothing => {}
            }
        }
    }

    fn infer_keys(&mut self) {
        let disabled = self.manifest.disabled.values().flatten().filter_map(|disabled| match disabled {
            Disabled::Node(node) => Some(node),
            _ => None,
        });
        let mut tests: HashMap<UniqueId, Vec<Arc<Node>>> = HashMap::default();
        for node in self.manifest.nodes.values().chain(disabled) {
            if let Some(attached) = node.generic_test().and_then(|test| test.attached_node.clone()) {
                tests.entry(attached).or_default().push(Arc::clone(node));
            }
        }
        let none = Vec::new();
        for node in self.manifest.nodes.values_mut() {
            if !matches!(node.kind, NodeKind::Model { .. }) {
                continue;
            }
            let attached: Vec<&Node> =
                tests.get(&node.unique_id).unwrap_or(&none).iter().map(Arc::as_ref).collect();
            let key = primary_key::infer(node, &attached);
            if key.is_empty() {
                continue;
            }
            if let NodeKind::Model { primary_key, .. } = &mut Arc::make_mut(node).kind {
                *primary_key = key;
            }
        }
    }
}

/// Nodes by package, name and version, for tests to attach to.
pub(super) struct AttachIndex {
    enabled: HashMap<(Arc<str>, String, Option<String>), Attached>,
    disabled: HashMap<String, Attached>,
}

impl AttachIndex {
    fn new(manifest: &Manifest) -> Self {
        let attach = |node: &Node| Attached { id: node.unique_id.clone(), group: node.group.clone() };
        let mut enabled = HashMap::default();
        for node in manifest.nodes.values().filter(|node| node.resource_type().is_refable()) {
            let version = node.version();
            if version.is_none() || version == node.latest_version() {
                enabled.insert((Arc::clone(&node.package_name), node.name.clone(), None), attach(node));
            }
            if version.is_some() {
                enabled.insert((Arc::clone(&node.package_name), node.name.clone(), version), attach(node));
            }
        }
        let mut disabled = HashMap::default();
        for entry in manifest.disabled.values().flatten() {
            if let Disabled::Node(node) = entry {
                disabled.entry(node.name.clone()).or_insert_with(|| attach(node));
            }
        }
        Self { enabled, disabled }
    }

    /// Finds a node.
    pub(super) fn find(&self, package: &Arc<str>, name: &str, version: Option<String>) -> Option<Attached> {
        let key = (Arc::clone(package), name.to_owned(), version);
        self.enabled.get(&key).or_else(|| self.disabled.get(name)).cloned()
    }
}
