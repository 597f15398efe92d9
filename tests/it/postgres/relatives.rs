//! Servers that speak Postgres and lack parts of it. No relative of Postgres is run here: a real server seems not to know some
//! words, and a project builds all the same.

use serde_json::{Value, json};

use super::Server;
use super::proxy::Proxy;
use crate::cli::{Call, Ended};

/// What some relative is known to lack, and what no statement of ours may need.
const UNKNOWN: [&str; 10] = [
    "DISCARD ALL",
    "pg_try_advisory",
    "txid_status",
    "pg_rewrite",
    "pg_matviews",
    "pg_is_other_temp_schema",
    "relpersistence",
    "pg_total_relation_size",
    "string_agg",
    "lateral",
];

const FILES: [(&str, &str); 7] = [
    ("seeds/orders.csv", "id,customer,amount\n1,a,1.50\n2,b,\n3,a,7\n"),
    (
        "models/base.sql",
        "{{ config(materialized='table', pre_hook=\"set work_mem = '1MB'\") }} select * from {{ ref('orders') }}",
    ),
    ("models/over.sql", "select customer, amount from {{ ref('base') }}"),
    ("models/above.sql", "select customer, current_setting('work_mem') as memory from {{ ref('over') }}"),
    (
        "models/grown.sql",
        "{{ config(materialized='incremental', unique_key='id') }}\n\
         select id, current_setting('work_mem') as memory from {{ ref('base') }}",
    ),
    (
        "snapshots/history.yml",
        "snapshots:\n  - name: history\n    relation: ref('base')\n    config: {unique_key: id, strategy: check, \
         check_cols: [amount]}\n",
    ),
    (
        "models/schema.yml",
        "models:\n  - name: base\n    description: all\n    config: {persist_docs: {relation: true}}\n\
         \x20   columns: [{name: id, data_tests: [unique, not_null]}]\n",
    ),
];

#[track_caller]
fn succeeds(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
}

#[test]
fn a_project_builds_on_a_server_that_lacks_parts_of_postgres() {
    let server = Server::start();
    let proxy = Proxy::hiding(server.port, &UNKNOWN);
    let settings = json!({"port": proxy.port, "sslmode": "disable", "threads": 1});
    let project = server.project("shop", &FILES, settings);
    for build in 1..=2 {
        let ended = Call::new(&project, &["build"]).run();
        succeeds(&ended);
        assert!(
            ended.stdout.contains("Done. PASS=8 WARN=0 ERROR=0 SKIP=0"),
            "build {build}: {}",
            ended.stdout
        );
        for relation in ["base", "over", "above", "grown", "history"] {
            let rows = server.text(&format!("select count(*) from shop.{relation}"));
            assert_eq!(rows, "3", "{relation} after build {build}");
        }
        assert_eq!(server.text("select max(memory) from shop.grown"), "4MB", "a session that is not fresh");
    }
    succeeds(&Call::new(&project, &["run", "--select", "over"]).run());
    assert_eq!(server.text("select count(*) from shop.above"), "3", "the view on a view that was built anew");
    assert!(proxy.hidden() > 0);
    succeeds(&Call::new(&project, &["docs", "generate"]).run());
    let catalog = std::fs::read_to_string(project.join("target/catalog.json")).unwrap();
    let catalog: Value = serde_json::from_str(&catalog).unwrap();
    let about = |name: &str| catalog["nodes"][name]["metadata"].clone();
    assert_eq!(about("model.shop.base")["comment"], "all");
    assert_eq!(about("model.shop.over")["type"], "VIEW");
    assert_eq!(catalog["nodes"]["model.shop.base"]["columns"]["amount"]["type"], "double precision");
}
