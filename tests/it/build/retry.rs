//! `retry`: what failed is run again, by the command and with the settings of the run before.

use serde_json::Value;

use super::Shop;
use crate::opened;

const PROJECT: &str = "
name: shop
version: '1.0'
profile: shop
on-run-start: [\"create table if not exists hooks (happened timestamp)\", \"insert into hooks values (now())\"]
";
const PROFILES: &str = "shop: {target: dev, outputs: {dev: {type: duckdb, path: warehouse.duckdb}}}\n";

fn shop(models: &[(&str, &str)]) -> Shop {
    let shop = Shop { folder: tempfile::tempdir().unwrap() };
    std::fs::create_dir(shop.path("models")).unwrap();
    shop.write("dbt_project.yml", PROJECT);
    shop.write("profiles.yml", PROFILES);
    for (name, sql) in models {
        shop.write(&format!("models/{name}.sql"), sql);
    }
    shop
}

fn args(shop: &Shop) -> Value {
    serde_json::from_str::<Value>(&shop.read("target/run_results.json")).unwrap()["args"].clone()
}

const CHAIN: [(&str, &str); 4] = [
    ("fine", "select 1 as id"),
    ("broken", "select {{ var('column', 'nothing') }} as id from {{ ref('fine') }}"),
    ("after", "select id from {{ ref('broken') }}"),
    ("apart", "select 1 as id"),
];

#[test]
fn only_what_failed_and_what_waited_for_it_is_run_again() {
    let shop = shop(&CHAIN);
    shop.run(&["run", "--exclude", "apart", "--threads", "2"], 1);
    shop.run(&["retry"], 1);
    let hooks = ["shop-on-run-start-0 success", "shop-on-run-start-1 success"];
    assert_eq!(shop.statuses(), [&["after skipped", "broken error"][..], &hooks].concat());
    shop.run(&["retry", "--vars", "{column: id}"], 0);
    assert_eq!(shop.statuses(), [&["after success", "broken success"][..], &hooks].concat());
    assert_eq!(shop.rows("select count(*) from hooks"), ["3"]);
    // The settings are those of the run before, so that one more retry knows them too.
    let args = args(&shop);
    assert_eq!((args["which"].as_str(), args["threads"].as_i64()), (Some("run"), Some(2)));
    assert_eq!((args["exclude"][0].as_str(), args["vars"]["column"].as_str()), (Some("apart"), Some("id")));
    let told = shop.run(&["retry"], 0);
    assert!(told.contains("Nothing to do."), "{told}");
    assert!(shop.results().is_empty());
    let told = shop.run(&["retry"], 2);
    assert!(told.contains("Could not find previous run in 'target' target directory"), "{told}");
}

#[test]
fn a_run_kept_elsewhere_can_be_run_again() {
    let shop = shop(&CHAIN);
    shop.run(&["run", "-s", "broken", "--target-path", "first"], 1);
    shop.run(&["run", "-s", "apart"], 0);
    shop.run(&["retry", "--state", "first", "--vars", "{column: 1}"], 1);
    shop.run(&["run", "-s", "fine"], 0);
    shop.run(&["retry", "--state", "first", "--vars", "{column: 1}"], 0);
    assert_eq!(shop.statuses()[0], "broken success");
}

#[test]
fn without_an_earlier_run_or_its_nodes_there_is_nothing_to_retry() {
    let shop = shop(&CHAIN);
    let ended = shop.call(&["retry"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stdout.contains("Could not find previous run in 'target' target directory"),
        "{}",
        ended.stdout
    );
    shop.run(&["run"], 1);
    std::fs::remove_file(shop.path("models/after.sql")).unwrap();
    let ended = shop.call(&["retry"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stdout.contains("Couldn't find model 'model.shop.after'"), "{}", ended.stdout);
}

#[test]
fn a_macro_that_failed_is_called_again_with_its_arguments() {
    let shop = shop(&[]);
    std::fs::create_dir(shop.path("macros")).unwrap();
    let failing = "{% macro tell(what) %}{{ print('told ' ~ what) }}{{ nobody() }}{% endmacro %}";
    shop.write("macros/tell.sql", failing);
    shop.run(&["run-operation", "tell", "--args", "{what: me}"], 1);
    assert_eq!(shop.results()[0]["message"], Value::Null);
    assert!(shop.run(&["retry"], 1).contains("told me"));
    shop.write("macros/tell.sql", &failing.replace("{{ nobody() }}", ""));
    assert!(shop.run(&["retry"], 0).contains("told me"));
    // What went well is not done twice.
    assert!(!shop.run(&["retry"], 0).contains("told me"));
}

/// As in dbt, whose `compile` ends with the first error and writes no results.
#[test]
fn compiling_that_failed_leaves_the_results_of_the_run_before() {
    let shop = shop(&CHAIN);
    shop.run(&["run", "-s", "broken"], 1);
    let stop = "{{ exceptions.raise_compiler_error('no') if execute }} select 1 as id";
    shop.write("models/apart.sql", stop);
    shop.run(&["compile"], 2);
    assert_eq!(args(&shop)["which"], "run");
    shop.run(&["retry", "--vars", "{column: 1}"], 1);
    assert!(shop.statuses().iter().any(|one| one.starts_with("broken")), "{:?}", shop.statuses());
}

#[test]
fn batches_that_were_built_stay_and_the_others_are_built_again() {
    let events = "{{ config(event_time='day') }} select unnest(generate_series(
        timestamp '2024-01-01', timestamp '2024-01-04', interval 1 day)) as day";
    let daily = "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='day',
        batch_size='day', begin='2024-01-01') }}
        select day, case when day = timestamp '2024-01-03' then {{ var('third', \"error('no')\") }} else 1 end as n
        from {{ ref('events') }}";
    let shop = shop(&[("events", events), ("daily", daily), ("after", "select * from {{ ref('daily') }}")]);
    let bounds = ["--event-time-start", "2024-01-01", "--event-time-end", "2024-01-05"];
    shop.run(&[&["run", "--full-refresh"][..], &bounds].concat(), 1);
    let result = |shop: &Shop, name: &str| {
        let results = shop.results();
        results.iter().find(|result| result["unique_id"] == format!("model.shop.{name}")).cloned().unwrap()
    };
    assert_eq!(result(&shop, "daily")["status"], "partial success");
    assert_eq!(result(&shop, "daily")["message"], "PARTIAL SUCCESS (3/4)");
    assert_eq!(result(&shop, "after")["status"], "skipped");
    shop.run(&["retry", "--vars", "{third: 2}"], 0);
    let daily = result(&shop, "daily");
    assert_eq!((daily["status"].as_str(), daily["message"].as_str()), (Some("success"), Some("SUCCESS")));
    let batches = &daily["batch_results"];
    assert_eq!(batches["successful"].as_array().unwrap().len(), 4);
    assert_eq!(batches["successful"][0][0], "2024-01-03T00:00:00+00:00");
    assert_eq!(batches["failed"], Value::Array(Vec::new()));
    assert_eq!(
        shop.rows("select day::date, n from daily order by 1"),
        ["2024-01-01 1", "2024-01-02 1", "2024-01-03 2", "2024-01-04 1"]
    );
    assert_eq!(shop.rows("select count(*) from after"), ["4"]);
}

/// A run was killed between the commit of `log` and the line of its journal that says so; the `retry` after it does not
/// come to `log`.
#[test]
fn what_was_published_and_not_noted_is_not_done_again_however_late_that_is_found_out() {
    let shop = shop(&[
        ("stg", "select 1 as id"),
        ("log", "{{ config(materialized='incremental') }} select id from {{ ref('stg') }}"),
    ]);
    shop.run(&["run"], 0);
    let trace = r#""warehouse"."main"."__tidegate_0""#;
    let warehouse = opened::to_write(shop.path("warehouse.duckdb"));
    warehouse.execute_batch(&format!("create sequence {trace}")).unwrap();
    drop(warehouse);
    let began = serde_json::json!({"began": {
        "invocation_id": "killed", "at": "2999-01-01T00:00:00.000000Z", "process": 1, "args": args(&shop),
        "place": "here", "nodes": ["model.shop.stg", "model.shop.log"], "doubtful": {},
    }});
    let committing = serde_json::json!({"committing": ["model.shop.log", trace]});
    std::fs::create_dir_all(shop.path("target/run_journal")).unwrap();
    // The last line is torn.
    shop.write("target/run_journal/killed.jsonl", &format!("{began}\n{committing}\n{{\"ended\": {{\"uniq"));

    shop.write("models/stg.sql", "select nothing as id");
    shop.run(&["retry"], 1);
    assert_eq!(shop.statuses()[..2], ["log skipped", "shop-on-run-start-0 success"]);
    std::fs::remove_file(shop.path("target/run_journal/killed.jsonl")).unwrap();
    shop.write("models/stg.sql", "select 1 as id");
    let told = shop.run(&["retry"], 0);
    assert!(told.contains("published before"), "{told}");
    assert_eq!(shop.rows("select count(*) from log"), ["1"]);
    assert_eq!(shop.rows("select count(*) from duckdb_sequences()"), ["0"]);
    assert_eq!(std::fs::read_dir(shop.path("target/run_journal")).unwrap().count(), 0);
}
