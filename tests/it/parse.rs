//! Projects parsed as a whole: facts compared with dbt's, and what is said about mistakes.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Map, Value as Json};
use tidegate::diag::Sources;
use tidegate::event::EventSink;
use tidegate::manifest::Disabled;
use tidegate::parse::{self, Parsed, Settings};
use tidegate::project::{self, Env, Options};

/// Reads a project; what was found wrong points into the sources.
pub(crate) fn parse_project(root: &Utf8Path) -> (Option<Parsed>, Vec<tidegate::diag::Diagnostic>, Sources) {
    parse_project_with_vars(root, None)
}

/// Reads a project with `--vars`.
pub(crate) fn parse_project_with_vars(
    root: &Utf8Path,
    vars: Option<&str>,
) -> (Option<Parsed>, Vec<tidegate::diag::Diagnostic>, Sources) {
    let sources = Sources::new();
    let mut options = Options::new(root, Env::default());
    options.vars = vars.map(str::to_owned);
    options.project_dir = Some(root.to_owned());
    options.profiles_dir = Some(root.to_owned());
    let (workspace, mut found) = project::load(&sources, &options);
    let Some(workspace) = workspace else { return (None, found, sources) };
    let settings = Settings {
        sources: sources.clone(),
        events: EventSink::silent(),
        invocation_id: String::new(),
        started_at: jiff::Timestamp::UNIX_EPOCH,
        flags: Map::default(),
        args: Map::default(),
    };
    let (parsed, more) = parse::parse(&workspace, &settings);
    found.extend(more);
    (parsed, found, sources)
}

fn fixture(name: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Facts of one invocation, or of a run.
const VOLATILE: [&str; 4] = ["created_at", "build_path", "compiled_path", "compiled"];

fn ours(parsed: &Parsed, root: &Utf8Path) -> BTreeMap<(String, String), Vec<Json>> {
    let manifest = &parsed.manifest;
    let mut all: BTreeMap<(String, String), Vec<Json>> = BTreeMap::new();
    let mut add = |kind: &str, resource: Json| {
        let text = resource.to_string().replace(root.as_str(), "<root>");
        let mut resource: Json = serde_json::from_str(&text).unwrap();
        let map = resource.as_object_mut().unwrap();
        VOLATILE.iter().for_each(|key| drop(map.shift_remove(*key)));
        let id = map["unique_id"].as_str().unwrap().to_owned();
        if !matches!(map["package_name"].as_str(), Some("dbt" | "dbt_duckdb")) {
            all.entry((kind.to_owned(), id)).or_default().push(resource);
        }
    };
    let json = |resource: &dyn erased::Serialize| resource.json();
    manifest.nodes.values().for_each(|r| add("nodes", json(&**r)));
    manifest.functions.values().for_each(|r| add("functions", json(&**r)));
    manifest.sources.values().for_each(|r| add("sources", json(&**r)));
    manifest.exposures.values().for_each(|r| add("exposures", json(&**r)));
    manifest.metrics.values().for_each(|r| add("metrics", json(&**r)));
    manifest.semantic_models.values().for_each(|r| add("semantic_models", json(&**r)));
    manifest.saved_queries.values().for_each(|r| add("saved_queries", json(&**r)));
    manifest.unit_tests.values().for_each(|r| add("unit_tests", json(&**r)));
    manifest.groups.values().for_each(|r| add("groups", json(&**r)));
    manifest.docs.values().for_each(|r| add("docs", json(&**r)));
    manifest.macros.values().for_each(|r| add("macros", json(&**r)));
    manifest.disabled.values().flatten().for_each(|r: &Disabled| add("disabled", json(r)));
    all
}

mod erased {
    /// Anything that becomes JSON.
    pub(super) trait Serialize {
        fn json(&self) -> serde_json::Value;
    }

    impl<T: serde::Serialize> Serialize for T {
        fn json(&self) -> serde_json::Value {
            serde_json::to_value(self).unwrap()
        }
    }
}

/// dbt puts some things into sets, whose order is chance.
fn without_chance(mut resource: Json) -> Json {
    let sort = |list: &mut Json| {
        if let Some(items) = list.as_array_mut() {
            items.sort_by_key(ToString::to_string);
        }
    };
    if let Some(sources) = resource.get_mut("sources") {
        sort(sources);
    }
    if let Some(nodes) = resource.pointer_mut("/depends_on/nodes") {
        sort(nodes);
    }
    if let Some(Json::Object(columns)) = resource.get_mut("columns") {
        for (_, column) in columns {
            column.get_mut("tags").into_iter().for_each(sort);
            column.pointer_mut("/config/tags").into_iter().for_each(sort);
        }
    }
    resource
}

#[test]
fn every_fact_is_dbts() {
    let root = fixture("parse_like_dbt/project");
    let (parsed, found, _) = parse_project(&root);
    let errors: Vec<_> = found.iter().filter(|problem| problem.is_error()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let mut ours = ours(&parsed.unwrap(), &root);
    let expected = std::fs::read_to_string(fixture("parse_like_dbt/expected.jsonl")).unwrap();
    let mut differences = Vec::new();
    for line in expected.lines() {
        let mut theirs: Json = serde_json::from_str(line).unwrap();
        let map = theirs.as_object_mut().unwrap();
        let kind = map.shift_remove("kind").unwrap().as_str().unwrap().to_owned();
        let id = map["unique_id"].as_str().unwrap().to_owned();
        let Some(found) = ours.get_mut(&(kind.clone(), id.clone())).filter(|all| !all.is_empty()) else {
            differences.push(format!("{kind} {id} is missing"));
            continue;
        };
        let (ours, theirs) = (without_chance(found.remove(0)), without_chance(theirs));
        for key in theirs.as_object().unwrap().keys() {
            // As text, so that the order of keys counts too.
            let (got, want) = (ours.get(key).map(Json::to_string), theirs[key].to_string());
            if got.as_ref() != Some(&want) {
                differences.push(format!("{id} {key}:\n  ours {}\n  dbt  {want}", got.unwrap_or_default()));
            }
        }
        let keys = |resource: &Json| resource.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        if keys(&ours) != keys(&theirs) {
            differences.push(format!("{id}: other keys: {:?} {:?}", keys(&ours), keys(&theirs)));
        }
    }
    let more = ours
        .iter()
        .filter(|(_, left)| !left.is_empty())
        .map(|((kind, id), _)| format!("{kind} {id} is too much"));
    differences.extend(more);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Parses a project of the given files and checks what is said: `error: ...` or `warning: ...` with the
/// place and the excerpt's first word left out.
#[track_caller]
fn check(files: &[(&str, &str)], want: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    let project = ("dbt_project.yml", "name: shop\nprofile: shop\n");
    let profile = ("profiles.yml", "shop: {target: dev, outputs: {dev: {type: duckdb, schema: main}}}\n");
    for (path, text) in [project, profile].iter().chain(files) {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let (_, found, sources) = parse_project(root);
    let said: Vec<String> = found
        .iter()
        .map(|problem| {
            let kind = if problem.is_error() { "error" } else { "warning" };
            let place = problem.span.and_then(|span| sources.locate(span)).unwrap_or_default();
            format!("{kind} {place}: {}", problem.message)
        })
        .collect();
    assert_eq!(said, want);
}

const ORDERS: (&str, &str) = ("models/orders.sql", "select 1 as id\n");

#[test]
fn all_problems_are_told_at_once() {
    check(
        &[
            ("models/a.sql", "select * from {{ ref('orderz') }}"),
            ("models/b.sql", "select * from {{ source('raw', 'orders') }}"),
            ("models/c.sql", "{{ config(enabled='yes') }} select 1"),
            ("models/d.sql", "select {{ 1 + }}"),
            ORDERS,
        ],
        &[
            "error models/d.sql:1:15: unexpected end of variable block",
            "error models/c.sql:1:4: config `enabled` must be true or false, but is text",
            "error models/a.sql:1:18: model `a` depends on a node named 'orderz' which was not found",
            "error models/b.sql:1:18: model `b` depends on a source named 'raw.orders' which was not found",
        ],
    );
}

#[test]
fn functions_need_a_result_and_callers_need_functions() {
    let function = ("functions/f.sql", "select 1");
    let entry = |rest: &'static str| ("functions/f.yml", rest);
    check(
        &[function, entry("functions:\n  - name: f\n    arguments: [{name: a}, 3]\n")],
        &[
            "error functions/f.yml:3:17: argument `a` of function `f` needs a `data_type`",
            "error functions/f.yml:3:28: an item of `arguments` must be a mapping with `name` and `data_type`, but is a whole number",
            "error functions/f.yml:2:5: function `f` needs `returns` with a `data_type`",
        ],
    );
    check(
        &[
            function,
            entry(
                "functions:\n  - name: f\n    config: {type: scalr, volatility: never}\n    returns: {data_type: int}\n",
            ),
        ],
        &[
            "error functions/f.yml:3:20: config `type` must be `scalar`, `aggregate` or `table`, but is `scalr`",
            "error functions/f.yml:3:39: config `volatility` must be `deterministic`, `stable` or `non-deterministic`, but is `never`",
        ],
    );
    check(
        &[
            function,
            entry(
                "functions:\n  - name: f\n    arguments: [{name: a, data_type: int, default_value: 0}, {name: b, data_type: int}]\n    returns: {data_type: int}\n",
            ),
        ],
        &[
            "error functions/f.sql:1:1: Non-defaulted argument 'b' of function 'f' comes after a defaulted argument. Non-defaulted arguments cannot come after defaulted arguments. ",
        ],
    );
    check(
        &[function, ("models/a.sql", "select {{ function('g') }}()")],
        &["error models/a.sql:1:11: model `a` depends on `function('g')`, which was not found"],
    );
    check(
        &[
            ("functions/f.sql", "{{ config(enabled=false) }} select 1"),
            ("models/a.sql", "select {{ function('f') }}()"),
            ("tests/t.sql", "select {{ function('shop', 'g') }}()"),
            ("tests/u.sql", "select {{ function('f') }}()"),
        ],
        &[
            "error models/a.sql:1:11: model `a` depends on `function('f')`, which is disabled",
            "warning tests/t.sql:1:11: test `t` depends on `function('shop', 'g')`, which does not exist",
        ],
    );
}

#[test]
fn time_spines_name_columns_that_are_described() {
    let spine = |rest: &str| format!("models:\n  - name: orders\n{rest}");
    let said = |rest: &str, want: &str| check(&[ORDERS, ("models/s.yml", &spine(rest))], &[want]);
    said(
        "    time_spine: {standard_granularity_column: at}\n    columns: [{name: id}]\n",
        "error models/orders.sql:1:1: Time spine standard granularity column must be defined on the model. Got invalid column name 'at' for model 'orders'. Valid names: id.",
    );
    said(
        "    time_spine: {standard_granularity_column: id}\n    columns: [{name: id}]\n",
        "error models/orders.sql:1:1: Time spine standard granularity column must have a granularity defined. Please add one for column 'id' in model 'orders'.",
    );
    said(
        "    time_spine: {standard_granularity_column: id, custom_granularities: [{name: fy}]}\n    columns: [{name: id, granularity: day}]\n",
        "error models/orders.sql:1:1: Time spine custom granularity columns do not exist in the model. Columns not found: fy; available columns: id",
    );
}

#[test]
fn overrides_of_sources_are_checked() {
    let package = [
        ("packages.yml", "packages: [{local: dbt_packages/pkg}]\n"),
        ("dbt_packages/pkg/dbt_project.yml", "name: pkg\n"),
        ("dbt_packages/pkg/models/raw.yml", "sources: [{name: raw, tables: [{name: one}]}]\n"),
    ];
    let said = |entry: &str, want: &[&str]| {
        let text = format!("sources:\n  - name: raw\n    overrides: pkg\n{entry}");
        check(&[&package[..], &[("models/s.yml", &text)]].concat(), want);
    };
    said("    description: ours\n", &[]);
    said(
        "    tables: [{name: two}]\n",
        &["warning models/s.yml:3:5: there is no source table `pkg.raw.two` to override"],
    );
    said("    gate: 1\n", &["error models/s.yml:4:5: an override cannot set `gate` of a source"]);
    said(
        "    tables: [{name: one, config: {enabled: false}}]\n",
        &["error models/s.yml:4:26: an override cannot set `config` of a table"],
    );
    said(
        "  - name: raw\n    overrides: pkg\n",
        &[
            "error models/s.yml:5:5: dbt found two schema.yml entries for the same source named raw in package pkg",
        ],
    );
    said(
        "  - name: other\n    overrides: pkg\n",
        &["warning models/s.yml:5:5: there is no source `pkg.other` to override"],
    );
}

#[test]
fn configurations_of_tests_cannot_use_what_only_templates_know() {
    check(
        &[
            ORDERS,
            (
                "models/s.yml",
                "models:\n  - name: orders\n    columns:\n      - name: id\n        data_tests:\n          \
                 - unique:\n              config: {where: \"id > {{ ref('orders') }}\"}\n",
            ),
        ],
        &["error models/s.yml:7:40: Invalid generic test configuration: `where`: `ref` is undefined"],
    );
}

#[test]
fn old_spellings_of_the_semantic_layer_are_told_unless_refused() {
    let semantic = "semantic_models:\n  - name: orders\n    model: ref('orders')\n    defaults: {agg_time_dimension: at}\n    \
                    entities: [{name: order_id, type: primary, expr: id}]\n";
    let rest = "    dimensions: [{name: at, type: time, type_params: {time_granularity: day}}]\n    \
                measures: [{name: total, agg: sum, expr: id}]\n\
                metrics:\n  - {name: sums, label: x, type: cumulative, type_params: {measure: total, window: 7 days}}\n";
    let text = format!("{semantic}{rest}");
    let files =
        [ORDERS, ("models/metricflow_time_spine.sql", "select 1 as date_day"), ("models/m.yml", &text)];
    check(
        &files,
        &[
            "warning models/m.yml:9:5: `window` and `grain_to_date` belong under `cumulative_type_params`, in metrics sums",
            "warning models/metricflow_time_spine.sql:1:1: `metricflow_time_spine` is a time spine by its name alone: describe it in YAML",
        ],
    );
}

#[test]
fn names_of_metrics_follow_rules() {
    let metric = |name: &str| {
        format!(
            "metrics:\n  - {{name: '{name}', label: x, type: derived, type_params: {{expr: '1', metrics: []}}}}\n"
        )
    };
    let said = |name: &str, want: &str| {
        let message = format!("error models/m.yml:2:12: The metric name '{name}' is invalid. It {want}");
        check(&[("models/m.yml", &metric(name))], &[&message]);
    };
    said("1st", "must begin with a letter");
    said("a b", "must contain only letters, numbers and underscores, cannot contain spaces");
}

#[test]
fn names_must_be_unique() {
    check(
        &[ORDERS, ("models/sub/orders.sql", "select 2 as id")],
        &["error models/sub/orders.sql:1:1: dbt found two models with the name \"orders\""],
    );
    check(
        &[ORDERS, ("models/b.sql", "{{ config(alias='orders') }} select 1")],
        &[
            "error models/orders.sql:1:1: dbt found two resources with the database representation \"memory.main.orders\": `model.shop.b` and `model.shop.orders`",
        ],
    );
    check(
        &[
            ("macros/a.sql", "{% macro m() %}{% endmacro %}"),
            ("macros/b.sql", "{% macro m() %}{% endmacro %}"),
        ],
        &["error macros/b.sql:1:1: dbt found multiple macros named \"m\" in the project"],
    );
}

#[test]
fn entries_must_describe_something_once() {
    let entry = "models: [{name: orders}]\n";
    check(
        &[ORDERS, ("models/a.yml", entry), ("models/b.yml", "models: [{name: orders}, {name: order}]\n")],
        &[
            "error models/b.yml:1:17: model `orders` is described twice",
            "warning models/b.yml:1:33: there is no model `order` to describe",
        ],
    );
    check(
        &[ORDERS, ("models/a.yml", "seeds: [{name: orders}]\nmodls: []\n")],
        &[
            "warning models/a.yml:2:1: `modls` means nothing in a property file",
            "warning models/a.yml:1:16: `orders` is a model, but is described under `seeds`",
        ],
    );
}

#[test]
fn configs_point_at_their_place() {
    check(
        &[
            ORDERS,
            (
                "models/a.yml",
                "models: [{name: orders, config: {tags: 5, full_refresh: maybe, access: everyone}}]\n",
            ),
            (
                "models/b.sql",
                "{{ config(materialized=1, on_configuration_change='now', docs={'node_color': 'reddish'}) }}\nselect 1",
            ),
        ],
        &[
            "error models/b.sql:1:4: config `materialized` must be text, but is a whole number",
            "error models/b.sql:1:4: config `on_configuration_change` must be `apply`, `continue` or `fail`, but is `now`",
            "error models/b.sql:1:4: config `docs.node_color` is neither a CSS colour name nor a hex code: `reddish`",
            "error models/a.yml:1:40: config `tags` must be text or a list of text, but is a list of other things",
            "error models/a.yml:1:57: config `full_refresh` must be true or false, but is text",
            "error models/a.yml:1:72: config `access` must be `private`, `protected` or `public`, but is `everyone`",
        ],
    );
}

#[test]
fn tests_of_missing_models_are_switched_off() {
    check(
        &[
            ORDERS,
            (
                "models/a.yml",
                "models: [{name: orders, columns: [{name: id, data_tests: [{relationships: {arguments: {to: ref('gone'), field: id}}}]}]}]\n",
            ),
            ("tests/t.sql", "select * from {{ ref('gone_too') }}"),
        ],
        &[
            "warning tests/t.sql:1:18: test `t` depends on `ref('gone_too')`, which does not exist",
            "warning models/a.yml:1:59: test `relationships_orders_id__id__ref_gone_` depends on `ref('gone')`, which does not exist",
        ],
    );
}

#[test]
fn governance_is_enforced() {
    check(
        &[
            ORDERS,
            ("models/b.sql", "select * from {{ ref('orders') }}"),
            (
                "models/a.yml",
                "groups: [{name: g, owner: {name: x}}]\nmodels: [{name: orders, config: {access: private, group: g}}, {name: b, config: {group: h}}]\n",
            ),
        ],
        &[
            "error models/b.sql:1:18: model `b` refs `orders`, which is private to the group `g`",
            "error models/a.yml:2:89: model `b` belongs to the group `h`, which does not exist",
        ],
    );
    check(
        &[
            ORDERS,
            (
                "models/a.yml",
                "models: [{name: orders, versions: [{v: 1, defined_in: orders, access: open}, {v: 2, access: ''}]}]\n",
            ),
            ("models/orders_v2.sql", "select 1 as id"),
        ],
        &[
            "error models/a.yml:1:71: config `access` must be `private`, `protected` or `public`, but is `open`",
        ],
    );
    check(
        &[ORDERS, ("models/a.yml", "models: [{name: orders, config: {contract: {enforced: true}}}]\n")],
        &[
            "error models/a.yml:1:17: Constraints must be defined in a `yml` schema configuration file: `orders` has an enforced contract, but no columns are described",
        ],
    );
}
