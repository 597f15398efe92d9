//! JSON in and out. Order is kept both ways.

use serde_json::{Map, Number, Value as Json};

use super::{Py, Value, View, dict, int, list, none, py_str, type_name, view};
use crate::jinja::error::Error;

/// Makes a value of JSON: mutable lists and dicts, ints apart from floats.
pub fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => none(),
        Json::Bool(b) => Value::from(*b),
        Json::Number(n) => n
            .as_i64()
            .map(Value::from)
            .or_else(|| n.as_u64().map(|u| int(i128::from(u))))
            .or_else(|| n.as_f64().map(Value::from))
            .unwrap_or_else(none),
        Json::String(s) => Value::from(s.as_str()),
        Json::Array(items) => list(items.iter().map(from_json).collect::<Vec<_>>()),
        Json::Object(map) => dict(map.iter().map(|(k, v)| (k.as_str(), from_json(v)))),
    }
}

/// Makes JSON of a value, as Python's `json.dumps` would: dict keys become text.
///
/// # Errors
/// When the value holds something JSON cannot: a set, a macro, an object, an undefined, or a circle.
pub fn to_json(value: &Value) -> Result<Json, Error> {
    json(value, 100)
}

fn json(value: &Value, depth: usize) -> Result<Json, Error> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Error::runtime("the value is nested too deeply for JSON"));
    };
    let items = |items: Vec<Value>| {
        items.iter().map(|item| json(item, depth)).collect::<Result<Vec<_>, _>>().map(Json::Array)
    };
    Ok(match view(value) {
        View::None => Json::Null,
        View::Bool(b) => Json::Bool(b),
        View::Int(i) => i64::try_from(i)
            .map(Number::from)
            .or_else(|_| u64::try_from(i).map(Number::from))
            .map_err(|_| Error::runtime(format!("`{i}` is too large for JSON")))?
            .into(),
        View::Float(f) => Number::from_f64(f).map_or(Json::Null, Json::Number),
        View::Str(s) => Json::String(s.to_owned()),
        View::Py(Py::List(list)) => items(list.snapshot())?,
        View::Py(Py::Tuple(tuple)) => items(tuple.to_vec())?,
        View::Py(Py::Dict(dict)) => {
            let mut map = Map::new();
            for (key, value) in dict.snapshot() {
                map.insert(key_text(&key)?, json(&value, depth)?);
            }
            Json::Object(map)
        }
        View::Foreign if !value.is_undefined() => {
            serde_json::to_value(value).map_err(|e| Error::runtime(e.to_string()))?
        }
        View::Py(_) | View::Foreign => {
            let name = type_name(value);
            return Err(Error::runtime(format!("object of type `{name}` is not JSON serializable")));
        }
    })
}

/// Returns a dict key as JSON has it.
pub(crate) fn key_text(key: &Value) -> Result<String, Error> {
    match view(key) {
        View::Str(s) => Ok(s.to_owned()),
        View::None => Ok("null".to_owned()),
        View::Bool(b) => Ok(b.to_string()),
        View::Int(_) | View::Float(_) => Ok(py_str(key)),
        _ => Err(Error::runtime(format!("a JSON key cannot be of type `{}`", type_name(key)))),
    }
}

/// Copies a minijinja collection made outside of this module into our mutable ones.
///
/// # Errors
/// When the value is no collection, or minijinja's own undefined.
pub(crate) fn adopt(value: &Value) -> Result<Value, Error> {
    use minijinja::value::ValueKind;
    let items = || value.try_iter().map_err(|e| Error::runtime(e.to_string()));
    let nested =
        |item: Value| if matches!(view(&item), View::Foreign) { adopt(&item).unwrap_or(item) } else { item };
    match value.kind() {
        ValueKind::Map => Ok(dict(items()?.map(|k| {
            let item = value.get_item(&k).unwrap_or_default();
            (k, nested(item))
        }))),
        ValueKind::Seq | ValueKind::Iterable => Ok(list(items()?.map(nested).collect::<Vec<_>>())),
        _ => Err(Error::runtime(format!("a value of kind `{}` cannot be used here", value.kind()))),
    }
}
