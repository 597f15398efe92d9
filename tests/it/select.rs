//! Selection compared with dbt: `tests/fixtures/select/expected.json` holds what dbt 1.11 answered.

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::Utf8Path;
use serde_json::Value as Json;
use tidegate::diag::{Diagnostic, Sources, Span};
use tidegate::manifest::{DependsOn, Manifest, Node, RefCall, ResourceType, UniqueId};
use tidegate::plan::{Command, Gate, Request, plan};
use tidegate::project::SelectorDefinition;
use tidegate::select::{
    Asked, Indirect, Origin, Output, Scope, Selection, Selectors, Spec, Wanted, link, list, parse, select,
};
use tidegate::state::Rendering;
use tidegate::yaml::Yaml;

use crate::manifest_json::manifest;

const MANIFEST: &str = include_str!("../fixtures/select/manifest.json");
const SELECTORS: &str = include_str!("../fixtures/select/project/selectors.yml");

/// The flags of `ls` that matter here; each takes all words up to the next flag.
#[derive(Default)]
pub(crate) struct Flags {
    pub(crate) select: Option<String>,
    pub(crate) exclude: Option<String>,
    pub(crate) selector: Option<String>,
    pub(crate) indirect: Indirect,
    pub(crate) types: Vec<String>,
    pub(crate) excluded_types: Vec<String>,
}

pub(crate) fn flags(line: &str) -> Flags {
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
    let scope = Scope {
        manifest: &manifest,
        dag: &dag,
        project: "shop",
        exists: &exists,
        previous: None,
        rendering: Rendering::Either,
        lineage: None,
    };
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

#[test]
fn lists_are_those_of_dbt_byte_for_byte() {
    let manifest = manifest(MANIFEST);
    let cases: Vec<Json> = serde_json::from_str(include_str!("../fixtures/select/lists.json")).unwrap();
    assert_eq!(cases.len(), 5);
    let ids = ask("--resource-type all").unwrap().ids;
    for case in &cases {
        let arguments = case["arguments"].as_str().unwrap();
        let (_, output) = arguments.split_once(" --output ").unwrap_or(("", "selector"));
        let (output, keys) = output.split_once(" --output-keys ").unwrap_or((output, ""));
        let output = match output {
            "selector" => Output::Selector,
            "name" => Output::Name,
            "path" => Output::Path,
            "json" => Output::Json(keys.split_whitespace().map(str::to_owned).collect()),
            other => panic!("no such output: {other}"),
        };
        let ours = list(&manifest, &ids, &output);
        let want: Vec<&str> =
            case["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        assert_eq!(ours.len(), want.len());
        for (ours, want) in ours.iter().zip(want) {
            assert_eq!(ours, want, "{arguments}");
        }
    }
}

/// Makes a model that refs others by the given calls, each at a place of the source `models`.
fn model(item: &Node, name: &str, calls: &[(&str, Option<Span>)]) -> Node {
    let id = |name: &str| UniqueId::new(ResourceType::Model, "shop", name);
    let call = |(name, span): &(&str, Option<Span>)| RefCall {
        name: (*name).to_owned(),
        package: None,
        version: None,
        span: *span,
    };
    Node {
        unique_id: id(name),
        name: name.to_owned(),
        refs: calls.iter().map(call).collect(),
        depends_on: DependsOn { macros: vec![], nodes: calls.iter().map(|(name, _)| id(name)).collect() },
        ..item.clone()
    }
}

#[test]
fn a_cycle_is_told_as_a_path_with_every_ref() {
    let sources = Sources::new();
    let text = "select * from {{ ref('b') }} join {{ ref('c') }}";
    let file = sources.add("models", text);
    let place = |ref_text: &str| {
        let start = text.find(ref_text).unwrap();
        Some(Span::new(file, start, start + ref_text.len()))
    };
    let all = manifest(MANIFEST);
    let template = all.nodes["model.shop.revenue"].clone();
    let mut cyclic = Manifest::default();
    for node in [
        model(&template, "a", &[("b", place("ref('b')"))]),
        model(&template, "b", &[("c", place("ref('c')")), ("d", None)]),
        model(&template, "c", &[("a", None)]),
        model(&template, "d", &[]),
        model(&template, "me", &[("me", place("ref('b')"))]),
    ] {
        cyclic.nodes.insert(node.unique_id.clone(), Arc::new(node));
    }
    let errors = link(&cyclic).unwrap_err();
    let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    assert_eq!(messages, ["Found a cycle: a --> b --> c --> a", "Found a cycle: me --> me"]);
    let first = &errors[0];
    assert_eq!(
        (sources.excerpt(first.span.unwrap()), &*first.note_at_span),
        ("ref('b')".to_owned(), "`a` needs `b`")
    );
    let labels: Vec<&str> = first.labels.iter().map(|label| label.text.as_str()).collect();
    assert_eq!(labels, ["`b` needs `c`", "`c` needs `a`"]);
    assert_eq!(sources.excerpt(first.labels[0].span), "ref('c')");
}

#[test]
fn fifty_thousand_models_are_selected_from_and_planned() {
    let all = manifest(MANIFEST);
    let template = all.nodes["model.shop.revenue"].clone();
    let mut large = Manifest::default();
    for n in 0..50_000_usize {
        let parents: Vec<String> =
            [1, 7, 900].iter().filter(|back| n >= **back).map(|back| format!("m{}", n - back)).collect();
        let calls: Vec<(&str, Option<Span>)> = parents.iter().map(|name| (name.as_str(), None)).collect();
        let mut node = model(&template, &format!("m{n}"), &calls);
        node.fqn = vec!["shop".to_owned(), format!("part{}", n % 10), node.name.clone()];
        large.nodes.insert(node.unique_id.clone(), Arc::new(node));
    }
    let dag = link(&large).unwrap();
    let text = ("+m40000,part3 tag:night* 2+m49999+", Origin::Place(None));
    let spec = parse(&Asked { select: Some(text), exclude: Some(text) }, Indirect::Buildable).unwrap();
    let scope = Scope {
        manifest: &large,
        dag: &dag,
        project: "shop",
        exists: &|_| true,
        previous: None,
        rendering: Rendering::Either,
        lineage: None,
    };
    let types = Command::Run.types(&[], &[]).unwrap();
    let found = select(&spec, scope, Wanted { types: &types, empty: false }).unwrap();
    assert!(found.ids.is_empty());
    let everything = parse(&Asked { select: None, exclude: None }, Indirect::Eager).unwrap();
    let found = select(&everything, scope, Wanted { types: &types, empty: false }).unwrap();
    let request = Request {
        command: Command::Build,
        selected: &found.ids,
        project: "shop",
        store_failures: false,
        gate: Gate::Configured,
        resumed: None,
        records_ephemeral: false,
    };
    assert_eq!(plan(&large, &dag, request).unwrap().steps.len(), 50_000);
}
