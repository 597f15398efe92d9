//! A manifest read back from dbt's `manifest.json`, for tests of what comes after parsing.

use std::sync::Arc;

use serde_json::Value as Json;
use tidegate::diag::{FileId, Sources, Span};
use tidegate::manifest::{
    Checksum, ColumnProperties, Columns, Config, ConfigPlaces, Contract, DependsOn, Exposure, FunctionCall,
    GenericTest, Group, JsonMap, Language, Manifest, Node, NodeKind, RefCall, ResourceType, SourceCall,
    SourceTable, TestMetadata, UniqueId, UnitTest,
};

/// The place of everything.
type Place = (FileId, Span);

/// Reads all resources but macros and docs blocks. Places are empty.
pub(crate) fn manifest(json: &str) -> Manifest {
    let json: Json = serde_json::from_str(json).unwrap();
    let file = Sources::new().add("manifest.json", "");
    let place = (file, Span::new(file, 0, 0));
    let items =
        |key: &str| json[key].as_object().cloned().unwrap_or_default().into_iter().map(|(_, item)| item);
    let mut manifest = Manifest::default();
    for node in items("nodes").map(|item| node(&item, place)) {
        manifest.nodes.insert(node.unique_id.clone(), Arc::new(node));
    }
    for table in items("sources").map(|item| source(&item, place)) {
        manifest.sources.insert(table.unique_id.clone(), Arc::new(table));
    }
    for exposure in items("exposures").map(|item| exposure(&item, place)) {
        manifest.exposures.insert(exposure.unique_id.clone(), Arc::new(exposure));
    }
    for found in items("unit_tests").map(|item| unit_test(&item, place)) {
        manifest.unit_tests.insert(found.unique_id.clone(), Arc::new(found));
    }
    for found in items("groups").map(|item| group(&item, place)) {
        manifest.groups.insert(found.unique_id.clone(), Arc::new(found));
    }
    manifest
}

fn text(item: &Json, key: &str) -> String {
    item[key].as_str().unwrap_or_default().to_owned()
}

fn maybe(item: &Json, key: &str) -> Option<String> {
    item[key].as_str().map(str::to_owned)
}

fn set(item: &Json, key: &str) -> Option<Json> {
    Some(item[key].clone()).filter(|value| !value.is_null())
}

fn list<T>(item: &Json, make: impl Fn(&Json) -> T) -> Vec<T> {
    item.as_array().into_iter().flatten().map(make).collect()
}

fn texts(item: &Json) -> Vec<String> {
    list(item, |text| text.as_str().unwrap().to_owned())
}

fn ids(item: &Json) -> Vec<UniqueId> {
    list(item, |id| UniqueId::from_artifact(id.as_str().unwrap()))
}

fn map(item: &Json) -> JsonMap {
    item.as_object().cloned().unwrap_or_default()
}

fn id(item: &Json) -> UniqueId {
    UniqueId::from_artifact(item["unique_id"].as_str().unwrap())
}

fn depends_on(item: &Json) -> DependsOn {
    DependsOn { macros: ids(&item["depends_on"]["macros"]), nodes: ids(&item["depends_on"]["nodes"]) }
}

fn refs(item: &Json) -> Vec<RefCall> {
    list(&item["refs"], |call| RefCall {
        name: text(call, "name"),
        package: maybe(call, "package"),
        version: set(call, "version"),
        span: None,
    })
}

fn source_calls(item: &Json) -> Vec<SourceCall> {
    list(&item["sources"], |call| {
        let [source, table] = texts(call).try_into().unwrap();
        SourceCall { source, table, span: None }
    })
}

fn columns(item: &Json) -> Columns {
    let column = |(name, column): (String, Json)| {
        let properties = ColumnProperties {
            name: text(&column, "name").into(),
            description: text(&column, "description").into(),
            meta: map(&column["meta"]),
            data_type: maybe(&column, "data_type"),
            constraints: list(&column["constraints"], Clone::clone),
            quote: column["quote"].as_bool(),
            tags: texts(&column["tags"]),
            granularity: maybe(&column, "granularity"),
            doc_blocks: ids(&column["doc_blocks"]),
            extra: JsonMap::new(),
        };
        (name.into(), Arc::new(properties))
    };
    map(&item["columns"]).into_iter().map(column).collect()
}

fn kind(item: &Json) -> NodeKind {
    match item["resource_type"].as_str().unwrap() {
        "model" => NodeKind::Model {
            access: text(item, "access"),
            constraints: list(&item["constraints"], Clone::clone),
            version: set(item, "version"),
            latest_version: set(item, "latest_version"),
            deprecation_date: maybe(item, "deprecation_date"),
            primary_key: texts(&item["primary_key"]),
            time_spine: set(item, "time_spine"),
        },
        "seed" => NodeKind::Seed { root_path: text(item, "root_path") },
        "snapshot" => NodeKind::Snapshot,
        "analysis" => NodeKind::Analysis,
        "operation" => {
            NodeKind::Operation { index: usize::try_from(item["index"].as_u64().unwrap()).unwrap() }
        }
        "test" => match item.get("test_metadata") {
            None => NodeKind::SingularTest,
            Some(metadata) => NodeKind::GenericTest(Box::new(GenericTest {
                column_name: maybe(item, "column_name"),
                file_key_name: text(item, "file_key_name"),
                attached_node: maybe(item, "attached_node").map(|id| UniqueId::from_artifact(&id)),
                metadata: TestMetadata {
                    name: text(metadata, "name"),
                    kwargs: map(&metadata["kwargs"]),
                    namespace: maybe(metadata, "namespace"),
                },
            })),
        },
        other => panic!("no such kind of node: {other}"),
    }
}

fn node(item: &Json, (file, span): Place) -> Node {
    let contract = &item["contract"];
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
        checksum: Checksum {
            name: text(&item["checksum"], "name"),
            checksum: text(&item["checksum"], "checksum"),
        },
        config: Config::new(map(&item["config"])),
        unrendered_config: Arc::new(map(&item["unrendered_config"])),
        tags: texts(&item["tags"]),
        description: text(item, "description"),
        columns: columns(item),
        group: maybe(item, "group"),
        patch_path: maybe(item, "patch_path"),
        created_at: item["created_at"].as_f64().unwrap(),
        relation_name: maybe(item, "relation_name"),
        raw_code: text(item, "raw_code").into(),
        doc_blocks: ids(&item["doc_blocks"]),
        language: Language::Sql,
        refs: refs(item),
        sources: source_calls(item),
        metrics: list(&item["metrics"], texts),
        functions: list(&item["functions"], function_call),
        depends_on: depends_on(item),
        contract: match contract {
            Json::Null => Contract::default(),
            _ => Contract {
                enforced: contract["enforced"].as_bool().unwrap(),
                alias_types: contract["alias_types"].as_bool().unwrap(),
                checksum: maybe(contract, "checksum"),
            },
        },
        config_places: ConfigPlaces::default(),
        file,
        span,
    }
}

fn function_call(item: &Json) -> FunctionCall {
    let mut names = texts(item);
    let name = names.pop().unwrap();
    FunctionCall { package: names.pop(), name, span: None }
}

fn source(item: &Json, (file, span): Place) -> SourceTable {
    SourceTable {
        unique_id: id(item),
        source_name: text(item, "source_name"),
        name: text(item, "name"),
        package_name: text(item, "package_name").into(),
        path: text(item, "path"),
        fqn: texts(&item["fqn"]),
        database: text(item, "database"),
        schema: text(item, "schema"),
        identifier: text(item, "identifier"),
        source_description: text(item, "source_description"),
        loader: text(item, "loader"),
        quoting: map(&item["quoting"]),
        loaded_at_field: maybe(item, "loaded_at_field"),
        loaded_at_query: maybe(item, "loaded_at_query"),
        freshness: set(item, "freshness"),
        external: set(item, "external"),
        description: text(item, "description"),
        columns: columns(item),
        meta: map(&item["meta"]),
        source_meta: map(&item["source_meta"]),
        tags: texts(&item["tags"]),
        config: Config::new(map(&item["config"])),
        unrendered_config: map(&item["unrendered_config"]),
        patch_path: maybe(item, "patch_path"),
        relation_name: text(item, "relation_name"),
        created_at: item["created_at"].as_f64().unwrap(),
        unrendered_database: maybe(item, "unrendered_database"),
        unrendered_schema: maybe(item, "unrendered_schema"),
        doc_blocks: ids(&item["doc_blocks"]),
        file,
        span,
    }
}

fn exposure(item: &Json, (file, span): Place) -> Exposure {
    Exposure {
        unique_id: id(item),
        name: text(item, "name"),
        package_name: text(item, "package_name").into(),
        path: text(item, "path"),
        original_file_path: text(item, "original_file_path"),
        fqn: texts(&item["fqn"]),
        exposure_type: text(item, "type"),
        owner: item["owner"].clone(),
        description: text(item, "description"),
        label: maybe(item, "label"),
        maturity: maybe(item, "maturity"),
        meta: map(&item["meta"]),
        tags: texts(&item["tags"]),
        config: Config::new(map(&item["config"])),
        unrendered_config: map(&item["unrendered_config"]),
        url: maybe(item, "url"),
        depends_on: depends_on(item),
        refs: refs(item),
        sources: source_calls(item),
        metrics: list(&item["metrics"], texts),
        created_at: item["created_at"].as_f64().unwrap(),
        file,
        span,
    }
}

fn unit_test(item: &Json, (file, span): Place) -> UnitTest {
    UnitTest {
        unique_id: id(item),
        name: text(item, "name"),
        model: text(item, "model"),
        given: list(&item["given"], Clone::clone),
        expect: item["expect"].clone(),
        overrides: set(item, "overrides"),
        package_name: text(item, "package_name").into(),
        path: text(item, "path"),
        original_file_path: text(item, "original_file_path"),
        fqn: texts(&item["fqn"]),
        description: text(item, "description"),
        depends_on: depends_on(item),
        config: Config::new(map(&item["config"])),
        checksum: text(item, "checksum"),
        schema: maybe(item, "schema"),
        created_at: item["created_at"].as_f64().unwrap(),
        versions: set(item, "versions"),
        version: set(item, "version"),
        file,
        span,
    }
}

fn group(item: &Json, (_, span): Place) -> Group {
    Group {
        name: text(item, "name"),
        resource_type: ResourceType::Group,
        package_name: text(item, "package_name").into(),
        path: text(item, "path"),
        original_file_path: text(item, "original_file_path"),
        unique_id: id(item),
        owner: item["owner"].clone(),
        description: maybe(item, "description"),
        config: item["config"].clone(),
        span,
    }
}
