//! Indexes of Postgres: an entry of `indexes` as an object, and how those of a materialized view differ from its config.
//!
//! Input: entries as the project wrote them, and what `get_show_indexes_sql` answered. Output: objects with the members
//! that dbt's have, since macros of projects read them. Called by `adapter.parse_index` and by relations.

use std::collections::BTreeSet;

use super::base::json_of;
use super::relation::relation_arg;
use super::table::records;
use crate::diag::Code;
use crate::digest;
use crate::jinja::{Error, Value, dict, function, item, list, none, py_repr, py_str, type_name};
use crate::manifest::{Json, JsonMap};

/// What Postgres builds unless told otherwise.
const DEFAULT_METHOD: &str = "btree";

/// An entry of `indexes`: `{columns: [..], unique: bool, type: hash}`; gives an object whose `render` names the index.
///
/// Errors with dbt's words for each key that has another type.
pub(super) fn parse_index(raw: &Value) -> Result<Value, Error> {
    let Json::Object(index) = json_of(raw) else {
        let text = format!(
            "Invalid index config:\n  Got: {}\n  Expected a dictionary with at minimum a \"columns\" key",
            py_str(raw)
        );
        return Err(Error::new(Code::CONFIG, text).help("write `indexes: [{columns: [id], unique: true}]`"));
    };
    let refused = |why: String| {
        Err(Error::new(Code::CONFIG, format!("Could not parse index config: {why}"))
            .help("write `indexes: [{columns: [id], unique: true}]`"))
    };
    let at = |key: &str, problem: &str| {
        let value = item(raw, key).map(|value| py_repr(&value)).unwrap_or_default();
        format!("at path ['{key}']: {value} {problem}")
    };
    let columns = match index.get("columns") {
        None => return refused("at path []: 'columns' is a required property".to_owned()),
        Some(Json::Array(columns)) => columns,
        Some(_) => return refused(at("columns", "is not of type 'array'")),
    };
    let Some(columns): Option<Vec<String>> =
        columns.iter().map(|column| column.as_str().map(str::to_owned)).collect()
    else {
        return refused(at("columns", "is not a list of names"));
    };
    let unique = match index.get("unique") {
        None => false,
        Some(Json::Bool(unique)) => *unique,
        Some(_) => return refused(at("unique", "is not of type 'boolean'")),
    };
    let method = match index.get("type") {
        None | Some(Json::Null) => none(),
        Some(Json::String(method)) => Value::from(method.as_str()),
        Some(_) => return refused(at("type", "is not of type 'string'")),
    };
    Ok(index_value(&columns, unique, method))
}

fn index_value(columns: &[String], unique: bool, method: Value) -> Value {
    let (names, method_name) = (columns.join("_"), py_str(&method));
    let render = function("render", move |call| {
        let relation = relation_arg(call, "relation")?;
        // The time makes the name new each time: an index of the replaced table may still have the old one.
        let now = jiff::Timestamp::now().to_string();
        let unique = py_str(&Value::from(unique));
        let text = format!("{names}_{}_{unique}_{method_name}_{now}", relation.render());
        Ok(Value::from(digest::md5(&text)))
    });
    dict([("columns", texts(columns)), ("unique", Value::from(unique)), ("type", method), ("render", render)])
}

fn texts(names: &[String]) -> Value {
    list(names.iter().map(|name| Value::from(name.as_str())).collect::<Vec<_>>())
}

/// An index in the form in which the database's and the project's can be compared: by columns in any order, uniqueness
/// and method.
#[derive(Clone, Debug, PartialEq)]
struct Index {
    /// Known of those in the database only.
    name: Option<String>,
    columns: Vec<String>,
    unique: bool,
    method: String,
}

impl Index {
    fn read(entry: &JsonMap, columns: &[String], method_key: &str) -> Self {
        let text = |key: &str| entry.get(key).and_then(Json::as_str).map(str::to_owned);
        Self {
            name: text("name"),
            columns: columns.iter().map(|column| column.trim().to_lowercase()).collect(),
            unique: entry.get("unique").and_then(Json::as_bool).unwrap_or(false),
            method: text(method_key).unwrap_or_else(|| DEFAULT_METHOD.to_owned()),
        }
    }

    fn equals(&self, other: &Self) -> bool {
        let set = |index: &Self| index.columns.iter().cloned().collect::<BTreeSet<_>>();
        set(self) == set(other) && self.unique == other.unique && self.method == other.method
    }

    /// The object that macros get as `context` of a change.
    fn value(&self) -> Value {
        let as_node_config = dict([
            ("columns", texts(&self.columns)),
            ("unique", Value::from(self.unique)),
            ("type", Value::from(self.method.as_str())),
        ]);
        dict([
            ("name", self.name.as_deref().map_or_else(none, Value::from)),
            ("column_names", texts(&self.columns)),
            ("unique", Value::from(self.unique)),
            ("method", Value::from(self.method.as_str())),
            ("as_node_config", as_node_config),
        ])
    }
}

/// Compares the indexes of a materialized view with its configuration: the changes that lead from one to the other,
/// those to drop first, since a name can be free only then. None where nothing changed.
///
/// `results` is what `describe_materialized_view` found (`{'indexes': table}`), `model` the node.
pub(super) fn materialized_view_changes(results: &Value, model: &Value) -> Result<Value, Error> {
    let rows = match item(results, "indexes") {
        None => Vec::new(),
        Some(table) => records(&table).ok_or_else(|| {
            Error::runtime(format!("`indexes` must be the table of a query, got `{}`", type_name(&table)))
        })?,
    };
    let columns = |row: &JsonMap| -> Vec<String> {
        let names = row.get("column_names").and_then(Json::as_str).unwrap_or_default();
        names.split(',').map(str::to_owned).collect()
    };
    let existing: Vec<Index> = rows.iter().map(|row| Index::read(row, &columns(row), "method")).collect();
    let wanted = configured(model);
    let lacks = |list: &[Index], index: &Index| !list.iter().any(|other| other.equals(index));
    let change = |action: &str, index: &Index| {
        dict([
            ("action", Value::from(action)),
            ("context", index.value()),
            ("requires_full_refresh", Value::from(false)),
        ])
    };
    let dropped = existing.iter().filter(|index| lacks(&wanted, index)).map(|index| change("drop", index));
    let created = wanted.iter().filter(|index| lacks(&existing, index)).map(|index| change("create", index));
    let changes: Vec<Value> = dropped.chain(created).collect();
    if changes.is_empty() {
        return Ok(none());
    }
    Ok(dict([
        ("indexes", list(changes)),
        ("requires_full_refresh", Value::from(false)),
        ("has_changes", Value::from(true)),
    ]))
}

/// The `indexes` of a node's configuration, each once.
fn configured(model: &Value) -> Vec<Index> {
    let indexes = item(model, "config").and_then(|config| item(&config, "indexes")).map(|all| json_of(&all));
    let mut wanted: Vec<Index> = Vec::new();
    for entry in indexes.as_ref().and_then(Json::as_array).into_iter().flatten() {
        let Json::Object(entry) = entry else { continue };
        let names = entry.get("columns").and_then(Json::as_array).into_iter().flatten();
        let columns: Vec<String> = names.filter_map(Json::as_str).map(str::to_owned).collect();
        let index = Index::read(entry, &columns, "type");
        if !wanted.iter().any(|other| other.equals(&index)) {
            wanted.push(index);
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jinja::from_json;

    fn index(columns: &[&str], method: Option<&str>) -> Index {
        let entry = [("type".to_owned(), method.map_or(Json::Null, Json::from))].into_iter().collect();
        Index::read(&entry, &columns.iter().map(|column| (*column).to_owned()).collect::<Vec<_>>(), "type")
    }

    #[test]
    fn indexes_are_equal_whatever_the_order_of_their_columns() {
        assert!(index(&["a", "B"], None).equals(&index(&["b", "a"], Some("btree"))));
        assert!(!index(&["a"], Some("hash")).equals(&index(&["a"], None)));
        assert!(!index(&["a"], None).equals(&index(&["a", "b"], None)));
    }

    #[test]
    fn entries_are_checked() {
        let parse =
            |entry: Json| parse_index(&from_json(&entry)).map_err(|error| error.into_diagnostic().message);
        assert!(parse(serde_json::json!({"columns": ["a"], "unique": true, "type": "hash"})).is_ok());
        assert!(
            parse(serde_json::json!({"unique": true}))
                .unwrap_err()
                .contains("'columns' is a required property")
        );
        assert!(
            parse(serde_json::json!({"columns": "a"})).unwrap_err().contains("'a' is not of type 'array'")
        );
        assert!(
            parse(serde_json::json!({"columns": ["a"], "unique": "yes"}))
                .unwrap_err()
                .contains("'yes' is not of type 'boolean'")
        );
    }
}
