//! Looking into values from Rust, outside of a render.

use super::error::Error;
use super::value::{Py, Value, View, collect, view};

/// Returns the elements of anything that can be iterated; of a dict its keys.
///
/// # Errors
/// When it cannot be iterated.
pub fn elements(value: &Value) -> Result<Vec<Value>, Error> {
    collect(value)
}

/// Returns `value[key]` of a dict or an object, else its attribute of that name.
pub fn item(value: &Value, key: &str) -> Option<Value> {
    match view(value) {
        View::Py(Py::Dict(dict)) => dict.get(key),
        View::Py(Py::Instance(instance)) => {
            let found = instance.item(&Value::from(key)).ok().flatten();
            found.or_else(|| instance.attr(key).ok().flatten())
        }
        _ => None,
    }
}
