//! What a run knows of relations: where nodes and sources are.

use std::sync::PoisonError;

use super::run_scope::RunScope;
use crate::diag::Code;
use crate::jinja::Error;
use crate::manifest::{Json, JsonMap, Node, Policy, Relation, SourceTable};

impl RunScope {
    /// Returns the relation a node is built as.
    pub fn relation_of(&self, node: &Node) -> Relation {
        let shared = &self.shared;
        Relation::new(shared.dialect, non_empty(&node.database), Some(&node.schema), Some(&node.alias))
            .with_quoting(shared.quoting)
    }

    /// Returns the relation of a source table. Only its own quoting counts, not the project's.
    ///
    /// On DuckDB a source may be a file or a function call: `external_location` (`adapters.md` section 2).
    pub fn source_relation(&self, table: &SourceTable) -> Result<Relation, Error> {
        let flag = |key: &str| table.quoting.get(key).and_then(Json::as_bool);
        let quoting = Policy::ALL.with(flag("database"), flag("schema"), flag("identifier"));
        let dialect = self.shared.dialect;
        let mut relation =
            Relation::new(dialect, non_empty(&table.database), Some(&table.schema), Some(&table.identifier))
                .with_quoting(quoting);
        if !dialect.reads_files() {
            return Ok(relation);
        }
        if let Some(plugin) = setting(table, "plugin").and_then(Json::as_str) {
            let name = table.search_name();
            return Err(Error::new(
                Code::UNSUPPORTED,
                format!("source `{name}` is loaded by the plugin `{plugin}`, and there is no such plugin"),
            )
            .help("plugins are Python code of dbt-duckdb; name a file or a query by `external_location`, or attach the database"));
        }
        if let Some(location) = external_location(table)? {
            relation.external = Some(location.into());
        }
        Ok(relation)
    }

    /// Tells whether a text is new, so that a warning is told once.
    pub(super) fn first_time(&self, text: &str) -> bool {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(text.to_owned())
    }
}

fn non_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// Returns what a source says to DuckDB: under `config`, else under the `meta` of the table or the source.
fn setting<'a>(table: &'a SourceTable, key: &str) -> Option<&'a Json> {
    let config = table.config.get(key).filter(|value| !value.is_null());
    config.or_else(|| table.meta.get(key)).or_else(|| table.source_meta.get(key))
}

/// Returns the text that stands for an external source, its placeholders filled; quoted unless it is a call.
pub fn external_location(table: &SourceTable) -> Result<Option<String>, Error> {
    let setting = |key: &str| setting(table, key).and_then(Json::as_str);
    let Some(location) = setting("external_location") else { return Ok(None) };
    let filled = match setting("formatter").unwrap_or("newstyle") {
        "newstyle" => fill(location, ("{", "}"), table),
        "oldstyle" => fill(location, ("%(", ")s"), table),
        "template" => fill_template(location, table),
        other => {
            return Err(Error::new(
                Code::CONFIG,
                format!(
                    "`formatter` of source `{}` must be newstyle, oldstyle or template, got `{other}`",
                    table.search_name()
                ),
            ));
        }
    };
    let is_call = filled.contains('(') || filled.starts_with('\'');
    Ok(Some(if is_call { filled } else { format!("'{filled}'") }))
}

/// What placeholders stand for: the table's names, then every text of its `meta`.
fn placeholders(table: &SourceTable) -> Vec<(String, String)> {
    let own = [
        ("name", &table.name),
        ("identifier", &table.identifier),
        ("schema", &table.schema),
        ("database", &table.database),
    ];
    let meta: &JsonMap = &table.meta;
    let texts = meta
        .iter()
        .map(|(key, value)| (key.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    own.into_iter().map(|(key, value)| (key.to_owned(), value.clone())).chain(texts).collect()
}

fn fill(text: &str, (open, close): (&str, &str), table: &SourceTable) -> String {
    placeholders(table)
        .into_iter()
        .fold(text.to_owned(), |text, (key, value)| text.replace(&format!("{open}{key}{close}"), &value))
}

/// `$name` and `${name}`; longer names first, so that `$name_2` is not taken for `$name`.
fn fill_template(text: &str, table: &SourceTable) -> String {
    let mut all = placeholders(table);
    all.sort_by_key(|(key, _)| std::cmp::Reverse(key.len()));
    all.into_iter().fold(text.to_owned(), |text, (key, value)| {
        text.replace(&format!("${{{key}}}"), &value).replace(&format!("${key}"), &value)
    })
}
