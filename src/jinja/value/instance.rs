//! Rust objects as templates see them.

use std::any::Any;
use std::cmp::Ordering;
use std::sync::Arc;

use super::{BinaryOp, Py, Value};
use crate::jinja::call::Call;
use crate::jinja::error::Error;

/// A Rust type whose values templates use: relations, columns, tables, the adapter, dates ...
///
/// Only [`Instance::type_name`] is required; every other method has the meaning of its Python counterpart
/// and defaults to a plain object without attributes.
pub trait Instance: Any + Send + Sync {
    /// Returns the type's name for messages.
    fn type_name(&self) -> &'static str;

    /// Returns an attribute (no method); `None` when there is none of that name.
    ///
    /// # Errors
    /// When the attribute is there but computing it fails.
    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        let _ = name;
        Ok(None)
    }

    /// Sets an attribute; `false` when objects of this type cannot be changed.
    fn set_attr(&self, name: &str, value: Value) -> bool {
        let _ = (name, value);
        false
    }

    /// Tells whether there is a method of that name, so that it can be passed around without a call.
    fn has_method(&self, name: &str) -> bool {
        let _ = name;
        false
    }

    /// Calls a method; `None` when there is none of that name. The object itself is [`Call::this`].
    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        let _ = (name, call);
        None
    }

    /// Calls the object itself; `None` when it cannot be called.
    fn call(&self, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        let _ = call;
        None
    }

    /// Tells whether [`Instance::call`] can answer.
    fn callable(&self) -> bool {
        false
    }

    /// Returns `self[key]`; `None` when there is none.
    ///
    /// # Errors
    /// When looking it up fails.
    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        let _ = key;
        Ok(None)
    }

    /// Returns the elements when the object can be iterated.
    #[expect(clippy::iter_not_returning_iterator, reason = "named for Python's `iter()`, which may fail")]
    fn iter(&self) -> Option<Vec<Value>> {
        None
    }

    /// Returns the names of what it holds, for suggestions.
    fn names(&self) -> Vec<Arc<str>> {
        Vec::new()
    }

    /// Returns the text when the object is one that carries something more, as a subclass of `str` does.
    fn as_text(&self) -> Option<&str> {
        None
    }

    /// Returns the length, when there is one.
    fn len(&self) -> Option<usize> {
        None
    }

    /// Tells whether [`Instance::len`] is zero.
    fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// Returns Python's idea of truth.
    fn truth(&self) -> bool {
        !self.is_empty()
    }

    /// Returns the text that printing gives.
    fn str(&self) -> String {
        self.repr()
    }

    /// Returns the text inside of a printed list.
    fn repr(&self) -> String {
        format!("<{} object>", self.type_name())
    }

    /// Tells whether `self == other`; `None` to compare by identity.
    fn eq(&self, other: &Value) -> Option<bool> {
        let _ = other;
        None
    }

    /// Returns the order of `self` and `other`; `None` when they have none.
    fn cmp(&self, other: &Value) -> Option<Ordering> {
        let _ = other;
        None
    }

    /// Tells whether `item in self`; `None` to look through [`Instance::iter`].
    fn contains(&self, item: &Value) -> Option<bool> {
        let _ = item;
        None
    }

    /// Returns a hash that equal objects share; `None` when objects of this type cannot be dict keys.
    fn hash(&self) -> Option<u64> {
        None
    }

    /// Computes `self op other`, or `other op self` when `reflected`; `None` when not supported.
    fn binary(&self, op: BinaryOp, other: &Value, reflected: bool) -> Option<Result<Value, Error>> {
        let _ = (op, other, reflected);
        None
    }

    /// Returns a number for filters and formats that need one.
    fn number(&self) -> Option<f64> {
        None
    }

    /// Returns the whole part of a number, exactly; `None` to take it of [`Instance::number`].
    fn integer(&self) -> Option<i128> {
        None
    }

    /// Rounds as Python's `round(self, places)`; `None` to round [`Instance::number`].
    fn round(&self, places: i32) -> Option<Value> {
        let _ = places;
        None
    }

    /// Formats by a Python format specification; `None` to format the printed text.
    fn format(&self, spec: &str) -> Option<String> {
        let _ = spec;
        None
    }

    /// Tells whether Python would see a mapping (`is mapping`).
    fn is_mapping(&self) -> bool {
        false
    }
}

/// Makes a value of a Rust object.
pub fn object(instance: impl Instance) -> Value {
    Value::from_object(Py::Instance(Arc::new(instance)))
}

/// Returns the Rust object behind a value.
pub fn downcast<T: Instance>(value: &Value) -> Option<Arc<T>> {
    let Some(Py::Instance(instance)) = value.downcast_object_ref::<Py>() else { return None };
    let any: Arc<dyn Any + Send + Sync> = Arc::clone(instance) as Arc<dyn Any + Send + Sync>;
    any.downcast().ok()
}
