//! Builds on Postgres drop nothing but the relations of their nodes and what they made beside them.

use std::path::Path;

use serde_json::json;

use super::{Server, project};
use crate::build::safety::{OWN, drops_only_its_own};
use crate::cli::Call;

#[track_caller]
fn build(folder: &Path, arguments: &[&str]) {
    let ended = Call::new(folder, &[&["build"], arguments].concat()).run();
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
}

#[test]
fn nothing_is_dropped_but_what_the_project_made() {
    let server = Server::start();
    server.execute(
        "create schema shop; create schema other; create table shop.theirs as select 1 as x;
        create table shop.theirs__dbt_tmp as select 2 as x; create table other.raw as select 3 as x;
        create view shop.seen as select * from shop.theirs; create sequence shop.numbers",
    );
    let folder = server.path("project");
    project(&server, "killed", &folder, json!({}));
    build(&folder, &[]);
    build(&folder, &["--full-refresh", "--gate"]);
    // What was a view becomes a table, and the other way round.
    let write = |model: &str, sql: &str| std::fs::write(folder.join("models").join(model), sql).unwrap();
    write("stg.sql", "{{ config(materialized='table') }} select id, amount from {{ ref('raw') }}");
    write("plain.sql", "select id, amount from {{ ref('stg') }}");
    build(&folder, &[]);
    drops_only_its_own(&std::fs::read_to_string(folder.join("logs/dbt.log")).unwrap(), &OWN);
    let seen = "select (select x from shop.seen) || ' ' || (select x from shop.theirs__dbt_tmp) || ' '
        || (select x from other.raw) || ' ' || (select count(*) from pg_sequences)";
    assert_eq!(server.text(seen), "1 2 3 1");
}
