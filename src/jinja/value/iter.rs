//! Iteration: one cursor over everything Python can iterate.

use std::sync::{Arc, Mutex};

use super::{Iter, Py, Value, View, check_count, int, type_name, view};
use crate::jinja::error::Error;

/// Produces the next element of a generator.
pub(crate) type Step = dyn FnMut() -> Option<Result<Value, Error>> + Send;

/// Where an iteration stands.
pub(crate) enum Cursor {
    /// A live list: elements added while iterating are seen, as in Python.
    List(Value, usize),
    Items(std::vec::IntoIter<Value>),
    Range(super::Range, usize),
    Chars(Arc<str>, usize),
    Generator(Value),
}

impl Cursor {
    /// Returns the next element.
    pub(crate) fn next(&mut self) -> Option<Result<Value, Error>> {
        match self {
            Cursor::List(list, index) => {
                let item = super::List::of(list)?.get(*index)?;
                *index += 1;
                Some(Ok(item))
            }
            Cursor::Items(items) => items.next().map(Ok),
            Cursor::Range(range, index) => {
                let item = range.at(*index)?;
                *index += 1;
                Some(Ok(int(item)))
            }
            Cursor::Chars(text, at) => {
                let c = text[*at..].chars().next()?;
                *at += c.len_utf8();
                Some(Ok(char_value(c)))
            }
            Cursor::Generator(value) => match value.downcast_object_ref::<Py>() {
                Some(Py::Iter(iter)) => iter.next(),
                _ => None,
            },
        }
    }
}

/// Makes a one-character text.
pub(crate) fn char_value(c: char) -> Value {
    Value::from(&*c.encode_utf8(&mut [0; 4]))
}

/// Starts an iteration.
pub(crate) fn iterate(value: &Value) -> Result<Cursor, Error> {
    let items = match view(value) {
        View::Str(_) => return Ok(Cursor::Chars(value.to_str().unwrap_or_default(), 0)),
        View::Py(py) => match py {
            Py::List(_) => return Ok(Cursor::List(value.clone(), 0)),
            Py::Range(range) => return Ok(Cursor::Range(*range, 0)),
            Py::Iter(_) => return Ok(Cursor::Generator(value.clone())),
            Py::Tuple(items) => Some(items.to_vec()),
            Py::Dict(dict) => Some(dict.keys()),
            Py::Set(set) => Some(set.snapshot()),
            Py::DictView(view) => Some(view.snapshot()),
            Py::Undefined(_) => Some(Vec::new()),
            Py::Instance(instance) => instance.iter(),
            Py::Macro(_) | Py::Method(_) => None,
        },
        View::Foreign => value.try_iter().ok().map(Iterator::collect),
        View::None | View::Bool(_) | View::Int(_) | View::Float(_) => None,
    };
    match items {
        Some(items) => Ok(Cursor::Items(items.into_iter())),
        None => Err(Error::runtime(format!("`{}` object is not iterable", type_name(value)))),
    }
}

/// Collects all elements.
pub(crate) fn collect(value: &Value) -> Result<Vec<Value>, Error> {
    match value.downcast_object_ref::<Py>() {
        Some(Py::List(list)) => return Ok(list.snapshot()),
        Some(Py::Tuple(items)) => return Ok(items.to_vec()),
        _ => {}
    }
    match iterate(value)? {
        Cursor::Items(items) => Ok(items.collect()),
        mut cursor => {
            let mut items = Vec::new();
            while let Some(item) = cursor.next() {
                items.push(item?);
                check_count(items.len())?;
            }
            Ok(items)
        }
    }
}

/// Makes a generator.
pub(crate) fn lazy_iterator(
    type_name: &'static str,
    step: impl FnMut() -> Option<Result<Value, Error>> + Send + 'static,
) -> Value {
    Value::from_object(Py::Iter(Iter { type_name, step: Mutex::new(Box::new(step)) }))
}
