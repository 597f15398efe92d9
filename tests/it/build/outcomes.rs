//! What failures do to the rest of a build: skips with their reasons, severities, stored rows, exit codes.

use super::Shop;

#[test]
fn a_failed_test_skips_what_is_below_and_a_warning_does_not() {
    let shop = Shop::copy("outcomes");
    let shown = shop.run(&["build", "--threads", "1"], 1);
    assert_eq!(
        shop.statuses(),
        [
            "accepted_values_warned_status__paid__open warn",
            "after_broken skipped",
            "after_dirty skipped",
            "after_that skipped",
            "after_warned success",
            "broken error",
            "dirty success",
            "no_negative_amount warn",
            "not_null_warned_amount pass",
            "not_null_warned_customer warn",
            "not_null_warned_id pass",
            "orders success",
            "sum_within pass",
            "unique_dirty_id fail",
            "unique_warned_id warn",
            "warned success",
        ]
    );
    assert!(shown.contains(" SKIP relation main.after_that ..."), "{shown}");
    assert!(shown.contains("Done. PASS=7 WARN=4 ERROR=2 SKIP=3 NO-OP=0 TOTAL=16"), "{shown}");
    assert!(shown.contains("Got 1 result, configured to fail if != 0"), "{shown}");
    assert!(shown.contains("Got 1 result, configured to warn if >0"), "{shown}");
    // `limit` stops counting at two.
    assert!(shown.contains("WARN 2 no_negative_amount "), "{shown}");
}

#[test]
fn failing_rows_are_stored_where_asked() {
    let shop = Shop::copy("outcomes");
    let shown = shop.run(&["build"], 1);
    let stored = |shop: &Shop| -> Vec<String> {
        shop.relations().into_iter().filter(|name| name.contains("audit")).collect()
    };
    assert_eq!(stored(&shop), ["view main_dbt_test__audit.odd_status", "table main_dbt_test__audit.twice"]);
    assert_eq!(shop.rows("from main_dbt_test__audit.twice"), ["2 2"]);
    assert_eq!(shop.rows("from main_dbt_test__audit.odd_status"), ["lost 2"]);
    assert!(shown.contains("select * from \"warehouse\".\"main_dbt_test__audit\".\"twice\""), "{shown}");
    let shown = shop.run(&["test", "-s", "dirty", "--store-failures"], 1);
    assert!(shown.contains("Finished running 1 test in "), "{shown}");
    assert!(
        shown.contains("select * from \"warehouse\".\"main_dbt_test__audit\".\"unique_dirty_id\""),
        "{shown}"
    );
    assert_eq!(stored(&shop).len(), 3);
}

#[test]
fn fail_fast_stops_at_the_first_failure() {
    let shop = Shop::copy("outcomes");
    let shown = shop.run(&["build", "--threads", "1", "--fail-fast"], 1);
    let results = shop.results();
    assert_eq!(results.len(), 16);
    let skipped: Vec<_> = results.iter().filter(|one| one["status"] == "skipped").collect();
    assert_eq!(skipped.len(), 14);
    assert!(skipped.iter().all(|one| one["message"] == "Skipping due to fail_fast"));
    assert!(!shown.contains(" SKIP relation "), "{shown}");
    assert!(shown.contains("Done. PASS=1 WARN=0 ERROR=1 SKIP=14 NO-OP=0 TOTAL=16"), "{shown}");
}

#[test]
fn warnings_become_errors_where_asked() {
    let shop = Shop::copy("outcomes");
    shop.run(&["build", "--warn-error", "-s", "+warned"], 1);
    let failed = shop.statuses().iter().filter(|one| one.ends_with(" fail")).count();
    assert_eq!(failed, 4);
    shop.run(&["build", "-s", "+warned"], 0);
}

#[test]
fn a_failed_model_leaves_what_was_there() {
    let shop = Shop::copy("slow");
    shop.run(&["run"], 0);
    let before = shop.relations();
    shop.run(&["run", "--vars", "{mode: broken}"], 1);
    assert_eq!(
        shop.statuses(),
        [
            "after_slow skipped",
            "quick success",
            "slow_incremental error",
            "slow_table error",
            "slow_view error"
        ]
    );
    assert_eq!(shop.relations(), before);
    for model in ["slow_table", "slow_incremental", "slow_view", "after_slow"] {
        assert_eq!(shop.rows(&format!("from main.{model}")), ["7"], "{model}");
    }
    shop.run(&["run"], 0);
    assert_eq!(shop.rows("from main.slow_incremental"), ["7", "7"]);
}

#[test]
fn the_log_tells_tools_how_each_node_went_and_what_was_sent() {
    let shop = Shop::copy("outcomes");
    shop.run(&["build", "--threads", "1", "--log-format-file", "json"], 1);
    let log = std::fs::read_to_string(shop.path("logs/dbt.log")).unwrap();
    let events: Vec<serde_json::Value> =
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let named = |name: &str| -> Vec<&serde_json::Value> {
        events.iter().filter(|event| event["info"]["name"] == name).map(|event| &event["data"]).collect()
    };
    let ids = |name: &str| -> Vec<&str> {
        named(name).iter().map(|data| data["node_info"]["unique_id"].as_str().unwrap()).collect()
    };
    // Skipped nodes begin and end like others.
    assert_eq!(ids("NodeStart"), ids("NodeFinished"));
    assert_eq!(ids("NodeFinished").len(), 16);
    let skipped =
        named("NodeFinished").into_iter().filter(|data| data["node_info"]["node_status"] == "skipped");
    assert_eq!(
        skipped.map(|data| data["run_result"]["status"].as_str().unwrap()).collect::<Vec<_>>(),
        ["skipped"; 3]
    );
    let blocked: Vec<&str> =
        named("MarkSkippedChildren").iter().map(|data| data["status"].as_str().unwrap()).collect();
    assert_eq!((blocked.len(), blocked.iter().filter(|status| **status == "skipped").count()), (5, 3));
    // Statements say which phase of which node they belong to, and each has an answer or a refusal.
    let of_broken: Vec<&str> = named("SQLQuery")
        .iter()
        .filter(|data| data["node_info"]["unique_id"] == "model.shop.broken")
        .map(|data| data["node_info"]["node_status"].as_str().unwrap())
        .collect();
    assert!(!of_broken.is_empty() && of_broken.iter().all(|status| *status == "executing"), "{of_broken:?}");
    let refused = named("AdapterEventDebug");
    assert!(refused[0]["base_msg"].as_str().unwrap().starts_with("duckdb error: "), "{refused:?}");
    assert_eq!(named("SQLQuery").len(), named("SQLQueryStatus").len() + refused.len() / 2);
    assert_eq!(named("EndRunResult")[0]["results"].as_array().unwrap().len(), 16);
    assert!(ids("WritingInjectedSQLForNode").contains(&"model.shop.broken"));
}

#[test]
fn artifacts_tell_where_the_log_and_executed_statements_are_and_who_wrote_them() {
    let shop = Shop::copy("outcomes");
    let selector = "selectors:\n  - {name: nightly, definition: {union: ['tag:nightly', {method: fqn, value: orders}]}}\n";
    shop.write("selectors.yml", selector);
    shop.run(&["build", "--select", "orders"], 0);
    let read = |file: &str| -> serde_json::Value {
        serde_json::from_str(&std::fs::read_to_string(shop.path(file)).unwrap()).unwrap()
    };
    let args = &read("target/run_results.json")["args"];
    assert_eq!(args["tidegate_version"], env!("CARGO_PKG_VERSION"));
    assert!(args["log_path"].as_str().unwrap().ends_with("/logs"), "{args}");
    let manifest = read("target/manifest.json");
    assert_eq!(manifest["nodes"]["seed.shop.orders"]["build_path"], "target/run/shop/seeds/orders.csv");
    let nightly = &manifest["selectors"]["nightly"]["definition"]["union"];
    assert_eq!(nightly[1], serde_json::json!({"method": "fqn", "value": "orders"}), "{nightly}");
    assert_eq!((&nightly[0]["method"], &nightly[0]["value"]), (&"tag".into(), &"nightly".into()));
    // The documentation site of dbt asks for it.
    assert!(manifest["docs"]["doc.dbt.__overview__"]["block_contents"].is_string());
}
