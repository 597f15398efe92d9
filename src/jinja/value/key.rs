//! Dict keys and set elements: hashed and compared as Python does, so `1`, `1.0` and `True` are one key.

use std::hash::{Hash, Hasher};

use indexmap::Equivalent;

use super::{Py, Value, View, py_eq, type_name, view};
use crate::jinja::error::Error;

/// A value that can be hashed.
pub(crate) struct Key(Value);

impl Key {
    /// Checks that a value is hashable.
    pub(crate) fn new(value: Value) -> Result<Self, Error> {
        match unhashable(&value) {
            Some(name) => Err(Error::runtime(format!("unhashable type: `{name}`"))),
            None => Ok(Self(value)),
        }
    }

    pub(crate) fn value(&self) -> &Value {
        &self.0
    }

    pub(crate) fn into_value(self) -> Value {
        self.0
    }
}

fn unhashable(value: &Value) -> Option<&'static str> {
    match view(value) {
        View::Py(Py::List(_) | Py::Dict(_) | Py::Set(_) | Py::DictView(_)) => Some(type_name(value)),
        View::Py(Py::Tuple(items)) => items.iter().find_map(unhashable),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "guarded: the float is integral and in range")]
#[expect(clippy::cast_precision_loss, reason = "the bound may be off by one rounding, which is harmless")]
fn hash_value<H: Hasher>(value: &Value, state: &mut H) {
    match view(value) {
        View::Str(s) => s.hash(state),
        View::Int(i) => i.hash(state),
        View::Bool(b) => i128::from(b).hash(state),
        View::Float(f) if f.fract() == 0.0 && f.abs() < i128::MAX as f64 => (f as i128).hash(state),
        View::Float(f) => f.to_bits().hash(state),
        View::Py(Py::Tuple(items)) => items.iter().for_each(|item| hash_value(item, state)),
        View::Py(Py::Instance(instance)) => instance.hash().hash(state),
        View::None | View::Py(_) | View::Foreign => 0_u8.hash(state),
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_value(&self.0, state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        py_eq(&self.0, &other.0)
    }
}

impl Eq for Key {}

/// Lets text be looked up without making a key of it.
impl Equivalent<Key> for str {
    fn equivalent(&self, key: &Key) -> bool {
        key.0.as_str() == Some(self)
    }
}
