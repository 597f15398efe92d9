//! Decimals in templates: they print, compare and compute as Python's, and refuse to meet floats as Python's do.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::Decimal;
use crate::jinja::{BinaryOp, Call, Error, Instance, Value, downcast, object};
use crate::python::float_repr;

/// Returns the exact number behind an int, bool or decimal.
fn exact(value: &Value) -> Option<Decimal> {
    if let Some(decimal) = downcast::<Decimal>(value) {
        return Some((*decimal).clone());
    }
    if value.kind() == minijinja::value::ValueKind::Bool {
        return Some(Decimal::from_int(i128::from(value.is_true())));
    }
    if value.is_integer() { i128::try_from(value.clone()).ok().map(Decimal::from_int) } else { None }
}

/// As [`exact`], and the digits of a float, which may be compared with but not computed with.
fn comparable(value: &Value) -> Option<Decimal> {
    exact(value).or_else(|| {
        let number = value.is_number().then(|| f64::try_from(value.clone()).ok()).flatten()?;
        Decimal::parse(&exact_float(number))
    })
}

/// Writes a float with all its digits, as `Decimal(float)` reads it.
fn exact_float(x: f64) -> String {
    if x.is_finite() { format!("{x:.1100}") } else { float_repr(x) }
}

fn compute(op: BinaryOp, a: &Decimal, b: &Decimal) -> Result<Decimal, Error> {
    let zero = || Error::runtime("division by zero");
    match op {
        BinaryOp::Add => Ok(a.plus(b)),
        BinaryOp::Sub => Ok(a.minus(b)),
        BinaryOp::Mul => Ok(a.times(b)),
        BinaryOp::Div => a.over(b).ok_or_else(zero),
        BinaryOp::FloorDiv => a.div_rem(b).map(|(quotient, _)| quotient).ok_or_else(zero),
        BinaryOp::Mod => a.div_rem(b).map(|(_, rest)| rest).ok_or_else(zero),
        BinaryOp::Pow => {
            let exponent = b.whole().and_then(|n| i64::try_from(n).ok());
            let exponent =
                exponent.ok_or_else(|| Error::runtime("a decimal can be raised to a whole power only"))?;
            a.power(exponent).ok_or_else(zero)
        }
    }
}

impl Instance for Decimal {
    fn type_name(&self) -> &'static str {
        "decimal.Decimal"
    }

    fn has_method(&self, name: &str) -> bool {
        METHODS.contains(&name)
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        METHODS.contains(&name).then(|| self.method(name, call))
    }

    fn truth(&self) -> bool {
        !self.is_zero()
    }

    fn str(&self) -> String {
        self.text()
    }

    fn repr(&self) -> String {
        format!("Decimal('{}')", self.text())
    }

    fn eq(&self, other: &Value) -> Option<bool> {
        Some(comparable(other).is_some_and(|other| self.order(&other) == Some(Ordering::Equal)))
    }

    fn cmp(&self, other: &Value) -> Option<Ordering> {
        self.order(&comparable(other)?)
    }

    fn hash(&self) -> Option<u64> {
        let mut hasher = DefaultHasher::new();
        self.normalized().text().hash(&mut hasher);
        Some(hasher.finish())
    }

    fn binary(&self, op: BinaryOp, other: &Value, reflected: bool) -> Option<Result<Value, Error>> {
        let other = exact(other)?;
        let (a, b) = if reflected { (&other, self) } else { (self, &other) };
        Some(compute(op, a, b).map(object))
    }

    fn number(&self) -> Option<f64> {
        match self.text().as_str() {
            "NaN" => Some(f64::NAN),
            text => text.parse().ok(),
        }
    }

    fn integer(&self) -> Option<i128> {
        self.truncated()
    }

    fn round(&self, places: i32) -> Option<Value> {
        (!self.is_nan() && !self.is_infinite()).then(|| object(self.quantized(-i64::from(places))))
    }

    /// Formats exactly where a float would lose digits: a width is left to the caller.
    fn format(&self, spec: &str) -> Option<String> {
        let (grouped, rest) = spec.strip_prefix(',').map_or((false, spec), |rest| (true, rest));
        if rest.is_empty() && grouped {
            return Some(self.fixed(self.scale(), true));
        }
        let places = rest.strip_prefix('.')?.strip_suffix(['f', 'F'])?;
        Some(self.fixed(places.parse().ok().filter(|n| *n <= 1000)?, grouped))
    }
}

const METHODS: &[&str] = &[
    "normalize",
    "quantize",
    "to_integral_value",
    "to_integral",
    "is_nan",
    "is_infinite",
    "is_finite",
    "is_zero",
    "is_signed",
    "copy_abs",
    "copy_negate",
    "compare",
];

impl Decimal {
    fn method(&self, name: &str, call: &mut Call<'_>) -> Result<Value, Error> {
        let value = match name {
            "normalize" => object(self.normalized()),
            "quantize" => {
                let pattern = call.args.required("exp")?;
                call.args.optional("rounding");
                let pattern = exact(&pattern).ok_or_else(|| Error::runtime("`quantize` needs a decimal"))?;
                object(self.quantized(pattern.exponent()))
            }
            "to_integral_value" | "to_integral" => {
                object(if self.exponent() < 0 { self.quantized(0) } else { self.clone() })
            }
            "is_nan" => Value::from(self.is_nan()),
            "is_infinite" => Value::from(self.is_infinite()),
            "is_finite" => Value::from(!self.is_nan() && !self.is_infinite()),
            "is_zero" => Value::from(self.is_zero()),
            "is_signed" => Value::from(self.negative),
            "copy_abs" => object(Self { negative: false, ..self.clone() }),
            "copy_negate" => object(Self { negative: !self.negative, ..self.clone() }),
            _ => {
                let other = call.args.required("other")?;
                let other = exact(&other).ok_or_else(|| Error::runtime("`compare` needs a decimal"))?;
                let order = self.order(&other).map_or(0, |o| o as i128);
                object(Self::from_int(order))
            }
        };
        call.args.finish()?;
        Ok(value)
    }
}
