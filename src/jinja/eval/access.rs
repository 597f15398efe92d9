//! Attributes, items and slices.

use std::sync::Arc;

use super::{Error, State};
use crate::diag::suggest;
use crate::jinja::methods;
use crate::jinja::value::{
    Dict, Method, Py, Undefined, Value, View, as_int, int, list, py_repr, tuple, type_name, view,
};

/// Makes the error of using an undefined, with the nearest known name.
pub(super) fn undefined_error(state: &State, undefined: &Undefined) -> Error {
    let error = undefined.error();
    if undefined.hint.is_some() || undefined.name.is_empty() {
        let keys = undefined.among.as_ref().map(keys).unwrap_or_default();
        if let Some(help) = suggest(&undefined.name, keys.iter().map(|name| &**name)) {
            return error.help(help);
        }
        return error.help("check the name, or test it first: `{% if x is defined %}`");
    }
    let names = state.scope.names();
    match suggest(&undefined.name, names.iter().map(|name| &**name)) {
        Some(help) => error.help(help),
        None => error.help("check the name; a macro of a package needs `tidegate deps` first"),
    }
}

/// The names that a mapping has, such as the macros of a package.
fn keys(value: &Value) -> Vec<Arc<str>> {
    match view(value) {
        View::Py(Py::Dict(dict)) => {
            dict.keys().iter().filter_map(|key| key.as_str().map(Arc::from)).collect()
        }
        View::Py(Py::Instance(instance)) => instance.names(),
        _ => Vec::new(),
    }
}

/// Returns `value.name`: a method or attribute, else the item of that key.
pub(crate) fn get_attr(state: &State, value: &Value, name: &str) -> Result<Value, Error> {
    let found = match view(value) {
        View::Py(Py::Undefined(undefined)) if undefined.capture => {
            return Ok(Undefined { name: name.into(), ..undefined.clone() }.into_value());
        }
        View::Py(Py::Undefined(undefined)) => return Err(undefined_error(state, undefined)),
        _ if name.starts_with('_') => None,
        View::Py(Py::Instance(instance)) => match instance.attr(name)? {
            Some(value) => Some(value),
            None => instance.has_method(name).then(|| method(value, name)),
        },
        View::Py(Py::Macro(macro_value)) => macro_attr(macro_value.code.get()?, name),
        View::Foreign => return get_attr(state, &crate::jinja::value::adopt(value)?, name),
        _ => methods::exists(value, name).then(|| method(value, name)),
    };
    if let Some(found) = found {
        return Ok(found);
    }
    let item = match view(value) {
        View::Py(Py::Dict(dict)) => dict.get(name),
        View::Py(Py::Instance(instance)) => instance.item(&Value::from(name))?,
        _ => None,
    };
    Ok(item.unwrap_or_else(|| state.undefined_in(value, name, no_attr(value, name))))
}

fn method(receiver: &Value, name: &str) -> Value {
    Value::from_object(Py::Method(Method { receiver: receiver.clone(), name: name.into() }))
}

fn macro_attr(code: &crate::jinja::ir::Code, name: &str) -> Option<Value> {
    Some(match name {
        "name" => Value::from(&*code.name),
        "arguments" => tuple(code.params.iter().map(|p| Value::from(&*p.name)).collect::<Vec<_>>()),
        "catch_kwargs" => Value::from(code.kwargs.is_some()),
        "catch_varargs" => Value::from(code.varargs.is_some()),
        "caller" => Value::from(code.caller.is_some()),
        _ => return None,
    })
}

fn no_attr(value: &Value, name: &str) -> String {
    format!("`{}` object has no attribute `{name}`", type_name(value))
}

/// Returns `value[key]`, else the attribute of that name.
pub(crate) fn get_item(state: &State, value: &Value, key: &Value) -> Result<Value, Error> {
    let found = match view(value) {
        View::Py(Py::Undefined(undefined)) if undefined.capture => return Ok(value.clone()),
        View::Py(Py::Undefined(undefined)) => return Err(undefined_error(state, undefined)),
        View::Str(text) => index(key, text.chars().count())
            .and_then(|i| text.chars().nth(i))
            .map(|c| Value::from(&*c.encode_utf8(&mut [0; 4]))),
        View::Py(Py::List(list)) => index(key, list.len()).and_then(|i| list.get(i)),
        View::Py(Py::Tuple(items)) => index(key, items.len()).and_then(|i| items.get(i).cloned()),
        View::Py(Py::Range(range)) => index(key, range.len()).and_then(|i| range.at(i)).map(int),
        View::Py(Py::Dict(dict)) => dict.get_value(key).ok().flatten(),
        View::Py(Py::Instance(instance)) => instance.item(key)?,
        View::Foreign => return get_item(state, &crate::jinja::value::adopt(value)?, key),
        _ => None,
    };
    if let Some(found) = found {
        return Ok(found);
    }
    if let Some(name) = key
        .as_str()
        .filter(|name| !matches!(view(value), View::Py(Py::Dict(_))) || methods::exists(value, name))
    {
        return get_attr(state, value, name);
    }
    let name = key.as_str().unwrap_or_default();
    let hint = if key.as_str().is_some() {
        no_attr(value, name)
    } else {
        format!("`{}` object has no element {}", type_name(value), py_repr(key))
    };
    Ok(state.undefined_in(value, name, hint))
}

/// Turns a Python index into a place, if there is one.
fn index(key: &Value, len: usize) -> Option<usize> {
    let i = as_int(key)?;
    let at = if i < 0 { i + len as i128 } else { i };
    usize::try_from(at).ok().filter(|at| *at < len)
}

/// Returns `value[start:stop:step]`.
pub(super) fn slice(state: &State, value: &Value, bounds: [Option<i128>; 3]) -> Result<Value, Error> {
    if bounds[2] == Some(0) {
        return Err(Error::runtime("slice step cannot be zero"));
    }
    match view(value) {
        View::Str(text) if text.is_ascii() => {
            let bytes = text.as_bytes();
            let picked = indices(bounds, bytes.len()).map(|i| char::from(bytes[i]));
            Ok(Value::from(picked.collect::<String>()))
        }
        View::Str(text) => {
            let chars: Vec<char> = text.chars().collect();
            Ok(Value::from(indices(bounds, chars.len()).map(|i| chars[i]).collect::<String>()))
        }
        View::Py(Py::List(items)) => {
            let items = items.snapshot();
            Ok(list(indices(bounds, items.len()).map(|i| items[i].clone()).collect::<Vec<_>>()))
        }
        View::Py(Py::Tuple(items)) => {
            Ok(tuple(indices(bounds, items.len()).map(|i| items[i].clone()).collect::<Vec<_>>()))
        }
        View::Py(Py::Range(range)) => {
            Ok(list(indices(bounds, range.len()).filter_map(|i| range.at(i)).map(int).collect::<Vec<_>>()))
        }
        View::Py(Py::Instance(instance)) if instance.iter().is_some() => {
            let items = instance.iter().unwrap_or_default();
            Ok(tuple(indices(bounds, items.len()).map(|i| items[i].clone()).collect::<Vec<_>>()))
        }
        View::Py(Py::Undefined(undefined)) if undefined.capture => Ok(value.clone()),
        View::Py(Py::Undefined(undefined)) => Err(undefined_error(state, undefined)),
        View::Foreign => slice(state, &crate::jinja::value::adopt(value)?, bounds),
        _ => {
            let hint = format!("`{}` object cannot be sliced", type_name(value));
            Ok(state.undefined_because("", hint))
        }
    }
}

/// Gives the places that Python's slice picks.
fn indices([start, stop, stride]: [Option<i128>; 3], len: usize) -> impl Iterator<Item = usize> {
    let len = len as i128;
    let step = stride.unwrap_or(1);
    let (low, high) = if step > 0 { (0, len) } else { (-1, len - 1) };
    let clamp = |i: i128| if i < 0 { (i + len).max(low) } else { i.min(high) };
    let (first, beyond) = if step > 0 { (0, len) } else { (len - 1, -1) };
    let mut at = start.map_or(first, clamp);
    let end = stop.map_or(beyond, clamp);
    std::iter::from_fn(move || {
        if (step > 0 && at >= end) || (step < 0 && at <= end) {
            return None;
        }
        let index = usize::try_from(at).ok();
        at += step;
        index
    })
}

/// Returns the pairs of anything like a dict.
pub(crate) fn pairs(value: &Value) -> Option<Vec<(Value, Value)>> {
    match view(value) {
        View::Py(Py::Dict(dict)) => Some(dict.snapshot()),
        View::Py(Py::Instance(instance)) if instance.is_mapping() => instance
            .iter()?
            .into_iter()
            .map(|key| Some((key.clone(), instance.item(&key).ok().flatten()?)))
            .collect(),
        View::Foreign => Dict::of(&crate::jinja::value::adopt(value).ok()?).map(Dict::snapshot),
        _ => None,
    }
}
