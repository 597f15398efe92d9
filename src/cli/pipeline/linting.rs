//! Looks at models with the rules of `lint`, on the texts that a check compiles.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cli::{CliError, Ui};
use crate::lint::{Project, Report, Settings, Texts, lint_all};
use crate::manifest::{Node, NodeKind, UniqueId};

use super::checking::check_nodes;
use super::load::Loaded;

/// What was found, and how long it took.
pub(in crate::cli) struct Examined {
    /// What was found.
    pub report: Report,
    /// How many models were looked at.
    pub models: usize,
    /// The time.
    pub took: Duration,
}

/// Looks at the models and snapshots of the project itself that are selected; those of packages are for others to mend.
/// Nothing has to be built before, and no data are touched.
///
/// Errors if the settings mean nothing, or if the engine cannot be opened.
pub(in crate::cli) fn lint_nodes(
    ui: &Ui,
    loaded: &Loaded,
    selected: &BTreeSet<UniqueId>,
) -> Result<Examined, CliError> {
    let started = Instant::now();
    let manifest = &loaded.parsed.manifest;
    let shared = &loaded.parsed.shared;
    let root = &loaded.workspace.project.name;
    let is_own = |node: &&Arc<Node>| {
        matches!(node.kind, NodeKind::Model { .. } | NodeKind::Snapshot) && node.package_name == *root
    };
    let nodes = selected.iter().filter_map(|id| manifest.nodes.get(id));
    let own: Vec<&Arc<Node>> = nodes.filter(is_own).collect();
    let settings = Settings::of_root(shared.vars.get(root))?;
    let ids: BTreeSet<UniqueId> = own.iter().map(|node| node.unique_id.clone()).collect();
    let texts = Texts::default();
    check_nodes(ui, loaded, &ids, Some(&|node, build| texts.take(node, build)))?;
    let project = Project::new(manifest, shared.dialect, &ui.sources, settings);
    let models = own.len();
    let report = lint_all(&project, own, texts);
    Ok(Examined { report, models, took: started.elapsed() })
}
