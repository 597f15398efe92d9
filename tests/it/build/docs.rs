//! `docs generate`: the catalog of what is in the database, and what it is written with.

use serde_json::{Value, json};

use super::Shop;

fn catalog(shop: &Shop) -> Value {
    serde_json::from_str(&shop.read("target/catalog.json")).unwrap()
}

fn ids(map: &Value) -> Vec<&str> {
    map.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_catalog_has_what_is_in_the_database() {
    let shop = Shop::copy("outcomes");
    let yaml = "sources:\n  - name: raw\n    schema: main\n    tables:\n      - name: ORDERS\n      - name: absent\n";
    shop.write("models/sources.yml", yaml);
    shop.run(&["build", "--exclude", "broken+"], 1);
    let shown = shop.run(&["docs", "generate"], 0);
    assert!(shown.contains("Building catalog\nCatalog written to "), "{shown}");
    let catalog = catalog(&shop);
    assert_eq!(
        ids(&catalog["nodes"]),
        [
            "model.shop.after_warned",
            "model.shop.dirty",
            "seed.shop.orders",
            "model.shop.warned",
            "test.shop.accepted_values_warned_status__paid__open.c4de199321",
            "test.shop.unique_warned_id.f9ddb217c6",
        ]
    );
    assert_eq!(ids(&catalog["sources"]), ["source.shop.raw.ORDERS"]);
    assert_eq!(catalog["errors"], Value::Null);
    assert_eq!(
        catalog["nodes"]["model.shop.after_warned"],
        json!({
            "metadata": {
                "type": "VIEW", "schema": "main", "name": "after_warned", "database": "warehouse",
                "comment": null, "owner": null,
            },
            "columns": {"n": {"type": "BIGINT", "index": 1, "name": "n", "comment": null}},
            "stats": {"has_stats": {
                "id": "has_stats", "label": "Has Stats?", "value": false, "include": false,
                "description": "Indicates whether there are statistics for this table",
            }},
            "unique_id": "model.shop.after_warned",
        })
    );
}

#[test]
fn a_selection_limits_the_catalog() {
    let shop = Shop::copy("outcomes");
    shop.run(&["build", "-s", "+warned", "+dirty"], 1);
    shop.run(&["docs", "generate", "-s", "dirty", "orders"], 0);
    assert_eq!(ids(&catalog(&shop)["nodes"]), ["model.shop.dirty", "seed.shop.orders"]);
    shop.run(&["docs", "generate", "--empty-catalog"], 0);
    assert!(ids(&catalog(&shop)["nodes"]).is_empty());
}

#[test]
fn without_compiling_no_manifest_is_written() {
    let shop = Shop::copy("outcomes");
    shop.run(&["seed"], 0);
    std::fs::remove_file(shop.path("target/manifest.json")).unwrap();
    shop.run(&["docs", "generate", "--no-compile"], 0);
    assert!(!shop.path("target/manifest.json").exists());
    assert_eq!(ids(&catalog(&shop)["nodes"]), ["seed.shop.orders"]);
    shop.run(&["docs", "generate"], 0);
    assert!(shop.path("target/manifest.json").exists());
}

#[test]
fn assets_are_copied_and_stay_below_the_project() {
    let shop = Shop::copy("outcomes");
    std::fs::create_dir(shop.path("pictures")).unwrap();
    shop.write("pictures/logo.svg", "<svg/>");
    let project = shop.read("dbt_project.yml");
    shop.write("dbt_project.yml", &format!("{project}asset-paths: [pictures, absent]\n"));
    shop.run(&["docs", "generate"], 0);
    assert_eq!(shop.read("target/pictures/logo.svg"), "<svg/>");
    shop.write("dbt_project.yml", &format!("{project}asset-paths: [../pictures]\n"));
    shop.run(&["docs", "generate"], 2);
}

#[test]
fn a_query_of_the_project_s_own_is_used_and_its_failure_told() {
    let shop = Shop::copy("outcomes");
    std::fs::create_dir(shop.path("macros")).unwrap();
    let call = "{% macro get_catalog_relations(information_schema, relations) %}";
    shop.write(
        "macros/own.sql",
        &format!("{call}{{{{ return(run_query('select 1 as x from nowhere')) }}}}{{% endmacro %}}"),
    );
    let shown = shop.run(&["docs", "generate"], 1);
    assert!(shown.contains("Encountered an error while generating catalog"), "{shown}");
    assert_eq!(catalog(&shop)["errors"].as_array().unwrap().len(), 1);
    shop.write(
        "macros/own.sql",
        &format!("{call}{{{{ return(run_query('select 1 as x')) }}}}{{% endmacro %}}"),
    );
    let ended = shop.call(&["docs", "generate"]);
    assert_eq!(ended.code, Some(2));
    let told = format!("{}{}", ended.stdout, ended.stderr);
    assert!(told.contains("the catalog query answers without `table_schema`"), "{told}");
}

#[test]
fn the_site_is_one_page_beside_the_artifacts_or_one_file() {
    let shop = Shop::copy("docs_site");
    shop.run(&["docs", "generate"], 0);
    let page = shop.read("target/index.html");
    assert!(page.contains("<title>shop</title>"), "{}", &page[..400]);
    assert!(page.contains("default-src 'none'; script-src 'sha256-"), "no policy");
    assert!(shop.path("target/docs_data/0.json.gz").exists());
    assert!(shop.path("target/docs_data/search.json.gz").exists());
    assert!(!shop.path("target/static_index.html").exists());
    shop.write("target/docs_data/99.json.gz", "left by a larger project");
    shop.run(&["docs", "generate", "--static"], 0);
    assert!(!shop.path("target/docs_data/99.json.gz").exists());
    let page = shop.read("target/static_index.html");
    assert!(page.contains("data-file=\"0.json.gz\"") && page.contains("data-file=\"search.json.gz\""));
}

#[test]
fn texts_of_the_project_are_nowhere_in_the_page_as_they_are() {
    let shop = Shop::copy("docs_site");
    shop.run(&["docs", "generate", "--static"], 0);
    for name in ["target/index.html", "target/static_index.html"] {
        let page = shop.read(name);
        assert!(!page.contains("window.hacked"), "{name}");
        let own = page.matches("<script").count() - page.matches("<script type=\"text/plain\"").count();
        assert_eq!(own, 1, "{name} has one script of its own");
    }
}

#[test]
fn without_a_manifest_no_site_is_made_and_that_is_said() {
    let shop = Shop::copy("docs_site");
    let shown = shop.run(&["docs", "generate", "--no-compile"], 0);
    assert!(shown.contains("No documentation site"), "{shown}");
    assert!(!shop.path("target/index.html").exists());
    let ended = shop.call(&["docs", "serve", "--no-browser"]);
    assert_eq!(ended.code, Some(2));
    let told = format!("{}{}", ended.stdout, ended.stderr);
    assert!(told.contains("manifest.json") && told.contains("`docs generate` writes it"), "{told}");
}

#[test]
fn nothing_is_made_when_a_model_cannot_be_compiled() {
    let shop = Shop::copy("docs_site");
    shop.write("models/broken.sql", "{{ nothing.of.this }}");
    let shown = shop.run(&["docs", "generate"], 2);
    assert!(shown.contains("Encountered an error") && shown.contains("models/broken.sql"), "{shown}");
    assert!(!shop.path("target/index.html").exists());
    assert!(!shop.path("target/catalog.json").exists());
}

#[test]
fn what_builds_and_tests_is_remembered_for_the_site() {
    let shop = Shop::copy("docs_site");
    let runs = |shop: &Shop| -> Vec<Value> {
        let text = std::fs::read_to_string(shop.path("target/run_history.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    shop.run(&["compile"], 0);
    shop.run(&["run", "--no-write-json"], 1);
    assert!(runs(&shop).is_empty());
    shop.run(&["build"], 1);
    shop.run(&["docs", "generate"], 0);
    shop.run(&["test", "-s", "orders"], 0);
    let all = runs(&shop);
    let commands: Vec<&Value> = all.iter().map(|run| &run["command"]).collect();
    assert_eq!(commands, ["build", "test"]);
    let result = |run: &Value, id: &str| -> Value {
        let results = run["results"].as_array().unwrap();
        results.iter().find(|result| result[0].as_str().unwrap().starts_with(id)).cloned().unwrap()
    };
    let failed = result(&all[0], "test.shop.accepted_values_wide_table");
    assert_eq!((&failed[1], &failed[3]), (&json!("fail"), &json!(1)));
    assert_eq!(failed[4], "Got 1 result, configured to fail if != 0");
    assert_eq!(result(&all[1], "test.shop.not_null_orders_id")[1], "pass");
}

#[test]
fn sizes_of_tables_are_told_beside_the_catalog() {
    let shop = Shop::copy("docs_site");
    shop.run(&["build"], 1);
    shop.run(&["docs", "generate"], 0);
    let sizes =
        |shop: &Shop| -> Value { serde_json::from_str(&shop.read("target/relation_sizes.json")).unwrap() };
    let told = sizes(&shop);
    assert_eq!(told["model.shop.orders"], json!({"rows": 3}));
    assert_eq!(told["source.shop.crm.people"], json!({"rows": 3}));
    assert_eq!(told.get("model.shop.stg_orders"), None, "a view has no size");
    shop.run(&["docs", "generate", "--select", "raw_orders"], 0);
    assert_eq!(ids(&sizes(&shop)), ["seed.shop.raw_orders"]);
    shop.run(&["docs", "generate", "--empty-catalog"], 0);
    assert!(ids(&sizes(&shop)).is_empty());
}
