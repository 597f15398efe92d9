//! Selection in a project of 300 nodes, read from its files: `tests/fixtures/select_large/expected.json` holds what
//! dbt 1.11 selects by over 300 expressions.

use std::collections::BTreeSet;

use camino::Utf8Path;
use serde_json::Value as Json;
use tidegate::project::{self, Env, Options};
use tidegate::select::{Asked, Origin, Scope, Selectors, Wanted, link, parse, select};
use tidegate::state::Rendering;

use crate::parse::parse_project;
use crate::select::flags;

const FILES: &str = include_str!("../fixtures/select_large/project.txt");
const EXPECTED: &str = include_str!("../fixtures/select_large/expected.json");

/// Writes the files of the project.
fn unpack(root: &Utf8Path) {
    for part in FILES.split("=== ").skip(1) {
        let (path, text) = part.split_once('\n').unwrap();
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

#[test]
fn every_expression_selects_in_a_large_project_what_dbt_selects() {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    unpack(root);
    let (parsed, found, sources) = parse_project(root);
    assert!(found.is_empty(), "{found:?}");
    let manifest = parsed.unwrap().manifest;
    let mut options = Options::new(root, Env::default());
    options.profiles_dir = Some(root.to_owned());
    let workspace = project::load(&sources, &options).0.unwrap();
    let dag = link(&manifest).unwrap();
    let exists = |path: &Utf8Path| root.join(path).exists();
    let scope = Scope {
        manifest: &manifest,
        dag: &dag,
        project: "shop",
        exists: &exists,
        previous: None,
        rendering: Rendering::Either,
        lineage: None,
    };
    let expected: Json = serde_json::from_str(EXPECTED).unwrap();
    let ids: Vec<&str> = expected["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    let cases = expected["selected"].as_object().unwrap();
    assert!(ids.len() >= 300 && cases.len() >= 340);
    let mut wrong = Vec::new();
    for (line, places) in cases {
        let flags = flags(line);
        let types = tidegate::plan::Command::List.types(&flags.types, &flags.excluded_types).unwrap();
        let text = |text| (text, Origin::Place(None));
        let (selectors, problems) = Selectors::read(&workspace.selectors, flags.indirect);
        assert_eq!(problems, []);
        let asked =
            Asked { select: flags.select.as_deref().map(text), exclude: flags.exclude.as_deref().map(text) };
        let spec = match &flags.selector {
            Some(name) => selectors.get(name).unwrap().clone(),
            None => parse(&asked, flags.indirect).unwrap(),
        };
        let answer = select(&spec, scope, Wanted { types: &types, empty: true }).unwrap();
        let got: BTreeSet<&str> = answer.ids.iter().map(tidegate::manifest::UniqueId::as_str).collect();
        let place = |place: &Json| ids[usize::try_from(place.as_u64().unwrap()).unwrap()];
        let want: BTreeSet<&str> = places.as_array().unwrap().iter().map(place).collect();
        if got != want {
            let missing: Vec<_> = want.difference(&got).collect();
            let extra: Vec<_> = got.difference(&want).collect();
            wrong.push(format!("{line}\n  missing {missing:?}\n  extra {extra:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
