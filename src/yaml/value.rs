//! The tree: values with spans. Data only; `parse` makes it, everything above reads it.

use std::sync::Arc;

use crate::diag::Span;

use super::{Map, Timestamp};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Yaml {
    /// The bytes of the value, without the space and comments that follow it. A value that came by an
    /// alias has the place of the alias.
    pub span: Span,
    /// The value.
    pub value: Value,
}

/// What YAML 1.1 can say, as `PyYAML`'s `SafeLoader` types it.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// `true`, `yes`, `on` and their opposites.
    Bool(bool),
    /// A whole number in any notation. Beyond 128 bits it becomes a [`Value::Float`].
    Int(i128),
    /// A number with a point, infinity or NaN.
    Float(f64),
    /// Text.
    Str(Arc<str>),
    /// A date, or a date with a time.
    Time(Timestamp),
    /// A list.
    Seq(Vec<Yaml>),
    /// A mapping in the order of the file.
    Map(Map),
}

impl Yaml {
    /// Makes a value.
    pub fn new(span: Span, value: Value) -> Self {
        Self { span, value }
    }

    /// Makes text.
    pub fn text(span: Span, text: impl Into<Arc<str>>) -> Self {
        Self { span, value: Value::Str(text.into()) }
    }

    /// Returns the text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the whole number, if it is one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self.value {
            Value::Int(value) => i64::try_from(value).ok(),
            _ => None,
        }
    }

    /// Returns the mapping, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Returns the list, if it is one.
    pub fn as_seq(&self) -> Option<&[Yaml]> {
        match &self.value {
            Value::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// Tells whether nothing was given.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// Tells whether Python would take the value for false: nothing, zero, empty text, list or mapping.
    pub fn is_falsy(&self) -> bool {
        match &self.value {
            Value::Null => true,
            Value::Bool(value) => !value,
            Value::Int(value) => *value == 0,
            Value::Float(value) => *value == 0.0,
            Value::Str(text) => text.is_empty(),
            Value::Time(_) => false,
            Value::Seq(items) => items.is_empty(),
            Value::Map(map) => map.is_empty(),
        }
    }

    /// Returns the value under a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Yaml> {
        self.as_map()?.get(key)
    }

    /// Names the kind of value for messages, with its article: `a list`, `text`.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Int(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Str(_) => "text",
            Value::Time(time) if time.is_date() => "a date",
            Value::Time(_) => "a timestamp",
            Value::Seq(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// Returns the value as Python's `str()` shows a scalar: `True`, `None`, `1.0`, `2024-01-31`.
    /// Lists and mappings give nothing.
    pub fn scalar_text(&self) -> Option<String> {
        Some(match &self.value {
            Value::Null => "None".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Int(value) => value.to_string(),
            Value::Float(value) => super::json::python_float(*value),
            Value::Str(text) => text.to_string(),
            Value::Time(time) => time.python_text(),
            Value::Seq(_) | Value::Map(_) => return None,
        })
    }
}

/// Equality of content: places do not count, and NaN equals NaN, so that trees can be compared.
impl PartialEq for Yaml {
    fn eq(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits() || a == b,
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::Time(a), Value::Time(b)) => a == b,
            (Value::Seq(a), Value::Seq(b)) => a == b,
            (Value::Map(a), Value::Map(b)) => a == b,
            _ => false,
        }
    }
}
