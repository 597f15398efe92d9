//! Artifacts compared with dbt's own: keys, their order, formats.

use std::sync::atomic::AtomicBool;

use camino::Utf8Path;
use serde_json::{Value as Json, json};
use tidegate::artifacts::{
    Invocation, ManifestFacts, ManifestFile, Phase, RunResult, RunResults, Status, Timing, compiled_path,
    run_path, summarize, write_graph_summary,
};
use tidegate::hash::IndexMap;
use tidegate::manifest::{Compiled, CompiledNodes, InjectedCte, JsonMap, Manifest, UniqueId};
use tidegate::select::link;

use crate::manifest_json::manifest;

const MANIFEST: &str = include_str!("../fixtures/select/manifest.json");

fn invocation() -> Invocation {
    Invocation {
        id: "00000000-0000-4000-8000-000000000000".to_owned(),
        started_at: "2026-01-02T03:04:05.006Z".parse().unwrap(),
        dbt_version: "1.11.16".to_owned(),
        env: IndexMap::from_iter([("JOB".to_owned(), "7".to_owned())]),
    }
}

fn facts() -> ManifestFacts {
    let dbts: Json = serde_json::from_str(MANIFEST).unwrap();
    ManifestFacts {
        selectors: dbts["selectors"].as_object().cloned().unwrap_or_default(),
        project_name: "shop".to_owned(),
        send_anonymous_usage_stats: false,
        adapter_type: "duckdb".to_owned(),
        quoting: json!({"database": true, "schema": true, "identifier": true, "column": null})
            .as_object()
            .unwrap()
            .clone(),
        run_started_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        generated_at: "2026-01-02T03:04:06.000007Z".parse().unwrap(),
    }
}

fn written(manifest: &Manifest, compiled: &CompiledNodes) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("target/manifest.json");
    let (invocation, facts) = (invocation(), facts());
    let file = ManifestFile { manifest, compiled, invocation: &invocation, facts: &facts };
    assert!(file.write(&path, &AtomicBool::new(false)).unwrap());
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_manifest_has_dbts_keys_in_dbts_order() {
    let dbts: JsonMap = serde_json::from_str(MANIFEST).unwrap();
    let ours: JsonMap =
        serde_json::from_str(&written(&manifest(MANIFEST), &CompiledNodes::default())).unwrap();
    assert_eq!(ours.keys().collect::<Vec<_>>(), dbts.keys().collect::<Vec<_>>());
    for (part, want) in &dbts {
        if part == "metadata" {
            continue;
        }
        let items = |value: &Json| value.as_object().cloned().unwrap_or_default();
        let (ours, want) = (items(&ours[part]), items(want));
        assert_eq!(ours.keys().collect::<Vec<_>>(), want.keys().collect::<Vec<_>>(), "{part}");
        for (key, want) in want {
            // Text, since maps compare without their order.
            assert_eq!(ours[&key].to_string(), want.to_string(), "{part}.{key}");
        }
    }
}

#[test]
fn the_manifests_metadata_is_dbts() {
    let text = written(&manifest(MANIFEST), &CompiledNodes::default());
    let start = text.find("\"nodes\"").unwrap();
    insta::assert_snapshot!(&text[..start]);
}

#[test]
fn a_compiled_node_shows_what_compiling_added() {
    let manifest = manifest(MANIFEST);
    let compiled = CompiledNodes::default();
    let id = UniqueId::from_artifact("model.shop.fct_orders");
    let node = &manifest.nodes[&id];
    let target = Utf8Path::new("target");
    let cte = InjectedCte {
        id: UniqueId::from_artifact("model.shop.int_recent"),
        sql: Some(" x as (select 1)".to_owned()),
    };
    compiled.insert(
        id.clone(),
        Compiled {
            code: "select 'é'".into(),
            extra_ctes: vec![cte],
            injected: true,
            path: Some(compiled_path(target, &**node).into()),
            build_path: Some(run_path(target, &**node).into()),
            macros: vec![UniqueId::from_artifact("macro.shop.only_when_run")],
            constrained: None,
            relation_name: None,
            ran_as_hook: false,
        },
    );
    let text = written(&manifest, &compiled);
    assert!(text.is_ascii());
    let json: Json = serde_json::from_str(&text).unwrap();
    let node = json["nodes"][id.as_str()].as_object().unwrap();
    let chosen =
        ["build_path", "compiled_path", "compiled", "compiled_code", "extra_ctes_injected", "extra_ctes"];
    let shown: JsonMap = node
        .iter()
        .filter(|(key, _)| chosen.contains(&key.as_str()))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    insta::assert_snapshot!(Json::Object(shown));
}

#[test]
fn sql_lies_where_dbt_puts_it() {
    let manifest = manifest(MANIFEST);
    let paths = |id: &str| {
        let node = manifest.nodes.iter().find(|(found, _)| found.as_str().starts_with(id)).unwrap().1;
        compiled_path(Utf8Path::new("target"), &**node).to_string()
    };
    assert_eq!(paths("model.shop.stg_orders"), "target/compiled/shop/models/staging/crm/stg_orders.sql");
    assert_eq!(paths("model.tools.days"), "target/compiled/tools/models/days.sql");
    assert_eq!(
        paths("test.shop.not_null_fct_orders_id"),
        "target/compiled/shop/models/marts/_marts.yml/not_null_fct_orders_id.sql"
    );
    assert_eq!(paths("test.shop.orders_are_real"), "target/compiled/shop/tests/orders_are_real.sql");
    assert_eq!(paths("analysis.shop.look"), "target/compiled/shop/analyses/look.sql");
    assert_eq!(
        paths("operation.shop"),
        "target/compiled/shop/./dbt_project.yml/hooks/shop-on-run-start-0.sql"
    );
    let test = &**manifest.unit_tests.values().next().unwrap();
    assert_eq!(
        run_path(Utf8Path::new("target"), test),
        "target/run/shop/models/marts/_marts.yml/models/marts/orders_are_summed.sql"
    );
}

#[test]
fn run_results_are_dbts() {
    let manifest = manifest(MANIFEST);
    let node = |id: &str| &*manifest.nodes[id];
    let model = node("model.shop.stg_orders");
    let time = |text: &str| text.parse().unwrap();
    let built = RunResult {
        timing: vec![Timing {
            name: Phase::Compile,
            started_at: time("2026-01-02T03:04:05Z"),
            completed_at: time("2026-01-02T03:04:05.5Z"),
        }],
        thread_id: "Thread-1 (worker)".to_owned(),
        execution_time: 0.5,
        adapter_response: JsonMap::from_iter([("_message".to_owned(), json!("OK"))]),
        ..RunResult::new(model.unique_id.clone(), Status::Success).with_message("OK")
    };
    let compiled = Compiled {
        code: "select 1".into(),
        extra_ctes: vec![],
        injected: true,
        path: None,
        build_path: None,
        macros: vec![],
        constrained: None,
        relation_name: None,
        ran_as_hook: false,
    };
    let mut skipped = RunResult::new(node("model.shop.fct_orders").unique_id.clone(), Status::Skipped)
        .with_node(node("model.shop.fct_orders"), None);
    let mut seed = RunResult::new(node("seed.shop.countries").unique_id.clone(), Status::Success)
        .with_node(node("seed.shop.countries"), None);
    (skipped.thread_id, seed.thread_id) = ("Thread-2 (worker)".to_owned(), "Thread-1 (worker)".to_owned());
    let results = [built.with_node(model, Some(&compiled)), skipped, seed];
    let args = JsonMap::from_iter([("which".to_owned(), json!("build"))]);
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("run_results.json");
    let invocation = invocation();
    let file = RunResults {
        invocation: &invocation,
        generated_at: time("2026-01-02T03:04:06Z"),
        results: &results,
        elapsed_time: 1.25,
        args: &args,
    };
    file.write(&path).unwrap();
    insta::assert_snapshot!(std::fs::read_to_string(path).unwrap());
}

#[test]
fn the_graph_summary_names_successors_by_place() {
    let manifest = manifest(MANIFEST);
    let dag = link(&manifest).unwrap();
    let summary = summarize(&manifest, &dag);
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("graph_summary.json");
    write_graph_summary(&path, &invocation(), &summary, None).unwrap();
    let json: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let linked = json["linked"].as_object().unwrap();
    assert_eq!(linked.len(), dag.len());
    let (_, orders) = linked.iter().find(|(_, entry)| entry["name"] == "source.shop.crm.orders").unwrap();
    let place = orders["succ"][0].to_string();
    assert_eq!(
        linked[&place],
        json!({"name": "model.shop.stg_orders", "type": "model", "succ": linked[&place]["succ"]})
    );
}
