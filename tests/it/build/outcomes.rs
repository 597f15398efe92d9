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
