//! Arithmetic as in Python.

use super::{Py, Value, View, as_float, as_int, collect, int, list, tuple, type_name, view};
use crate::jinja::error::Error;
use crate::jinja::format::percent;

/// An operator with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `//`
    FloorDiv,
    /// `%`
    Mod,
    /// `**`
    Pow,
}

impl BinaryOp {
    fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::FloorDiv => "//",
            BinaryOp::Mod => "%",
            BinaryOp::Pow => "**",
        }
    }
}

/// An operator with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnaryOp {
    Not,
    Neg,
}

/// The longest text that `*` makes, in bytes: more is a mistake that would eat all memory.
const LONGEST_TEXT: usize = 1 << 26;
/// The longest list that templates make, in elements.
const LONGEST_LIST: usize = 1 << 22;

/// Refuses a list that would be too long.
pub(crate) fn check_count(elements: usize) -> Result<(), Error> {
    if elements <= LONGEST_LIST { Ok(()) } else { Err(Error::runtime("a list would be too long")) }
}

/// Computes `a op b`.
pub(crate) fn binary(op: BinaryOp, a: &Value, b: &Value) -> Result<Value, Error> {
    for side in [a, b] {
        if let Some(undefined) = super::as_undefined(side) {
            return Err(undefined.error());
        }
    }
    if let Some(result) = by_object(op, a, b) {
        return result;
    }
    if let (Some(x), Some(y)) = (as_int(a), as_int(b)) {
        return integers(op, x, y);
    }
    if let (Some(x), Some(y)) = (as_float(a), as_float(b)) {
        return floats(op, x, y);
    }
    let result = match (op, view(a)) {
        (BinaryOp::Add, _) => concatenate(a, b)?,
        (BinaryOp::Mul, _) => repeat(a, b).or_else(|| repeat(b, a)).transpose()?,
        (BinaryOp::Mod, View::Str(template)) => Some(Value::from(percent(template, b)?)),
        _ => None,
    };
    result.ok_or_else(|| {
        let (op, a, b) = (op.symbol(), type_name(a), type_name(b));
        let text = op == "+" && (a == "str" || b == "str");
        Error::runtime(format!("unsupported operand types for `{op}`: `{a}` and `{b}`"))
            .help::<&str>(text.then_some("`~` joins values of any type as text"))
    })
}

fn by_object(op: BinaryOp, a: &Value, b: &Value) -> Option<Result<Value, Error>> {
    if let View::Py(Py::Instance(instance)) = view(a)
        && let Some(result) = instance.binary(op, b, false)
    {
        return Some(result);
    }
    if let View::Py(Py::Instance(instance)) = view(b) {
        return instance.binary(op, a, true);
    }
    if let (View::Py(Py::Set(x)), View::Py(Py::Set(y)), BinaryOp::Sub) = (view(a), view(b), op) {
        let gone = y.snapshot();
        let kept = x.snapshot().into_iter().filter(|item| !gone.iter().any(|g| super::py_eq(g, item)));
        return Some(super::set(kept));
    }
    None
}

fn concatenate(a: &Value, b: &Value) -> Result<Option<Value>, Error> {
    Ok(match (view(a), view(b)) {
        (View::Str(x), View::Str(y)) => {
            super::check_length(x.len() + y.len())?;
            let mut text = String::with_capacity(x.len() + y.len());
            text.push_str(x);
            text.push_str(y);
            Some(if a.is_safe() { Value::from_safe_string(text) } else { Value::from(text) })
        }
        (View::Py(Py::List(_)), View::Py(Py::List(_))) => Some(list(joined(a, b)?)),
        (View::Py(Py::Tuple(_)), View::Py(Py::Tuple(_))) => Some(tuple(joined(a, b)?)),
        _ => None,
    })
}

fn joined(a: &Value, b: &Value) -> Result<Vec<Value>, Error> {
    let mut items = collect(a)?;
    items.extend(collect(b)?);
    check_count(items.len())?;
    Ok(items)
}

fn repeat(sequence: &Value, count: &Value) -> Option<Result<Value, Error>> {
    let times = usize::try_from(as_int(count)?.max(0)).unwrap_or(usize::MAX);
    let fits = |len: usize, most: usize| len.checked_mul(times).is_some_and(|n| n <= most);
    let too_long = || Error::runtime("the result of `*` would be too long");
    Some(match view(sequence) {
        View::Str(s) if fits(s.len(), LONGEST_TEXT) => Ok(Value::from(s.repeat(times))),
        View::Py(Py::List(items)) if fits(items.len(), LONGEST_LIST) => {
            Ok(list(repeated(&items.snapshot(), times)))
        }
        View::Py(Py::Tuple(items)) if fits(items.len(), LONGEST_LIST) => Ok(tuple(repeated(items, times))),
        View::Str(_) | View::Py(Py::List(_) | Py::Tuple(_)) => Err(too_long()),
        _ => return None,
    })
}

fn repeated(items: &[Value], times: usize) -> Vec<Value> {
    std::iter::repeat_n(items, times).flatten().cloned().collect()
}

pub(super) fn zero() -> Error {
    Error::runtime("division by zero").help("check the divisor first: `{{ a / b if b else 0 }}`")
}

#[expect(clippy::cast_precision_loss, reason = "Python's true division rounds as well")]
fn integers(op: BinaryOp, a: i128, b: i128) -> Result<Value, Error> {
    let checked = |result: Option<i128>| match result {
        Some(result) => Ok(int(result)),
        None => super::big::integers(op, &a.into(), &b.into()),
    };
    match op {
        BinaryOp::Add => checked(a.checked_add(b)),
        BinaryOp::Sub => checked(a.checked_sub(b)),
        BinaryOp::Mul => checked(a.checked_mul(b)),
        BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Mod if b == 0 => Err(zero()),
        BinaryOp::Div => Ok(Value::from(a as f64 / b as f64)),
        BinaryOp::FloorDiv => checked(floor_div(a, b)),
        BinaryOp::Mod => checked(floor_div(a, b).and_then(|q| a.checked_sub(q.checked_mul(b)?))),
        BinaryOp::Pow if b < 0 => floats(op, a as f64, b as f64),
        BinaryOp::Pow => match u32::try_from(b) {
            Ok(exponent) => checked(a.checked_pow(exponent)),
            Err(_) => checked(None),
        },
    }
}

fn floor_div(a: i128, b: i128) -> Option<i128> {
    let quotient = a.checked_div(b)?;
    let exact = a.checked_rem(b)? == 0;
    if !exact && (a < 0) != (b < 0) { quotient.checked_sub(1) } else { Some(quotient) }
}

pub(super) fn floats(op: BinaryOp, a: f64, b: f64) -> Result<Value, Error> {
    Ok(Value::from(match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Mod if b == 0.0 => return Err(zero()),
        BinaryOp::Div => a / b,
        BinaryOp::FloorDiv => (a / b).floor(),
        BinaryOp::Mod => {
            let rest = a % b;
            if rest != 0.0 && (rest < 0.0) != (b < 0.0) { rest + b } else { rest }
        }
        BinaryOp::Pow if a == 0.0 && b < 0.0 => return Err(zero()),
        BinaryOp::Pow => a.powf(b),
    }))
}

/// Computes `op a`.
pub(crate) fn unary(op: UnaryOp, a: &Value) -> Result<Value, Error> {
    match (op, view(a)) {
        (UnaryOp::Not, _) => Ok(Value::from(!super::truth(a))),
        (UnaryOp::Neg, View::Py(Py::Undefined(undefined))) => Err(undefined.error()),
        (UnaryOp::Neg, View::Float(f)) => Ok(Value::from(-f)),
        (UnaryOp::Neg, View::Py(Py::Instance(instance))) => {
            instance.binary(BinaryOp::Mul, &int(-1), false).unwrap_or_else(|| Err(no_minus(a)))
        }
        (UnaryOp::Neg, _) => as_int(a).map_or_else(|| Err(no_minus(a)), |i| integers(BinaryOp::Sub, 0, i)),
    }
}

fn no_minus(a: &Value) -> Error {
    Error::runtime(format!("bad operand type for unary `-`: `{}`", type_name(a)))
}
