//! `sources:` of property files → source tables (`resources.md` section 8). Each table inherits from its
//! source; where both say something, this file decides. Called by `mod`.

use std::sync::Arc;

use camino::Utf8Path;

use crate::diag::{Code, Diagnostic};
use crate::manifest::{Config, Json, JsonMap, ResourceType, SourceTable, UniqueId, has_threshold};
use crate::yaml::{Map, Yaml};

use super::columns::{self, Column, Reader};
use super::config::{self, Layer, Layers};
use super::config_check::wrong;
use super::discover::fqn_prefix;
use super::freshness;
use super::properties::{PropertyFile, RawEntry, config_layer};
use super::trees::Trees;

/// A table with what its tests need.
pub(super) struct ParsedSource {
    pub(super) table: SourceTable,
    pub(super) columns: Vec<Column>,
    pub(super) tests: Vec<Yaml>,
    /// Tags of source and table for the tests; those of `config` do not count.
    pub(super) test_tags: Vec<String>,
    /// `quoting.column`: whether column names are quoted in tests.
    pub(super) quote_columns: bool,
}

/// What reading sources needs.
pub(super) struct Context<'a> {
    pub(super) trees: &'a Trees<'a>,
    pub(super) default_database: &'a str,
    /// Writes the relation of a table.
    pub(super) relation_name: &'a (dyn Fn(&SourceTable) -> Result<String, Box<Diagnostic>> + Sync),
    pub(super) created_at: f64,
}

/// Reads an entry of `sources:` that defines a source: its tables.
pub(super) fn read(
    entry: &RawEntry,
    context: &Context<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<ParsedSource> {
    let Some(given) = entry.rendered.as_map() else { return Vec::new() };
    let Some(source) = read_level(given, entry.rendered.span, "source", problems) else { return Vec::new() };
    let tables = Reader { given, span: entry.rendered.span, problems }.list("tables");
    let own = SourceLevel { level: source, given, written: entry.written(), file: &entry.file };
    tables.iter().filter_map(|table| read_table(&own, table, context, problems)).collect()
}

/// What a source and a table can both say.
struct Level {
    name: String,
    description: String,
    meta: JsonMap,
    tags: Vec<String>,
    config: Layer,
    quoting: [Json; 4],
    freshness: freshness::Level,
    config_freshness: freshness::Level,
    loaded_at_field: Option<String>,
    loaded_at_query: Option<String>,
    /// The key `loaded_at_field` is there, if only to switch it off.
    mentions_field: bool,
}

struct SourceLevel<'a> {
    level: Level,
    given: &'a Map,
    written: &'a Yaml,
    file: &'a Arc<PropertyFile>,
}

const QUOTING: [&str; 4] = ["database", "schema", "identifier", "column"];

fn read_level(
    given: &Map,
    span: crate::diag::Span,
    what: &str,
    problems: &mut Vec<Diagnostic>,
) -> Option<Level> {
    let config = config_layer(given.get("config"), problems);
    let mut reader = Reader { given, span, problems };
    let name = reader.name(what)?;
    let description = reader.text("description").unwrap_or_default();
    let (meta, tags) = (reader.mapping("meta"), reader.tags("tags"));
    let quoting = reader.mapping("quoting");
    let quoting = QUOTING.map(|key| quoting.get(key).cloned().unwrap_or(Json::Null));
    for value in quoting.iter().filter(|value| !value.is_boolean() && !value.is_null()) {
        let place = given.get("quoting").map(|value| value.span);
        reader.problems.push(wrong("quoting", "true or false for each part", value, place));
    }
    for key in ["loaded_at_field", "loaded_at_query"] {
        let Some(setting) = config.get(key).filter(|s| !s.value.is_string() && !s.value.is_null()) else {
            continue;
        };
        reader.problems.push(wrong(key, "text", &setting.value, setting.span));
    }
    let either = |reader: &mut Reader<'_>, key: &str| {
        reader.text(key).or_else(|| config.get(key).and_then(|s| s.value.as_str()).map(str::to_owned))
    };
    let (loaded_at_field, loaded_at_query) =
        (either(&mut reader, "loaded_at_field"), either(&mut reader, "loaded_at_query"));
    let configured =
        config.get("loaded_at_field").is_some_and(|s| s.value.as_str().is_some_and(|t| !t.is_empty()));
    let mentions_field = given.contains("loaded_at_field") || configured;
    if let Some(value) = given.get("loaded_at_field").filter(|value| value.as_str() == Some("")) {
        let message = "`loaded_at_field` cannot be empty";
        reader.problems.push(Diagnostic::error(Code::INVALID_RESOURCE, value.span, message));
    }
    let mut level =
        |checked: Result<Json, Box<Diagnostic>>| checked.map_err(|problem| problems.push(*problem)).ok();
    let top = given.get("freshness").map(|value| freshness::property(&value.to_json(), Some(value.span)));
    let inner = config.get("freshness").map(|s| freshness::source(&s.value, s.span.or(Some(span))));
    let (freshness, config_freshness) = (top.and_then(&mut level), inner.and_then(&mut level));
    Some(Level {
        name,
        description,
        meta,
        tags,
        freshness,
        config_freshness,
        quoting,
        loaded_at_field: loaded_at_field.filter(|text| !text.is_empty()),
        loaded_at_query: loaded_at_query.filter(|text| !text.is_empty()),
        mentions_field,
        config,
    })
}

fn read_table(
    source: &SourceLevel<'_>,
    item: &Yaml,
    context: &Context<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<ParsedSource> {
    let Some(given) = item.as_map() else {
        problems.push(*item.unexpected_item("tables", "a mapping with a `name`"));
        return None;
    };
    let table = read_level(given, item.span, "table of a source", problems)?;
    let columns = columns::columns(given, problems);
    let mut reader = Reader { given, span: item.span, problems };
    let (tests, identifier) = (reader.tests(), reader.text("identifier"));
    let file = source.file;
    let mut fqn = fqn_prefix(&file.package, Utf8Path::new(&file.path));
    fqn.extend([source.level.name.clone(), table.name.clone()]);
    let properties = properties_layer(&source.level, &table, item, problems);
    let calls = Layer::default();
    let trees = context.trees.layers(ResourceType::Source, &file.package, &fqn);
    let layers = Layers { own: &trees.own, properties: Some(&properties), calls: &calls, root: &trees.root };
    let resolved = config::resolve(ResourceType::Source, layers, problems);
    let raw = context.trees.raw_layers(ResourceType::Source, &file.package, &fqn);
    let unrendered = config::unrendered(Layers { own: &raw.own, root: &raw.root, ..layers }, false);
    let values = &resolved.said.effective;
    let text = |key: &str| values.get(key).and_then(Json::as_str).map(str::to_owned);
    let quoting: JsonMap = QUOTING
        .iter()
        .zip(source.level.quoting.iter().zip(&table.quoting))
        .map(|(key, (outer, inner))| ((*key).to_owned(), if inner.is_null() { outer } else { inner }.clone()))
        .collect();
    let mut own = Reader { given: source.given, span: item.span, problems };
    let written =
        |key: &str| source.written.get(key).filter(|value| !value.is_falsy()).map(super::python::str_of);
    let mut parsed = SourceTable {
        unique_id: UniqueId::source(&file.package, &source.level.name, &table.name),
        source_name: source.level.name.clone(),
        package_name: Arc::clone(&file.package),
        path: file.original_path.clone(),
        fqn,
        database: own
            .text("database")
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| context.default_database.to_owned()),
        schema: own
            .text("schema")
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| source.level.name.clone()),
        identifier: identifier.filter(|text| !text.is_empty()).unwrap_or_else(|| table.name.clone()),
        source_description: source.level.description.clone(),
        loader: own.text("loader").unwrap_or_default(),
        quoting,
        loaded_at_field: text("loaded_at_field"),
        loaded_at_query: text("loaded_at_query"),
        freshness: values.get("freshness").filter(|value| !value.is_null()).cloned(),
        external: given
            .get("external")
            .filter(|value| !value.is_null())
            .map(|value| external(&value.to_json())),
        description: table.description.clone(),
        columns: columns::by_name(&columns),
        meta: values.get("meta").and_then(Json::as_object).cloned().unwrap_or_default(),
        source_meta: source_meta(&source.level),
        tags: config::texts(values.get("tags")),
        config: Config::new(Arc::clone(values)),
        unrendered_config: unrendered,
        patch_path: None,
        relation_name: String::new(),
        created_at: context.created_at,
        unrendered_database: written("database"),
        unrendered_schema: written("schema"),
        doc_blocks: Vec::new(),
        file: file.file,
        span: item.span,
        name: table.name,
    };
    problems.extend(ageless(&parsed));
    match (context.relation_name)(&parsed) {
        Ok(name) => parsed.relation_name = name,
        Err(problem) => problems.push(*problem),
    }
    let quote_columns = parsed.quoting.get("column").and_then(Json::as_bool).unwrap_or(false);
    let test_tags = source.level.tags.iter().chain(&table.tags).cloned().collect();
    Some(ParsedSource { table: parsed, columns, tests, test_tags, quote_columns })
}

/// Warns of thresholds for an age that nothing tells: no engine yet knows when a table was last written to.
fn ageless(table: &SourceTable) -> Option<Diagnostic> {
    let told = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    if !table.has_freshness() || told(&table.loaded_at_field) || told(&table.loaded_at_query) {
        return None;
    }
    let message =
        format!("nothing tells how old source `{}` is, though it has `freshness`", table.search_name());
    Some(
        Diagnostic::warning(Code::INVALID_RESOURCE, table.span, message)
            .help("add `loaded_at_field` or `loaded_at_query`: the adapter does not support metadata-based freshness")
            .known_as("FreshnessConfigProblem"),
    )
}

fn source_meta(level: &Level) -> JsonMap {
    let mut meta = level.meta.clone();
    meta.extend(config_meta(level));
    meta
}

fn config_meta(level: &Level) -> JsonMap {
    level.config.get("meta").and_then(|setting| setting.value.as_object()).cloned().unwrap_or_default()
}

/// What source and table say together, as one layer of configuration.
fn properties_layer(source: &Level, table: &Level, item: &Yaml, problems: &mut Vec<Diagnostic>) -> Layer {
    let mut layer = source.config.clone();
    layer.update(&table.config);
    let levels = [&source.freshness, &source.config_freshness, &table.freshness, &table.config_freshness];
    let merged = freshness::merge(levels.map(Clone::clone));
    if merged.is_null() || has_threshold(&merged) {
        layer.set("freshness", merged, Some(item.span));
    } else {
        layer.remove("freshness");
    }
    for (level, what) in [(table, "table"), (source, "source")] {
        let field = if what == "table" { level.mentions_field } else { level.loaded_at_field.is_some() };
        if field && level.loaded_at_query.is_some() {
            let message = format!("{what} `{}` has both `loaded_at_field` and `loaded_at_query`", level.name);
            problems
                .push(Diagnostic::error(Code::INVALID_RESOURCE, item.span, message).help("keep one of them"));
        }
    }
    let field = if table.mentions_field { &table.loaded_at_field } else { &source.loaded_at_field };
    let query = match (&table.loaded_at_query, table.mentions_field) {
        (Some(query), _) => Some(query),
        (None, true) => None,
        (None, false) => source.loaded_at_query.as_ref(),
    };
    let json = |text: Option<&String>| text.map_or(Json::Null, |text| Json::from(text.as_str()));
    layer.set("loaded_at_field", json(field.as_ref()), Some(item.span));
    layer.set("loaded_at_query", json(query), Some(item.span));
    let mut meta = source_meta(source);
    meta.extend(table.meta.clone());
    meta.extend(config_meta(table));
    layer.set("meta", Json::Object(meta), Some(item.span));
    let mut tags: Vec<String> = Vec::new();
    for level in [source, table] {
        tags.extend(level.tags.iter().cloned());
        tags.extend(config::texts(level.config.get("tags").map(|setting| &setting.value)));
    }
    tags.sort_unstable();
    tags.dedup();
    layer.set("tags", Json::from(tags), Some(item.span));
    layer
}

/// dbt's keys of an external table first, whether given or not, then all others.
fn external(given: &Json) -> Json {
    const KNOWN: [&str; 5] = ["location", "file_format", "row_format", "tbl_properties", "partitions"];
    let Some(given) = given.as_object() else { return given.clone() };
    let part = |key: &str| (key.to_owned(), given.get(key).cloned().unwrap_or(Json::Null));
    let others = given.iter().filter(|(key, _)| !KNOWN.contains(&key.as_str()));
    Json::Object(KNOWN.into_iter().map(part).chain(others.map(|(k, v)| (k.clone(), v.clone()))).collect())
}
