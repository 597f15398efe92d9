//! `source freshness`: statuses, `sources.json`, hooks, exit codes.

use serde_json::{Value, json};

use super::Shop;

fn sources(shop: &Shop, file: &str) -> Value {
    serde_json::from_str(&shop.read(file)).unwrap()
}

/// `table status` of each entry of a file.
fn statuses(file: &Value) -> Vec<String> {
    let line = |entry: &Value| {
        let id = entry["unique_id"].as_str().unwrap();
        format!("{} {}", id.rsplit('.').next().unwrap(), entry["status"].as_str().unwrap())
    };
    file["results"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn each_source_gets_its_status() {
    let shop = Shop::copy("freshness");
    let shown = shop.run(&["source", "freshness", "--threads", "1"], 1);
    for line in [
        "nothing tells how old source `untold.fresh` is",
        "1 of 9 START freshness of raw.asked",
        "1 of 9 PASS freshness of raw.asked",
        "2 of 9 ERROR STALE freshness of raw.empty",
        "3 of 9 PASS freshness of raw.fresh",
        "4 of 9 ERROR freshness of raw.missing",
        "5 of 9 ERROR STALE freshness of raw.old ",
        "6 of 9 PASS freshness of raw.old_but_patient",
        "7 of 9 ERROR freshness of raw.on_days",
        "8 of 9 WARN freshness of raw.stale",
        "9 of 9 ERROR freshness of untold.fresh",
        "the end saw pass, error, pass, runtime error, error, pass, runtime error, warn, runtime error",
        "Finished running 2 project hooks, 9 sources",
        "Runtime Error in source missing (models/sources.yml)",
        "Database Error in source on_days (models/sources.yml)",
        "received value of type 'date' instead",
        "no 'loaded_at_field' provided and duckdb adapter does not support metadata-based freshness checks",
        "Failure in source empty (models/sources.yml)",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    let file = sources(&shop, "target/sources.json");
    let want = ["asked pass", "empty error", "fresh pass", "old error", "old_but_patient pass", "stale warn"];
    assert_eq!(statuses(&file), want);
    assert!(!shop.path("target/run_results.json").exists());
}

#[test]
fn the_file_is_dbts() {
    let shop = Shop::copy("freshness");
    shop.run(
        &["source", "freshness", "--threads", "1", "--select", "source:raw.empty", "source:raw.stale"],
        1,
    );
    let text = shop.read("target/sources.json");
    assert!(text.starts_with(
        r#"{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/sources/v3.json""#
    ));
    let file = sources(&shop, "target/sources.json");
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(keys(&file), "metadata results elapsed_time");
    let empty = &file["results"][0];
    assert_eq!(
        keys(empty),
        "unique_id max_loaded_at snapshotted_at max_loaded_at_time_ago_in_s status criteria adapter_response timing thread_id execution_time"
    );
    assert_eq!(empty["max_loaded_at"], "0001-01-01T00:00:00+00:00");
    assert_eq!(empty["adapter_response"], json!({"_message": "OK"}));
    let stale = &file["results"][1];
    let days = |count: u32| json!({"count": count, "period": "day"});
    assert_eq!(
        stale["criteria"],
        json!({"warn_after": days(1), "error_after": days(10), "filter": "id = 1"})
    );
    let age = stale["max_loaded_at_time_ago_in_s"].as_f64().unwrap();
    assert!((172_800.0..172_920.0).contains(&age), "{age}");
}

#[test]
fn a_warning_is_no_failure_and_the_file_can_be_elsewhere() {
    let shop = Shop::copy("freshness");
    let shown = shop.run(&["source", "freshness", "-s", "source:raw.stale", "-o", "elsewhere.json"], 0);
    assert!(shown.contains("CustomOutputPathInSourceFreshnessDeprecation"), "{shown}");
    assert_eq!(statuses(&sources(&shop, "elsewhere.json")), ["stale warn"]);
    assert!(!shop.path("target/sources.json").exists());
    let shown = shop.run(&["source", "snapshot-freshness", "-s", "source:raw.unwatched"], 0);
    assert!(shown.contains("Nothing to do."), "{shown}");
    assert_eq!(statuses(&sources(&shop, "target/sources.json")), Vec::<String>::new());
}

#[test]
fn hooks_can_be_left_out() {
    let shop = Shop::copy("freshness");
    shop.run(&["source", "freshness", "-s", "source:raw.fresh"], 0);
    let project = shop.read("dbt_project.yml") + "flags: {source_freshness_run_project_hooks: false}\n";
    shop.write("dbt_project.yml", &project);
    let shown = shop.run(&["source", "freshness", "-s", "source:raw.fresh"], 0);
    assert!(shown.contains("SourceFreshnessProjectHooksNotRun") && !shown.contains("START hook"), "{shown}");
}

/// Writes one source with a table `fresh`: `beside` stands beside its name, `config` within `config`.
fn describe(shop: &Shop, beside: &str, config: &str) {
    let text = format!(
        "sources:\n  - name: raw\n    schema: main\n    loaded_at_field: loaded_at\n    freshness: {beside}\n    tables: [{{name: fresh, config: {{freshness: {config}}}}}]\n"
    );
    shop.write("models/sources.yml", &text);
}

#[test]
fn thresholds_beside_the_name_are_taken_by_the_letter() {
    let shop = Shop::copy("freshness");
    for (threshold, told) in [
        ("{warn_after: {count: '6', period: hour}}", "`freshness.warn_after.count` must be a whole number"),
        ("{warn_after: {count: 1.5, period: hour}}", "`freshness.warn_after.count` must be a whole number"),
        ("{warn_after: {count: 1, periods: hour}}", "`freshness.warn_after` has no key `periods`"),
        ("{warn_afer: {count: 1, period: hour}}", "`freshness` has no key `warn_afer`"),
    ] {
        describe(&shop, threshold, "{}");
        let shown = shop.run(&["parse"], 2);
        assert!(shown.contains("Parsing Error") && shown.contains(told), "{shown}");
    }
    describe(&shop, "{warn_after: {count: 2.0, period: hour}}", "{}");
    shop.run(&["parse"], 0);
}

#[test]
fn thresholds_in_config_are_read_as_numbers_where_they_can_be() {
    let shop = Shop::copy("freshness");
    for (count, read) in [("'6'", 6), ("1.5", 1), ("true", 1)] {
        describe(&shop, "{}", &format!("{{warn_after: {{count: {count}, period: hour, x: 1}}, y: 2}}"));
        shop.run(&["source", "freshness"], 0);
        let file = sources(&shop, "target/sources.json");
        let criteria = &file["results"][0]["criteria"];
        assert_eq!(criteria["warn_after"], json!({"count": read, "period": "hour"}), "{count}");
    }
    let text = shop
        .read("models/sources.yml")
        .replace("freshness: {warn_after", "loaded_at_field: 5, freshness: {warn_after");
    shop.write("models/sources.yml", &text);
    let shown = shop.run(&["source", "freshness"], 2);
    assert!(shown.contains("config `loaded_at_field` must be text"), "{shown}");
}

#[test]
fn an_answer_that_is_no_time_is_an_error_of_the_database() {
    let shop = Shop::copy("freshness");
    let shown = shop.run(&["source", "freshness", "-s", "source:raw.on_days"], 1);
    assert!(shown.contains("Database Error in source on_days (models/sources.yml)"), "{shown}");
    shop.write(
        "macros/freshness.sql",
        "{% macro collect_freshness(source, loaded_at_field, filter) %}\n  {% call statement('age', fetch_result=True) %}select 1, 'a', 3{% endcall %}\n  {{ return(load_result('age')) }}\n{% endmacro %}",
    );
    let shown = shop.run(&["source", "freshness", "-s", "source:raw.on_days"], 1);
    let told = "Compilation Error in source on_days (models/sources.yml)\n  Got an invalid result from \"collect_freshness\" macro: [(1, 'a', 3)]";
    assert!(shown.contains(told), "{shown}");
}

#[test]
fn what_has_become_fresher_is_built() {
    let shop = Shop::copy("freshness");
    let load = |table: &str| {
        format!(
            "create or replace table main.{table} as select 1 as id, '{{{{ var('{table}', '2020-01-01') }}}}'::timestamp as loaded_at"
        )
    };
    shop.write(
        "dbt_project.yml",
        &format!("name: shop\nprofile: shop\non-run-start: [\"{}\", \"{}\"]\n", load("fresh"), load("stale")),
    );
    shop.write(
        "models/sources.yml",
        "sources:\n  - name: raw\n    schema: main\n    loaded_at_field: loaded_at\n    freshness: {error_after: {count: 1, period: day}}\n    tables: [{name: fresh}, {name: stale}]\n",
    );
    for table in ["fresh", "stale"] {
        let sql = format!("select * from {{{{ source('raw', '{table}') }}}}");
        shop.write(&format!("models/from_{table}.sql"), &sql);
    }
    shop.write("models/last.sql", "select * from {{ ref('from_stale') }}");
    shop.run(&["source", "freshness", "-s", "source:raw.fresh"], 1);
    std::fs::create_dir(shop.path("before")).unwrap();
    let keep = |file: &str| shop.write(&format!("before/{file}"), &shop.read(&format!("target/{file}")));
    keep("manifest.json");
    keep("sources.json");
    let fresher = |shop: &Shop| {
        let listed = shop.run(
            &["-q", "ls", "-s", "source_status:fresher+", "--resource-type", "model", "--state", "before"],
            0,
        );
        listed.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    // Nothing was known of the other one.
    shop.run(&["source", "freshness"], 1);
    assert_eq!(fresher(&shop), ["shop.from_stale", "shop.last"]);
    keep("sources.json");
    shop.run(&["source", "freshness", "--vars", "{fresh: 2020-01-02}"], 1);
    assert_eq!(fresher(&shop), ["shop.from_fresh"]);
    shop.run(&["build", "-s", "source_status:fresher+", "--state", "before"], 0);
    assert_eq!(
        shop.statuses(),
        ["from_fresh success", "shop-on-run-start-0 success", "shop-on-run-start-1 success"]
    );
}
