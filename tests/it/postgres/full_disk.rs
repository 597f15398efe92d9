//! A disk that is full. Tests cannot mount one, so the server's files may not grow: extending a table fails in the same
//! place, with the same words but for the system's own, as on a full disk.

use serde_json::json;

use super::Server;
use crate::cli::Call;

const FILES: [(&str, &str); 4] = [
    ("seeds/words.csv", "word\na\n"),
    (
        "models/large.sql",
        "{{ config(materialized='table') }} select n, repeat('x', 200) as filling from generate_series(1, {{ var('rows', 10) }}) n",
    ),
    ("models/after.sql", "{{ config(materialized='table') }} select count(*) as n from {{ ref('large') }}"),
    (
        "models/grown.sql",
        "{{ config(materialized='incremental', unique_key='n') }} select n, repeat('y', 200) as filling
         from generate_series(1, {{ var('rows', 10) }}) n",
    ),
];

#[test]
fn a_full_disk_fails_the_model_and_leaves_what_was_there() {
    let server = Server::start();
    let project = server.project("shop", &FILES, json!({"threads": 2}));
    let run = |arguments: &[&str]| Call::new(&project, arguments).run();
    let counts = || {
        let count = |table: &str| server.text(&format!("select count(*) from shop.{table}"));
        [count("large"), count("grown"), server.text("select n from shop.after")].join(" ")
    };
    assert_eq!(run(&["build"]).code, Some(0));

    // More than a segment of the server's log, which has to be written all the same.
    server.limit_files(Some(20_000_000));
    let ended = run(&["build", "--vars", "{rows: 150000}"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    for part in ["could not extend file", "Check free disk space", "PASS=1 WARN=0 ERROR=2 SKIP=1"] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
    assert_eq!(counts(), "10 10 10");
    let leftovers = "select string_agg(relname, ' ') from pg_class where relname like '%\\_\\_dbt%'";
    assert_eq!(server.text(leftovers), "");

    server.limit_files(None);
    let again = run(&["retry"]);
    assert_eq!(again.code, Some(0), "{}", again.stdout);
    assert_eq!(counts(), "150000 150000 150000");
}
