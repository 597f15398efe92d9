//! Names and texts that would end a quoted name, a string or a comment, in every place where the program writes SQL of its own.
//!
//! Run on DuckDB here and on Postgres by `postgres`. What dbt leaves unquoted is no part of this: columns without `quote`, seeds
//! without `quote_columns`, and what a model's own SQL says.

use std::path::Path;

use serde_json::{Value, json};

use super::Shop;
use crate::cli::Call;

/// Names in the style of an attack, and those that are only unusual. `@` stands where a name must differ from others.
const NAMES: [&str; 9] = [
    "q\"uo\"\"te@",
    "semi; drop table keep; --@",
    "it's '' $$ $1 @",
    "select@",
    "new\nline@",
    "naïve 密码 😀@",
    "/* -- @",
    "back\\slash \\' @",
    "{braces} %s % @",
];

fn name(at: usize, kind: &str) -> String {
    NAMES[at % NAMES.len()].replace('@', kind)
}

/// As a string of Jinja.
fn jinja(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n"))
}

/// Writes a project with such names everywhere.
pub(crate) fn write_project(folder: &Path, output: &Value) {
    let write = |file: &str, text: &str| {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        "dbt_project.yml",
        "name: shop\nprofile: shop\non-run-start: create table if not exists keep as select 1 as kept\n",
    );
    write("profiles.yml", &json!({"shop": {"target": "dev", "outputs": {"dev": output}}}).to_string());
    let row = |kind: &str| (0..NAMES.len()).map(|at| quoted(&name(at, kind))).collect::<Vec<_>>().join(",");
    write("seeds/odd.csv", &format!("{}\n{}\n", row("c"), row("v")));
    let columns: Vec<Value> = (0..NAMES.len())
        .map(|at| {
            json!({"name": name(at, "c"), "quote": true, "description": name(at, "d"), "data_tests": ["not_null"]})
        })
        .collect();
    let docs = json!({"relation": true, "columns": true});
    let seed = json!({"name": "odd", "description": name(2, "s"), "columns": columns, "config": {
        "alias": name(0, "seed"), "quote_columns": true, "persist_docs": docs}});
    let mut models = Vec::new();
    for (at, kind) in ["view", "table", "incremental", "merged"].into_iter().enumerate() {
        let more = if kind == "merged" {
            format!(", unique_key={}", jinja(&quoted(&name(3, "c"))))
        } else {
            String::new()
        };
        let materialized = if kind == "merged" { "incremental" } else { kind };
        write(
            &format!("models/m_{kind}.sql"),
            &format!(
                "{{{{ config(materialized='{materialized}', alias={}, schema={}, on_schema_change='append_new_columns'{more}) }}}}
                 select * from {{{{ ref('odd') }}}}",
                jinja(&name(at + 1, kind)),
                jinja(&name(at + 4, "x")),
            ),
        );
        models.push(json!({"name": format!("m_{kind}"), "description": name(at, "m"), "columns": columns,
            "config": {"persist_docs": docs}}));
    }
    write("snapshots/past.sql", &format!(
        "{{% snapshot past %}}{{{{ config(strategy='check', check_cols='all', unique_key={}, alias={}, schema={}) }}}}
         select * from {{{{ ref('odd') }}}}{{% endsnapshot %}}",
        jinja(&quoted(&name(3, "c"))), jinja(&name(5, "past")), jinja(&name(6, "y")),
    ));
    write(
        "tests/fails.sql",
        &format!(
            "{{{{ config(store_failures=true, alias={}, severity='warn') }}}} select * from {{{{ ref('m_view') }}}}",
            jinja(&name(1, "failures")),
        ),
    );
    write("seeds/s.yml", &json!({"seeds": [seed]}).to_string());
    write("models/s.yml", &json!({"models": models}).to_string());
}

/// As a name in SQL, or a cell of a CSV file.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Builds it twice, the second time with one more column and changed rows, then the documentation. Returns the catalog.
#[track_caller]
pub(crate) fn build(folder: &Path) -> Value {
    let run = |arguments: &[&str]| {
        let ended = Call::new(folder, arguments).run();
        assert_eq!(ended.code, Some(0), "{arguments:?}\n{}{}", ended.stdout, ended.stderr);
    };
    run(&["build"]);
    let seed = folder.join("seeds/odd.csv");
    let text = std::fs::read_to_string(&seed).unwrap().replace("it's '' $$ $1 v", "it's \"\"changed\"\"");
    std::fs::write(&seed, text).unwrap();
    run(&["build", "--gate"]);
    run(&["build", "--full-refresh"]);
    run(&["docs", "generate"]);
    serde_json::from_slice(&std::fs::read(folder.join("target/catalog.json")).unwrap()).unwrap()
}

/// The catalog has each column of each relation under its own name, and its description where comments are kept.
#[track_caller]
pub(crate) fn is_whole(catalog: &Value) {
    let nodes = catalog["nodes"].as_object().unwrap();
    assert_eq!(nodes.len(), 7, "{:?}", nodes.keys());
    for (id, node) in nodes {
        for at in 0..NAMES.len() {
            let column = &node["columns"][name(at, "c")];
            assert!(column.is_object(), "{id} has no column {:?}: {:?}", name(at, "c"), node["columns"]);
            if id.starts_with("seed.") {
                assert_eq!(column["comment"], name(at, "d").as_str(), "{id}");
            }
        }
    }
}

#[test]
fn no_name_and_no_text_ends_its_quotes() {
    let shop = Shop { folder: tempfile::tempdir().unwrap() };
    write_project(&shop.path(""), &json!({"type": "duckdb", "path": "warehouse.duckdb"}));
    is_whole(&build(&shop.path("")));
    assert_eq!(shop.rows("select kept from keep"), ["1"]);
}
