//! `publish-copy`: readers of a copy see builds that went well, each whole.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Shop;
use crate::opened;

/// Reads a copy until told to stop; returns how often, and the versions that were seen.
fn read_on(copy: &Path, done: &AtomicBool) -> (u64, BTreeSet<i64>) {
    let (mut reads, mut seen) = (0, BTreeSet::new());
    while !done.load(Ordering::SeqCst) {
        let reader = opened::to_read(copy);
        let versions = "select version from shop.orders union select version from shop.orders_view
            union select version from shop.priced_view union select max(version) from shop.ledger
            union select max(version) from shop.states union select version from shop.totals";
        let mut rows = reader.prepare(versions).unwrap();
        let versions: Vec<i64> = rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let whole = "select count(*) = 3 and count(amount) = 3 and count(distinct id) = 3 from shop.orders";
        assert!(reader.query_row(whole, [], |row| row.get::<_, bool>(0)).unwrap(), "{versions:?}");
        assert_eq!(versions.len(), 1, "{versions:?}");
        seen.extend(versions);
        reads += 1;
    }
    (reads, seen)
}

/// Builds of good and bad versions in turn, each followed by `publish-copy`, while somebody reads the copy as fast as possible.
/// The copy has the name of the database, which
/// views name their tables with. `COPY_BUILDS` says how many. There is no other reader of a DuckDB file while it is built: it belongs to one process.
#[test]
fn whoever_reads_a_copy_all_the_time_sees_only_tested_versions() {
    let builds: i64 = std::env::var("COPY_BUILDS").ok().and_then(|text| text.parse().ok()).unwrap_or(5);
    let shop = Shop::copy("release_set");
    shop.run(&["build"], 0);
    shop.run(&["publish-copy", "out/warehouse.duckdb"], 0);
    let done = Arc::new(AtomicBool::new(false));
    let (copy, ended) = (shop.path("out/warehouse.duckdb"), Arc::clone(&done));
    let reader = std::thread::spawn(move || read_on(&copy, &ended));
    let bad = |version: i64| match version % 9 {
        3 => "orders",
        6 => "ledger",
        0 => "priced_view",
        _ => "none",
    };
    for version in 2..=builds {
        let (bad, code) = (bad(version), i32::from(bad(version) != "none"));
        shop.run(&["build", "--vars", &format!("{{version: {version}, bad: {bad}}}")], code);
        assert_eq!(shop.call(&["publish-copy", "out/warehouse.duckdb"]).code, Some(2 * code));
    }
    done.store(true, Ordering::SeqCst);
    let (reads, seen) = reader.join().unwrap();
    println!("{reads} reads of the copies of {builds} builds, {} different versions", seen.len());
    assert!(reads > 0 && seen.iter().all(|version| bad(*version) == "none"), "{seen:?}");
}

fn total(path: &std::path::Path) -> i64 {
    let reader = opened::to_read(path);
    reader.query_row("select total::bigint from shop.totals", [], |row| row.get(0)).unwrap()
}

#[test]
fn readers_get_whole_copies_of_builds_that_went_well() {
    let shop = Shop::copy("killed");
    shop.write(
        "profiles.yml",
        "shop: {target: dev, outputs: {dev: {type: duckdb, path: warehouse.duckdb, schema: shop}}}\n",
    );
    let early = shop.call(&["publish-copy", "out/readers.duckdb"]);
    assert_eq!(early.code, Some(2), "{}", early.stdout);
    shop.run(&["build"], 0);
    let told = shop.run(&["publish-copy", "out/readers.duckdb"], 0);
    assert!(told.contains("Copied warehouse.duckdb to"), "{told}");
    let copy = shop.path("out/readers.duckdb");
    assert_eq!(total(&copy), 60);

    // A reader that has it open neither stops the next build nor sees it.
    let reader = opened::to_write(&copy);
    let seen =
        || reader.query_row("select total::bigint from shop.totals", [], |row| row.get::<_, i64>(0)).unwrap();
    shop.run(&["build", "--vars", "{version: 2}"], 0);
    shop.run(&["publish-copy", "out/readers.duckdb"], 0);
    assert_eq!(seen(), 60);
    drop(reader);
    assert_eq!(total(&copy), 120);

    // What failed is not published.
    shop.write("models/broken.sql", "select nothing");
    shop.run(&["build", "--vars", "{version: 3}"], 1);
    let refused = shop.call(&["publish-copy", "out/readers.duckdb"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stdout);
    assert!(refused.stdout.contains("the last run failed at `model.shop.broken`"), "{}", refused.stdout);
    assert_eq!(total(&copy), 120);
    let files = std::fs::read_dir(shop.path("out")).unwrap().count();
    assert_eq!(files, 1, "nothing else is left in the folder");
    let itself = shop.call(&["publish-copy", "warehouse.duckdb"]);
    assert!(itself.stdout.contains("cannot be the database itself"), "{}", itself.stdout);
}
