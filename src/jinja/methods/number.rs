//! Methods and attributes of numbers.

use super::{Answer, done};
use crate::jinja::args::Args;
use crate::jinja::value::{Value, View, as_float, as_int, int, tuple, view};

pub(super) const INT_NAMES: &[&str] =
    &["as_integer_ratio", "bit_count", "bit_length", "conjugate", "is_integer"];
pub(super) const FLOAT_NAMES: &[&str] = &["as_integer_ratio", "conjugate", "hex", "is_integer"];

pub(super) fn call(this: &Value, name: &str, args: &mut Args) -> Answer {
    match (name, as_int(this)) {
        ("bit_length", Some(i)) => done(args, int(i128::from(128 - i.unsigned_abs().leading_zeros()))),
        ("bit_count", Some(i)) => done(args, int(i128::from(i.unsigned_abs().count_ones()))),
        ("as_integer_ratio", Some(i)) => done(args, tuple([int(i), int(1)])),
        ("conjugate", Some(i)) => done(args, int(i)),
        ("conjugate", None) => done(args, this.clone()),
        ("is_integer", Some(_)) => done(args, true),
        ("is_integer", None) => {
            let float = as_float(this).unwrap_or(f64::NAN);
            done(args, float.is_finite() && float.fract() == 0.0)
        }
        ("as_integer_ratio", None) => match view(this) {
            View::Float(f) => done(args, ratio(f)),
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the loop makes the number integral first")]
fn ratio(mut f: f64) -> Value {
    let mut denominator = 1_i128;
    while f.fract() != 0.0 && denominator < 1 << 100 {
        f *= 2.0;
        denominator *= 2;
    }
    tuple([int(f as i128), int(denominator)])
}
