//! The gate: a new version that its tests refuse is never seen (design D8).

use serde_json::Value;

use super::Shop;

/// Each relation of the project with the version that readers see.
const VERSIONS: &str = "
    select 'orders' as name, max(version) as version from orders
    union all select 'orders_view', max(version) from orders_view
    union all select 'ledger', max(version) from ledger
    union all select 'mart', max(version) from mart
    union all select 'free', max(version) from free
    union all select 'states', max(state[2:]::int) from states
    order by name";

const GOOD: &str = "{version: 1}";
const BAD: &str = "{version: 2, bad: true}";

/// Returns `name: status` of a run, those of tests by their names.
fn statuses(shop: &Shop, wanted: &[&str]) -> Vec<String> {
    let name = |result: &Value| result["unique_id"].as_str().unwrap().split('.').nth(2).unwrap().to_owned();
    let all = shop.results();
    let status = |wanted: &&str| {
        let result = all.iter().find(|result| name(result) == **wanted);
        result.map_or_else(
            || format!("{wanted}: none"),
            |it| format!("{wanted}: {}", it["status"].as_str().unwrap()),
        )
    };
    wanted.iter().map(status).collect()
}

#[test]
fn what_its_tests_refuse_is_never_published() {
    let shop = Shop::copy("gate");
    shop.run(&["build", "--vars", GOOD], 0);
    let first = ["free 1", "ledger 1", "mart 1", "orders 1", "orders_view 1", "states 1"];
    assert_eq!(shop.rows(VERSIONS), first);

    let shown = shop.run(&["build", "--vars", BAD], 1);
    let held = ["free 2", "ledger 1", "mart 1", "orders 1", "orders_view 1", "states 1"];
    assert_eq!(shop.rows(VERSIONS), held, "only what has no gate is published");
    assert_eq!(shop.rows("select count(*) from ledger"), ["3"]);
    assert_eq!(shop.rows("select count(*) from states"), ["1"]);
    let wanted = [
        "orders: error",
        "not_null_orders_amount: fail",
        "orders_add_up: fail",
        "unique_orders_id: pass",
        "accepted_values_orders_amount__False__10__20: skipped",
        "ledger: error",
        "unique_ledger_id: pass",
        "prices: success",
        "relationships_orders_id__id__ref_prices_: pass",
        "mart: skipped",
        "not_null_free_n: fail",
        "states: error",
        "not_null_states_state: fail",
    ];
    let names = wanted.map(|line| line.split(':').next().unwrap());
    assert_eq!(statuses(&shop, &names), wanted);
    for part in [
        "Held at the gate in model orders (models/orders.sql)",
        "the new version of `orders` was not published: 2 tests did not pass",
        "not_null_orders_amount: 1 failing row",
        "tidegate show --failures orders_add_up",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let mart = shop.results().into_iter().find(|it| it["unique_id"] == "model.shop.mart");
    assert_eq!(mart.unwrap()["message"], "`model.shop.orders` was held at the gate");

    let rows = shop.run(&["show", "--failures", "unique_orders_view_number"], 0);
    assert!(rows.contains("unique_field") && rows.contains('2'), "{rows}");
    let none = shop.call(&["show", "--failures", "unique_orders_id"]);
    assert_eq!(none.code, Some(2));

    // Mended, the rest of the build is done; nothing of the held versions is left.
    shop.run(&["retry", "--vars", "{version: 3}"], 1);
    assert_eq!(statuses(&shop, &["orders", "not_null_free_n"]), ["orders: success", "not_null_free_n: fail"]);
    let mended = ["free 2", "ledger 3", "mart 3", "orders 3", "orders_view 3", "states 3"];
    assert_eq!(shop.rows(VERSIONS), mended);
    assert_eq!(shop.rows("select count(*) from ledger"), ["6"]);
    let left =
        "select count(*) from information_schema.tables where table_name like '%\\_\\_dbt%' escape '\\'";
    assert_eq!(shop.rows(left), ["0"]);
    let gone = shop.call(&["show", "--failures", "unique_orders_view_number"]);
    assert_eq!(gone.code, Some(2), "rows of a test that passes are dropped");
}

#[test]
fn the_command_line_opens_and_closes_all_gates() {
    let shop = Shop::copy("gate");
    shop.run(&["build", "--vars", GOOD], 0);
    shop.run(&["build", "--no-gate", "--vars", BAD, "-s", "orders", "free"], 1);
    assert_eq!(shop.rows("select max(version) from orders"), ["2"], "published before its tests");
    shop.run(&["build", "--gate", "--vars", "{version: 3, bad: true}", "-s", "free"], 1);
    assert_eq!(shop.rows("select max(version) from free"), ["2"], "held, though it has no gate of its own");
    // `retry` keeps to what the command line said.
    shop.run(&["retry", "--vars", "{version: 4, bad: true}"], 1);
    assert_eq!(shop.rows("select max(version) from free"), ["2"]);
}

#[test]
fn a_command_that_runs_no_tests_asks_those_at_its_gates() {
    let shop = Shop::copy("gate");
    shop.run(&["seed"], 0);
    shop.run(&["run", "--vars", GOOD], 0);
    assert_eq!(
        statuses(&shop, &["orders", "not_null_orders_amount", "not_null_free_n"]),
        ["orders: success", "not_null_orders_amount: pass", "not_null_free_n: none"]
    );
    shop.run(&["run", "--vars", BAD], 1);
    assert_eq!(shop.rows("select max(version) from orders"), ["1"]);
    assert_eq!(shop.rows("select max(version) from free"), ["2"]);
    shop.write("seeds/prices.csv", "id,price\n1,5\n2,\n");
    shop.run(&["seed"], 1);
    assert_eq!(shop.rows("select count(*) from prices"), ["3"], "the seed's old rows stay");
    shop.run(&["seed", "--full-refresh"], 1);
    assert_eq!(shop.rows("select count(*) from prices"), ["3"]);
}

#[test]
fn a_materialization_without_a_transaction_is_told_of() {
    let shop = Shop::copy("gate");
    std::fs::create_dir(shop.path("macros")).unwrap();
    shop.write(
        "macros/open.sql",
        "{% materialization open, default %}
           {% call statement('main', auto_begin=false) %}
             create or replace table {{ this }} as ({{ sql }})
           {% endcall %}
           {% do adapter.commit() %}
           {{ return({'relations': [this.incorporate(type='table')]}) }}
         {% endmaterialization %}",
    );
    shop.write(
        "models/orders_view.sql",
        "{{ config(materialized='open') }} select 1 as number, {{ var('version') }} as version, {{ var('bad') }} as bad",
    );
    let shown = shop.run(&["build", "-s", "orders_view"], 0);
    assert!(
        shown.contains("`orders_view` has a gate, but its new version was published before its tests"),
        "{shown}"
    );
    assert_eq!(statuses(&shop, &["unique_orders_view_number"]), ["unique_orders_view_number: pass"]);
}
