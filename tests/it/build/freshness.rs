//! `source freshness`: statuses, `sources.json`, hooks, exit codes.

use serde_json::{Value, json};

use super::Shop;

fn sources(shop: &Shop, file: &str) -> Value {
    serde_json::from_str(&shop.read(file)).unwrap()
}

/// `table status` of each entry of a file.
fn statuses(file: &Value) -> Vec<String> {
    let line = |entry: &Value| {
        let id = entry["unique_id"].as_str().unwrap();
        format!("{} {}", id.rsplit('.').next().unwrap(), entry["status"].as_str().unwrap())
    };
    file["results"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn each_source_gets_its_status() {
    let shop = Shop::copy("freshness");
    let shown = shop.run(&["source", "freshness", "--threads", "1"], 1);
    for line in [
        "nothing tells how old source `untold.fresh` is",
        "1 of 9 START freshness of raw.asked",
        "1 of 9 PASS freshness of raw.asked",
        "2 of 9 ERROR STALE freshness of raw.empty",
        "3 of 9 PASS freshness of raw.fresh",
        "4 of 9 ERROR freshness of raw.missing",
        "5 of 9 ERROR STALE freshness of raw.old ",
        "6 of 9 PASS freshness of raw.old_but_patient",
        "7 of 9 ERROR freshness of raw.on_days",
        "8 of 9 WARN freshness of raw.stale",
        "9 of 9 ERROR freshness of untold.fresh",
        "the end saw pass, error, pass, runtime error, error, pass, runtime error, warn, runtime error",
        "Finished running 2 project hooks, 9 sources",
        "Runtime Error in source missing (models/sources.yml)",
        "received value of type 'date' instead",
        "no 'loaded_at_field' provided and duckdb adapter does not support metadata-based freshness checks",
        "Failure in source empty (models/sources.yml)",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    let file = sources(&shop, "target/sources.json");
    let want = ["asked pass", "empty error", "fresh pass", "old error", "old_but_patient pass", "stale warn"];
    assert_eq!(statuses(&file), want);
    assert!(!shop.path("target/run_results.json").exists());
}

#[test]
fn the_file_is_dbts() {
    let shop = Shop::copy("freshness");
    shop.run(
        &["source", "freshness", "--threads", "1", "--select", "source:raw.empty", "source:raw.stale"],
        1,
    );
    let text = shop.read("target/sources.json");
    assert!(text.starts_with(
        r#"{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/sources/v3.json""#
    ));
    let file = sources(&shop, "target/sources.json");
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(keys(&file), "metadata results elapsed_time");
    let empty = &file["results"][0];
    assert_eq!(
        keys(empty),
        "unique_id max_loaded_at snapshotted_at max_loaded_at_time_ago_in_s status criteria adapter_response timing thread_id execution_time"
    );
    assert_eq!(empty["max_loaded_at"], "0001-01-01T00:00:00+00:00");
    assert_eq!(empty["adapter_response"], json!({"_message": "OK"}));
    let stale = &file["results"][1];
    let days = |count: u32| json!({"count": count, "period": "day"});
    assert_eq!(
        stale["criteria"],
        json!({"warn_after": days(1), "error_after": days(10), "filter": "id = 1"})
    );
    let age = stale["max_loaded_at_time_ago_in_s"].as_f64().unwrap();
    assert!((172_800.0..172_920.0).contains(&age), "{age}");
}

#[test]
fn a_warning_is_no_failure_and_the_file_can_be_elsewhere() {
    let shop = Shop::copy("freshness");
    let shown = shop.run(&["source", "freshness", "-s", "source:raw.stale", "-o", "elsewhere.json"], 0);
    assert!(shown.contains("CustomOutputPathInSourceFreshnessDeprecation"), "{shown}");
    assert_eq!(statuses(&sources(&shop, "elsewhere.json")), ["stale warn"]);
    assert!(!shop.path("target/sources.json").exists());
    let shown = shop.run(&["source", "snapshot-freshness", "-s", "source:raw.unwatched"], 0);
    assert!(shown.contains("Nothing to do."), "{shown}");
    assert_eq!(statuses(&sources(&shop, "target/sources.json")), Vec::<String>::new());
}

#[test]
fn hooks_can_be_left_out() {
    let shop = Shop::copy("freshness");
    shop.run(&["source", "freshness", "-s", "source:raw.fresh"], 0);
    let project = shop.read("dbt_project.yml") + "flags: {source_freshness_run_project_hooks: false}\n";
    shop.write("dbt_project.yml", &project);
    let shown = shop.run(&["source", "freshness", "-s", "source:raw.fresh"], 0);
    assert!(shown.contains("SourceFreshnessProjectHooksNotRun") && !shown.contains("START hook"), "{shown}");
}
