//! `unit_tests:` of property files (`resources.md` section 7): definitions with their rows in one form,
//! then, once all models are known, bound to the model and its versions. Called by `mod`.

use std::sync::Arc;

use camino::Utf8Path;

use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::digest;
use crate::hash::HashMap;
use crate::manifest::{
    Config, DependsOn, Found, Json, JsonMap, Lookup, Manifest, Node, ResourceType, UniqueId, UnitTest,
};
use crate::yaml::{Map, Value, Yaml};

use super::columns::Reader;
use super::config::{self, Layer, Layers};
use super::discover::{ProjectFile, fqn_prefix};
use super::properties::{RawEntry, config_layer};
use super::python::{repr_of, repr_text};
use super::trees::Trees;

/// What definitions may read rows from.
pub(super) struct RowFiles<'a> {
    /// Fixture files by package and name.
    pub(super) fixtures: HashMap<(&'a str, &'a str), &'a ProjectFile>,
    /// Reads a seed of a package: its text, if there is one of that name.
    pub(super) seed: &'a dyn Fn(&str, &str) -> Option<String>,
}

/// Reads a definition.
pub(super) fn read(
    entry: &RawEntry,
    trees: &Trees<'_>,
    files: &RowFiles<'_>,
    created_at: f64,
    problems: &mut Vec<Diagnostic>,
) -> Option<UnitTest> {
    let (given, span) = (entry.rendered.as_map()?, entry.rendered.span);
    let own = config_layer(given.get("config"), problems);
    let mut reader = Reader { given, span, problems };
    let name = reader.name("unit test")?;
    let Some(model) = reader.text("model") else {
        let message = format!("unit test `{name}` needs a `model`");
        problems.push(Diagnostic::error(Code::MISSING_KEY, span, message));
        return None;
    };
    let description = reader.text("description").unwrap_or_default();
    let mut rows = Rows {
        name: &name,
        entry,
        files,
        problems: &mut *reader.problems,
        sums: Vec::new(),
        fixtures: String::new(),
    };
    let given_rows = given.get("given").filter(|value| !value.is_null());
    let inputs: Vec<Json> = match given_rows.map(|value| value.expect_seq("given")) {
        Some(Ok(items)) => items.iter().filter_map(|item| rows.read(item, true)).collect(),
        Some(Err(problem)) => {
            rows.problems.push(*problem);
            Vec::new()
        }
        None => Vec::new(),
    };
    let given_repr = format!("[{}]", rows.sums.join(", "));
    rows.sums.clear();
    let expect = given.get("expect").and_then(|item| rows.read(item, false));
    let (expect_repr, fixtures) = (rows.sums.join(""), rows.fixtures);
    let Some(expect) = expect else {
        let message = format!("unit test `{name}` needs `expect` with `rows`");
        problems.push(Diagnostic::error(Code::MISSING_KEY, span, message));
        return None;
    };
    let overrides = given.get("overrides").filter(|value| !value.is_null());
    let versions = given.get("versions").filter(|value| !value.is_null());
    let names = |key: &str| versions.and_then(|v| v.get(key)).is_some_and(|list| !list.is_falsy());
    if names("include") && names("exclude") {
        let message = format!("unit test `{name}` both includes and excludes versions");
        let place = versions.map_or(span, |versions| versions.span);
        problems.push(
            Diagnostic::error(Code::INVALID_RESOURCE, place, message)
                .note("Unit tests can not both include and exclude versions.")
                .help("keep one of `include` and `exclude`"),
        );
        return None;
    }
    let sum = format!(
        "{model}-{}-{given_repr}-{expect_repr}-{}{fixtures}",
        versions.map_or_else(|| "None".to_owned(), versions_repr),
        overrides.map_or_else(|| "None".to_owned(), overrides_repr),
    );
    let package = &entry.file.package;
    let mut fqn = fqn_prefix(package, Utf8Path::new(&entry.file.path));
    fqn.extend([model.clone(), name.clone()]);
    let (calls, tree) = (Layer::default(), trees.layers(ResourceType::UnitTest, package, &fqn));
    let layers = Layers { own: &tree.own, properties: Some(&own), calls: &calls, root: &tree.root };
    let resolved = config::resolve(ResourceType::UnitTest, layers, problems);
    Some(UnitTest {
        unique_id: UniqueId::unit_test(package, &model, &name),
        name,
        model,
        given: inputs,
        expect,
        overrides: overrides.map(overrides_json),
        package_name: Arc::clone(package),
        path: entry.file.path.clone(),
        original_file_path: entry.file.original_path.clone(),
        fqn,
        description,
        depends_on: DependsOn::default(),
        config: Config::new(Arc::clone(&resolved.said.values)),
        checksum: digest::sha256(&sum),
        schema: None,
        created_at,
        versions: versions.map(versions_json),
        version: None,
        file: entry.file.file,
        span,
    })
}

/// Brings rows of every format into one form: lists of mappings, or a query.
struct Rows<'a, 'p> {
    name: &'a str,
    entry: &'a RawEntry,
    files: &'a RowFiles<'a>,
    problems: &'p mut Vec<Diagnostic>,
    /// Each fixture as Python shows it, for the fingerprint.
    sums: Vec<String>,
    /// Rows that came from files, for the fingerprint.
    fixtures: String,
}

impl Rows<'_, '_> {
    fn fail(&mut self, span: Span, message: String) -> Option<Json> {
        self.problems.push(Diagnostic::error(Code::INVALID_RESOURCE, span, message));
        None
    }

    fn read(&mut self, item: &Yaml, is_input: bool) -> Option<Json> {
        let (name, what) = (self.name, if is_input { "given" } else { "expect" });
        let Some(given) = item.as_map() else {
            return self
                .fail(item.span, format!("`{what}` of unit test `{name}` must be a mapping with `rows`"));
        };
        let text = |key: &str| given.get(key).and_then(Yaml::as_str).map(str::to_owned);
        let input = text("input");
        if is_input && input.is_none() {
            return self
                .fail(item.span, format!("an input of unit test `{name}` needs `input: ref('model')`"));
        }
        let format = text("format").unwrap_or_else(|| "dict".to_owned());
        let fixture = text("fixture");
        let rows = match format.as_str() {
            "dict" => self.dict_rows(given, item.span, input.as_deref(), fixture.as_deref()),
            "csv" => self.file_or_text(given, item.span, fixture.as_deref()).map(|text| csv_rows(&text)),
            "sql" => self
                .file_or_text(given, item.span, fixture.as_deref())
                .map(|text| (Json::from(text.as_str()), repr_text(&text))),
            other => {
                let place = given.get("format").map_or(item.span, |value| value.span);
                self.problems.push(
                    Diagnostic::error(
                        Code::INVALID_RESOURCE,
                        place,
                        format!("unknown format `{other}` in unit test `{name}`"),
                    )
                    .help::<String>(suggest(other, FORMATS))
                    .help(format!("formats: {}", FORMATS.join(", "))),
                );
                return None;
            }
        };
        let (rows, rows_repr) = rows?;
        let class = if is_input { "UnitTestInputFixture" } else { "UnitTestOutputFixture" };
        let input_repr =
            input.as_ref().map(|input| format!("input={}, ", repr_text(input))).unwrap_or_default();
        let fixture_repr = fixture.as_deref().map_or_else(|| "None".to_owned(), repr_text);
        let format_repr = match format.as_str() {
            "csv" => "<UnitTestFormat.CSV: 'csv'>",
            "sql" => "<UnitTestFormat.SQL: 'sql'>",
            _ => "<UnitTestFormat.Dict: 'dict'>",
        };
        self.sums.push(format!(
            "{class}({input_repr}rows={rows_repr}, format={format_repr}, fixture={fixture_repr})"
        ));
        if is_input && fixture.is_some() {
            let plain = rows.as_str().map_or_else(|| rows_repr.clone(), str::to_owned);
            self.fixtures.push_str(&format!("-{plain}"));
        }
        let mut shaped = JsonMap::new();
        if let Some(input) = input {
            shaped.insert("input".to_owned(), Json::from(input));
        }
        shaped.insert("rows".to_owned(), rows);
        shaped.insert("format".to_owned(), Json::from(format));
        shaped.insert("fixture".to_owned(), fixture.map_or(Json::Null, Json::from));
        Some(Json::Object(shaped))
    }

    fn dict_rows(
        &mut self,
        given: &Map,
        span: Span,
        input: Option<&str>,
        fixture: Option<&str>,
    ) -> Option<(Json, String)> {
        let name = self.name;
        match given.get("rows").filter(|rows| !rows.is_null()) {
            None if fixture.is_none() && input.is_some() => self.seed_rows(input.unwrap_or_default(), span),
            Some(rows) => {
                let Some(items) = rows.as_seq() else {
                    self.fail(
                        rows.span,
                        format!("`rows` of unit test `{name}` must be a list of mappings in format dict"),
                    );
                    return None;
                };
                if let Some(other) = items.iter().find(|item| item.as_map().is_none()) {
                    self.fail(
                        other.span,
                        format!("a row of unit test `{name}` must be a mapping, but is {}", other.kind()),
                    );
                    return None;
                }
                let mut items: Vec<&Yaml> = items.iter().collect();
                let full =
                    |row: &&Yaml| row.as_map().is_some_and(|map| map.iter().all(|e| !e.value.is_null()));
                if let Some(at) = items.iter().position(full) {
                    items.swap(0, at);
                }
                let json = Json::Array(items.iter().map(|item| item.to_json()).collect());
                let repr: Vec<String> = items.iter().map(|item| repr_of(item)).collect();
                Some((json, format!("[{}]", repr.join(", "))))
            }
            None => {
                self.fail(
                    span,
                    format!("unit test `{name}` needs `rows` as a list here, since its format is dict"),
                );
                None
            }
        }
    }

    /// An input without rows is a seed, read from its file.
    fn seed_rows(&mut self, input: &str, span: Span) -> Option<(Json, String)> {
        let name = self.name;
        let mut message = format!("input `{input}` of unit test `{name}` has no `rows`, and is no seed");
        let reference = super::static_ref::parse(input, span);
        if let Ok(super::static_ref::Reference::Ref(call)) = reference {
            let package = call.package.as_deref().unwrap_or(&self.entry.file.package);
            if let Some(text) = (self.files.seed)(package, &call.name) {
                return Some(csv_plain(&text));
            }
            message = format!(
                "Unable to find seed '{package}.{}' for unit tests: `{name}` gives no `rows`",
                call.name
            );
        }
        self.problems.push(
            Diagnostic::error(Code::INVALID_RESOURCE, span, message)
                .help("add `rows: [...]`; only a seed can go without, its file is read then"),
        );
        None
    }

    fn file_or_text(&mut self, given: &Map, span: Span, fixture: Option<&str>) -> Option<String> {
        let name = self.name;
        if let Some(fixture) = fixture {
            let known = &self.files.fixtures;
            if let Some(file) = known.get(&(&*self.entry.file.package, fixture)) {
                return Some(file.text.to_string());
            }
            let names: Vec<&str> = known.keys().map(|(_, name)| *name).collect();
            self.problems.push(
                Diagnostic::error(
                    Code::INVALID_RESOURCE,
                    span,
                    format!("fixture `{fixture}` of unit test `{name}` does not exist"),
                )
                .help::<String>(suggest(fixture, names))
                .help("fixtures are files below `tests/fixtures/`, named without their extension"),
            );
            return None;
        }
        let text = given.get("rows").and_then(Yaml::as_str).map(str::to_owned);
        if text.is_none() {
            self.fail(span, format!("unit test `{name}` needs `rows` as text here, or a `fixture`"));
        }
        text
    }
}

/// Rows of CSV text: empty fields are null, a row without nulls comes first.
fn csv_rows(text: &str) -> (Json, String) {
    let mut rows = read_csv(text, true);
    if let Some(at) = rows.iter().position(|row| row.iter().all(|(_, value)| value.is_some())) {
        rows.swap(0, at);
    }
    shape(&rows)
}

/// Rows of a seed: empty fields stay empty text.
fn csv_plain(text: &str) -> (Json, String) {
    shape(&read_csv(text, false))
}

type Row = Vec<(String, Option<String>)>;

fn read_csv(text: &str, empty_is_null: bool) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let headers: Vec<String> =
        reader.headers().map(|record| record.iter().map(str::to_owned).collect()).unwrap_or_default();
    let value =
        |field: Option<&str>| field.filter(|text| !(empty_is_null && text.is_empty())).map(str::to_owned);
    reader
        .records()
        .filter_map(Result::ok)
        .map(|record| {
            headers.iter().enumerate().map(|(at, name)| (name.clone(), value(record.get(at)))).collect()
        })
        .collect()
}

fn shape(rows: &[Row]) -> (Json, String) {
    let json = rows.iter().map(|row| {
        let row =
            row.iter().map(|(key, value)| (key.clone(), value.as_deref().map_or(Json::Null, Json::from)));
        Json::Object(row.collect())
    });
    let repr = rows.iter().map(|row| {
        let row: Vec<String> = row
            .iter()
            .map(|(key, value)| {
                let value = value.as_deref().map_or_else(|| "None".to_owned(), repr_text);
                format!("{}: {value}", repr_text(key))
            })
            .collect();
        format!("{{{}}}", row.join(", "))
    });
    (Json::Array(json.collect()), format!("[{}]", repr.collect::<Vec<_>>().join(", ")))
}

/// How rows can be written.
pub(super) const FORMATS: [&str; 3] = ["dict", "csv", "sql"];

const OVERRIDES: [&str; 3] = ["macros", "vars", "env_vars"];

fn overrides_json(value: &Yaml) -> Json {
    let part = |key: &str| value.get(key).map_or_else(|| Json::Object(JsonMap::new()), Yaml::to_json);
    Json::Object(OVERRIDES.into_iter().map(|key| (key.to_owned(), part(key))).collect())
}

fn overrides_repr(value: &Yaml) -> String {
    let part = |key: &str| value.get(key).map_or_else(|| "{}".to_owned(), repr_of);
    let parts: Vec<String> = OVERRIDES.into_iter().map(|key| format!("{key}={}", part(key))).collect();
    format!("UnitTestOverrides({})", parts.join(", "))
}

fn versions_json(value: &Yaml) -> Json {
    let part = |key: &str| value.get(key).map_or(Json::Null, Yaml::to_json);
    serde_json::json!({"include": part("include"), "exclude": part("exclude")})
}

/// dbt reads versions as text or numbers; whole numbers become floats on the way.
fn versions_repr(value: &Yaml) -> String {
    let part = |key: &str| match value.get(key).map(|v| &v.value) {
        Some(Value::Seq(_)) => value.get(key).map(repr_of).unwrap_or_default(),
        _ => "None".to_owned(),
    };
    format!("UnitTestNodeVersions(include={}, exclude={})", part("include"), part("exclude"))
}

/// What binding a definition to its model led to.
pub(super) enum Bound {
    /// The tests, one for each version.
    Tests(Vec<UnitTest>),
    /// The model is disabled, or the test is.
    Disabled(Box<UnitTest>),
    /// Nothing: a problem was reported.
    Nothing,
}

/// Binds a definition to the model it names.
pub(super) fn bind(
    mut test: UnitTest,
    manifest: &Manifest,
    lookup: &Lookup,
    problems: &mut Vec<Diagnostic>,
) -> Bound {
    let mut words = test.model.split_whitespace();
    let (name, version) = (words.next().unwrap_or_default().to_owned(), words.next().map(Json::from));
    let found = lookup.node(&test.package_name, Some(&test.package_name), &name, version.as_ref());
    let id = match found {
        Found::One(id) => id,
        Found::Disabled(_) => return disabled(test),
        _ => {
            let message = format!("unit test `{}` tests `{}`, which does not exist", test.name, test.model);
            problems.push(
                Diagnostic::error(Code::UNKNOWN_REF, test.span, message)
                    .help::<String>(suggest(&test.model, lookup.node_names())),
            );
            return Bound::Nothing;
        }
    };
    let Some(model) = manifest.nodes.get(&id) else { return Bound::Nothing };
    test.depends_on.nodes = vec![id.clone()];
    test.schema = Some(model.schema.clone());
    if !test.config.enabled() {
        return disabled(test);
    }
    check_incremental(&test, model, problems);
    let Some(_) = model.version() else {
        let names_versions =
            test.versions.as_ref().is_some_and(|v| !v["include"].is_null() || !v["exclude"].is_null());
        if names_versions {
            let message = format!("unit test `{}` names versions, but `{}` has none", test.name, model.name);
            problems.push(Diagnostic::error(Code::INVALID_RESOURCE, test.span, message));
        }
        return Bound::Tests(vec![test]);
    };
    let tests = by_version(&test, model, manifest);
    if tests.is_empty() {
        let message = format!("unit test `{}` names no version that `{}` has", test.name, model.name);
        problems.push(Diagnostic::error(Code::INVALID_RESOURCE, test.span, message));
    }
    Bound::Tests(tests)
}

fn disabled(mut test: UnitTest) -> Bound {
    let mut values = test.config.values().clone();
    values.insert("enabled".to_owned(), Json::Bool(false));
    test.config = Config::new(values);
    Bound::Disabled(Box::new(test))
}

fn by_version(test: &UnitTest, model: &Node, manifest: &Manifest) -> Vec<UnitTest> {
    let listed =
        |key: &str| test.versions.as_ref().and_then(|v| v[key].as_array()).filter(|list| !list.is_empty());
    let same_model = |node: &&Arc<Node>| node.name == model.name && node.package_name == model.package_name;
    let mut tests = Vec::new();
    for node in manifest.nodes.values().filter(same_model) {
        let crate::manifest::NodeKind::Model { version: Some(version), .. } = &node.kind else { continue };
        let kept = match (listed("exclude"), listed("include")) {
            (Some(exclude), _) => !exclude.contains(version),
            (None, Some(include)) => include.contains(version),
            (None, None) => true,
        };
        if !kept {
            continue;
        }
        let mut one = test.clone();
        let name = format!("{}_v{}", test.name, crate::manifest::version_text(version));
        one.unique_id = UniqueId::unit_test(&test.package_name, &test.model, &name);
        one.depends_on.nodes = vec![node.unique_id.clone()];
        one.version = Some(version.clone());
        tests.push(one);
    }
    tests
}

/// A test of an incremental model must say which of its two faces it tests.
fn check_incremental(test: &UnitTest, model: &Node, problems: &mut Vec<Diagnostic>) {
    if !model.depends_on.macros.iter().any(|id| id.as_str() == "macro.dbt.is_incremental") {
        return;
    }
    let given =
        test.overrides.as_ref().and_then(|o| o["macros"].get("is_incremental")).and_then(Json::as_bool);
    match given {
        None => problems.push(
            Diagnostic::error(
                Code::INVALID_RESOURCE,
                test.span,
                format!(
                    "Boolean override for 'is_incremental' must be provided for unit test '{}' in model '{}'",
                    test.name, model.name
                ),
            )
            .help("add `overrides: {macros: {is_incremental: false}}`, or `true`"),
        ),
        Some(true) if !test.given.iter().any(|input| input["input"] == "this") => problems.push(
            Diagnostic::error(
                Code::INVALID_RESOURCE,
                test.span,
                format!(
                    "Unit test '{}' for incremental model '{}' must have a 'this' input",
                    test.name, model.name
                ),
            )
            .help("add `- input: this` with the rows that the table has before the run"),
        ),
        Some(_) => {}
    }
}
