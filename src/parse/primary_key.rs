//! The columns that identify a model's rows, as far as constraints and tests tell (`resources.md`
//! section 4). Called by `mod` when all tests are known.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::manifest::{ColumnProperties, GenericTest, Json, Node, NodeKind};

use super::contract::is_type;

/// Infers the key of a model. `tests` are those attached to it, disabled ones included.
pub(super) fn infer(model: &Node, tests: &[&Node]) -> Vec<String> {
    let NodeKind::Model { constraints, .. } = &model.kind else { return Vec::new() };
    if let Some(constraint) = constraints.iter().find(|constraint| is_type(constraint, "primary_key")) {
        let columns = constraint.get("columns").and_then(Json::as_array).into_iter().flatten();
        let mut columns: Vec<String> = columns.filter_map(Json::as_str).map(str::to_owned).collect();
        columns.sort_unstable();
        return columns;
    }
    let is_key = |column: &&Arc<ColumnProperties>| {
        column.constraints.iter().any(|constraint| is_type(constraint, "primary_key"))
    };
    if let Some(column) = model.columns.values().find(is_key) {
        return vec![column.name.to_string()];
    }
    by_tests(tests)
}

fn by_tests(tests: &[&Node]) -> Vec<String> {
    let (mut unique, mut disabled_unique, mut not_null) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for node in tests {
        let Some(test) = node.generic_test() else { continue };
        for column in columns(test) {
            match test.metadata.name.as_str() {
                "unique" | "unique_combination_of_columns" if node.config.enabled() => unique.insert(column),
                "unique" | "unique_combination_of_columns" => disabled_unique.insert(column),
                "not_null" => not_null.insert(column),
                _ => false,
            };
        }
    }
    let both: Vec<String> = not_null
        .into_iter()
        .filter(|column| unique.contains(column) || disabled_unique.contains(column))
        .collect();
    if !both.is_empty() {
        return both;
    }
    if unique.is_empty() { disabled_unique } else { unique }.into_iter().collect()
}

/// The columns a test is about.
fn columns(test: &GenericTest) -> Vec<String> {
    let kwargs = &test.metadata.kwargs;
    if let Some(Json::String(column)) = kwargs.get("column_name") {
        return vec![column.clone()];
    }
    match kwargs.get("combination_of_columns") {
        Some(Json::Array(columns)) => columns.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
