//! The keys that entries of property files may have, for who offers them.
//!
//! The readers beside this file ask an entry for its keys one by one; this lists what they ask for. What `config` may hold is
//! not listed here: it is what has a default. Called by `lsp`.

use super::properties::{SECTIONS, Section};
use super::{config_check, contract, exposures, freshness, unit_tests};
use crate::manifest::{ResourceType, defaults};

/// Returns the lists that a property file may have.
fn lists() -> impl Iterator<Item = &'static str> {
    SECTIONS.into_iter().map(Section::key)
}

/// Returns what the entries of a list are.
fn described_by(list: &str) -> Option<ResourceType> {
    SECTIONS.into_iter().find(|section| section.key() == list).map(Section::resource)
}

/// Returns what a `config` at the end of a path is about: a test below `data_tests`, else what the list describes.
pub fn configured(path: &[&str]) -> Option<ResourceType> {
    let of_tests = path.iter().any(|key| matches!(*key, "tests" | "data_tests"));
    if of_tests { Some(ResourceType::Test) } else { described_by(path.first()?) }
}

/// Returns the keys that may stand at the end of a path, which begins with a list and leaves out the items of lists:
/// `["models", "columns"]`. Nothing for paths below which anything may stand.
pub fn keys(path: &[&str]) -> Vec<&'static str> {
    match path {
        [] => lists().chain(["version"]).collect(),
        [_, .., "config"] => configured(path)
            .map(|resource| defaults(resource).keys().map(String::as_str).collect())
            .unwrap_or_default(),
        [list, .., last] => nested(list, last).unwrap_or_default().to_vec(),
        [list] => of_entry(list).to_vec(),
    }
}

/// Returns the values that a config may have, if they are a closed set.
pub fn config_values(resource: ResourceType, key: &str) -> &'static [&'static str] {
    config_check::closed_set(resource, key)
}

/// Returns the values that a key below a path may have, if they are a closed set; those of a `config` are [`config_values`].
pub fn values(path: &[&str], key: &str) -> &'static [&'static str] {
    match (path, key) {
        (["exposures"], "type") => &exposures::TYPES,
        (["exposures"], "maturity") => &exposures::MATURITIES,
        ([.., "constraints"], "type") => &contract::TYPES,
        (_, "access") => config_values(ResourceType::Model, "access"),
        (_, "period") => &freshness::PERIODS,
        (_, "format") => &unit_tests::FORMATS,
        _ => &[],
    }
}

fn of_entry(list: &str) -> &'static [&'static str] {
    match list {
        "models" => &[
            "name",
            "description",
            "config",
            "columns",
            "data_tests",
            "constraints",
            "versions",
            "latest_version",
            "deprecation_date",
            "time_spine",
            "docs",
            "meta",
            "group",
            "access",
            "contract",
        ],
        "seeds" | "snapshots" => &[
            "name",
            "description",
            "config",
            "columns",
            "data_tests",
            "docs",
            "meta",
            "relation",
            "quote_columns",
        ],
        "analyses" => &["name", "description", "config", "columns", "docs", "meta"],
        "data_tests" => &["name", "description", "config", "docs", "meta"],
        "functions" => &["name", "description", "config", "arguments", "returns", "docs", "meta"],
        "macros" => &["name", "description", "arguments", "docs", "meta", "config"],
        "sources" => &[
            "name",
            "description",
            "database",
            "schema",
            "loader",
            "loaded_at_field",
            "loaded_at_query",
            "freshness",
            "quoting",
            "tables",
            "tags",
            "meta",
            "config",
            "overrides",
        ],
        "exposures" => &[
            "name",
            "label",
            "type",
            "owner",
            "description",
            "maturity",
            "url",
            "depends_on",
            "tags",
            "meta",
            "config",
        ],
        "groups" => &["name", "owner", "description", "config"],
        "unit_tests" => {
            &["name", "model", "description", "given", "expect", "overrides", "versions", "config"]
        }
        "metrics" => &[
            "name",
            "label",
            "description",
            "type",
            "type_params",
            "filter",
            "time_granularity",
            "config",
            "meta",
        ],
        "semantic_models" => &[
            "name",
            "label",
            "description",
            "model",
            "defaults",
            "entities",
            "measures",
            "dimensions",
            "primary_entity",
            "config",
        ],
        "saved_queries" => &["name", "label", "description", "query_params", "exports", "config"],
        _ => &[],
    }
}

fn nested(list: &str, last: &str) -> Option<&'static [&'static str]> {
    Some(match (list, last) {
        ("sources", "tables") => &[
            "name",
            "description",
            "identifier",
            "columns",
            "data_tests",
            "loaded_at_field",
            "loaded_at_query",
            "freshness",
            "quoting",
            "external",
            "tags",
            "meta",
            "config",
        ],
        (_, "columns") => &[
            "name",
            "description",
            "data_type",
            "data_tests",
            "constraints",
            "quote",
            "granularity",
            "tags",
            "meta",
            "config",
        ],
        ("models", "versions") => &[
            "v",
            "defined_in",
            "description",
            "config",
            "columns",
            "data_tests",
            "constraints",
            "deprecation_date",
            "access",
        ],
        (_, "constraints") => &[
            "type",
            "name",
            "columns",
            "expression",
            "to",
            "to_columns",
            "warn_unsupported",
            "warn_unenforced",
        ],
        ("macros" | "functions", "arguments") => {
            &["name", "data_type", "type", "description", "default_value"]
        }
        ("functions", "returns") => &["data_type", "description"],
        ("unit_tests", "given") => &["input", "rows", "format", "fixture"],
        ("unit_tests", "expect") => &["rows", "format", "fixture"],
        ("unit_tests", "overrides") => &["macros", "vars", "env_vars"],
        ("exposures" | "groups", "owner") => &["name", "email"],
        ("sources", "freshness") => &["warn_after", "error_after", "filter"],
        (_, "warn_after" | "error_after") => &["count", "period"],
        (_, "quoting") => &["database", "schema", "identifier", "column"],
        (_, "docs") => &["show", "node_color"],
        ("semantic_models", "entities") => &["name", "type", "expr", "description", "label"],
        ("semantic_models", "measures") => &[
            "name",
            "agg",
            "expr",
            "description",
            "label",
            "agg_time_dimension",
            "create_metric",
            "non_additive_dimension",
        ],
        ("semantic_models", "dimensions") => &["name", "type", "expr", "description", "label", "type_params"],
        ("semantic_models", "defaults") => &["agg_time_dimension"],
        ("saved_queries", "query_params") => &["metrics", "group_by", "where", "order_by", "limit"],
        ("saved_queries", "exports") => &["name", "config"],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_has_keys_and_configs_are_those_with_defaults() {
        for list in lists() {
            assert!(keys(&[list]).contains(&"name"), "{list}");
            assert!(described_by(list).is_some(), "{list}");
        }
        assert!(keys(&["models", "config"]).contains(&"materialized"));
        assert!(keys(&["models", "columns", "data_tests", "unique", "config"]).contains(&"severity"));
        assert!(keys(&["models", "meta"]).is_empty());
        assert_eq!(config_values(ResourceType::Model, "access"), ["private", "protected", "public"]);
        assert_eq!(values(&["models"], "access"), ["private", "protected", "public"]);
        assert!(values(&["models", "columns", "constraints"], "type").contains(&"foreign_key"));
    }
}
