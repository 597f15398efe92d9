//! A database file that another process holds: who holds it is told, and can be waited for.

use std::time::Duration;

use super::Shop;
use crate::cli::Call;
use crate::opened;

fn shop() -> Shop {
    let shop = Shop { folder: tempfile::tempdir().unwrap() };
    std::fs::create_dir(shop.path("models")).unwrap();
    shop.write("dbt_project.yml", "name: shop\nversion: '1.0'\nprofile: shop\n");
    shop.write(
        "profiles.yml",
        "shop: {target: dev, outputs: {dev: {type: duckdb, path: warehouse.duckdb}}}\n",
    );
    shop.write("models/orders.sql", "select 1 as id");
    shop
}

#[test]
fn whoever_holds_the_database_is_named_and_can_be_waited_for() {
    let shop = shop();
    let holder = opened::to_write(shop.path("warehouse.duckdb"));
    let own = format!("process {} (`", std::process::id());

    let refused = shop.call(&["run"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stdout);
    for part in [&own, "has `warehouse.duckdb` open", "wait for it with `--lock-timeout SECONDS`"] {
        assert!(refused.stdout.contains(part), "{part}: {}", refused.stdout);
    }
    let refused = shop.call(&["run", "--lock-timeout", "1"]);
    assert_eq!(refused.code, Some(2));
    for part in ["Waiting, 1 s at most: process", "waited for 1 s (`--lock-timeout`)"] {
        assert_eq!(refused.stdout.matches(part).count(), 1, "{part}: {}", refused.stdout);
    }

    let waiting = Call::new(shop.folder.path(), &["run"]).env("TIDEGATE_LOCK_TIMEOUT", "60");
    let waiting = std::thread::spawn(|| waiting.run());
    let log = shop.folder.path().join("logs/dbt.log");
    let says_so = || std::fs::read_to_string(&log).unwrap().contains("Waiting, 60 s at most: process");
    while !says_so() {
        assert!(!waiting.is_finished(), "it waits");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(holder);
    let ended = waiting.join().unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    assert!(ended.stdout.contains(&own), "{}", ended.stdout);
}
