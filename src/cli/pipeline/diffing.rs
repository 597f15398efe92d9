//! Compares the project with an earlier state of it by what its models mean.

use std::sync::Arc;

use crate::artifacts::ColumnLineage;
use crate::cli::{CliError, Ui};
use crate::diag::{Code, Diagnostic};
use crate::diff::{Change, Known, NodeChange, Reader, Verdict, Versions, changes, readers};
use crate::files;
use crate::manifest::UniqueId;
use crate::state::{Comparison, PreviousManifest, Rendering};

use super::lineage::read_lineage;

/// What changed since an earlier state.
pub(in crate::cli) struct Compared {
    /// What changed, with who uses it.
    pub changes: Vec<(NodeChange, Vec<Reader>)>,
    /// How many nodes are the same.
    pub same: usize,
}

/// Compares with the state that `--state` names. Errors if it names none, or if there is no manifest.
pub(in crate::cli) fn compare_with_state(ui: &Ui) -> Result<Compared, CliError> {
    let Some(given) = ui.flags.state().state else {
        let error = Diagnostic::error(Code::USAGE, None, "`diff` needs an earlier state to compare with");
        return Err(error
            .help("write `diff --state FOLDER`, with the target folder that a `build` or `compile` left")
            .into());
    };
    let (loaded, lineage) = read_lineage(ui)?;
    let previous = PreviousManifest::read(&files::absolute(&loaded.workspace.paths.root, &given))?;
    let manifest = &loaded.parsed.manifest;
    let comparison = Comparison::new(manifest, &previous, Rendering::Either);
    let code = |id: &UniqueId| loaded.compiled.get(id).map(|compiled| Arc::clone(&compiled.code));
    let versions = Versions {
        manifest,
        previous: &previous,
        comparison: &comparison,
        code: &code,
        dialect: loaded.parsed.shared.dialect,
    };
    let known = Known::new(manifest, &lineage, &code);
    let all: Vec<NodeChange> =
        changes(&versions).into_iter().map(|change| beside_star(change, &lineage)).collect();
    let same = all.iter().filter(|change| change.change.verdict == Verdict::None).count();
    let changed = all.into_iter().filter(|change| change.change.verdict != Verdict::None);
    let changes = changed.map(|change| (change.clone(), readers(&known, &change))).collect();
    Ok(Compared { changes, same })
}

/// A column beside a star is an addition only if the star has none of its name.
fn beside_star(mut changed: NodeChange, lineage: &ColumnLineage) -> NodeChange {
    let change = &changed.change;
    if !change.beside_star {
        return changed;
    }
    let node = lineage.nodes.get(changed.id.as_str()).filter(|node| node.incomplete.is_none());
    let is_alone = |name: &String| {
        let second = format!("{name}_1");
        node.is_some_and(|node| !node.columns.keys().any(|known| known.eq_ignore_ascii_case(&second)))
    };
    if !change.added.iter().all(is_alone) {
        changed.change = Change::unknown("whether its star has the added column already is not known");
    }
    changed
}
