//! Release sets on Postgres: who reads several relations of a set in one statement sees one version, and waits for nothing
//! but the swap (design D8).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tempfile::TempDir;
use tidegate::adapter::{Cell, Fetch};

use super::gate::run;
use super::{Server, ask, project};
use crate::cli::Call;

const ORDERS: &str =
    "{{ config(materialized='table', grants={'select': ['reader']}, persist_docs={'relation': true},
    indexes=[{'columns': ['id'], 'unique': true}]) }}
select stage.id, stage.version,
    case when stage.id = 3 and '{{ var('bad') }}' = 'orders' then null else stage.id * 10 end as amount
from {{ ref('stage') }} as stage";

const DAILY: &str = "{{ config(materialized='materialized_view', indexes=[{'columns': ['version']}]) }}
select t.version, count(*) as n from {{ ref('totals') }} as t cross join {{ ref('orders_view') }} as o group by 1";

/// One statement: in it all relations are of one version, or a reader could see two.
const VERSIONS: [&str; 2] = [
    "select array[(select max(version) from shop.ledger), (select max(version) from shop.orders),
        (select max(version) from shop.orders_view), (select max(version) from shop.priced_view),
        (select max(version) from shop.states), (select max(version) from shop.totals)]::text",
    "select array[(select max(version) from shop.totals), (select max(version) from shop.states),
        (select max(version) from shop.priced_view), (select max(version) from shop.orders_view),
        (select max(version) from shop.orders), (select max(version) from shop.ledger)]::text",
];

/// The identity of everything in the schema but the table that is not of the set: storage, rights, comments, indexes.
const IDENTITY: &str = "select string_agg(concat_ws(' ', relname, oid, relfilenode, relacl::text, obj_description(oid), relkind,
        case when relkind = 'i' then pg_get_indexdef(oid) end, case when relkind = 'v' then pg_get_viewdef(oid) end), E'\\n' order by relname)
    from pg_class where relnamespace = 'shop'::regnamespace and relname <> 'stage'";

fn at(version: i64) -> String {
    format!("{{{}}}", vec![version.to_string(); 6].join(","))
}

/// A server, and the project in a folder of its own.
fn set_up() -> (Server, TempDir) {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    project(&server, "release_set", folder.path(), json!({"threads": 2}));
    (server, folder)
}

#[test]
fn a_set_is_published_together_or_not_at_all() {
    let (server, folder) = set_up();
    let folder = folder.path();
    server.execute("create role reader");
    std::fs::write(folder.join("models/marts/orders.sql"), ORDERS).unwrap();
    std::fs::write(folder.join("models/marts/daily.sql"), DAILY).unwrap();
    // Views on tables that stay are defined anew where they stand.
    let base = "select max(version) as version from {{ ref('ledger') }}";
    std::fs::write(folder.join("models/marts/base_view.sql"), base).unwrap();
    std::fs::write(folder.join("models/marts/top_view.sql"), "select version from {{ ref('base_view') }}")
        .unwrap();
    let versions = || server.text(VERSIONS[0]);
    run(folder, &["build"], 0);
    assert_eq!(versions(), at(1));
    server.execute(
        "create view shop.somebodys as select t.version from shop.base_view b join shop.top_view t on true",
    );
    let before = server.text(IDENTITY);
    assert!(before.contains("reader=r/") && before.contains("Every order."), "{before}");

    for bad in ["orders", "ledger", "priced_view", "sql"] {
        let shown = run(folder, &["build", "--vars", &format!("{{version: 2, bad: {bad}}}")], 1);
        assert_eq!(server.text(IDENTITY), before, "{bad}: {shown}");
        assert_eq!(versions(), at(1), "{bad}: {shown}");
        assert_eq!(server.text("select version::text from shop.daily"), "1");
    }
    for version in 3..=5 {
        run(folder, &["build", "--vars", &format!("{{version: {version}}}")], 0);
        assert_eq!(versions(), at(version));
        assert_eq!(server.text("select version || ' ' || n from shop.daily"), format!("{version} 2"));
        assert_eq!(server.text("select version::text from shop.somebodys"), version.to_string(), "it stays");
    }
    let now = server.text(IDENTITY);
    assert!(now.contains("reader=r/") && now.contains("Every order.") && now.contains("UNIQUE"), "{now}");
    assert!(!now.contains("__dbt_tmp") && !now.contains("__dbt_backup"), "{now}");
    // Artifacts name the relations as they are called.
    for file in ["priced_view", "totals", "orders_view"] {
        let file = folder.join(format!("target/compiled/shop/models/marts/{file}.sql"));
        let code = std::fs::read_to_string(file).unwrap();
        assert!(code.contains("\"shop\"") && !code.contains("__dbt_tmp"), "{code}");
    }
    // Whole tables and everything else at once.
    run(folder, &["build", "--gate-all", "--full-refresh", "--vars", "{version: 6, bad: ledger}"], 1);
    assert_eq!(versions(), at(5));
    run(
        folder,
        &["build", "--gate-all", "--full-refresh", "--exclude", "states", "--vars", "{version: 6}"],
        0,
    );
    assert_eq!(server.text("select count(*) || ' ' || max(version) from shop.ledger"), "3 6");
    assert_eq!(server.text("select max(version)::text from shop.stage"), "6");
}

/// The last test of the set waits for a lock that the reader holds while it reads all that was built so far.
#[test]
fn readers_do_not_wait_while_a_set_is_built_and_tested() {
    let (server, folder) = set_up();
    let folder = folder.path();
    run(folder, &["build"], 0);
    let waits = "select orders from {{ ref('totals') }} where orders is null
        union all select 1 where (select pg_advisory_xact_lock_shared(7))::text <> ''";
    std::fs::create_dir_all(folder.join("tests")).unwrap();
    std::fs::write(folder.join("tests/waits.sql"), waits).unwrap();
    let mut session = server.connect(json!({})).unwrap();
    let mut number = |sql: &str| ask(&mut *session, sql)[0][0].as_i64().unwrap();
    number("select (pg_advisory_lock(7)::text = '')::int");
    let project = folder.to_owned();
    let build = std::thread::spawn(move || run(&project, &["build", "--vars", "{version: 2}"], 0));
    while number("select count(*) from pg_locks where locktype = 'advisory' and not granted") == 0 {
        assert!(!build.is_finished(), "the test waits for the reader");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    for name in ["orders", "orders_view", "priced_view", "ledger", "totals"] {
        assert_eq!(number(&format!("select max(version) from shop.{name}")), 1, "{name}");
    }
    // Whoever still reads is waited for, and keeps nobody else waiting for long.
    let mut reading = server.connect(json!({})).unwrap();
    reading.execute("select * from shop.totals", Fetch::All).unwrap();
    assert_eq!(number("select pg_advisory_unlock(7)::int"), 1);
    std::thread::sleep(std::time::Duration::from_millis(1200));
    assert!(!build.is_finished());
    for _ in 0..20 {
        assert_eq!(number("select max(t.version) from shop.totals t cross join shop.orders o"), 1);
    }
    reading.rollback().unwrap();
    let shown = build.join().unwrap();
    assert!(shown.contains("others read") && shown.contains("`shop.totals`"), "{shown}");
    assert_eq!(number("select max(t.version) from shop.totals t cross join shop.orders o"), 2);
}

/// Builds of good and bad versions in turn, while two read as fast as possible, in two orders. `SET_BUILDS` says how many.
#[test]
fn whoever_reads_several_relations_sees_one_version() {
    let builds: i64 = std::env::var("SET_BUILDS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let (server, folder) = set_up();
    let folder = folder.path();
    run(folder, &["build"], 0);
    let done = Arc::new(AtomicBool::new(false));
    let readers = VERSIONS.map(|sql| {
        let (done, mut session) = (Arc::clone(&done), server.connect(json!({})).unwrap());
        std::thread::spawn(move || {
            let (mut reads, mut seen) = (0_u64, BTreeSet::new());
            while !done.load(Ordering::SeqCst) {
                let rows = ask(&mut *session, sql);
                let Cell::Text(text) = &rows[0][0] else { panic!("{rows:?}") };
                let versions: BTreeSet<i64> = text
                    .trim_matches(['{', '}', '[', ']'])
                    .split(',')
                    .map(|n| n.trim().parse().unwrap())
                    .collect();
                assert_eq!(versions.len(), 1, "{text}");
                seen.extend(versions);
                reads += 1;
            }
            (reads, seen)
        })
    });
    let bad = |version: i64| match version % 5 {
        0 => "orders",
        1 => "ledger",
        2 => "priced_view",
        _ => "none",
    };
    let mut held = 0;
    for version in 2..=builds {
        let bad = bad(version);
        held += i64::from(bad != "none");
        let vars = format!("{{version: {version}, bad: {bad}}}");
        run(folder, &["build", "--vars", &vars], i32::from(bad != "none"));
    }
    done.store(true, Ordering::SeqCst);
    let mut total = 0;
    for reader in readers {
        let (reads, seen) = reader.join().unwrap();
        assert!(reads > 0 && seen.iter().skip(1).all(|version| bad(*version) == "none"), "{seen:?}");
        println!("{reads} reads of six relations, {} different versions", seen.len());
        total += reads;
    }
    println!("{total} reads during {} builds of a set, {held} of them held", builds - 1);
}

#[test]
fn two_runs_build_a_set_one_after_the_other() {
    let (server, folder) = set_up();
    let folder = folder.path();
    run(folder, &["build"], 0);
    let builds = [2, 3].map(|version| {
        let vars = format!("{{version: {version}}}");
        let target = format!("target{version}");
        let call = Call::new(
            folder,
            &["build", "-s", "marts", "prices", "states", "--vars", &vars, "--target-path", &target],
        );
        std::thread::spawn(move || call.run())
    });
    for build in builds {
        let ended = build.join().unwrap();
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    }
    assert_eq!(server.text("select count(*)::text from pg_class where relname like '%\\_\\_dbt%'"), "0");
}
