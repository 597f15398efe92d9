//! `--defer` and `clone`: what another run built stands for what is missing here.

use super::Shop;

const PROFILES: &str = "
shop:
  target: dev
  outputs:
    prod: {type: duckdb, path: warehouse.duckdb, schema: prod}
    dev: {type: duckdb, path: warehouse.duckdb, schema: dev}
";

/// A shop whose schema `prod` has been built but for `after_dirty`; its artifacts are in `state/`.
fn shop() -> Shop {
    let shop = Shop::copy("outcomes");
    shop.write("profiles.yml", PROFILES);
    shop.run(&["run", "-s", "+dirty", "warned", "--target", "prod"], 1);
    shop.run(&["seed", "--target", "prod"], 0);
    shop.run(&["run", "-s", "dirty", "warned", "--target", "prod"], 0);
    std::fs::create_dir(shop.path("state")).unwrap();
    std::fs::copy(shop.path("target/manifest.json"), shop.path("state/manifest.json")).unwrap();
    shop
}

fn compiled(shop: &Shop) -> String {
    shop.read("target/compiled/shop/models/after_dirty.sql")
}

#[test]
fn refs_lead_to_the_other_run_where_the_own_relation_is_missing() {
    let shop = shop();
    let run = ["run", "-s", "after_dirty", "--defer", "--state", "state"];
    shop.run(&run, 0);
    assert_eq!(compiled(&shop), r#"select count(*) as n from "warehouse"."prod"."dirty""#);
    assert_eq!(shop.rows("select n > 0 from dev.after_dirty"), ["true"]);
    shop.run(&["build", "-s", "orders", "dirty", "--exclude-resource-type", "test"], 0);
    shop.run(&run, 0);
    assert_eq!(compiled(&shop), r#"select count(*) as n from "warehouse"."dev"."dirty""#);
}

#[test]
fn a_favoured_state_wins_over_what_is_not_selected() {
    let shop = shop();
    shop.run(&["build", "-s", "orders", "dirty", "--exclude-resource-type", "test"], 0);
    let state = ["--defer", "--favor-state", "--defer-state", "state"];
    shop.run(&[&["run", "-s", "after_dirty"][..], &state].concat(), 0);
    assert_eq!(compiled(&shop), r#"select count(*) as n from "warehouse"."prod"."dirty""#);
    shop.run(&[&["run", "-s", "dirty", "after_dirty"][..], &state].concat(), 0);
    assert_eq!(compiled(&shop), r#"select count(*) as n from "warehouse"."dev"."dirty""#);
}

#[test]
fn without_a_manifest_to_defer_to_nothing_is_run() {
    let shop = Shop::copy("outcomes");
    let refused = |arguments: &[&str], want: &str| {
        let ended = shop.call(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}");
        let told = format!("{}{}", ended.stdout, ended.stderr);
        assert!(told.contains(want), "{told}");
        assert!(!shop.path("target/run_results.json").exists());
    };
    let missing = "--state or --defer-state are required for deferral, but neither was provided";
    refused(&["run", "--defer"], missing);
    refused(&["clone"], missing);
    refused(&["run", "--defer", "--state", "nowhere"], "Could not find manifest in --state path: ");
    shop.write("state.txt", "");
    std::fs::create_dir(shop.path("state")).unwrap();
    shop.write("state/manifest.json", "{\"metadata\": {}}");
    refused(&["clone", "--state", "state"], "is not a manifest");
}

#[test]
fn clones_are_views_on_the_other_run_and_made_once() {
    let shop = shop();
    let clone = ["clone", "--state", "state", "-s", "orders", "dirty", "warned"];
    shop.run(&clone, 0);
    let made =
        "select table_type, table_name from information_schema.tables where table_schema = 'dev' order by 2";
    assert_eq!(shop.rows(made), ["VIEW dirty", "VIEW orders", "VIEW warned"]);
    assert_eq!(
        shop.rows("select (select count(*) from dev.orders) = (select count(*) from prod.orders)"),
        ["true"]
    );
    shop.run(&clone, 0);
    let messages: Vec<_> = shop.results().iter().map(|result| result["message"].clone()).collect();
    assert_eq!(messages, ["No-op", "No-op", "No-op"]);
    assert!(shop.results().iter().all(|result| result["adapter_response"] == serde_json::json!({})));
    shop.run(&["clone", "--state", "state", "-s", "dirty", "--full-refresh"], 0);
    assert_eq!(shop.results()[0]["message"], "OK");
}

#[test]
fn state_in_the_target_folder_is_warned_of() {
    let shop = shop();
    let shown = shop.run(&["clone", "-s", "dirty", "--state", "target"], 1);
    assert!(shown.contains("Warning: The state and target directories are the same: 'target'"), "{shown}");
}

#[test]
fn what_the_other_run_does_not_know_is_left_out() {
    let shop = shop();
    shop.write("models/new.sql", "select 1 as id");
    let shown = shop.run(&["clone", "-s", "new", "--state", "state"], 0);
    assert!(shown.contains("No relation found in state manifest for model.shop.new"), "{shown}");
    assert_eq!(shop.statuses(), ["new success"]);
}
