//! Runs the unit tests of a project of its own with the binary; statuses and differences are dbt's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::cli::copy_folder;

/// What dbt-core 1.11 makes of the fixture, sorted by name.
const STATUSES: [(&str, &str); 13] = [
    ("differs", "fail"),
    ("expects_a_wrong_type", "error"),
    ("first_run_takes_all", "pass"),
    ("joins_an_ephemeral_model_and_a_seed", "pass"),
    ("later_runs_take_what_is_new", "pass"),
    ("leaves_an_input_out", "error"),
    ("names_a_column_that_is_not_there", "error"),
    ("nothing_gives_nothing", "pass"),
    ("overrides_environment_variables", "pass"),
    ("overrides_macros_and_vars", "pass"),
    ("reads_rows_from_a_file", "pass"),
    ("takes_rows_as_a_query", "pass"),
    ("upper_cases_countries", "pass"),
];

/// A copy of the project in a folder of its own, its inputs built.
struct Shop(tempfile::TempDir);

impl Shop {
    fn unbuilt() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/unit_tests"), folder.path());
        Self(folder)
    }

    fn built() -> Self {
        let shop = Self::unbuilt();
        for command in ["seed", "run"] {
            let output = shop.tidegate(&[command]);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        }
        shop
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.0.path().join(relative)
    }

    fn tidegate(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .args(arguments)
            .args(["--profiles-dir", "."])
            .current_dir(self.0.path())
            .env("NO_COLOR", "1")
            .output()
            .unwrap()
    }

    /// The results of the last command by the last part of their ids.
    fn results(&self) -> Vec<(String, Value)> {
        let text = fs::read_to_string(self.path("target/run_results.json")).unwrap();
        let artifact: Value = serde_json::from_str(&text).unwrap();
        let name = |id: &str| id.rsplit('.').next().unwrap_or_default().to_owned();
        let results = artifact["results"].as_array().unwrap();
        results.iter().map(|it| (name(it["unique_id"].as_str().unwrap()), it.clone())).collect()
    }

    fn result(&self, name: &str) -> Value {
        self.results().into_iter().find(|(found, _)| found == name).unwrap().1
    }
}

/// dbt wants the inputs built; here their types are found without them.
#[test]
fn an_empty_warehouse_is_enough() {
    let shop = Shop::unbuilt();
    let output = shop.tidegate(&["test", "--select", "test_type:unit"]);
    assert_eq!(output.status.code(), Some(1));
    let mut statuses: Vec<(String, String)> = shop
        .results()
        .into_iter()
        .map(|(name, it)| (name, it["status"].as_str().unwrap().to_owned()))
        .collect();
    statuses.sort();
    assert_eq!(statuses, STATUSES.map(|(name, status)| (name.to_owned(), status.to_owned())));
    let log = fs::read_to_string(shop.path("logs/dbt.log")).unwrap();
    for told in
        ["`raw_orders` have their types from its file", "`stg_orders` have their types from its own query"]
    {
        assert!(log.contains(told), "{told}");
    }
    let shop = Shop::built();
    shop.tidegate(&["test", "--select", "big_orders,test_type:unit"]);
    let log = fs::read_to_string(shop.path("logs/dbt.log")).unwrap();
    assert!(log.contains("`stg_orders` have their types from its relation"));
}

#[test]
fn statuses_messages_and_files_are_dbts() {
    let shop = Shop::built();
    let output = shop.tidegate(&["test"]);
    assert_eq!(output.status.code(), Some(1));
    let mut statuses: Vec<(String, String)> = shop
        .results()
        .into_iter()
        .map(|(name, it)| (name, it["status"].as_str().unwrap().to_owned()))
        .collect();
    statuses.sort();
    let want: Vec<(String, String)> =
        STATUSES.iter().map(|(name, status)| ((*name).to_owned(), (*status).to_owned())).collect();
    assert_eq!(statuses, want);

    let differs = shop.result("differs");
    let table = "\n\nactual differs from expected:\n\n\
                 @@ ,id,country,amount\n   ,1 ,DE     ,10.0\n→  ,2 ,FR     ,25.0→20.0\n\
                 +++,3 ,IT     ,30.0\n+++,4 ,ES     ,40.0\n---,5 ,PT     ,50.0\n\n";
    assert_eq!(differs["message"], table);
    assert_eq!((&differs["failures"], &differs["compiled"]), (&Value::from(1), &Value::from(true)));
    assert_eq!(differs["relation_name"], Value::Null);

    let left_out = shop.result("leaves_an_input_out");
    let message = left_out["message"].as_str().unwrap();
    assert!(message.contains("depends on a node named 'big_orders' which was not found"), "{message}");
    assert_eq!(left_out["compiled"], Value::Null);
    let unknown = shop.result("names_a_column_that_is_not_there");
    let message = unknown["message"].as_str().unwrap();
    assert!(
        message.contains("Invalid column name: 'colour' in unit test fixture for 'raw_orders'"),
        "{message}"
    );

    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("FAIL 1 stg_orders::differs"), "{shown}");
    assert!(shown.contains("Failure in unit_test differs (models/schema.yml)"), "{shown}");
    let compiled = shop.path("target/compiled/shop/models/schema.yml/models/later_runs_take_what_is_new.sql");
    let sql = fs::read_to_string(compiled).unwrap();
    assert!(sql.contains("with __dbt__cte__stg_orders as ("), "{sql}");
    assert!(sql.contains("max(ordered_at) from __dbt__cte__orders_log"), "{sql}");
}

#[test]
fn a_build_runs_them_first_and_skips_the_model_of_a_failed_one() {
    let shop = Shop::built();
    let output = shop.tidegate(&["build", "--select", "stg_orders"]);
    assert_eq!(output.status.code(), Some(1));
    let places = shop.results();
    let of = |name: &str| places.iter().position(|(found, _)| found == name).unwrap();
    assert_eq!(places[of("stg_orders")].1["status"], "skipped");
    assert!(of("differs") < of("stg_orders"));
}

#[test]
fn versions_are_included_or_excluded_but_not_both() {
    let shop = Shop::unbuilt();
    let test = "unit_tests:\n  - name: both\n    model: stg_orders\n    versions: {include: [1], exclude: [2]}\n    \
                given: []\n    expect: {rows: []}\n";
    fs::write(shop.path("models/both.yml"), test).unwrap();
    let output = shop.tidegate(&["parse"]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(2), "{shown}");
    assert!(shown.contains("Unit tests can not both include and exclude versions."), "{shown}");
}
