//! Command + manifest + graph + selected ids → [`Plan`]. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::command::Command;
use super::gate::{Gate, Placed, has_gates, place_gates, tests_of_gated};
use super::release::Sets;
use super::resume::Resumption;
use super::step::{Plan, SchemaName, Step};
use super::test_edges::with_test_edges;
use crate::dag::{Dag, NodeSet};
use crate::diag::Diagnostic;
use crate::hash::HashMap;
use crate::manifest::{Manifest, Node, NodeKind, ResourceType, UniqueId};

/// What a plan is made for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The command.
    pub command: Command,
    /// What was selected, of the command's types.
    pub selected: &'a BTreeSet<UniqueId>,
    /// The root project, whose hooks run before those of packages.
    pub project: &'a str,
    /// Whether `--store-failures` is on.
    pub store_failures: bool,
    /// Which nodes are published only after their tests.
    pub gate: Gate,
    /// What is left of an earlier run, for `retry`.
    pub resumed: Option<&'a Resumption>,
    /// Whether ephemeral models have results of their own, as when `compile` names what it wants.
    pub records_ephemeral: bool,
}

/// One step before it has its place.
struct Entry<'a> {
    id: &'a UniqueId,
    /// The level in the graph; the lowest goes first.
    level: usize,
    /// The id that breaks ties: for a unit test that of its model, so that it runs right before it.
    turn: &'a UniqueId,
    after: Vec<&'a UniqueId>,
    /// The place of the node with which it is built, if that may be with others.
    with: Option<usize>,
}

/// Plans a command. `dag` is the graph of all resources. Errors where gates are set that nothing can keep.
pub fn plan(manifest: &Manifest, dag: &Dag<UniqueId>, request: Request<'_>) -> Result<Plan, Vec<Diagnostic>> {
    let gate = if request.command.publishes() { request.gate } else { Gate::Never };
    let added = added_tests(manifest, gate, request);
    let all: BTreeSet<UniqueId>;
    let asked_for = request.selected;
    let request = if added.is_empty() {
        request
    } else {
        all = asked_for.union(&added).cloned().collect();
        Request { selected: &all, ..request }
    };
    let tests_first = request.command.tests_first();
    let (unit_tests, left_out) = unit_tests_by_model(manifest, request);
    let gated = tests_first.then(|| with_test_edges(manifest, dag));
    let in_graph =
        request.selected.iter().filter(|id| !(tests_first && manifest.unit_tests.contains_key(*id)));
    let keep: NodeSet = in_graph.filter_map(|id| dag.place(id)).collect();
    let mut graph = gated.as_ref().unwrap_or(dag).subset(&keep);

    let mut sets = Sets::default();
    let (placed, levels) = if has_gates(manifest, gate, &graph) {
        sets = Sets::form(manifest, gate, &mut graph)?;
        let mut ordered = graph.clone();
        (place_gates(manifest, gate, &sets, &mut ordered), ordered.levels())
    } else {
        (Placed::default(), graph.levels())
    };
    let mut entries = entries(&graph, &levels, &unit_tests, &sets);
    entries.sort_by_key(|entry| (entry.level, entry.turn, entry.id == entry.turn, entry.id));
    let at_gates: BTreeSet<&UniqueId> = placed.gates.values().flatten().collect();
    let added: BTreeSet<UniqueId> = added.into_iter().filter(|id| at_gates.contains(id)).collect();
    entries.retain(|entry| added.contains(entry.id) || asked_for.contains(entry.id));
    let mut steps = steps(manifest, request, &entries);
    wait_for_others(&placed.others, &mut steps);
    let with = entries.iter().filter_map(|entry| Some((entry.id, entry.with?)));
    Ok(Plan {
        steps,
        gates: placed.gates,
        sets: sets.in_order(&graph, with),
        added,
        blocking: request.command.blocking(),
        on_run_start: hooks(manifest, request, "on-run-start"),
        on_run_end: hooks(manifest, request, "on-run-end"),
        schemas: schemas(manifest, request),
        left_out,
        resumed: request.resumed.cloned().unwrap_or_default(),
    })
}

/// Returns the tests that nobody asked for but the gates.
fn added_tests(manifest: &Manifest, gate: Gate, request: Request<'_>) -> BTreeSet<UniqueId> {
    let tests = || tests_of_gated(manifest, gate, request.selected);
    match (gate, request.command, request.resumed) {
        (Gate::Never, ..) => BTreeSet::new(),
        // A test that passed may have passed on a version that was held.
        (_, Command::Build, Some(earlier)) => tests().intersection(&earlier.asked).cloned().collect(),
        // Where the command runs tests itself, those that were selected are at the gates.
        (_, Command::Build, None) => BTreeSet::new(),
        _ => tests(),
    }
}

/// Makes the entries of a graph and of the unit tests of its models.
fn entries<'a>(
    graph: &'a Dag<UniqueId>,
    levels: &[usize],
    unit_tests: &ByModel<'a>,
    sets: &Sets,
) -> Vec<Entry<'a>> {
    let (mut entries, mut before) =
        (Vec::with_capacity(graph.len()), HashMap::<usize, Vec<&UniqueId>>::default());
    for (place, id) in graph.ids().enumerate() {
        let Some(tests) = unit_tests.get(id) else { continue };
        let turn = sets.built_at(place);
        let with = sets.needs_others(place).then_some(place);
        // A unit test needs what its model needs: the columns of its inputs are looked up. That of a node which is built in
        // another's turn comes before that turn, or is part of it.
        let at = if with.is_some() { place } else { turn };
        let after = if with.is_some() { vec![turn] } else { graph.parents(place) };
        let after: Vec<_> = after.into_iter().filter(|it| *it != at).map(|it| graph.id(it)).collect();
        for test in tests {
            entries.push(Entry {
                id: test,
                level: levels[at],
                turn: graph.id(at),
                after: after.clone(),
                with,
            });
            before.entry(at).or_default().push(test);
        }
    }
    for (place, id) in graph.ids().enumerate() {
        let mut after: Vec<&UniqueId> = graph.parents(place).into_iter().map(|it| graph.id(it)).collect();
        after.extend(before.remove(&place).unwrap_or_default());
        entries.push(Entry { id, level: levels[place], turn: id, after, with: Some(place) });
    }
    entries
}

/// Makes nodes with a gate wait for whatever else their tests read, however that ends.
fn wait_for_others(others: &BTreeMap<UniqueId, BTreeSet<UniqueId>>, steps: &mut [Step]) {
    if others.is_empty() {
        return;
    }
    let places: HashMap<UniqueId, usize> =
        steps.iter().enumerate().map(|(place, step)| (step.id.clone(), place)).collect();
    for step in steps {
        let read = others.get(&step.id).into_iter().flatten().filter_map(|id| places.get(id).copied());
        step.ended = read.filter(|place| !step.after.contains(place)).collect();
    }
}

fn steps(manifest: &Manifest, request: Request<'_>, entries: &[Entry<'_>]) -> Vec<Step> {
    let Request { command, records_ephemeral, .. } = request;
    let places: HashMap<&UniqueId, usize> =
        entries.iter().enumerate().map(|(place, entry)| (entry.id, place)).collect();
    let step = |entry: &Entry<'_>| {
        let node = manifest.node(entry.id).map(|node| &**node);
        let before = entry.after.iter().filter(|_| command.keeps_order());
        let mut after: Vec<usize> = before.filter_map(|id| places.get(id).copied()).collect();
        after.sort_unstable();
        Step {
            id: entry.id.clone(),
            action: command.action(node, manifest.resource_type(entry.id)),
            numbered: !node.is_some_and(Node::is_ephemeral),
            recorded: records_ephemeral || !node.is_some_and(Node::is_ephemeral),
            after,
            ended: Vec::new(),
        }
    };
    entries.iter().map(step).collect()
}

/// Unit tests by the model they run before.
type ByModel<'a> = HashMap<&'a UniqueId, Vec<&'a UniqueId>>;

/// Returns the selected unit tests of each selected model where they run before it, and those without their
/// model.
fn unit_tests_by_model<'a>(manifest: &'a Manifest, request: Request<'a>) -> (ByModel<'a>, Vec<UniqueId>) {
    let (mut by_model, mut left_out) = (ByModel::default(), Vec::new());
    if !request.command.tests_first() {
        return (by_model, left_out);
    }
    for id in request.selected {
        let Some(test) = manifest.unit_tests.get(id) else { continue };
        match test.depends_on.nodes.first().filter(|model| request.selected.contains(*model)) {
            Some(model) => by_model.entry(model).or_default().push(id),
            None => left_out.push(id.clone()),
        }
    }
    (by_model, left_out)
}

/// Returns the hooks of one kind: the root project first, then packages by name, each in the order written.
fn hooks(manifest: &Manifest, request: Request<'_>, tag: &str) -> Vec<UniqueId> {
    if !request.command.runs_hooks() || request.selected.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(bool, &str, usize, &UniqueId)> = Vec::new();
    for (id, node) in &manifest.nodes {
        if let NodeKind::Operation { index } = node.kind
            && node.tags.iter().any(|found| found == tag)
        {
            found.push((*node.package_name != *request.project, &node.package_name, index, id));
        }
    }
    found.sort_unstable();
    found.into_iter().map(|(_, _, _, id)| id.clone()).collect()
}

/// Returns the schemas of the selected relations and functions, and those of tests that store their failures.
fn schemas(manifest: &Manifest, request: Request<'_>) -> Vec<SchemaName> {
    if !request.command.makes_schemas() {
        return Vec::new();
    }
    let nodes = request.selected.iter().filter_map(|id| manifest.node(id));
    let built = nodes.filter(|node| match node.resource_type() {
        // As in dbt the schema is made even where `store_failures: false` then overrules the command line.
        ResourceType::Test => request.store_failures || node.config.stores_failures(false),
        ResourceType::Function => true,
        _ => node.is_relational(),
    });
    let names = built.map(|n| SchemaName { database: n.database.clone(), schema: n.schema.clone() });
    names.collect::<BTreeSet<_>>().into_iter().collect()
}
