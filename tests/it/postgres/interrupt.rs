//! Ctrl-C: whatever statement runs is stopped on the server, be it a model's, a hook's or a seed's.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use super::Server;

const FILES: [(&str, &str); 4] = [
    (
        "dbt_project.yml",
        "name: shop\nversion: '1.0'\nprofile: shop\non-run-start: \"select pg_sleep({{ var('start', 0) }})\"\n",
    ),
    ("seeds/words.csv", "word\na\n"),
    (
        "models/slow.sql",
        "{{ config(materialized='table') }} select 1 as id from pg_sleep({{ var('model', 0) }})",
    ),
    (
        "models/hooked.sql",
        "{{ config(materialized='table', post_hook=\"select pg_sleep({{ var('hook', 0) }})\") }} select 1 as id",
    ),
];

/// Starts a command of the binary, and leaves it running.
pub(super) fn start(project: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.args(arguments).current_dir(project).env_clear().env("HOME", project).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until so many statements run that contain a text.
pub(super) fn wait_for(server: &Server, text: &str, count: usize) {
    let from = Instant::now();
    while running(server, text) != count {
        assert!(from.elapsed() < Duration::from_mins(1), "`{text}` does not become {count}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn running(server: &Server, text: &str) -> usize {
    let sql = format!(
        "select count(*) from pg_stat_activity where state = 'active' and query like '%{text}%' and pid <> pg_backend_pid()"
    );
    server.text(&sql).parse().unwrap()
}

fn interrupt(child: Child) -> Output {
    let sent = Instant::now();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert!(sent.elapsed() < Duration::from_secs(20), "it took {:?}", sent.elapsed());
    output
}

#[test]
fn ctrl_c_stops_the_statement_on_the_server() {
    let server = Server::start();
    let project = server.project("shop", &FILES, json!({}));
    let build = |variables: &str| start(&project, &["build", "--vars", variables]);
    let whole = |child: Child| {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    };
    whole(build("{}"));
    for (variables, statement) in [
        ("{start: 3001}", "pg_sleep(3001)"),
        ("{model: 3002}", "pg_sleep(3002)"),
        ("{hook: 3003}", "pg_sleep(3003)"),
    ] {
        let child = build(variables);
        wait_for(&server, statement, 1);
        let output = interrupt(child);
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{shown}");
        wait_for(&server, statement, 0);
        assert_eq!(server.text("select count(*) from shop.slow"), "1", "{shown}");
        assert_eq!(server.text("select count(*) from shop.hooked"), "1", "{shown}");
        whole(start(&project, &["retry", "--vars", "{}"]));
    }
    // A seed that waits for somebody who reads its table.
    let mut reader = server.connect(json!({})).unwrap();
    reader.execute("lock table shop.words in access share mode", tidegate::adapter::Fetch::Nothing).unwrap();
    let child = build("{}");
    wait_for(&server, "shop\".\"words", 1);
    let output = interrupt(child);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    wait_for(&server, "shop\".\"words", 0);
    reader.rollback().unwrap();
    assert_eq!(server.text("select count(*) from shop.words"), "1");
    let retried = start(&project, &["retry"]).wait_with_output().unwrap();
    let shown = String::from_utf8_lossy(&retried.stdout).into_owned();
    assert!(retried.status.success() && shown.contains("loaded seed file shop.words"), "{shown}");
}
