//! Trouble on the server's side: it ends and comes back, or says no. Each time the error is clear, what was there is
//! whole, and `retry` completes the build: the tables are those of a build that nothing disturbed.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tidegate::adapter::Fetch;

use super::interrupt::{start, wait_for};
use super::{PASSWORD, Server};
use crate::cli::{Call, Ended};

const FILES: [(&str, &str); 5] = [
    ("models/first.sql", "{{ config(materialized='table') }} select {{ var('size', 3) }} as size"),
    (
        "models/slow.sql",
        "{{ config(materialized='table') }} select size from {{ ref('first') }}, pg_sleep({{ var('pause', 0) }})",
    ),
    ("models/after.sql", "{{ config(materialized='table') }} select * from {{ ref('slow') }}"),
    (
        "models/aside_1.sql",
        "{{ config(materialized='table') }} select size from {{ ref('first') }}, pg_sleep({{ var('pause', 0) and 0.5 }})",
    ),
    (
        "models/aside_2.sql",
        "{{ config(materialized='table') }} select count(*) as n from {{ ref('aside_1') }}",
    ),
];

const TABLES: [&str; 5] = ["first", "slow", "after", "aside_1", "aside_2"];

#[track_caller]
fn assert_whole(server: &Server, size: i32) {
    for table in TABLES {
        assert_eq!(server.text(&format!("select count(*) from shop.{table}")), "1", "{table}");
    }
    assert_eq!(server.text("select size from shop.slow"), size.to_string());
    let leftovers = "select string_agg(relname, ' ') from pg_class where relname like '%\\_\\_dbt%'";
    assert_eq!(server.text(leftovers), "");
}

fn statuses(project: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(project.join("target/run_results.json")).unwrap();
    let artifact: Value = serde_json::from_str(&text).unwrap();
    let name = |id: &str| id.rsplit('.').next().unwrap_or_default().to_owned();
    let mut found: Vec<_> = artifact["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (name(it["unique_id"].as_str().unwrap()), it["status"].as_str().unwrap().to_owned()))
        .collect();
    found.sort();
    found
}

fn status(found: &[(String, String)], model: &str) -> String {
    found.iter().find(|(name, _)| name == model).map(|(_, status)| status.clone()).unwrap_or_default()
}

fn build(project: &Path, variables: &str) -> Ended {
    Call::new(project, &["build", "--vars", variables]).run()
}

#[track_caller]
fn succeeds(project: &Path, variables: &str) {
    let ended = build(project, variables);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
}

/// What every table holds.
fn contents(server: &Server) -> Vec<String> {
    let rows = |table: &str| {
        server.text(&format!("select string_agg(it::text, ' ' order by it::text) from shop.{table} it"))
    };
    TABLES.into_iter().map(rows).collect()
}

/// What the tables hold after a build that nothing disturbs; another one follows, by which they hold what they did.
#[track_caller]
fn undisturbed(server: &Server, project: &Path, variables: &str) -> Vec<String> {
    succeeds(project, variables);
    let found = contents(server);
    succeeds(project, "{}");
    assert_ne!(found, contents(server), "{variables} change nothing");
    found
}

#[track_caller]
fn retry_completes(server: &Server, project: &Path, variables: &str, want: &[String]) {
    let ended = Call::new(project, &["retry", "--vars", variables]).run();
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(contents(server), want, "{}", ended.stdout);
}

#[test]
fn a_server_that_is_killed_and_comes_back_costs_only_what_was_running() {
    for signal in ["KILL", "QUIT", "INT"] {
        let mut server = Server::start();
        let project = server.project("shop", &FILES, json!({"threads": 2}));
        let want = undisturbed(&server, &project, "{size: 4}");
        let child = start(&project, &["build", "--vars", "{pause: 300, size: 4}"]);
        wait_for(&server, "pg_sleep(300)", 1);
        server.stop(signal);
        std::thread::sleep(Duration::from_millis(300));
        server.start_again();
        let output = child.wait_with_output().unwrap();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{signal}: {shown}");
        let says = ["server closed the connection unexpectedly", "terminating connection due to"];
        assert!(says.iter().any(|words| shown.contains(words)), "{signal}: {shown}");
        let found = statuses(&project);
        assert_eq!(status(&found, "slow"), "error", "{signal}: {shown}");
        assert_eq!(status(&found, "after"), "skipped", "{signal}: {shown}");
        assert_eq!(status(&found, "aside_2").replace("skipped", "success"), "success", "{signal}: {shown}");
        assert_whole(&server, 3);
        retry_completes(&server, &project, "{size: 4}", &want);
        assert_whole(&server, 4);
    }
}

#[test]
fn a_server_that_stays_away_is_not_waited_for_by_every_model() {
    let mut server = Server::start();
    let project = server.project("shop", &FILES, json!({"threads": 1}));
    let want = undisturbed(&server, &project, "{size: 6}");
    server.stop("INT");
    let ended = build(&project, "{}");
    let shown = format!("{}{}", ended.stdout, ended.stderr);
    assert_ne!(ended.code, Some(0), "{shown}");
    assert!(shown.contains("connection to server at \"127.0.0.1\""), "{shown}");
    assert!(shown.contains("Connection refused"), "{shown}");
    let skipped = vec!["skipped".to_owned(); TABLES.len()];
    assert_eq!(statuses(&project).into_iter().map(|(_, status)| status).collect::<Vec<_>>(), skipped);
    assert_eq!(Call::new(&project, &["retry"]).run().code, Some(2), "the server is away still");
    server.start_again();
    retry_completes(&server, &project, "{size: 6}", &want);
}

/// Builds as a role that has some trouble, which is then taken away.
#[track_caller]
fn refused(server: &Server, project: &Path, trouble: &str, want: &str) {
    let complete = undisturbed(server, project, "{size: 5}");
    server.execute(trouble);
    let ended = build(project, "{pause: 2, size: 5}");
    assert_eq!(ended.code, Some(1), "{trouble}: {}", ended.stdout);
    assert!(ended.stdout.contains(want), "{trouble}: {}", ended.stdout);
    assert_eq!(server.text("select size from shop.slow"), "3", "{trouble}: the old table stays");
    server.execute("alter role worker reset all; grant create on schema shop to worker; alter role worker connection limit -1");
    retry_completes(server, project, "{size: 5}", &complete);
    assert_whole(server, 5);
}

#[test]
fn refusals_of_the_server_leave_everything_as_it_was() {
    let server = Server::start();
    server.execute(&format!(
        "create role worker login password '{}'; create schema shop authorization tide; grant usage, create on schema shop to worker",
        PASSWORD.replace('\'', "''")
    ));
    let project = server.project("shop", &FILES, json!({"user": "worker", "threads": 2}));
    succeeds(&project, "{}");
    assert_whole(&server, 3);
    for (trouble, want) in [
        ("alter role worker set statement_timeout = '700ms'", "canceling statement due to statement timeout"),
        ("revoke create on schema shop from worker", "permission denied for schema shop"),
        ("alter role worker connection limit 1", "too many connections for role \"worker\""),
    ] {
        refused(&server, &project, trouble, want);
    }
    let complete = undisturbed(&server, &project, "{size: 5}");
    let mut reader = server.connect(json!({})).unwrap();
    reader.execute("select * from shop.slow", Fetch::All).unwrap();
    refused_while(
        &server,
        &project,
        "alter role worker set lock_timeout = '300ms'",
        "canceling statement due to lock timeout",
        || {
            reader.rollback().unwrap();
        },
    );
    retry_completes(&server, &project, "{size: 5}", &complete);
    succeeds(&project, "{}");
    let sorts = "{{ config(materialized='table') }} select n % 7 as size from generate_series(1, {{ var('rows', 1) }}) n order by md5(n::text)";
    std::fs::write(project.join("models/slow.sql"), sorts).unwrap();
    let ended = {
        server.execute("grant set on parameter temp_file_limit to worker");
        server.execute(
            "alter role worker set temp_file_limit = '1MB'; alter role worker set work_mem = '64kB'",
        );
        build(&project, "{rows: 100000}")
    };
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert!(ended.stdout.contains("temporary file size exceeds"), "{}", ended.stdout);
    assert_eq!(server.text("select count(*) from shop.slow"), "1");
    server.execute("alter role worker reset all");
    let again = Call::new(&project, &["retry"]).run();
    assert_eq!(again.code, Some(0), "{}", again.stdout);
    let sum = "select count(*) || ' ' || sum(size)";
    let want =
        server.text(&format!("{sum} from (select n % 7 as size from generate_series(1, 100000) n) it"));
    assert_eq!(server.text(&format!("{sum} from shop.slow")), want);
    assert_eq!(server.text(&format!("{sum} from shop.after")), want);
}

#[track_caller]
fn refused_while(server: &Server, project: &Path, trouble: &str, want: &str, end: impl FnOnce()) {
    server.execute(trouble);
    let ended = build(project, "{size: 5}");
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert!(ended.stdout.contains(want), "{}", ended.stdout);
    end();
    assert_eq!(server.text("select size from shop.slow"), "3");
    server.execute("alter role worker reset all");
}
