//! A plan in words, for `--dry-run`: what happens to each node, in which order, and why.
//!
//! Input: the plan and the manifest it was made of. Output: lines. Pure: nobody is asked what is there, so that what
//! depends on it is said as such. Called by `cli`.

use crate::hash::HashMap;

use super::release::ReleaseSet;
use super::step::{Action, Plan, Step};
use crate::manifest::{Manifest, Node, NodeKind, UniqueId};

/// How many names of a list are shown.
const SHOWN: usize = 5;

/// Tells what a plan does. `full_refresh` is what the command line says.
pub fn explain(manifest: &Manifest, plan: &Plan, full_refresh: bool) -> Vec<String> {
    let words =
        Words { manifest, plan, full_refresh, gates: gates_of_tests(plan), sets: sets_of_steps(plan) };
    let mut lines =
        vec![format!("Plan of {} steps; nothing is run, and the database is not asked.", plan.steps.len())];
    for schema in &plan.schemas {
        lines.push(format!(
            "  first  schema {}.{} is made, if it is not there",
            schema.database, schema.schema
        ));
    }
    lines.extend(plan.on_run_start.iter().map(|hook| format!("  first  hook {hook}")));
    lines.extend(plan.sets.iter().map(|set| words.set(set)));
    let mut number = 0;
    for step in &plan.steps {
        number += usize::from(step.numbered);
        let at = if step.numbered { number.to_string() } else { "-".to_owned() };
        lines.push(format!("{at:>7}  {}", words.step(step)));
    }
    lines.extend(plan.on_run_end.iter().map(|hook| format!("   last  hook {hook}")));
    lines.extend(plan.left_out.iter().map(|id| format!("  never  {id}: its model is not selected")));
    lines
}

struct Words<'a> {
    manifest: &'a Manifest,
    plan: &'a Plan,
    full_refresh: bool,
    /// The node at whose gate a test stands.
    gates: HashMap<&'a UniqueId, &'a UniqueId>,
    /// The set that a node is built with.
    sets: HashMap<&'a UniqueId, &'a ReleaseSet>,
}

fn sets_of_steps(plan: &Plan) -> HashMap<&UniqueId, &ReleaseSet> {
    plan.sets.iter().flat_map(|set| set.steps.iter().map(move |step| (step, set))).collect()
}

fn gates_of_tests(plan: &Plan) -> HashMap<&UniqueId, &UniqueId> {
    let pairs = plan.gates.iter().flat_map(|(node, tests)| tests.iter().map(move |test| (test, node)));
    pairs.collect()
}

impl Words<'_> {
    fn step(&self, step: &Step) -> String {
        let node = self.manifest.node(&step.id).map(|node| &**node);
        let mut words = vec![self.what(step, node)];
        let set = self.sets.get(&step.id);
        if let Some(tests) = self.plan.gates.get(&step.id) {
            let names = listed(tests.iter().map(|id| self.name(id)));
            let published = if set.is_some() { "its set is published" } else { "published" };
            words.push(format!("{published} once its tests have passed: {names}"));
        }
        if let Some(set) = set {
            words.push(format!("part of the release set `{}`", set.name));
        }
        if let Some(gate) = self.gates.get(&step.id) {
            let only = if self.plan.added.contains(&step.id) { ", for that only" } else { "" };
            words.push(format!("asked at the gate of {}{only}", self.name(gate)));
        }
        if self.plan.resumed.doubtful.contains_key(&step.id) {
            words.push("unless the run before published it".to_owned());
        }
        let before = step.after.iter().chain(&step.ended).map(|place| self.name(&self.plan.steps[*place].id));
        if !(step.after.is_empty() && step.ended.is_empty()) {
            words.push(format!("after {}", listed(before)));
        }
        words.join("; ")
    }

    fn set(&self, set: &ReleaseSet) -> String {
        let names = listed(set.steps.iter().map(|id| self.name(id)));
        let first = self.name(&set.leader);
        format!(
            "    set  `{}`: {names}; built in the turn of {first}, in one transaction, and published together or not at all",
            set.name
        )
    }

    fn name(&self, id: &UniqueId) -> String {
        match (self.manifest.node(id), self.manifest.unit_tests.get(id)) {
            (Some(node), _) => node.name.clone(),
            (None, Some(test)) => test.name.clone(),
            (None, None) => id.to_string(),
        }
    }

    fn what(&self, step: &Step, node: Option<&Node>) -> String {
        let name = self.name(&step.id);
        let Some(node) = node else {
            return match step.action {
                Action::UnitTest => format!("unit test {name}"),
                Action::Measure => format!("source {name}: its age is asked for"),
                _ => format!("{name}: nothing to do"),
            };
        };
        let place = format!("{}.{}", node.schema, node.alias);
        match step.action {
            Action::Build => format!("{} {place}: {}", node.config.materialized().as_str(), self.built(node)),
            Action::Clone => {
                format!("{} {place}: a copy of the other run's", node.config.materialized().as_str())
            }
            Action::Test if is_warning(node) => format!("test {name}: warns at most"),
            Action::Test => format!("test {name}"),
            _ if node.is_ephemeral() => format!("ephemeral {name}: becomes part of what selects from it"),
            _ => format!("{name}: is compiled"),
        }
    }

    /// Tells how a relation gets its new version.
    fn built(&self, node: &Node) -> String {
        let configured = node.config.flag("full_refresh");
        let anew = configured.unwrap_or(self.full_refresh);
        let kept = if self.full_refresh && !anew { ", which `full_refresh: false` protects" } else { "" };
        let why = if configured.is_some() { "full_refresh: true" } else { "--full-refresh" };
        match (&node.kind, node.config.materialized().as_str()) {
            (NodeKind::Seed { .. }, _) if anew => {
                format!("dropped and loaded anew ({why}) from {}", node.path)
            }
            (NodeKind::Seed { .. }, _) => format!("emptied and loaded from {}{kept}", node.path),
            (_, "snapshot") => "changes are added to the history".to_owned(),
            (_, "incremental") if anew => format!("built anew as a whole ({why}), then swapped in"),
            (_, "incremental") => {
                let how = if node.config.text("incremental_strategy") == Some("microbatch") {
                    ", batch by batch"
                } else {
                    ""
                };
                format!("rows are added{how}, or the whole table is built if it is not there{kept}")
            }
            (_, "view") => "defined beside the old one, then swapped in".to_owned(),
            (_, "table") => "built beside the old one, then swapped in".to_owned(),
            (_, other) => format!("built by the materialization `{other}`"),
        }
    }
}

fn is_warning(test: &Node) -> bool {
    test.config.text("severity").is_some_and(|severity| severity.eq_ignore_ascii_case("warn"))
}

/// Returns the first names of a list, and how many there are besides.
fn listed(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    let more = names.len().saturating_sub(SHOWN);
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}
