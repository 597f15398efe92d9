//! Seed files against what dbt makes of the same files: types, rows, and what DuckDB holds after loading.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use tidegate::adapter::Fetch;
use tidegate::adapter::seed::{SeedError, SeedOptions, infer, read};
use tidegate::sql::{DuckDb, Ident, string_literal};

use crate::duckdb::{memory, python, rows};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/seed_types")
}

fn expected() -> Map<String, Value> {
    let text = std::fs::read_to_string(folder().join("expected.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap().as_object().unwrap().clone()
}

fn options(config: &Value) -> SeedOptions {
    let mut options = SeedOptions::default();
    if let Some(delimiter) = config["delimiter"].as_str() {
        delimiter.clone_into(&mut options.delimiter);
    }
    for (name, ty) in config["column_types"].as_object().into_iter().flatten() {
        options.column_types.insert(name.clone(), ty.as_str().unwrap().to_owned());
    }
    options
}

fn shown(table: &tidegate::adapter::ResultTable) -> Value {
    table.rows.iter().map(|row| row.iter().map(python).collect::<Vec<_>>()).collect()
}

#[test]
fn types_and_rows_are_dbts() {
    let mut wrong = Vec::new();
    for (name, entry) in expected() {
        let path = folder().join("csv").join(format!("{name}.csv"));
        let options = options(&entry["config"]);
        let (schema, table) = match (infer(&path, &options), read(&path, &options, None)) {
            (Ok(schema), Ok(table)) => (schema, table),
            (Err(error), _) | (_, Err(error)) => {
                if entry["dbt"]["error"].is_null() {
                    wrong.push(format!("{name}: {error}"));
                }
                continue;
            }
        };
        let columns: Value =
            schema.columns.iter().map(|c| vec![c.name.clone(), c.sql_type.clone()]).collect();
        if columns != entry["dbt"]["columns"] {
            wrong.push(format!("{name}: columns {columns}, want {}", entry["dbt"]["columns"]));
        }
        if shown(&table) != entry["dbt"]["rows"] {
            wrong.push(format!("{name}: rows {}, want {}", shown(&table), entry["dbt"]["rows"]));
        }
        assert_eq!(usize::try_from(schema.rows).unwrap(), table.rows.len(), "{name}");
        if let Some(count) = entry["response"]["rows_affected"].as_u64() {
            assert_eq!(count, schema.rows, "{name}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn duckdb_loads_what_it_loads_for_dbt() {
    let mut connection = memory();
    let mut compared = 0;
    for (name, entry) in expected() {
        let Some(loaded) = entry.get("loaded") else { continue };
        let path = folder().join("csv").join(format!("{name}.csv"));
        let options = options(&entry["config"]);
        if entry["config"]["fast"] == Value::Bool(false) {
            continue;
        }
        let schema = infer(&path, &options).unwrap();
        let columns: Vec<String> = schema
            .columns
            .iter()
            .map(|c| format!("{} {}", Ident::new(&c.name, &DuckDb), c.sql_type))
            .collect();
        let sql = format!(
            "create or replace table seed ({}); copy seed from {} (format csv, header true, delimiter {})",
            columns.join(", "),
            string_literal(path.to_str().unwrap()),
            string_literal(&options.delimiter)
        );
        connection.execute(&sql, Fetch::Nothing).unwrap_or_else(|e| panic!("{name}: {e}"));
        let table = rows(&mut *connection, "select * from seed");
        let columns: Value =
            table.columns.iter().map(|c| vec![c.name.clone(), c.type_name.clone()]).collect();
        let want_columns: Value = loaded["columns"].clone();
        assert_eq!(columns.to_string().to_lowercase(), want_columns.to_string().to_lowercase(), "{name}");
        assert_eq!(shown(&table), loaded["rows"], "{name}");
        compared += 1;
    }
    assert!(compared > 80, "{compared}");
}

#[test]
fn what_cannot_be_read_says_where() {
    let csv = |name: &str| folder().join("csv").join(format!("{name}.csv"));
    let error = |path: &Path, options: &SeedOptions| infer(path, options).unwrap_err();
    let plain = SeedOptions::default();
    assert_eq!(error(&csv("long_row"), &plain).to_string(), "line 2 has 3 values, but there are 2 columns");
    assert!(matches!(error(&csv("empty"), &plain), SeedError::Empty));
    assert!(matches!(error(&csv("no_such_file"), &plain), SeedError::Io { .. }));
    let wide = SeedOptions { delimiter: "||".to_owned(), ..plain.clone() };
    assert!(matches!(error(&csv("ints"), &wide), SeedError::Delimiter(_)));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), b"a,b\n1,x\n2,\xff\n").unwrap();
    assert!(matches!(error(file.path(), &plain), SeedError::NotUtf8 { line: 3 }));
}

#[test]
fn a_large_file_is_read_in_one_pass() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut text = String::from("id,name,amount,day,flag\n");
    for i in 0..200_000 {
        use std::fmt::Write;
        writeln!(text, "{i},name {i},{i}.25,2024-01-{:02},true", i % 28 + 1).unwrap();
    }
    std::fs::write(file.path(), &text).unwrap();
    let schema = infer(file.path(), &SeedOptions::default()).unwrap();
    let types: Vec<&str> = schema.columns.iter().map(|c| c.sql_type.as_str()).collect();
    assert_eq!(
        (schema.rows, types.as_slice()),
        (200_000, &["integer", "text", "float8", "date", "boolean"][..])
    );
}

/// Runs the binary on a project of all the files, and compares the tables with those dbt made.
#[test]
fn the_built_in_macros_load_what_dbt_loads() {
    let folder = tempfile::tempdir().unwrap();
    let seeds = folder.path().join("seeds");
    std::fs::create_dir(&seeds).unwrap();
    let expected = expected();
    let mut configs = Map::new();
    for (name, entry) in &expected {
        std::fs::copy(
            self::folder().join("csv").join(format!("{name}.csv")),
            seeds.join(format!("{name}.csv")),
        )
        .unwrap();
        let config =
            entry["config"].as_object().unwrap().iter().map(|(k, v)| (format!("+{k}"), v.clone())).collect();
        configs.insert(name.clone(), Value::Object(config));
    }
    let file = folder.path().join("odd.duckdb");
    let project =
        serde_json::json!({"name": "odd", "version": "1.0", "profile": "odd", "seeds": {"odd": configs}});
    let profile =
        serde_json::json!({"odd": {"target": "dev", "outputs": {"dev": {"type": "duckdb", "path": file}}}});
    std::fs::write(folder.path().join("dbt_project.yml"), project.to_string()).unwrap();
    std::fs::write(folder.path().join("profiles.yml"), profile.to_string()).unwrap();
    let ended = crate::cli::Call::new(folder.path(), &["seed"]).run();
    let mut connection = crate::duckdb::open(&serde_json::json!({"path": file}));
    let mut wrong = Vec::new();
    for (name, entry) in &expected {
        let Some(loaded) = entry.get("loaded") else { continue };
        match connection.execute(&format!("select * from \"{name}\""), Fetch::All) {
            Ok(result) if shown(result.table.as_ref().unwrap()) == loaded["rows"] => {}
            Ok(result) => {
                wrong.push(format!("{name}: {}, want {}", shown(&result.table.unwrap()), loaded["rows"]));
            }
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), ended.stdout);
}
