//! Release sets in DuckDB: nodes that are published together, or not at all (design D8).

use serde_json::Value;

use super::Shop;

/// The version of each relation of the set.
const VERSIONS: &str = "
    select 'ledger', max(version) from shop.ledger
    union all select 'orders', max(version) from shop.orders
    union all select 'orders_view', max(version) from shop.orders_view
    union all select 'priced_view', max(version) from shop.priced_view
    union all select 'report', max(totals_version) from shop.report
    union all select 'states', max(version) from shop.states
    union all select 'totals', max(version) from shop.totals
    order by 1";

/// All that is in the set's relations, how they are defined, and what is said of them.
const EVERYTHING: [&str; 7] = [
    "select table_name, comment from duckdb_tables() where table_name <> 'stage' order by 1",
    "select view_name, sql from duckdb_views() where schema_name = 'shop' order by 1",
    "select index_name, sql from duckdb_indexes() order by 1",
    "from shop.orders order by id",
    "from shop.ledger order by id",
    "from shop.prices order by id",
    "select * from shop.states order by dbt_valid_from",
];

fn at(version: u32) -> Vec<String> {
    let names = ["ledger", "orders", "orders_view", "priced_view", "report", "states", "totals"];
    names.map(|name| format!("{name} {version}")).into()
}

fn everything(shop: &Shop) -> Vec<Vec<String>> {
    EVERYTHING.map(|sql| shop.rows(sql)).into()
}

fn results(shop: &Shop) -> Vec<(String, String, String)> {
    let text = |result: &Value, key: &str| result[key].as_str().unwrap_or_default().to_owned();
    let place = |id: &str| if id.starts_with("unit_test.") { 3 } else { 2 };
    let name = |result: &Value| {
        let id = text(result, "unique_id");
        id.split('.').nth(place(&id)).unwrap().to_owned()
    };
    let all = shop.results();
    all.iter().map(|result| (name(result), text(result, "status"), text(result, "message"))).collect()
}

fn status(shop: &Shop, wanted: &str) -> String {
    results(shop).into_iter().find(|(name, ..)| name == wanted).map_or_else(|| "none".to_owned(), |it| it.1)
}

#[test]
fn a_set_is_published_together_or_not_at_all() {
    let shop = Shop::copy("release_set");
    let orders = shop.read("models/marts/orders.sql").replace(
        "materialized='table'",
        "materialized='table', indexes=[{'columns': ['id'], 'unique': true}], persist_docs={'relation': true}",
    );
    shop.write("models/marts/orders.sql", &orders);
    let shown = shop.run(&["build"], 0);
    assert!(shown.contains("Release set `marts` is published: orders, "), "{shown}");
    assert_eq!(shop.rows(VERSIONS), at(1));
    let before = everything(&shop);
    assert!(before.iter().all(|rows| !rows.is_empty()), "{before:?}");

    for bad in ["orders", "ledger", "priced_view", "sql"] {
        shop.write("seeds/prices.csv", "id,price\n1,50\n");
        let shown = shop.run(&["build", "--vars", &format!("{{version: 2, bad: {bad}}}")], 1);
        assert_eq!(everything(&shop), before, "{bad}: {shown}");
        assert_eq!(shop.rows("select max(version) from shop.stage"), ["2"], "it is not of the set");
        let culprit = if bad == "sql" { "totals" } else { bad };
        let because = format!("Release set `marts` is not published, because of `{culprit}`: orders, ");
        assert!(shown.contains(&because), "{bad}: {shown}");
        for name in ["orders", "orders_view", "priced_view", "totals", "ledger", "states", "prices"] {
            assert_eq!(status(&shop, name), "error", "{bad}: {name}");
        }
        assert_eq!(status(&shop, "report"), "skipped");
        let held =
            "the new version of `states` was not published: its release set `marts` was held at the gate";
        let (.., message) = results(&shop).into_iter().find(|(name, ..)| name == "states").unwrap();
        assert!(message.contains(held) && message.contains(&format!("because of `{culprit}`")), "{message}");
    }
    let rows = shop.run(&["build", "--vars", "{version: 2, bad: ledger}"], 1);
    assert!(rows.contains("tidegate show --failures not_null_ledger_amount"), "{rows}");
    shop.run(&["show", "--failures", "not_null_ledger_amount"], 0);

    // Mended, all of it is done, on what was there already.
    shop.run(&["retry", "--vars", "{version: 3}"], 0);
    assert_eq!(shop.rows(VERSIONS), at(2));
    assert_eq!(shop.rows("select price from shop.prices"), ["50"]);
    assert_eq!(shop.rows("select count(*) from shop.ledger"), ["6"]);
    let left = "select (select count(*) from duckdb_tables() where contains(table_name, '__dbt'))
        + (select count(*) from duckdb_sequences())";
    assert_eq!(shop.rows(left), ["0"]);
    assert!(shop.rows("select sql from duckdb_indexes()")[0].contains("UNIQUE"));
}

#[test]
fn the_whole_run_can_be_a_set() {
    let shop = Shop::copy("release_set");
    let plan = shop.run(&["build", "--gate-all", "--dry-run"], 0);
    assert!(
        plan.contains("set  `all`: stage, orders, ") && plan.contains("built in the turn of stage"),
        "{plan}"
    );
    shop.run(&["build", "--gate-all"], 0);
    shop.run(&["build", "--gate-all", "--vars", "{version: 2, bad: priced_view}"], 1);
    assert_eq!(shop.rows(VERSIONS), at(1));
    assert_eq!(shop.rows("select max(version) from shop.stage"), ["1"]);
    // `retry` keeps to what the command line said.
    let shown = shop.run(&["retry", "--vars", "{version: 3, bad: ledger}"], 1);
    assert!(shown.contains("Release set `all` is not published"), "{shown}");
    assert_eq!(shop.rows("select max(version) from shop.stage"), ["1"]);
    // `run` asks the tests at the gates, too, and builds a part of the set as the set that it is.
    shop.run(&["run", "-s", "orders", "totals", "--vars", "{version: 4, bad: orders}"], 1);
    assert_eq!(shop.rows(VERSIONS), at(1));
    shop.run(&["build", "--no-gate", "--vars", "{version: 5, bad: orders}"], 1);
    assert_eq!(shop.rows("select max(version) from shop.orders"), ["5"], "published before its tests");
}

#[test]
fn what_fails_before_a_set_skips_it_and_a_stop_tells_what_was_published() {
    let shop = Shop::copy("release_set");
    shop.run(&["build"], 0);
    let stage = shop.read("models/stage.sql");
    shop.write("models/stage.sql", "select no_such_column");
    shop.run(&["build"], 1);
    assert_eq!(shop.rows(VERSIONS), at(1));
    for name in ["orders", "totals", "states", "totals_count_orders"] {
        assert_eq!(status(&shop, name), "skipped", "{name}");
    }
    shop.write("models/stage.sql", &stage);
    shop.write("tests/never.sql", "select 1 from {{ ref('orders') }} join {{ ref('report') }} on true");
    shop.run(&["build", "--fail-fast", "--vars", "{version: 2}"], 1);
    assert_eq!(shop.rows(VERSIONS), at(2));
    for name in ["orders", "totals", "ledger"] {
        assert_eq!(status(&shop, name), "success", "{name}");
    }
}

#[test]
fn sets_that_cannot_be_published_at_once_are_refused_before_anything_is_done() {
    let shop = Shop::copy("release_set");
    let refused = |part: &str| {
        let ended = shop.call(&["build"]);
        assert_eq!(ended.code, Some(2), "{part}: {}", ended.stdout);
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
        assert!(!shop.path("warehouse.duckdb").exists(), "{part}");
    };
    let totals = shop.read("models/marts/totals.sql");
    let with =
        |config: &str| totals.replace("materialized='table'", &format!("materialized='table', {config}"));
    shop.write("models/between.sql", "select id, version from {{ ref('orders') }}");
    shop.write(
        "models/marts/totals.sql",
        "select count(*) as orders, max(version) as version from {{ ref('between') }}",
    );
    refused(
        "`between` stands between nodes of the release set `marts`: it needs `orders`, and `totals` needs it",
    );
    shop.write(
        "models/between.sql",
        "{{ config(gate={'set': 'others'}) }} select id, version from {{ ref('orders') }}",
    );
    refused("stands between nodes of the release set `marts`");
    shop.write("models/between.sql", "select 1 as id");
    shop.write("models/marts/totals.sql", &with("gate='perhaps'"));
    refused("`gate: \"perhaps\"` of `totals` means nothing");
    shop.write("models/marts/totals.sql", &with("pre_hook={'sql': 'vacuum', 'transaction': false}"));
    refused(
        "`totals` cannot be part of the release set `marts`: a `pre-hook` of it runs outside of the transaction",
    );
    shop.write("models/marts/totals.sql", &with("database='elsewhere'"));
    refused("the release set `marts` spans two databases");
    shop.write("models/marts/totals.sql", &totals);
    for (name, set, parent) in
        [("a1", "a", "stage"), ("b1", "b", "a1"), ("b2", "b", "stage"), ("a2", "a", "b2")]
    {
        let model = format!(
            "{{{{ config(gate={{'set': '{set}'}}) }}}} select version from {{{{ ref('{parent}') }}}}"
        );
        shop.write(&format!("models/{name}.sql"), &model);
    }
    refused("the release sets `a` and `b` need each other");
}

#[test]
fn nobody_ends_the_transaction_of_a_set_but_the_set() {
    let shop = Shop::copy("release_set");
    shop.run(&["build"], 0);
    let orders = shop.read("models/marts/orders.sql");
    let with =
        |config: &str| orders.replace("materialized='table'", &format!("materialized='table', {config}"));
    shop.write("models/marts/orders.sql", &with("post_hook='commit'"));
    let shown = shop.run(&["build", "--vars", "{version: 2}"], 1);
    assert!(shown.contains("this would end the transaction of a release set"), "{shown}");
    assert_eq!(shop.rows(VERSIONS), at(1));
    // Hooks after the commit wait for that of the set, and see it.
    let late = "post_hook=[{'sql': \"create table shop.seen as select version from shop.totals\", 'transaction': false}]";
    shop.write("models/marts/orders.sql", &with(late));
    shop.run(&["build", "--vars", "{version: 3, bad: ledger}"], 1);
    assert_eq!(shop.rows("select count(*) from duckdb_tables() where table_name = 'seen'"), ["0"]);
    shop.run(&["build", "--vars", "{version: 4}"], 0);
    assert_eq!(shop.rows("select version from shop.seen"), ["4"]);
    // What is written to files cannot be held back.
    shop.write(
        "models/marts/orders.sql",
        &orders.replace("'table'", "'external', location='orders.parquet'"),
    );
    let shown = shop.run(&["build", "--vars", "{version: 5}"], 1);
    assert!(shown.contains("`orders` cannot be part of a release set: its files are seen"), "{shown}");
    assert_eq!(shop.rows(VERSIONS), at(4));
}

#[test]
fn batches_are_published_with_their_set() {
    let shop = Shop::copy("release_set");
    let model = "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='day', batch_size='day',
            begin='2024-01-01', lookback=3) }}
        select day, {{ var('version') }} as version, case when '{{ var('bad') }}' = 'days' and day = '2024-01-03' then null else 1 end as n
        from {{ ref('moments') }}";
    shop.write("models/marts/days.sql", model);
    shop.write(
        "models/marts/moments.sql",
        "{{ config(materialized='table', event_time='day') }}
        select i as n, cast('2024-01-01' as timestamp) + to_days(i::int) as day, {{ var('version') }} as version from range(4) as t(i)",
    );
    shop.write("models/days.yml", "models: [{name: days, columns: [{name: n, data_tests: [not_null]}]}]\n");
    let build = |version: &str, code: i32| {
        let span = ["--event-time-start", "2024-01-01", "--event-time-end", "2024-01-05"];
        let shown = shop.run(
            &[
                &[
                    "build",
                    "-s",
                    "+days",
                    "+orders",
                    "--exclude",
                    "test_name:relationships",
                    "--vars",
                    version,
                ][..],
                &span,
            ]
            .concat(),
            code,
        );
        (
            shop.rows("select count(*), min(version), max(version) from shop.days"),
            shop.rows("select max(version) from shop.orders"),
            shown,
        )
    };
    let (days, orders, _) = build("{version: 1}", 0);
    assert_eq!((days, orders), (vec!["4 1 1".to_owned()], vec!["1".to_owned()]));
    let (days, orders, shown) = build("{version: 2, bad: days}", 1);
    assert_eq!((days, orders), (vec!["4 1 1".to_owned()], vec!["1".to_owned()]), "{shown}");
    let (days, orders, shown) = build("{version: 3}", 0);
    assert_eq!((days, orders), (vec!["4 3 3".to_owned()], vec!["3".to_owned()]), "{shown}");
}
