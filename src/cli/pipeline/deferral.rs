//! `--defer`, `--favor-state`, `--state`, `--defer-state` → what `ref` and `function` may mean besides the own relations.

use crate::hash::HashMap;

use crate::cli::args::Verb;
use crate::cli::{CliError, Ui};
use crate::context::Deferral;
use crate::diag::{Code, Diagnostic};
use crate::event::WarnStateTargetEqual;
use crate::files;
use crate::manifest::{Relation, UniqueId};
use crate::state::PreviousManifest;

use super::load::Loaded;

/// Reads the other run's manifest where the command needs it. Errors when it needs one and there is none.
pub(super) fn deferral(ui: &Ui, loaded: &Loaded) -> Result<Deferral, CliError> {
    let asked = ui.flags.state();
    if !asked.defer && ui.flags.verb() != Verb::Clone {
        return Ok(Deferral::default());
    }
    let paths = &loaded.workspace.paths;
    let Some(given) = asked.defer_state.or(asked.state) else {
        // dbt's words, which scripts look for.
        let message = "--state or --defer-state are required for deferral, but neither was provided";
        return Err(Diagnostic::error(Code::STATE, None, message)
            .help("name the folder with the manifest.json of the run to defer to")
            .into());
    };
    let folder = files::absolute(&paths.root, &given);
    if folder == paths.target {
        ui.events.warn(WarnStateTargetEqual { state_path: given.to_string() })?;
        // What is read is what this run has just written.
        ui.background.wait();
    }
    let shared = &loaded.parsed.shared;
    let previous = PreviousManifest::read(&folder)?;
    let known = &loaded.parsed.manifest;
    let mut relations = HashMap::default();
    for node in previous.built() {
        let id = UniqueId::from_artifact(node.unique_id);
        if known.node(&id).is_some() {
            let database = Some(node.database).filter(|database| !database.is_empty());
            let relation = Relation::new(shared.dialect, database, Some(node.schema), Some(node.alias));
            relations.insert(id, relation.with_quoting(shared.quoting));
        }
    }
    Ok(Deferral { relations, refs: asked.defer, favored: asked.favor_state })
}
