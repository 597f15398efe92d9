//! DuckDB as an adapter, against the real engine: types, errors, transactions, cancelling, several sessions.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tidegate::adapter::{
    Adapter, Cell, CellType, Connection, DbError, DbErrorKind, Fetch, Patience, Profile, ResultTable,
    datetime_str, decimal_str, offset_str,
};

fn profile(output: &Value) -> Profile {
    let mut map: Map<String, Value> = output.as_object().unwrap().clone();
    map.insert("type".to_owned(), json!("duckdb"));
    Profile::from_output(&map).unwrap()
}

fn database(output: &Value) -> Arc<dyn Adapter> {
    profile(output).adapter(Patience::usual())
}

pub(crate) fn open(output: &Value) -> Box<dyn Connection> {
    database(output).connect("test").unwrap()
}

pub(crate) fn memory() -> Box<dyn Connection> {
    database(&json!({})).connect("test").unwrap()
}

pub(crate) fn rows(connection: &mut dyn Connection, sql: &str) -> ResultTable {
    connection.execute(sql, Fetch::All).unwrap().table.unwrap()
}

fn scalar(connection: &mut dyn Connection, sql: &str) -> Cell {
    rows(connection, sql).scalar().unwrap().clone()
}

fn fails(connection: &mut dyn Connection, sql: &str) -> DbError {
    connection.execute(sql, Fetch::All).unwrap_err()
}

/// What Python's `str` gives for the value dbt's table holds in this cell's place.
pub(crate) fn python(cell: &Cell) -> Option<String> {
    Some(match cell {
        Cell::Null => return None,
        Cell::Bool(true) => "True".to_owned(),
        Cell::Bool(false) => "False".to_owned(),
        Cell::Int(n) => n.to_string(),
        Cell::BigInt(text) | Cell::Text(text) => text.to_string(),
        Cell::Decimal(text) => decimal_str(text),
        Cell::Float(x) => decimal_str(&tidegate::python::float_repr(*x)),
        Cell::Date(date) => date.to_string(),
        Cell::Timestamp(at) => datetime_str(*at, ' '),
        Cell::TimestampTz(at) => {
            format!("{}{}", datetime_str(at.datetime(), ' '), offset_str(at.offset().seconds()))
        }
    })
}

fn agate_name(ty: CellType) -> &'static str {
    match ty {
        CellType::Integer => "Integer",
        CellType::Number => "Number",
        CellType::Boolean => "Boolean",
        CellType::Date => "Date",
        CellType::DateTime => "DateTime",
        CellType::Text => "Text",
    }
}

#[test]
fn every_type_reads_as_dbt_reads_it() {
    let expected: Value =
        serde_json::from_str(include_str!("../fixtures/duckdb_types/expected.json")).unwrap();
    let mut connection = memory();
    connection.execute("set timezone = 'Europe/Berlin'", Fetch::Nothing).unwrap();
    let mut wrong = Vec::new();
    for entry in expected.as_array().unwrap() {
        let sql = entry["sql"].as_str().unwrap();
        let table = match connection.execute(sql, Fetch::All) {
            Ok(result) => result.table.unwrap(),
            Err(error) => {
                wrong.push(format!("{sql}: {error}"));
                continue;
            }
        };
        let got: Value = table.rows.iter().map(|row| row.iter().map(python).collect::<Vec<_>>()).collect();
        let names: Value = table.columns.iter().map(|c| c.name.as_str()).collect();
        let want_names: Value = entry["columns"].as_array().unwrap().iter().map(|c| c[0].clone()).collect();
        if got != entry["rows"] || names != want_names {
            wrong.push(format!("{sql}: got {names} {got}, want {want_names} {}", entry["rows"]));
        }
        for (i, column) in table.columns.iter().enumerate() {
            // dbt infers types from values, so a column of nulls says nothing; integers and text that no date fits differ.
            let values = table.rows.iter().map(|row| &row[i]).filter(|c| !c.is_null());
            let want = entry["columns"][i][1].as_str().unwrap();
            if values.clone().count() > 0
                && agate_name(column.ty) != want
                && !values.clone().any(|c| c.as_str().is_some())
                && !column.type_name.starts_with("UNION")
            {
                wrong.push(format!("{sql}: column {} is {:?}, want {want}", column.name, column.ty));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        expected.as_array().unwrap().len(),
        wrong.join("\n")
    );
}

#[test]
fn type_names_are_those_of_describe() {
    let mut connection = memory();
    connection.execute("create type mood as enum ('a', 'b')", Fetch::Nothing).unwrap();
    for expression in [
        "1::tinyint",
        "1::uhugeint",
        "1.5::decimal(10,3)",
        "{'a': 1, 'b c': [1.5::float]}",
        "[{'x': 'y'}]",
        "map {'k': [date '2024-01-01']}",
        "timestamptz '2024-01-01'",
        "'1'::bignum",
        "'{}'::json",
        "interval 1 day",
        "'x'::blob",
        "'1'::bit",
        "uuid()",
        "time '01:02:03'",
        "'01:02:03+00'::timetz",
        "union_value(num := 1)",
        "true",
        "'2024-01-01'::timestamp_ns",
    ] {
        let table = rows(&mut *connection, &format!("select {expression} as c"));
        let described = rows(&mut *connection, &format!("describe select {expression} as c"));
        assert_eq!(Some(table.columns[0].type_name.as_str()), described.rows[0][1].as_str(), "{expression}");
    }
}

#[test]
fn several_statements_give_the_last_result() {
    let mut connection = memory();
    let table =
        rows(&mut *connection, "create table t (i int); insert into t values (1), (2); select sum(i) from t");
    assert_eq!(table.scalar().unwrap().as_i64(), Some(3));
    let nothing = connection.execute(" -- only words\n;", Fetch::All).unwrap();
    assert_eq!((nothing.response.message.as_str(), nothing.table), ("OK", None));
    let limited = connection.execute("from range(10000)", Fetch::Limit(3)).unwrap().table.unwrap();
    assert_eq!(limited.rows.len(), 3);
}

#[test]
fn parameters_take_their_values() {
    let mut connection = memory();
    let values = [
        Cell::Int(7),
        Cell::text("it's"),
        Cell::Null,
        Cell::Bool(true),
        Cell::Decimal("1.50".into()),
        Cell::Date(jiff::civil::date(2024, 1, 2)),
    ];
    let sql = "select ?::int, ?, ?::int, ?, ?::decimal(5,2), ?::date";
    let table = connection.execute_with(sql, &values, Fetch::All).unwrap().table.unwrap();
    assert_eq!(table.rows[0], values);
    let error = connection.execute_with("select ?", &[], Fetch::All).unwrap_err();
    assert!(error.message.contains("parameter"), "{error}");
}

#[test]
fn errors_tell_class_message_and_place() {
    let mut connection = memory();
    for (sql, class, at) in [
        ("select 1;\nselect 'é',\n  nope\nfrom range(2)", "Binder Error", Some("nope")),
        ("select * from no_such_table", "Catalog Error", Some("no_such_table")),
        ("selec 1", "Parser Error", Some("selec")),
        ("select 1;\n\nselect 1 from from t", "Parser Error", Some("from t")),
        ("create table x as\nselect cast('a' as int)", "Conversion Error", Some("cast")),
        ("select error('stop')", "Invalid Input Error", None),
    ] {
        let error = fails(&mut *connection, sql);
        assert_eq!((error.class.as_str(), error.kind), (class, DbErrorKind::Statement), "{error}");
        assert!(!error.message.contains('{'), "{error}");
        match at {
            Some(text) => assert!(sql[error.position.unwrap()..].starts_with(text), "{error}"),
            None => assert_eq!(error.position, None),
        }
    }
}

#[test]
fn a_transaction_is_undone_as_a_whole() {
    let mut connection = memory();
    connection.execute("create table t (i int)", Fetch::Nothing).unwrap();
    connection.begin().unwrap();
    assert!(connection.in_transaction() && connection.begin().is_err());
    connection.execute("insert into t values (1)", Fetch::Nothing).unwrap();
    fails(&mut *connection, "select nope from t");
    connection.rollback().unwrap();
    connection.rollback().unwrap();
    assert_eq!(scalar(&mut *connection, "select count(*) from t").as_i64(), Some(0));
    connection.begin().unwrap();
    connection.execute("insert into t values (1)", Fetch::Nothing).unwrap();
    connection.commit().unwrap();
    assert!(connection.commit().is_err());
    assert_eq!(scalar(&mut *connection, "select count(*) from t").as_i64(), Some(1));
}

#[test]
fn disable_transactions_leaves_begin_and_commit_out() {
    let mut connection = database(&json!({"disable_transactions": true})).connect("test").unwrap();
    connection.begin().unwrap();
    assert!(!connection.in_transaction());
    connection.execute("create table t as select 1", Fetch::Nothing).unwrap();
    connection.commit().unwrap();
    connection.rollback().unwrap();
    assert_eq!(scalar(&mut *connection, "select count(*) from t").as_i64(), Some(1));
}

#[test]
fn cancel_stops_what_runs_and_what_would_run() {
    let database = database(&json!({"threads": 2}));
    let started = Instant::now();
    let workers: Vec<_> = (0..3)
        .map(|i| {
            let mut connection = database.connect(&format!("worker {i}")).unwrap();
            thread::spawn(move || {
                connection.begin().unwrap();
                let sql = "select sum(sqrt(a.range * b.range)) from range(1000000) a, range(1000000) b";
                let error = connection.execute(sql, Fetch::All).unwrap_err();
                assert_eq!(error.kind, DbErrorKind::Interrupted, "{error}");
                connection.rollback().unwrap();
                assert_eq!(
                    connection.execute("select 1", Fetch::All).unwrap_err().kind,
                    DbErrorKind::Interrupted
                );
            })
        })
        .collect();
    thread::sleep(Duration::from_millis(300));
    database.cancel();
    for worker in workers {
        worker.join().unwrap();
    }
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn sessions_work_side_by_side_on_one_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.duckdb");
    let database = database(&json!({"path": path, "settings": {"timezone": "Asia/Tokyo"}}));
    let workers: Vec<_> = (0..4)
        .map(|i| {
            let database = Arc::clone(&database);
            thread::spawn(move || {
                let mut connection = database.connect(&format!("model {i}")).unwrap();
                assert_eq!(
                    scalar(&mut *connection, "select current_setting('timezone')"),
                    Cell::text("Asia/Tokyo")
                );
                for n in 0..10 {
                    connection.begin().unwrap();
                    let sql = format!("create table t_{i}_{n} as select range as n from range(1000)");
                    connection.execute(&sql, Fetch::Nothing).unwrap();
                    connection.commit().unwrap();
                }
            })
        })
        .collect();
    for worker in workers {
        worker.join().unwrap();
    }
    let mut connection = database.connect("master").unwrap();
    let sql = "select count(*) from information_schema.tables where table_catalog = 'shop'";
    assert_eq!(scalar(&mut *connection, sql).as_i64(), Some(40));
    drop(connection);
    database.close().unwrap();
    assert!(
        path.exists() && !folder.path().join("shop.duckdb.wal").exists(),
        "closing writes everything back"
    );
    // It can be opened again afterwards.
    assert_eq!(
        scalar(&mut *database.connect("again").unwrap(), "select count(*) from t_0_0").as_i64(),
        Some(1000)
    );
}

fn text(connection: &mut dyn Connection, sql: &str) -> String {
    scalar(connection, sql).as_str().unwrap().to_owned()
}

#[test]
fn settings_options_and_attached_databases_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let other = database(&json!({"path": at("other.duckdb")}));
    other.connect("x").unwrap().execute("create table t as select 7 as n", Fetch::Nothing).unwrap();
    other.close().unwrap();
    let database = database(&json!({
        "path": at("main.duckdb"),
        "config_options": {"preserve_insertion_order": false, "max_memory": "1GB"},
        "settings": {"default_null_order": "nulls_first", "threads": 2, "enable_progress_bar": false},
        "attach": [
            {"path": at("other.duckdb"), "alias": "others", "read_only": true},
            {"path": at("new.duckdb"), "options": {"type": "duckdb", "block_size": 16384}},
        ],
    }));
    for name in ["first", "second"] {
        let mut connection = database.connect(name).unwrap();
        assert_eq!(text(&mut *connection, "select current_setting('default_null_order')"), "NULLS_FIRST");
        assert_eq!(scalar(&mut *connection, "select current_setting('threads')").as_i64(), Some(2));
        assert_eq!(
            scalar(&mut *connection, "select current_setting('preserve_insertion_order')").as_bool(),
            Some(false)
        );
        assert_eq!(scalar(&mut *connection, "select n from others.t").as_i64(), Some(7));
        let error = fails(&mut *connection, "create table others.u as select 1");
        assert!(error.message.contains("read-only"), "{error}");
        connection.execute("create or replace table new.t as select 1", Fetch::Nothing).unwrap();
    }
}

#[test]
fn what_cannot_be_set_or_attached_says_what_ran() {
    for (output, part) in [
        (json!({"settings": {"no_such_setting": 1}}), "SET no_such_setting = '1'"),
        (
            json!({"attach": [{"path": "/no/such/folder/x.duckdb"}]}),
            "ATTACH IF NOT EXISTS '/no/such/folder/x.duckdb'",
        ),
        (
            json!({"path": "/no/such/folder/x.duckdb"}),
            "the folder `/no/such/folder` does not exist: create it",
        ),
        (json!({"config_options": {"no_such_option": 1}}), ""),
    ] {
        let Err(error) = database(&output).connect("x") else { panic!("{part}") };
        assert_eq!(error.kind, DbErrorKind::Connection, "{error}");
        assert!(error.help.iter().any(|help| help.contains(part)) || part.is_empty(), "{:?}", error.help);
        let shown = error.to_diagnostic();
        assert_eq!(shown.code, tidegate::diag::Code::CONNECTION);
    }
}

/// Holds a database file as another program would: this test binary, started again, runs the same test.
#[test]
fn a_file_held_by_another_process_names_it() {
    const HELD: &str = "TIDEGATE_TEST_HOLD_FILE";
    if let Ok(path) = std::env::var(HELD) {
        let _connection = database(&json!({"path": path})).connect("holder").unwrap();
        std::fs::write(format!("{path}.ready"), "").unwrap();
        let _ = std::io::stdin().read_line(&mut String::new());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("held.duckdb");
    let mut holder = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "duckdb::a_file_held_by_another_process_names_it"])
        .env(HELD, &path)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let ready = folder.path().join("held.duckdb.ready");
    let until = Instant::now() + Duration::from_secs(20);
    while !ready.exists() && Instant::now() < until {
        thread::sleep(Duration::from_millis(20));
    }
    let outcome = database(&json!({"path": path})).connect("x").err();
    let waited = thread::spawn({
        let output = json!({"path": path, "retries": {"connect_attempts": 3}});
        move || database(&output).connect("x").is_ok()
    });
    thread::sleep(Duration::from_millis(200));
    drop(holder.stdin.take());
    holder.wait().unwrap();
    let error = outcome.unwrap();
    assert_eq!(error.kind, DbErrorKind::Lock, "{error}");
    assert!(error.help[0].contains(&format!("process {}", holder.id())), "{:?}", error.help);
    assert!(waited.join().unwrap(), "retries wait for the lock");
}

#[test]
fn keep_open_false_lets_the_file_go_between_connections() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.duckdb");
    let closing = database(&json!({"path": path, "keep_open": false}));
    let mut connection = closing.connect("x").unwrap();
    connection.execute("create table t as select 1 as n", Fetch::Nothing).unwrap();
    drop(connection);
    // The same file under another configuration can only be opened when it is closed.
    let other = database(&json!({"path": path, "config_options": {"access_mode": "read_only"}}));
    assert_eq!(scalar(&mut *other.connect("y").unwrap(), "select n from t").as_i64(), Some(1));
    other.close().unwrap();
    assert_eq!(scalar(&mut *closing.connect("z").unwrap(), "select n from t").as_i64(), Some(1));
}

/// The extensions the set-up script lays out. They are fetched from the network once, so they may be missing.
#[expect(clippy::print_stderr, reason = "a test that cannot run must say so")]
fn extension_folder() -> Option<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/.deps/duckdb_extensions");
    let found = std::path::Path::new(folder).join("v1.5.5/linux_amd64/excel.duckdb_extension").exists();
    if !found {
        eprintln!(
            "NOT TESTED: no extensions in {folder}; run `make setup-extensions` with network to get them"
        );
    }
    found.then(|| folder.to_owned())
}

#[test]
fn extensions_load_from_the_extension_folder() {
    let Some(folder) = extension_folder() else { return };
    let work = tempfile::tempdir().unwrap();
    let sheet = work.path().join("sheet.xlsx");
    let database = database(&json!({
        "config_options": {"extension_directory": folder, "autoinstall_known_extensions": false},
        "extensions": ["excel", "inet", {"name": "sqlite_scanner", "repo": "core"}],
    }));
    let mut connection = database.connect("x").unwrap();
    assert_eq!(text(&mut *connection, "select host('127.0.0.1/8'::inet)"), "127.0.0.1");
    let copy = format!("copy (select 1 as a, 'x' as b) to '{}' (format xlsx, header true)", sheet.display());
    connection.execute(&copy, Fetch::Nothing).unwrap();
    let read = format!("select b from read_xlsx('{}', header = true)", sheet.display());
    assert_eq!(text(&mut *connection, &read), "x");
    let inet = rows(&mut *connection, "select '10.0.0.1'::inet as address");
    assert_eq!((inet.columns[0].type_name.as_str(), inet.rows.len()), ("INET", 1));
    let lite = work.path().join("lite.db");
    let attach =
        format!("attach '{}' as lite (type sqlite); create table lite.t as select 3 as n", lite.display());
    connection.execute(&attach, Fetch::Nothing).unwrap();
    assert_eq!(scalar(&mut *connection, "select n from lite.t").as_i64(), Some(3));
}

#[test]
fn a_missing_extension_says_where_it_would_be() {
    let folder = tempfile::tempdir().unwrap();
    let output = json!({
        "config_options": {"extension_directory": folder.path(), "custom_extension_repository": folder.path()},
        "extensions": ["no_such_extension"],
    });
    let Err(error) = database(&output).connect("x") else { panic!("it cannot load") };
    assert_eq!(error.kind, DbErrorKind::Connection);
    assert!(error.help.iter().any(|help| help.contains("`no_such_extension`")), "{:?}", error.help);
}
