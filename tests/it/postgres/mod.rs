//! Postgres: real servers of the tests' own (`server`), on loopback, with passwords (SCRAM-SHA-256) and certificates.

mod check;
mod cuts;
mod dependents;
mod faults;
mod full_disk;
mod functions;
mod gate;
mod interrupt;
mod locks;
mod login;
mod lost;
mod proxy;
mod quoting;
mod relatives;
mod release;
mod retries;
mod safety;
mod server;
mod tls;
mod warehouse;
mod values;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tidegate::adapter::{Cell, Connection, DbErrorKind, Fetch, QueryResult};

pub(crate) use server::{PASSWORD, Server, Setup};

use crate::cli::{Call, copy_folder, without_times};

pub(crate) fn cells(result: QueryResult) -> Vec<Vec<Cell>> {
    result.table.expect("the statement gives rows").rows
}

/// Runs a query on its own and returns its rows.
pub(crate) fn ask(session: &mut dyn Connection, sql: &str) -> Vec<Vec<Cell>> {
    let rows = cells(session.execute(sql, Fetch::All).unwrap());
    session.rollback().unwrap();
    rows
}

/// Copies a fixture, with a profile that leads to the server; `settings` are added to its output.
pub(crate) fn project(server: &Server, fixture: &str, folder: &Path, settings: Value) {
    copy_folder(&Path::new("tests/fixtures").join(fixture), folder);
    let profiles = json!({"shop": {"target": "dev", "outputs": {"dev": server.output(settings)}}});
    std::fs::write(folder.join("profiles.yml"), profiles.to_string()).unwrap();
}

#[test]
fn sessions_read_values_keep_transactions_and_tell_errors() {
    let server = Server::start();
    let mut session = server.connect(json!({})).unwrap();

    let all = session
        .execute(
            "select 1 as a, 1.50::numeric as b, 'ä' as c, null::int as d, '{1,2}'::int[] as e, true as f, now() as g",
            Fetch::All,
        )
        .unwrap();
    assert_eq!(all.response.message, "SELECT 1");
    assert_eq!((all.response.code.as_deref(), all.response.rows_affected), (Some("SELECT"), Some(1)));
    let row = &cells(all)[0];
    let text = |text: &str| Cell::text(text);
    assert_eq!(row[..4], [Cell::Int(1), Cell::Decimal("1.50".into()), text("ä"), Cell::Null]);
    assert_eq!(row[4..6], [text("[1, 2]"), Cell::Bool(true)]);
    assert!(matches!(row[6], Cell::TimestampTz(_)));

    let several =
        session.execute("create table t (x int); insert into t values (1), (2)", Fetch::Nothing).unwrap();
    assert_eq!((several.response.message.as_str(), several.table), ("INSERT 0 2", None));
    let values = [Cell::Int(3), Cell::text("100% 'x'")];
    session.execute("create table u (x int, y text)", Fetch::Nothing).unwrap();
    session.execute_with("insert into u values (%s, %s)", &values, Fetch::Nothing).unwrap();
    assert_eq!(cells(session.execute("select * from u", Fetch::Limit(5)).unwrap()), [values.to_vec()]);
    assert!(session.in_transaction(), "the first statement begins a transaction");
    session.commit().unwrap();
    session.begin().unwrap();
    session.execute("insert into t values (9)", Fetch::Nothing).unwrap();
    session.rollback().unwrap();
    assert_eq!(cells(session.execute("select count(*) from t", Fetch::All).unwrap()), [[Cell::Int(2)]]);

    let refused = session.execute("select\n  lost from t", Fetch::All).unwrap_err();
    assert_eq!(refused.message, "column \"lost\" does not exist");
    assert_eq!((refused.kind, refused.position), (DbErrorKind::Statement, Some(9)));
    assert_eq!(refused.excerpt.as_deref(), Some("LINE 2:   lost from t\n          ^"));
    session.rollback().unwrap();
    assert!(session.execute("select 1", Fetch::All).is_ok(), "the session goes on after an error");

    let refused = server.connect(json!({"password": "wrong"})).err().unwrap();
    assert_eq!(refused.kind, DbErrorKind::Connection);
    assert!(refused.message.contains("password authentication failed"), "{}", refused.message);
    assert!(!refused.to_string().contains("wrong"));
    let refused = server.connect(json!({"dbname": "absent"})).err().unwrap();
    assert!(refused.message.contains("\"absent\" does not exist"), "{}", refused.message);
    let mut elsewhere = server.connect(json!({"search_path": "a, b", "application_name": "x"})).unwrap();
    let shown = elsewhere
        .execute("select current_setting('search_path'), current_setting('application_name')", Fetch::All);
    assert_eq!(cells(shown.unwrap()), [[text("a, b"), text("x")]]);
}

#[test]
fn a_cancelled_statement_stops_on_the_server() {
    let server = Server::start();
    let adapter = server.adapter(json!({}));
    let mut session = adapter.connect("sleeper").unwrap();
    let stopped = std::thread::scope(|scope| {
        let running = scope.spawn(|| session.execute("select pg_sleep(60)", Fetch::All).unwrap_err());
        let mut watcher = server.connect(json!({})).unwrap();
        let active =
            "select count(*) from pg_stat_activity where query like '%pg_sleep(60)' and state = 'active'";
        while cells(watcher.execute(active, Fetch::All).unwrap())[0][0] == Cell::Int(0) {
            watcher.rollback().unwrap();
            std::thread::sleep(Duration::from_millis(10));
        }
        adapter.cancel();
        running.join().unwrap()
    });
    assert_eq!(stopped.kind, DbErrorKind::Interrupted);
    assert!(session.execute("select 1", Fetch::All).is_err(), "nothing new is begun");
}

const FILES: [(&str, &str); 8] = [
    ("seeds/orders.csv", "id,customer,amount,at\n1,a,1.50,2024-01-01\n2,b,,2024-01-02\n3,a,7,2024-01-03\n"),
    ("models/stg.sql", "select * from {{ ref('orders') }}"),
    (
        "models/totals.sql",
        "{{ config(materialized='table', indexes=[{'columns': ['customer'], 'unique': true}]) }}\n\
         select customer, sum(amount) as total from {{ ref('stg') }} group by 1",
    ),
    (
        "models/days.sql",
        "{{ config(materialized='incremental', unique_key='at') }}\nselect at, count(*) as n from {{ ref('stg') }}\n\
         {% if is_incremental() %}where at >= (select max(at) from {{ this }}){% endif %} group by 1",
    ),
    ("models/eph.sql", "{{ config(materialized='ephemeral') }} select 1 as one"),
    ("models/last.sql", "select * from {{ ref('eph') }}"),
    (
        "snapshots/history.yml",
        "snapshots:\n  - name: history\n    relation: ref('stg')\n    config: {unique_key: id, strategy: check, \
         check_cols: [amount]}\n",
    ),
    (
        "models/schema.yml",
        "models:\n  - name: totals\n    description: it's all\n    config: {persist_docs: {relation: true, columns: true}}\n\
         \x20   columns:\n      - {name: customer, description: who, data_tests: [unique, not_null]}\n\
         \x20     - {name: total, data_tests: [{not_null: {config: {severity: warn}}}]}\n",
    ),
];

#[test]
fn a_project_builds_twice() {
    let server = Server::start();
    let project = server.path("shop");
    for (file, text) in FILES {
        let path = project.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    std::fs::write(project.join("dbt_project.yml"), "name: shop\nversion: '1.0'\nprofile: shop\n").unwrap();
    let profiles = json!({"shop": {"target": "dev", "outputs": {"dev": server.output(json!({}))}}});
    std::fs::write(project.join("profiles.yml"), profiles.to_string()).unwrap();
    for _ in 0..2 {
        let built = Call::new(&project, &["build"]).run();
        let shown = without_times(&built.stdout);
        assert_eq!(built.code, Some(0), "{shown}");
        assert!(shown.contains("Done. PASS=8 WARN=1 ERROR=0 SKIP=0 NO-OP=0 TOTAL=9"), "{shown}");
    }
    let documented = Call::new(&project, &["docs", "generate"]).run();
    assert_eq!(documented.code, Some(0), "{}", documented.stdout);
    let sizes = std::fs::read_to_string(project.join("target/relation_sizes.json")).unwrap();
    let sizes: serde_json::Value = serde_json::from_str(&sizes).unwrap();
    assert!(sizes["model.shop.totals"]["bytes"].as_i64() > Some(0), "{sizes}");
    assert_eq!(sizes.get("model.shop.stg"), None, "a view has no size");
    let mut session = server.connect(json!({})).unwrap();
    let mut rows = |sql: &str| cells(session.execute(sql, Fetch::All).unwrap());
    assert_eq!(rows("select count(*) from shop.days"), [[Cell::Int(3)]]);
    assert_eq!(rows("select count(*) from shop.history where dbt_valid_to is null"), [[Cell::Int(3)]]);
    assert_eq!(rows("select total from shop.totals where customer = 'a'"), [[Cell::Float(8.5)]]);
    let comments =
        "select obj_description('shop.totals'::regclass), col_description('shop.totals'::regclass, 1)";
    assert_eq!(rows(comments), [[Cell::text("it's all"), Cell::text("who")]]);
    let indexes = "select count(*) from pg_indexes where schemaname = 'shop' and tablename = 'totals'";
    assert_eq!(rows(indexes), [[Cell::Int(1)]]);
    let leftovers = "select relname from pg_class where relnamespace = 'shop'::regnamespace and relname like '%\\_\\_dbt%'";
    assert_eq!(rows(leftovers), Vec::<Vec<Cell>>::new());
    let log = std::fs::read_to_string(project.join("logs/dbt.log")).unwrap();
    assert!(!log.contains(PASSWORD), "the password is in the log");
}
