//! Property files: entries of `models:`, `seeds:` and the other lists → typed descriptions.
//!
//! Input is the YAML tree of a file, already rendered where dbt renders early; everything wrong with an
//! entry is reported at its place. Descriptions and tests are kept as written. Called by `mod`, read by
//! every resource kind.

use std::sync::Arc;

use crate::diag::{Code, Diagnostic, FileId, Span};
use crate::manifest::{Json, ResourceType, Signature};
use crate::yaml::{Map, Value, Yaml};

use super::columns::{self, Column, Reader};
use super::config::Layer;
use super::{config_check, contract, functions, models, semantic};

/// A list of a property file that Tidegate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Section {
    Models,
    Seeds,
    Snapshots,
    Analyses,
    DataTests,
    Macros,
    Sources,
    Exposures,
    Groups,
    UnitTests,
    Metrics,
    SemanticModels,
    SavedQueries,
    Functions,
}

/// In the order in which dbt reads the lists of one file.
pub(super) const SECTIONS: [Section; 14] = [
    Section::Models,
    Section::Seeds,
    Section::Snapshots,
    Section::Sources,
    Section::Macros,
    Section::DataTests,
    Section::Analyses,
    Section::Exposures,
    Section::Metrics,
    Section::Groups,
    Section::SemanticModels,
    Section::UnitTests,
    Section::SavedQueries,
    Section::Functions,
];

impl Section {
    /// Returns the key.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Models => "models",
            Self::Seeds => "seeds",
            Self::Snapshots => "snapshots",
            Self::Analyses => "analyses",
            Self::DataTests => "data_tests",
            Self::Macros => "macros",
            Self::Sources => "sources",
            Self::Exposures => "exposures",
            Self::Groups => "groups",
            Self::UnitTests => "unit_tests",
            Self::Metrics => "metrics",
            Self::SemanticModels => "semantic_models",
            Self::SavedQueries => "saved_queries",
            Self::Functions => "functions",
        }
    }

    /// Tells whether the list describes nodes that have files.
    pub(super) fn describes_nodes(self) -> bool {
        matches!(
            self,
            Self::Models | Self::Seeds | Self::Snapshots | Self::Analyses | Self::DataTests | Self::Functions
        )
    }

    /// Returns what the list describes.
    pub(super) fn resource(self) -> ResourceType {
        match self {
            Self::Models => ResourceType::Model,
            Self::Seeds => ResourceType::Seed,
            Self::Snapshots => ResourceType::Snapshot,
            Self::Analyses => ResourceType::Analysis,
            Self::DataTests => ResourceType::Test,
            Self::Macros => ResourceType::Macro,
            Self::Sources => ResourceType::Source,
            Self::Exposures => ResourceType::Exposure,
            Self::Groups => ResourceType::Group,
            Self::UnitTests => ResourceType::UnitTest,
            Self::Metrics => ResourceType::Metric,
            Self::SemanticModels => ResourceType::SemanticModel,
            Self::SavedQueries => ResourceType::SavedQuery,
            Self::Functions => ResourceType::Function,
        }
    }

    /// Returns the list for a resource.
    pub(super) fn of(resource: ResourceType) -> Option<Self> {
        SECTIONS.into_iter().find(|section| section.resource() == resource)
    }
}

/// The file an entry stands in.
#[derive(Clone, Debug)]
pub(super) struct PropertyFile {
    pub(super) package: Arc<str>,
    pub(super) file: FileId,
    /// Path below the package root.
    pub(super) original_path: String,
    /// Path below its resource path.
    pub(super) path: String,
}

impl PropertyFile {
    /// Returns `package://path`, as `patch_path` shows it.
    pub(super) fn patch_path(&self) -> String {
        format!("{}://{}", self.package, self.original_path)
    }
}

/// One entry, rendered, with the entry as written.
#[derive(Clone, Debug)]
pub(super) struct RawEntry {
    pub(super) section: Section,
    pub(super) file: Arc<PropertyFile>,
    pub(super) rendered: Yaml,
    /// The entry as written, if rendering made something else of it.
    pub(super) as_written: Option<Yaml>,
}

impl RawEntry {
    /// Returns the entry as written.
    pub(super) fn written(&self) -> &Yaml {
        self.as_written.as_ref().unwrap_or(&self.rendered)
    }
}

/// A text that is rendered later, with its place.
#[derive(Clone, Debug, Default)]
pub(super) struct LateText {
    pub(super) text: String,
    pub(super) span: Option<Span>,
}

/// The description of a model, seed, snapshot, analysis, singular test or function.
#[derive(Clone, Debug)]
pub(super) struct Properties {
    pub(super) section: Section,
    pub(super) file: Arc<PropertyFile>,
    pub(super) name: String,
    pub(super) name_span: Span,
    pub(super) description: LateText,
    pub(super) columns: Vec<Column>,
    /// `config`, with the keys that may also stand beside it.
    pub(super) config: Layer,
    pub(super) tests: Vec<Yaml>,
    pub(super) quote_columns: bool,
    pub(super) constraints: Vec<Json>,
    pub(super) deprecation_date: Option<Yaml>,
    pub(super) time_spine: Option<Json>,
    pub(super) latest_version: Option<Yaml>,
    pub(super) versions: Vec<Version>,
    /// `relation` of a snapshot that has no file of its own.
    pub(super) relation: Option<Yaml>,
    /// `arguments` and `returns` of a function.
    pub(super) signature: Option<Signature>,
}

/// One entry of `versions`.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub(super) v: Yaml,
    pub(super) defined_in: Option<String>,
    pub(super) description: LateText,
    pub(super) config: Layer,
    pub(super) constraints: Vec<Json>,
    pub(super) tests: Option<Vec<Yaml>>,
    pub(super) include: Option<(Json, Vec<String>)>,
    pub(super) columns: Vec<Column>,
    pub(super) deprecation_date: Option<Yaml>,
}

impl Version {
    /// Returns the version as text.
    pub(super) fn text(&self) -> String {
        super::python::str_of(&self.v)
    }

    /// Tells whether the version keeps a column of the model.
    fn keeps(&self, column: &str) -> bool {
        let Some((include, exclude)) = &self.include else { return true };
        let included = match include {
            Json::Array(names) => names.iter().any(|name| name == column),
            _ => true,
        };
        included && !exclude.iter().any(|name| name == column)
    }
}

/// Keys that may stand beside `config` and belong into it.
const MOVED: [&str; 5] = ["meta", "docs", "group", "contract", "access"];

/// Makes a layer of a `config` mapping.
pub(super) fn config_layer(config: Option<&Yaml>, problems: &mut Vec<Diagnostic>) -> Layer {
    let mut layer = Layer::default();
    let Some(config) = config.filter(|config| !config.is_null()) else { return layer };
    match config.expect_map("config") {
        Ok(map) => {
            for entry in map {
                layer.set(Arc::clone(&entry.key), entry.value.to_json(), Some(entry.value.span));
            }
        }
        Err(problem) => problems.push(*problem),
    }
    layer
}

/// Keeps of each config what was written, where it was rendered to something else. As in dbt, lists of both are
/// joined.
fn keep_written(config: &mut Layer, item: &Yaml) {
    for entry in item.get("config").and_then(Yaml::as_map).into_iter().flat_map(Map::iter) {
        let Some(setting) = config.get(&entry.key) else { continue };
        let written = models::deep_merge(Some(setting.value.clone()), &entry.value.to_json());
        let differs = setting.value != written;
        config.keep_written(&entry.key, differs.then_some(written));
    }
}

fn late_text(reader: &mut Reader<'_>, key: &str) -> LateText {
    let span = reader.given.get(key).map(|value| value.span);
    LateText { text: reader.text(key).unwrap_or_default(), span }
}

/// Reads the description of a node. Nothing when it has no name.
pub(super) fn node(entry: &RawEntry, problems: &mut Vec<Diagnostic>) -> Option<Properties> {
    let (section, span) = (entry.section, entry.rendered.span);
    let given = entry.rendered.as_map()?;
    let mut config = config_layer(given.get("config"), problems);
    // dbt forgets what was written for tests.
    if section != Section::DataTests {
        keep_written(&mut config, entry.written());
    }
    for key in MOVED {
        move_into_config(given, key, &mut config, problems);
    }
    if section == Section::DataTests && given.get("name").is_none() {
        // As in dbt: only singular tests go without what was said about them.
        let path = &entry.file.original_path;
        problems.push(
            Diagnostic::warning(Code::MISSING_KEY, span, "a test needs a `name` to be described")
                .note(format!(
                    "Unable to parse 'data_tests' section of file '{path}': Entry did not contain a name"
                ))
                .help("add `name:`; tests of a model are listed below the model"),
        );
        return None;
    }
    let mut reader = Reader { given, span, problems };
    let name = reader.name(section.resource().as_str())?;
    let name_span = given.get("name").map_or(span, |value| value.span);
    let description = late_text(&mut reader, "description");
    let tests = if matches!(section, Section::Models | Section::Seeds | Section::Snapshots) {
        reader.tests()
    } else {
        Vec::new()
    };
    let quote_columns = reader.flag("quote_columns").unwrap_or(false);
    let versions = match section {
        Section::Models => reader.list("versions"),
        _ => Vec::new(),
    };
    let mut versions: Vec<Version> =
        versions.iter().filter_map(|item| version(item, &name, reader.problems)).collect();
    let written = entry.written().get("versions").and_then(Yaml::as_seq).unwrap_or_default();
    for version in &mut versions {
        if let Some(item) =
            written.iter().find(|item| item.get("v").is_some_and(|v| v.span == version.v.span))
        {
            keep_written(&mut version.config, item);
        }
    }
    drop_repeated(&mut versions, &name, reader.problems);
    let set = |key: &str| given.get(key).filter(|value| !value.is_null()).cloned();
    let properties = Properties {
        section,
        file: Arc::clone(&entry.file),
        name_span,
        description,
        columns: columns::columns(given, reader.problems),
        config,
        tests,
        quote_columns,
        constraints: set("constraints")
            .map_or_else(Vec::new, |list| contract::constraints(&list, true, reader.problems)),
        deprecation_date: set("deprecation_date"),
        time_spine: set("time_spine")
            .and_then(|value| semantic::read_time_spine(&value, &name, reader.problems)),
        latest_version: set("latest_version"),
        versions,
        relation: set("relation").filter(|_| section == Section::Snapshots),
        signature: (section == Section::Functions)
            .then(|| functions::signature(given, (&name, span), reader.problems)),
        name,
    };
    check_latest(&properties, reader.problems);
    Some(properties)
}

fn move_into_config(given: &Map, key: &str, config: &mut Layer, problems: &mut Vec<Diagnostic>) {
    let Some(entry) = given.entry(key) else { return };
    if let Some(inner) = config.get(key) {
        problems.push(
            Diagnostic::error(
                Code::INVALID_RESOURCE,
                entry.key_span,
                format!("`{key}` is given both here and under `config`"),
            )
            .label(inner.span, "also here")
            .help("keep the one under `config`"),
        );
        return;
    }
    config.set(key, entry.value.to_json(), Some(entry.value.span));
}

fn version(item: &Yaml, model: &str, problems: &mut Vec<Diagnostic>) -> Option<Version> {
    let Some(given) = item.as_map() else {
        problems.push(*item.unexpected_item("versions", "a mapping with `v`"));
        return None;
    };
    let v = given.get("v").filter(|v| matches!(v.value, Value::Int(_) | Value::Float(_) | Value::Str(_)));
    let Some(v) = v.cloned() else {
        let place = given.get("v").map_or(item.span, |v| v.span);
        let message = format!("a version of `{model}` needs `v`: a number or a text");
        problems.push(Diagnostic::error(Code::MISSING_KEY, place, message));
        return None;
    };
    let config = config_layer(given.get("config"), problems);
    let mut reader = Reader { given, span: item.span, problems };
    let description = late_text(&mut reader, "description");
    let defined_in = reader.text("defined_in");
    let has_tests =
        ["tests", "data_tests"].iter().any(|key| given.get(key).is_some_and(|list| !list.is_null()));
    let tests = has_tests.then(|| reader.tests());
    let mut include = None;
    let mut own = Vec::new();
    for column in reader.list("columns") {
        if column.get("include").is_none() && column.get("exclude").is_none() {
            own.extend(columns::column(&column, reader.problems));
            continue;
        }
        if include.is_some() {
            let message = format!(
                "version {} of `{model}` has two `include`/`exclude` entries",
                super::python::str_of(&v)
            );
            reader.problems.push(Diagnostic::error(Code::INVALID_RESOURCE, column.span, message));
            continue;
        }
        include = Some(include_exclude(&column, reader.problems));
    }
    let set = |key: &str| given.get(key).filter(|value| !value.is_null()).cloned();
    // The access of the model is what counts, but dbt checks this one too.
    if let Some(access) = set("access").filter(|access| !access.is_falsy()) {
        let key = (ResourceType::Model, "access");
        reader.problems.extend(config_check::problem(key, &access.to_json(), Some(access.span)));
    }
    Some(Version {
        defined_in,
        description,
        config,
        constraints: set("constraints")
            .map_or_else(Vec::new, |list| contract::constraints(&list, true, reader.problems)),
        tests,
        include,
        columns: own,
        deprecation_date: set("deprecation_date"),
        v,
    })
}

fn include_exclude(item: &Yaml, problems: &mut Vec<Diagnostic>) -> (Json, Vec<String>) {
    let include = match item.get("include") {
        None => Json::from("*"),
        Some(value) if matches!(value.as_str(), Some("all" | "*")) => Json::from("*"),
        Some(value) => value.expect_strs("include").map_or_else(
            |_| {
                problems.push(*value.unexpected("include", "`all`, `*` or a list of column names"));
                Json::from("*")
            },
            Json::from,
        ),
    };
    let exclude = item.get("exclude").map(|value| value.expect_strs("exclude"));
    let exclude = match exclude {
        Some(Ok(names)) => names.into_iter().map(str::to_owned).collect(),
        Some(Err(problem)) => {
            problems.push(*problem);
            Vec::new()
        }
        None => Vec::new(),
    };
    let takes_all = include.is_string() && item.get("include").is_some();
    if !takes_all && (!exclude.is_empty() || item.get("include").is_none()) {
        problems.push(
            Diagnostic::error(
                Code::INVALID_RESOURCE,
                item.span,
                "`exclude` takes columns away from `include: all`",
            )
            .help("write `include: all` beside it, or list in `include` only the columns that stay"),
        );
    }
    (include, exclude)
}

fn drop_repeated(versions: &mut Vec<Version>, model: &str, problems: &mut Vec<Diagnostic>) {
    let mut seen: Vec<(String, Span)> = Vec::new();
    versions.retain(|version| {
        let text = version.text();
        let earlier = seen.iter().find(|(known, _)| *known == text).map(|(_, span)| *span);
        if let Some(earlier) = earlier {
            let message = format!("version {text} of `{model}` is listed twice");
            problems.push(
                Diagnostic::error(Code::INVALID_RESOURCE, version.v.span, message)
                    .label(earlier, "first here"),
            );
            return false;
        }
        seen.push((text, version.v.span));
        true
    });
}

fn check_latest(properties: &Properties, problems: &mut Vec<Diagnostic>) {
    let Some(latest) = properties.latest_version.as_ref().filter(|v| !v.is_falsy()) else { return };
    if properties.versions.iter().any(|version| version.v == *latest) {
        return;
    }
    let versions: Vec<String> = properties.versions.iter().map(Version::text).collect();
    let message = format!(
        "`latest_version` {} is not one of the versions of `{}`",
        super::python::str_of(latest),
        properties.name
    );
    let list = if versions.is_empty() { "none".to_owned() } else { versions.join(", ") };
    problems.push(
        Diagnostic::error(Code::INVALID_RESOURCE, latest.span, message).note(format!("versions: {list}")),
    );
}

impl Properties {
    /// Returns the columns of a version: those of the model that it keeps, then its own.
    pub(super) fn columns_of<'a>(&'a self, version: &'a Version) -> Vec<&'a Column> {
        let kept = self.columns.iter().filter(|column| version.keeps(&column.shown.name));
        kept.chain(&version.columns).collect()
    }

    /// Returns the table tests of a version: its own if it lists any, even none, else the model's.
    pub(super) fn tests_of<'a>(&'a self, version: &'a Version) -> &'a [Yaml] {
        version.tests.as_deref().unwrap_or(&self.tests)
    }

    /// Returns the version that an unpinned `ref` means: the one named so, else the largest.
    pub(super) fn latest(&self) -> Option<&Yaml> {
        let named = self.latest_version.as_ref();
        named.or_else(|| {
            self.versions.iter().map(|version| &version.v).reduce(|a, b| if is_less(a, b) { b } else { a })
        })
    }
}

/// Orders two versions: by number when both are numbers, else as text.
pub(super) fn is_less(a: &Yaml, b: &Yaml) -> bool {
    let number = |v: &Yaml| super::python::str_of(v).trim().parse::<f64>().ok();
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a < b,
        _ => super::python::str_of(a) < super::python::str_of(b),
    }
}
