//! Filters on attributes, and the paths other filters take (`attribute='a.b.0'`).

use super::input;
use crate::jinja::call::Call;
use crate::jinja::error::Error;
use crate::jinja::eval::{State, get_attr, get_item};
use crate::jinja::value::{Py, Value, View, as_int, as_undefined, is_undefined, py_str, truth, view};

/// Gets a value out of an item, by a path, and readies it for comparing.
pub(crate) struct Getter {
    path: Vec<Value>,
    default: Option<Value>,
    fold_case: bool,
}

impl Getter {
    /// Makes a getter of an `attribute` argument; without one the item itself is taken.
    pub(crate) fn new(attribute: Option<&Value>, default: Option<Value>, fold_case: bool) -> Self {
        let path = attribute.filter(|a| !a.is_none()).map(path).unwrap_or_default();
        Self { path, default, fold_case }
    }

    pub(crate) fn get(&self, state: &State, item: &Value) -> Result<Value, Error> {
        let mut value = item.clone();
        for part in &self.path {
            value = get_item(state, &value, part)?;
            if let (true, Some(default)) = (is_undefined(&value), &self.default) {
                value = default.clone();
            }
        }
        Ok(match view(&value) {
            View::Str(text) if self.fold_case => Value::from(text.to_lowercase()),
            _ => value,
        })
    }
}

fn path(attribute: &Value) -> Vec<Value> {
    match view(attribute) {
        View::Str(text) => text
            .split('.')
            .map(|part| part.parse::<i64>().ok().filter(|i| *i >= 0).map_or_else(|| part.into(), Value::from))
            .collect(),
        _ => vec![attribute.clone()],
    }
}

/// `attr(name)`: the attribute, never the item.
pub(super) fn attr(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    let name = py_str(&call.args.required("name")?);
    call.args.finish()?;
    let is_dict = matches!(view(&value), View::Py(Py::Dict(_)));
    if is_dict && !crate::jinja::methods::exists(&value, &name) {
        return Ok(call.undefined(&name));
    }
    get_attr(call.state, &value, &name)
}

/// `default(value, boolean=False)`.
pub(super) fn default(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    let default = call.args.optional("default_value").unwrap_or_else(|| Value::from(""));
    let boolean = call.args.optional_bool("boolean").unwrap_or(false);
    call.args.finish()?;
    let missing = as_undefined(&value).is_some() || value.is_undefined() || (boolean && !truth(&value));
    Ok(if missing { default } else { value })
}

/// Takes a count that must be a positive integer.
pub(super) fn positive(call: &mut Call<'_>, name: &str) -> Result<usize, Error> {
    let value = call.args.required(name)?;
    as_int(&value)
        .and_then(|i| usize::try_from(i).ok())
        .filter(|i| *i > 0)
        .ok_or_else(|| Error::runtime(format!("`{name}` must be a positive integer")))
}
