//! Functions of dbt's base context that need no project.

use super::json::{JsonStyle, json_text};
use super::yaml::{YamlStyle, read_yaml, yaml_text};
use crate::digest;
use crate::jinja::call::Call;
use crate::jinja::error::Error;
use crate::jinja::eval::pairs;
use crate::jinja::value::{
    Cursor, Value, collect, dict, from_json, iterate, lazy_iterator, list, none, py_str, set, tuple,
};

pub(super) fn tojson(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = call.args.required("value")?;
    let _default = call.args.optional("default");
    let sort_keys = call.args.optional_bool("sort_keys").unwrap_or(false);
    call.args.finish()?;
    json_text(&value, &JsonStyle { sort_keys, indent: None }).map(Value::from)
}

pub(super) fn fromjson(call: &mut Call<'_>) -> Result<Value, Error> {
    let text = call.args.required_str("string")?;
    let default = call.args.optional("default").unwrap_or_else(none);
    call.args.finish()?;
    Ok(serde_json::from_str(&text).map_or(default, |json| from_json(&json)))
}

pub(super) fn toyaml(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = call.args.required("value")?;
    let default = call.args.optional("default").unwrap_or_else(none);
    let sort_keys = call.args.optional_bool("sort_keys").unwrap_or(false);
    call.args.finish()?;
    Ok(yaml_text(&value, YamlStyle { sort_keys, indent_lists: false }).map_or(default, Value::from))
}

pub(super) fn fromyaml(call: &mut Call<'_>) -> Result<Value, Error> {
    let text = call.args.required_str("value")?;
    let default = call.args.optional("default").unwrap_or_else(none);
    call.args.finish()?;
    Ok(read_yaml(&text).unwrap_or(default))
}

fn to_set(value: &Value) -> Result<Value, Error> {
    collect(value).and_then(set)
}

pub(super) fn set_or_default(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = call.args.required("value")?;
    let default = call.args.optional("default").unwrap_or_else(none);
    call.args.finish()?;
    Ok(to_set(&value).unwrap_or(default))
}

pub(super) fn set_strict(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = call.args.required("value")?;
    call.args.finish()?;
    to_set(&value)
}

fn zipped(columns: &[Value]) -> Result<Value, Error> {
    let mut columns = columns.iter().map(iterate).collect::<Result<Vec<Cursor>, _>>()?;
    Ok(lazy_iterator("zip", move || {
        if columns.is_empty() {
            return None;
        }
        let mut row = Vec::with_capacity(columns.len());
        for column in &mut columns {
            match column.next()? {
                Ok(item) => row.push(item),
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(tuple(row)))
    }))
}

pub(super) fn zip(call: &mut Call<'_>) -> Result<Value, Error> {
    let default = call.args.keyword("default").unwrap_or_else(none);
    let columns = call.args.rest();
    call.args.finish()?;
    Ok(zipped(&columns).unwrap_or(default))
}

pub(super) fn zip_strict(call: &mut Call<'_>) -> Result<Value, Error> {
    let columns = call.args.rest();
    call.args.finish()?;
    zipped(&columns)
}

pub(super) fn local_md5(call: &mut Call<'_>) -> Result<Value, Error> {
    let text = call.args.required_str("value")?;
    call.args.finish()?;
    Ok(Value::from(digest::md5(&text)))
}

/// Returns the lists of `dict_a` without what `dict_b` lists under the same key, whatever the case.
pub(super) fn diff_of_two_dicts(call: &mut Call<'_>) -> Result<Value, Error> {
    let mut take = |name: &str| {
        let value = call.args.required(name)?;
        let pairs = pairs(&value).ok_or_else(|| Error::runtime(format!("`{name}` must be a dict")))?;
        let lists = pairs.into_iter().map(|(key, value)| Ok((key, collect(&value)?)));
        lists.collect::<Result<Vec<(Value, Vec<Value>)>, Error>>()
    };
    let (first, second) = (take("dict_a")?, take("dict_b")?);
    call.args.finish()?;
    let folded = |value: &Value| py_str(value).to_lowercase();
    let mut diff = Vec::new();
    for (key, values) in first {
        let other = second.iter().rev().find(|(other, _)| folded(other) == folded(&key));
        let Some((_, known)) = other else {
            diff.push((key, list(values)));
            continue;
        };
        let known: Vec<String> = known.iter().map(folded).collect();
        let rest: Vec<Value> = values.into_iter().filter(|value| !known.contains(&folded(value))).collect();
        if !rest.is_empty() {
            diff.push((key, list(rest)));
        }
    }
    Ok(dict(diff))
}
