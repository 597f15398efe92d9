//! Filters on numbers.

use super::input;
use super::text::integer;
use crate::jinja::call::Call;
use crate::jinja::error::Error;
use crate::jinja::format::truncated;
use crate::jinja::value::{
    BinaryOp, Py, UnaryOp, Value, View, as_float, as_int, as_undefined, binary, compare, int, is_int, py_str,
    read_digits, type_name, unary, view,
};

/// Reads an integer as Python's `int(text, base)` does.
fn parse_int(text: &str, base: u32) -> Option<Value> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let prefixed = [("0x", 16), ("0o", 8), ("0b", 2)]
        .into_iter()
        .find_map(|(prefix, radix)| Some((lower.strip_prefix(prefix)?, radix)));
    let (digits, base) = match (prefixed, base) {
        (Some((rest, radix)), 0) => (rest, radix),
        (Some((rest, radix)), _) if radix == base => (rest, radix),
        (None, 0) => (lower.as_str(), 10),
        _ => (lower.as_str(), base),
    };
    let well_formed =
        !digits.is_empty() && !digits.starts_with('_') && !digits.ends_with('_') && !digits.contains("__");
    if !well_formed || digits.contains(['+', '-']) || !(2..=36).contains(&base) {
        return None;
    }
    read_digits(&digits.replace('_', ""), base, negative)
}

/// Reads an integer as it stands in a template.
pub(crate) fn integer_literal(text: &str) -> Option<Value> {
    parse_int(text, 0)
}

/// Reads a float as Python's `float(text)` does.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let text = text.trim().replace('_', "").to_ascii_lowercase();
    let bare = text.trim_start_matches(['+', '-']);
    let word = matches!(bare, "inf" | "infinity" | "nan");
    let numeric = bare.starts_with(|c: char| c.is_ascii_digit() || c == '.') && bare != ".";
    (word || numeric).then(|| text.parse().ok()).flatten()
}

fn fail_undefined(value: &Value) -> Result<(), Error> {
    as_undefined(value).map_or(Ok(()), |undefined| Err(undefined.error()))
}

fn instance_number(value: &Value) -> Option<f64> {
    match view(value) {
        View::Py(Py::Instance(instance)) => instance.number(),
        _ => None,
    }
}

fn instance_integer(value: &Value) -> Option<i128> {
    match view(value) {
        View::Py(Py::Instance(instance)) => instance.integer(),
        _ => None,
    }
}

fn instance_rounded(value: &Value, places: i32) -> Option<Value> {
    match view(value) {
        View::Py(Py::Instance(instance)) => instance.round(places),
        _ => None,
    }
}

pub(super) fn int_filter(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    let default = call.args.optional("default").unwrap_or_else(|| int(0));
    let base = integer(call, "base", 10)?;
    call.args.finish()?;
    fail_undefined(&value)?;
    let base = u32::try_from(base).unwrap_or(10);
    let converted = match view(&value) {
        View::Str(text) => match parse_int(text, base) {
            Some(i) => Some(i),
            None => parse_float(text).and_then(|f| truncated(f).ok()),
        },
        View::Float(f) => truncated(f).ok(),
        _ => match as_int(&value) {
            Some(i) => Some(int(i)),
            None if is_int(&value) => Some(value.clone()),
            None => instance_integer(&value)
                .map(int)
                .or_else(|| instance_number(&value).and_then(|f| truncated(f).ok())),
        },
    };
    Ok(converted.unwrap_or(default))
}

pub(super) fn float(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    let default = call.args.optional("default").unwrap_or_else(|| Value::from(0.0));
    call.args.finish()?;
    fail_undefined(&value)?;
    let converted = match view(&value) {
        View::Str(text) => parse_float(text),
        _ => as_float(&value).or_else(|| instance_number(&value)),
    };
    Ok(converted.map_or(default, Value::from))
}

pub(super) fn abs(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    call.args.finish()?;
    fail_undefined(&value)?;
    match view(&value) {
        View::Float(f) => Ok(Value::from(f.abs())),
        View::Py(Py::Instance(_)) => {
            let negative = compare(&value, &int(0))? == Some(std::cmp::Ordering::Less);
            if negative { unary(UnaryOp::Neg, &value) } else { Ok(value) }
        }
        _ => as_int(&value)
            .and_then(i128::checked_abs)
            .map(int)
            .ok_or_else(|| Error::runtime(format!("bad operand type for abs: `{}`", type_name(&value)))),
    }
}

pub(super) fn round(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    let precision = integer(call, "precision", 0)?;
    let method = call.args.optional("method").map_or_else(|| "common".to_owned(), |m| py_str(&m));
    call.args.finish()?;
    fail_undefined(&value)?;
    let precision = i32::try_from(precision.clamp(-400, 400)).unwrap_or(0);
    match method.as_str() {
        "common" => match (view(&value), as_int(&value)) {
            (View::Float(f), _) => Ok(Value::from(round_float(f, precision))),
            (_, Some(i)) => round_int(i, precision),
            _ => match (instance_rounded(&value, precision), instance_number(&value)) {
                (Some(rounded), _) => Ok(rounded),
                (None, Some(f)) => Ok(Value::from(round_float(f, precision))),
                (None, None) => {
                    Err(Error::runtime(format!("a value of type `{}` cannot be rounded", type_name(&value))))
                }
            },
        },
        "ceil" | "floor" => {
            let power = 10_f64.powi(precision);
            let scaled = binary(BinaryOp::Mul, &value, &Value::from(power))?;
            let scaled = as_float(&scaled).ok_or_else(|| Error::runtime("`round` needs a number"))?;
            let rounded = if method == "ceil" { scaled.ceil() } else { scaled.floor() };
            Ok(Value::from(rounded / power))
        }
        _ => Err(Error::runtime("method must be common, ceil or floor")),
    }
}

/// Rounds half to even on the exact decimal value, as Python does.
pub(crate) fn round_float(f: f64, precision: i32) -> f64 {
    if !f.is_finite() {
        return f;
    }
    if let Ok(digits) = usize::try_from(precision) {
        return format!("{f:.digits$}").parse().unwrap_or(f);
    }
    let power = 10_f64.powi(-precision);
    (f / power).round_ties_even() * power
}

fn round_int(i: i128, precision: i32) -> Result<Value, Error> {
    if precision >= 0 {
        return Ok(int(i));
    }
    let Some(unit) = 10_i128.checked_pow(precision.unsigned_abs()) else { return Ok(int(0)) };
    let (quotient, rest) = (i.div_euclid(unit), i.rem_euclid(unit));
    let up = rest * 2 > unit || (rest * 2 == unit && quotient % 2 != 0);
    let rounded = (quotient + i128::from(up)).checked_mul(unit);
    rounded.map(int).ok_or_else(|| Error::runtime("the integer is too large"))
}

pub(super) fn filesizeformat(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    let binary = call.args.optional_bool("binary").unwrap_or(false);
    call.args.finish()?;
    let number = match view(&value) {
        View::Str(text) => parse_float(text),
        _ => as_float(&value),
    };
    let bytes = number.ok_or_else(|| Error::runtime("`filesizeformat` needs a number"))?;
    let base = if binary { 1024.0 } else { 1000.0 };
    if bytes.to_bits() == 1.0_f64.to_bits() {
        return Ok(Value::from("1 Byte"));
    }
    if bytes < base {
        return Ok(Value::from(format!("{bytes:.0} Bytes")));
    }
    let units = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
    let mut size = bytes / base;
    let mut unit = 0;
    while size >= base && unit + 1 < units.len() {
        size /= base;
        unit += 1;
    }
    let (prefix, suffix) =
        if binary { (units[unit].to_uppercase(), "iB") } else { (units[unit].to_owned(), "B") };
    Ok(Value::from(format!("{size:.1} {prefix}{suffix}")))
}
