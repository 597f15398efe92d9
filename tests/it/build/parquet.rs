//! `--write-parquet`: the project and its results as tables that any client reads.

use super::Shop;
use crate::cli::Call;
use crate::opened;

/// Answers a question about the tables.
fn ask(shop: &Shop, sql: &str) -> Vec<String> {
    shop.rows(&sql.replace("TABLES", &shop.path("target/parquet").display().to_string()))
}

#[test]
fn one_query_tells_which_models_failing_tests_are_about() {
    let shop = Shop::copy("outcomes");
    shop.run(&["build", "--write-parquet"], 1);
    let failing = "select nodes.name, test_name, column_name, failures
        from 'TABLES/results.parquet'
        join 'TABLES/tests.parquet' as tests using (unique_id)
        join 'TABLES/nodes.parquet' as nodes on nodes.unique_id = tests.tested_id
        where status in ('fail', 'warn') and kind = 'generic' order by all";
    let answer = ask(&shop, failing);
    assert_eq!(
        answer,
        [
            "dirty unique id 1",
            "warned accepted_values status 1",
            "warned not_null customer 1",
            "warned unique id 1"
        ]
    );
    let below = "with recursive below as (
            select 'model.shop.warned' as id
            union select child_id from 'TABLES/edges.parquet', below where parent_id = id
        )
        select id from below where id like 'model.%' order by 1";
    assert_eq!(ask(&shop, below), ["model.shop.after_warned", "model.shop.warned"]);
    let times = "select count(*) > 0, bool_and(completed_at >= started_at), count(distinct invocation_id)
        from 'TABLES/results.parquet' where status = 'success'";
    assert_eq!(ask(&shop, times), ["true true 1"]);
    let code =
        "select materialized, contains(raw_code, '{{'), contains(compiled_code, '{{'), config ->> 'enabled'
        from 'TABLES/nodes.parquet' where name = 'after_warned'";
    assert_eq!(ask(&shop, code), ["view true false true"]);
}

/// Every kind of resource there is: their JSON differs.
#[test]
fn all_kinds_of_resources_are_nodes() {
    let shop = Shop::copy("parse_like_dbt/project");
    opened::to_write(shop.path("warehouse.duckdb"));
    shop.run(&["parse", "--write-parquet"], 0);
    let kinds = "select distinct resource_type from 'TABLES/nodes.parquet' order by 1";
    assert_eq!(
        ask(&shop, kinds).join(" "),
        "analysis exposure function metric model operation saved_query seed semantic_model snapshot source test unit_test"
    );
    let without_checksum = "select count(*) from 'TABLES/nodes.parquet'
        where resource_type in ('model', 'unit_test') and length(checksum) < 32";
    assert_eq!(ask(&shop, without_checksum), ["0"]);
}

#[test]
fn columns_are_those_declared_and_those_of_the_database() {
    let shop = Shop::copy("outcomes");
    shop.run(&["seed"], 0);
    shop.run(&["run", "-s", "warned+"], 0);
    let columns = "select name, declared_position is not null, data_type from 'TABLES/columns.parquet'
        where unique_id in ('model.shop.warned', 'model.shop.after_warned') order by 1";
    shop.run(&["parse", "--write-parquet"], 0);
    let declared = ["amount true NULL", "customer true NULL", "id true NULL", "status true NULL"];
    assert_eq!(ask(&shop, columns), declared);
    assert!(!shop.path("target/parquet/results.parquet").exists(), "nothing was run");
    shop.run(&["docs", "generate", "--write-parquet"], 0);
    let all = ["amount true INTEGER", "customer true VARCHAR", "id true INTEGER", "n false BIGINT"];
    assert_eq!(ask(&shop, columns)[..4], all);
}

#[test]
fn nobody_who_does_not_ask_gets_tables() {
    let shop = Shop::copy("outcomes");
    shop.run(&["seed"], 0);
    assert!(!shop.path("target/parquet").exists());
    let ended = Call::new(&shop.path(""), &["seed"]).env("TIDEGATE_WRITE_PARQUET", "true").run();
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    let made = std::fs::read_dir(shop.path("target/parquet")).unwrap();
    let mut made: Vec<String> = made.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    made.sort();
    assert_eq!(made, ["columns", "edges", "nodes", "results", "tests"].map(|name| format!("{name}.parquet")));
    let args = &shop.read("target/run_results.json");
    assert!(!args.contains("write_parquet"), "artifacts show dbt's flags only");
}
