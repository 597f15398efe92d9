//! `lint`: the fixture marks each line at which a rule must find something with `-- finds: rule`; any other finding is wrong.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{Call, Ended, copy_folder};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lint")
}

/// The project in a folder of its own.
fn shop() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&fixture(), folder.path());
    folder
}

fn lint(folder: &Path, arguments: &[&str]) -> Ended {
    Call::new(folder, &[&["-q", "lint"], arguments].concat()).run()
}

fn json(folder: &Path, arguments: &[&str]) -> (Option<i32>, Value) {
    let Ended { code, stdout, stderr } = lint(folder, &[&["--output", "json"], arguments].concat());
    let found = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("no JSON: {stdout}{stderr}"));
    (code, found)
}

/// File, line and rule of each finding.
fn found(output: &Value) -> BTreeSet<(String, u64, String)> {
    let findings = output["findings"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    findings
        .map(|it| (text(&it["place"]["file"]), it["place"]["line"].as_u64().unwrap(), text(&it["code"])))
        .collect()
}

/// The same as the models say it.
fn marked() -> BTreeSet<(String, u64, String)> {
    let mut marked = BTreeSet::new();
    for entry in walkdir::WalkDir::new(fixture().join("models")) {
        let entry = entry.unwrap();
        if entry.path().extension().is_none_or(|extension| extension != "sql") {
            continue;
        }
        let file = entry.path().strip_prefix(fixture()).unwrap().to_str().unwrap().to_owned();
        for (number, line) in (1..).zip(fs::read_to_string(entry.path()).unwrap().lines()) {
            if let Some((_, rules)) = line.split_once("-- finds: ") {
                marked.extend(rules.split(", ").map(|rule| (file.clone(), number, rule.to_owned())));
            }
        }
    }
    marked
}

#[test]
fn every_rule_finds_what_is_marked_and_nothing_else() {
    let folder = shop();
    let (code, output) = json(folder.path(), &[]);
    let (found, marked) = (found(&output), marked());
    let missed: Vec<_> = marked.difference(&found).collect();
    let too_many: Vec<_> = found.difference(&marked).collect();
    assert!(missed.is_empty() && too_many.is_empty(), "missed {missed:#?}\ntoo many {too_many:#?}");
    assert_eq!(output["not_read"], Value::Array(Vec::new()), "{output:#}");
    assert_eq!(output["warnings"], Value::Array(Vec::new()), "{output:#}");
    assert_eq!(code, Some(1), "a hard-coded relation is an error");
    assert!(!folder.path().join("target/shop.duckdb").exists(), "nothing is built");
}

#[test]
fn findings_say_where_why_and_what_to_do() {
    let folder = shop();
    let Ended { stdout, .. } = lint(folder.path(), &["--select", "keys", "keys_again", "hard_coded"]);
    let text = crate::cli::without_times(&stdout);
    insta::assert_snapshot!(text);
}

#[test]
fn severities_decide_on_the_exit_code() {
    let folder = shop();
    let run = |arguments: &[&str]| lint(folder.path(), arguments).code;
    assert_eq!(run(&["--select", "unions"]), Some(0), "warnings only");
    assert_eq!(run(&["--select", "unions", "--fail-on", "warn"]), Some(1));
    assert_eq!(run(&["--select", "branches", "--fail-on", "warn"]), Some(0), "nothing is found");
    let as_error = "{tidegate_lint: {union-without-all: error}}";
    assert_eq!(run(&["--select", "unions", "--vars", as_error]), Some(1));
    assert_eq!(run(&["--vars", "{tidegate_lint: off}", "--fail-on", "warn"]), Some(0));
    let wrong = lint(folder.path(), &["--vars", "{tidegate_lint: {unoin-without-all: warn}}"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stdout.contains("did you mean `union-without-all`?"), "{}", wrong.stdout);
}

#[test]
fn names_of_rules_that_do_not_exist_are_told() {
    let folder = shop();
    let model = folder.path().join("models/quiet.sql");
    fs::write(&model, "select 1 as y -- tidegate: allow(unused-ctes)\n").unwrap();
    let (code, output) = json(folder.path(), &["--select", "quiet"]);
    assert_eq!(code, Some(0));
    assert_eq!(output["warnings"][0]["message"], "there is no lint rule `unused-ctes`");
    assert_eq!(output["warnings"][0]["place"]["column"], 34);
}

#[test]
fn what_cannot_be_read_is_told() {
    let folder = shop();
    let model = folder.path().join("models/quiet.sql");
    fs::write(&model, "select x: 1 from range(3)").unwrap();
    let (code, output) = json(folder.path(), &["--select", "quiet"]);
    assert_eq!(code, Some(0));
    assert_eq!(output["not_read"][0]["unique_id"], "model.shop.quiet");
}

/// What SARIF 2.1.0 requires of the objects that are in the log.
#[test]
fn sarif_has_what_its_schema_requires() {
    let folder = shop();
    fs::create_dir(folder.path().join(".git")).unwrap();
    let output = lint(folder.path(), &["--output", "sarif"]);
    let log: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().ends_with("sarif-2.1.0.json"));
    let [run] = log["runs"].as_array().unwrap().as_slice() else { panic!("{log:#}") };
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "Tidegate");
    let rules = driver["rules"].as_array().unwrap();
    let levels = ["none", "note", "warning", "error"];
    for rule in rules {
        assert!(rule["id"].is_string() && rule["shortDescription"]["text"].is_string(), "{rule}");
        assert!(levels.contains(&rule["defaultConfiguration"]["level"].as_str().unwrap()), "{rule}");
    }
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), marked().len());
    for result in results {
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        assert!(levels.contains(&result["level"].as_str().unwrap()));
        let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[at]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(folder.path().join(uri).is_file(), "{uri} is relative to the repository");
        let number = |key: &str| place["region"][key].as_u64().unwrap();
        assert!(number("startLine") >= 1 && number("startColumn") >= 1);
        assert!((number("endLine"), number("endColumn")) > (number("startLine"), number("startColumn")));
    }
    fs::remove_dir(folder.path().join(".git")).unwrap();
}

/// Whoever went down every path would look at the first expression 3^20 times.
#[test]
fn expressions_that_many_paths_lead_to_are_looked_at_once() {
    let folder = shop();
    let mut model = "with c0 as (select * from {{ source('raw', 'lines') }})".to_owned();
    for level in 1..=20 {
        let before = format!("select * from c{}", level - 1);
        write!(model, ",\nc{level} as ({before} union all {before} union all {before})").unwrap();
    }
    model += "\nselect distinct *, 'a' as part from c20\nunion\nselect distinct *, 'b' as part from c20\n";
    fs::write(folder.path().join("models/marts/chain.sql"), model).unwrap();
    let (_, output) = json(folder.path(), &["--select", "chain"]);
    let at = |line: u64, rule: &str| ("models/marts/chain.sql".to_owned(), line, rule.to_owned());
    assert_eq!(found(&output), [at(1, "star-from-source"), at(23, "union-without-all")].into());
}
