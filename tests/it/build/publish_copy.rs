//! `publish-copy`: readers of a copy see builds that went well, each whole.

use super::Shop;

fn total(path: &std::path::Path) -> i64 {
    let config = duckdb::Config::default().access_mode(duckdb::AccessMode::ReadOnly).unwrap();
    let reader = duckdb::Connection::open_with_flags(path, config).unwrap();
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
    let reader = duckdb::Connection::open(&copy).unwrap();
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
