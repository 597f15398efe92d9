//! `--select`, `--exclude`, `--selector` → ids.

use std::collections::BTreeSet;

use crate::artifacts::ColumnLineage;
use crate::cli::args::{IndirectSelection, Selecting};
use crate::cli::{CliError, Ui};
use crate::diag::{Code, Diagnostic};
use crate::event::{DefaultSelector, NoNodesForSelectionCriteria, NothingToDo, WarnStateTargetEqual};
use crate::files;
use crate::manifest::{ResourceType, UniqueId};
use crate::plan::{Command, Resumption};
use crate::project::Workspace;
use crate::select::{self, Asked, Indirect, Method, Origin, Scope, Selection, Selectors, Spec, Wanted};
use crate::state::{Previous, PreviousFreshness, PreviousManifest, PreviousResults, Rendering};
use crate::yaml::Yaml;

use super::load::{Loaded, load, tell};

/// Loads the project and selects the nodes of a command; `None`, with a warning, if there are none.
pub(in crate::cli) fn load_selected(
    ui: &Ui,
    command: Command,
) -> Result<Option<(Loaded, BTreeSet<UniqueId>)>, CliError> {
    let loaded = load(ui)?;
    let selected = select(ui, &loaded, command)?;
    if selected.is_empty() {
        nothing_selected(ui)?;
        return Ok(None);
    }
    Ok(Some((loaded, selected)))
}

/// Selects the nodes of a command; words that match nothing are told.
pub(in crate::cli) fn select(
    ui: &Ui,
    loaded: &Loaded,
    command: Command,
) -> Result<BTreeSet<UniqueId>, CliError> {
    if let Some(resumed) = &ui.resumed {
        return still_there(loaded, resumed);
    }
    let selecting = ui.flags.selecting();
    let types = command.types(&selecting.resource_types, &selecting.exclude_resource_types)?;
    let selection = of_types(ui, loaded, &types, command == Command::List)?;
    tell(ui, selection.notices)?;
    for missed in &selection.unmatched {
        ui.events.warn(NoNodesForSelectionCriteria { spec_raw: missed.criterion.clone() })?;
    }
    Ok(selection.ids)
}

/// Returns the nodes of an earlier run that are run again. Errors when one is gone.
fn still_there(loaded: &Loaded, resumed: &Resumption) -> Result<BTreeSet<UniqueId>, CliError> {
    let gone: Vec<Diagnostic> = resumed
        .ids
        .iter()
        .filter(|id| loaded.dag.place(*id).is_none())
        .map(|id| {
            // dbt's words.
            let message = format!("Couldn't find model '{id}' -- does it exist or is it disabled?");
            Diagnostic::error(Code::STATE, None, message).help(
                "it failed in the run before, and `retry` runs all that failed: start the command itself",
            )
        })
        .collect();
    if gone.is_empty() { Ok(resumed.ids.clone()) } else { Err(gone.into()) }
}

/// Selects the sources that the words of a command name; the catalog shows them beside the nodes.
pub(in crate::cli) fn select_sources(ui: &Ui, loaded: &Loaded) -> Result<BTreeSet<UniqueId>, CliError> {
    Ok(of_types(ui, loaded, &[ResourceType::Source], false)?.ids)
}

fn of_types(ui: &Ui, loaded: &Loaded, types: &[ResourceType], empty: bool) -> Result<Selection, CliError> {
    let spec = spec(ui, loaded, &ui.flags.selecting())?;
    let previous = previous(ui, loaded)?;
    let Workspace { paths, project, .. } = &loaded.workspace;
    // The file is large, and seldom asked for.
    let lineage = spec.mentions(Method::Column).then(|| ColumnLineage::read(&paths.target)).flatten();
    let exists = |path: &camino::Utf8Path| paths.root.join(path).exists();
    let compares_written =
        project.flags.get("state_modified_compare_more_unrendered_values").and_then(Yaml::as_bool);
    let scope = Scope {
        manifest: &loaded.parsed.manifest,
        dag: &loaded.dag,
        project: &project.name,
        exists: &exists,
        previous: previous.as_ref(),
        rendering: match compares_written {
            None => Rendering::Either,
            Some(false) => Rendering::Rendered,
            Some(true) => Rendering::Written,
        },
        lineage: lineage.as_ref(),
    };
    Ok(select::select(&spec, scope, Wanted { types, empty })?)
}

/// Reads the artifacts of the run that `--state` names; only what is missing and needed is an error later.
fn previous(ui: &Ui, loaded: &Loaded) -> Result<Option<Previous>, CliError> {
    let Some(given) = ui.flags.state().state else { return Ok(None) };
    let paths = &loaded.workspace.paths;
    let folder = files::absolute(&paths.root, &given);
    if folder == paths.target {
        ui.events.warn(WarnStateTargetEqual { state_path: given.to_string() })?;
        // What is read is what this run has just written.
        ui.background.wait();
    }
    Ok(Some(Previous {
        manifest: PreviousManifest::find(&folder)?,
        results: PreviousResults::find(&folder)?,
        sources: PreviousFreshness::find(&folder)?,
        sources_now: PreviousFreshness::find(&paths.target)?,
    }))
}

/// Returns those of the selected nodes that `--select` names, as dbt prints no others: the first word counts,
/// and a node is named when it contains its name. `+orders tag:nightly` names `orders`.
pub(in crate::cli) fn named<'a>(
    ui: &Ui,
    loaded: &Loaded,
    selected: &'a BTreeSet<UniqueId>,
) -> Vec<&'a UniqueId> {
    let words = ui.flags.selecting().select;
    let is_named = |id: &&UniqueId| {
        let node = loaded.parsed.manifest.node(id);
        node.zip(words.first()).is_some_and(|(node, word)| word.contains(&node.name))
    };
    selected.iter().filter(is_named).collect()
}

fn spec(ui: &Ui, loaded: &Loaded, selecting: &Selecting) -> Result<Spec, CliError> {
    let indirect = match selecting.indirect {
        IndirectSelection::Eager => Indirect::Eager,
        IndirectSelection::Cautious => Indirect::Cautious,
        IndirectSelection::Buildable => Indirect::Buildable,
        IndirectSelection::Empty => Indirect::Empty,
    };
    let (selectors, found) = Selectors::read(&loaded.workspace.selectors, indirect);
    tell(ui, found)?;
    if let Some(name) = &selecting.selector {
        return Ok(selectors.get(name)?.clone());
    }
    let nothing_asked = selecting.select.is_empty() && selecting.exclude.is_empty();
    if let Some((name, spec)) = selectors.default_selector().filter(|_| nothing_asked) {
        ui.events.send(DefaultSelector { name: name.to_owned() });
        return Ok(spec.clone());
    }
    let text = |option: &str, words: &[String]| {
        (!words.is_empty()).then(|| {
            let text = words.join(" ");
            let file = ui.sources.add(option, text.as_str());
            (text, Origin::File(file))
        })
    };
    let (taken, left_out) = (text("--select", &selecting.select), text("--exclude", &selecting.exclude));
    let asked = Asked {
        select: taken.as_ref().map(|(text, origin)| (text.as_str(), *origin)),
        exclude: left_out.as_ref().map(|(text, origin)| (text.as_str(), *origin)),
    };
    Ok(select::parse(&asked, indirect)?)
}

/// Warns that there is nothing to do.
pub(super) fn nothing_selected(ui: &Ui) -> Result<(), CliError> {
    ui.events.warn(NothingToDo {})?;
    Ok(())
}
