//! `check`: mistakes found without building, on a shop that has one of each kind.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{Call, Ended, copy_folder};

/// The shop in a folder of its own.
fn shop() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/check"), folder.path());
    folder
}

/// Checks what is selected; returns the exit code and what was found.
fn check(folder: &TempDir, select: &[&str]) -> (Option<i32>, Value) {
    let arguments = [&["-q", "check", "--output", "json", "--select"], select].concat();
    let Ended { code, stdout, stderr } = Call::new(folder.path(), &arguments).run();
    let found = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("no JSON: {stdout}{stderr}"));
    (code, found)
}

/// The places and the beginnings of problems.
fn lines(found: &Value, kind: &str) -> Vec<String> {
    let line = |problem: &Value| {
        let place = &problem["place"];
        let file = place["file"].as_str().unwrap_or_default();
        let message = problem["message"].as_str().unwrap().lines().next().unwrap_or_default();
        format!("{file}:{}:{}: {message}", place["line"], place["column"])
    };
    found[kind].as_array().unwrap().iter().map(line).collect()
}

fn names(found: &Value, kind: &str) -> Vec<String> {
    found[kind].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_mistake_is_found_at_its_line() {
    let folder = shop();
    let (code, found) = check(&folder, &["path:models/wrong", "no_refunds", "dated"]);
    assert_eq!(code, Some(1));
    let mut told = lines(&found, "errors");
    told.sort();
    insta::assert_snapshot!(told.join("\n"));
    assert!(!folder.path().join("target/shop.duckdb").exists(), "nothing is built");
}

#[test]
fn a_sound_project_has_no_mistakes() {
    let folder = shop();
    let (code, found) = check(&folder, &["path:models/sound", "history"]);
    assert_eq!(code, Some(0), "{found:#}");
    assert_eq!(lines(&found, "errors"), [""; 0]);
    assert_eq!(found["not_checked"], Value::Array(Vec::new()));
    assert!(names(&found, "sound").contains(&"model.shop.by_day".to_owned()));
}

#[test]
fn what_nobody_knows_is_not_checked_with_the_reason() {
    let folder = shop();
    let (code, found) = check(&folder, &["path:models/unknown"]);
    assert_eq!(code, Some(0), "{found:#}");
    let reason = |node: &Value| {
        let origin = node["origin"].as_str().map(|origin| format!(" ({origin})")).unwrap_or_default();
        format!("{}{origin}: {}", node["unique_id"].as_str().unwrap(), node["reason"].as_str().unwrap())
    };
    let mut reasons: Vec<String> = found["not_checked"].as_array().unwrap().iter().map(reason).collect();
    reasons.sort();
    insta::assert_snapshot!(reasons.join("\n"));
    assert_eq!(
        lines(&found, "warnings"),
        [
            "models/unknown/more_of_customers.sql:1:21: Binder Error: Referenced column \"email\" not found in FROM clause!"
        ]
    );
}

#[test]
fn the_columns_of_sources_are_those_of_the_warehouse() {
    let folder = shop();
    let create = "create schema crm; create table crm.visits (visit_id integer, day date); \
                  create table crm.customers (customer_id integer, full_name varchar, email varchar)";
    let operation = format!("{{% macro fill() %}}{{% do run_query(\"{create}\") %}}{{% endmacro %}}");
    fs::write(folder.path().join("macros/fill.sql"), operation).unwrap();
    fs::write(
        folder.path().join("models/unknown/late.sql"),
        "select dayy from {{ source('crm', 'visits') }}",
    )
    .unwrap();
    let filled = Call::new(folder.path(), &["run-operation", "fill"]).run();
    assert_eq!(filled.code, Some(0), "{}", filled.stdout);
    let (code, found) = check(&folder, &["visits", "more_of_customers", "late"]);
    assert_eq!(code, Some(1));
    assert_eq!(names(&found, "sound"), ["model.shop.more_of_customers", "model.shop.visits"]);
    assert!(lines(&found, "errors")[0].starts_with("models/unknown/late.sql:1:8: "), "{found:#}");
}

#[test]
fn a_build_that_checks_first_begins_nothing() {
    let folder = shop();
    let build = |select: &str| Call::new(folder.path(), &["build", "--check", "--select", select]).run();
    let ended = build("+types");
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert!(ended.stdout.contains("models/wrong/types.sql:3:"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("OK loaded seed"), "{}", ended.stdout);
    let ended = build("+by_day");
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    assert!(ended.stdout.contains("stg_orders"), "{}", ended.stdout);
}

#[test]
fn people_are_told_in_a_few_lines() {
    let folder = shop();
    let ended = Call::new(folder.path(), &["check", "--select", "columns", "asks", "reads_asks"]).run();
    assert_eq!(ended.code, Some(1));
    let told = &ended.stdout;
    assert!(told.contains("models/wrong/columns.sql:3:5"), "{told}");
    let not_checked = "  model asks, and 1 node that reads it: it asks the database while it is compiled";
    assert!(told.contains(not_checked), "{told}");
    assert!(told.contains("Checked 3 nodes and 0 tests in an empty DuckDB in memory, in "), "{told}");
    assert!(told.contains("s: 0 without a mistake, 1 with mistakes, 2 not checked"), "{told}");
}
