//! Looks at models with the rules of `lint`, on the texts that a check compiles.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cli::{CliError, Ui};
use crate::diag::Diagnostic;
use crate::jinja::SourceMap;
use crate::lint::{Build, Finding, Linted, Project, SETTING, Settings, lint, merged};
use crate::manifest::{Node, NodeKind, UniqueId};

use super::checking::check_nodes;
use super::load::Loaded;

/// What was found, and how long it took.
pub(in crate::cli) struct Report {
    /// The findings, in the order of the manifest.
    pub findings: Vec<Finding>,
    /// Settings and comments that name what there is not.
    pub wrong: Vec<Diagnostic>,
    /// Models whose SQL could not be read, with the reason.
    pub unread: Vec<(UniqueId, String)>,
    /// How many models were looked at.
    pub models: usize,
    /// The time.
    pub took: Duration,
}

/// The texts that models compile to, with their maps, and why there is none.
type Texts = HashMap<UniqueId, (Vec<(Arc<str>, SourceMap, bool)>, Option<String>)>;

/// Looks at the models and snapshots of the project itself that are selected; those of packages are for others to mend.
///
/// Errors if the settings mean nothing, or if the engine cannot be opened.
pub(in crate::cli) fn lint_nodes(
    ui: &Ui,
    loaded: &Loaded,
    selected: &BTreeSet<UniqueId>,
) -> Result<Report, CliError> {
    let started = Instant::now();
    let manifest = &loaded.parsed.manifest;
    let nodes: Vec<&Arc<Node>> = selected.iter().filter_map(|id| manifest.nodes.get(id)).collect();
    let root = &loaded.workspace.project.name;
    let is_own = |node: &&Arc<Node>| {
        matches!(node.kind, NodeKind::Model { .. } | NodeKind::Snapshot) && node.package_name == *root
    };
    let own: Vec<&Arc<Node>> = nodes.into_iter().filter(is_own).collect();
    let settings = settings(loaded)?;
    let ids: BTreeSet<UniqueId> = own.iter().map(|node| node.unique_id.clone()).collect();
    let mut texts = texts(ui, loaded, &ids)?;
    let project = Project::new(manifest, loaded.parsed.shared.dialect, &ui.sources, settings);
    let mut all = Report {
        findings: Vec::new(),
        wrong: Vec::new(),
        unread: Vec::new(),
        models: own.len(),
        took: Duration::ZERO,
    };
    for node in own {
        let (texts, uncompiled) = texts.remove(&node.unique_id).unwrap_or_default();
        let builds: Vec<Build<'_>> =
            texts.iter().map(|(code, map, adds)| Build { code, map, adds: *adds }).collect();
        let Linted { findings, wrong, unread } = lint(&project, node, &builds);
        all.findings.extend(findings);
        all.wrong.extend(wrong);
        all.unread.extend(uncompiled.or(unread).map(|reason| (node.unique_id.clone(), reason)));
    }
    all.findings = merged(all.findings);
    all.took = started.elapsed();
    Ok(all)
}

/// Reads the variable of the root project.
fn settings(loaded: &Loaded) -> Result<Settings, CliError> {
    let vars = loaded.parsed.shared.vars.get(&loaded.workspace.project.name);
    let given = vars.and_then(|vars| vars.get(SETTING));
    let place = given.map(|given| given.span);
    Settings::of_project(given.map(crate::yaml::Yaml::to_json).as_ref(), place).map_err(CliError::from)
}

/// Compiles models as a check does: nothing has to be built before, and no data are touched.
fn texts(ui: &Ui, loaded: &Loaded, ids: &BTreeSet<UniqueId>) -> Result<Texts, CliError> {
    let texts = RefCell::new(Texts::new());
    let take = |node: &Arc<Node>, build: Result<Build<'_>, String>| {
        let mut texts = texts.borrow_mut();
        let (own, unread) = texts.entry(node.unique_id.clone()).or_default();
        match build {
            Ok(build) => own.push((Arc::from(build.code), build.map.clone(), build.adds)),
            Err(reason) => *unread = Some(reason),
        }
    };
    check_nodes(ui, loaded, ids, Some(&take))?;
    Ok(texts.into_inner())
}
