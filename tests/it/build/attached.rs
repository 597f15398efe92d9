//! Profiles that attach a second database, set settings and load extensions; sources that are files.

use super::Shop;

#[test]
fn models_go_to_the_database_they_name() {
    let shop = Shop::copy("attached");
    let shown = shop.run(&["run"], 0);
    assert!(shown.contains("OK created sql table model other.main.over_there ..."), "{shown}");
    assert!(
        shown.contains("OK created sql incremental model other.main_deep.far_incremental ..."),
        "{shown}"
    );
    assert!(shown.contains("OK created sql table model main.here ..."), "{shown}");
    assert_eq!(shop.rows("from other.main.over_there"), ["60"]);
    assert_eq!(shop.rows("from other.main.far_view"), ["60"]);
    assert_eq!(shop.rows("from back"), ["60"]);
    // A second run finds what is there, in both databases.
    shop.write("data/prices.csv", "id,price\n1,15\n2,20\n");
    shop.run(&["run"], 0);
    assert_eq!(shop.rows("from other.main_deep.far_incremental order by all"), ["1 15", "2 20"]);
    assert_eq!(shop.rows("from other.main.over_there"), ["65"]);
}

#[test]
fn sources_are_files_and_settings_hold() {
    let shop = Shop::copy("attached");
    shop.run(&["run"], 0);
    assert_eq!(shop.rows("from here order by all"), ["1 10 2 Asia/Tokyo", "2 20 0 Asia/Tokyo"]);
    assert_eq!(
        shop.rows("from 'target/pq.parquet' order by all"),
        ["1 10 2 Asia/Tokyo", "2 20 0 Asia/Tokyo"]
    );
    assert_eq!(shop.rows("from from_parquet"), ["2"]);
}
