//! `overrides:` of a source: an entry that changes a source of a package instead of defining one (`resources.md`
//! section 8).
//!
//! Input: the entries of `sources:` of all projects. Output: the entries that define sources, each with what an
//! override says of it written over its own keys. At most one override counts for a source. Called by `pipeline`.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic, Span};
use crate::yaml::{Entry, Map, Value, Yaml};

use super::properties::{RawEntry, Section};

/// What names the override and its target, and is not written over anything.
const TARGET: [&str; 3] = ["name", "overrides", "tables"];

/// What an override may say of a source.
const OF_SOURCE: [&str; 11] = [
    "config",
    "description",
    "meta",
    "database",
    "schema",
    "loader",
    "quoting",
    "freshness",
    "loaded_at_field",
    "loaded_at_query",
    "tags",
];

/// What an override may say of a table.
const OF_TABLE: [&str; 13] = [
    "description",
    "meta",
    "data_type",
    "docs",
    "loaded_at_field",
    "loaded_at_query",
    "identifier",
    "quoting",
    "freshness",
    "external",
    "tags",
    "data_tests",
    "tests",
];

/// What an override clears even if it does not mention it: dbt fills these in with their defaults.
const CLEARED_OF_SOURCE: [&str; 2] = ["config", "freshness"];
const CLEARED_OF_TABLE: [&str; 2] = ["quoting", "freshness"];

/// An entry with `overrides`.
struct Override<'a> {
    entry: &'a RawEntry,
    map: &'a Map,
    package: &'a str,
    source: &'a str,
    place: Span,
}

/// Returns the entries that define sources, changed by those that override them.
pub(super) fn apply(entries: &[RawEntry], problems: &mut Vec<Diagnostic>) -> Vec<RawEntry> {
    let sources = || entries.iter().filter(|entry| entry.section == Section::Sources);
    let (overrides, wrong) = collect(sources());
    problems.extend(wrong);
    let mut unused: Vec<BTreeSet<String>> = overrides.iter().map(|found| table_names(found.map)).collect();
    let mut met = vec![false; overrides.len()];
    let mut all = Vec::new();
    for entry in sources().filter(|entry| !is_override(entry)) {
        let name = entry.rendered.get("name").and_then(Yaml::as_str).unwrap_or_default();
        let of = |found: &Override<'_>| found.package == &*entry.file.package && found.source == name;
        let Some(at) = overrides.iter().position(of) else {
            all.push(entry.clone());
            continue;
        };
        met[at] = true;
        if let Some(own) = entry.rendered.as_map() {
            table_names(own).iter().for_each(|table| {
                unused[at].remove(table);
            });
            let value = Value::Map(overridden(own, overrides[at].map));
            all.push(RawEntry { rendered: Yaml::new(entry.rendered.span, value), ..entry.clone() });
        }
    }
    let without_target = overrides.iter().zip(unused).zip(met);
    problems.extend(without_target.filter_map(|((found, tables), met)| idle(found, &tables, met)));
    all
}

fn is_override(entry: &RawEntry) -> bool {
    entry.rendered.get("overrides").is_some()
}

fn collect<'a>(entries: impl Iterator<Item = &'a RawEntry>) -> (Vec<Override<'a>>, Vec<Diagnostic>) {
    let (mut found, mut problems): (Vec<Override<'_>>, _) = (Vec::new(), Vec::new());
    for entry in entries.filter(|entry| is_override(entry)) {
        let Some(map) = entry.rendered.as_map() else { continue };
        let text = |key: &str| map.get(key).and_then(Yaml::as_str);
        let place = map.entry("overrides").map_or(entry.rendered.span, |entry| entry.key_span);
        let (Some(source), Some(package)) = (text("name"), text("overrides")) else {
            let message = "`overrides` and `name` must be the names of a package and of its source";
            problems.push(Diagnostic::error(Code::INVALID_RESOURCE, place, message));
            continue;
        };
        problems.extend(unknown_keys(map));
        let new = Override { entry, map, package, source, place };
        match found.iter().find(|known| known.package == package && known.source == source) {
            Some(first) => problems.push(twice(first, &new)),
            None => found.push(new),
        }
    }
    (found, problems)
}

/// The words are dbt's, up to the advice.
fn twice(first: &Override<'_>, second: &Override<'_>) -> Diagnostic {
    let message = format!(
        "dbt found two schema.yml entries for the same source named {} in package {}",
        first.source, first.package
    );
    let paths = format!("{}, {}", first.entry.file.original_path, second.entry.file.original_path);
    Diagnostic::error(Code::DUPLICATE_PATCH, second.place, message)
        .label(first.place, "first overridden here")
        .help(format!("remove the override from one of these files: {paths}"))
}

fn unknown_keys(map: &Map) -> Vec<Diagnostic> {
    let wrong = |entry: &Entry, what: &str| {
        let message = format!("an override cannot set `{}` of a {what}", entry.key);
        Diagnostic::error(Code::INVALID_RESOURCE, entry.key_span, message)
    };
    let of_source =
        map.iter().filter(|entry| !TARGET.contains(&&*entry.key) && !OF_SOURCE.contains(&&*entry.key));
    let of_tables = tables(map)
        .flat_map(Map::iter)
        .filter(|entry| !["name", "columns"].contains(&&*entry.key) && !OF_TABLE.contains(&&*entry.key));
    of_source
        .map(|entry| wrong(entry, "source"))
        .chain(of_tables.map(|entry| wrong(entry, "table")))
        .collect()
}

fn tables(map: &Map) -> impl Iterator<Item = &Map> {
    map.get("tables").and_then(Yaml::as_seq).unwrap_or_default().iter().filter_map(Yaml::as_map)
}

fn table_name(table: &Map) -> Option<&str> {
    table.get("name").and_then(Yaml::as_str)
}

fn table_names(map: &Map) -> BTreeSet<String> {
    tables(map).filter_map(table_name).map(str::to_owned).collect()
}

/// Writes an override over a source and those of its tables that it names.
fn overridden(own: &Map, by: &Map) -> Map {
    let mut source = written_over(own, by, &CLEARED_OF_SOURCE);
    if let Some(mut list) = own.entry("tables").cloned()
        && let Value::Seq(items) = &mut list.value.value
    {
        for item in items {
            let Value::Map(table) = &mut item.value else { continue };
            let change = tables(by).find(|change| table_name(change) == table_name(table));
            if let Some(change) = change {
                *table = written_over(table, change, &CLEARED_OF_TABLE);
            }
        }
        source.insert(list);
    }
    source
}

/// Nothing but `freshness` can be set to nothing.
fn written_over(own: &Map, by: &Map, cleared: &[&str]) -> Map {
    let mut result = own.clone();
    for key in cleared {
        result.remove(key);
    }
    for entry in by.iter().filter(|entry| !TARGET.contains(&&*entry.key)) {
        if entry.value.is_null() && &*entry.key != "freshness" {
            continue;
        }
        result.insert(entry.clone());
    }
    result
}

/// Warns of an override that changes nothing, or names tables that the source does not have.
fn idle(found: &Override<'_>, tables: &BTreeSet<String>, met: bool) -> Option<Diagnostic> {
    let source = format!("{}.{}", found.package, found.source);
    let message = if !met {
        format!("there is no source `{source}` to override")
    } else if tables.is_empty() {
        return None;
    } else {
        let names: Vec<String> = tables.iter().map(|table| format!("`{source}.{table}`")).collect();
        format!("there is no source table {} to override", names.join(", "))
    };
    Some(Diagnostic::warning(Code::UNUSED_PATCH, found.place, message).known_as("UnusedTables"))
}
