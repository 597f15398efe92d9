//! User-defined functions: built between what they read and what calls them; `metric()` and `sql_now` beside them.
//!
//! dbt-duckdb makes no functions: the fixture's project says how, as a project has to.

use super::Shop;

fn built() -> Shop {
    let shop = Shop::copy("functions");
    shop.run(&["seed"], 0);
    shop.run(&["build"], 0);
    shop
}

fn manifest(shop: &Shop) -> serde_json::Value {
    serde_json::from_str(&shop.read("target/manifest.json")).unwrap()
}

#[test]
fn build_makes_functions_before_what_calls_them() {
    let shop = Shop::copy("functions");
    shop.run(&["seed"], 0);
    let told = shop.run(&["build"], 0);
    for line in [
        "1 of 7 START function main_tools.doubled ....................................... [RUN]",
        "1 of 7 OK created function main_tools.doubled .................................. [SUCCESS in ",
        "4 of 7 OK created function main_tools.total .................................... [SUCCESS in ",
        "Finished running 2 functions, 1 seed, 1 test, 3 view models",
        "Done. PASS=7 WARN=0 ERROR=0 SKIP=0 NO-OP=0 TOTAL=7",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    assert_eq!(shop.rows("from main.shown"), ["2 6", "4 6"]);
    let results = shop.results();
    let total = results.iter().find(|result| result["unique_id"] == "function.shop.total").unwrap();
    assert_eq!((&total["status"], &total["message"]), (&"success".into(), &"OK".into()));
    assert_eq!(total["relation_name"], serde_json::Value::Null);
    assert_eq!(
        shop.read("target/compiled/shop/functions/total.sql"),
        "select sum(\"warehouse\".\"main_tools\".\"doubled\"(price)) from \"warehouse\".\"main\".\"numbers\""
    );
    let shown = shop.run(&["show", "--inline", "select {{ function('doubled') }}(4, 3) as n"], 0);
    assert!(shown.contains("| 12 |"), "{shown}");
    let empty = shop.run(&["build", "--empty"], 0);
    assert!(empty.contains("Done. PASS=7"), "{empty}");
}

#[test]
fn a_function_that_fails_takes_along_what_calls_it() {
    let shop = Shop::copy("functions");
    shop.run(&["seed"], 0);
    shop.write("functions/doubled.sql", "value * lost(factor)");
    let told = shop.run(&["build"], 1);
    assert!(told.contains("1 of 7 ERROR creating function main_tools.doubled"), "{told}");
    assert!(told.contains("4 of 7 SKIP function total"), "{told}");
    assert!(told.contains("7 of 7 SKIP relation main.shown"), "{told}");
    assert!(told.contains("Failure in function doubled (functions/doubled.sql)"), "{told}");
    shop.write("functions/doubled.sql", "value * factor");
    shop.write(
        "macros/duckdb.sql",
        "{% macro sources_of_a_run() %}{{ return('main.prices') }}{% endmacro %}",
    );
    let told = shop.run(&["build", "-s", "doubled"], 1);
    assert!(
        told.contains("syntax error at or near \"RETURNS\""),
        "without the project's macro, as in dbt\n{told}"
    );
    let config = "{{ config(type='aggregate') }} value";
    shop.write("functions/doubled.sql", config);
    let told = shop.run(&["build", "-s", "doubled"], 1);
    assert!(told.contains("No macro named 'aggregate_function_sql' found within namespace: 'dbt'"), "{told}");
}

#[test]
fn only_build_runs_functions_and_selection_knows_them() {
    let shop = built();
    let list = |arguments: &[&str]| -> Vec<String> {
        let told = shop.call(&[&["--quiet", "list"][..], arguments].concat()).stdout;
        told.lines().map(str::to_owned).collect()
    };
    // A test comes along with a function in its arguments.
    let all = ["shop.doubled", "shop.total", "shop.above_numbers__function_doubled_price___1"];
    assert_eq!(list(&["-s", "resource_type:function"]), all);
    assert_eq!(list(&["-s", "total+"]), ["shop.total", "shop.shown"]);
    assert_eq!(list(&["-s", "+total", "--resource-type", "model"]), ["shop.numbers"]);
    assert_eq!(list(&["-s", "path:functions"]), all);
    assert_eq!(list(&["-s", "config.materialized:function"]), Vec::<String>::new(), "as in dbt");
    let run = shop.run(&["run", "-s", "doubled"], 0);
    assert!(run.contains("Nothing to do."), "{run}");
    let run = shop.run(&["run"], 0);
    assert!(run.contains("TOTAL=3"), "{run}");
    let build = shop.run(&["build", "--resource-type", "function"], 0);
    assert!(build.contains("Finished running 2 functions in"), "{build}");
    let build = shop.run(&["build", "--exclude-resource-type", "function"], 0);
    assert!(build.contains("TOTAL=5"), "{build}");
    let file = manifest(&shop);
    assert!(file["nodes"].get("function.shop.total").is_none());
    assert_eq!(
        file["parent_map"]["function.shop.total"],
        serde_json::json!(["function.shop.doubled", "model.shop.numbers"])
    );
    assert_eq!(file["child_map"]["function.shop.total"], serde_json::json!(["model.shop.shown"]));
    shop.run(&["docs", "generate"], 0);
    assert!(!shop.read("target/catalog.json").contains("function.shop"), "dbt has no functions in catalogs");
}

#[test]
fn functions_of_another_run_stand_for_those_that_are_missing() {
    let shop = Shop::copy("functions");
    shop.run(&["seed"], 0);
    shop.run(&["build", "--target", "prod"], 0);
    std::fs::create_dir(shop.path("state")).unwrap();
    std::fs::copy(shop.path("target/manifest.json"), shop.path("state/manifest.json")).unwrap();
    shop.run(&["run", "-s", "shown", "--defer", "--state", "state"], 0);
    assert_eq!(
        shop.read("target/compiled/shop/models/shown.sql"),
        "select \"warehouse\".\"prod_tools\".\"doubled\"(price) as twice, \"warehouse\".\"prod_tools\".\"total\"() as total\n\
         from \"warehouse\".\"prod\".\"numbers\""
    );
}

#[test]
fn a_function_is_modified_when_its_code_or_its_signature_is() {
    let shop = Shop::copy("functions");
    shop.run(&["parse"], 0);
    std::fs::create_dir(shop.path("state")).unwrap();
    std::fs::copy(shop.path("target/manifest.json"), shop.path("state/manifest.json")).unwrap();
    let modified = |shop: &Shop| -> Vec<String> {
        let list =
            ["--quiet", "list", "-s", "state:modified", "--state", "state", "--resource-type", "function"];
        shop.call(&list).stdout.lines().map(str::to_owned).collect()
    };
    assert_eq!(modified(&shop), Vec::<String>::new());
    let entries = shop.read("functions/functions.yml");
    shop.write("functions/functions.yml", &entries.replace("default_value: 2", "default_value: 3"));
    assert_eq!(modified(&shop), ["shop.doubled"]);
    shop.write("functions/functions.yml", &entries);
    shop.write("functions/total.sql", "select 1");
    assert_eq!(modified(&shop), ["shop.total"]);
}

#[test]
fn metrics_and_the_present_moment_are_known_when_nodes_run() {
    let shop = built();
    assert_eq!(
        shop.read("target/compiled/shop/models/hidden.sql"),
        "select count(*) as n, now() as at, 'growth' as metric,\n  'revenue' as made_of,\n  1 as depth,\n  \
         'Growth MetricType.DERIVED False' as label\nfrom \"warehouse\".\"main\".\"prices\"",
        "and a source that parsing does not see needs no declaration"
    );
}

#[test]
fn a_python_function_is_a_template_and_needs_its_runtime_named() {
    let shop = Shop::copy("functions");
    std::fs::remove_file(shop.path("functions/doubled.sql")).unwrap();
    shop.write(
        "functions/doubled.py",
        "def main(value):\n    {% if 1 == 1 %}\n    return value * 2\n    {% endif %}\n",
    );
    shop.run(&["compile", "-s", "doubled"], 0);
    let file = manifest(&shop);
    let doubled = &file["functions"]["function.shop.doubled"];
    assert_eq!(doubled["compiled_code"], "def main(value):\n    \n    return value * 2\n    ");
    assert_eq!(doubled["language"], "python");
    let build = |config: &str, want: &str| {
        shop.write("dbt_project.yml", &format!("name: shop\nprofile: shop\nfunctions: {config}\n"));
        let told = shop.run(&["build", "-s", "doubled"], 1);
        assert!(told.contains(want), "{told}");
    };
    build("{+entry_point: main}", "A `runtime_version` is required for python functions");
    build("{+runtime_version: '3.11'}", "An `entry_point` is required for python functions");
    build(
        "{+runtime_version: '3.11', +entry_point: main}",
        "No macro named 'scalar_function_python' found within namespace: 'dbt'",
    );
}
