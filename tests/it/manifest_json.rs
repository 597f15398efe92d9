//! A manifest from the reduced JSON that `tests/fixtures/select/make.py` writes.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use tidegate::diag::{FileId, Sources, Span};
use tidegate::manifest::{
    Checksum, Config, Contract, DependsOn, Exposure, GenericTest, JsonMap, Language, Manifest, Node,
    NodeKind, RefCall, SourceTable, TestMetadata, UniqueId, UnitTest,
};

/// Reads all resources; their places are empty.
pub(crate) fn manifest(json: &str) -> Manifest {
    let json: Json = serde_json::from_str(json).unwrap();
    let file = Sources::new().add("manifest.json", "");
    let span = Span::new(file, 0, 0);
    let mut manifest = Manifest::default();
    for item in json["nodes"].as_array().into_iter().flatten() {
        let node = node(item, (file, span));
        manifest.nodes.insert(node.unique_id.clone(), Arc::new(node));
    }
    for item in json["sources"].as_array().into_iter().flatten() {
        let table = source(item, (file, span));
        manifest.sources.insert(table.unique_id.clone(), Arc::new(table));
    }
    for item in json["exposures"].as_array().into_iter().flatten() {
        let exposure = exposure(item, (file, span));
        manifest.exposures.insert(exposure.unique_id.clone(), Arc::new(exposure));
    }
    for item in json["unit_tests"].as_array().into_iter().flatten() {
        let test = unit_test(item, (file, span));
        manifest.unit_tests.insert(test.unique_id.clone(), Arc::new(test));
    }
    manifest
}

fn text(item: &Json, key: &str) -> String {
    item[key].as_str().unwrap_or_default().to_owned()
}

fn texts(item: &Json) -> Vec<String> {
    item.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn map(item: &Json) -> JsonMap {
    item.as_object().cloned().unwrap_or_default()
}

fn id(item: &Json) -> UniqueId {
    UniqueId::from_artifact(item["unique_id"].as_str().unwrap())
}

fn depends_on(item: &Json) -> DependsOn {
    let ids =
        |key: &str| texts(&item["depends_on"][key]).iter().map(|id| UniqueId::from_artifact(id)).collect();
    DependsOn { macros: ids("macros"), nodes: ids("nodes") }
}

fn set(item: &Json, key: &str) -> Option<Json> {
    Some(item[key].clone()).filter(|value| !value.is_null())
}

fn kind(item: &Json) -> NodeKind {
    match item["resource_type"].as_str().unwrap() {
        "model" => NodeKind::Model {
            access: text(item, "access"),
            constraints: Vec::new(),
            version: set(item, "version"),
            latest_version: set(item, "latest_version"),
            deprecation_date: None,
            primary_key: Vec::new(),
            time_spine: None,
        },
        "seed" => NodeKind::Seed { root_path: String::new() },
        "snapshot" => NodeKind::Snapshot,
        "analysis" => NodeKind::Analysis,
        "operation" => {
            NodeKind::Operation { index: usize::try_from(item["index"].as_u64().unwrap()).unwrap() }
        }
        "test" => match item.get("test_metadata") {
            None => NodeKind::SingularTest,
            Some(metadata) => NodeKind::GenericTest(Box::new(GenericTest {
                column_name: None,
                file_key_name: String::new(),
                attached_node: None,
                metadata: TestMetadata {
                    name: text(metadata, "name"),
                    kwargs: JsonMap::new(),
                    namespace: metadata["namespace"].as_str().map(str::to_owned),
                },
            })),
        },
        other => panic!("no such kind of node: {other}"),
    }
}

/// Makes a node. Each dependency gets a `ref()` of that name without a place.
pub(crate) fn node(item: &Json, (file, span): (FileId, Span)) -> Node {
    let refs = depends_on(item).nodes.into_iter().map(|id| RefCall {
        name: id.as_str().rsplit('.').next().unwrap_or_default().to_owned(),
        package: None,
        version: None,
        span: None,
    });
    Node {
        unique_id: id(item),
        kind: kind(item),
        name: text(item, "name"),
        package_name: text(item, "package_name").into(),
        path: text(item, "path"),
        original_file_path: text(item, "original_file_path"),
        fqn: texts(&item["fqn"]),
        database: text(item, "database"),
        schema: text(item, "schema"),
        alias: text(item, "alias"),
        checksum: Checksum::default(),
        config: Config::new(map(&item["config"])),
        unrendered_config: JsonMap::new(),
        tags: texts(&item["tags"]),
        description: String::new(),
        columns: tidegate::manifest::Columns::default(),
        meta: JsonMap::new(),
        group: item["group"].as_str().map(str::to_owned),
        docs: json!({}),
        patch_path: item["patch_path"].as_str().map(str::to_owned),
        created_at: 0.0,
        relation_name: None,
        raw_code: text(item, "raw_code").into(),
        doc_blocks: Vec::new(),
        language: Language::Sql,
        refs: refs.collect(),
        sources: Vec::new(),
        metrics: Vec::new(),
        functions: Vec::new(),
        depends_on: depends_on(item),
        contract: Contract::default(),
        file,
        span,
    }
}

fn source(item: &Json, (file, span): (FileId, Span)) -> SourceTable {
    SourceTable {
        unique_id: id(item),
        source_name: text(item, "source_name"),
        name: text(item, "name"),
        package_name: text(item, "package_name").into(),
        path: text(item, "original_file_path"),
        fqn: texts(&item["fqn"]),
        database: text(item, "database"),
        schema: text(item, "schema"),
        identifier: text(item, "identifier"),
        source_description: String::new(),
        loader: String::new(),
        quoting: JsonMap::new(),
        loaded_at_field: None,
        loaded_at_query: None,
        freshness: None,
        external: None,
        description: String::new(),
        columns: tidegate::manifest::Columns::default(),
        meta: JsonMap::new(),
        source_meta: JsonMap::new(),
        tags: texts(&item["tags"]),
        config: Config::new(map(&item["config"])),
        unrendered_config: JsonMap::new(),
        patch_path: item["patch_path"].as_str().map(str::to_owned),
        relation_name: String::new(),
        created_at: 0.0,
        unrendered_database: None,
        unrendered_schema: None,
        doc_blocks: Vec::new(),
        file,
        span,
    }
}

fn exposure(item: &Json, (file, span): (FileId, Span)) -> Exposure {
    Exposure {
        unique_id: id(item),
        name: text(item, "name"),
        package_name: text(item, "package_name").into(),
        path: text(item, "path"),
        original_file_path: text(item, "original_file_path"),
        fqn: texts(&item["fqn"]),
        exposure_type: text(item, "type"),
        owner: json!({}),
        description: String::new(),
        label: None,
        maturity: None,
        meta: JsonMap::new(),
        tags: texts(&item["tags"]),
        config: Config::new(map(&item["config"])),
        unrendered_config: JsonMap::new(),
        url: None,
        depends_on: depends_on(item),
        refs: Vec::new(),
        sources: Vec::new(),
        metrics: Vec::new(),
        created_at: 0.0,
        file,
        span,
    }
}

fn unit_test(item: &Json, (file, span): (FileId, Span)) -> UnitTest {
    UnitTest {
        unique_id: id(item),
        name: text(item, "name"),
        model: text(item, "model"),
        given: Vec::new(),
        expect: json!({}),
        overrides: None,
        package_name: text(item, "package_name").into(),
        path: text(item, "path"),
        original_file_path: text(item, "original_file_path"),
        fqn: texts(&item["fqn"]),
        description: String::new(),
        depends_on: depends_on(item),
        config: Config::new(map(&item["config"])),
        checksum: String::new(),
        schema: None,
        created_at: 0.0,
        versions: None,
        version: set(item, "version"),
        file,
        span,
    }
}
