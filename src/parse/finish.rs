//! Drafts and the entries that describe them → nodes. Called by `pipeline`.

use std::sync::Arc;

use rayon::prelude::*;

use crate::context::{Capture, ParseScope, Shared};
use crate::diag::{Code, Diagnostic, Span};
use crate::jinja::{Scope, Template};
use crate::manifest::{Columns, Node, NodeKind};
use crate::project::Workspace;

use super::columns::{self, SharedColumns};
use super::config::{Layer, Resolved};
use super::descriptions::{Described, Describer, Docs};
use super::discover::{ProjectFile, ProjectFiles};
use super::drafts::{Drafted, Drafter};
use super::models;
use super::node::{Builder, Draft, Patch, take_capture};
use super::patches::{Assigned, Assigner};
use super::properties::{Properties, Section, Version};

/// Makes nodes.
pub(super) struct Finisher<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) builder: &'a Builder<'a>,
    pub(super) workspace: &'a Workspace,
    pub(super) docs: &'a Arc<Docs>,
    pub(super) columns: &'a SharedColumns,
    pub(super) created_at: f64,
}

/// A node with its compiled code.
pub(super) struct NodeWithCode {
    pub(super) node: Arc<Node>,
    pub(super) template: Option<Template>,
}

impl Finisher<'_> {
    /// Makes the nodes of all projects but generic tests. `properties` describe them.
    pub(super) fn nodes(
        &self,
        files: &[ProjectFiles],
        properties: &[Properties],
        problems: &mut Vec<Diagnostic>,
    ) -> Vec<NodeWithCode> {
        let drafts = self.drafts(files, properties, problems);
        let enabled: Vec<bool> = drafts.par_iter().map(|draft| self.builder.enabled_by_file(draft)).collect();
        let (assigned, wrong) = Assigner::new(&drafts, &enabled, properties).run();
        problems.extend(wrong);
        let finished: Vec<(NodeWithCode, Vec<Diagnostic>)> = drafts
            .into_par_iter()
            .zip(assigned)
            .map(|(draft, assigned)| {
                let mut wrong = Vec::new();
                (self.node(draft, assigned, properties, &mut wrong), wrong)
            })
            .collect();
        let mut nodes = Vec::with_capacity(finished.len());
        for (node, wrong) in finished {
            nodes.push(node);
            problems.extend(wrong);
        }
        nodes
    }

    fn drafts(
        &self,
        files: &[ProjectFiles],
        properties: &[Properties],
        problems: &mut Vec<Diagnostic>,
    ) -> Vec<Draft> {
        let drafter = Drafter { shared: self.shared, builder: self.builder, created_at: self.created_at };
        let mut drafts = Vec::new();
        let mut keep = |drafted: Vec<Drafted>| {
            for (found, wrong) in drafted {
                drafts.extend(found);
                problems.extend(wrong);
            }
        };
        for (files, project) in files.iter().zip(self.workspace_projects()) {
            keep(files.models.par_iter().map(|file| drafter.model(file)).collect());
            keep(files.snapshots.par_iter().map(|file| drafter.snapshots(file)).collect());
            keep(files.analyses.par_iter().map(|file| drafter.analysis(file)).collect());
            keep(files.singular_tests.par_iter().map(|file| drafter.singular_test(file)).collect());
            keep(files.seeds.iter().map(|seed| (vec![drafter.seed(seed, project)], Vec::new())).collect());
            keep(files.functions.par_iter().map(|file| drafter.function(file)).collect());
            let text = self.shared.sources.get(project.file).map(|source| Arc::clone(&source.text));
            keep(vec![drafter.hooks(project, &text.unwrap_or_default())]);
        }
        for described in properties {
            let Some(relation) = &described.relation else { continue };
            let of = |file: &&ProjectFile| file.file == described.file.file;
            let file = files.iter().flat_map(|files| &files.properties).find(of);
            keep(file.map(|file| drafter.yaml_snapshot(described, relation, file)).into_iter().collect());
        }
        drafts
    }

    /// Returns the projects in the order in which files were read: the root first.
    pub(super) fn workspace_projects(&self) -> impl Iterator<Item = &crate::project::Project> {
        std::iter::once(&self.workspace.project).chain(&self.workspace.packages)
    }

    fn node(
        &self,
        mut draft: Draft,
        assigned: Option<Assigned>,
        all: &[Properties],
        problems: &mut Vec<Diagnostic>,
    ) -> NodeWithCode {
        let template = draft.template.take();
        let described = assigned.and_then(|assigned| {
            let properties = all.get(assigned.properties)?;
            Some((properties, assigned.version.and_then(|at| properties.versions.get(at))))
        });
        if let Some((properties, Some(version))) = described {
            models::make_version(Arc::make_mut(&mut draft.node), properties, version);
        }
        let patch = described.map(|(properties, version)| patch(properties, version));
        let (calls, patched) = (draft.calls.clone(), patch.as_ref().map(|patch| patch.config.clone()));
        let (mut finished, resolved) = self.builder.finish(draft, patch, problems);
        let node = Arc::make_mut(&mut finished);
        let applied_twice = described.is_some_and(|(_, version)| version.is_some())
            || patched.as_ref().is_some_and(|config| !config.is_empty());
        self.hooks(node, &resolved, &calls, applied_twice, problems);
        if let Some((properties, version)) = described {
            if matches!(node.kind, NodeKind::Model { .. }) {
                models::describe(node, properties, version, problems);
            }
            if let (NodeKind::Function(signature), Some(declared)) = (&mut node.kind, &properties.signature) {
                **signature = declared.clone();
            } else if node.config.enabled() {
                self.describe(node, properties, version, problems);
            }
        }
        NodeWithCode { node: finished, template }
    }

    /// Renders the hooks of a node, since what they ref counts. dbt does so each time it resolves the
    /// configuration, the first time without the entry.
    #[expect(clippy::too_many_arguments, reason = "each is needed, and no two belong together")]
    fn hooks(
        &self,
        node: &mut Node,
        resolved: &Resolved,
        calls: &Layer,
        applied_twice: bool,
        problems: &mut Vec<Diagnostic>,
    ) {
        let of = |values: &crate::manifest::JsonMap| -> Vec<String> {
            let lists = ["pre-hook", "post-hook"].iter().filter_map(|key| values.get(*key)?.as_array());
            lists.flatten().filter_map(|hook| hook.get("sql")?.as_str().map(str::to_owned)).collect()
        };
        let last = of(&resolved.said.values);
        if last.is_empty() {
            return;
        }
        let mut hooks = Vec::new();
        if applied_twice {
            let resource = node.resource_type();
            let trees = self.builder.trees.layers(resource, &node.package_name, &node.fqn);
            let first = self.builder.memo.resolve(resource, &trees, (None, calls), &mut Vec::new());
            hooks = of(&first.said.values);
        }
        hooks.extend(last);
        let known = Arc::new(node.clone());
        let scope = ParseScope::new(
            Arc::clone(self.shared),
            &node.package_name,
            Some(self.builder.parse_node(&known)),
        );
        let dynamic: Arc<dyn Scope> = Arc::new(scope.clone());
        for hook in hooks {
            if let Err(error) = self.shared.render_text(&hook, &dynamic) {
                let name = format!("hook of {} `{}`", node.resource_type(), node.name);
                problems.push(error.frame(name, None).into_diagnostic());
            }
        }
        let mut capture: Capture = scope.take();
        let place = resolved.place("pre-hook").or_else(|| resolved.place("post-hook"));
        if matches!(node.kind, NodeKind::Seed { .. })
            && !(capture.refs.is_empty() && capture.sources.is_empty())
        {
            problems.push(seed_with_parents(node, place));
            return;
        }
        capture.refs.iter_mut().for_each(|call| call.span = place);
        capture.sources.iter_mut().for_each(|call| call.span = place);
        capture.configs.clear();
        take_capture(node, capture);
    }

    fn describe(
        &self,
        node: &mut Node,
        properties: &Properties,
        version: Option<&Version>,
        problems: &mut Vec<Diagnostic>,
    ) {
        let package = Arc::clone(&node.package_name);
        let describer = Describer { docs: self.docs, shared: self.shared, package: &package };
        let who = format!("{} `{}`", node.resource_type(), node.name);
        let own =
            version.map(|version| &version.description).filter(|description| !description.text.is_empty());
        let span = own.unwrap_or(&properties.description).span;
        match describer.render(&node.description, span, &who) {
            Ok(Some(Described { text, blocks })) => {
                (node.description, node.doc_blocks) = (text.to_string(), blocks);
            }
            Ok(None) => {}
            Err(problem) => problems.push(*problem),
        }
        let columns = match version {
            Some(version) => properties.columns_of(version),
            None => properties.columns.iter().collect(),
        };
        for column in columns {
            let Some(shown) = node.columns.get_mut(&column.shown.name) else { continue };
            let described = describer.column(shown, column.description_span, &who, self.columns);
            problems.extend(described.err().map(|problem| *problem));
        }
    }
}

/// As in dbt, whose first words these are: a seed is loaded before everything that a hook could refer to.
fn seed_with_parents(node: &Node, place: Option<Span>) -> Diagnostic {
    let message =
        format!("Seeds cannot depend on other nodes; a hook of `{}` calls `ref` or `source`", node.name);
    Diagnostic::error(Code::INVALID_RESOURCE, place, message)
        .help("move the statement to a hook of a model, or write the relation's name out")
}

fn patch(properties: &Properties, version: Option<&Version>) -> Patch {
    let own = version.map(|version| &version.description.text).filter(|text| !text.is_empty());
    let columns = match version {
        // Of a function dbt shows none, though its entry may list some.
        None if properties.section == Section::Functions => Columns::default(),
        Some(version) => columns::by_name(properties.columns_of(version)),
        None => columns::by_name(&properties.columns),
    };
    Patch {
        patch_path: properties.file.patch_path(),
        description: own.unwrap_or(&properties.description.text).clone(),
        columns,
        config: match version {
            Some(version) => models::join_configs(&properties.config, &version.config),
            None => properties.config.clone(),
        },
    }
}
