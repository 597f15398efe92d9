//! The files of `templates/macros` hold together: each compiles, opens with a header, and defines every name once;
//! each dispatched macro has an implementation.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use camino::Utf8PathBuf;
use tidegate::diag::Sources;
use tidegate::jinja::{Engine, Template, blocks, py_str};

/// One file of an engine's folder.
struct MacroFile {
    engine: String,
    path: Utf8PathBuf,
    text: String,
    names: Vec<String>,
    template: Template,
}

fn macro_files() -> Vec<MacroFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/macros");
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(&root).sort_by_file_name() {
        let entry = entry.unwrap();
        if !entry.file_type().is_file() {
            continue;
        }
        let path =
            Utf8PathBuf::from_path_buf(entry.path().strip_prefix(&root).unwrap().to_path_buf()).unwrap();
        let text = fs::read_to_string(entry.path()).unwrap();
        let file = Sources::new().add(path.clone(), text.clone());

        let (found_blocks, problems) = blocks(&text, file);
        assert!(problems.is_empty(), "{path}: {problems:?}");
        let template = Engine::new().compile(file, &text, 0..text.len());
        let template = template.unwrap_or_else(|error| panic!("{path}: {}", error.message()));
        found.push(MacroFile {
            engine: path.components().next().unwrap().to_string(),
            names: found_blocks.iter().map(tidegate::jinja::Block::macro_name).collect(),
            template,
            path,
            text,
        });
    }
    assert!(found.len() > 50, "the macros were not found");
    found
}

#[test]
fn every_file_has_a_header_and_defines_macros() {
    for file in macro_files() {
        assert!(file.text.starts_with("{#"), "{}: no comment at the start", file.path);
        assert!(!file.names.is_empty(), "{}: no macro", file.path);
        assert!(file.text.lines().count() <= 400, "{}: too long", file.path);
    }
}

#[test]
fn no_name_is_defined_twice_for_an_engine() {
    let mut first_place: BTreeMap<(String, String), Utf8PathBuf> = BTreeMap::new();
    for file in macro_files() {
        for name in file.names {
            let previous = first_place.insert((file.engine.clone(), name.clone()), file.path.clone());
            assert_eq!(previous, None, "`{name}` is also defined in {}", file.path);
        }
    }
}

#[test]
fn every_dispatched_macro_is_implemented() {
    let files = macro_files();
    let names: BTreeSet<&str> = files.iter().flat_map(|file| &file.names).map(String::as_str).collect();
    let mut dispatched = 0;
    for file in &files {
        for call in file.template.static_calls() {
            if call.package.as_deref() != Some("adapter") || &*call.name != "dispatch" {
                continue;
            }
            let name = py_str(call.args[0].as_ref().unwrap());
            let implemented = ["default", "duckdb", "postgres"]
                .iter()
                .any(|engine| names.contains(format!("{engine}__{name}").as_str()));
            assert!(implemented, "{}: nothing implements `{name}`", file.path);
            dispatched += 1;
        }
    }
    assert!(dispatched > 100, "the dispatches were not found");
}
