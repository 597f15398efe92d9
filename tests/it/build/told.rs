//! What commands tell besides their results, as events that tools and people look for.

use serde_json::Value;

use super::Shop;

/// Returns the events of a command by their names, from the console's JSON.
fn told(shop: &Shop, arguments: &[&str]) -> Vec<(String, Value)> {
    let shown = shop.run(&[arguments, &["--debug", "--log-format", "json"]].concat(), 0);
    let events = shown.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    events.map(|event| (event["info"]["name"].as_str().unwrap().to_owned(), event)).collect()
}

fn messages(events: &[(String, Value)], name: &str) -> Vec<String> {
    let named = events.iter().filter(|(of, _)| of == name);
    named.map(|(_, event)| event["info"]["msg"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_parsing_depends_on_is_told_without_secrets() {
    let shop = Shop::copy("told");
    let events = told(&shop, &["parse", "--vars", "{DBT_ENV_SECRET_key: abc, day: def}"]);
    let (_, basis) = events.iter().find(|(name, _)| name == "StateCheckVarsHash").unwrap();
    assert_eq!(basis["data"]["vars"], "{'DBT_ENV_SECRET_key': '*****', 'day': 'def'}");
    assert!(messages(&events, "PartialParsingNotEnabled").is_empty());
    let events = told(&shop, &["parse", "--no-partial-parse"]);
    assert_eq!(messages(&events, "PartialParsingNotEnabled").len(), 1);
}

#[test]
fn deprecated_spellings_are_told_where_dbt_tells_them() {
    let shop = Shop::copy("told");
    let count = |arguments: &[&str], name: &str| messages(&told(&shop, arguments), name).len();
    assert_eq!(count(&["parse"], "ModulesItertoolsUsageDeprecation"), 1);
    assert_eq!(count(&["parse"], "ArgumentsPropertyInGenericTestDeprecation"), 1);
    // All names of nodes with `--debug`, else the first.
    assert_eq!(count(&["parse"], "SpacesInResourceNameDeprecation"), 2);
    let shown = shop.run(&["parse"], 0);
    assert_eq!(shown.matches("Found spaces in the name of `model.shop.first order`").count(), 1, "{shown}");
    assert!(!shown.contains("second order"), "{shown}");
    assert!(shown.contains("Spaces found in 2 resource name(s)"), "{shown}");
    assert!(shown.contains("Run again with `--debug`"), "{shown}");
    let project = shop.read("dbt_project.yml");
    shop.write("dbt_project.yml", &project.replace("without_spaces: false", "without_spaces: true"));
    let shown = shop.run(&["parse"], 2);
    assert_eq!(shown.matches("Resource names cannot contain spaces").count(), 2, "{shown}");
}

#[test]
fn descriptions_of_tests_without_a_name_or_a_test_are_told() {
    let shown = Shop::copy("told").run(&["parse"], 0);
    for words in [
        "Did not find matching node for patch with name 'nowhere' in the 'data_tests' section of file 'tests/schema.yml'",
        "Unable to parse 'data_tests' section of file 'tests/schema.yml': Entry did not contain a name",
    ] {
        assert!(shown.contains(words), "{shown}");
    }
}

#[test]
fn without_introspection_the_database_is_asked_nothing() {
    let shop = Shop::copy("told");
    shop.run(&["run", "-s", "grows"], 0);
    let shown = shop.run(&["compile", "-s", "asks", "--no-introspect"], 2);
    assert!(shown.contains("connection never acquired for thread"), "{shown}");
    let inline = ["compile", "--no-introspect", "--inline", "{{ run_query('select 1') }}"];
    assert!(shop.run(&inline, 2).contains("connection never acquired for thread"));
    // What exists is known all the same.
    let shown = shop.run(&["compile", "-s", "grows", "--no-introspect"], 0);
    assert!(shown.contains("where false"), "{shown}");
}

#[test]
fn fixtures_have_names_of_their_own() {
    let shop = Shop::copy("told");
    std::fs::create_dir_all(shop.path("tests/fixtures/old")).unwrap();
    shop.write("tests/fixtures/rows.csv", "id\n1\n");
    shop.run(&["parse"], 0);
    shop.write("tests/fixtures/old/rows.csv", "id\n2\n");
    let shown = shop.run(&["parse"], 2);
    assert!(shown.contains("two fixtures are called `rows`"), "{shown}");
}
