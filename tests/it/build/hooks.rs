//! Hooks of models and of the run, operations: their order, their transactions, their failures.

use super::Shop;

fn journal(shop: &Shop) -> Vec<String> {
    shop.rows("select what from main.journal order by n")
}

#[test]
fn hooks_run_in_dbts_order() {
    let shop = Shop::copy("hooks");
    shop.run(&["run", "--threads", "1"], 0);
    assert_eq!(
        journal(&shop),
        [
            "start",
            "start again",
            "outside pre one",
            "project pre one",
            "own pre one",
            "project post one",
            "own post one",
            "after commit one",
            "project pre two",
            "project post two",
            "project pre three",
            "project post three",
            "project pre four",
            "project post four",
            "end saw four success",
            "end saw one success",
            "end saw three success",
            "end saw two success",
            "schemas main",
            "end",
        ]
    );
    let hooks = shop
        .results()
        .iter()
        .filter(|one| one["unique_id"].as_str().unwrap().starts_with("operation."))
        .count();
    assert_eq!(hooks, 8);
}

#[test]
fn a_failed_post_hook_undoes_its_model() {
    let shop = Shop::copy("hooks");
    shop.run(&["run"], 0);
    let shown = shop.run(&["run", "--vars", "{break_post: true}"], 1);
    assert!(shown.contains("ERROR creating sql table model main.three"), "{shown}");
    assert!(shown.contains("SKIP relation main.four"), "{shown}");
    assert_eq!(shop.rows("select n, last from main.three"), ["1 false"]);
    let entries = journal(&shop);
    let count = |what: &str| entries.iter().filter(|one| *one == what).count();
    assert_eq!((count("project post two"), count("project post three")), (2, 1));
    assert!(!shop.relations().iter().any(|name| name.contains("__dbt")), "{:?}", shop.relations());
}

#[test]
fn failed_run_hooks_skip_the_hooks_behind_them() {
    let shop = Shop::copy("hooks");
    shop.run(&["run", "--vars", "{break_end: true}"], 1);
    let status = |shop: &Shop, name: &str| {
        shop.statuses()
            .into_iter()
            .find(|one| one.starts_with(name))
            .unwrap()
            .rsplit(' ')
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(status(&shop, "shop-on-run-end-2"), "error");
    let results = shop.results();
    let failed = results.iter().find(|one| one["unique_id"] == "operation.shop.shop-on-run-end-2").unwrap();
    let message = failed["message"].as_str().unwrap();
    let names_the_hook_once =
        message.starts_with("shop.on-run-end.2 failed, error:\n ") && !message.contains("Error in operation");
    assert!(names_the_hook_once, "{message}");
    assert_eq!(status(&shop, "shop-on-run-end-3"), "skipped");
    assert_eq!(status(&shop, "four"), "success");
    assert_eq!(journal(&shop).last().unwrap(), "schemas main");
    shop.run(&["run", "--vars", "{break_start: true}"], 1);
    assert_eq!(status(&shop, "shop-on-run-start-2"), "error");
    assert_eq!(status(&shop, "shop-on-run-start-3"), "skipped");
}

#[test]
fn operations_write_at_once_or_when_they_commit() {
    let shop = Shop::copy("hooks");
    let args = "{name: filled, rows: 3, extra: [1, {a: b}]}";
    let shown = shop.run(&["run-operation", "fill", "--args", args], 0);
    assert!(shown.contains("filled filled with 3 [1, {\"a\": \"b\"}]"), "{shown}");
    assert_eq!(shop.rows("select count(*) from main.filled"), ["3"]);
    shop.run(&["run-operation", "writes_at_once"], 0);
    assert_eq!(shop.relations(), ["table main.filled", "table main.left_open"]);
    let shown = shop.run(&["run-operation", "falls"], 1);
    assert!(shown.contains("no way") && shown.contains("macros/note.sql"), "{shown}");
    shop.run(&["run-operation", "nowhere"], 2);
}

/// As dbt counts them: from 1 once they ran, from 0 when they were only compiled.
#[test]
fn hooks_are_counted_from_one_once_they_ran() {
    let shop = Shop::copy("hooks");
    let indexes = |shop: &Shop| {
        let manifest: serde_json::Value = serde_json::from_str(&shop.read("target/manifest.json")).unwrap();
        let nodes = manifest["nodes"].as_object().unwrap().values().cloned().collect::<Vec<_>>();
        let hooks = nodes.iter().filter(|node| node["resource_type"] == "operation");
        hooks.map(|hook| hook["index"].as_u64().unwrap()).min().unwrap()
    };
    shop.call(&["run"]);
    assert_eq!(indexes(&shop), 1);
    shop.call(&["docs", "generate"]);
    assert_eq!(indexes(&shop), 0);
}

#[test]
fn hooks_of_the_project_run_before_those_of_its_packages() {
    let shop = Shop::copy("words");
    for project in ["dbt_project.yml", "installed/utils/dbt_project.yml"] {
        let hooks = "on-run-start: [select 1, select 2]\non-run-end: [select 3]\n";
        shop.write(project, &format!("{}{hooks}", shop.read(project)));
    }
    let shown = shop.run(&["run", "-s", "third"], 0);
    let started = shown.lines().filter_map(|line| line.split("START hook: ").nth(1));
    let names: Vec<&str> = started.filter_map(|rest| rest.split(' ').next()).collect();
    // Counted over all of them.
    let want = [
        "words.on-run-start.0",
        "words.on-run-start.1",
        "utils.on-run-start.2",
        "utils.on-run-start.3",
        "words.on-run-end.0",
        "utils.on-run-end.1",
    ];
    assert_eq!(names, want);
}
