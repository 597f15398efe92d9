//! Equality, order and membership as in Python.

use std::cmp::Ordering;

use super::{Py, Value, View, collect, type_name, view};
use crate::jinja::error::Error;

/// How deep nested collections are compared; deeper ones are circular.
const DEPTH: usize = 100;

/// Tells whether `a == b`.
pub fn py_eq(a: &Value, b: &Value) -> bool {
    equal(a, b, DEPTH)
}

#[expect(clippy::float_cmp, reason = "Python compares floats exactly")]
fn equal(a: &Value, b: &Value, depth: usize) -> bool {
    match (view(a), view(b)) {
        (View::Str(a), View::Str(b)) => a == b,
        (View::None, View::None) => true,
        (View::Py(Py::Instance(instance)), _) => instance.eq(b).unwrap_or_else(|| same(a, b)),
        (_, View::Py(Py::Instance(instance))) => instance.eq(a).unwrap_or(false),
        (View::Py(x), View::Py(y)) => depth > 0 && objects_equal(x, y, depth - 1),
        (View::Float(a), View::Float(b)) => a == b,
        (View::Foreign, View::Foreign) => a == b,
        (a, b) => match (exact(&a), exact(&b)) {
            (Some(a), Some(b)) => number_order(a, b) == Some(Ordering::Equal),
            _ => false,
        },
    }
}

fn objects_equal(x: &Py, y: &Py, depth: usize) -> bool {
    let all =
        |a: &[Value], b: &[Value]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b, depth));
    match (x, y) {
        _ if std::ptr::eq(x, y) => true,
        (Py::List(a), Py::List(b)) => all(&a.snapshot(), &b.snapshot()),
        (Py::Tuple(a), Py::Tuple(b)) => all(a, b),
        (Py::Dict(a), Py::Dict(b)) => {
            a.len() == b.len()
                && a.snapshot().iter().all(|(key, value)| {
                    b.get_value(key).ok().flatten().is_some_and(|other| equal(value, &other, depth))
                })
        }
        (Py::Set(a), Py::Set(b)) => {
            a.len() == b.len() && {
                let items = a.snapshot();
                items.iter().all(|item| b.edit(|keys| keys.iter().any(|k| equal(k.value(), item, depth))))
            }
        }
        (Py::Range(a), Py::Range(b)) => a.len() == b.len() && (0..a.len()).all(|i| a.at(i) == b.at(i)),
        (Py::DictView(a), Py::DictView(b)) => a.kind == b.kind && all(&a.snapshot(), &b.snapshot()),
        (Py::Undefined(_), Py::Undefined(_)) => true,
        _ => false,
    }
}

/// Tells whether two values are one object.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a.downcast_object_ref::<Py>(), b.downcast_object_ref::<Py>()) {
        (Some(Py::Undefined(_)), Some(Py::Undefined(_))) => false,
        (Some(a), Some(b)) => std::ptr::eq(a, b),
        (None, None) => type_name(a) == type_name(b) && py_eq(a, b),
        _ => false,
    }
}

/// An int or a float, for comparing across the two.
#[derive(Clone, Copy)]
enum Number {
    Int(i128),
    Float(f64),
}

fn exact(v: &View<'_>) -> Option<Number> {
    match v {
        View::Int(i) => Some(Number::Int(*i)),
        View::Bool(b) => Some(Number::Int(i128::from(*b))),
        View::Float(f) => Some(Number::Float(*f)),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "saturates, and the fraction decides the rest")]
#[expect(clippy::cast_precision_loss, reason = "the bound may be off by one rounding")]
fn number_order(a: Number, b: Number) -> Option<Ordering> {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => Some(a.cmp(&b)),
        (Number::Float(a), Number::Float(b)) => a.partial_cmp(&b),
        (Number::Int(_), Number::Float(_)) => number_order(b, a).map(Ordering::reverse),
        (Number::Float(f), Number::Int(_)) if f.is_nan() => None,
        (Number::Float(f), Number::Int(i)) if f.abs() < i128::MAX as f64 => {
            Some((f.trunc() as i128).cmp(&i).then(f.fract().partial_cmp(&0.0)?))
        }
        (Number::Float(f), Number::Int(_)) => f.partial_cmp(&0.0),
    }
}

/// Orders two values, as `<` and its kin do; `None` when unordered (NaN).
///
/// # Errors
/// When the types have no order.
pub(crate) fn compare(a: &Value, b: &Value) -> Result<Option<Ordering>, Error> {
    order(a, b, DEPTH)
}

fn order(a: &Value, b: &Value, depth: usize) -> Result<Option<Ordering>, Error> {
    match (view(a), view(b)) {
        (View::Str(a), View::Str(b)) => Ok(Some(a.cmp(b))),
        (View::Py(Py::Undefined(undefined)), _) | (_, View::Py(Py::Undefined(undefined))) => {
            Err(undefined.error())
        }
        (View::Py(Py::Instance(instance)), _) => instance.cmp(b).map(Some).ok_or_else(|| unordered(a, b)),
        (_, View::Py(Py::Instance(instance))) => {
            instance.cmp(a).map(|o| Some(o.reverse())).ok_or_else(|| unordered(a, b))
        }
        (View::Py(Py::List(x)), View::Py(Py::List(y))) if depth > 0 => {
            items_order(&x.snapshot(), &y.snapshot(), depth - 1)
        }
        (View::Py(Py::Tuple(x)), View::Py(Py::Tuple(y))) if depth > 0 => items_order(x, y, depth - 1),
        (x, y) => match (exact(&x), exact(&y)) {
            (Some(x), Some(y)) => Ok(number_order(x, y)),
            _ => Err(unordered(a, b)),
        },
    }
}

fn items_order(a: &[Value], b: &[Value], depth: usize) -> Result<Option<Ordering>, Error> {
    for (x, y) in a.iter().zip(b) {
        if !equal(x, y, depth) {
            return order(x, y, depth);
        }
    }
    Ok(Some(a.len().cmp(&b.len())))
}

fn unordered(a: &Value, b: &Value) -> Error {
    Error::runtime(format!("`{}` and `{}` cannot be ordered", type_name(a), type_name(b)))
}

/// Sorts with a key computed before, stably, keeping the first error.
pub(crate) fn total_order(items: &mut [(Value, Value)], reverse: bool) -> Result<(), Error> {
    let mut failure = None;
    items.sort_by(|(a, _), (b, _)| {
        let order = compare(a, b).unwrap_or_else(|error| {
            failure.get_or_insert(error);
            None
        });
        let order = order.unwrap_or(Ordering::Equal);
        if reverse { order.reverse() } else { order }
    });
    failure.map_or(Ok(()), Err)
}

/// Tells whether `item in container`.
///
/// # Errors
/// When the container holds nothing.
pub(crate) fn contains(container: &Value, item: &Value) -> Result<bool, Error> {
    match view(container) {
        View::Str(text) => match view(item) {
            View::Str(part) => Ok(text.contains(part)),
            View::Py(Py::Undefined(undefined)) => Err(undefined.error()),
            _ => {
                Err(Error::runtime(format!("`in <text>` needs text on its left, got `{}`", type_name(item))))
            }
        },
        View::Py(Py::Dict(dict)) => Ok(dict.get_value(item)?.is_some()),
        View::Py(Py::Set(set)) => {
            let key = super::Key::new(item.clone())?;
            Ok(set.edit(|keys| keys.contains(&key)))
        }
        View::Py(Py::Range(range)) => Ok(super::as_int(item).is_some_and(|i| range.index_of(i).is_some())),
        View::Py(Py::Instance(instance)) if instance.contains(item).is_some() => {
            Ok(instance.contains(item).unwrap_or(false))
        }
        View::Py(_) | View::Foreign => {
            Ok(collect(container)?.iter().any(|other| same(other, item) || py_eq(other, item)))
        }
        _ => Err(Error::runtime(format!("argument of type `{}` is not iterable", type_name(container)))),
    }
}
