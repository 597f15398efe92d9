//! The semantic layer: a project changed in hundreds of ways, and what dbt 1.11 says of each, recorded in
//! `tests/fixtures/semantic_layer/expected.json`: what it refuses and warns of, else both manifests field by field.

use camino::Utf8Path;
use serde_json::{Value as Json, json};
use tidegate::diag::Diagnostic;
use tidegate::manifest::Manifest;

use crate::parse::parse_project;

const EXPECTED: &str = "tests/fixtures/semantic_layer/expected.json";

/// Where Tidegate decides otherwise, by the beginning of the case's name, and why.
const OTHERWISE: &[(&str, &str)] = &[
    ("dimension that is a partition in one of two", "dbt forgets a backtick"),
    ("validity window with two starts", "dbt forgets the starts that it found"),
    ("validity params without a side", "dbt forgets the starts that it found"),
    ("no dimension has a grain", "dbt stumbles over having nothing to compare with"),
];

/// Applies changes as `make.py` does: a value sets what a path leads to, none removes it, `-` adds to a list.
fn changed(properties: &Json, changes: &Json) -> Json {
    let mut made = properties.clone();
    for change in changes.as_array().unwrap() {
        let (path, value) = (change[0].as_str().unwrap(), change.get(1));
        let (folder, last) = path.rsplit_once('/').unwrap();
        match (made.pointer_mut(folder).unwrap(), value) {
            (Json::Array(items), Some(value)) if last == "-" => items.push(value.clone()),
            (Json::Array(items), Some(value)) => items[last.parse::<usize>().unwrap()] = value.clone(),
            (Json::Array(items), None) => drop(items.remove(last.parse().unwrap())),
            (Json::Object(map), Some(value)) => drop(map.insert(last.to_owned(), value.clone())),
            (Json::Object(map), None) => drop(map.shift_remove(last).unwrap()),
            (other, _) => panic!("{other} has nothing at {path}"),
        }
    }
    made
}

/// Puts what differs into the facts of the project as it is; `=` stands before what replaces a part.
fn merged(mut base: Json, differs: &Json) -> Json {
    for (key, part) in differs.as_object().unwrap() {
        if key == "=" {
            return part.clone();
        }
        let place = match &mut base {
            Json::Array(items) => &mut items[key.parse::<usize>().unwrap()],
            other => &mut other[key],
        };
        *place = merged(place.take(), part);
    }
    base
}

/// What both manifests say of the semantic layer.
fn facts(manifest: &Manifest, root: &Utf8Path) -> Json {
    let path = root.join("semantic_manifest.json");
    tidegate::artifacts::write_semantic_manifest(&path, manifest).unwrap();
    let written: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let without_time = |mut one: Json| {
        one.as_object_mut().unwrap().shift_remove("created_at");
        one
    };
    let models = manifest.semantic_models.values().map(|one| without_time(json!(**one)));
    let metrics = manifest.metrics.values().map(|one| without_time(json!(**one)));
    let queries = manifest.saved_queries.values().map(|one| without_time(json!(**one)));
    let mut disabled: Vec<&str> =
        manifest.disabled.keys().map(tidegate::manifest::UniqueId::as_str).collect();
    disabled.sort_unstable();
    let parts = json!({
        "semantic_models": models.collect::<Vec<_>>(),
        "metrics": metrics.collect::<Vec<_>>(),
        "saved_queries": queries.collect::<Vec<_>>(),
        "disabled": disabled,
    });
    json!({"manifest": parts, "semantic_manifest": written})
}

/// The places at which two values differ, with both values.
fn differences(at: &str, want: &Json, got: &Json, out: &mut Vec<String>) {
    match (want, got) {
        (Json::Object(a), Json::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                let none = Json::from("(nothing)");
                let of = |map: &serde_json::Map<String, Json>| map.get(key).unwrap_or(&none).clone();
                differences(&format!("{at}/{key}"), &of(a), &of(b), out);
            }
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().for_each(|(i, (a, b))| differences(&format!("{at}/{i}"), a, b, out));
        }
        _ if want == got => {}
        _ => out.push(format!("{at}: dbt has {want}, not {got}")),
    }
}

/// What is told by events of dbt's: level and text, warnings before errors.
fn told(found: &[Diagnostic]) -> Vec<(&'static str, String)> {
    let is_told = |problem: &&Diagnostic| problem.known_as == "SemanticValidationFailure";
    let level = |problem: &Diagnostic| if problem.is_error() { "error" } else { "warn" };
    // What follows is how Python shows an object.
    let text =
        |problem: &Diagnostic| problem.message.split(" Measure specification: ").next().unwrap().to_owned();
    found.iter().filter(is_told).map(|problem| (level(problem), text(problem))).collect()
}

/// Tells how the answer to a case differs from dbt's.
fn wrong(case: &Json, expected: &Json, root: &Utf8Path) -> Vec<String> {
    let properties = changed(&expected["properties"], &case["changes"]);
    std::fs::write(root.join("models/all.yml"), properties.to_string()).unwrap();
    let (parsed, found, _) = parse_project(root);
    let errors: Vec<&str> = found.iter().filter(|p| p.is_error()).map(|p| p.message.as_str()).collect();
    let Some(error) = case.get("error") else {
        let Some(parsed) = parsed else { return vec![format!("dbt takes it: {errors:?}")] };
        let mut out = compare_told(case, &told(&found));
        let want = merged(expected["facts"].clone(), &case["differs"]);
        differences("", &want, &facts(&parsed.manifest, root), &mut out);
        return out;
    };
    if errors.is_empty() {
        return vec![format!("dbt refuses it: {}", error.as_str().unwrap())];
    }
    if error.as_str().unwrap().contains("Semantic Manifest validation failed") {
        return compare_told(case, &told(&found));
    }
    Vec::new()
}

fn compare_told(case: &Json, told: &[(&'static str, String)]) -> Vec<String> {
    let said = case["said"].as_array().unwrap().iter();
    let said = said.filter(|one| one[1] == "SemanticValidationFailure");
    let mut want: Vec<(&str, &str)> =
        said.map(|one| (one[0].as_str().unwrap(), one[2].as_str().unwrap())).collect();
    let mut told: Vec<(&str, &str)> = told.iter().map(|(level, text)| (*level, text.as_str())).collect();
    // dbt warns of a filter as often as its query has filters.
    want.dedup();
    told.dedup();
    let fits = |(want, got): (&(&str, &str), &(&str, &str))| want.0 == got.0 && got.1.starts_with(want.1);
    if want.len() == told.len() && want.iter().zip(&told).all(fits) {
        return Vec::new();
    }
    let shown = |all: Vec<(&str, &str)>| {
        let lines: Vec<String> = all.iter().map(|(level, text)| format!("    {level}: {text}")).collect();
        lines.join("\n")
    };
    vec![format!("dbt says\n{}\n  not\n{}", shown(want), shown(told))]
}

/// Compares every fourth case, beginning with one of the first four: they are many, and each is a project.
fn compare(first: usize) {
    let text = std::fs::read_to_string(EXPECTED).unwrap();
    let expected: Json = serde_json::from_str(&text).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    for (path, text) in expected["files"].as_object().unwrap() {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.as_str().unwrap()).unwrap();
    }
    let cases = expected["cases"].as_array().unwrap();
    assert!(cases.len() > 500);
    let mut report = Vec::new();
    for case in cases.iter().skip(first).step_by(4) {
        let name = case["name"].as_str().unwrap();
        let found = wrong(case, &expected, root);
        let known = OTHERWISE.iter().any(|(start, _)| name.starts_with(start));
        if known == found.is_empty() {
            let found = if known { "is as in dbt: no exception".to_owned() } else { found.join("\n  ") };
            report.push(format!("{name}\n  {found}"));
        }
    }
    assert!(report.is_empty(), "{} of {}:\n{}", report.len(), cases.len(), report.join("\n"));
}

#[test]
fn semantic_layers_are_read_and_refused_as_dbt_does() {
    compare(0);
}

#[test]
fn semantic_layers_are_read_and_refused_as_dbt_does_second_quarter() {
    compare(1);
}

#[test]
fn semantic_layers_are_read_and_refused_as_dbt_does_third_quarter() {
    compare(2);
}

#[test]
fn semantic_layers_are_read_and_refused_as_dbt_does_last_quarter() {
    compare(3);
}
