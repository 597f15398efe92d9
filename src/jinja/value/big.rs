//! Integers that are too large for a machine word: Python's have no limit, and projects write token amounts and addresses
//! of 256 bits. Made only where an `i128` does not hold the result, so that equal integers always have the same form.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};

use num_bigint::{BigInt, Sign};

use super::instance::{Instance, object};
use super::ops::{floats, zero};
use super::{BinaryOp, Value, View, as_int, int, view};
use crate::jinja::error::Error;

/// The largest size of a result. It has the 4,300 digits that Python prints at most (`sys.get_int_max_str_digits`).
const LARGEST_BITS: u64 = 14_285;

/// An integer beyond the range of `i128`.
struct Big(BigInt);

/// Reads digits of a base as Python does, after sign and prefix; `None` when there are others, or more than Python reads.
pub(crate) fn read_digits(digits: &str, base: u32, negative: bool) -> Option<Value> {
    // Reading takes the square of the length.
    if digits.len() as u64 > LARGEST_BITS {
        return None;
    }
    let value = BigInt::parse_bytes(digits.as_bytes(), base).filter(|value| value.bits() <= LARGEST_BITS)?;
    Some(made(if negative { -value } else { value }))
}

/// Tells whether a value is an integer, of any size, and no boolean.
pub(crate) fn is_int(value: &Value) -> bool {
    matches!(view(value), View::Int(_)) || super::instance::downcast::<Big>(value).is_some()
}

/// Computes what an `i128` may not hold.
///
/// # Errors
/// A division by zero, and results of more digits than Python prints.
pub(super) fn integers(op: BinaryOp, a: &BigInt, b: &BigInt) -> Result<Value, Error> {
    let divides = matches!(op, BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Mod);
    if divides && *b == BigInt::ZERO {
        return Err(zero());
    }
    let result = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::FloorDiv => floor_div(a, b),
        BinaryOp::Mod => a - floor_div(a, b) * b,
        BinaryOp::Pow if b.sign() != Sign::Minus => power(a, b)?,
        BinaryOp::Div => return Ok(Value::from(quotient(a, b))),
        BinaryOp::Pow => return floats(op, float(a), float(b)),
    };
    if result.bits() > LARGEST_BITS {
        return Err(too_large());
    }
    Ok(made(result))
}

fn power(a: &BigInt, exponent: &BigInt) -> Result<BigInt, Error> {
    // Powers of 0, 1 and -1 are of one bit; all others are of at least as many bits as the exponent says.
    let exponent = if a.bits() <= 1 { exponent % 2 + BigInt::from(2) } else { exponent.clone() };
    let small =
        u32::try_from(exponent).ok().filter(|n| a.bits().saturating_sub(1) * u64::from(*n) <= LARGEST_BITS);
    small.map(|n| a.pow(n)).ok_or_else(too_large)
}

fn too_large() -> Error {
    Error::runtime("the integer is too large")
}

fn floor_div(a: &BigInt, b: &BigInt) -> BigInt {
    let quotient = a / b;
    let exact = a % b == BigInt::ZERO;
    if !exact && a.sign() != b.sign() { quotient - 1 } else { quotient }
}

/// Divides so that only the end is rounded: both sides may be exact where neither is as a float.
fn quotient(a: &BigInt, b: &BigInt) -> f64 {
    let shift = (b.bits() + 64).saturating_sub(a.bits());
    let scaled = a << shift;
    let rest = &scaled % b != BigInt::ZERO;
    let doubled = (scaled / b) * 2 + i32::from(rest) * if a.sign() == b.sign() { 1 } else { -1 };
    let exponent = i32::try_from(shift + 1).unwrap_or(i32::MAX);
    float(&doubled) * 2_f64.powi(-exponent)
}

fn float(value: &BigInt) -> f64 {
    value.to_string().parse().unwrap_or(f64::INFINITY)
}

fn made(value: BigInt) -> Value {
    i128::try_from(&value).map_or_else(|_| object(Big(value)), int)
}

impl Big {
    fn order(&self, other: &Value) -> Option<Ordering> {
        match view(other) {
            View::Float(f) => float(&self.0).partial_cmp(&f),
            _ => Some(self.0.cmp(&whole(other)?)),
        }
    }
}

/// The integer behind a value, of any size.
fn whole(value: &Value) -> Option<BigInt> {
    as_int(value)
        .map(BigInt::from)
        .or_else(|| super::instance::downcast::<Big>(value).map(|big| big.0.clone()))
}

impl Instance for Big {
    fn type_name(&self) -> &'static str {
        "int"
    }

    fn repr(&self) -> String {
        self.0.to_string()
    }

    fn eq(&self, other: &Value) -> Option<bool> {
        Some(self.order(other) == Some(Ordering::Equal))
    }

    fn cmp(&self, other: &Value) -> Option<Ordering> {
        self.order(other)
    }

    fn hash(&self) -> Option<u64> {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        Some(hasher.finish())
    }

    fn binary(&self, op: BinaryOp, other: &Value, reflected: bool) -> Option<Result<Value, Error>> {
        if let View::Float(f) = view(other) {
            let own = float(&self.0);
            return Some(if reflected { floats(op, f, own) } else { floats(op, own, f) });
        }
        let other = whole(other)?;
        Some(if reflected { integers(op, &other, &self.0) } else { integers(op, &self.0, &other) })
    }

    fn number(&self) -> Option<f64> {
        Some(float(&self.0))
    }

    fn round(&self, _: i32) -> Option<Value> {
        Some(made(self.0.clone()))
    }
}
