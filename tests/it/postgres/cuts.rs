//! Connections that break at any point of a build, be it the first or a later one: what was there stays whole, and `retry`
//! completes the build.
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

/// Relations, and what is the same in each after any build.
const RELATIONS: [(&str, &str); 6] = [
    ("orders", "id, customer, amount, at"),
    ("stg", "id, customer, amount, at"),
    ("totals", "customer, total"),
    ("days", "at, n"),
    ("alone", "id"),
    ("history", "id, customer, amount, at, dbt_valid_to"),
];

fn build(project: &Path) -> Ended {
    Call::new(project, &["build"]).run()
}

fn contents(server: &Server) -> Vec<(&'static str, String)> {
    let rows = |(relation, columns)| {
        let row = format!("row({columns})::text");
        (relation, server.text(&format!("select string_agg({row}, ' ' order by {row}) from shop.{relation}")))
    };
    RELATIONS.into_iter().map(rows).collect()
}

#[test]
fn builds_survive_a_connection_that_is_cut_at_any_point() {
    let server = Server::start();
    let proxy = Proxy::to(server.port);
    let project = server.project("shop", &FILES, json!({"port": proxy.port, "retries": 1}));
    let first = build(&project);
    assert_eq!(first.code, Some(0), "{}", first.stdout);
    let want = contents(&server);
    assert!(want.iter().all(|(_, rows)| !rows.is_empty()), "{want:?}");
    // How much goes over the wire in a build, found by letting one run.
    let all = 1 << 40;
    proxy.cut_after(all);
    assert_eq!(build(&project).code, Some(0));
    let length = all - proxy.left();
    let cuts: i64 = std::env::var("TIDEGATE_CUTS").ok().and_then(|count| count.parse().ok()).unwrap_or(6);
    let results = project.join("target/run_results.json");
    let (mut failed, mut retried) = (0, 0);
    // Most cuts are got over; a few more are made until one has hit a node.
    for number in 0..10 * cuts {
        if number >= cuts && retried > 0 {
            break;
        }
        let from_nothing = number % 2 == 1;
        if from_nothing {
            server.execute("drop schema shop cascade");
        }
        std::fs::remove_file(&results).unwrap();
        // Spread evenly for any count: multiples of the golden ratio.
        let at = length * ((618 * number + 309) % 1000) / 1000;
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
        if !from_nothing {
            assert_eq!(contents(&server), want, "{shown}");
        }
        // A build that came to no node has nothing to retry.
        let again = if results.exists() {
            retried += usize::from(ended.code == Some(1));
            Call::new(&project, &["retry"]).run()
        } else {
            build(&project)
        };
        assert_eq!(again.code, Some(0), "{shown}\nand then\n{}{}", again.stdout, again.stderr);
        assert_eq!(contents(&server), want, "after {shown}\nand then\n{}", again.stdout);
        let leftovers =
            server.text("select string_agg(relname, ' ') from pg_class where relname like '%\\_\\_dbt%'");
        assert_eq!(leftovers, "", "{shown}");
    }
    assert!(retried > 0, "no cut hit a node");
    eprintln!(
        "{cuts} cuts: {failed} builds failed, of which {retried} were retried; the others went on by a new connection"
    );
}
