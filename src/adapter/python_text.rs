//! Values in Python's spelling: macros and tests of existing projects compare and print these texts.
//!
//! Input: engine values. Output: what `str()`, `repr()` or `json.dumps` of Python's value would give. Called where
//! results become [`Cell`](super::Cell)s and where templates print them.

use std::fmt::Write;

use jiff::civil::{DateTime, Time};

/// Returns Python's `str` of a `Decimal` made from a number's text, plain or with exponent.
///
/// Trailing zeros stay; an exponent appears when the number has one above zero or is smaller than 1e-6.
pub fn decimal_str(text: &str) -> String {
    match text {
        "inf" => return "Infinity".to_owned(),
        "-inf" => return "-Infinity".to_owned(),
        "nan" => return "NaN".to_owned(),
        _ => {}
    }
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, power) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let trimmed = all.trim_start_matches('0');
    let digits = if trimmed.is_empty() { "0" } else { trimmed };
    let length = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let exponent = power.parse::<i64>().unwrap_or(0) - length(fraction.len());
    let adjusted = exponent + length(digits.len()) - 1;
    if exponent > 0 || adjusted < -6 {
        let (first, others) = digits.split_at(1);
        let point = if others.is_empty() { "" } else { "." };
        return format!("{sign}{first}{point}{others}E{adjusted:+}");
    }
    let scale = usize::try_from(-exponent).unwrap_or(0);
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

/// Returns Python's `repr` of bytes: `b'..'`.
pub(super) fn bytes_repr(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut out = format!("b{quote}");
    for &b in bytes {
        match b {
            b'\\' => out.push_str("\\\\"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            0x20..=0x7e if char::from(b) == quote => {
                out.push('\\');
                out.push(quote);
            }
            0x20..=0x7e => out.push(char::from(b)),
            _ => {
                let _ = write!(out, "\\x{b:02x}");
            }
        }
    }
    out.push(quote);
    out
}

/// Returns Python's `str` of a `timedelta` of so many microseconds.
pub(super) fn timedelta_str(micros: i128) -> String {
    const DAY: i128 = 86_400_000_000;
    let (days, rest) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    let mut out = String::new();
    if days != 0 {
        let plural = if days.abs() == 1 { "" } else { "s" };
        let _ = write!(out, "{days} day{plural}, ");
    }
    let _ = write!(out, "{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction != 0 {
        let _ = write!(out, ".{fraction:06}");
    }
    out
}

/// Returns Python's `str` of a `time`.
pub(super) fn time_str(time: Time) -> String {
    let mut out = format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
    push_micros(&mut out, time.subsec_nanosecond());
    out
}

/// Returns Python's `isoformat` of a `datetime` with the given separator; `str` uses a blank.
pub fn datetime_str(at: DateTime, separator: char) -> String {
    let (year, month, day) = (at.year(), at.month(), at.day());
    format!("{year:04}-{month:02}-{day:02}{separator}{}", time_str(at.time()))
}

/// Returns Python's text of an offset from UTC, for example `+02:00`.
pub fn offset_str(seconds: i32) -> String {
    let (sign, s) = if seconds < 0 { ('-', -seconds) } else { ('+', seconds) };
    let mut out = format!("{sign}{:02}:{:02}", s / 3600, s / 60 % 60);
    if s % 60 != 0 {
        let _ = write!(out, ":{:02}", s % 60);
    }
    out
}

fn push_micros(out: &mut String, nanos: i32) {
    let micros = nanos / 1000;
    if micros != 0 {
        let _ = write!(out, ".{micros:06}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_print_as_python() {
        for (text, want) in [
            ("1.500", "1.500"),
            ("0.0000000010", "1.0E-9"),
            ("0.000001", "0.000001"),
            ("0.0000001", "1E-7"),
            ("1e+22", "1E+22"),
            ("1.25e+17", "1.25E+17"),
            ("1.2345678901234568e+17", "1.2345678901234568E+17"),
            ("-0.0", "-0.0"),
            ("0.00", "0.00"),
            ("007", "7"),
            ("1e-07", "1E-7"),
            ("inf", "Infinity"),
        ] {
            assert_eq!(decimal_str(text), want, "{text}");
        }
    }

    #[test]
    fn bytes_and_durations_print_as_python() {
        assert_eq!(bytes_repr(b"a\xaa\x00\\"), r"b'a\xaa\x00\\'");
        assert_eq!(bytes_repr(b"it's"), "b\"it's\"");
        assert_eq!(bytes_repr(b"'\""), r#"b'\'"'"#);
        assert_eq!(timedelta_str(30 * 86_400_000_000), "30 days, 0:00:00");
        assert_eq!(timedelta_str(-1_000_000), "-1 day, 23:59:59");
        assert_eq!(timedelta_str(3_600_000_000 * 3 + 500_000), "3:00:00.500000");
        assert_eq!(offset_str(-19_800), "-05:30");
    }
}
