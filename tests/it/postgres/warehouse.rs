//! What is built in Postgres: seeds by `copy`, tables under views, materialized views, keys, hooks around a run.

use std::path::Path;

use serde_json::json;
use tidegate::adapter::Cell;

use super::{Server, ask, project};
use crate::cli::{Call, Ended};
use crate::opened;

fn run(folder: &Path, arguments: &[&str]) -> Ended {
    Call::new(folder, arguments).run()
}

#[track_caller]
fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let ended = run(folder, arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    ended.stdout
}

#[test]
fn a_warehouse_is_built_and_built_again() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    project(&server, "postgres_warehouse", folder, json!({}));
    let mut session = server.connect(json!({})).unwrap();
    let mut ask = |sql: &str| ask(&mut *session, sql);
    let text = |text: &str| Cell::text(text);

    // Seeds: values of every type, text that `copy` has signs for, times that know their distance from UTC.
    let shown = succeeds(folder, &["seed", "--exclude", "broken", "--write-parquet"]);
    assert!(shown.contains("INSERT 3 in") && shown.contains("INSERT 2 in"), "{shown}");
    assert_eq!(
        ask("select word, n, x::text, day::text, ok from shop.people order by n"),
        [
            vec![text("tab\there"), Cell::Int(1), text("1.5"), text("2024-01-01"), Cell::Bool(true)],
            vec![text("back\\slash \\N"), Cell::Int(2), Cell::Null, text("2024-01-02"), Cell::Bool(false)],
            vec![text("two\nlines"), Cell::Int(3), text("1000"), text("2024-01-03"), Cell::Null],
        ]
    );
    assert_eq!(ask("select min(at)::text from shop.zoned"), [[text("2024-01-01 10:00:00")]]);
    let broken = run(folder, &["seed", "--select", "broken"]);
    assert_eq!(broken.code, Some(1));
    for part in
        ["invalid input syntax for type integer: \"four\"", "seeds/broken.csv:4:1", "row 2, column `n`"]
    {
        assert!(broken.stdout.contains(part), "{part}: {}", broken.stdout);
    }

    // Tables about the project are written whatever the engine is.
    let count = "select count(*) from read_parquet(?) where status = 'success' and rows_affected > 0";
    let file = folder.join("target/parquet/results.parquet").display().to_string();
    let tables = opened::in_memory();
    let seeded: i64 = tables.query_row(count, [file], |row| row.get(0)).unwrap();
    assert_eq!(seeded, 3);

    // A view falls with the table that is swapped below it, and is made anew; keys name their tables.
    succeeds(folder, &["run"]);
    let keys =
        "select count(*) from pg_constraint where conrelid = 'shop.orders'::regclass and contype = 'f'";
    assert_eq!(ask(keys), [[Cell::Int(1)]]);
    succeeds(folder, &["run"]);
    let kinds = "select relname, relkind from pg_class where relnamespace = 'shop'::regnamespace and relkind in ('v', 'm')";
    let views = [["parts", "v"], ["shapes", "v"], ["sums", "m"], ["words", "v"]];
    assert_eq!(ask(&format!("{kinds} order by 1")), views.map(|row| row.map(text)));
    assert_eq!(
        ask("select count(*) from shop.log"),
        [[Cell::Int(8)]],
        "hooks stay, whatever comes after them"
    );

    // The indexes of a materialized view follow its configuration.
    let indexes = "select replace(substring(indexdef from 'USING .*'), 'USING ', '') from pg_indexes where tablename = 'sums'";
    assert_eq!(ask(indexes), [[text("btree (n)")]]);
    succeeds(folder, &["run", "--select", "sums", "--vars", "{method: hash}"]);
    assert_eq!(ask(indexes), [[text("hash (n)")]]);
    let refused = run(folder, &["run", "--select", "sums", "--vars", "{on_change: fail}"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stdout);
    assert_eq!(ask(indexes), [[text("hash (n)")]]);

    let manifest = std::fs::read_to_string(folder.join("target/manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    succeeds(folder, &["compile"]);
    let compiled = std::fs::read_to_string(folder.join("target/manifest.json")).unwrap();
    let compiled: serde_json::Value = serde_json::from_str(&compiled).unwrap();
    let target = "/nodes/model.shop.orders/constraints/0/to";
    assert_eq!(manifest.pointer(target).unwrap(), "ref('customers')", "what was not compiled stays as it is");
    assert_eq!(compiled.pointer(target).unwrap(), "\"postgres\".\"shop\".\"customers\"");
}

/// The wanted figures are those of dbt-postgres 1.11.
#[test]
fn types_of_postgres_are_seeded_and_compared_by_unit_tests() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    project(&server, "postgres_warehouse", folder, json!({}));
    succeeds(folder, &["seed", "--select", "typed"]);
    let rows = server.text("select string_agg(it::text, E'\\n' order by n) from shop.typed it");
    assert_eq!(
        rows.lines().collect::<Vec<_>>(),
        [
            r#"(1,1.500,"{""b"": [1, ""x""]}",a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,"{1,2}","2024-01-02 01:04:05+00","1 day 02:03:04","\\xdeadbeef",ok)"#,
            "(2,,,,,,,,)",
            r#"(3,12345.678,"[1.50, null]",a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12,{},"2024-01-02 00:00:00+00",-03:00:00,"\\x616263",it's)"#,
        ]
    );

    succeeds(folder, &["run", "--select", "parts"]);
    let tested = run(folder, &["test", "--select", "test_type:unit"]);
    assert_eq!(tested.code, Some(1), "{}", tested.stdout);
    for verdict in ["PASS shapes::types_meet", "FAIL 1 shapes::types_differ"] {
        assert!(tested.stdout.contains(verdict), "{}", tested.stdout);
    }
    let differences = "1,3.5→3.000,\"{\"\"b\"\": [2]}→{\"\"b\"\": [1]}\",2024-01-02 03:04:05+00:00→2024-01-02 01:04:05+00:00";
    assert!(tested.stdout.contains(differences), "{}", tested.stdout);
}
