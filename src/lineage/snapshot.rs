//! The columns that a snapshot adds to those of its query, as dbt's strategies fill them.

use std::rc::Rc;

use super::table::Table;
use super::value::{Step, Value};
use crate::manifest::{Json, Node};

/// Adds the columns that tell when a row was valid.
pub(super) fn with_history(mut table: Table, node: &Node) -> Table {
    let renamed = node.config.mapping("snapshot_meta_column_names");
    let name = |own: &str| renamed.get(own).and_then(Json::as_str).unwrap_or(own).to_owned();
    let column =
        |table: &Table, name: &str| table.get(&name.to_lowercase()).unwrap_or_else(Value::of_nothing);
    // With `check`, rows are dated by the clock.
    let dated = match (node.config.text("strategy"), node.config.text("updated_at")) {
        (Some("timestamp"), Some(updated_at)) => column(&table, updated_at),
        _ => Value::of_nothing(),
    };
    let mut identity = Value::of_nothing();
    for key in keys(node) {
        identity.take(&column(&table, &key));
    }
    identity.take(&dated);
    let ended = dated.clone().through(Step::Derived);
    let mut added = vec![
        ("dbt_scd_id", identity.through(Step::Derived)),
        ("dbt_updated_at", dated.clone()),
        ("dbt_valid_from", dated),
    ];
    added.push(("dbt_valid_to", ended));
    if node.config.text("hard_deletes") == Some("new_record") {
        added.push(("dbt_is_deleted", Value::of_nothing()));
    }
    for (own, value) in added {
        let name = name(own);
        table.push((&name, &name.to_lowercase()), Rc::new(value));
    }
    table
}

/// `unique_key` is a name or a list of names.
fn keys(node: &Node) -> Vec<String> {
    match node.config.get("unique_key") {
        Some(Json::String(name)) => vec![name.clone()],
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
