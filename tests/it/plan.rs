//! Plans compared with dbt's queue: `tests/fixtures/select/plans.json` holds order and dependencies as dbt 1.11
//! has them, observed just before its nodes run.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use serde_json::Value as Json;
use tidegate::manifest::{Manifest, UniqueId};
use tidegate::plan::{Action, Command, Gate, Plan, Request, plan};
use tidegate::select::{Asked, Indirect, Origin, Scope, Wanted, link, parse, select};
use tidegate::state::Rendering;

use crate::manifest_json::manifest;

const MANIFEST: &str = include_str!("../fixtures/select/manifest.json");

fn command(name: &str) -> Command {
    match name {
        "run" => Command::Run,
        "build" => Command::Build,
        "test" => Command::Test,
        "seed" => Command::Seed,
        "snapshot" => Command::Snapshot,
        "compile" => Command::Compile,
        other => panic!("no such command: {other}"),
    }
}

fn planned(manifest: &Manifest, line: &str) -> Plan {
    let mut words = line.split_whitespace();
    let command = command(words.next().unwrap());
    let mut given: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut flag = "";
    for word in words {
        if word.starts_with('-') {
            flag = word;
            given.entry(flag).or_default();
        } else {
            given.entry(flag).or_default().push(word.trim_matches('"').to_owned());
        }
    }
    let list = |flag: &str| given.get(flag).cloned().unwrap_or_default();
    let types = command.types(&list("--resource-type"), &list("--exclude-resource-type")).unwrap();
    let (include, exclude) = (list("-s").join(" "), list("--exclude").join(" "));
    let text = |text: &'static str| (!text.is_empty()).then_some((text, Origin::Place(None)));
    let asked = Asked { select: text(include.leak()), exclude: text(exclude.leak()) };
    let spec = parse(&asked, Indirect::Eager).unwrap();
    let dag = link(manifest).unwrap();
    let exists = |_: &Utf8Path| true;
    let scope = Scope {
        manifest,
        dag: &dag,
        project: "shop",
        exists: &exists,
        previous: None,
        rendering: Rendering::Either,
        lineage: None,
    };
    let selection = select(&spec, scope, Wanted { types: &types, empty: false }).unwrap();
    let gate = if given.contains_key("--gate") { Gate::Always } else { Gate::Configured };
    let request = Request {
        command,
        selected: &selection.ids,
        project: "shop",
        store_failures: false,
        gate,
        resumed: None,
        records_ephemeral: false,
    };
    plan(manifest, &dag, request).unwrap()
}

/// Everything that is finished before each step.
fn before(plan: &Plan) -> Vec<BTreeSet<String>> {
    let mut all: Vec<BTreeSet<String>> = Vec::new();
    for step in &plan.steps {
        let mut mine = BTreeSet::new();
        for place in &step.after {
            mine.insert(plan.steps[*place].id.to_string());
            mine.extend(all[*place].iter().cloned());
        }
        all.push(mine);
    }
    all
}

fn texts(value: &Json) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[test]
fn order_and_dependencies_are_those_of_dbts_queue() {
    let manifest = manifest(MANIFEST);
    let expected: Vec<Json> = serde_json::from_str(include_str!("../fixtures/select/plans.json")).unwrap();
    assert!(expected.len() > 15);
    for case in &expected {
        let line = case["arguments"].as_str().unwrap();
        let plan = planned(&manifest, line);
        let mut order = Vec::new();
        let mut early = BTreeMap::new();
        for id in texts(&case["order"]) {
            // dbt runs the unit tests of a model in the model's own turn.
            let tests = case["unit_tests"].get(&id).map(texts).unwrap_or_default();
            early.extend(tests.iter().map(|test| (test.clone(), id.clone())));
            order.extend(tests);
            order.push(id);
        }
        let ours: Vec<String> = plan.steps.iter().map(|step| step.id.to_string()).collect();
        assert_eq!(ours, order, "{line}");
        for (step, ours) in plan.steps.iter().zip(before(&plan)) {
            let id = step.id.to_string();
            let turn = early.get(&id).unwrap_or(&id);
            let ours: Vec<String> = ours.into_iter().filter(|id| !early.contains_key(id)).collect();
            assert_eq!(ours, texts(&case["before"][turn]), "{line}: {id}");
        }
        // dbt also counts unit tests that it then does not run.
        let total = usize::try_from(case["total"].as_u64().unwrap()).unwrap();
        assert_eq!(plan.total(), total, "{line}");
    }
}

#[test]
fn each_kind_of_resource_has_its_action() {
    let manifest = manifest(MANIFEST);
    let build = planned(&manifest, "build");
    let action = |id: &str| {
        let step = build.steps.iter().find(|step| step.id.as_str() == id).unwrap();
        (step.action, step.numbered)
    };
    assert_eq!(action("model.shop.fct_orders"), (Action::Build, true));
    assert_eq!(action("model.shop.int_recent"), (Action::Compile, false));
    assert_eq!(action("seed.shop.countries"), (Action::Build, true));
    assert_eq!(action("snapshot.shop.orders_history"), (Action::Build, true));
    assert_eq!(action("test.shop.orders_are_real"), (Action::Test, true));
    assert_eq!(action("unit_test.shop.fct_orders.orders_are_summed"), (Action::UnitTest, true));
    assert_eq!(action("exposure.shop.dashboard"), (Action::NoOp, true));
    assert!(planned(&manifest, "compile").steps.iter().all(|step| step.action == Action::Compile));
}

#[test]
fn hooks_and_schemas_belong_to_commands_that_build() {
    let manifest = manifest(MANIFEST);
    let hooks = |line: &str| {
        let plan = planned(&manifest, line);
        let schemas: Vec<String> = plan.schemas.into_iter().map(|found| found.schema).collect();
        (plan.on_run_start.len(), plan.on_run_end.len(), schemas)
    };
    assert_eq!(hooks("run"), (1, 0, vec!["main".to_owned()]));
    assert_eq!(hooks("test"), (1, 0, vec![]));
    assert_eq!(hooks("compile"), (0, 0, vec![]));
    assert_eq!(hooks("build -s nope"), (0, 0, vec![]));
}

#[test]
fn build_names_the_unit_tests_it_leaves_out() {
    let manifest = manifest(MANIFEST);
    let plan = planned(&manifest, "build -s test_type:unit");
    assert!(plan.is_empty());
    assert_eq!(plan.left_out.len(), 1);
    assert_eq!(planned(&manifest, "test -s test_type:unit").steps.len(), 1);
}

#[test]
fn a_test_stands_at_the_gate_of_what_it_is_written_at() {
    let manifest = manifest(MANIFEST);
    assert!(planned(&manifest, "build").gates.is_empty());
    assert!(planned(&manifest, "test --gate").gates.is_empty(), "nothing is published");
    let plan = planned(&manifest, "build --gate");
    let gate_of = |test: &str| {
        let gates = plan.gates.iter().filter(|(_, tests)| tests.iter().any(|id| id.as_str().contains(test)));
        gates.map(|(node, _)| node.to_string()).collect::<Vec<_>>()
    };
    let place = |id: &str| plan.steps.iter().position(|step| step.id.as_str() == id).unwrap();
    // Both are written at, or read, the orders, which can wait for whatever else they read.
    assert_eq!(gate_of("relationships_fct_orders"), ["model.shop.fct_orders"]);
    let orders = &plan.steps[place("model.shop.fct_orders")];
    let ended: Vec<&str> = orders.ended.iter().map(|place| plan.steps[*place].id.as_str()).collect();
    assert_eq!(gate_of("orders_fit_customers"), ["model.shop.fct_orders"]);
    assert_eq!(ended, ["model.shop.stg_customers"], "the seed is upstream of them anyway");
    assert!(plan.steps.iter().all(|step| step.ended.iter().all(|other| *other < place(step.id.as_str()))));
    assert_eq!(gate_of("orders_are_real"), ["model.shop.stg_orders"]);
    // A warning holds nothing.
    let warns = |id: &UniqueId| {
        let test = manifest.nodes.get(id);
        test.is_some_and(|test| test.config.text("severity") == Some("WARN"))
    };
    assert!(plan.gates.values().flatten().all(|test| !warns(test)));
    // `run` asks the tests of what it builds, and no others.
    let run = planned(&manifest, "run -s stg_orders --gate");
    let tests: Vec<&str> = run.added.iter().map(|id| id.as_str().split('.').nth(2).unwrap()).collect();
    assert_eq!(tests, ["orders_are_real", "tools_is_positive_stg_orders_id", "unique_stg_orders_id"]);
}
