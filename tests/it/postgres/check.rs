//! `check` on a server: everything happens in a transaction that is rolled back.

use serde_json::{Value, json};

use super::{Server, ask, project};
use crate::cli::Call;

fn lines(found: &Value, kind: &str) -> Vec<String> {
    let line = |problem: &Value| {
        let place = &problem["place"];
        let message = problem["message"].as_str().unwrap().lines().next().unwrap_or_default();
        format!(
            "{}:{}:{}: {message}",
            place["file"].as_str().unwrap_or_default(),
            place["line"],
            place["column"]
        )
    };
    found[kind].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn queries_are_bound_by_the_server_and_nothing_stays() {
    let server = Server::start();
    let mut session = server.connect(json!({})).unwrap();
    session
        .execute(
            "create schema crm; create table crm.customers (customer_id integer, meta jsonb, email text)",
            tidegate::adapter::Fetch::Nothing,
        )
        .unwrap();
    session.commit().unwrap();
    let folder = tempfile::tempdir().unwrap();
    project(&server, "check_postgres", folder.path(), json!({}));
    let ended = Call::new(folder.path(), &["-q", "check", "--output", "json"]).run();
    let found: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}", ended.stdout));
    assert_eq!(ended.code, Some(1));
    let mut told = lines(&found, "errors");
    told.sort();
    insta::assert_snapshot!(told.join("\n"));
    let mut reasons: Vec<String> =
        found["not_checked"].as_array().unwrap().iter().map(ToString::to_string).collect();
    reasons.sort();
    insta::assert_snapshot!(reasons.join("\n"));
    for sound in ["stg_orders", "by_day", "customers", "listed"] {
        let id = json!(format!("model.shop.{sound}"));
        assert!(found["sound"].as_array().unwrap().contains(&id), "{sound}: {found:#}");
    }
    let left = "select count(*) from pg_namespace where nspname like 'tidegate%' or nspname = 'dev'";
    assert_eq!(ask(&mut *session, left), [[tidegate::adapter::Cell::Int(0)]]);
}
