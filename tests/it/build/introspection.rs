//! What monitoring packages look at: the project behind `ref`, results with their nodes, macros called.

use super::Shop;

#[test]
fn hooks_see_the_project_and_every_result() {
    let shop = Shop::copy("introspection");
    shop.run(&["build", "--vars", "{day: 3}"], 0);
    let notes = shop.rows("select what from main.journal order by n");
    let dict = "adapter_response agate_table batch_results execution_time failures message node status thread_id timing";
    let phases = "['compile', 'execute'] ['completed_at', 'name', 'started_at'] True";
    let of = |id: &str, kind: &str, status: &str, name: &str| {
        [format!("{id} {kind} {status} False False"), phases.to_owned(), format!("{dict} {name} {id}")]
    };
    let mut expected: Vec<String> = [
        "shop 2.1 0.9.3",
        "{'region': 'north', 'kit': {'limit': 5}}",
        "{'limit': 3}",
        "{'day': 3}",
        "build False",
        "['models'] target shop 1",
    ]
    .map(str::to_owned)
    .into();
    expected.extend(of("exposure.shop.board", "exposure", "no-op", "board"));
    expected.extend(of("model.shop.five", "model", "success", "five"));
    expected.push("view select 'five' as what [] [] five".to_owned());
    expected.extend(of("model.shop.four", "model", "success", "four"));
    expected.push("view select 'nothing' as what [] [] four".to_owned());
    expected.extend(of("model.shop.one", "model", "success", "one"));
    expected.push("table select 1 as id [] [] one".to_owned());
    expected.extend(of("model.shop.three", "model", "success", "three"));
    expected.push("view select 'nothing one one one 3 3' as what [] [] three".to_owned());
    expected.extend(of("model.shop.two", "model", "success", "two"));
    expected.push(
        "view select * from \"warehouse\".\"main\".\"one\" ['model.shop.one'] ['model.shop.one'] two"
            .to_owned(),
    );
    expected.extend(of("test.shop.not_null_one_id.fe01050880", "test", "pass", "not_null_one_id"));
    expected.extend(of("unit_test.shop.two.two_is_one", "unit_test", "pass", "two_is_one"));
    assert_eq!(notes, expected);
}

#[test]
fn macros_called_only_when_run_are_depended_on() {
    let shop = Shop::copy("introspection");
    let macros = |shop: &Shop, id: &str| -> Vec<String> {
        let manifest: serde_json::Value = serde_json::from_str(&shop.read("target/manifest.json")).unwrap();
        let found = &manifest["nodes"][id]["depends_on"]["macros"];
        found.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    };
    shop.run(&["parse"], 0);
    assert_eq!(macros(&shop, "model.shop.one"), Vec::<String>::new());
    shop.run(&["build"], 0);
    assert_eq!(macros(&shop, "model.shop.one"), ["macro.kit.only_when_run"]);
    let test = macros(&shop, "test.shop.not_null_one_id.fe01050880");
    assert!(test.contains(&"macro.dbt.statement".to_owned()), "{test:?}");
    // What a rendered text calls is called by the macro that renders it.
    assert_eq!(macros(&shop, "model.shop.five"), ["macro.kit.model", "macro.kit.rendered"]);
    assert!(!macros(&shop, "model.shop.two").contains(&"macro.dbt.statement".to_owned()));
}

/// The comment before statements is rendered apart from the node whose statements they are.
#[test]
fn a_query_comment_is_not_called_by_the_node() {
    let shop = Shop::copy("introspection");
    shop.run(&["run"], 0);
    let manifest = shop.read("target/manifest.json");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["nodes"]["model.shop.two"]["depends_on"]["macros"], serde_json::json!([]));
    assert!(shop.read("logs/dbt.log").contains("/* asked by two */"));
}

/// Packages keep compiled tests in tables and compare them, so that their text is dbt's to the last blank.
#[test]
fn compiled_tests_have_the_text_around_them_that_dbts_have() {
    let shop = Shop::copy("introspection");
    shop.run(&["build"], 0);
    let compiled = shop.read("target/compiled/shop/models/shop.yml/not_null_one_id.sql");
    let expected =
        "\n    \n    \n\n\n\nselect id\nfrom \"warehouse\".\"main\".\"one\"\nwhere id is null\n\n\n";
    assert_eq!(compiled, expected);
}

#[test]
fn templates_keep_things_in_context() {
    let shop = Shop::copy("introspection");
    shop.run(&["run", "--select", "three", "four"], 0);
    assert_eq!(shop.rows("from main.three"), ["nothing one one one 3 3"]);
    assert_eq!(shop.rows("from main.four"), ["nothing"]);
}

/// Neither engine has catalogs: a model that names none has no catalog relation, one that does is told so.
#[test]
fn catalogs_are_found_only_where_an_engine_has_them() {
    let shop = Shop::copy("introspection");
    shop.write("models/in_none.sql", "select '{{ adapter.build_catalog_relation(model) }}' as found");
    shop.run(&["run", "--select", "in_none"], 0);
    assert_eq!(shop.rows("from main.in_none"), ["None"]);
    shop.write(
        "models/in_one.sql",
        "select {{ adapter.get_catalog_integration('lake') if execute }} as found",
    );
    shop.run(&["run", "--select", "in_one"], 1);
    let results = shop.results();
    let failed = results.iter().find(|result| result["status"] == "error").unwrap();
    let message = failed["message"].to_string();
    assert!(
        message.contains("Catalog not found: `lake`") && message.contains("models/in_one.sql:1:11"),
        "{message}"
    );
}

/// What a macro gives stands inside of the user's SQL, so its white space is part of compiled code.
#[test]
fn expressions_bring_the_white_space_that_dbts_do() {
    let shop = Shop::copy("introspection");
    let inline = "[{{ dbt.safe_cast('a', 'int') }}|{{ dbt.dateadd('day', 1, 'b') }}|{{ dbt.split_part('c', \"'-'\", 1) }}\
                  |{{ dbt.except() }}|{{ dbt.length('d') }}|{{ dbt.equals('e', 'f') }}|{{ dbt.current_timestamp_backcompat() }}]";
    let shown = shop.run(&["compile", "--inline", inline, "--quiet"], 0);
    let squeezed = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let expected = "[ cast(a as int) | (b + cast(1 as bigint) * interval 1 day)| string_split(c, '-')[ 1 ] | except | length( d )|(e = f) \
                    | current_timestamp::timestamp ]";
    assert_eq!(squeezed, expected);
}

/// A relation may be a file: its path stands in the code of Python models.
#[test]
fn relations_are_escaped_for_python() {
    let shop = Shop::copy("introspection");
    let inline = r#"[{{ dbt.resolve_model_name("'C:\\new.csv'") }}|{{ dbt.resolve_model_name('"a"."b"') }}]"#;
    let shown = shop.run(&["compile", "--inline", inline, "--quiet"], 0);
    assert_eq!(shown.trim(), r#"['C:\\new.csv'|\"a\".\"b\"]"#);
}

#[test]
fn the_semantic_manifest_is_dbts() {
    let shop = Shop::copy("parse_like_dbt/project");
    shop.run(&["parse"], 0);
    let read = |path: &str| -> serde_json::Value { serde_json::from_str(path).unwrap() };
    let expected = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/parse_like_dbt/expected_semantic_manifest.json");
    let expected = std::fs::read_to_string(expected).unwrap();
    let written = shop.read("target/semantic_manifest.json");
    assert_eq!(read(&written), read(&expected));
    assert_eq!(written, expected);
}

/// `dbt run-operation generate_source` is how packages of code generators are used: without their name.
#[test]
fn a_macro_of_any_package_is_an_operation() {
    let shop = Shop::copy("introspection");
    shop.run(&["run-operation", "only_when_run"], 0);
    shop.run(&["run-operation", "kit.only_when_run"], 0);
    shop.run(&["run-operation", "shop.only_when_run"], 2);
    let shown = shop.run(&["run-operation", "only_when_runs"], 2);
    assert!(shown.contains("did you mean `only_when_run`?"), "{shown}");
}

#[test]
fn an_operation_has_a_result_and_hides_secret_variables() {
    let shop = Shop::copy("introspection");
    let twice = "{% macro twice() %}\n{% call statement('q', fetch_result=true) %}select 1{% endcall %}\n\
                 {% do load_result('q') %}{% do load_result('q') %}\n{% endmacro %}\n\
                 {% macro envs() %}{{ print(dbt_metadata_envs) }}{% endmacro %}\n";
    shop.write("macros/twice.sql", twice);
    let told = shop.run(&["run-operation", "twice", "--vars", "{DBT_ENV_SECRET_a: hush, b: 1}"], 1);
    assert!(
        told.contains("The 'statement' result named 'q' has already been loaded into a variable"),
        "{told}"
    );
    let file: serde_json::Value = serde_json::from_str(&shop.read("target/run_results.json")).unwrap();
    assert_eq!(file["args"]["vars"], serde_json::json!({"DBT_ENV_SECRET_a": "*****", "b": 1}));
    assert!(!file.to_string().contains("hush"), "{file}");
    let result = &file["results"][0];
    assert_eq!((&result["status"], &result["failures"]), (&"error".into(), &1.into()));
    let names: Vec<_> = result["timing"].as_array().unwrap().iter().map(|phase| &phase["name"]).collect();
    assert_eq!(names, ["compile", "execute"]);
    let call = crate::cli::Call::new(shop.folder.path(), &["run-operation", "envs"]);
    let told = call.env("DBT_ENV_CUSTOM_ENV_RUN", "1").env("DBT_ENV_CUSTOM_ENV_JOB", "2").run().stdout;
    assert!(told.contains("'RUN': '1'") && told.contains("'JOB': '2'"), "{told}");
}

#[test]
fn a_project_may_say_what_columns_a_relation_has() {
    let shop = Shop::copy("introspection");
    shop.write(
        "macros/columns.sql",
        "{% macro get_columns_in_relation(relation) %}{{ return('its own words') }}{% endmacro %}",
    );
    shop.write("models/one.sql", "select '{{ adapter.get_columns_in_relation(this) if execute }}' as id");
    shop.run(&["run", "-s", "one"], 0);
    assert_eq!(shop.rows("from main.one"), ["its own words"]);
}
