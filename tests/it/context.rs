//! Every name that templates see: what each expression of `tests/fixtures/context/cases.txt` gives, as dbt 1.11
//! gave it on the same project. White space is not compared: the layout of macros is our own.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::cli::{Call, copy_folder};

/// An expression and what it renders to.
struct Case<'t> {
    expression: &'t str,
    want: &'t str,
}

fn cases(text: &str) -> Vec<Case<'_>> {
    let mut lines = text.lines();
    let mut cases = Vec::new();
    while let (Some(expression), Some(answer)) = (lines.next(), lines.next()) {
        let want = answer.strip_prefix("    => ").expect("an answer follows each expression");
        cases.push(Case { expression, want });
    }
    cases
}

/// The model that renders a case. Everything that expressions ref is declared, and nothing is asked while
/// parsing.
fn model(expression: &str) -> String {
    let is_template = expression.starts_with("{%") || expression.contains("{{");
    let body = if is_template { expression.to_owned() } else { format!("{{{{ {expression} }}}}") };
    format!(
        "{{{{ config(materialized='table') }}}}\n\
         -- depends_on: {{{{ ref('base') }}}} {{{{ ref('s') }}}} {{{{ ref('eph') }}}} {{{{ source('raw', 's') }}}}\n\
         select $zz${{% if execute %}}{body}{{% endif %}}$zz$ as v"
    )
}

fn without_space(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn expressions_give_what_dbt_gives() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/context");
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&fixture, folder.path());
    let text = std::fs::read_to_string(fixture.join("cases.txt")).unwrap();
    let cases = cases(&text);
    assert!(cases.len() >= 300, "{} cases", cases.len());
    for (index, case) in cases.iter().enumerate() {
        std::fs::write(folder.path().join(format!("models/e{index:03}.sql")), model(case.expression))
            .unwrap();
    }
    let run = |arguments: &[&str]| {
        let vars = [("PROBE_X", "hello"), ("PROBE_N", "41"), ("DBT_ENV_CUSTOM_ENV_ABC", "1")];
        let mut call = Call::new(folder.path(), arguments);
        for (name, value) in vars {
            call = call.env(name, value);
        }
        call.run()
    };
    let built = run(&["build", "--select", "s", "base"]);
    assert_eq!(built.code, Some(0), "{}", built.stdout);
    let ran = run(&["build"]);
    let results = std::fs::read_to_string(folder.path().join("target/run_results.json")).unwrap();
    let results: Value = serde_json::from_str(&results).unwrap();
    let mut wrong = String::new();
    for (index, case) in cases.iter().enumerate() {
        let id = format!("model.probe.e{index:03}");
        let entries = results["results"].as_array().unwrap();
        let result =
            entries.iter().find(|result| result["unique_id"] == id.as_str()).expect("every model ran");
        let code = result["compiled_code"].as_str().unwrap_or_default();
        let got = code.split("$zz$").nth(1).unwrap_or_else(|| result["message"].as_str().unwrap_or_default());
        let want = case.want.replace("<self>", &format!("e{index:03}"));
        if without_space(got) != without_space(&want) {
            let _ = writeln!(wrong, "{}\n    dbt: {want}\n    got: {got}", case.expression);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
}
