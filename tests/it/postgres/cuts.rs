//! Connections that break at any point of a build: what was there stays whole, and the next build succeeds.
//!
//! A few points are tried with every test run; `TIDEGATE_CUTS=500 cargo nextest run cut_at` tries so many.

use std::path::Path;

use serde_json::json;

use super::Server;
use super::proxy::Proxy;
use crate::cli::{Call, Ended};

const FILES: [(&str, &str); 7] = [
    ("seeds/orders.csv", "id,customer,amount,at\n1,a,1.50,2024-01-01\n2,b,,2024-01-02\n3,a,7,2024-01-03\n"),
    ("models/stg.sql", "select * from {{ ref('orders') }}"),
    (
        "models/totals.sql",
        "{{ config(materialized='table', indexes=[{'columns': ['customer']}], pre_hook='set work_mem = 1024', \
         post_hook='analyze {{ this }}') }}\nselect customer, sum(amount) as total from {{ ref('stg') }} group by 1",
    ),
    (
        "models/days.sql",
        "{{ config(materialized='incremental', unique_key='at') }}\nselect at, count(*) as n from {{ ref('stg') }}\n\
         {% if is_incremental() %}where at >= (select max(at) from {{ this }}){% endif %} group by 1",
    ),
    ("models/alone.sql", "{{ config(materialized='table') }} select 1 as id"),
    (
        "snapshots/history.yml",
        "snapshots:\n  - name: history\n    relation: ref('stg')\n    config: {unique_key: id, strategy: check, \
         check_cols: [amount]}\n",
    ),
    (
        "models/schema.yml",
        "models:\n  - name: totals\n    columns:\n      - {name: customer, data_tests: [unique, not_null]}\n",
    ),
];

/// Relations and how many rows each has, before and after any build.
const ROWS: [(&str, usize); 6] =
    [("orders", 3), ("stg", 3), ("totals", 2), ("days", 3), ("alone", 1), ("history", 3)];

fn build(project: &Path) -> Ended {
    Call::new(project, &["build"]).run()
}

#[track_caller]
fn assert_whole(server: &Server, when: &str) {
    for (relation, rows) in ROWS {
        let found = server.text(&format!("select count(*) from shop.{relation}"));
        assert_eq!(found, rows.to_string(), "{relation} {when}");
    }
}

#[test]
fn builds_survive_a_connection_that_is_cut_at_any_point() {
    let server = Server::start();
    let proxy = Proxy::to(server.port);
    let project = server.project("shop", &FILES, json!({"port": proxy.port, "retries": 1}));
    let first = build(&project);
    assert_eq!(first.code, Some(0), "{}", first.stdout);
    // How much goes over the wire in a build, found by letting one run.
    let all = 1 << 40;
    proxy.cut_after(all);
    assert_eq!(build(&project).code, Some(0));
    let length = all - proxy.left();
    let cuts: i64 = std::env::var("TIDEGATE_CUTS").ok().and_then(|count| count.parse().ok()).unwrap_or(4);
    let mut failed = 0;
    for number in 0..cuts {
        // Spread evenly, and never the same places for another count.
        let at = length * (2 * number + 1) / (2 * cuts);
        let before = proxy.cuts();
        proxy.cut_after(at);
        let ended = build(&project);
        proxy.cut_after(-1);
        let shown = format!("cut after {at} bytes\n{}{}", ended.stdout, ended.stderr);
        assert!(matches!(ended.code, Some(0 | 1)), "{:?} {shown}", ended.code);
        assert!(proxy.cuts() > before || ended.code == Some(0), "{shown}");
        if ended.code == Some(1) {
            failed += 1;
            assert!(shown.contains("server closed the connection unexpectedly"), "{shown}");
        }
        assert_whole(&server, &shown);
        let again = build(&project);
        assert_eq!(again.code, Some(0), "{shown}\nand then\n{}", again.stdout);
        assert_whole(&server, "after the next build");
        let leftovers =
            server.text("select string_agg(relname, ' ') from pg_class where relname like '%\\_\\_dbt%'");
        assert_eq!(leftovers, "", "{shown}");
    }
    eprintln!("{cuts} cuts, {failed} builds failed, {} went on by a new connection", cuts - failed);
}
