//! What depends on a view from outside of the project, when the view is built again.

use std::path::Path;

use serde_json::json;

use super::Server;
use crate::cli::Call;

const CHECKED: &str = "{% macro postgres__create_view_as(relation, sql) %}\n\
     create view {{ relation }} with (security_barrier=true) as ({{ sql }})\n{% endmacro %}\n";

#[track_caller]
fn run(project: &Path, model: &str, select: &str) {
    std::fs::write(project.join("models/a.sql"), model).unwrap();
    let ended = Call::new(project, &["run", "--select", select]).run();
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
}

fn views(server: &Server) -> String {
    server.text(
        "select string_agg(relnamespace::regnamespace || '.' || relname, ' ' order by oid::regclass::text) from pg_class
         where relkind in ('v', 'm') and relnamespace in ('shop'::regnamespace, 'people'::regnamespace)",
    )
}

/// Who else may do what with a view.
fn given(server: &Server, view: &str) -> String {
    server.text(&format!(
        "select string_agg(grantee::regrole || ' ' || privilege_type, ', ') from pg_class, aclexplode(relacl)
         where oid = '{view}'::regclass and grantee <> relowner"
    ))
}

#[test]
fn what_depends_on_a_view_stays_when_the_view_is_built_again() {
    let server = Server::start();
    let files = [
        ("models/a.sql", "select 1 as id, 'x'::text as word"),
        ("models/b.sql", "select id from {{ ref('a') }}"),
        ("macros/views.sql", CHECKED),
    ];
    let project = server.project("shop", &files, json!({}));
    run(&project, files[0].1, "+b");
    server.execute(
        "create schema people; create role reader;
         create view people.report as select id, word from shop.a; grant select on people.report to reader;
         create materialized view people.kept as select * from people.report;
         grant select on shop.a to reader; comment on view shop.a is 'old'; comment on column shop.a.id is 'old'",
    );

    // The columns stay, in part under privileges and comments of its own, and one comes after them.
    let granted =
        "{{ config(grants={'select': ['public']}) }} select 2 as id, 'it''s; $$ %'::text as word, 3 as more";
    run(&project, granted, "a");
    let all = "people.kept people.report shop.a shop.b";
    assert_eq!(views(&server), all);
    let rows = "select row(a.*, b.*, r.*) from shop.a, shop.b, people.report r";
    assert_eq!(server.text(rows), "(2,\"it's; $$ %\",3,2,2,\"it's; $$ %\")");
    assert_eq!(given(&server, "people.report"), "reader SELECT");
    assert_eq!(given(&server, "shop.a"), "- SELECT", "to the public, by the config");
    let rest = "select row(reloptions, obj_description(oid), col_description(oid, 1)) from pg_class
                where oid = 'shop.a'::regclass";
    assert_eq!(server.text(rest), "({security_barrier=true},,)");
    run(&project, "select 2 as id, 'y'::text as word, 3 as more", "a");
    assert_eq!(given(&server, "shop.a"), "", "as to a new view");

    // A query that fails leaves all of it as it was.
    std::fs::write(project.join("models/a.sql"), "select lost").unwrap();
    assert_eq!(Call::new(&project, &["run", "--select", "a"]).run().code, Some(1));
    assert_eq!(views(&server), all);

    // Other columns cannot be had in place: the view is another one, as under dbt.
    run(&project, "select 'four' as id", "a");
    assert_eq!((views(&server).as_str(), server.text("select id from shop.a").as_str()), ("shop.a", "four"));
}

#[test]
fn a_view_that_is_a_table_now_takes_the_views_on_it_along() {
    let server = Server::start();
    let files = [("models/a.sql", "select 1 as id"), ("models/b.sql", "select id from {{ ref('a') }}")];
    server.execute("create schema people");
    let project = server.project("shop", &files, json!({}));
    run(&project, files[0].1, "+b");
    run(&project, "{{ config(materialized='table') }} select 1 as id", "a");
    assert_eq!(views(&server), "");
    run(&project, files[0].1, "+b");
    assert_eq!(views(&server), "shop.a shop.b");
}
