//! `diff --state`: what changed between two versions of a small shop, and who uses it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::{Call, copy_folder};

/// The shop, compiled, with the artifacts of that in `before`.
fn shop() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/diff/project"), folder.path());
    let compiled = Call::new(folder.path(), &["compile"]).run();
    assert_eq!(compiled.code, Some(0), "{}", compiled.stdout);
    fs::rename(folder.path().join("target"), folder.path().join("before")).unwrap();
    folder
}

fn edit(folder: &TempDir, file: &str, from: &str, to: &str) {
    let path = folder.path().join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

fn diff(folder: &TempDir, output: &str) -> String {
    let arguments = ["-q", "diff", "--state", "before", "--output", output];
    let ended = Call::new(folder.path(), &arguments).run();
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    ended.stdout.trim_end().to_owned()
}

/// The changes by name: verdict, and who uses what of it.
fn changes(folder: &TempDir) -> Value {
    let found: Value = serde_json::from_str(&diff(folder, "json")).unwrap();
    let used = |reader: &Value| {
        let columns: Vec<&str> =
            reader["columns"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        format!("{} {}", reader["unique_id"].as_str().unwrap(), columns.join(",")).trim_end().to_owned()
    };
    let change = |change: &Value| {
        let readers: Vec<String> = change["used_by"].as_array().unwrap().iter().map(used).collect();
        json!([change["unique_id"], change["verdict"], readers])
    };
    found["changes"].as_array().unwrap().iter().map(change).collect()
}

#[test]
fn nothing_changed_is_nothing() {
    let folder = shop();
    assert_eq!(changes(&folder), json!([]));
    assert_eq!(diff(&folder, "text"), "0 breaking, 0 additive, 0 cosmetic; 5 the same");
}

#[test]
fn comments_are_cosmetic_and_columns_additive() {
    let folder = shop();
    edit(&folder, "models/totals.sql", "select customer_id", "-- by customer\nSELECT customer_id");
    edit(&folder, "models/stg.sql", "amount,", "amount,\n    amount * 100 as cents,");
    let want = json!([["model.shop.stg", "additive", []], ["model.shop.totals", "cosmetic", []]]);
    assert_eq!(changes(&folder), want);
}

#[test]
fn the_users_of_a_changed_column_are_named() {
    let folder = shop();
    edit(&folder, "models/stg.sql", "amount,", "amount * 100 as amount,");
    let users = ["exposure.shop.board", "model.shop.everything amount", "model.shop.totals amount"];
    assert_eq!(changes(&folder), json!([["model.shop.stg", "breaking", users]]));
    let told = diff(&folder, "text");
    assert!(told.contains("breaking  stg\n          columns are made otherwise: amount\n"), "{told}");
    assert!(told.contains("used by exposure board; everything (amount); totals (amount)"), "{told}");
    let row = "| `stg` | breaking | columns are made otherwise: amount | exposure board; everything (amount); totals (amount) |";
    assert!(diff(&folder, "markdown").ends_with(row));
}

#[test]
fn other_rows_reach_everybody_and_what_is_gone_is_missed() {
    let folder = shop();
    edit(&folder, "models/stg.sql", "from {{ ref('raw') }}", "from {{ ref('raw') }} where amount > 0");
    let all = ["exposure.shop.board", "model.shop.everything", "model.shop.open_orders", "model.shop.totals"];
    assert_eq!(changes(&folder), json!([["model.shop.stg", "breaking", all]]));
    edit(&folder, "models/stg.sql", " where amount > 0", "");
    fs::remove_file(folder.path().join("models/open_orders.sql")).unwrap();
    assert_eq!(changes(&folder), json!([["model.shop.open_orders", "breaking", []]]));
}

#[test]
fn what_decides_on_rows_counts_as_much_as_the_query() {
    let folder = shop();
    edit(&folder, "models/totals.sql", "select", "{{ config(materialized='table') }}\nselect");
    edit(&folder, "models/everything.sql", "select", "{{ config(alias='all_of_it') }}\nselect");
    let found = changes(&folder);
    assert_eq!(found[0][0], "model.shop.everything");
    assert_eq!(found[0][1], "breaking");
    assert_eq!((&found[1][0], &found[1][1]), (&json!("model.shop.totals"), &json!("cosmetic")));
}

#[test]
fn without_an_earlier_state_it_says_what_it_needs() {
    let folder = shop();
    let ended = Call::new(folder.path(), &["diff"]).run();
    assert_eq!(ended.code, Some(2));
    assert!((ended.stdout + &ended.stderr).contains("`diff` needs an earlier state"));
}
