//! Selection compared with dbt: `tests/fixtures/select/expected.json` holds what dbt 1.11 answered.

use std::collections::BTreeSet;

use camino::Utf8Path;
use serde_json::Value as Json;
use tidegate::diag::{Diagnostic, Sources};
use tidegate::plan::Command;
use tidegate::project::SelectorDefinition;
use tidegate::select::{
    Asked, Indirect, Origin, Scope, Selection, Selectors, Spec, Wanted, link, parse, select,
};
use tidegate::yaml::Yaml;

use crate::manifest_json::manifest;

const MANIFEST: &str = include_str!("../fixtures/select/manifest.json");
const SELECTORS: &str = include_str!("../fixtures/select/project/selectors.yml");

/// The flags of `ls` that matter here; each takes all words up to the next flag.
#[derive(Default)]
struct Flags {
    select: Option<String>,
    exclude: Option<String>,
    selector: Option<String>,
    indirect: Indirect,
    types: Vec<String>,
    excluded_types: Vec<String>,
}

fn flags(line: &str) -> Flags {
    let mut flags = Flags::default();
    let mut flag = "";
    for word in line.split_whitespace() {
        if word.starts_with('-') {
            flag = word;
            continue;
        }
        let word = word.trim_matches('"').to_owned();
        let add = |text: &mut Option<String>| {
            *text = Some(text.take().map_or(word.clone(), |before| format!("{before} {word}")));
        };
        match flag {
            "-s" | "--select" => add(&mut flags.select),
            "--exclude" => add(&mut flags.exclude),
            "--selector" => flags.selector = Some(word),
            "--indirect-selection" => flags.indirect = Indirect::parse(&word).unwrap(),
            "--resource-type" => flags.types.push(word),
            "--exclude-resource-type" => flags.excluded_types.push(word),
            other => panic!("no such flag: {other}"),
        }
    }
    flags
}

fn selectors(indirect: Indirect) -> Selectors {
    let (yaml, problems) = tidegate::yaml::parse_text(&Sources::new(), "selectors.yml", SELECTORS);
    assert!(problems.is_empty());
    let yaml = yaml.unwrap();
    let list = yaml.as_map().unwrap().get("selectors").unwrap().expect_seq("selectors").unwrap();
    let definition = |item: &Yaml| {
        let map = item.as_map().unwrap();
        SelectorDefinition {
            name: map.get("name").unwrap().as_str().unwrap().to_owned(),
            span: item.span,
            description: map.get("description").map(|text| text.as_str().unwrap().to_owned()),
            default: false,
            definition: map.get("definition").unwrap().clone(),
        }
    };
    let (selectors, problems) = Selectors::read(&list.iter().map(definition).collect::<Vec<_>>(), indirect);
    assert_eq!(problems, []);
    selectors
}

fn ask(line: &str) -> Result<Selection, Vec<Diagnostic>> {
    let flags = flags(line);
    let manifest = manifest(MANIFEST);
    let dag = link(&manifest)?;
    let types = Command::List.types(&flags.types, &flags.excluded_types).map_err(|error| vec![*error])?;
    let text = |text| (text, Origin::Place(None));
    let asked =
        Asked { select: flags.select.as_deref().map(text), exclude: flags.exclude.as_deref().map(text) };
    let spec: Spec = match &flags.selector {
        Some(name) => selectors(flags.indirect).get(name).map_err(|error| vec![*error])?.clone(),
        None => parse(&asked, flags.indirect)?,
    };
    let root = Utf8Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/select/project"));
    let exists = |path: &Utf8Path| root.join(path).exists();
    let scope = Scope { manifest: &manifest, dag: &dag, project: "shop", exists: &exists };
    select(&spec, scope, Wanted { types: &types, empty: true })
}

#[test]
fn every_expression_selects_what_dbt_selects() {
    let expected: Vec<Json> = serde_json::from_str(include_str!("../fixtures/select/expected.json")).unwrap();
    assert!(expected.len() > 190);
    let mut wrong = Vec::new();
    for case in &expected {
        let line = case["arguments"].as_str().unwrap();
        let answer = ask(line);
        if case.get("error").is_some() {
            if answer.is_ok() {
                wrong.push(format!("{line}\n  should be an error: {}", case["error"]));
            }
            continue;
        }
        let texts = |key: &str| -> Vec<String> {
            case[key].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(errors) => {
                wrong.push(format!("{line}\n  should be no error: {errors:?}"));
                continue;
            }
        };
        let want: BTreeSet<String> = texts("ids").into_iter().collect();
        let got: BTreeSet<String> = answer.ids.iter().map(ToString::to_string).collect();
        if want != got {
            let missing: Vec<&String> = want.difference(&got).collect();
            let extra: Vec<&String> = got.difference(&want).collect();
            wrong.push(format!("{line}\n  missing {missing:?}\n  extra {extra:?}"));
        }
        let unmatched: Vec<String> = answer.unmatched.iter().map(|found| found.criterion.clone()).collect();
        if unmatched != texts("unmatched") {
            wrong.push(format!("{line}\n  unmatched {unmatched:?}, dbt {:?}", texts("unmatched")));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), expected.len(), wrong.join("\n"));
}

#[test]
fn selectors_are_shown_in_the_manifest_as_dbt_shows_them() {
    let all: Json = serde_json::from_str(MANIFEST).unwrap();
    let ours = Json::Object(selectors(Indirect::Eager).to_json());
    for (name, want) in all["selectors"].as_object().unwrap() {
        assert_eq!(ours[name].to_string(), want.to_string(), "{name}");
    }
}
