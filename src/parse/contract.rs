//! Constraints of models and columns: their checks, the shape artifacts show, and the fingerprint of a
//! contract (`resources.md` section 4). Called by `columns` and `models`.

use crate::diag::{Code, Diagnostic, suggest};
use crate::digest;
use crate::manifest::{Columns, Json, JsonMap};
use crate::yaml::Yaml;

use super::python::repr_text;

pub(super) const TYPES: [&str; 6] = ["check", "not_null", "unique", "primary_key", "foreign_key", "custom"];

/// Reads a list of constraints. `model_level` constraints also have `columns`.
pub(super) fn constraints(list: &Yaml, model_level: bool, problems: &mut Vec<Diagnostic>) -> Vec<Json> {
    let items = match list.expect_seq("constraints") {
        Ok(items) => items,
        Err(problem) => {
            problems.push(*problem);
            return Vec::new();
        }
    };
    items.iter().filter_map(|item| constraint(item, model_level, problems)).collect()
}

fn constraint(item: &Yaml, model_level: bool, problems: &mut Vec<Diagnostic>) -> Option<Json> {
    let Some(given) = item.as_map() else {
        problems.push(*item.unexpected_item("constraints", "a mapping"));
        return None;
    };
    let kind = given.get("type").and_then(Yaml::as_str);
    let Some(kind) = kind.filter(|kind| TYPES.contains(kind)) else {
        let place = given.get("type").map_or(item.span, |value| value.span);
        let message = match kind {
            Some(other) => format!("unknown constraint type `{other}`"),
            None => "a constraint needs a `type`".to_owned(),
        };
        problems.push(
            Diagnostic::error(Code::INVALID_RESOURCE, place, message)
                .help::<String>(kind.and_then(|other| suggest(other, TYPES)))
                .help(format!("constraint types: {}", TYPES.join(", "))),
        );
        return None;
    };
    let text = |key: &str, problems: &mut Vec<Diagnostic>| match given.get(key) {
        None => Json::Null,
        Some(value) if value.is_null() => Json::Null,
        Some(value) => value.expect_str(key).map_or_else(
            |p| {
                problems.push(*p);
                Json::Null
            },
            Json::from,
        ),
    };
    let flag = |key: &str, problems: &mut Vec<Diagnostic>| match given.get(key) {
        None => Json::Bool(true),
        Some(value) => value.expect_bool(key).map_or_else(
            |p| {
                problems.push(*p);
                Json::Bool(true)
            },
            Json::Bool,
        ),
    };
    let texts = |key: &str, problems: &mut Vec<Diagnostic>| match given.get(key) {
        None => Json::Array(Vec::new()),
        Some(value) => value.expect_strs(key).map_or_else(
            |p| {
                problems.push(*p);
                Json::Array(Vec::new())
            },
            Json::from,
        ),
    };
    let mut shaped = JsonMap::new();
    shaped.insert("type".to_owned(), Json::from(kind));
    shaped.insert("name".to_owned(), text("name", problems));
    shaped.insert("expression".to_owned(), text("expression", problems));
    shaped.insert("warn_unenforced".to_owned(), flag("warn_unenforced", problems));
    shaped.insert("warn_unsupported".to_owned(), flag("warn_unsupported", problems));
    shaped.insert("to".to_owned(), text("to", problems));
    shaped.insert("to_columns".to_owned(), texts("to_columns", problems));
    if model_level {
        shaped.insert("columns".to_owned(), texts("columns", problems));
    }
    Some(Json::Object(shaped))
}

/// Tells whether a constraint is of a type.
pub(super) fn is_type(constraint: &Json, kind: &str) -> bool {
    constraint.get("type").and_then(Json::as_str) == Some(kind)
}

/// Makes the fingerprint of an enforced contract: columns by name with types and constraints, and for
/// tables also the constraints of the model, all as Python shows them.
pub(super) fn checksum(columns: &Columns, materialized: &str, constraints: &[Json]) -> String {
    let mut sorted: Vec<_> = columns.values().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut state = String::new();
    for column in sorted {
        state.push('|');
        state.push_str(&column.name);
        state.push_str(column.data_type.as_deref().unwrap_or("None"));
        push_list(&mut state, "ColumnLevelConstraint", &column.constraints);
    }
    if enforces_constraints(materialized) {
        state.push_str(materialized);
        push_list(&mut state, "ModelLevelConstraint", constraints);
    }
    digest::sha256(&state)
}

/// Tells whether a materialization creates constraints.
pub(super) fn enforces_constraints(materialized: &str) -> bool {
    matches!(materialized, "table" | "incremental")
}

fn push_list(out: &mut String, class: &str, constraints: &[Json]) {
    out.push('[');
    for (at, constraint) in constraints.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        out.push_str(class);
        out.push('(');
        for (at, (key, value)) in constraint.as_object().into_iter().flatten().enumerate() {
            if at > 0 {
                out.push_str(", ");
            }
            out.push_str(key);
            out.push('=');
            match value {
                Json::String(kind) if key == "type" => {
                    out.push_str(&format!("<ConstraintType.{kind}: '{kind}'>"));
                }
                Json::String(text) => out.push_str(&repr_text(text)),
                Json::Bool(true) => out.push_str("True"),
                Json::Bool(false) => out.push_str("False"),
                Json::Array(items) => {
                    let items: Vec<_> = items.iter().filter_map(Json::as_str).map(repr_text).collect();
                    out.push_str(&format!("[{}]", items.join(", ")));
                }
                _ => out.push_str("None"),
            }
        }
        out.push(')');
    }
    out.push(']');
}
