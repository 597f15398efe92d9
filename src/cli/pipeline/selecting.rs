//! `--select`, `--exclude`, `--selector` → ids.

use std::collections::BTreeSet;

use crate::cli::args::{IndirectSelection, Selecting};
use crate::cli::{CliError, Ui};
use crate::event::{DefaultSelector, NoNodesForSelectionCriteria, NothingToDo};
use crate::manifest::{ResourceType, UniqueId};
use crate::plan::Command;
use crate::select::{self, Asked, Indirect, Origin, Scope, Selection, Selectors, Spec, Wanted};

use super::load::{Loaded, tell};

/// Selects the nodes of a command; words that match nothing are told.
pub(in crate::cli) fn select(
    ui: &Ui,
    loaded: &Loaded,
    command: Command,
) -> Result<BTreeSet<UniqueId>, CliError> {
    let selecting = ui.flags.selecting();
    let types = command.types(&selecting.resource_types, &selecting.exclude_resource_types)?;
    let selection = of_types(ui, loaded, &types, command == Command::List)?;
    for missed in &selection.unmatched {
        ui.events.warn(NoNodesForSelectionCriteria { spec_raw: missed.criterion.clone() })?;
    }
    Ok(selection.ids)
}

/// Selects the sources that the words of a command name; the catalog shows them beside the nodes.
pub(in crate::cli) fn select_sources(ui: &Ui, loaded: &Loaded) -> Result<BTreeSet<UniqueId>, CliError> {
    Ok(of_types(ui, loaded, &[ResourceType::Source], false)?.ids)
}

fn of_types(ui: &Ui, loaded: &Loaded, types: &[ResourceType], empty: bool) -> Result<Selection, CliError> {
    let spec = spec(ui, loaded, &ui.flags.selecting())?;
    let root = &loaded.workspace.paths.root;
    let exists = |path: &camino::Utf8Path| root.join(path).exists();
    let scope = Scope {
        manifest: &loaded.parsed.manifest,
        dag: &loaded.dag,
        project: &loaded.workspace.project.name,
        exists: &exists,
    };
    Ok(select::select(&spec, scope, Wanted { types, empty })?)
}

/// Returns those of the selected nodes that `--select` names, as dbt prints no others; all of them where it
/// names none, as with `tag:nightly`. A node is named when a word contains its name: `+orders` names `orders`.
pub(in crate::cli) fn named<'a>(
    ui: &Ui,
    loaded: &Loaded,
    selected: &'a BTreeSet<UniqueId>,
) -> Vec<&'a UniqueId> {
    let words = ui.flags.selecting().select;
    let is_named = |id: &&UniqueId| {
        let node = loaded.parsed.manifest.nodes.get(*id);
        node.is_some_and(|node| words.iter().any(|word| word.contains(&node.name)))
    };
    let named: Vec<&UniqueId> = selected.iter().filter(is_named).collect();
    if named.is_empty() { selected.iter().collect() } else { named }
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
pub(in crate::cli) fn nothing_selected(ui: &Ui) -> Result<(), CliError> {
    ui.events.warn(NothingToDo {})?;
    Ok(())
}
