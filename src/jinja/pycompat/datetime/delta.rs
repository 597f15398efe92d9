//! `timedelta`.

use std::cmp::Ordering;
use std::fmt::Write;

use super::super::class::Class;
use crate::jinja::call::Call;
use crate::jinja::error::Error;
use crate::jinja::format::truncate;
use crate::jinja::value::{BinaryOp, Instance, Value, as_float, as_int, downcast, int, object};

const DAY: i128 = 86_400_000_000;

/// A duration in microseconds.
pub(in super::super) struct TimeDelta(pub(in super::super) i128);

impl TimeDelta {
    /// Makes one of whole seconds.
    pub(super) fn seconds(seconds: i32) -> Self {
        Self(i128::from(seconds) * 1_000_000)
    }

    fn of(value: &Value) -> Option<i128> {
        downcast::<TimeDelta>(value).map(|delta| delta.0)
    }

    fn parts(&self) -> (i128, i128, i128) {
        let rest = self.0.rem_euclid(DAY);
        (self.0.div_euclid(DAY), rest / 1_000_000, rest % 1_000_000)
    }
}

pub(super) fn class() -> Value {
    Class {
        name: "datetime.timedelta",
        make: Some(make),
        methods: &[],
        constants: |name| match name {
            "min" => Some(object(TimeDelta(-999_999_999 * DAY))),
            "max" => Some(object(TimeDelta(1_000_000_000 * DAY - 1))),
            "resolution" => Some(object(TimeDelta(1))),
            _ => None,
        },
    }
    .value()
}

#[expect(clippy::cast_precision_loss, reason = "units are small")]
fn make(call: &mut Call<'_>) -> Result<Value, Error> {
    let units = [
        ("days", DAY),
        ("seconds", 1_000_000),
        ("microseconds", 1),
        ("milliseconds", 1000),
        ("minutes", 60_000_000),
        ("hours", 3_600_000_000),
        ("weeks", 7 * DAY),
    ];
    let mut total = 0_i128;
    for (name, unit) in units {
        let Some(value) = call.args.optional(name) else { continue };
        let micros = match as_int(&value) {
            Some(i) => i.checked_mul(unit),
            None => as_float(&value).and_then(|f| truncate((f * unit as f64).round_ties_even())),
        };
        let micros = micros.ok_or_else(|| Error::runtime(format!("`{name}` must be a number")))?;
        total = total.checked_add(micros).ok_or_else(too_large)?;
    }
    call.args.finish()?;
    if total.abs() > 999_999_999 * DAY {
        return Err(too_large());
    }
    Ok(object(TimeDelta(total)))
}

fn too_large() -> Error {
    Error::runtime("the timedelta is too large")
}

#[expect(clippy::cast_precision_loss, reason = "Python's float results round as well")]
fn divide(a: i128, b: i128) -> Result<f64, Error> {
    if b == 0 { Err(Error::runtime("division by zero")) } else { Ok(a as f64 / b as f64) }
}

impl Instance for TimeDelta {
    fn type_name(&self) -> &'static str {
        "timedelta"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        let (days, seconds, micros) = self.parts();
        Ok(match name {
            "days" => Some(int(days)),
            "seconds" => Some(int(seconds)),
            "microseconds" => Some(int(micros)),
            _ => None,
        })
    }

    fn has_method(&self, name: &str) -> bool {
        name == "total_seconds"
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        self.has_method(name)
            .then(|| call.args.finish().and_then(|()| divide(self.0, 1_000_000)).map(Value::from))
    }

    fn truth(&self) -> bool {
        self.0 != 0
    }

    fn str(&self) -> String {
        let (days, seconds, micros) = self.parts();
        let mut out = String::new();
        if days != 0 {
            let plural = if days.abs() == 1 { "" } else { "s" };
            let _ = write!(out, "{days} day{plural}, ");
        }
        let _ = write!(out, "{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        if micros != 0 {
            let _ = write!(out, ".{micros:06}");
        }
        out
    }

    fn repr(&self) -> String {
        let (days, seconds, micros) = self.parts();
        let parts = [("days", days), ("seconds", seconds), ("microseconds", micros)];
        let shown: Vec<String> =
            parts.iter().filter(|(_, n)| *n != 0).map(|(name, n)| format!("{name}={n}")).collect();
        format!("datetime.timedelta({})", if shown.is_empty() { "0".to_owned() } else { shown.join(", ") })
    }

    fn eq(&self, other: &Value) -> Option<bool> {
        Some(Self::of(other) == Some(self.0))
    }

    fn cmp(&self, other: &Value) -> Option<Ordering> {
        Some(self.0.cmp(&Self::of(other)?))
    }

    fn hash(&self) -> Option<u64> {
        u64::try_from(self.0.rem_euclid(i128::from(u64::MAX))).ok()
    }

    #[expect(clippy::cast_precision_loss, reason = "Python multiplies by a float in the same way")]
    fn binary(&self, op: BinaryOp, other: &Value, reflected: bool) -> Option<Result<Value, Error>> {
        let made = |micros: Option<i128>| micros.map(|m| object(TimeDelta(m))).ok_or_else(too_large);
        if let Some(other) = Self::of(other) {
            return Some(match op {
                BinaryOp::Add => made(self.0.checked_add(other)),
                BinaryOp::Sub => made(self.0.checked_sub(other)),
                BinaryOp::Div => divide(self.0, other).map(Value::from),
                BinaryOp::FloorDiv | BinaryOp::Mod if other == 0 => Err(Error::runtime("division by zero")),
                BinaryOp::FloorDiv => Ok(int(floor(self.0, other))),
                BinaryOp::Mod => made(Some(self.0 - floor(self.0, other) * other)),
                _ => return None,
            });
        }
        match (op, as_int(other), as_float(other)) {
            (BinaryOp::Mul, Some(n), _) => Some(made(self.0.checked_mul(n))),
            (BinaryOp::Mul, None, Some(f)) => Some(made(truncate((self.0 as f64 * f).round_ties_even()))),
            (BinaryOp::FloorDiv | BinaryOp::Div, Some(0), _) => Some(Err(Error::runtime("division by zero"))),
            (BinaryOp::FloorDiv, Some(n), _) if !reflected => Some(made(Some(floor(self.0, n)))),
            (BinaryOp::Div, _, Some(f)) if !reflected => {
                Some(made(truncate((self.0 as f64 / f).round_ties_even())))
            }
            _ => None,
        }
    }
}

fn floor(a: i128, b: i128) -> i128 {
    let quotient = a / b;
    if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }
}
