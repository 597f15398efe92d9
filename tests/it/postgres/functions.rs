//! User-defined functions on Postgres: made, replaced, with defaults and promises; what is not possible there.

use serde_json::json;

use super::Server;
use crate::cli::{Call, without_times};

const FILES: [(&str, &str); 5] = [
    ("functions/doubled.sql", "select value * factor"),
    ("functions/total.sql", "select sum({{ function('doubled') }}(n)) from {{ ref('numbers') }}"),
    (
        "functions/functions.yml",
        "functions:\n  - name: doubled\n    config: {volatility: deterministic}\n    arguments:\n\
         \x20     - {name: value, data_type: int}\n      - {name: factor, data_type: int, default_value: 2}\n\
         \x20   returns: {data_type: int}\n  - name: total\n    returns: {data_type: bigint}\n",
    ),
    ("models/numbers.sql", "{{ config(materialized='table') }} select generate_series(1, 3) as n"),
    (
        "models/shown.sql",
        "{{ config(materialized='table') }} select {{ function('total') }}() as total, {{ function('doubled') }}(5, 3) as d",
    ),
];

#[test]
fn functions_are_built_and_replaced() {
    let server = Server::start();
    let project = server.project("shop", &FILES, json!({}));
    let build = |code: i32| {
        let built = Call::new(&project, &["build"]).run();
        let shown = without_times(&built.stdout);
        assert_eq!(built.code, Some(code), "{shown}");
        shown
    };
    let told = build(0);
    assert!(told.contains("OK created function shop.total"), "{told}");
    assert_eq!(server.text("select total || ' ' || d from shop.shown"), "12 15");
    assert_eq!(server.text("select provolatile from pg_proc where proname = 'doubled'"), "i");
    assert!(
        std::fs::read_to_string(project.join("logs/dbt.log")).unwrap().contains("CREATE OR REPLACE FUNCTION")
    );
    std::fs::write(project.join("functions/doubled.sql"), "select value * factor + 1").unwrap();
    build(0);
    assert_eq!(server.text("select total || ' ' || d from shop.shown"), "15 16");
    let results = std::fs::read_to_string(project.join("target/run_results.json")).unwrap();
    assert!(results.contains("\"CREATE FUNCTION\""), "{results}");
    std::fs::rename(project.join("functions/doubled.sql"), project.join("functions/doubled.py")).unwrap();
    std::fs::write(
        project.join("dbt_project.yml"),
        "name: shop\nprofile: shop\nfunctions: {+runtime_version: '3', +entry_point: f}\n",
    )
    .unwrap();
    let told = build(1);
    assert!(told.contains("No macro named 'scalar_function_python' found within namespace: 'dbt'"), "{told}");
}

#[test]
fn a_name_that_the_server_would_cut_is_refused() {
    let server = Server::start();
    let (fits, long) = ("f".repeat(63), "g".repeat(64));
    let (fits_file, long_file) = (format!("models/{fits}.sql"), format!("models/{long}.sql"));
    let table = "{{ config(materialized='table') }} select 1 as n";
    let project = server.project("shop", &[(&fits_file, table), (&long_file, table)], json!({}));
    let ended = Call::new(&project, &["run"]).run();
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    let want = format!("Relation name '{long}' is longer than 63 characters");
    assert!(ended.stdout.contains(&want), "{}", ended.stdout);
    assert_eq!(server.text(&format!("select n from shop.{fits}")), "1");
}
