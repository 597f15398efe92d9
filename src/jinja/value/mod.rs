//! Values with Python's behaviour, carried by minijinja's [`Value`].
//!
//! Numbers, text, booleans and none are minijinja's own. Everything Python would give an identity (lists,
//! dicts, macros, Rust objects ...) is one [`Py`] behind minijinja's object handle, so that one downcast
//! tells what it is ([`view`]). Locks are held only while elements are copied, never while code runs.

mod big;
mod convert;
mod instance;
mod iter;
mod key;
mod ops;
mod order;
mod text;
mod types;

pub(crate) use big::{is_int, read_digits};
pub(crate) use convert::{adopt, key_text};
pub use convert::{from_json, to_json};
pub use instance::{Instance, downcast, object};
pub(crate) use iter::{Cursor, collect, iterate, lazy_iterator};
pub(crate) use key::Key;
pub use minijinja::value::Value;
pub use ops::BinaryOp;
pub(crate) use ops::{UnaryOp, binary, check_count, unary};
pub use order::py_eq;
pub(crate) use order::{compare, contains, same, total_order};
pub(crate) use text::{check_length, replaced, write_str};
pub use text::{py_repr, py_str};
pub use types::{Dict, List, Set, dict, list, set, tuple};
pub(crate) use types::{DictView, Iter, Method, Py, Range, Undefined, ViewKind};

use super::error::Error;

/// What a value is, borrowed.
pub(crate) enum View<'a> {
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Str(&'a str),
    Py(&'a Py),
    /// minijinja's own undefined, bytes, or a collection another module built without our constructors.
    Foreign,
}

/// Looks at a value.
pub(crate) fn view(value: &Value) -> View<'_> {
    use minijinja::value::ValueKind;
    match value.kind() {
        ValueKind::None => View::None,
        ValueKind::Bool => View::Bool(value.is_true()),
        ValueKind::String => value.as_str().map_or(View::Foreign, View::Str),
        ValueKind::Number if value.is_integer() => match i128::try_from(value.clone()) {
            Ok(i) => View::Int(i),
            Err(_) => View::Float(f64::try_from(value.clone()).unwrap_or(f64::INFINITY)),
        },
        ValueKind::Number => View::Float(f64::try_from(value.clone()).unwrap_or(f64::NAN)),
        _ => match value.downcast_object_ref::<Py>() {
            Some(Py::Instance(instance)) if let Some(text) = instance.as_text() => View::Str(text),
            Some(py) => View::Py(py),
            None => View::Foreign,
        },
    }
}

/// Makes an integer in the smallest form.
pub(crate) fn int(i: i128) -> Value {
    i64::try_from(i).map_or_else(|_| Value::from(i), Value::from)
}

/// Makes a length or index.
pub(crate) fn size(n: usize) -> Value {
    int(n as i128)
}

/// Makes Python's `None`.
pub fn none() -> Value {
    Value::from(())
}

/// Returns the integer behind an int or bool.
pub(crate) fn as_int(value: &Value) -> Option<i128> {
    match view(value) {
        View::Int(i) => Some(i),
        View::Bool(b) => Some(i128::from(b)),
        _ => None,
    }
}

/// Returns a number as a float.
#[expect(clippy::cast_precision_loss, reason = "Python's int to float conversion rounds as well")]
pub(crate) fn as_float(value: &Value) -> Option<f64> {
    match view(value) {
        View::Float(f) => Some(f),
        View::Int(i) => Some(i as f64),
        View::Bool(b) => Some(f64::from(u8::from(b))),
        _ => None,
    }
}

/// Returns what is undefined here, when the value is an undefined.
pub(crate) fn as_undefined(value: &Value) -> Option<&Undefined> {
    match value.downcast_object_ref::<Py>() {
        Some(Py::Undefined(undefined)) => Some(undefined),
        _ => None,
    }
}

/// Tells whether a value is undefined.
pub fn is_undefined(value: &Value) -> bool {
    value.is_undefined() || as_undefined(value).is_some()
}

/// Returns Python's idea of truth.
pub fn truth(value: &Value) -> bool {
    value.is_true()
}

/// Returns the name of the Python type, as error messages use it.
pub fn type_name(value: &Value) -> &'static str {
    match view(value) {
        View::None => "NoneType",
        View::Bool(_) => "bool",
        View::Int(_) => "int",
        View::Float(_) => "float",
        View::Str(_) => "str",
        View::Py(py) => py.type_name(),
        View::Foreign if value.is_undefined() => "Undefined",
        View::Foreign => "object",
    }
}

/// Returns the length as `len()` does.
pub(crate) fn len(value: &Value) -> Result<usize, Error> {
    let length = match view(value) {
        View::Str(s) => Some(if s.is_ascii() { s.len() } else { s.chars().count() }),
        View::Py(py) => py.len(),
        View::Foreign => value.len(),
        _ => None,
    };
    length.ok_or_else(|| Error::runtime(format!("object of type `{}` has no length", type_name(value))))
}
