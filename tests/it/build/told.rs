//! What commands tell besides their results, as events that tools and people look for.

use serde_json::Value;

use super::Shop;
use crate::cli::Call;

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

#[test]
fn variables_of_flags_are_there_under_both_names() {
    let shop = Shop::copy("told");
    let both = "{{ log('both: ' ~ env_var('DBT_PRINTER_WIDTH') ~ ' ' ~ env_var('DBT_ENGINE_PRINTER_WIDTH'), info=true) }}";
    shop.write("models/widths.sql", &format!("{both} select 1 as n"));
    let call = || Call::new(shop.folder.path(), &["parse"]).env("DBT_PRINTER_WIDTH", "90");
    let shown = call().run().stdout;
    assert!(shown.contains("both: 90 90"), "{shown}");
    let shown = call().env("DBT_ENGINE_PRINTER_WIDTH", "95").run().stdout;
    assert!(shown.contains("both: 95 95"), "{shown}");
}

#[test]
fn a_version_newer_than_the_latest_is_told_to_those_who_name_none() {
    let shop = Shop::copy("told");
    shop.write("models/rates.sql", "select 1 as n");
    shop.write("models/rates_v2.sql", "select 2 as n");
    shop.write("models/asks_rates.sql", "select * from {{ ref('rates') }}, {{ ref('rates', v=2) }}");
    let versions = |latest: &str| {
        let list = "versions: [{v: 1, defined_in: rates}, {v: 2}]";
        shop.write(
            "models/rates.yml",
            &format!("models: [{{name: rates, latest_version: {latest}, {list}}}]\n"),
        );
        let events = told(&shop, &["compile", "-s", "asks_rates"]);
        let named = events.into_iter().filter(|(name, _)| name == "UnpinnedRefNewVersionAvailable");
        named.map(|(_, event)| event["data"].clone()).collect::<Vec<_>>()
    };
    assert!(versions("2").is_empty());
    let told = versions("1");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["ref_node_version"], "1");
    assert_eq!(told[0]["ref_max_version"], "2");
    assert_eq!(told[0]["node_info"]["node_name"], "asks_rates");
}

#[test]
fn conditions_of_tests_must_be_true_or_false() {
    let shop = Shop::copy("told");
    shop.write("tests/any.sql", "select 1 as n");
    let answers = |word: &str| {
        let macro_of = "{% macro get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) %}";
        let body = format!("select 1 as failures, '{word}' as should_warn, '{word}' as should_error");
        shop.write("macros/get_test_sql.sql", &format!("{macro_of}{body}{{% endmacro %}}"));
        shop.run(&["test", "-s", "any"], i32::from(word != "no"))
    };
    assert!(answers("no").contains("PASS=1"));
    assert!(answers("yes").contains("FAIL 1"));
    let shown = answers("x");
    assert!(shown.contains("Macro 'get_test_sql' returns 'x'"), "{shown}");
    assert!(shown.contains("ERROR=1"), "{shown}");
}

#[test]
fn debug_ends_where_the_projects_jinja_fails() {
    let shop = Shop::copy("told");
    let project = shop.read("dbt_project.yml");
    shop.run(&["debug"], 0);
    for call in ["var('unheard')", "env_var('UNHEARD')"] {
        shop.write("dbt_project.yml", &format!("{project}models: {{+schema: \"{{{{ {call} }}}}\"}}\n"));
        let shown = shop.run(&["debug"], 2);
        assert!(shown.to_lowercase().contains("unheard"), "{shown}");
    }
}

#[test]
fn tags_between_macros_and_snapshots_are_told_and_do_nothing() {
    let shop = Shop::copy("told");
    std::fs::create_dir_all(shop.path("snapshots")).unwrap();
    std::fs::create_dir_all(shop.path("tests/generic")).unwrap();
    shop.write(
        "macros/loose.sql",
        "{% set a = 1 %}\n{% macro one() %}{% set b = 1 %}{% endmacro %}{% endmacro %}",
    );
    shop.write("tests/generic/loose.sql", "{% set a = 1 %}{% test loose(model) %}select 1{% endtest %}");
    let config = "{{ config(strategy='check', unique_key='id', check_cols='all') }}";
    shop.write(
        "snapshots/kept.sql",
        &format!("{{% macro two() %}}{{% endmacro %}}{{% snapshot kept %}}{config} select 1 as id{{% endsnapshot %}}"),
    );
    let name = "UnexpectedJinjaBlockDeprecation";
    let mut words: Vec<String> = told(&shop, &["parse", "--show-all-deprecations"])
        .into_iter()
        .filter(|(of, _)| of == name)
        .map(|(_, event)| event["data"]["msg"].as_str().unwrap().to_owned())
        .collect();
    words.sort();
    let found = |keyword: &str| format!("Found unexpected '{keyword}' block tag.");
    assert_eq!(words, ["endmacro", "endmacro", "macro", "set"].map(found));
}
