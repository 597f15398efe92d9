//! Methods that dbt-duckdb adds (`adapters.md` section 2).

use std::collections::BTreeSet;
use std::sync::PoisonError;

use camino::Utf8Path;

use super::super::base::json_of;
use super::super::relation::relation_of;
use super::super::run_scope::NodeScope;
use crate::adapter::Cell;
use crate::diag::Code;
use crate::event::AdapterEventWarning;
use crate::hash::HashMap;
use crate::jinja::{Call, Error, Value, item, list, none, py_str};
use crate::manifest::{Json, JsonMap};
use crate::sql::string_literal;

pub(super) fn call(scope: &NodeScope, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
    let shared = &scope.run().shared;
    if shared.engine_name != "duckdb" {
        return None;
    }
    let connection = |key: &str| shared.target.get(key);
    Some(match name {
        "is_motherduck" => Ok(Value::from(path(&shared.target).starts_with("md:"))),
        "disable_transactions" => {
            Ok(Value::from(connection("disable_transactions").and_then(Json::as_bool).unwrap_or(false)))
        }
        "ensure_transaction" => scope.begin_now(),
        "is_ducklake" => is_ducklake(&shared.target, call).map(Value::from),
        // Renaming inside of DuckLake works since DuckDB 1.5.3, which is older than what is linked.
        "use_ducklake_table_workarounds" => Ok(Value::from(false)),
        "external_root" => Ok(Value::from(connection("external_root").and_then(Json::as_str).unwrap_or("."))),
        "get_binding_char" => Ok(Value::from("?")),
        "escape_sql_string" => {
            call.args.required("value").map(|v| Value::from(py_str(&v).replace('\'', "''").as_str()))
        }
        "get_seed_file_path" => seed_path(call),
        "location_exists" => location_exists(scope, call),
        "external_write_options" => write_options(call),
        "external_read_location" => read_location(call),
        "convert_datetimes_to_strs" => call.args.required("table"),
        "warn_once" => warn_once(scope, call),
        "batch_id_for_model" => batch_id(call),
        "catalog_supports_foreign_keys" => Ok(Value::from(true)),
        "existing_key_constraint_types" => existing_keys(scope, call),
        "store_relation" => {
            Err(Error::new(Code::UNSUPPORTED, "Python plugins of dbt-duckdb are not available")
                .help("write the relation with `materialized='external'` instead"))
        }
        _ => return None,
    })
}

/// The keys of tables by schema and table, as they were when a schema was first asked about.
pub(in crate::context) type KeysBySchema = HashMap<(String, String), HashMap<String, BTreeSet<String>>>;

/// The kinds of keys that a table had before its schema's first model was built. The query tells them of all tables of the
/// schema, and is asked once.
fn existing_keys(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let relation = super::super::relation::relation_arg(call, "relation")?;
    let query = call.args.required("query")?.to_string();
    let part = |part: &Option<std::sync::Arc<str>>| part.as_deref().unwrap_or_default().to_lowercase();
    let place = (part(&relation.database), part(&relation.schema));
    let mut known = scope.run().keys.lock().unwrap_or_else(PoisonError::into_inner);
    if !known.contains_key(&place) {
        let mut tables: HashMap<String, BTreeSet<String>> = HashMap::default();
        for row in scope.rows(&query, call)?.rows {
            if let [Some(table), Some(kind)] = row.iter().map(Cell::as_str).collect::<Vec<_>>().as_slice() {
                tables.entry((*table).to_owned()).or_default().insert((*kind).to_owned());
            }
        }
        known.insert(place.clone(), tables);
    }
    let found = known.get(&place).and_then(|tables| tables.get(&part(&relation.identifier)));
    Ok(list(found.into_iter().flatten().map(|kind| Value::from(kind.as_str())).collect::<Vec<_>>()))
}

fn path(target: &JsonMap) -> &str {
    target.get("path").and_then(Json::as_str).unwrap_or_default()
}

/// DuckLake is told by the scheme of the database's path or of an attachment, or by `is_ducklake`.
fn is_ducklake(target: &JsonMap, call: &mut Call<'_>) -> Result<bool, Error> {
    let relation = call.args.required("relation")?;
    let Some(database) = relation_of(&relation).and_then(|r| r.database) else { return Ok(false) };
    let says = |object: &Json| object.get("is_ducklake").and_then(Json::as_bool).unwrap_or(false);
    let main = target.get("database").and_then(Json::as_str) == Some(&database);
    if main && (path(target).starts_with("ducklake:") || says(&Json::Object(target.clone()))) {
        return Ok(true);
    }
    let attached = target.get("attach").and_then(Json::as_array).into_iter().flatten();
    Ok(attached.filter(|entry| entry.get("alias").and_then(Json::as_str) == Some(&database)).any(|entry| {
        says(entry) || entry.get("path").and_then(Json::as_str).is_some_and(|p| p.starts_with("ducklake:"))
    }))
}

fn seed_path(call: &mut Call<'_>) -> Result<Value, Error> {
    let model = call.args.required("model")?;
    let part = |key: &str| item(&model, key).map(|v| py_str(&v)).unwrap_or_default();
    let path = Utf8Path::new(&part("root_path")).join(part("original_file_path"));
    Ok(Value::from(path.as_str()))
}

fn location_exists(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let location = py_str(&call.args.required("location")?);
    let sql = format!("select 1 from {} where 1=0", string_literal(&location));
    let found = scope.session().with(|session| session.execute(&sql, false, crate::adapter::Fetch::Nothing));
    Ok(Value::from(found.is_ok()))
}

/// The options of `COPY ... TO` for a location: the format by its extension unless one is given.
fn write_options(call: &mut Call<'_>) -> Result<Value, Error> {
    let location = py_str(&call.args.required("write_location")?);
    let mut options = options(&call.args.required("rendered_options")?);
    if !options.contains_key("format") {
        for (key, value) in format_of(&location, options.contains_key("delimiter")) {
            options.entry(key).or_insert_with(|| value.into());
        }
    }
    if options.get("format").and_then(Json::as_str) == Some("csv") {
        options.entry("header").or_insert_with(|| Json::from(1));
    }
    let by = options.get("partition_by").and_then(Json::as_str);
    if let Some(by) = by.filter(|by| by.contains(',') && !by.starts_with('(')).map(|by| format!("({by})")) {
        options.insert("partition_by".into(), by.into());
    }
    let line = |(key, value): (&String, &Json)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let quoted = matches!(key.to_lowercase().as_str(), "delimiter" | "quote" | "escape" | "null");
        if quoted && !text.starts_with('\'') { format!("{key} '{text}'") } else { format!("{key} {text}") }
    };
    Ok(Value::from(options.iter().map(line).collect::<Vec<_>>().join(", ").as_str()))
}

/// Returns the format, and the compression where a second extension names one.
fn format_of(location: &str, has_delimiter: bool) -> Vec<(&'static str, String)> {
    let path = Utf8Path::new(location);
    let compression = match path.extension().map(str::to_lowercase).as_deref() {
        Some("gz") => Some("gzip"),
        Some("zst") => Some("zstd"),
        _ => None,
    };
    let inner = if compression.is_some() { Utf8Path::new(path.file_stem().unwrap_or("")) } else { path };
    match inner.extension().map(str::to_lowercase) {
        Some(format) => {
            let compression = compression.map(|name| ("compression", name.to_owned()));
            std::iter::once(("format", format)).chain(compression).collect()
        }
        None if has_delimiter => vec![("format", "csv".to_owned())],
        None => vec![("format", "parquet".to_owned())],
    }
}

/// Partitioned output is read through a glob with one star a level.
fn read_location(call: &mut Call<'_>) -> Result<Value, Error> {
    let location = py_str(&call.args.required("write_location")?);
    let options = options(&call.args.required("rendered_options")?);
    let truthy = |key: &str| {
        options.get(key).is_some_and(|value| crate::jinja::truth(&crate::jinja::from_json(value)))
    };
    if !truthy("partition_by") && !truthy("per_thread_output") {
        return Ok(Value::from(location.as_str()));
    }
    let levels = match options.get("partition_by").filter(|_| truthy("partition_by")) {
        Some(by) => by.as_str().map_or(1, |by| by.split(',').count()),
        None => 0,
    };
    let stars = "/*".repeat(levels + 1);
    let format = options.get("format").and_then(Json::as_str).unwrap_or("parquet");
    Ok(Value::from(format!("{location}{stars}.{format}").as_str()))
}

fn options(value: &Value) -> JsonMap {
    match json_of(value) {
        Json::Object(options) => options,
        _ => JsonMap::new(),
    }
}

fn warn_once(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let msg = py_str(&call.args.required("msg")?);
    if scope.run().first_time(&msg) {
        let name = "duckdb".to_owned();
        scope.run().shared.warn(AdapterEventWarning { args: Vec::new(), base_msg: msg, name })?;
    }
    Ok(none())
}

/// The suffix that keeps the temporary tables of concurrent batches apart.
fn batch_id(call: &mut Call<'_>) -> Result<Value, Error> {
    let model = call.args.required("model")?;
    let start = item(&model, "batch").and_then(|batch| item(&batch, "event_time_start"));
    let text = start.filter(|v| !v.is_none()).map(|v| py_str(&v)).unwrap_or_default();
    Ok(Value::from(text.replace(['-', ':', '+'], "").replace(' ', "_").as_str()))
}

#[cfg(test)]
mod tests {
    use super::format_of;

    #[track_caller]
    fn check(location: &str, has_delimiter: bool, want: &[(&str, &str)]) {
        let got = format_of(location, has_delimiter);
        let got: Vec<_> = got.iter().map(|(key, value)| (*key, value.as_str())).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn the_extension_names_the_format() {
        check("out/data.parquet", false, &[("format", "parquet")]);
        check("data.CSV.GZ", false, &[("format", "csv"), ("compression", "gzip")]);
        check("data", true, &[("format", "csv")]);
        check("data", false, &[("format", "parquet")]);
    }
}
