//! Python models: frames of each library, types, the session, incremental models, and what is said when they fail. The
//! tables were compared with those of dbt-duckdb 1.11. They need the libraries that `.ci/setup.py python` installs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Shop;
use crate::cli::{Call, Ended, without_times};

/// The interpreter of the tests.
fn python() -> PathBuf {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".deps/python/bin/python");
    assert!(python.exists(), "there is no {}: run `python3 .ci/setup.py python`", python.display());
    python
}

/// A seeded copy of the project, with folders for the temporary files of runs.
fn seeded() -> Shop {
    let shop = Shop::copy("python_models");
    std::fs::create_dir(shop.path("tmp")).unwrap();
    shop.run(&["seed"], 0);
    shop
}

fn call(shop: &Shop, arguments: &[&str]) -> Ended {
    let (python, tmp) = (python(), shop.path("tmp"));
    let call = Call::new(&shop.path(""), arguments).env("TIDEGATE_PYTHON", python.to_str().unwrap());
    let ended = call.env("TMPDIR", tmp.to_str().unwrap()).run();
    assert_eq!(std::fs::read_dir(&tmp).unwrap().count(), 0, "temporary files are left");
    ended
}

#[track_caller]
fn run(shop: &Shop, arguments: &[&str], code: i32) -> String {
    let ended = call(shop, arguments);
    let shown = without_times(&ended.stdout);
    assert_eq!(ended.code, Some(code), "{arguments:?}\n{shown}\n{}", ended.stderr);
    shown
}

#[test]
fn frames_of_every_library_become_tables_that_tests_and_sql_models_read() {
    let shop = seeded();
    let shown = run(&shop, &["build", "--exclude", "resource_type:seed"], 0);
    assert!(shown.contains("\ncustomers: 2\n"), "{shown}");
    assert!(shown.contains("OK created python incremental model main.grown"), "{shown}");
    assert_eq!(
        shop.rows("from totals_pandas"),
        [
            "ann 15.5 sales none table 1 2 totals_pandas 2026-01-01 00:00:00",
            "bob 20.2 sales none table 1 2 totals_pandas 2026-01-01 00:00:00",
        ]
    );
    assert_eq!(
        shop.columns("totals_pandas")[..2],
        ["customer VARCHAR".to_owned(), "amount DOUBLE".to_owned()]
    );
    assert_eq!(
        shop.rows("from big_polars"),
        ["1 ann 10.5 2026-01-01 10:00:00", "2 bob 20.25 2026-01-02 11:30:00"]
    );
    assert_eq!(
        shop.rows("select id, doubled, typeof(doubled) from both_arrow limit 1"),
        ["1 21.00 DECIMAL(4,2)"]
    );
    assert_eq!(shop.rows("from batches_arrow"), ["0 x", "0 NULL", "1 x", "1 NULL", "2 x", "2 NULL"]);
    assert_eq!(shop.rows("from downstream order by all"), ["ann 15.5 1", "bob 20.2 2"]);
    for result in shop.results() {
        assert_eq!(result["adapter_response"]["_message"], "OK", "{result}");
    }
}

#[test]
fn every_type_survives_the_way_through_python() {
    let shop = seeded();
    run(&shop, &["run", "--select", "+kept_types"], 0);
    assert_eq!(shop.columns("kept_types"), shop.columns("types"));
    assert_eq!(shop.rows("from kept_types"), shop.rows("from types"));
    assert_eq!(shop.rows("select a_hugeint from types")[0], "170141183460469231731687303715884105727");
    assert_eq!(shop.rows("from kept_types").len(), 2);
}

#[test]
fn an_incremental_model_sees_itself_and_leaves_no_other_table() {
    let shop = seeded();
    run(&shop, &["run", "--select", "+grown"], 0);
    assert_eq!(shop.rows("from grown order by id"), ["1 ann 10.50", "2 bob 20.25"]);
    run(&shop, &["run", "--select", "+grown"], 0);
    assert_eq!(shop.rows("from grown order by id"), ["1 ann 10.50", "2 bob! 20.25", "3 ann! 5.00"]);
    assert_eq!(shop.relations(), ["table main.grown", "table main.orders", "table main.raw_orders"]);
    run(&shop, &["run", "--select", "grown", "--full-refresh"], 0);
    assert_eq!(shop.rows("from grown order by id"), ["1 ann 10.50", "2 bob 20.25"]);
}

#[test]
fn the_session_reads_and_writes_the_warehouse() {
    let shop = seeded();
    run(&shop, &["run", "--select", "+by_sql", "session.*"], 0);
    assert_eq!(shop.rows("from by_sql"), ["1 10.50 ann w1 one 1", "2 20.25 bob w2 NULL 1"]);
    assert_eq!(shop.rows("from writes"), ["1 7 2 3", "3 6 6 3"]);
    assert_eq!(shop.rows("from extra.seen order by k"), ["1 7", "3 6"]);
    assert_eq!(shop.rows("select twice(4) as n"), ["8"]);
    assert_eq!(shop.rows("from asks"), ["orders bob id 3 4 4 5 main DECIMAL(9,2)"]);
    assert_eq!(shop.rows("from main_sub.elsewhere"), ["main_sub.elsewhere false"]);
    assert_eq!(shop.rows("from relations"), ["[1, 2, 3] 3 (3, 4) 99 1 42 2 7 3"]);
    assert_eq!(shop.rows("from joined"), ["3 ann", "2 bob"]);
    let tables: Vec<String> = shop.relations().into_iter().filter(|name| name.contains("mine")).collect();
    assert_eq!(tables, Vec::<String>::new(), "a temporary table stays with the model");
}

#[test]
fn what_reads_only_the_warehouse_is_not_moved() {
    let shop = seeded();
    run(&shop, &["run", "--select", "+joined"], 0);
    assert!(!shop.read("logs/dbt.log").contains("copy (select"));
    run(&shop, &["run", "--select", "totals_pandas", "prices"], 0);
    assert!(shop.read("logs/dbt.log").contains("copy (select"));
}

#[test]
fn a_database_in_memory_will_do() {
    let shop = Shop::copy("python_models");
    std::fs::create_dir(shop.path("tmp")).unwrap();
    shop.write("profiles.yml", &shop.read("profiles.yml").replace("warehouse.duckdb", "':memory:'"));
    // The source is not known to be the seed, so nothing orders the two.
    std::fs::remove_file(shop.path("models/big_polars.py")).unwrap();
    shop.write("models/orders.sql", "select 1 as id, 'ann' as customer, 10.5::decimal(9, 2) as amount");
    shop.write("models/session/asks.py", "def model(dbt, session):\n    return dbt.ref('orders')\n");
    std::fs::remove_file(shop.path("models/session/relations.py")).unwrap();
    let by_sql = shop.read("models/by_sql.py").replace("warehouse.main.orders", "memory.main.orders");
    shop.write("models/by_sql.py", &by_sql);
    run(&shop, &["build", "--exclude", "both_arrow"], 0);
}

#[test]
fn a_failed_model_says_where_and_why() {
    let shop = seeded();
    let broken = ["run", "--select", "orders", "broken", "--vars", "{broken: true}"];
    let shown = run(&shop, &broken, 1);
    assert!(shown.contains("\ngoing\n"), "{shown}");
    assert_eq!(shop.relations(), ["table main.orders", "table main.raw_orders"]);
    let messages: Vec<String> = shop
        .results()
        .iter()
        .map(|result| result["message"].as_str().unwrap().replace(python().to_str().unwrap(), "PYTHON"))
        .collect();
    let told =
        |want: &str| assert!(messages.iter().any(|m| m.contains(want)), "{want}\n{}", messages.join("\n\n"));
    told(
        "Runtime Error in model raises (models/broken/raises.py)\n  \
         Python model failed: ZeroDivisionError: division by zero\n   \
         --> models/broken/raises.py:4:5",
    );
    told("in function `model` models/broken/raises.py:9:5");
    told("  5 |     return json.loads(\"{\")");
    told("note: raised in `raw_decode` ");
    told("Python model failed: ModuleNotFoundError: No module named 'a_library_that_nobody_has'");
    told("help: install it with `PYTHON -m pip install a_library_that_nobody_has`");
    told("CatalogException: Catalog Error: Table with name missing_table does not exist!");
    told("the Python process ended before the model was done: it ended with exit code 3");
    told("`model` returned `None`");
    told("Python model `reads_ephemeral` refs the ephemeral model `inlined`, which has no rows to read");
    assert!(shop.read("logs/dbt.log").contains("Traceback (most recent call last)"));
}

#[test]
fn where_only_sql_will_do_a_python_model_is_refused() {
    let shop = Shop::copy("python_models");
    std::fs::create_dir(shop.path("tmp")).unwrap();
    std::fs::create_dir(shop.path("models/sql_only")).unwrap();
    for kind in ["view", "ephemeral"] {
        let text = format!(
            "def model(dbt, session):\n    dbt.config(materialized='{kind}')\n    return session.sql('select 1 as n')\n"
        );
        shop.write(&format!("models/sql_only/a_{kind}.py"), &text);
    }
    shop.write("models/sql_only/reads.sql", "select * from {{ ref('a_ephemeral') }}");
    shop.write(
        "models/sql_only/tests.yml",
        "unit_tests: [{name: given, model: a_view, given: [], expect: {rows: [{n: 1}]}}]",
    );
    run(&shop, &["build", "--select", "sql_only"], 1);
    let told: Vec<String> = shop.results().iter().map(|result| result["message"].to_string()).collect();
    let told = told.join("\n");
    assert!(told.contains("a unit test needs the SQL of a model, but `a_view` is a Python model"), "{told}");
    assert!(told.contains("needs the SQL of a model, but `a_ephemeral` is a Python model"), "{told}");
    run(&shop, &["run", "--select", "a_view"], 1);
    let told = shop.results()[0]["message"].to_string();
    assert!(
        told.contains(r#"Materialization \"view\" only supports languages ['sql']; got \"python\""#),
        "{told}"
    );
    let shown = run(&shop, &["show", "--select", "by_sql"], 2);
    assert!(shown.contains("`show` needs the SQL of a model, but `by_sql` is a Python model"), "{shown}");
}

#[test]
fn a_missing_python_or_module_is_named() {
    let shop = seeded();
    let told = |python: Option<&str>, want: &str| {
        let mut call = Call::new(&shop.path(""), &["run", "--select", "batches_arrow"]);
        for (name, value) in [("TIDEGATE_PYTHON", python), ("PATH", Some("/nowhere"))] {
            call = value.into_iter().fold(call, |call, value| call.env(name, value));
        }
        let ended = call.run();
        assert_eq!(ended.code, Some(1));
        assert!(ended.stdout.contains(want), "{want}\n{}", ended.stdout);
    };
    told(None, "a Python model needs Python, and none was found");
    told(
        Some("/no/python"),
        "Python `/no/python`, which the environment variable `TIDEGATE_PYTHON` names, cannot be started",
    );
    // The same interpreter outside of its environment has no modules of the environment's.
    let bare = std::fs::canonicalize(python()).unwrap();
    let has =
        Command::new(&bare).args(["-c", "import duckdb"]).env_clear().stderr(Stdio::null()).status().unwrap();
    if !has.success() {
        told(Some(bare.to_str().unwrap()), "a Python model needs the module `duckdb`, which `");
    }
}

#[test]
fn a_custom_materialization_submits_a_python_job() {
    let shop = seeded();
    std::fs::create_dir(shop.path("macros")).unwrap();
    shop.write(
        "macros/twice.sql",
        "{% materialization twice, adapter='duckdb', supported_languages=['python'] %}
           {% set target = this.incorporate(type='table') %}
           {% do run_query('drop table if exists ' ~ target) %}
           {% set response = adapter.submit_python_job(model, create_table_as(False, target, compiled_code, 'python')) %}
           {% call noop_statement('main', message=response ~ ' by hand') %}{% endcall %}
           {% do adapter.commit() %}
           {{ return({'relations': [target]}) }}
         {% endmaterialization %}",
    );
    shop.write("models/by_hand.py", "def model(dbt, session):\n    dbt.config(materialized='twice')\n    return session.sql('select 5 as five')\n");
    run(&shop, &["run", "--select", "by_hand"], 0);
    assert_eq!(shop.rows("from by_hand"), ["5"]);
    assert_eq!(shop.results()[0]["message"], "OK by hand");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_process_and_leaves_nothing() {
    let shop = seeded();
    let before = shop.relations();
    let waits = "import os, time\n\n\ndef model(dbt, session):\n    print('pid', os.getpid())\n    \
                 time.sleep(3600)\n    return dbt.ref('orders')\n";
    shop.write("models/waits.py", waits);
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.args(["run", "--select", "waits"]).current_dir(shop.path("")).env_clear();
    command.env("HOME", shop.path("")).env("TMPDIR", shop.path("tmp")).env("TIDEGATE_PYTHON", python());
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let from = Instant::now();
    let pid = loop {
        let log = std::fs::read_to_string(shop.path("logs/dbt.log")).unwrap_or_default();
        if let Some(pid) = log.lines().find_map(|line| line.split_once("pid ")?.1.trim().parse::<u32>().ok())
        {
            break pid;
        }
        assert!(from.elapsed() < Duration::from_mins(1), "{log}");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert!(from.elapsed() < Duration::from_secs(90));
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    let alive = Command::new("kill").args(["-0", &pid.to_string()]).stderr(Stdio::null()).status().unwrap();
    assert!(!alive.success(), "the Python process still runs");
    assert_eq!(std::fs::read_dir(shop.path("tmp")).unwrap().count(), 0);
    assert_eq!(shop.statuses(), ["waits skipped"]);
    assert_eq!(shop.relations(), before);
}
