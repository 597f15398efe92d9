//! Selection by comparison with an earlier state: a project with every kind of change, the artifacts that dbt 1.11 wrote
//! before it, and what dbt selects by each expression (`tests/fixtures/state`).

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use serde_json::Value as Json;
use tidegate::manifest::{Manifest, UniqueId};
use tidegate::plan::Command;
use tidegate::select::{Asked, Origin, Scope, Wanted, link, parse, select};
use tidegate::state::{Previous, PreviousManifest, PreviousResults, Rendering};

use crate::parse::parse_project_with_vars;
use crate::select::flags;

const EXPECTED: &str = "tests/fixtures/state/expected.json";

/// Writes files; nothing stands for one that goes.
pub(crate) fn write(root: &Utf8Path, files: &Json) {
    for (path, text) in files.as_object().unwrap() {
        let file = root.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        match text.as_str() {
            Some(text) => std::fs::write(file, text).unwrap(),
            None if file.exists() => std::fs::remove_file(file).unwrap(),
            // Seeds that are too large to be compared by what is in them.
            None => std::fs::write(file, "id\n".to_owned() + &"1234567\n".repeat(140_000)).unwrap(),
        }
    }
}

fn selected(line: &str, root: &Utf8Path, (manifest, previous): (&Manifest, &Previous)) -> BTreeSet<String> {
    let flags = flags(line);
    let types = Command::List.types(&flags.types, &flags.excluded_types).unwrap();
    let text = |text| (text, Origin::Place(None));
    let asked =
        Asked { select: flags.select.as_deref().map(text), exclude: flags.exclude.as_deref().map(text) };
    let spec = parse(&asked, flags.indirect).unwrap();
    let dag = link(manifest).unwrap();
    let exists = |path: &Utf8Path| root.join(path).exists();
    let scope = Scope {
        manifest,
        dag: &dag,
        project: "shop",
        exists: &exists,
        previous: Some(previous),
        rendering: Rendering::Either,
        lineage: None,
    };
    let answer = select(&spec, scope, Wanted { types: &types, empty: true }).unwrap();
    answer.ids.iter().map(|id: &UniqueId| id.as_str().to_owned()).collect()
}

#[test]
fn every_expression_selects_by_an_earlier_state_what_dbt_selects() {
    let expected: Json = serde_json::from_str(&std::fs::read_to_string(EXPECTED).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    write(root, &expected["before"]);
    write(root, &expected["after"]);
    let old = root.join("old");
    std::fs::create_dir(&old).unwrap();
    for (name, key) in [("manifest.json", "manifest"), ("run_results.json", "run_results")] {
        std::fs::write(old.join(name), expected[key].to_string()).unwrap();
    }
    let previous = Previous {
        manifest: Some(PreviousManifest::read(&old).unwrap()),
        results: PreviousResults::find(&old).unwrap(),
        ..Previous::default()
    };
    let cases = expected["selected"].as_object().unwrap();
    assert!(cases.len() > 60);
    let (mut report, mut manifests) = (Vec::new(), BTreeMap::new());
    for (line, want) in cases {
        let (line, vars) =
            line.split_once(" --vars ").map_or((&**line, None), |(line, vars)| (line, Some(vars)));
        let manifest = manifests.entry(vars).or_insert_with(|| {
            let (parsed, found, _) = parse_project_with_vars(root, vars);
            parsed.unwrap_or_else(|| panic!("{found:?}")).manifest
        });
        let got = selected(line, root, (manifest, &previous));
        let want: BTreeSet<String> =
            want.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        let differs: Vec<&String> = want.symmetric_difference(&got).collect();
        if !differs.is_empty() {
            let kind = |id: &&String| if got.contains(*id) { "more" } else { "missing" };
            let differs: Vec<String> = differs.iter().map(|id| format!("{} {id}", kind(id))).collect();
            report.push(format!("{line} {}\n  {}", vars.unwrap_or_default(), differs.join("\n  ")));
        }
    }
    assert!(report.is_empty(), "{} of {}:\n{}", report.len(), cases.len(), report.join("\n"));
}
