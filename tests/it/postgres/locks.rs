//! Two runs on one database: those that build the same relations do so one after the other, all others never wait.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tidegate::adapter::{Claim, Claimed, Fetch};

use super::Server;
use crate::cli::{Call, Ended};

const FILES: [(&str, &str); 7] = [
    ("seeds/raw.csv", "id,amount\n1,10\n2,20\n3,30\n"),
    ("models/stg.sql", "select * from {{ ref('raw') }}"),
    ("models/orders.sql", "{{ config(materialized='table') }} select * from {{ ref('stg') }}"),
    ("models/other.sql", "{{ config(materialized='table') }} select 1 as id"),
    (
        "models/grown.sql",
        "{{ config(materialized='incremental', unique_key='id') }} select * from {{ ref('orders') }}",
    ),
    ("models/report.sql", "select sum(amount) as total from {{ ref('grown') }}"),
    (
        "snapshots/history.yml",
        "snapshots:\n  - name: history\n    relation: ref('orders')\n    config: {unique_key: id, strategy: check, \
         check_cols: [amount]}\n",
    ),
];

fn start(project: &Path, arguments: &[&str]) -> std::thread::JoinHandle<Ended> {
    let call = Call::new(project, arguments);
    std::thread::spawn(|| call.run())
}

fn projects(server: &Server) -> [PathBuf; 2] {
    ["one", "two"].map(|name| server.project(name, &FILES, json!({})))
}

#[test]
fn a_relation_that_another_run_builds_is_waited_for_and_no_other() {
    let server = Server::start();
    let [project, _] = projects(&server);
    let built = Call::new(&project, &["build"]).run();
    assert_eq!(built.code, Some(0), "{}", built.stdout);
    let mut other = server.connect(json!({"application_name": "nightly"})).unwrap();
    let orders = Claim { schema: "shop", name: "orders", part: None };
    assert_eq!(other.claim(&[orders]).unwrap(), [Claimed { relation: true, beside: false }]);

    let refused = Call::new(&project, &["run", "-s", "orders", "other", "--lock-timeout", "1"]).run();
    assert_eq!(refused.code, Some(1), "{}", refused.stdout);
    for part in [
        "Waiting, 1 s at most: `shop.orders` is being built by another run: server process",
        "(`nightly`) from",
        "waited for 1 s (`--lock-timeout`)",
        "Database Error in model orders (models/orders.sql)",
        "PASS=1 WARN=0 ERROR=1",
    ] {
        assert!(refused.stdout.contains(part), "{part}: {}", refused.stdout);
    }
    let at_once = Call::new(&project, &["run", "-s", "orders", "--lock-timeout", "0"]).run();
    assert!(at_once.stdout.contains("leave `--lock-timeout` away"), "{}", at_once.stdout);

    // Without a limit it waits as long as it takes, and finds what the other one left.
    let waiting = start(&project, &["run", "-s", "orders"]);
    let claims =
        "select count(*) from pg_stat_activity where query like '%pg_locks%' and application_name = 'dbt'";
    while server.text(claims) == "0" {
        assert!(!waiting.is_finished());
        std::thread::sleep(Duration::from_millis(20));
    }
    for sql in ["drop table shop.orders cascade", "create view shop.orders__dbt_backup as select 1 as x"] {
        other.execute(sql, Fetch::Nothing).unwrap();
    }
    other.commit().unwrap();
    let ended = waiting.join().unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    assert_eq!(server.text("select count(*) from shop.orders"), "3");
}

#[test]
fn builds_at_the_same_time_do_not_break_each_other() {
    let server = Server::start();
    let projects = projects(&server);
    let rounds = std::env::var("LOCK_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    for round in 0..rounds {
        let builds = projects.each_ref().map(|project| start(project, &["build"]));
        for build in builds {
            let ended = build.join().unwrap();
            assert_eq!(ended.code, Some(0), "round {round}: {}", ended.stdout);
        }
        assert_eq!(server.text("select total from shop.report"), "60");
        let left = "select string_agg(relname, ' ') from pg_class where relname like '%\\_\\_dbt%'";
        assert_eq!(server.text(left), "", "round {round}");
    }
}
