//! The statements a DuckDB profile stands for: `attach` and `create secret`, in dbt-duckdb's form.
//!
//! Input: mappings of the profile. Output: SQL. Called by `profile` while it reads.

use serde_json::{Map, Value};

use crate::adapter::ProfileError;
use crate::python::float_repr;
use crate::sql::string_literal;

/// Returns the text Python's `str` gives a YAML value, which is what dbt puts into the statement.
pub(super) fn python_str(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(n) => match n.as_f64() {
            Some(x) if n.is_f64() => float_repr(x),
            _ => n.to_string(),
        },
        Value::String(s) => s.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(python_repr).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let pairs = map.iter().map(|(k, v)| format!("'{k}': {}", python_repr(v)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

fn python_repr(value: &Value) -> String {
    match value {
        Value::String(s) => format!("'{s}'"),
        other => python_str(other),
    }
}

/// Returns `attach if not exists ...` for one entry of `attach`.
///
/// Errors when an option stands both beside and inside `options`.
pub(super) fn attach_sql(
    here: &str,
    entry: &Value,
    options: &Map<String, Value>,
) -> Result<String, ProfileError> {
    let text = |key: &str| entry[key].as_str().filter(|s| !s.is_empty());
    let path = text("path").unwrap_or_default();
    let motherduck = path.starts_with("md:") || path.starts_with("motherduck:");
    let path = if motherduck { path.split('?').next().unwrap_or_default() } else { path };
    let mut sql = format!("ATTACH IF NOT EXISTS {}", string_literal(path));
    if let Some(alias) = text("alias") {
        sql.push_str(" AS ");
        sql.push_str(alias);
    }
    let read_only = entry["read_only"].as_bool() == Some(true);
    for (key, direct) in
        [("type", text("type").is_some()), ("secret", text("secret").is_some()), ("read_only", read_only)]
    {
        if direct && options.contains_key(key) {
            let key = format!("{here}.options.{key}");
            let message = format!("`{key}` repeats an option given beside `options`");
            return Err(ProfileError::new(key, message).help("keep one of the two"));
        }
    }
    let mut parts = Vec::new();
    for (key, word) in [("type", "TYPE"), ("secret", "SECRET")] {
        match text(key) {
            Some(value) => parts.push(format!("{word} {value}")),
            None => parts.extend(options.get(key).map(|v| format!("{word} {}", python_str(v)))),
        }
    }
    if read_only || options.get("read_only").is_some_and(truthy) {
        parts.push("READ_ONLY".to_owned());
    }
    parts.extend(
        options
            .iter()
            .filter(|(key, _)| !matches!(key.as_str(), "type" | "secret" | "read_only"))
            .filter_map(|(key, value)| attach_option(&key.to_uppercase(), value)),
    );
    if !parts.is_empty() {
        sql = format!("{sql} ({})", parts.join(", "));
    }
    Ok(sql)
}

fn attach_option(key: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Bool(true) => Some(key.to_owned()),
        Value::String(s) => {
            let bare = s.trim();
            let quoted = |q: char| bare.len() >= 2 && bare.starts_with(q) && bare.ends_with(q);
            let text = if quoted('\'') || quoted('"') { s.clone() } else { string_literal(s) };
            Some(format!("{key} {text}"))
        }
        other => Some(format!("{key} {}", python_str(other))),
    }
}

fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(b) => *b,
        Value::Number(n) => n.as_f64() != Some(0.0),
        Value::String(s) => !s.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

/// Returns `create or replace secret ...` for one entry of `secrets`; `number` names it when it has no name.
pub(super) fn secret_sql(secret: &Map<String, Value>, number: usize) -> String {
    let name = match secret.get("name") {
        None => format!("_dbt_secret_{number}"),
        Some(Value::Null) => String::new(),
        Some(value) => python_str(value),
    };
    let persistent = if secret.get("persistent") == Some(&Value::Bool(true)) { " PERSISTENT" } else { "" };
    let (replace, name) =
        if name.is_empty() { ("", String::new()) } else { (" OR REPLACE", format!(" {name}")) };
    let mut lines: Vec<String> = Vec::new();
    let ordered = ["type", "provider"].into_iter().filter_map(|key| secret.get(key).map(|v| (key, v)));
    let others = secret
        .iter()
        .map(|(key, value)| (key.as_str(), value))
        .filter(|(key, _)| !matches!(*key, "type" | "provider" | "name" | "persistent" | "scope"));
    for (key, value) in ordered.chain(others).filter(|(_, value)| !value.is_null()) {
        lines.push(secret_line(key, value));
    }
    match secret.get("scope") {
        Some(Value::Array(scopes)) => {
            lines.extend(scopes.iter().map(|s| format!("scope {}", string_literal(&python_str(s)))));
        }
        None | Some(Value::Null) => {}
        Some(scope) => lines.push(format!("scope {}", string_literal(&python_str(scope)))),
    }
    format!("CREATE{replace}{persistent} SECRET{name} (\n    {}\n)", lines.join(",\n    "))
}

fn secret_line(key: &str, value: &Value) -> String {
    let quoted = |v: &Value| string_literal(&python_str(v));
    match value {
        Value::Object(map) => {
            let pairs: Vec<String> =
                map.iter().map(|(k, v)| format!("{}: {}", string_literal(k), quoted(v))).collect();
            format!("{key} map {{{}}}", pairs.join(", "))
        }
        Value::Array(items) => {
            format!("{key} array [{}]", items.iter().map(quoted).collect::<Vec<_>>().join(", "))
        }
        other if matches!(key, "type" | "provider" | "extra_http_headers") => {
            format!("{key} {}", python_str(other))
        }
        other => format!("{key} {}", quoted(other)),
    }
}
