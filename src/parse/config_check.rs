//! What dbt's own config keys may hold, per resource; wrong values become errors that point at the place.
//!
//! Only what dbt refuses is refused (checked against dbt-core 1.11). A refused value is replaced by the
//! default. Also brings values into the shape that artifacts show: hooks as objects, docs and contract
//! with all their keys. Called by `config`.

use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::jinja::{from_json, py_repr};
use crate::manifest::{Json, JsonMap, ResourceType, defaults};

use super::config::Merged;
use super::freshness;

/// Tells whether a resource has the configuration of something that becomes a relation.
pub(super) fn is_node(resource: ResourceType) -> bool {
    matches!(
        resource,
        ResourceType::Model
            | ResourceType::Seed
            | ResourceType::Snapshot
            | ResourceType::Analysis
            | ResourceType::Operation
            | ResourceType::SqlOperation
            | ResourceType::Function
    )
}

/// What a value may be.
enum Rule {
    Any,
    Bool,
    BoolOrNull,
    Text,
    TextOrNull,
    TextOrTextsOrNull,
    Tags,
    Texts,
    Mapping,
    IntOrNull,
    Hooks,
    OneOf(&'static [&'static str]),
    OneOfOrNull(&'static [&'static str]),
    Only(&'static str),
    Severity,
    Docs,
    Contract,
    ModelFreshness,
    SourceFreshness,
    MetaColumns,
    StaticAnalysis,
    Cache,
}

fn rule(resource: ResourceType, key: &str) -> Rule {
    match (resource, key) {
        (_, "enabled") => Rule::Bool,
        (_, "tags") => Rule::Tags,
        (_, "meta") => Rule::Mapping,
        (_, "retries") => Rule::IntOrNull,
        (_, "static_analysis") => Rule::StaticAnalysis,
        (ResourceType::Source, "freshness") => Rule::SourceFreshness,
        (ResourceType::Source, "loaded_at_field" | "loaded_at_query") => Rule::TextOrNull,
        (ResourceType::Source | ResourceType::Exposure | ResourceType::UnitTest, _) => Rule::Any,
        (_, "alias" | "schema" | "database" | "group") => Rule::TextOrNull,
        (ResourceType::Test, _) => test_rule(key),
        (ResourceType::Seed, "materialized") => Rule::Only("seed"),
        (ResourceType::Seed, "delimiter") => Rule::Text,
        (ResourceType::Seed, "quote_columns") => Rule::BoolOrNull,
        (ResourceType::Function, "type") => Rule::OneOf(&["scalar", "aggregate", "table"]),
        (ResourceType::Function, "volatility") => {
            Rule::OneOfOrNull(&["deterministic", "stable", "non-deterministic"])
        }
        (ResourceType::Function, "runtime_version" | "entry_point") => Rule::TextOrNull,
        (ResourceType::Model, "access") => Rule::OneOf(&["private", "protected", "public"]),
        (ResourceType::Model, "freshness") => Rule::ModelFreshness,
        (
            ResourceType::Snapshot,
            "strategy" | "target_schema" | "target_database" | "updated_at" | "dbt_valid_to_current",
        ) => Rule::TextOrNull,
        (ResourceType::Snapshot, "check_cols") => Rule::TextOrTextsOrNull,
        (ResourceType::Snapshot, "snapshot_meta_column_names") => Rule::MetaColumns,
        (ResourceType::SavedQuery, "cache") => Rule::Cache,
        (ResourceType::SavedQuery, "export_as") => Rule::OneOfOrNull(super::semantic::EXPORT_TYPES),
        _ => node_rule(key),
    }
}

/// Returns the values that a config may have, if they are a closed set.
pub(super) fn closed_set(resource: ResourceType, key: &str) -> &'static [&'static str] {
    match rule(resource, key) {
        Rule::OneOf(values) | Rule::OneOfOrNull(values) => values,
        Rule::Severity => &["warn", "error"],
        Rule::Bool | Rule::BoolOrNull => &["true", "false"],
        _ => &[],
    }
}

fn node_rule(key: &str) -> Rule {
    match key {
        "materialized" => Rule::Text,
        "incremental_strategy" | "on_schema_change" => Rule::TextOrNull,
        "persist_docs" | "quoting" | "column_types" | "grants" => Rule::Mapping,
        "pre-hook" | "post-hook" => Rule::Hooks,
        "full_refresh" => Rule::BoolOrNull,
        "unique_key" => Rule::TextOrTextsOrNull,
        "on_configuration_change" => Rule::OneOf(&["apply", "continue", "fail"]),
        "packages" => Rule::Texts,
        "docs" => Rule::Docs,
        "contract" => Rule::Contract,
        _ => Rule::Any,
    }
}

fn test_rule(key: &str) -> Rule {
    match key {
        "materialized" => Rule::Only("test"),
        "severity" => Rule::Severity,
        "store_failures" => Rule::BoolOrNull,
        "store_failures_as" | "where" => Rule::TextOrNull,
        "limit" => Rule::IntOrNull,
        "fail_calc" | "warn_if" | "error_if" => Rule::Text,
        _ => Rule::Any,
    }
}

/// Checks every value, replaces refused ones by the default, and brings the others into shape.
pub(super) fn check(resource: ResourceType, merged: &mut Merged, problems: &mut Vec<Diagnostic>) {
    let Merged { values, places, .. } = merged;
    for (key, value) in values.iter_mut() {
        match apply_rule(key, &rule(resource, key), value, places.of(key)) {
            Ok(None) => {}
            Ok(Some(shaped)) => *value = shaped,
            Err(problem) => {
                // Scripts look for dbt's words.
                let words = schema_words(key, &rule(resource, key), value);
                problems.push(words.into_iter().fold(*problem, Diagnostic::note));
                *value = defaults(resource).get(key).cloned().unwrap_or(Json::Null);
            }
        }
    }
    if resource == ResourceType::Test {
        store_failures(&mut merged.values);
    }
    if is_node(resource) {
        check_contract(merged, problems);
    }
}

/// Says what is wrong with one value, wherever it is written.
pub(super) fn problem(
    (resource, key): (ResourceType, &str),
    value: &Json,
    place: Option<Span>,
) -> Option<Diagnostic> {
    apply_rule(key, &rule(resource, key), value, place).err().map(|problem| *problem)
}

/// Makes the error for a value of the wrong type. `wanted` follows "must be".
pub(super) fn wrong(key: &str, wanted: &str, value: &Json, place: Option<Span>) -> Diagnostic {
    let is = match value {
        Json::Null => "nothing",
        Json::Bool(_) => "a boolean",
        Json::Number(number) if number.is_f64() => "a number",
        Json::Number(_) => "a whole number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "a mapping",
    };
    let help = match value {
        Json::String(text) if wanted.starts_with("true or false") => {
            let bare = matches!(text.to_ascii_lowercase().as_str(), "true" | "false");
            let quoted = "remove the quotes: quoted, it is text";
            Some(if bare { quoted } else { "write `true` or `false`" }.to_owned())
        }
        Json::Bool(_) | Json::Number(_) if wanted.starts_with("text") => {
            Some("put quotes around it".to_owned())
        }
        _ => None,
    };
    let is = if key == "tags" && value.is_array() { "a list of other things" } else { is };
    let help = help.or_else(|| (key == "tags").then(|| "write `tags: [nightly, finance]`".to_owned()));
    Diagnostic::error(Code::CONFIG, place, format!("config `{key}` must be {wanted}, but is {is}"))
        .help::<String>(help)
}

/// Says what is wrong with the value of a key as dbt does, which holds it against a JSON schema.
fn schema_words(key: &str, rule: &Rule, value: &Json) -> Option<String> {
    let kind = |name: &str| format!("is not of type '{name}'");
    let wrong = match rule {
        Rule::Bool => kind("boolean"),
        Rule::Text => kind("string"),
        Rule::Mapping => kind("object"),
        Rule::Texts if !value.is_array() => kind("array"),
        Rule::BoolOrNull | Rule::TextOrNull | Rule::TextOrTextsOrNull | Rule::IntOrNull => {
            "is not valid under any of the given schemas".to_owned()
        }
        Rule::OneOf(allowed) => {
            let list: Vec<String> = allowed.iter().map(|name| format!("'{name}'")).collect();
            format!("is not one of [{}]", list.join(", "))
        }
        _ => return None,
    };
    let value = py_repr(&from_json(value));
    Some(format!("at path ['{key}']: {value} {wrong}"))
}

type Shaped = Result<Option<Json>, Box<Diagnostic>>;

fn apply_rule(key: &str, rule: &Rule, value: &Json, place: Option<Span>) -> Shaped {
    let fail = |wanted: &str| Err(Box::new(wrong(key, wanted, value, place)));
    let when = |fits: bool, wanted: &str| if fits { Ok(None) } else { fail(wanted) };
    let all_texts = || value.as_array().is_some_and(|items| items.iter().all(Json::is_string));
    match rule {
        Rule::Any => Ok(None),
        Rule::Bool => when(value.is_boolean(), "true or false"),
        Rule::BoolOrNull => when(value.is_boolean() || value.is_null(), "true or false"),
        Rule::Text => when(value.is_string(), "text"),
        Rule::TextOrNull => when(value.is_string() || value.is_null(), "text"),
        Rule::TextOrTextsOrNull => {
            when(value.is_string() || value.is_null() || all_texts(), "text or a list of text")
        }
        Rule::Tags if value.is_string() => Ok(Some(Json::Array(vec![value.clone()]))),
        Rule::Tags => when(all_texts(), "text or a list of text"),
        Rule::Texts => when(all_texts(), "a list of text"),
        Rule::Mapping => when(value.is_object(), "a mapping"),
        Rule::IntOrNull => whole_number(value).map_or_else(|| fail("a whole number"), |n| Ok(Some(n))),
        Rule::Hooks => hooks(key, value, place).map(Some),
        Rule::OneOfOrNull(_) if value.is_null() => Ok(None),
        Rule::OneOf(allowed) | Rule::OneOfOrNull(allowed) => match value.as_str() {
            Some(text) if allowed.contains(&text) => Ok(None),
            Some(text) => Err(Box::new(not_one_of(key, text, allowed, place))),
            None => fail("text"),
        },
        Rule::Only(name) => match value.as_str() {
            Some(text) if text == *name => Ok(None),
            Some(text) => Err(Box::new(not_one_of(key, text, &[name], place))),
            None => fail("text"),
        },
        Rule::Severity => match value.as_str() {
            Some(text) if ["warn", "error"].iter().any(|s| s.eq_ignore_ascii_case(text)) => Ok(None),
            Some(text) => Err(Box::new(not_one_of(key, text, &["warn", "error"], place))),
            None => fail("text: `warn` or `error`"),
        },
        Rule::StaticAnalysis => match value {
            Json::Bool(on) => Ok(Some(Json::from(if *on { "on" } else { "off" }))),
            other => when(other.is_string() || other.is_null(), "text"),
        },
        Rule::Docs => docs(value, place).map(Some),
        Rule::Contract => contract(value, place).map(Some),
        Rule::MetaColumns => meta_columns(key, value, place).map(Some),
        Rule::Cache if !value.is_object() => fail("a mapping"),
        Rule::Cache => match value.get("enabled").unwrap_or(&Json::Bool(false)) {
            Json::Bool(on) => Ok(Some(serde_json::json!({ "enabled": on }))),
            other => Err(Box::new(wrong("cache.enabled", "true or false", other, place))),
        },
        Rule::ModelFreshness => freshness::model(value, place).map(Some),
        Rule::SourceFreshness => freshness::source(value, place).map(Some),
    }
}

fn not_one_of(key: &str, text: &str, allowed: &[&str], place: Option<Span>) -> Diagnostic {
    let list: Vec<String> = allowed.iter().map(|name| format!("`{name}`")).collect();
    let wanted = match list.as_slice() {
        [only] => only.clone(),
        [head @ .., last] => format!("{} or {last}", head.join(", ")),
        [] => String::new(),
    };
    Diagnostic::error(Code::CONFIG, place, format!("config `{key}` must be {wanted}, but is `{text}`"))
        .help::<String>(suggest(text, allowed.iter().copied()))
}

/// Reads numbers and digits in quotes as Python's `int()` does; null stays null.
pub(super) fn whole_number(value: &Json) -> Option<Json> {
    match value {
        Json::Null => Some(Json::Null),
        Json::Number(number) => match number.as_i64() {
            Some(_) => Some(value.clone()),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a number with a fraction loses it, as in dbt"
            )]
            None => number.as_f64().map(|n| Json::from(n as i64)),
        },
        Json::String(text) => text.trim().parse::<i64>().ok().map(Json::from),
        Json::Bool(on) => Some(Json::from(i64::from(*on))),
        Json::Array(_) | Json::Object(_) => None,
    }
}

/// A hook is SQL, an object `{sql, transaction}`, or such an object as JSON text.
fn hooks(key: &str, value: &Json, place: Option<Span>) -> Result<Json, Box<Diagnostic>> {
    let Some(items) = value.as_array() else {
        return hooks(key, &Json::Array(vec![value.clone()]), place);
    };
    let wanted = "SQL, or a mapping with `sql` and `transaction`";
    let fail = |item: &Json| Err(Box::new(wrong(key, wanted, item, place)));
    let mut shaped = Vec::with_capacity(items.len());
    for item in items {
        let given = match item {
            Json::String(text) => match serde_json::from_str::<Json>(text) {
                Ok(Json::Object(map)) => map,
                Ok(_) => return fail(item),
                Err(_) => JsonMap::from_iter([("sql".to_owned(), item.clone())]),
            },
            Json::Object(map) => map.clone(),
            _ => return fail(item),
        };
        let sql = given.get("sql").filter(|sql| sql.is_string());
        let transaction = given.get("transaction").cloned().unwrap_or(Json::Bool(true));
        let (Some(sql), true) = (sql, transaction.is_boolean()) else { return fail(item) };
        let index = given.get("index").cloned().unwrap_or(Json::Null);
        shaped.push(serde_json::json!({"sql": sql, "transaction": transaction, "index": index}));
    }
    Ok(Json::Array(shaped))
}

fn docs(value: &Json, place: Option<Span>) -> Result<Json, Box<Diagnostic>> {
    let show = value.get("show").cloned().unwrap_or(Json::Bool(true));
    if !show.is_boolean() {
        return Err(Box::new(wrong("docs.show", "true or false", &show, place)));
    }
    let color = value.get("node_color").cloned().unwrap_or(Json::Null);
    match color.as_str() {
        Some(name) if !super::color::is_color(name) => {
            let message =
                format!("config `docs.node_color` is neither a CSS colour name nor a hex code: `{name}`");
            Err(Box::new(Diagnostic::error(Code::CONFIG, place, message)))
        }
        None if !color.is_null() => Err(Box::new(wrong("docs.node_color", "text", &color, place))),
        _ => Ok(serde_json::json!({"show": show, "node_color": color})),
    }
}

fn contract(value: &Json, place: Option<Span>) -> Result<Json, Box<Diagnostic>> {
    let mut shaped = JsonMap::new();
    for (key, default) in [("enforced", false), ("alias_types", true)] {
        let given = value.get(key).cloned().unwrap_or(Json::Bool(default));
        if !given.is_boolean() {
            return Err(Box::new(wrong(&format!("contract.{key}"), "true or false", &given, place)));
        }
        shaped.insert(key.to_owned(), given);
    }
    Ok(Json::Object(shaped))
}

fn meta_columns(key: &str, value: &Json, place: Option<Span>) -> Result<Json, Box<Diagnostic>> {
    let Some(given) = value.as_object() else {
        return Err(Box::new(wrong(key, "a mapping", value, place)));
    };
    let mut shaped = JsonMap::new();
    for name in ["dbt_valid_to", "dbt_valid_from", "dbt_scd_id", "dbt_updated_at", "dbt_is_deleted"] {
        let column = given.get(name).cloned().unwrap_or(Json::Null);
        if !column.is_string() && !column.is_null() {
            return Err(Box::new(wrong(&format!("{key}.{name}"), "text", &column, place)));
        }
        shaped.insert(name.to_owned(), column);
    }
    Ok(Json::Object(shaped))
}

/// `store_failures_as` decides; where it is not given, `store_failures` does.
fn store_failures(values: &mut JsonMap) {
    match values.get("store_failures_as").and_then(Json::as_str) {
        Some(kind) => {
            let on = kind != "ephemeral";
            values.insert("store_failures".to_owned(), Json::Bool(on));
        }
        None => {
            if let Some(on) = values.get("store_failures").and_then(Json::as_bool) {
                let kind = if on { "table" } else { "ephemeral" };
                values.insert("store_failures_as".to_owned(), Json::from(kind));
            }
        }
    }
}

fn check_contract(merged: &Merged, problems: &mut Vec<Diagnostic>) {
    let text = |key: &str| merged.values.get(key).and_then(Json::as_str);
    let enforced = merged.values.get("contract").and_then(|c| c.get("enforced")) == Some(&Json::Bool(true));
    let follows = matches!(text("on_schema_change"), Some("append_new_columns" | "fail"));
    if enforced && text("materialized") == Some("incremental") && !follows {
        let place = merged.place("on_schema_change").or_else(|| merged.place("contract"));
        let given = text("on_schema_change").unwrap_or("ignore");
        problems.push(
            Diagnostic::error(
                Code::CONFIG,
                place,
                format!(
                    "Invalid value for on_schema_change: {given}. Models materialized as incremental with contracts enabled must set on_schema_change to 'append_new_columns' or 'fail'"
                ),
            )
            .help("add `on_schema_change: append_new_columns` to its config"),
        );
    }
}
