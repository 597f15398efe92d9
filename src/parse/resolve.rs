//! Names to ids: what every `ref()`, `source()` and `function()` of nodes and exposures means, with dbt's rules of access
//! (`resources.md` sections 4 and 10). Each problem points at the call. Called by `mod` when all nodes are
//! known; cycles are found by whoever builds the graph.

use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::hash::HashMap;
use crate::manifest::{
    Config, Found, FunctionCall, Json, Lookup, Manifest, Node, NodeKind, RefCall, ResourceType,
    SemanticModel, SourceCall, UniqueId, version_text,
};

/// Who asks.
struct Asker<'a> {
    id: &'a UniqueId,
    name: &'a str,
    resource: ResourceType,
    package: &'a Arc<str>,
    group: Option<&'a str>,
    /// Where a call is taken to be that has no place of its own.
    span: Span,
}

/// What a call led to.
enum Answer {
    Id(UniqueId),
    /// The asker is a test of something that is not there: it is switched off.
    Off,
    /// A problem was reported.
    Nothing,
}

/// Resolves calls.
pub(super) struct Resolver<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) lookup: &'a Lookup,
    pub(super) root: &'a str,
    /// Packages whose protected models only they may use.
    pub(super) restricted: HashMap<&'a str, bool>,
    /// Whether a package's node is told when it uses a node of the root project by its bare name.
    pub(super) warn_on_root: bool,
}

/// The resources that a node or exposure needs; `enabled` is false when a test has to be switched off.
pub(super) struct Resolved {
    pub(super) nodes: Vec<UniqueId>,
    pub(super) enabled: bool,
}

impl Resolver<'_> {
    /// Resolves the calls of a node.
    pub(super) fn node(&self, node: &Node, problems: &mut Vec<Diagnostic>) -> Resolved {
        // Of functions dbt resolves no sources before they run: they have no edge in the graph.
        let sources = if node.signature().is_some() { &[] } else { &*node.sources };
        self.all(&Self::asker(node), &node.refs, sources, problems)
    }

    fn asker(node: &Node) -> Asker<'_> {
        Asker {
            id: &node.unique_id,
            name: &node.name,
            resource: node.resource_type(),
            package: &node.package_name,
            group: node.group.as_deref(),
            span: node.span,
        }
    }

    /// Resolves the `function()` calls of a node.
    pub(super) fn functions(&self, node: &Node, problems: &mut Vec<Diagnostic>) -> Resolved {
        let asker = Self::asker(node);
        joined(&asker, node.functions.iter().map(|call| self.function(&asker, call, problems)))
    }

    /// Resolves the calls of an exposure.
    pub(super) fn exposure(
        &self,
        exposure: &crate::manifest::Exposure,
        problems: &mut Vec<Diagnostic>,
    ) -> Resolved {
        let asker = Asker {
            id: &exposure.unique_id,
            name: &exposure.name,
            resource: ResourceType::Exposure,
            package: &exposure.package_name,
            group: None,
            span: exposure.span,
        };
        self.all(&asker, &exposure.refs, &exposure.sources, problems)
    }

    /// Resolves the model of a semantic model.
    pub(super) fn semantic_model(&self, model: &SemanticModel, problems: &mut Vec<Diagnostic>) -> Resolved {
        let asker = Asker {
            id: &model.entry.unique_id,
            name: &model.entry.name,
            resource: ResourceType::SemanticModel,
            package: &model.entry.package_name,
            group: model.entry.group.as_deref(),
            span: model.entry.span,
        };
        self.all(&asker, &model.refs, &[], problems)
    }

    /// Sources come first, as in dbt.
    fn all(
        &self,
        asker: &Asker<'_>,
        refs: &[RefCall],
        sources: &[SourceCall],
        problems: &mut Vec<Diagnostic>,
    ) -> Resolved {
        let sources = sources.iter().map(|call| self.source(asker, call, problems)).collect::<Vec<_>>();
        let refs = refs.iter().map(|call| self.reference(asker, call, problems)).collect::<Vec<_>>();
        joined(asker, sources.into_iter().chain(refs))
    }

    fn function(&self, asker: &Asker<'_>, call: &FunctionCall, problems: &mut Vec<Diagnostic>) -> Answer {
        let place = call.span.unwrap_or(asker.span);
        let written = call.written();
        let is_test = asker.resource == ResourceType::Test;
        match self.lookup.function(asker.package, call.package.as_deref(), &call.name) {
            Found::One(id) => Answer::Id(id),
            Found::Disabled(_) if is_test => Answer::Off,
            Found::Disabled(id) => {
                let message = format!("{} depends on `{written}`, which is disabled", describe(asker));
                problems.push(self.point_at(Diagnostic::error(Code::DISABLED_REF, place, message), &id));
                Answer::Nothing
            }
            Found::Ambiguous(ids) => {
                problems.push(ambiguous(asker, &format!("`{written}`"), &ids, place));
                Answer::Nothing
            }
            Found::Missing | Found::NoSuchVersion(_) if is_test => {
                problems.push(self.missing_for_test(asker, &format!("`{written}`"), None, place));
                Answer::Off
            }
            Found::Missing | Found::NoSuchVersion(_) => {
                let message = format!("{} depends on `{written}`, which was not found", describe(asker));
                problems.push(
                    Diagnostic::error(Code::UNKNOWN_REF, place, message)
                        .help::<String>(suggest(&call.name, self.lookup.function_names()))
                        .help("functions are files in the folders of `function-paths`"),
                );
                Answer::Nothing
            }
        }
    }

    fn source(&self, asker: &Asker<'_>, call: &SourceCall, problems: &mut Vec<Diagnostic>) -> Answer {
        let place = call.span.unwrap_or(asker.span);
        let name = format!("{}.{}", call.source, call.table);
        match self.lookup.source(asker.package, &call.source, &call.table) {
            Found::One(id) => Answer::Id(id),
            Found::Disabled(id) if asker.resource == ResourceType::Test => {
                problems.push(self.missing_for_test(asker, &format!("source `{name}`"), Some(&id), place));
                Answer::Off
            }
            Found::Disabled(id) => {
                let message = format!("{} depends on source `{name}`, which is disabled", describe(asker));
                problems.push(self.point_at(Diagnostic::error(Code::UNKNOWN_SOURCE, place, message), &id));
                Answer::Nothing
            }
            Found::Ambiguous(ids) => {
                problems.push(ambiguous(asker, &format!("source `{name}`"), &ids, place));
                Answer::Nothing
            }
            Found::Missing | Found::NoSuchVersion(_) => {
                let known: Vec<&str> = self.lookup.source_names().collect();
                if asker.resource == ResourceType::Test {
                    let problem = self.missing_for_test(asker, &format!("source `{name}`"), None, place);
                    problems.push(problem.help::<String>(suggest(&name, known)));
                    return Answer::Off;
                }
                let message =
                    format!("{} depends on a source named '{name}' which was not found", describe(asker));
                problems.push(
                    Diagnostic::error(Code::UNKNOWN_SOURCE, place, message)
                        .help::<String>(suggest(&name, known))
                        .help("sources are declared under `sources:` in a property file"),
                );
                Answer::Nothing
            }
        }
    }

    fn reference(&self, asker: &Asker<'_>, call: &RefCall, problems: &mut Vec<Diagnostic>) -> Answer {
        let place = call.span.unwrap_or(asker.span);
        let written = call.written();
        match self.lookup.node(asker.package, call.package.as_deref(), &call.name, call.version.as_ref()) {
            Found::One(id) => self.allowed(asker, call, id, problems),
            Found::Disabled(id) if asker.resource == ResourceType::Test => {
                // dbt says nothing when a test's model is disabled: the test goes with it.
                let _ = id;
                Answer::Off
            }
            Found::Disabled(id) => {
                let message =
                    format!("{} depends on a node named '{}' which is disabled", describe(asker), call.name);
                problems.push(self.point_at(Diagnostic::error(Code::DISABLED_REF, place, message), &id));
                Answer::Nothing
            }
            Found::Ambiguous(ids) => {
                problems.push(ambiguous(asker, &format!("`{written}`"), &ids, place));
                Answer::Nothing
            }
            Found::NoSuchVersion(versions) => {
                let version = call.version.as_ref().map(version_text).unwrap_or_default();
                let message = format!(
                    "{} depends on version {version} of `{}`, which was not found",
                    describe(asker),
                    call.name
                );
                let problem = if asker.resource == ResourceType::Test {
                    Diagnostic::warning(Code::UNKNOWN_REF, place, message)
                } else {
                    Diagnostic::error(Code::UNKNOWN_REF, place, message)
                };
                problems.push(problem.note(format!("versions of `{}`: {}", call.name, versions.join(", "))));
                Answer::Off
            }
            Found::Missing if asker.resource == ResourceType::Test => {
                let problem = self.missing_for_test(asker, &format!("`{written}`"), None, place);
                problems.push(problem.help::<String>(suggest(&call.name, self.lookup.node_names())));
                Answer::Off
            }
            Found::Missing => {
                problems.push(self.missing(asker, call, place));
                Answer::Nothing
            }
        }
    }

    fn missing(&self, asker: &Asker<'_>, call: &RefCall, place: Span) -> Diagnostic {
        let whose =
            call.package.as_ref().map(|name| format!("in package or project '{name}' ")).unwrap_or_default();
        let message =
            format!("{} depends on a node named '{}' {whose}which was not found", describe(asker), call.name);
        let mut problem = Diagnostic::error(Code::UNKNOWN_REF, place, message)
            .help::<String>(suggest(&call.name, self.lookup.node_names()));
        if let Some(package) = &call.package {
            let elsewhere = self.lookup.node(package, None, &call.name, call.version.as_ref());
            if let Found::One(id) = elsewhere {
                problem = problem.help(format!("package `{package}` has no such model, but there is `{id}`"));
            }
        }
        if problem.help.is_empty() {
            problem = problem
                .help("only models, seeds and snapshots of this project and its packages can be named");
        }
        let is_source = self.lookup.source_names().any(|name| name.split('.').nth(1) == Some(&*call.name));
        if is_source {
            problem = problem.help(format!("`{}` is a table of a source: use `source()`", call.name));
        }
        problem
    }

    fn missing_for_test(
        &self,
        asker: &Asker<'_>,
        what: &str,
        disabled: Option<&UniqueId>,
        place: Span,
    ) -> Diagnostic {
        let state = if disabled.is_some() { "is disabled" } else { "does not exist" };
        let message = format!("test `{}` depends on {what}, which {state}", asker.name);
        let problem = Diagnostic::warning(Code::UNKNOWN_REF, place, message).note("the test is switched off");
        match disabled {
            Some(id) => self.point_at(problem, id),
            None => problem,
        }
    }

    /// Adds the place where something disabled is defined.
    fn point_at(&self, problem: Diagnostic, id: &UniqueId) -> Diagnostic {
        let disabled = self.manifest.disabled.get(id).and_then(|all| all.first());
        match disabled {
            Some(crate::manifest::Disabled::Node(node)) => problem.label(start(node.span), "disabled here"),
            Some(crate::manifest::Disabled::Source(table)) => {
                problem.label(start(table.span), "disabled here")
            }
            _ => problem,
        }
    }

    /// Applies the rules of access.
    fn allowed(
        &self,
        asker: &Asker<'_>,
        call: &RefCall,
        id: UniqueId,
        problems: &mut Vec<Diagnostic>,
    ) -> Answer {
        let Some(target) = self.manifest.nodes.get(&id) else { return Answer::Nothing };
        let place = call.span.unwrap_or(asker.span);
        let foreign = target.package_name != *asker.package;
        if let NodeKind::Model { access, .. } = &target.kind
            && asker.resource != ResourceType::SqlOperation
        {
            let restricted = self.restricted.get(&*target.package_name).copied().unwrap_or(false);
            let same_group = asker.group.is_some() && asker.group == target.group.as_deref();
            let refused = match access.as_str() {
                "private" if !same_group || (foreign && restricted) => {
                    let group = target.group.as_deref().unwrap_or_default();
                    Some(format!("which is private to the group `{group}`"))
                }
                "protected" if foreign && restricted => {
                    Some(format!("which is protected: only package `{}` may use it", target.package_name))
                }
                _ => None,
            };
            if let Some(reason) = refused {
                let message = format!("{} refs `{}`, {reason}", describe(asker), target.name);
                problems.push(
                    Diagnostic::error(Code::ACCESS, place, message)
                        .help("put both into one group, or give the model a wider `access`"),
                );
                return Answer::Nothing;
            }
        }
        let names_root = call.package.as_deref() == Some(self.root);
        if self.warn_on_root && foreign && *target.package_name == *self.root && !names_root {
            let message = format!(
                "{} of package `{}` depends on `{id}` of the root project",
                describe(asker),
                asker.package
            );
            let warning = Diagnostic::warning(Code::AMBIGUOUS_REF, place, message);
            problems.push(
                warning
                    .known_as("PackageNodeDependsOnRootProjectNode")
                    .fact("node_name", asker.name)
                    .fact("package_name", &**asker.package)
                    .fact("root_project_unique_id", id.as_str()),
            );
        }
        Answer::Id(id)
    }
}

/// Joins the answers to the calls of one resource.
fn joined(asker: &Asker<'_>, answers: impl IntoIterator<Item = Answer>) -> Resolved {
    let mut resolved = Resolved { nodes: Vec::new(), enabled: true };
    for answer in answers {
        match answer {
            Answer::Id(id) if !resolved.nodes.contains(&id) => resolved.nodes.push(id),
            Answer::Id(_) => {}
            Answer::Off => resolved.enabled = false,
            Answer::Nothing => resolved.enabled &= asker.resource != ResourceType::Test,
        }
    }
    resolved
}

fn describe(asker: &Asker<'_>) -> String {
    format!("{} `{}`", asker.resource, if asker.name.is_empty() { asker.id.as_str() } else { asker.name })
}

fn ambiguous(asker: &Asker<'_>, what: &str, ids: &[UniqueId], place: Span) -> Diagnostic {
    let names: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
    let message = format!("{what} in {} could mean {}", describe(asker), names.join(" or "));
    Diagnostic::error(Code::AMBIGUOUS_REF, place, message)
        .help("name the package too: `ref('package', 'model')`")
}

/// The first byte of a span: a label should not mark a whole file.
pub(super) fn start(span: Span) -> Span {
    Span { end: span.start, ..span }
}

/// Says what a node needs, and nothing else; switches it off when a test has lost its model.
pub(super) fn apply(node: &mut Node, resolved: Resolved) {
    node.depends_on.nodes.clear();
    add(node, resolved);
}

/// Adds to what a node needs; switches it off when it is a test that has lost something.
pub(super) fn add(node: &mut Node, resolved: Resolved) {
    for id in resolved.nodes {
        if !node.depends_on.nodes.contains(&id) {
            node.depends_on.nodes.push(id);
        }
    }
    if !resolved.enabled {
        let mut values = node.config.values().clone();
        values.insert("enabled".to_owned(), Json::Bool(false));
        node.config = Config::new(values);
    }
}
