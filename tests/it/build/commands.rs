//! The commands around a build: selection, `ls`, compile, show, logs, exit codes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Shop;

fn listed(shop: &Shop, arguments: &[&str]) -> Vec<String> {
    shop.run(&[&["ls", "--quiet"], arguments].concat(), 0).lines().map(str::to_owned).collect()
}

#[test]
fn selections_choose_what_is_listed_and_run() {
    let shop = Shop::copy("outcomes");
    let check =
        |arguments: &[&str], want: &[&str]| assert_eq!(listed(&shop, arguments), want, "{arguments:?}");
    check(
        &["-s", "+after_dirty"],
        &["shop.after_dirty", "shop.dirty", "shop.orders", "shop.unique_dirty_id"],
    );
    check(&["-s", "warned+", "--exclude", "warned", "--resource-type", "model"], &["shop.after_warned"]);
    check(
        &["-s", "@dirty,+after_that", "--output", "name", "--resource-type", "model"],
        &["after_dirty", "after_that", "dirty"],
    );
    check(&["-s", "path:models/broken.sql", "--output", "path"], &["models/broken.sql"]);
    check(
        &["-s", "broken", "dirty", "--resource-types", "model", "--output", "json", "--output-keys", "name"],
        &[r#"{"name": "broken"}"#, r#"{"name": "dirty"}"#],
    );
    shop.run(&["seed"], 0);
    shop.run(&["run", "-s", "+after_that", "--exclude", "after_that"], 0);
    assert_eq!(shop.statuses(), ["after_dirty success", "dirty success"]);
    shop.run(&["run", "--exclude", "broken+", "dirty+"], 0);
    assert_eq!(shop.statuses(), ["after_warned success", "warned success"]);
}

#[test]
fn seeds_show_some_of_their_rows() {
    let shop = Shop::copy("outcomes");
    let rows = (1..=30).map(|id| format!("{id},x\n")).collect::<Vec<_>>().concat();
    shop.write("seeds/long.csv", &format!("id,name\n{rows}"));
    let told = shop.run(&["seed", "-s", "long", "--show"], 0);
    let (_, table) = told.split_once("Random sample of table: main.long").unwrap();
    let head = table.find("| id | name |").unwrap_or_else(|| panic!("{told}"));
    let lines = table[head..].lines().take_while(|line| line.starts_with('|'));
    // The names, the rule, ten rows, and dots for the others.
    assert_eq!(lines.count(), 13, "{told}");
    assert!(told.find("Random sample") < told.find("Completed successfully"), "{told}");
    assert!(!shop.run(&["seed", "-s", "long"], 0).contains("Random sample"));
}

#[test]
fn nothing_to_do_is_no_failure() {
    let shop = Shop::copy("outcomes");
    for command in ["run", "build", "test", "ls", "compile"] {
        let shown = shop.run(&[command, "-s", "nothing_here"], 0);
        assert!(shown.contains("'nothing_here' does not match any enabled nodes"), "{shown}");
    }
}

#[test]
fn compile_has_a_result_for_an_ephemeral_model_that_was_asked_for() {
    let shop = Shop::copy("outcomes");
    shop.write("models/inner.sql", "{{ config(materialized='ephemeral') }}select 1 as id");
    shop.write("models/outer.sql", "{{ config(materialized='ephemeral') }}select id from {{ ref('inner') }}");
    shop.run(&["compile", "-s", "outer"], 0);
    assert_eq!(shop.statuses(), ["outer success"]);
    let code = |shop: &Shop| shop.results()[0]["compiled_code"].as_str().unwrap().to_owned();
    assert_eq!(
        code(&shop),
        "with __dbt__cte__inner as (\nselect 1 as id\n) select id from __dbt__cte__inner"
    );
    shop.run(&["compile", "-s", "outer", "--no-inject-ephemeral-ctes"], 0);
    assert_eq!(code(&shop), "select id from __dbt__cte__inner");
    shop.run(&["compile"], 0);
    assert!(!shop.statuses().iter().any(|status| status.starts_with("outer")), "nobody asked for it");
}

#[test]
fn compile_prints_the_sql_of_what_was_named() {
    let shop = Shop::copy("outcomes");
    let shown = shop.run(&["compile", "-s", "dirty"], 0);
    let code = "Compiled node 'dirty' is:\nselect * from \"warehouse\".\"main\".\"orders\"";
    assert!(shown.trim_end().ends_with(code), "{shown}");
    assert!(!shown.contains("START"), "{shown}");
    assert_eq!(
        shop.read("target/compiled/shop/models/dirty.sql"),
        "select * from \"warehouse\".\"main\".\"orders\""
    );
    let shown = shop.run(&["compile", "-q", "--inline", "select * from {{ ref('dirty') }}"], 0);
    assert_eq!(shown, "select * from \"warehouse\".\"main\".\"dirty\"");
    shop.run(&["compile", "--inline", "select * from {{ ref('nowhere') }}"], 2);
    let refused = shop.run(&["show", "--inline", "selekt"], 2);
    assert!(
        refused.contains("Encountered an error:\nRuntime Error\n"),
        "as dbt counts errors of DuckDB: {refused}"
    );
}

#[test]
fn compile_and_show_print_what_the_first_word_names() {
    let shop = Shop::copy("outcomes");
    shop.write("models/v_v1.sql", "{{ config(tags='nightly') }}select 1 as one");
    shop.write("models/v_v2.sql", "{{ config(tags='nightly') }}select 2 as two");
    shop.write("models/v.yml", "models: [{name: v, versions: [{v: 1}, {v: 2}]}]");
    let told = |arguments: &[&str], start: &str| {
        let shown = shop.run(arguments, 0);
        let lines = shown.lines().filter(|line| line.contains(start));
        lines.map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let both = ["Compiled node 'v' is:", "Compiled node 'v' is:"];
    assert_eq!(told(&["compile", "-s", "v", "dirty"], "Compiled node"), both);
    assert_eq!(told(&["compile", "-s", "dirty v"], "Compiled node"), ["Compiled node 'dirty' is:"]);
    assert!(told(&["compile", "-s", "tag:nightly"], "Compiled node").is_empty());
    let both = ["Previewing node 'v.v1':", "Previewing node 'v.v2':"];
    assert_eq!(told(&["show", "-s", "v", "dirty"], "Previewing"), both);
    assert_eq!(told(&["show", "-s", "tag:nightly"], "Previewing"), both, "no use otherwise");
}

#[test]
fn show_prints_rows_as_text_and_as_json() {
    let shop = Shop::copy("outcomes");
    shop.run(&["build", "-s", "orders", "dirty"], 1);
    let shown = shop.run(&["show", "-s", "dirty", "--limit", "2"], 0);
    let table = "\
Previewing node 'dirty':
| id | customer | amount | status |
| -- | -------- | ------ | ------ |
|  1 | ann      |     10 | paid   |
|  2 | bob      |     -5 | paid   |";
    assert!(shown.contains(table), "{shown}");
    assert!(!shown.contains("unique_dirty_id"), "{shown}");
    let query = "select id, customer from {{ ref('dirty') }} where id > 2 order by id";
    let shown = shop.run(&["show", "--inline", query, "--output", "json", "--quiet", "--limit", "1"], 0);
    let rows: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(rows, serde_json::json!({"show": [{"id": 3, "customer": null}]}));
}

#[test]
fn json_lines_tell_what_each_node_did() {
    let shop = Shop::copy("outcomes");
    let ended = shop.call(&["build", "--log-format", "json", "--log-level", "debug"]);
    assert_eq!(ended.code, Some(1));
    let names: BTreeSet<String> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["info"]["name"].as_str().unwrap().to_owned())
        .collect();
    for name in [
        "MainReportVersion",
        "MainReportArgs",
        "AdapterRegistered",
        "FoundStats",
        "ConcurrencyLine",
        "NodeStart",
        "LogStartLine",
        "NodeCompiling",
        "NodeExecuting",
        "SQLQuery",
        "LogModelResult",
        "LogSeedResult",
        "LogTestResult",
        "NodeFinished",
        "SkippingDetails",
        "FinishedRunningStats",
        "EndOfRunSummary",
        "RunResultFailure",
        "RunResultError",
        "RunResultWarning",
        "CheckNodeTestFailure",
        "StatsLine",
        "CommandCompleted",
    ] {
        assert!(names.contains(name), "{name} in {names:?}");
    }
    let log = shop.read("logs/dbt.log");
    assert!(log.contains("Began running node model.shop.dirty"), "{log}");
    assert!(log.contains("Done. PASS=7 WARN=4 ERROR=2 SKIP=3 NO-OP=0 TOTAL=16"), "{log}");
}

#[test]
fn an_alias_is_what_the_command_is_called() {
    let shop = Shop::copy("outcomes");
    shop.write("models/named.sql", "{{ log('called ' ~ flags.WHICH, info=true) }} select 1 as a");
    let shown = shop.run(&["ls", "-s", "named"], 0);
    assert!(shown.contains("called ls") && shown.contains("Found "), "{shown}");
    let shown = shop.run(&["list", "-s", "named"], 0);
    assert!(shown.contains("called list") && !shown.contains("Found "), "{shown}");
}

#[test]
fn a_query_of_the_command_line_is_counted_and_announced() {
    let shop = Shop::copy("outcomes");
    for command in ["show", "compile"] {
        let shown = shop.run(&[command, "--inline", "select 1 as a"], 0);
        assert!(shown.contains(", 1 sql operation, ") && shown.contains("Concurrency: "), "{shown}");
    }
    let shown = shop.run(&["show", "--inline-direct", "select 1 as a"], 0);
    assert!(!shown.contains("Found ") && !shown.contains("Concurrency: "), "{shown}");
}

#[test]
fn exit_codes_tell_failures_from_mistakes() {
    let shop = Shop::copy("outcomes");
    shop.run(&["build", "-s", "+warned"], 0);
    shop.run(&["build", "-s", "broken"], 1);
    shop.run(&["test", "-s", "no_negative_amount"], 0);
    shop.run(&["run", "--profile", "nope"], 2);
    shop.run(&["run", "--no-such-flag"], 2);
    shop.run(&["parse"], 0);
    shop.run(&["debug"], 0);
    shop.write("models/dirty.sql", "select * from {{ ref('lost') }}");
    shop.run(&["run"], 2);
    shop.run(&["clean"], 0);
    assert!(!shop.path("target").exists());
    let quiet = shop.run(&["seed", "--quiet"], 2);
    assert!(quiet.contains("lost"), "{quiet}");
}
