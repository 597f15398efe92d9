//! Files → drafts of nodes: each file of a kind is compiled and rendered once, to learn what it refs, reads,
//! calls and configures. Pure per file, so files are handled in parallel. Called by `mod`.

use std::sync::Arc;

use crate::context::{Capture, ParseScope, Shared};
use crate::diag::{Diagnostic, Span};
use crate::files;
use crate::jinja::{BlockKind, Scope, Template, blocks};
use crate::manifest::{Checksum, Language, Node, NodeKind, ResourceType};
use crate::project::Project;
use crate::yaml::Yaml;

use super::block_text;
use super::config::{self, Layer};
use super::discover::{ProjectFile, SeedFile};
use super::models;
use super::node::{Builder, Code, Draft, Identity, unconfigured};
use super::properties::Properties;
use super::python_model;
use super::static_ref::{self, Reference};
use super::written_config;

/// Makes drafts.
pub(super) struct Drafter<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) builder: &'a Builder<'a>,
    pub(super) created_at: f64,
}

/// Drafts with the problems of their file.
pub(super) type Drafted = (Vec<Draft>, Vec<Diagnostic>);

/// Cuts white space off both ends, as dbt does with every file; returns where the rest lies.
fn trimmed(file: &ProjectFile) -> std::ops::Range<usize> {
    let start = file.text.len() - file.text.trim_start().len();
    start..start.max(file.text.trim_end().len())
}

fn slice(file: &ProjectFile, range: std::ops::Range<usize>) -> Arc<str> {
    if range.len() == file.text.len() { Arc::clone(&file.text) } else { Arc::from(&file.text[range]) }
}

fn checksum(text: &str) -> Checksum {
    Checksum { name: "sha256".to_owned(), checksum: files::checksum(text) }
}

fn join(folder: &str, path: &str) -> String {
    format!("{folder}/{path}")
}

impl Drafter<'_> {
    /// Drafts a model.
    pub(super) fn model(&self, file: &ProjectFile) -> Drafted {
        let (resource, path) = (ResourceType::Model, file.path.to_string());
        let mut fqn = file.fqn_prefix();
        fqn.push(file.stem().to_owned());
        self.whole(file, self.identity(file, resource, path, fqn), models::kind())
    }

    /// Drafts a function; in Python, too, its code is a template.
    pub(super) fn function(&self, file: &ProjectFile) -> Drafted {
        let mut fqn = file.fqn_prefix();
        fqn.push(file.stem().to_owned());
        let identity = self.identity(file, ResourceType::Function, file.path.to_string(), fqn);
        self.whole(file, identity, NodeKind::Function(Box::default()))
    }

    /// Drafts an analysis.
    pub(super) fn analysis(&self, file: &ProjectFile) -> Drafted {
        let path = join("analysis", file.path.as_str());
        let mut fqn = file.fqn_prefix();
        fqn.insert(1, "analysis".to_owned());
        fqn.push(file.stem().to_owned());
        self.whole(file, self.identity(file, ResourceType::Analysis, path, fqn), NodeKind::Analysis)
    }

    /// Drafts a singular test.
    pub(super) fn singular_test(&self, file: &ProjectFile) -> Drafted {
        let mut fqn = file.fqn_prefix();
        fqn.push(file.stem().to_owned());
        let identity = self.identity(file, ResourceType::Test, file.path.to_string(), fqn);
        self.whole(file, identity, NodeKind::SingularTest)
    }

    /// Drafts a seed; nothing of it is rendered.
    pub(super) fn seed(&self, seed: &SeedFile, project: &Project) -> Draft {
        let file = &seed.file;
        let mut fqn = file.fqn_prefix();
        fqn.push(file.stem().to_owned());
        let identity = self.identity(file, ResourceType::Seed, file.path.to_string(), fqn);
        let code = Code {
            text: Arc::from(""),
            checksum: seed.checksum.clone(),
            language: Language::Sql,
            file: file.file,
            span: Span::new(file.file, 0, 0),
        };
        let kind = NodeKind::Seed { root_path: project.root.to_string() };
        let node = Arc::new(unconfigured(identity, code, kind, self.created_at));
        Draft { node, template: None, capture: Capture::default(), calls: Layer::default(), literal: None }
    }

    /// Drafts the snapshots of a file.
    pub(super) fn snapshots(&self, file: &ProjectFile) -> Drafted {
        let mut problems = Vec::new();
        let sum = checksum(&file.text);
        let (found, wrong) = blocks(&file.text, file.file);
        problems.extend(wrong);
        let (found, others): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|block| block.kind == BlockKind::Snapshot);
        problems.extend(others.iter().flat_map(|block| block.misplaced(&file.text, file.file)));
        let mut drafts = Vec::new();
        for block in found {
            let body = block_text::body(&file.text, &block);
            let mut fqn = file.fqn_prefix();
            fqn.extend([file.stem().to_owned(), block.name.clone()]);
            let identity = Identity {
                name: block.name.clone(),
                ..self.identity(file, ResourceType::Snapshot, file.path.to_string(), fqn)
            };
            let code = Code {
                text: slice(file, body.clone()),
                checksum: sum.clone(),
                language: Language::Sql,
                file: file.file,
                span: Span::new(file.file, body.start, body.end),
            };
            let node = Arc::new(unconfigured(identity, code, NodeKind::Snapshot, self.created_at));
            drafts.push(self.rendered(node, &mut problems));
        }
        (drafts, problems)
    }

    /// Drafts a snapshot that a property file defines: its code selects all of a relation.
    pub(super) fn yaml_snapshot(
        &self,
        properties: &Properties,
        relation: &Yaml,
        file: &ProjectFile,
    ) -> Drafted {
        let mut problems = Vec::new();
        let mut fqn = file.fqn_prefix();
        fqn.push(properties.name.clone());
        let path = join(file.path.as_str(), &format!("{}.sql", properties.name));
        let identity = Identity {
            name: properties.name.clone(),
            ..self.identity(file, ResourceType::Snapshot, path, fqn)
        };
        let mut capture = Capture::default();
        let written =
            relation.expect_str("relation").map_err(|problem| problems.push(*problem)).unwrap_or_default();
        match static_ref::parse(written, relation.span) {
            Ok(Reference::Ref(call)) => capture.refs.push(call),
            Ok(Reference::Source(call)) => capture.sources.push(call),
            Ok(Reference::Metric(_)) | Err(_) => {
                let message = format!("`relation` of snapshot `{}` is no `ref` or `source`", properties.name);
                problems.push(Diagnostic::error(crate::diag::Code::INVALID_RESOURCE, relation.span, message));
            }
        }
        let code = Code {
            text: format!("select * from {{{{ {written} }}}}").into(),
            checksum: checksum(&file.text),
            language: Language::Sql,
            file: file.file,
            span: properties.name_span,
        };
        let node = Arc::new(unconfigured(identity, code, NodeKind::Snapshot, self.created_at));
        (vec![Draft { node, template: None, capture, calls: Layer::default(), literal: None }], problems)
    }

    /// Drafts the `on-run-start` and `on-run-end` hooks of a project.
    pub(super) fn hooks(&self, project: &Project, project_text: &str) -> Drafted {
        let mut problems = Vec::new();
        let sum = checksum(project_text);
        let lists = [("on-run-start", &project.on_run_start), ("on-run-end", &project.on_run_end)];
        let mut drafts = Vec::new();
        for (kind, hooks) in lists {
            for (index, hook) in hooks.iter().enumerate() {
                let name = format!("{}-{kind}-{index}", project.name);
                let identity = Identity {
                    resource: ResourceType::Operation,
                    package: Arc::clone(&project.name),
                    path: format!("hooks/{name}.sql"),
                    original_file_path: "./dbt_project.yml".to_owned(),
                    fqn: vec![project.name.to_string(), "hooks".to_owned(), name.clone()],
                    name,
                };
                let code = Code {
                    text: hook.as_str().unwrap_or_default().into(),
                    checksum: sum.clone(),
                    language: Language::Sql,
                    file: project.file,
                    span: hook.span,
                };
                let mut node = unconfigured(identity, code, NodeKind::Operation { index }, self.created_at);
                node.tags.push(kind.to_owned());
                drafts.push(self.rendered(Arc::new(node), &mut problems));
            }
        }
        (drafts, problems)
    }

    #[expect(clippy::unused_self, reason = "called like its siblings")]
    fn identity(
        &self,
        file: &ProjectFile,
        resource: ResourceType,
        path: String,
        fqn: Vec<String>,
    ) -> Identity {
        Identity {
            resource,
            package: Arc::clone(&file.package),
            name: file.stem().to_owned(),
            path,
            original_file_path: file.original.to_string(),
            fqn,
        }
    }

    /// Drafts a node whose code is a whole file.
    fn whole(&self, file: &ProjectFile, identity: Identity, kind: NodeKind) -> Drafted {
        let mut problems = Vec::new();
        let range = trimmed(file);
        let is_python = file.path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("py"));
        let code = Code {
            text: slice(file, range.clone()),
            checksum: checksum(&file.text),
            language: if is_python { Language::Python } else { Language::Sql },
            file: file.file,
            span: Span::new(file.file, range.start, range.end),
        };
        let node = Arc::new(unconfigured(identity, code, kind, self.created_at));
        if is_python && matches!(node.kind, NodeKind::Model { .. }) {
            let mut capture = python_model::read(&node.raw_code, file.file, &mut problems);
            shift(&mut capture, range.start);
            let (calls, _) = joined_calls(&mut capture, false, &mut problems);
            return (vec![Draft { node, template: None, capture, calls, literal: None }], problems);
        }
        (vec![self.rendered(node, &mut problems)], problems)
    }

    /// Compiles and renders the code of a node.
    fn rendered(&self, node: Arc<Node>, problems: &mut Vec<Diagnostic>) -> Draft {
        let (capture, template) = match self.capture(&node, problems) {
            Some((capture, template)) => (capture, Some(template)),
            None => (Capture::default(), None),
        };
        let mut capture = capture;
        let is_static = template.as_ref().is_some_and(|template| self.is_static(&node, template));
        let (mut calls, literal) = joined_calls(&mut capture, is_static, problems);
        // dbt keeps the values of literals, which mean the same everywhere.
        if self.builder.as_written && !is_static {
            calls.keep_all_written(written_config::arguments(&node.raw_code));
        }
        if is_static {
            let mut named: Vec<(String, String)> = Vec::new();
            capture.sources.retain(|call| {
                let name = (call.source.clone(), call.table.clone());
                let is_new = !named.contains(&name);
                named.push(name);
                is_new
            });
        }
        Draft { node, template, capture, calls, literal }
    }

    /// dbt does not render a model that only refs, reads and configures with literals.
    fn is_static(&self, node: &Node, template: &Template) -> bool {
        let code = &*node.raw_code;
        let functions = ["ref", "source", "config"];
        let macros = &self.shared.macros;
        matches!(node.kind, NodeKind::Model { .. })
            && !["{%", "{{-", "-}}"].iter().any(|mark| code.contains(mark))
            && template.only_calls(&functions)
            && functions.iter().all(|name| macros.bare(&node.package_name, name).is_none())
    }

    fn capture(&self, node: &Arc<Node>, problems: &mut Vec<Diagnostic>) -> Option<(Capture, Template)> {
        let engine = &self.shared.engine;
        let source = self.shared.sources.get(node.file)?;
        // A hook's text went through YAML, where quotes and escapes went: it is a text of its own.
        let compiled = if matches!(node.kind, NodeKind::Operation { .. }) {
            let file = self.shared.sources.add_inner(node.name.as_str(), Arc::clone(&node.raw_code));
            engine.compile(file, &node.raw_code, 0..node.raw_code.len())
        } else {
            engine.compile(node.file, &source.text, node.span.range())
        };
        let name = || format!("{} `{}`", node.resource_type(), node.name);
        let template = match compiled {
            Ok(template) => template,
            Err(error) => {
                problems.push(error.into_diagnostic());
                return None;
            }
        };
        let scope =
            ParseScope::new(Arc::clone(self.shared), &node.package_name, Some(self.builder.parse_node(node)));
        let dynamic: Arc<dyn Scope> = Arc::new(scope.clone());
        if let Err(error) = engine.render(&template, &dynamic) {
            problems.push(error.frame(name(), None).into_diagnostic());
        }
        Some((scope.take(), template))
    }
}

/// Joins the `config()` calls of a file. Of a static file, which dbt does not render, the second layer has their arguments
/// as it keeps them: the last of each key, not joined.
fn joined_calls(
    capture: &mut Capture,
    is_static: bool,
    problems: &mut Vec<Diagnostic>,
) -> (Layer, Option<Layer>) {
    let (mut calls, mut literal) = (Layer::default(), is_static.then(Layer::default));
    for call in std::mem::take(&mut capture.configs) {
        let layer = config::call_layer(call.values, call.span, problems);
        if let Some(literal) = &mut literal {
            add_literals(literal, &layer);
        }
        config::add_call(&mut calls, &layer, problems);
    }
    (calls, literal)
}

/// Grants are shown as lists where dbt joins configs key by key: everywhere but in the first key of the file, and but
/// in grants that come again.
fn add_literals(literal: &mut Layer, call: &Layer) {
    for setting in call.iter() {
        let is_listed = !literal.is_empty() && literal.get(&setting.key).is_none();
        let value = if &*setting.key == "grants" && is_listed {
            config::listed_grants(&setting.value)
        } else {
            setting.value.clone()
        };
        literal.set(setting.key.clone(), value, setting.span);
    }
}

/// Moves places that were counted from the first character that is no space.
fn shift(capture: &mut Capture, by: usize) {
    let by = u32::try_from(by).unwrap_or(0);
    let move_on = |span: &mut Option<Span>| {
        if let Some(span) = span {
            (span.start, span.end) = (span.start + by, span.end + by);
        }
    };
    capture.refs.iter_mut().for_each(|call| move_on(&mut call.span));
    capture.sources.iter_mut().for_each(|call| move_on(&mut call.span));
    capture.functions.iter_mut().for_each(|call| move_on(&mut call.span));
    capture.configs.iter_mut().for_each(|call| move_on(&mut call.span));
}
