//! `columns:` of a property file → what it says of each column. Called by `properties` and `sources`.

use std::hash::{Hash as _, Hasher as _};
use std::sync::{Arc, PoisonError, RwLock};

use crate::diag::{Diagnostic, Span};
use crate::hash::{FxHasher, HashMap};
use crate::manifest::{ColumnProperties, Columns, Json, JsonMap};
use crate::yaml::{Map, Yaml};

use super::{contract, semantic};

/// A column as described, with its tests.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// What artifacts show; the description is not rendered yet.
    pub(super) shown: Arc<ColumnProperties>,
    /// Where its description stands.
    pub(super) description_span: Option<Span>,
    /// Its test definitions.
    pub(super) tests: Vec<Yaml>,
    /// Tags for its tests: those of the column and of its config.
    pub(super) test_tags: Vec<String>,
}

/// Columns as described, each once: thousands of models have columns of which the same is said.
#[derive(Default)]
pub(super) struct SharedColumns {
    known: RwLock<HashMap<u64, Vec<Arc<ColumnProperties>>>>,
}

impl SharedColumns {
    /// Puts a known column in the place of an equal one.
    pub(super) fn share(&self, column: &mut Arc<ColumnProperties>) {
        let mut hasher = FxHasher::default();
        (&column.name, &column.description).hash(&mut hasher);
        let hash = hasher.finish();
        let same = |known: &&Arc<ColumnProperties>| looks_same(known, column);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&hash).and_then(|all| all.iter().find(same)) {
            *column = Arc::clone(known);
            return;
        }
        drop(known);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(hash).or_default().push(Arc::clone(column));
    }
}

/// Equality as artifacts show it: unlike that of mappings, it minds the order of keys.
fn looks_same(a: &ColumnProperties, b: &ColumnProperties) -> bool {
    let ordered = |column: &ColumnProperties| {
        column.meta.len() < 2 && column.extra.is_empty() && column.constraints.is_empty()
    };
    a == b && (ordered(a) || serde_json::to_string(a).ok() == serde_json::to_string(b).ok())
}

/// Keys with a meaning; others are kept as extras.
const KNOWN: [&str; 13] = [
    "name",
    "description",
    "meta",
    "data_type",
    "constraints",
    "docs",
    "config",
    "data_tests",
    "tests",
    "quote",
    "tags",
    "granularity",
    // Worked out from the description, whatever a file says.
    "doc_blocks",
];

/// Reads the list under `columns`; anything that is no column is reported.
pub(super) fn columns(entry: &Map, problems: &mut Vec<Diagnostic>) -> Vec<Column> {
    let Some(list) = entry.get("columns").filter(|list| !list.is_null()) else { return Vec::new() };
    match list.expect_seq("columns") {
        Ok(items) => items.iter().filter_map(|item| column(item, problems)).collect(),
        Err(problem) => {
            problems.push(*problem);
            Vec::new()
        }
    }
}

/// Reads the grain of a column that dates rows. One that there is not is reported; nothing stands for none, as does ''.
fn grain(given: &Map, problems: &mut Vec<Diagnostic>) -> Option<String> {
    let value = given.get("granularity").filter(|value| !value.is_null() && value.as_str() != Some(""))?;
    match semantic::grain(value) {
        Ok(grain) => grain.as_str().map(str::to_owned),
        Err(problem) => {
            problems.push(*problem);
            None
        }
    }
}

/// Reads one column.
pub(super) fn column(item: &Yaml, problems: &mut Vec<Diagnostic>) -> Option<Column> {
    let Some(given) = item.as_map() else {
        problems.push(*item.unexpected_item("columns", "a mapping with a `name`"));
        return None;
    };
    let mut read = Reader { given, span: item.span, problems };
    let name = read.name("column")?;
    let config = read.mapping("config");
    let mut meta = read.mapping("meta");
    if let Some(Json::Object(more)) = config.get("meta") {
        meta.extend(more.clone());
    }
    let own_tags = read.tags("tags");
    let mut tags = Vec::new();
    for tag in own_tags.into_iter().chain(super::config::texts(config.get("tags"))) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    let shown = ColumnProperties {
        name: name.into(),
        description: read.text("description").unwrap_or_default().into(),
        meta,
        data_type: read.text("data_type"),
        constraints: given
            .get("constraints")
            .map_or_else(Vec::new, |list| contract::constraints(list, false, read.problems)),
        quote: read.flag("quote"),
        tags: tags.clone(),
        granularity: grain(given, read.problems),
        doc_blocks: Vec::new(),
        extra: given
            .iter()
            .filter(|entry| !KNOWN.contains(&&*entry.key))
            .map(|entry| (entry.key.to_string(), entry.value.to_json()))
            .collect(),
    };
    let description_span = given.get("description").map(|value| value.span);
    let tests = read.tests();
    Some(Column { shown: Arc::new(shown), description_span, tests, test_tags: tags })
}

/// Returns columns by name; the later of two equal names wins.
pub(super) fn by_name<'a>(columns: impl IntoIterator<Item = &'a Column>) -> Columns {
    columns.into_iter().map(|column| (Arc::clone(&column.shown.name), Arc::clone(&column.shown))).collect()
}

/// Reads typed values of a mapping, and reports what has the wrong type.
pub(super) struct Reader<'a> {
    pub(super) given: &'a Map,
    pub(super) span: Span,
    pub(super) problems: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn set(&self, key: &str) -> Option<&Yaml> {
        self.given.get(key).filter(|value| !value.is_null())
    }

    fn report<T>(&mut self, result: Result<T, Box<Diagnostic>>) -> Option<T> {
        result.map_err(|problem| self.problems.push(*problem)).ok()
    }

    /// Returns the required name. `what` says of what.
    pub(super) fn name(&mut self, what: &str) -> Option<String> {
        match self.given.get("name") {
            Some(name) => {
                let result = name.expect_str("name").map(str::to_owned);
                self.report(result)
            }
            None => {
                let message = format!("a {what} needs a `name`");
                self.problems.push(
                    Diagnostic::error(crate::diag::Code::MISSING_KEY, self.span, message).help("add `name:`"),
                );
                None
            }
        }
    }

    /// Returns text that is set.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        let result = self.set(key)?.expect_str(key).map(str::to_owned);
        self.report(result)
    }

    /// Returns a boolean that is set.
    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        let result = self.set(key)?.expect_bool(key);
        self.report(result)
    }

    /// Returns a mapping; empty when it is not set.
    pub(super) fn mapping(&mut self, key: &str) -> JsonMap {
        let Some(value) = self.set(key) else { return JsonMap::new() };
        let result = value.expect_map(key).map(Map::to_json);
        self.report(result).unwrap_or_default()
    }

    /// Returns a text or a list of texts; empty when it is not set.
    pub(super) fn tags(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.set(key) else { return Vec::new() };
        let result = value.expect_str_or_strs(key).map(|tags| tags.into_iter().map(str::to_owned).collect());
        self.report(result).unwrap_or_default()
    }

    /// Returns a list; empty when it is not set.
    pub(super) fn list(&mut self, key: &str) -> Vec<Yaml> {
        let Some(value) = self.set(key) else { return Vec::new() };
        let result = value.expect_seq(key).map(<[Yaml]>::to_vec);
        self.report(result).unwrap_or_default()
    }

    /// Returns the test definitions under `data_tests` or `tests`; both together are an error.
    pub(super) fn tests(&mut self) -> Vec<Yaml> {
        if let (Some(old), Some(_)) = (self.given.entry("tests"), self.given.entry("data_tests"))
            && !old.value.is_falsy()
        {
            let message = "Invalid test config: cannot have both 'tests' and 'data_tests' defined";
            self.problems.push(
                Diagnostic::error(crate::diag::Code::INVALID_RESOURCE, old.key_span, message)
                    .help("keep `data_tests`; `tests` is the old name of the same key"),
            );
        }
        let key = if self.given.contains("data_tests") { "data_tests" } else { "tests" };
        self.list(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_shared_that_look_the_same() {
        let column = |meta: &str| {
            let meta = serde_json::from_str(meta).unwrap();
            Arc::new(ColumnProperties { name: "id".into(), meta, ..ColumnProperties::default() })
        };
        let shared = SharedColumns::default();
        let share = |meta: &str| {
            let mut column = column(meta);
            shared.share(&mut column);
            column
        };
        let first = share(r#"{"a": 1, "b": 2}"#);
        assert!(Arc::ptr_eq(&first, &share(r#"{"a": 1, "b": 2}"#)));
        // As values they are equal; artifacts show them differently.
        assert!(!Arc::ptr_eq(&first, &share(r#"{"b": 2, "a": 1}"#)));
        assert!(!Arc::ptr_eq(&first, &share("{}")));
    }
}
