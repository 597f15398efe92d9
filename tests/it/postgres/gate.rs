//! The gate on Postgres: readers go on with the old version until the new one has passed its tests, and never wait
//! for these (design D8).

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tidegate::adapter::Cell;

use super::{Server, ask, project};
use crate::cli::Call;

#[track_caller]
pub(super) fn run(folder: &Path, arguments: &[&str], code: i32) -> String {
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
    project(&server, "gate", folder, json!({"threads": 2}));
    let mut session = server.connect(json!({})).unwrap();
    let mut ask = |sql: &str| ask(&mut *session, sql);
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
    project(&server, "gate", folder, json!({"threads": 2}));
    run(folder, &["build", "--vars", "{version: 1}"], 0);
    let mut session = server.connect(json!({})).unwrap();
    let mut ask = |sql: &str| ask(&mut *session, sql)[0][0].as_i64().unwrap();
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

/// Builds of good and bad versions in turn, while somebody reads as fast as possible. `GATE_BUILDS` says how many.
#[test]
fn whoever_reads_all_the_time_sees_only_tested_versions() {
    let builds: i64 = std::env::var("GATE_BUILDS").ok().and_then(|text| text.parse().ok()).unwrap_or(12);
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    project(&server, "gate", folder, json!({"threads": 2}));
    run(folder, &["build", "--vars", "{version: 1}"], 0);
    let mut session = server.connect(json!({})).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&done);
    let reader = std::thread::spawn(move || {
        let (mut reads, mut seen) = (0_u64, BTreeSet::new());
        while !ended.load(Ordering::SeqCst) {
            for (name, good) in [
                ("orders", "count(*) = 3 and count(distinct version) = 1 and sum(amount) = 60"),
                (
                    "orders_view",
                    "count(*) = 3 and count(distinct version) = 1 and count(distinct number) = 3",
                ),
                ("ledger", "count(*) = 3 * count(distinct version) and count(amount) = count(*)"),
                ("states", "count(state) = count(*) and count(*) > 0"),
            ] {
                let version = if name == "states" { "count(*)" } else { "max(version)" };
                let sql = format!("select ({good})::int, {version} from shop.{name}");
                let rows = ask(&mut *session, &sql);
                assert_eq!(rows[0][0], Cell::Int(1), "{name} at {:?}", rows[0][1]);
                seen.insert((name, rows[0][1].as_i64().unwrap()));
                reads += 1;
            }
        }
        (reads, seen)
    });
    let models = ["-s", "orders", "orders_view", "ledger", "states"];
    let is_bad = |version: i64| version % 3 == 0;
    for version in 2..=builds {
        let vars = format!("{{version: {version}, bad: {}}}", is_bad(version));
        run(folder, &[&["build", "--vars", &vars][..], &models].concat(), i32::from(is_bad(version)));
    }
    done.store(true, Ordering::SeqCst);
    let (reads, seen) = reader.join().unwrap();
    println!("{reads} reads of {builds} builds, {} different versions", seen.len());
    assert!(
        reads > 0 && seen.iter().all(|(name, version)| *name == "states" || !is_bad(*version)),
        "{seen:?}"
    );
}
