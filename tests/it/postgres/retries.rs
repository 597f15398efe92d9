//! Nodes that fail for a reason that may pass are tried again, if somebody asked for it: nothing is done twice. What the
//! user got wrong is never tried again.

use std::path::Path;

use serde_json::{Value, json};

use super::Server;
use super::proxy::Proxy;
use crate::cli::{Call, copy_folder};

/// `TIDEGATE_DROPS` says how many builds there are.
#[test]
fn builds_end_well_where_one_of_ten_connections_drops() {
    let builds: usize = std::env::var("TIDEGATE_DROPS").ok().and_then(|text| text.parse().ok()).unwrap_or(5);
    let server = Server::start();
    let proxy = Proxy::dropping(server.port, 10);
    let folder = server.path("killed");
    copy_folder(Path::new("tests/fixtures/killed"), &folder);
    // A hook of the run is a statement that is never sent twice.
    let settings = std::fs::read_to_string(folder.join("dbt_project.yml")).unwrap();
    let settings: Vec<&str> = settings.lines().filter(|line| !line.starts_with("on-run-start")).collect();
    std::fs::write(folder.join("dbt_project.yml"), settings.join("\n")).unwrap();
    let output = server.output(json!({"port": proxy.port, "retries": 3, "sslmode": "disable"}));
    let profile = json!({"shop": {"target": "dev", "outputs": {"dev": output}}});
    std::fs::write(folder.join("profiles.yml"), profile.to_string()).unwrap();
    server.execute("create schema shop; create table shop.audit (what varchar)");
    let mut again = 0;
    for build in 1..=builds {
        let vars = format!("{{version: {build}}}");
        let ended = Call::new(&folder, &["build", "--retries", "6", "--vars", &vars]).run();
        assert_eq!(ended.code, Some(0), "build {build}\n{}{}", ended.stdout, ended.stderr);
        again += ended.stdout.matches("is tried again in").count();
        let counts =
            "select (select count(*) from shop.log) || ' ' || (select count(*) from shop.audit) || ' '
            || (select total from shop.totals) || ' ' || (select count(*) from shop.history)";
        let want = format!("{} {} {} {}", 3 * build, 2 * build, 60 * build, 3 * build);
        assert_eq!(server.text(counts), want, "build {build}\n{}", ended.stdout);
        let left = "select string_agg(relname, ' ') from pg_class where relname like '%\\_\\_dbt%'";
        assert_eq!(server.text(left), "", "build {build}\n{}", ended.stdout);
    }
    println!("{builds} builds, {} connections cut, {again} nodes tried again", proxy.cuts());
}

#[test]
fn only_what_may_pass_is_tried_again() {
    let server = Server::start();
    server.execute("create schema shop; create table shop.busy (x int)");
    let held = "{{ config(materialized='table', retries=5, pre_hook='lock table shop.busy nowait') }} select 1 as id";
    let files = [
        ("models/held.sql", held),
        ("models/wrong.sql", "{{ config(retries=5) }} select 1 / 0 as x, nothing"),
    ];
    let project = server.project("shop", &files, json!({}));
    let mut other = server.connect(json!({})).unwrap();
    other.execute("lock table shop.busy", tidegate::adapter::Fetch::Nothing).unwrap();
    let at_once = Call::new(&project, &["run", "-s", "held", "--retries", "0"]).run();
    assert_eq!(at_once.code, Some(1));
    assert!(!at_once.stdout.contains("tried again"), "{}", at_once.stdout);
    assert!(at_once.stdout.contains("Database Error in model held"), "{}", at_once.stdout);

    let call = Call::new(&project, &["run"]);
    let running = std::thread::spawn(|| call.run());
    let journal = project.join("target/run_journal");
    while std::fs::read_dir(&journal).map_or(0, Iterator::count) == 0 {
        assert!(!running.is_finished());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    other.rollback().unwrap();
    let ended = running.join().unwrap();
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert!(ended.stdout.contains("`held` is tried again in"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("`wrong` is tried again"), "{}", ended.stdout);
    let results: Value =
        serde_json::from_str(&std::fs::read_to_string(project.join("target/run_results.json")).unwrap())
            .unwrap();
    for result in results["results"].as_array().unwrap() {
        let attempts = result["adapter_response"].get("attempts").and_then(Value::as_i64);
        let held = result["unique_id"] == "model.shop.held";
        assert_eq!(attempts.is_some_and(|made| made > 1), held, "{result}");
    }
}
