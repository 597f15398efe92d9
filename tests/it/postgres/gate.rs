//! The gate on Postgres: readers go on with the old version until the new one has passed its tests, and never wait
//! for these (design D8).

use std::path::Path;

use serde_json::json;
use tidegate::adapter::{Cell, Fetch};

use super::{Server, cells};
use crate::cli::{Call, copy_folder};

/// A project of the fixture on a server.
fn project(server: &Server, folder: &Path) {
    copy_folder(Path::new("tests/fixtures/gate"), folder);
    let profiles =
        json!({"shop": {"target": "dev", "outputs": {"dev": server.output(json!({"threads": 2}))}}});
    std::fs::write(folder.join("profiles.yml"), profiles.to_string()).unwrap();
}

#[track_caller]
fn run(folder: &Path, arguments: &[&str], code: i32) -> String {
    let ended = Call::new(folder, arguments).run();
    assert_eq!(ended.code, Some(code), "{arguments:?}\n{}", ended.stdout);
    ended.stdout
}

const VERSIONS: &str = "
    select 'ledger', max(version) from shop.ledger
    union all select 'mart', max(version) from shop.mart
    union all select 'orders', max(version) from shop.orders
    union all select 'orders_view', max(version) from shop.orders_view
    union all select 'states', max(substring(state from 2)::int) from shop.states
    order by 1";

fn at(version: i64) -> Vec<Vec<Cell>> {
    let names = ["ledger", "mart", "orders", "orders_view", "states"];
    names.map(|name| vec![Cell::text(name), Cell::Int(version)]).into()
}

#[test]
fn what_its_tests_refuse_is_never_published() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    project(&server, folder);
    let mut session = server.connect(json!({})).unwrap();
    let mut ask = |sql: &str| {
        let rows = cells(session.execute(sql, Fetch::All).unwrap());
        session.rollback().unwrap();
        rows
    };
    run(folder, &["build", "--vars", "{version: 1}"], 0);
    assert_eq!(ask(VERSIONS), at(1));
    let identity = "select 'shop.orders'::regclass::oid::bigint, 'shop.orders_view'::regclass::oid::bigint";
    let before = ask(identity);
    run(folder, &["build", "--vars", "{version: 2, bad: true}"], 1);
    assert_eq!(ask(VERSIONS), at(1));
    assert_eq!(ask(identity), before, "the very same relations");
    let rows = run(folder, &["show", "--failures", "orders_add_up"], 0);
    assert!(rows.contains("total") && rows.contains("30"), "{rows}");
    // Artifacts name the relation that the test asks from now on.
    let compiled = folder.join("target/compiled/shop/models/schema.yml/not_null_orders_amount.sql");
    let compiled = std::fs::read_to_string(compiled).unwrap();
    assert!(compiled.contains("\"orders\"") && !compiled.contains("__dbt"), "{compiled}");
    std::fs::write(folder.join("seeds/prices.csv"), "id,price\n1,5\n2,\n").unwrap();
    run(folder, &["seed"], 1);
    run(folder, &["seed", "--full-refresh"], 1);
    assert_eq!(ask("select count(*) from shop.prices"), [[Cell::Int(3)]]);
    run(folder, &["build", "--exclude", "prices", "--vars", "{version: 3}"], 0);
    assert_eq!(ask(VERSIONS), at(3));
    let left = "select count(*) from pg_class where relnamespace = 'shop'::regnamespace and relname like '%\\_\\_dbt%'";
    assert_eq!(ask(left), [[Cell::Int(0)]]);
}

/// The test waits for a lock that the reader holds until it has read; if the reader waited for what the build holds,
/// the server would find the deadlock and refuse one of them.
#[test]
fn readers_do_not_wait_for_the_tests_at_a_gate() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    project(&server, folder);
    run(folder, &["build", "--vars", "{version: 1}"], 0);
    let mut session = server.connect(json!({})).unwrap();
    let mut ask = |sql: &str| {
        let rows = cells(session.execute(sql, Fetch::All).unwrap());
        session.rollback().unwrap();
        rows[0][0].as_i64().unwrap()
    };
    for name in ["orders", "orders_view"] {
        let waits = format!(
            "select id from {{{{ ref('{name}') }}}} where id is null union all select 1 where (select pg_advisory_xact_lock_shared(7))::text <> ''"
        );
        std::fs::write(folder.join("tests/waits.sql"), waits).unwrap();
        ask("select (pg_advisory_lock(7)::text = '')::int");
        let project = folder.to_owned();
        let build =
            std::thread::spawn(move || run(&project, &["build", "-s", name, "--vars", "{version: 2}"], 0));
        while ask("select count(*) from pg_locks where locktype = 'advisory' and not granted") == 0 {
            assert!(!build.is_finished(), "the test waits for the reader");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let version = format!("select max(version) from shop.{name}");
        assert_eq!(ask(&version), 1);
        assert_eq!(ask("select pg_advisory_unlock(7)::int"), 1);
        build.join().unwrap();
        assert_eq!(ask(&version), 2);
    }
}
