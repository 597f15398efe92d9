//! `lineage`, `--select column:..` and descriptions along columns, on a small shop.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::cli::{Call, Ended, copy_folder, without_times};
use crate::opened;

/// The shop in a folder of its own.
fn shop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/column_lineage"), folder.path());
    folder
}

#[track_caller]
fn run(folder: &tempfile::TempDir, arguments: &[&str]) -> String {
    let Ended { code, stdout, stderr } = Call::new(folder.path(), &[&["-q"], arguments].concat()).run();
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    without_times(&stdout).trim_end().to_owned()
}

/// Runs a command that fails before anything is done.
fn refused(folder: &tempfile::TempDir, arguments: &[&str]) -> String {
    let Ended { code, stdout, stderr } = Call::new(folder.path(), arguments).run();
    assert_eq!(code, Some(2), "{stdout}{stderr}");
    stdout + &stderr
}

fn written(folder: &tempfile::TempDir, file: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.path().join("target").join(file)).unwrap()).unwrap()
}

#[test]
fn a_model_shows_all_its_columns_and_what_its_rows_depend_on() {
    let folder = shop();
    let want = "\
revenue
  customer_id  copied      paid_orders.customer_id
  name         renamed     stg_customers.full_name
  revenue      aggregated  paid_orders.amount
  newest       aggregated  paid_orders.at

its rows depend on
  paid_orders.customer_id    join, group
  stg_customers.customer_id  join
  stg_customers.full_name    group";
    assert_eq!(run(&folder, &["lineage", "revenue"]), want);
}

#[test]
fn a_column_is_followed_up_and_down() {
    let folder = shop();
    let up = "\
revenue.revenue comes from
  paid_orders.amount  aggregated
    stg_orders.amount  copied
      raw_orders.amount  copied";
    assert_eq!(run(&folder, &["lineage", "revenue.revenue"]), up);
    let down = "\
raw_orders.state goes into
  stg_orders.state  derived
    paid_orders  filter
    turned  perhaps: the SQL could not be read: Expected: an SQL statement, found: pivot at Line: 1, Column: 1";
    assert_eq!(run(&folder, &["lineage", "seed.shop.raw_orders.state", "--downstream"]), down);
    let one = run(&folder, &["lineage", "revenue.revenue", "--depth", "1"]);
    assert_eq!(one.lines().count(), 2, "{one}");
}

#[test]
fn a_table_answers_what_the_rows_and_columns_of_a_model_come_from() {
    let folder = shop();
    run(&folder, &["lineage", "--all", "--write-parquet"]);
    let about = |model: &str| {
        let table = folder.path().join("target/parquet/column_lineage.parquet");
        let sql = format!(
            "select concat_ws(' ', coalesce(column_name, '-'), column_kind, split_part(input_id, '.', 3) || '.' || input_column,
                kind, unknown)
            from '{}' where unique_id = 'model.shop.{model}' order by position nulls last, 1",
            table.display()
        );
        let database = opened::in_memory();
        let mut statement = database.prepare(&sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<Vec<String>, _>>().unwrap().join("\n")
    };
    let want = "\
customer_id copied paid_orders.customer_id copied
name renamed stg_customers.full_name renamed
revenue aggregated paid_orders.amount aggregated
newest aggregated paid_orders.at aggregated
- paid_orders.customer_id group
- paid_orders.customer_id join
- stg_customers.customer_id join
- stg_customers.full_name group";
    assert_eq!(about("revenue"), want);
    assert_eq!(about("broken"), "- unknown it does not compile: not today");
    assert!(folder.path().join("target/parquet/nodes.parquet").is_file());
}

#[test]
fn what_is_unknown_says_why() {
    let folder = shop();
    let all = run(&folder, &["lineage", "--all"]);
    let nodes = &written(&folder, "column_lineage.json")["nodes"];
    assert!(all.starts_with("9 models and snapshots, "), "{all}");
    assert_eq!(nodes["model.shop.broken"]["incomplete"], "it does not compile: not today");
    assert_eq!(
        nodes["model.shop.all_customers"]["incomplete"],
        "the columns of `source.shop.crm.customers` are not all known"
    );
    assert_eq!(nodes["model.shop.stg_customers"]["incomplete"], Value::Null);
    let page = &nodes["model.shop.visits"]["columns"]["page"];
    assert_eq!(
        *page,
        json!({"kind": "copied", "inputs": [{"relation": "source.shop.crm.visits", "column": "page", "kind": "copied"}]})
    );
    let history = nodes["snapshot.shop.customer_history"]["columns"].as_object().unwrap();
    let names: Vec<&str> = history.keys().map(String::as_str).collect();
    let added = ["dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to"];
    assert_eq!(names, [&["customer_id", "full_name", "changed_at"][..], &added].concat());
    assert_eq!(history["dbt_valid_from"]["inputs"][0]["column"], "changed_at");
}

#[test]
fn the_database_completes_what_a_source_has() {
    let folder = shop();
    let sql = "create schema crm_data; create table crm_data.customers (id int, full_name text, changed_at timestamp)";
    opened::to_write(folder.path().join("shop.duckdb")).execute_batch(sql).unwrap();
    run(&folder, &["lineage", "--all"]);
    let customers = &written(&folder, "column_lineage.json")["nodes"]["model.shop.all_customers"];
    assert_eq!(customers["incomplete"], Value::Null);
    assert_eq!(customers["columns"].as_object().unwrap().len(), 3);
    run(&folder, &["lineage", "--all", "--no-introspect"]);
    let customers = &written(&folder, "column_lineage.json")["nodes"]["model.shop.all_customers"];
    assert!(customers["incomplete"].is_string(), "the database was asked");
}

#[test]
fn graphs_and_pages_show_the_same_steps() {
    let folder = shop();
    let dot = run(&folder, &["lineage", "stg_orders.state", "--output", "dot"]);
    assert!(dot.starts_with("digraph lineage {") && dot.contains("c1 -> c0 [label=\"derived\"];"), "{dot}");
    let mermaid = run(&folder, &["lineage", "stg_orders.state", "--output", "mermaid"]);
    assert!(
        mermaid.contains("subgraph r1 [\"raw_orders\"]") && mermaid.contains("c1 -->|derived| c0"),
        "{mermaid}"
    );
    let page = run(&folder, &["lineage", "stg_orders.state", "--output", "html"]);
    assert!(
        page.contains(r#""edges":[[["raw_orders","state"],["stg_orders","state"],"derived"]]"#),
        "{page}"
    );
    let json: Value =
        serde_json::from_str(&run(&folder, &["lineage", "stg_orders.state", "--output", "json"])).unwrap();
    assert_eq!(json["upstream"][0]["to"], json!({"relation": "seed.shop.raw_orders", "column": "state"}));
    assert_eq!(json["upstream"][0]["kind"], "derived");
}

#[test]
fn models_are_selected_by_the_columns_they_use() {
    let folder = shop();
    let select = ["ls", "--resource-type", "model", "--output", "name", "--select"];
    let missing = refused(&folder, &[&select[..], &["column:stg_orders.amount+"]].concat());
    assert!(missing.contains("run `tidegate lineage --all` first"), "{missing}");
    run(&folder, &["lineage", "--all"]);
    let selected = |word: &str| run(&folder, &[&select[..], &[word]].concat()).replace('\n', " ");
    assert_eq!(selected("column:stg_orders.amount"), "stg_orders");
    assert_eq!(selected("column:stg_orders.amount+"), "paid_orders revenue stg_orders turned");
    assert_eq!(selected("column:stg_orders.order_id+"), "paid_orders stg_orders turned");
    assert_eq!(selected("column:stg_orders.amount+1"), "paid_orders stg_orders turned");
    assert_eq!(selected("+column:revenue.name"), "revenue stg_customers");
    let wrong = refused(&folder, &[&select[..], &["column:stg_orders.amout+"]].concat());
    assert!(wrong.contains("`model.shop.stg_orders` has no column `amout`"), "{wrong}");
    assert!(wrong.contains("did you mean `amount`?"), "{wrong}");
    fs::write(folder.path().join("models/stg_orders.sql"), "select 1 as amount").unwrap();
    let stale = Call::new(folder.path(), &[&select[..], &["column:stg_orders.amount+"]].concat()).run();
    assert!((stale.stdout + &stale.stderr).contains("changed since column_lineage.json was written"));
}

#[test]
fn descriptions_follow_copies() {
    let folder = shop();
    fs::remove_file(folder.path().join("models/broken.sql")).unwrap();
    run(&folder, &["docs", "generate", "--empty-catalog"]);
    let columns =
        |folder| written(folder, "manifest.json")["nodes"]["model.shop.stg_orders"]["columns"].clone();
    assert_eq!(columns(&folder)["amount"]["description"], "");
    run(&folder, &["docs", "generate", "--empty-catalog", "--inherit-descriptions"]);
    let described = columns(&folder);
    assert_eq!(described["amount"]["description"], "What was paid.");
    assert_eq!(described["amount"]["inherited_from"], "seed.shop.raw_orders.amount");
    assert_eq!(described["order_id"]["description"], "Number of the order.");
    assert_eq!(described["customer_id"]["description"], "Who ordered.");
    assert_eq!(described["customer_id"]["inherited_from"], Value::Null);
    assert_eq!(described["state"], Value::Null);
}

#[test]
fn mistakes_name_what_there_is() {
    let folder = shop();
    assert!(refused(&folder, &["lineage"]).contains("`lineage` needs a model, or `--all`"));
    assert!(refused(&folder, &["lineage", "revenu"]).contains("did you mean `revenue`?"));
    let wrong = refused(&folder, &["lineage", "revenue.nam"]);
    assert!(wrong.contains("`model.shop.revenue` has no column `nam`"), "{wrong}");
}
