//! Checks nodes in a place of their own, without touching data.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::bind::{Compiled, Findings, Project, Scratch, Verdict, check};
use crate::cli::{CliError, Ui};
use crate::context::SharedSession;
use crate::event::{Diagnosed, Note};
use crate::manifest::{CompiledNodes, ResourceType, UniqueId, short_id};

use super::load::Loaded;
use super::scope::{World, open_in};

/// What a check found, where, and how long it took.
pub(in crate::cli) struct Checked {
    /// The verdicts.
    pub findings: Findings,
    /// The place, for people.
    pub place: String,
    /// The time.
    pub took: Duration,
}

/// Checks the selected nodes. `compiled` is told of their texts. Errors if the engine cannot be opened.
pub(in crate::cli) fn check_nodes(
    ui: &Ui,
    loaded: &Loaded,
    selected: &BTreeSet<UniqueId>,
    compiled: Option<&Compiled<'_>>,
) -> Result<Checked, CliError> {
    let started = Instant::now();
    let manifest = &loaded.parsed.manifest;
    let session = |adapter| SharedSession::new(adapter, ui.events.clone());
    let mut scratch = Scratch::new(&loaded.workspace.profile.connection, session);
    scratch.furnish(manifest)?;
    let world = World {
        adapter: Arc::clone(scratch.adapter()),
        deferral: scratch.deferral(manifest),
        introspection: scratch.introspection(),
        // What is compiled for the scratch is nothing that artifacts show.
        compiled: CompiledNodes::default(),
    };
    let warehouse = open_in(ui, loaded, selected.iter().cloned().collect(), world);
    scratch.announce(&warehouse.run);
    let templates = &loaded.parsed.templates;
    let project = Project { manifest, dag: &loaded.dag, selected, templates, compiled };
    let findings = check(project, &warehouse.run, &scratch);
    scratch.close()?;
    Ok(Checked { findings, place: scratch.name(), took: started.elapsed() })
}

/// Tells people of every mistake, then of what could not be checked, then the totals.
pub(in crate::cli) fn tell_checked(ui: &Ui, loaded: &Loaded, checked: &Checked) -> Result<(), CliError> {
    let findings = &checked.findings;
    for (_, problem) in findings.errors() {
        ui.events.send(Diagnosed::new(problem.clone(), &ui.sources));
    }
    for (_, why) in findings.unchecked() {
        if let Some(warning) = &why.warning {
            ui.events.warn(Diagnosed::new((**warning).clone(), &ui.sources))?;
        }
    }
    let unchecked = unchecked_lines(loaded, findings);
    if !unchecked.is_empty() {
        ui.events.send(Note { msg: format!("Not checked:\n{unchecked}") });
    }
    ui.events.send(Note { msg: summary(loaded, checked) });
    Ok(())
}

/// How many of those that share a reason are named.
const NAMED: usize = 3;

/// One line for each reason, with what it is about and how many read that.
fn unchecked_lines(loaded: &Loaded, findings: &Findings) -> String {
    let manifest = &loaded.parsed.manifest;
    let mut reasons: BTreeMap<&str, (BTreeSet<&str>, usize)> = BTreeMap::new();
    for (id, why) in findings.unchecked() {
        let (origins, readers) = reasons.entry(&why.reason).or_default();
        origins.insert(why.origin.as_ref().unwrap_or(id).as_str());
        *readers += usize::from(why.origin.is_some());
    }
    let name = |id: &&str| {
        let kind = manifest.resource_type(&UniqueId::from_artifact(id)).map_or("", ResourceType::as_str);
        format!("{kind} {}", short_id(id))
    };
    let line = |(reason, (origins, readers)): (&str, (BTreeSet<&str>, usize))| {
        let mut names: Vec<String> = origins.iter().take(NAMED).map(name).collect();
        if origins.len() > NAMED {
            names.push(format!("{} more", origins.len() - NAMED));
        }
        let read = match readers {
            0 => String::new(),
            1 => ", and 1 node that reads it".to_owned(),
            more => format!(", and {more} nodes that read this"),
        };
        format!("  {}{read}: {reason}", names.join(", "))
    };
    reasons.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

fn summary(loaded: &Loaded, checked: &Checked) -> String {
    let count =
        |wanted: fn(&Verdict) -> bool| checked.findings.0.values().filter(|verdict| wanted(verdict)).count();
    let is_test = |id: &&UniqueId| {
        let kind = loaded.parsed.manifest.resource_type(id);
        matches!(kind, Some(ResourceType::Test | ResourceType::UnitTest))
    };
    let all = checked.findings.0.len();
    let tests = checked.findings.0.keys().filter(is_test).count();
    let wrong = count(|verdict| matches!(verdict, Verdict::Wrong(_)));
    let unchecked = count(|verdict| matches!(verdict, Verdict::Unchecked(_)));
    format!(
        "Checked {} nodes and {tests} tests in {}, in {:.2}s: {} without a mistake, {wrong} with mistakes, {unchecked} not checked",
        all - tests,
        checked.place,
        checked.took.as_secs_f64(),
        all - wrong - unchecked,
    )
}
