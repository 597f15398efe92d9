//! `exceptions.*`: how templates stop a run or warn (`jinja.md` section 5).

use std::sync::Arc;

use super::relation::relation_of;
use super::shared::Shared;
use crate::diag::Code;
use crate::event::JinjaLogWarning;
use crate::jinja::{Call, Error, Instance, Value, py_repr, py_str};

/// The `exceptions` object.
pub(super) struct Exceptions {
    pub(super) shared: Arc<Shared>,
}

/// The method names, for `exceptions.x is defined` and calls through variables.
const METHODS: &[&str] = &[
    "warn",
    "missing_config",
    "missing_materialization",
    "missing_relation",
    "raise_ambiguous_alias",
    "raise_ambiguous_catalog_match",
    "raise_cache_inconsistent",
    "raise_dataclass_not_dict",
    "raise_compiler_error",
    "raise_database_error",
    "raise_dep_not_found",
    "raise_dependency_error",
    "raise_duplicate_patch_name",
    "raise_duplicate_resource_name",
    "raise_invalid_property_yml_version",
    "raise_not_implemented",
    "raise_fail_fast_error",
    "raise_contract_error",
    "relation_wrong_type",
    "column_type_missing",
    "warn_snapshot_timestamp_data_types",
];

impl Instance for Exceptions {
    fn type_name(&self) -> &'static str {
        "exceptions"
    }

    fn has_method(&self, name: &str) -> bool {
        METHODS.contains(&name)
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        if !METHODS.contains(&name) {
            return None;
        }
        Some(match name {
            "warn" => self.warn(call),
            "raise_contract_error" => contract_error(call),
            "warn_snapshot_timestamp_data_types" => self.warn_snapshot_types(call),
            other => Err(failure(other, call)),
        })
    }
}

impl Exceptions {
    fn warn(&self, call: &mut Call<'_>) -> Result<Value, Error> {
        let text = py_str(&call.args.required("msg")?);
        self.shared.warn(JinjaLogWarning { msg: text })?;
        Ok(Value::from(""))
    }

    fn warn_snapshot_types(&self, call: &mut Call<'_>) -> Result<Value, Error> {
        let snapshot = py_str(&call.args.required("snapshot_time_data_type")?);
        let updated = py_str(&call.args.required("updated_at_data_type")?);
        let msg = format!(
            "Data type of snapshot table timestamp columns ({snapshot}) doesn't match derived column \
             'updated_at' ({updated}). Please update snapshot config 'updated_at'."
        );
        self.shared.warn(JinjaLogWarning { msg })?;
        Ok(Value::from(""))
    }
}

/// Makes the error of one of the `raise_*` functions.
fn failure(name: &str, call: &mut Call<'_>) -> Error {
    let mut next = || call.args.optional("").map(|value| py_str(&value)).unwrap_or_default();
    match name {
        "missing_config" => {
            let (model, key) = (next(), next());
            raised(format!("Model '{model}' does not define a required config parameter '{key}'."))
        }
        "missing_materialization" => {
            let (model, adapter) = (next(), next());
            raised(format!(
                "No materialization for '{model}' was found for adapter {adapter}! (searched types 'default' and '{adapter}')"
            ))
        }
        "missing_relation" => raised(format!("Relation {} not found!", next())),
        "relation_wrong_type" => {
            let relation = call.args.optional("relation").unwrap_or_default();
            let expected = call.args.optional("expected_type").map(|v| py_str(&v)).unwrap_or_default();
            let found = relation_of(&relation)
                .and_then(|found| found.ty.map(|ty| ty.as_str().to_owned()))
                .unwrap_or_else(|| "unknown type".to_owned());
            raised(format!(
                "Trying to create {expected} {}, but it currently exists as a {found}. Either drop {} manually, \
                 or run dbt with `--full-refresh` and dbt will drop it for you.",
                py_str(&relation),
                py_str(&relation)
            ))
        }
        "column_type_missing" => {
            let columns = call.args.optional("column_names").unwrap_or_default();
            Error::new(
                Code::CONTRACT,
                format!(
                    "Contracted models require data_type to be defined for each column. Please ensure that the \
                     column name and data_type are defined within the YAML configuration for the {} column(s).",
                    py_repr(&columns)
                ),
            )
        }
        "raise_database_error" => Error::new(Code::BAD_ANSWER, next()),
        "raise_not_implemented" => raised(format!("ERROR: {}", next())),
        _ => {
            let message =
                call.args.optional("msg").or_else(|| call.args.named.first().map(|(_, v)| v.clone()));
            raised(message.map(|value| py_str(&value)).unwrap_or_default())
        }
    }
}

fn raised(message: impl Into<String>) -> Error {
    Error::new(Code::RAISED, message)
}

/// A row of the table that explains a broken contract.
#[derive(Debug, PartialEq, Eq)]
struct Mismatch {
    column: String,
    found: String,
    promised: String,
    reason: &'static str,
}

/// Compares the columns a contract promises with those the query has, and raises when they differ.
fn contract_error(call: &mut Call<'_>) -> Result<Value, Error> {
    let promised = columns(&call.args.required("yaml_columns")?);
    let found = columns(&call.args.required("sql_columns")?);
    if promised.is_empty() {
        let message = "This model has an enforced contract, and its 'columns' specification is missing";
        let error = Error::new(Code::CONTRACT, message);
        return Err(error.help("list its columns with their `data_type` in a property file"));
    }
    let mut rows = mismatches(&promised, &found);
    rows.sort_by(|a, b| a.column.cmp(&b.column));
    let mut table = String::from("| column_name | definition_type | contract_type | mismatch_reason |\n");
    table.push_str("| ----------- | --------------- | ------------- | --------------- |\n");
    for row in &rows {
        table.push_str(&format!("| {} | {} | {} | {} |\n", row.column, row.found, row.promised, row.reason));
    }
    let error = Error::new(
        Code::CONTRACT,
        format!(
            "This model has an enforced contract that failed.\nPlease ensure the name, data_type, and number of columns \
             in your contract match the columns in your model's definition.\n\n{}",
            align(&table)
        ),
    );
    Err(error.help("change the model's SQL or the columns in its property file so that both agree"))
}

type NamedType = (String, String);

fn columns(value: &Value) -> Vec<NamedType> {
    let Ok(items) = crate::jinja::elements(value) else { return Vec::new() };
    let part =
        |item: &Value, key: &str| crate::jinja::item(item, key).map(|v| py_str(&v)).unwrap_or_default();
    items.iter().map(|item| (part(item, "name"), part(item, "data_type"))).collect()
}

fn mismatches(promised: &[NamedType], found: &[NamedType]) -> Vec<Mismatch> {
    let mut rows = Vec::new();
    for (column, kind) in found {
        let (promised, reason) = match promised.iter().find(|(name, _)| name == column) {
            None => (String::new(), "missing in contract"),
            Some((_, wanted)) if wanted != kind => (wanted.clone(), "data type mismatch"),
            Some(_) => continue,
        };
        rows.push(Mismatch { column: column.clone(), found: kind.clone(), promised, reason });
    }
    for (column, kind) in promised {
        if !found.iter().any(|(name, _)| name == column) {
            let promised = kind.clone();
            rows.push(Mismatch {
                column: column.clone(),
                found: String::new(),
                promised,
                reason: "missing in definition",
            });
        }
    }
    rows
}

/// Pads the cells of a Markdown table so that its columns line up in a terminal.
fn align(table: &str) -> String {
    let rows: Vec<Vec<&str>> =
        table.lines().map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |at: usize| rows.iter().filter_map(|r| r.get(at)).map(|c| c.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |(number, row): (usize, &Vec<&str>)| {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| if number == 1 { "-".repeat(*width) } else { format!("{cell:<width$}") })
            .collect();
        format!("| {} |", cells.join(" | "))
    };
    rows.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_contract_lists_every_difference() {
        let pair = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
        let promised = [pair("id", "INTEGER"), pair("name", "VARCHAR"), pair("gone", "DATE")];
        let found = [pair("ID", "INTEGER"), pair("name", "BOOLEAN"), pair("extra", "DATE")];
        let rows = mismatches(&promised, &found);
        let seen: Vec<_> = rows.iter().map(|row| (row.column.as_str(), row.reason)).collect();
        assert_eq!(
            seen,
            [
                ("ID", "missing in contract"),
                ("name", "data type mismatch"),
                ("extra", "missing in contract"),
                ("id", "missing in definition"),
                ("gone", "missing in definition")
            ]
        );
    }

    #[test]
    fn tables_line_up() {
        assert_eq!(align("| a | bb |\n| - | - |\n| ccc | d |\n"), "| a   | bb |\n| --- | -- |\n| ccc | d  |");
    }
}
