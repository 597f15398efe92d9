//! What is not the project's own stays: a dry run touches nothing, and builds drop nothing but the relations of their
//! nodes and what they made beside them.

use std::collections::BTreeSet;

use super::Shop;
use crate::opened;

/// Names of everything that statements in the log drop, without quotes and database.
pub(crate) fn dropped(log: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    // What the server says afterwards (`DROP TABLE in 0.1 seconds`) names nothing.
    for line in log.to_lowercase().lines().filter(|line| !line.contains("sql status")) {
        for (at, _) in line.match_indices("drop ") {
            let words: Vec<&str> = line[at..]
                .split_whitespace()
                .filter(|word| !["if", "exists", "materialized"].contains(word))
                .collect();
            if let [_, "table" | "view" | "sequence" | "schema" | "index" | "function" | "macro", name, ..] =
                words[..]
            {
                let name = name.trim_end_matches(';').replace('"', "");
                names.insert(
                    name.rsplit('.')
                        .take(2)
                        .collect::<Vec<_>>()
                        .into_iter()
                        .rev()
                        .collect::<Vec<_>>()
                        .join("."),
                );
            }
        }
    }
    names
}

/// Errors with what is dropped and is not the project's.
#[track_caller]
pub(crate) fn drops_only_its_own(log: &str, relations: &[&str]) {
    let dropped = dropped(log);
    assert!(dropped.len() > 3, "{dropped:?}");
    let is_own = |name: &&String| {
        let Some(("shop" | "shop_dbt_test__audit", name)) = name.split_once('.') else {
            return name.contains("__dbt_tmp");
        };
        let base = ["__dbt_tmp", "__dbt_backup"].iter().find_map(|ending| Some(name.split_once(ending)?.0));
        relations.contains(&base.unwrap_or(name)) || name.starts_with("__tidegate_")
    };
    let others: Vec<&String> = dropped.iter().filter(|name| !is_own(name)).collect();
    assert!(others.is_empty(), "{others:?}");
}

/// The relations of the fixture `killed`.
pub(crate) const OWN: [&str; 10] =
    ["raw", "stg", "totals", "plain", "log", "merged", "report", "history", "not_null_log_version", "audit"];

fn shop() -> Shop {
    let shop = Shop::copy("killed");
    shop.write(
        "profiles.yml",
        "shop: {target: dev, outputs: {dev: {type: duckdb, path: warehouse.duckdb, schema: shop}}}\n",
    );
    shop
}

#[test]
fn a_dry_run_tells_the_plan_and_touches_nothing() {
    let shop = shop();
    shop.write("models/parts.sql", "{{ config(materialized='ephemeral') }} select 1 as id");
    shop.write(
        "models/kept.sql",
        "{{ config(materialized='incremental', full_refresh=false) }} select id from {{ ref('parts') }}",
    );
    let told = shop.run(&["build", "--dry-run", "--full-refresh", "--gate"], 0);
    for line in [
        "Plan of 14 steps; nothing is run, and the database is not asked.",
        "first  schema warehouse.shop is made, if it is not there",
        "first  hook operation.shop.shop-on-run-start-0",
        "seed shop.raw: dropped and loaded anew (--full-refresh) from raw.csv",
        "incremental shop.kept: rows are added, or the whole table is built if it is not there, which `full_refresh: false` protects",
        "incremental shop.merged: built anew as a whole (--full-refresh), then swapped in; after plain",
        "ephemeral parts: becomes part of what selects from it",
        "snapshot shop.history: changes are added to the history; after plain",
        "table shop.plain: built beside the old one, then swapped in; published once its tests have passed: unique_plain_id, not_null_plain_id; after stg",
        "test unique_plain_id; asked at the gate of plain; after plain",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    for file in ["warehouse.duckdb", "target"] {
        assert!(!shop.path(file).exists(), "{file} was made");
    }
    shop.run(&["build"], 0);
    let before = shop.read("target/run_results.json");
    let added = shop.run(&["run", "--gate", "-s", "plain", "--dry-run"], 0);
    assert!(added.contains("test unique_plain_id; asked at the gate of plain, for that only"), "{added}");
    let none = shop.run(&["retry", "--dry-run"], 0);
    assert!(none.contains("Nothing to do"), "{none}");
    assert_eq!(shop.read("target/run_results.json"), before, "the results of the run before stay");
}

#[test]
fn nothing_is_dropped_but_what_the_project_made() {
    let shop = shop();
    let warehouse = opened::to_write(shop.path("warehouse.duckdb"));
    let foreign = "create schema shop; create schema other; create table shop.theirs as select 1 as x;
        create table shop.theirs__dbt_tmp as select 2 as x; create table other.raw as select 3 as x;
        create view shop.seen as select * from shop.theirs; create sequence shop.numbers;";
    warehouse.execute_batch(foreign).unwrap();
    drop(warehouse);
    shop.run(&["build"], 0);
    shop.run(&["build", "--full-refresh", "--gate"], 0);
    // What was a view becomes a table, and the other way round.
    shop.write(
        "models/stg.sql",
        "{{ config(materialized='table') }} select id, amount from {{ ref('raw') }}",
    );
    shop.write("models/plain.sql", "select id, amount from {{ ref('stg') }}");
    shop.run(&["build"], 0);
    drops_only_its_own(&shop.read("logs/dbt.log"), &OWN);
    let sums =
        "select (select x from shop.seen), (select x from shop.theirs__dbt_tmp), (select x from other.raw),
        (select count(*) from duckdb_sequences())";
    assert_eq!(shop.rows(sums), ["1 2 3 1"]);
}
