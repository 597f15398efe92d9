//! Whatever reads text from people takes any text: no panic, no endless loop, no memory without bound, and some properties.
//!
//! Targets: YAML, Jinja, SQL (tokens, statements, lineage, diff), selections, whole projects, artifacts read back, seeds. A moment
//! for each in every run of the tests; for longer: `TIDEGATE_FUZZ_SECONDS=3600 cargo nextest run fuzz`. What failed once stays in
//! `fixtures/fuzz/<target>/` and is tried first.

mod files;
mod harness;
mod inputs;
mod jinja;
mod sql;
mod yaml;

pub(crate) use jinja::rendered;

use std::path::Path;

use tidegate::diag::{Diagnostic, Sources, Span, render::human};

/// The text of an input. What is no UTF-8 never gets so far.
fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(input).into_owned()
}

/// All fixtures with this extension.
fn fixtures(extension: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let walk = |folder: &str| walkdir::WalkDir::new(root.join(folder)).sort_by_file_name();
    let mut found = Vec::new();
    for entry in ["tests/fixtures", "templates", "example_project"].into_iter().flat_map(walk) {
        let entry = entry.unwrap();
        let path = entry.path();
        let ours =
            !path.components().any(|part| matches!(part.as_os_str().to_str(), Some("target" | "fuzz")));
        if ours && path.extension().is_some_and(|found| found == extension) {
            found.push(std::fs::read(path).unwrap());
        }
    }
    found.retain(|text| text.len() < 20_000);
    assert!(found.len() > 20, "no fixtures");
    found
}

/// A place lies in its text and cuts no character.
#[track_caller]
fn inside(span: Span, sources: &Sources) {
    let source = sources.get(span.file).expect("the file of a place is known");
    assert!(source.text.get(span.range()).is_some(), "{:?} is no part of the text", span.range());
}

/// Problems can be shown. What is shown of a long text takes a while, so that of many problems the first stand for all.
#[track_caller]
fn can_all_be_told(problems: &[Diagnostic], sources: &Sources) {
    problems.iter().take(20).for_each(|problem| can_be_told(problem, sources));
}

/// A problem can be shown, and points into its text.
#[track_caller]
fn can_be_told(problem: &Diagnostic, sources: &Sources) {
    problem.span.into_iter().for_each(|span| inside(span, sources));
    assert!(!human::render(problem, sources, true).is_empty());
}
