//! What tools read of a run: events, `which`, what artifacts say of exposures, tests and ephemeral models.

use serde_json::{Value, json};

use super::Shop;

/// Returns the data of all events of a name.
fn events(log: &str, name: &str) -> Vec<Value> {
    let events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    events.filter(|event| event["info"]["name"] == name).map(|event| event["data"].clone()).collect()
}

#[test]
fn arguments_of_macros_are_held_against_their_definitions() {
    let shop = Shop::copy("words");
    let told = events(&shop.call(&["parse", "--log-format", "json"]).stdout, "InvalidMacroAnnotation");
    let words: Vec<&str> = told.iter().map(|data| data["msg"].as_str().unwrap()).collect();
    assert_eq!(
        words,
        [
            "Argument places in yaml for macro cents does not match the jinja definition.",
            "The number of arguments in the yaml for macro cents does not match the jinja definition.",
            "Argument places in the yaml for macro cents has an invalid type.",
        ]
    );
    let shown = shop.run(&["parse"], 0);
    assert!(shown.lines().any(|line| line.starts_with("Argument places in yaml")), "{shown}");
    assert_eq!(told[0]["macro_unique_id"], "macro.words.cents");
    assert_eq!(told[0]["macro_file_path"], "macros/cents.sql");
}

#[test]
fn a_package_that_replaces_a_materialization_is_told_of() {
    let shop = Shop::copy("words");
    let ended = shop.call(&["build", "--log-format", "json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    let told = events(&ended.stdout, "PackageMaterializationOverrideDeprecation");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["package_name"], "utils");
    assert_eq!(told[0]["materialization_name"], "view");

    let manifest: Value = serde_json::from_str(&shop.read("target/manifest.json")).unwrap();
    let tests = manifest["nodes"].as_object().unwrap().iter().filter(|(id, _)| id.starts_with("test."));
    for (id, test) in tests {
        let called = test["depends_on"]["macros"].as_array().unwrap();
        assert!(called.contains(&json!("macro.dbt.get_limit_subquery_sql")), "{id}: {called:?}");
    }

    let shown = shop
        .run(&["build", "--warn-error-options", "{error: [PackageMaterializationOverrideDeprecation]}"], 1);
    assert!(
        shown.contains("Installed package 'utils' is overriding the built-in materialization 'view'"),
        "{shown}"
    );
}

#[test]
fn tags_and_meta_at_the_top_of_exposures_are_added_and_others_replaced() {
    let shop = Shop::copy("words");
    shop.run(&["parse"], 0);
    let manifest: Value = serde_json::from_str(&shop.read("target/manifest.json")).unwrap();
    let board = &manifest["exposures"]["exposure.words.board"];
    assert_eq!(board["tags"], json!(["company", "own", "project"]));
    assert_eq!(board["meta"], json!({"team": "sales", "asked": false}));
}

#[test]
fn descriptions_of_tests_show_docs_blocks() {
    let shop = Shop::copy("words");
    shop.run(&["parse"], 0);
    let manifest: Value = serde_json::from_str(&shop.read("target/manifest.json")).unwrap();
    let mut nodes = manifest["nodes"].as_object().unwrap().values();
    let test = nodes.find(|node| node["name"] == "not_null_third_id").unwrap();
    assert_eq!(test["description"], "Known always");
    assert_eq!(test["doc_blocks"], json!(["doc.words.certain"]));
}

#[test]
fn ephemeral_models_can_be_left_out_of_compiled_sql() {
    let shop = Shop::copy("words");
    shop.run(&["compile", "--no-inject-ephemeral-ctes"], 0);
    let manifest: Value = serde_json::from_str(&shop.read("target/manifest.json")).unwrap();
    let third = &manifest["nodes"]["model.words.third"];
    assert_eq!(third["extra_ctes_injected"], false);
    let left_out =
        json!([{"id": "model.words.second", "sql": null}, {"id": "model.words.first", "sql": null}]);
    assert_eq!(third["extra_ctes"], left_out);
    let code = third["compiled_code"].as_str().unwrap();
    assert!(code.starts_with("select id, 'compile' as command from __dbt__cte__second"), "{code}");
}

#[test]
fn ls_and_list_are_told_apart() {
    let shop = Shop::copy("words");
    let (short, long) = (shop.run(&["ls"], 0), shop.run(&["list"], 0));
    assert!(short.contains("Found 3 models, 3 data tests, 1 exposure"), "{short}");
    assert!(short.contains("told ls"), "{short}");
    assert!(!long.contains("Found"), "{long}");
    assert!(long.contains("told list"), "{long}");
}
