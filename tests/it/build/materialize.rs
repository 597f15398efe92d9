//! Each materialization, built twice and then from scratch.

use super::Shop;

const SECOND: &[&str] = &["build", "--vars", "{day: 2, shape: new, switching: table}"];

/// The first run, and the second with more rows and other columns.
fn built_twice() -> Shop {
    let shop = Shop::copy("materialize");
    std::fs::create_dir(shop.path("out")).unwrap();
    shop.run(&["build"], 0);
    shop.run(SECOND, 1);
    shop
}

#[test]
fn a_first_build_makes_tables_views_and_files() {
    let shop = Shop::copy("materialize");
    std::fs::create_dir(shop.path("out")).unwrap();
    let shown = shop.run(&["build", "--threads", "1"], 0);
    assert!(shown.contains("Done. PASS=21 WARN=0 ERROR=0 SKIP=0 NO-OP=0 TOTAL=21"), "{shown}");
    assert!(shown.contains(" OK snapshotted main.by_check ..."), "{shown}");
    let relations = shop.relations();
    assert!(
        !relations.iter().any(|name| name.contains("feed")),
        "ephemeral models make nothing: {relations:?}"
    );
    assert!(!relations.iter().any(|name| name.contains("__dbt")), "{relations:?}");
    for name in ["view main.as_view", "table main.as_table", "table main.inc_merge", "view main.out_parquet"]
    {
        assert!(relations.iter().any(|one| one == name), "{name} in {relations:?}");
    }
    assert_eq!(shop.rows("from main.as_table order by all"), ["north 1", "south 1"]);
    assert_eq!(shop.rows("from main.how_many"), ["2"]);
    assert_eq!(shop.rows("from main.reads_external"), ["2"]);
    assert_eq!(shop.rows("from 'out/feed.parquet' order by all"), ["1 north new 1", "2 south new 1"]);
    assert_eq!(shop.read("out/feed.csv"), "id|region|state|day\n1|north|new|1\n2|south|new|1\n");
    assert_eq!(shop.columns("main.countries"), ["code VARCHAR", "prefix VARCHAR", "people DOUBLE"]);
    assert_eq!(shop.rows("from main.countries"), ["NL 031 17.9", "US 001 331.0", "NA 264 NULL"]);
}

#[test]
fn incremental_strategies_add_and_replace() {
    let shop = built_twice();
    let of = |model: &str| shop.rows(&format!("from main.{model} order by all"));
    let replaced = ["1 north new 1", "2 south paid 2", "3 north new 2"];
    assert_eq!(of("inc_append"), ["1 north new 1", "2 south new 1", "2 south paid 2", "3 north new 2"]);
    assert_eq!(of("inc_delete_insert"), replaced);
    assert_eq!(of("inc_delete_insert_keys"), replaced);
    assert_eq!(of("inc_merge"), replaced);
    assert_eq!(of("inc_default_key"), replaced);
    assert_eq!(of("inc_merge_columns"), ["1 north new 1", "2 south new 2", "3 north new 2"]);
    assert_eq!(of("inc_merge_exclude"), ["1 north new 1", "2 south paid 1", "3 north new 2"]);
    // Nothing is newer than what is there: a third run changes nothing.
    shop.run(&["run", "-s", "inc_append", "--vars", "{day: 2}"], 0);
    assert_eq!(of("inc_append").len(), 4);
    shop.run(&["run", "-s", "inc_append", "--vars", "{day: 2}", "--full-refresh"], 0);
    assert_eq!(of("inc_append").len(), 4);
    shop.run(&["run", "-s", "inc_append", "--full-refresh"], 0);
    assert_eq!(of("inc_append"), ["1 north new 1", "2 south new 1"]);
}

#[test]
fn on_schema_change_does_what_it_says() {
    let shop = built_twice();
    let of = |how: &str| shop.rows(&format!("from main.changes_{how} order by all"));
    assert_eq!(of("ignore"), ["1 a 10", "2 b 20"]);
    assert_eq!(of("fail"), ["1 a 10"]);
    assert_eq!(of("append_new_columns"), ["1 a 10 NULL", "2 b 20 true"]);
    // dbt-duckdb fails here: it changes a table twice in two transactions. Ours does what was asked.
    assert_eq!(of("sync_all_columns"), ["1 a 5 NULL", "2 b 5000000000 true"]);
    assert_eq!(
        shop.columns("main.changes_sync_all_columns"),
        ["id INTEGER", "kept VARCHAR", "widened BIGINT", "added BOOLEAN"]
    );
    let failed: Vec<String> = shop.statuses().into_iter().filter(|one| !one.ends_with("success")).collect();
    assert_eq!(failed, ["changes_fail error"]);
    let results = shop.results();
    let message =
        results.iter().find_map(|one| one["message"].as_str().filter(|text| text.len() > 20)).unwrap();
    assert!(message.contains("added BOOLEAN"), "{message}");
}

#[test]
fn full_refresh_starts_over() {
    let shop = built_twice();
    let shown = shop.run(&["build", "--full-refresh", "--vars", "{shape: new}"], 0);
    let loaded = shown.lines().find(|line| line.contains("OK loaded seed file main.countries ..")).unwrap();
    assert!(loaded.contains("[CREATE 3"), "{shown}");
    assert_eq!(shop.rows("from main.inc_append order by all"), ["1 north new 1", "2 south new 1"]);
    assert_eq!(shop.rows("from main.changes_fail"), ["2 b 20 true"]);
    // Snapshots keep their history whatever is asked: order 2 is `new` once more.
    assert_eq!(shop.rows("select count(*) from main.by_check"), ["5"]);
}

#[test]
fn seeds_are_loaded_again_into_the_table_that_is_there() {
    let shop = Shop::copy("materialize");
    assert!(shop.run(&["seed"], 0).contains("[INSERT 3 in "));
    shop.write("seeds/countries.csv", "code,prefix,people\nDE,049,84.5\n");
    assert!(shop.run(&["seed"], 0).contains("[INSERT 1 in "));
    assert_eq!(shop.rows("from main.countries"), ["DE 049 84.5"]);
    shop.write("seeds/countries.csv", "code,prefix,people,euro\nDE,049,84.5,true\n");
    assert!(shop.run(&["seed", "--full-refresh"], 0).contains("[CREATE 1 in "));
    assert_eq!(shop.rows("from main.countries"), ["DE 049 84.5 true"]);
}

#[test]
fn snapshots_close_what_changed() {
    let shop = built_twice();
    let history = |table: &str| {
        shop.rows(&format!("select id, state, dbt_valid_to is null from main.{table} order by all"))
    };
    let want = ["1 new true", "2 new false", "2 paid true", "3 new true"];
    assert_eq!(history("by_check"), want);
    assert_eq!(history("by_timestamp"), want);
    let closed = "select dbt_valid_from, dbt_valid_to from main.by_timestamp where dbt_valid_to is not null";
    assert_eq!(shop.rows(closed), ["2024-01-02 00:00:00 2024-01-03 00:00:00"]);
}

#[test]
fn views_become_tables_and_views_again() {
    let shop = Shop::copy("materialize");
    for kind in ["view", "table", "view", "incremental", "view"] {
        let vars = format!("{{switching: {kind}}}");
        shop.run(&["run", "-s", "switching", "--vars", &vars], 0);
        let stored = if kind == "view" { "view" } else { "table" };
        assert_eq!(shop.relations(), [format!("{stored} main.switching")]);
        assert_eq!(shop.rows("from main.switching"), [format!("1 {kind}")]);
    }
}

#[test]
fn a_large_seed_arrives_whole() {
    let shop = Shop::copy("materialize");
    let mut text = String::from("id,price,day,note\n");
    for id in 0..200_000 {
        use std::fmt::Write as _;
        writeln!(text, "{id},{}.5,2024-01-{:02},\"note, {id}\"", id % 100, id % 28 + 1).unwrap();
    }
    shop.write("seeds/large.csv", &text);
    assert!(shop.run(&["seed", "-s", "large"], 0).contains("[INSERT 200000 in "));
    let sum = "select count(*), sum(id), sum(price)::bigint, max(day), max(note) from main.large";
    assert_eq!(shop.rows(sum), ["200000 19999900000 10000000 2024-01-28 note, 99999"]);
    assert_eq!(shop.columns("main.large")[2], "day DATE");
}

#[test]
fn nothing_is_asked_of_the_database_that_is_known() {
    let shop = Shop::copy("materialize");
    let property = "models:\n- name: as_table\n  columns:\n  - {name: region, data_tests: [{not_null: {name: region_is_given}}]}\n";
    shop.write("models/as_table.yml", property);
    let statements = |command: &[&str], of: &str| -> Vec<String> {
        let _ = std::fs::remove_file(shop.path("logs/dbt.log"));
        shop.run(&[command, &["--log-level-file", "debug", "--log-format-file", "json"]].concat(), 0);
        let log = shop.read("logs/dbt.log");
        let events = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let sent = events.filter(|event| event["info"]["name"] == "SQLQuery");
        let sent =
            sent.filter(|event| event["data"]["conn_name"].as_str().is_some_and(|name| name.contains(of)));
        sent.map(|event| event["data"]["sql"].as_str().unwrap().to_owned()).collect()
    };
    let backups = |sent: &[String]| {
        sent.iter().filter(|sql| sql.contains("drop") && sql.contains("__dbt_backup")).count()
    };
    let first = statements(&["run", "--select", "as_table", "as_view"], "model.");
    assert_eq!(backups(&first), 0, "{first:?}");
    let again = statements(&["run", "--select", "as_table", "as_view"], "model.");
    assert_eq!(backups(&again), 2, "{again:?}");
    let test = statements(&["test", "--select", "region_is_given"], "region_is_given");
    assert_eq!(test.len(), 1, "one question, without a transaction: {test:?}");
}
