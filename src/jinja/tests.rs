//! Jinja2's tests (`x is ...`). What is tested is the first positional argument.

use std::cmp::Ordering;

use super::call::Call;
use super::error::Error;
use super::ir::Builtin;
use super::value::{
    BinaryOp, Py, Value, View, binary, compare, contains, int, is_int, is_undefined, iterate, py_eq, py_str,
    same, type_name, view,
};

const TESTS: &[(&str, Builtin)] = &[
    ("!=", |call| two(call, |a, b| Ok(!py_eq(a, b)))),
    ("<", |call| ordered(call, &[Ordering::Less])),
    ("<=", |call| ordered(call, &[Ordering::Less, Ordering::Equal])),
    ("==", |call| two(call, |a, b| Ok(py_eq(a, b)))),
    (">", |call| ordered(call, &[Ordering::Greater])),
    (">=", |call| ordered(call, &[Ordering::Greater, Ordering::Equal])),
    ("boolean", |call| one(call, |v| matches!(view(v), View::Bool(_)))),
    ("callable", |call| one(call, is_callable)),
    ("defined", |call| one(call, |v| !is_undefined(v))),
    ("divisibleby", |call| remainder(call, None, true)),
    ("eq", |call| two(call, |a, b| Ok(py_eq(a, b)))),
    ("equalto", |call| two(call, |a, b| Ok(py_eq(a, b)))),
    ("escaped", |call| one(call, Value::is_safe)),
    ("even", |call| remainder(call, Some(2), true)),
    ("false", |call| one(call, |v| matches!(view(v), View::Bool(false)))),
    ("filter", |call| one(call, |v| v.as_str().is_some_and(|name| super::filters::lookup(name).is_some()))),
    ("float", |call| one(call, |v| matches!(view(v), View::Float(_)))),
    ("ge", |call| ordered(call, &[Ordering::Greater, Ordering::Equal])),
    ("greaterthan", |call| ordered(call, &[Ordering::Greater])),
    ("gt", |call| ordered(call, &[Ordering::Greater])),
    ("in", |call| two(call, |a, b| contains(b, a))),
    ("integer", |call| one(call, is_int)),
    ("iterable", |call| one(call, |v| iterate(v).is_ok())),
    ("le", |call| ordered(call, &[Ordering::Less, Ordering::Equal])),
    ("lessthan", |call| ordered(call, &[Ordering::Less])),
    ("lower", |call| one(call, |v| cased(v, char::is_uppercase))),
    ("lt", |call| ordered(call, &[Ordering::Less])),
    ("mapping", |call| one(call, is_mapping)),
    ("ne", |call| two(call, |a, b| Ok(!py_eq(a, b)))),
    ("none", |call| one(call, Value::is_none)),
    ("number", |call| one(call, is_number)),
    ("odd", |call| remainder(call, Some(2), false)),
    ("sameas", |call| two(call, |a, b| Ok(type_name(a) == type_name(b) && same(a, b)))),
    ("sequence", |call| one(call, is_sequence)),
    ("string", |call| one(call, |v| v.as_str().is_some())),
    ("test", |call| one(call, |v| v.as_str().is_some_and(|name| lookup(name).is_some()))),
    ("true", |call| one(call, |v| matches!(view(v), View::Bool(true)))),
    ("undefined", |call| one(call, is_undefined)),
    ("upper", |call| one(call, |v| cased(v, char::is_lowercase))),
];

/// Returns the test of a name.
pub(crate) fn lookup(name: &str) -> Option<Builtin> {
    let at = TESTS.binary_search_by(|(known, _)| known.cmp(&name)).ok()?;
    Some(TESTS[at].1)
}

/// Returns the names of all tests.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TESTS.iter().map(|(name, _)| *name)
}

fn one(call: &mut Call<'_>, test: impl FnOnce(&Value) -> bool) -> Result<Value, Error> {
    let value = call.args.required("value")?;
    call.args.finish()?;
    Ok(Value::from(test(&value)))
}

fn two(
    call: &mut Call<'_>,
    test: impl FnOnce(&Value, &Value) -> Result<bool, Error>,
) -> Result<Value, Error> {
    let value = call.args.required("value")?;
    let other = call.args.required("other")?;
    call.args.finish()?;
    test(&value, &other).map(Value::from)
}

fn ordered(call: &mut Call<'_>, wanted: &[Ordering]) -> Result<Value, Error> {
    two(call, |a, b| Ok(compare(a, b)?.is_some_and(|order| wanted.contains(&order))))
}

fn remainder(call: &mut Call<'_>, divisor: Option<i128>, zero: bool) -> Result<Value, Error> {
    let value = call.args.required("value")?;
    let divisor = match divisor {
        Some(divisor) => int(divisor),
        None => call.args.required("num")?,
    };
    call.args.finish()?;
    if value.as_str().is_some() {
        return Err(Error::runtime("text has no remainder"));
    }
    let rest = binary(BinaryOp::Mod, &value, &divisor)?;
    Ok(Value::from(py_eq(&rest, &int(i128::from(!zero)))))
}

fn is_callable(value: &Value) -> bool {
    match view(value) {
        View::Py(Py::Macro(_) | Py::Method(_) | Py::Undefined(_)) => true,
        View::Py(Py::Instance(instance)) => instance.callable(),
        _ => false,
    }
}

fn is_mapping(value: &Value) -> bool {
    match view(value) {
        View::Py(Py::Dict(_)) => true,
        View::Py(Py::Instance(instance)) => instance.is_mapping(),
        View::Foreign => value.kind() == minijinja::value::ValueKind::Map,
        _ => false,
    }
}

fn is_number(value: &Value) -> bool {
    match view(value) {
        View::Int(_) | View::Float(_) | View::Bool(_) => true,
        View::Py(Py::Instance(instance)) => instance.number().is_some(),
        _ => false,
    }
}

fn is_sequence(value: &Value) -> bool {
    match view(value) {
        View::Str(_) => true,
        View::Py(py) => match py {
            Py::List(_) | Py::Tuple(_) | Py::Dict(_) | Py::Range(_) | Py::Undefined(_) => true,
            Py::Instance(instance) => instance.len().is_some() && instance.iter().is_some(),
            _ => false,
        },
        View::Foreign => value.len().is_some(),
        _ => false,
    }
}

/// Tells whether the text of a value has letters with case, and none of the wrong case.
fn cased(value: &Value, wrong: fn(char) -> bool) -> bool {
    let text = py_str(value);
    text.chars().any(|c| c.is_uppercase() || c.is_lowercase()) && !text.chars().any(wrong)
}
