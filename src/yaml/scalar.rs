//! What a plain scalar means in YAML 1.1, by the rules `PyYAML` resolves it with (not by the letter of
//! the standard: `y` is text, `1e3` is text, `0o17` is text).

use super::{Timestamp, Value};

/// What a plain scalar turned out to be.
pub(super) enum Plain {
    /// A value.
    Value(Value),
    /// `<<`: as a key it merges, as a value `PyYAML` refuses it.
    Merge,
    /// `=`: text as a key, refused as a value.
    Equals,
}

/// Types a plain scalar. Errors when it has the shape of a date or number that does not exist.
pub(super) fn resolve(text: &str) -> Result<Plain, String> {
    let Some(&first) = text.as_bytes().first() else { return Ok(Plain::Value(Value::Null)) };
    let value = match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' => word(text),
        b'0'..=b'9' | b'+' | b'-' | b'.' => number(text)?,
        b'~' => (text == "~").then_some(Value::Null),
        b'<' if text == "<<" => return Ok(Plain::Merge),
        b'=' if text == "=" => return Ok(Plain::Equals),
        _ => None,
    };
    Ok(Plain::Value(value.unwrap_or_else(|| Value::Str(text.into()))))
}

fn word(text: &str) -> Option<Value> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(Value::Bool(true)),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(Value::Bool(false)),
        "null" | "Null" | "NULL" => Some(Value::Null),
        _ => None,
    }
}

/// Reads text under an explicit `!!int`, `!!float`, `!!bool` or `!!null`; `None` when it does not fit.
pub(super) fn tagged(tag: &str, text: &str) -> Option<Value> {
    match tag {
        "bool" => word(&text.to_ascii_lowercase()).filter(|value| matches!(value, Value::Bool(_))),
        "null" => Some(Value::Null),
        "int" => int(text),
        "float" => float(text).or_else(|| any_float(text)),
        "timestamp" => Timestamp::parse(text)?.ok().map(Value::Time),
        _ => None,
    }
}

fn number(text: &str) -> Result<Option<Value>, String> {
    if let Some(value) = float(text).or_else(|| int(text)) {
        return Ok(Some(value));
    }
    if text.as_bytes()[0].is_ascii_digit() {
        return Ok(Timestamp::parse(text).transpose()?.map(Value::Time));
    }
    Ok(None)
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

fn signed(negative: bool, value: i128) -> Value {
    Value::Int(if negative { -value } else { value })
}

/// Binary, octal (a leading zero), hexadecimal, decimal and base 60; underscores anywhere but first.
fn int(text: &str) -> Option<Value> {
    let (negative, digits) = split_sign(text);
    let bytes = digits.as_bytes();
    let radix = |from: usize, base: u32, ok: fn(&u8) -> bool| {
        let rest = bytes.get(from..)?;
        let fits = !rest.is_empty() && rest.iter().all(|b| *b == b'_' || ok(b));
        fits.then(|| parse_radix(&digits[from..], base)).flatten().map(|value| signed(negative, value))
    };
    match bytes {
        [b'0'] => Some(Value::Int(0)),
        [b'0', b'b', ..] => radix(2, 2, |b| matches!(b, b'0' | b'1')),
        [b'0', b'x', ..] => radix(2, 16, u8::is_ascii_hexdigit),
        [b'0', ..] => radix(1, 8, |b| matches!(b, b'0'..=b'7')),
        [b'1'..=b'9', rest @ ..] if rest.iter().all(|b| b.is_ascii_digit() || *b == b'_') => {
            Some(parse_radix(digits, 10).map_or_else(|| huge(negative, digits), |v| signed(negative, v)))
        }
        [b'1'..=b'9', ..] => sixty(digits).map(|value| signed(negative, value)),
        _ => None,
    }
}

fn parse_radix(digits: &str, base: u32) -> Option<i128> {
    if digits.contains('_') {
        let plain: String = digits.chars().filter(|c| *c != '_').collect();
        // `0_` is zero for `PyYAML`; `0x_` is nothing.
        return if plain.is_empty() && base == 8 { Some(0) } else { i128::from_str_radix(&plain, base).ok() };
    }
    i128::from_str_radix(digits, base).ok()
}

/// A whole number beyond 128 bits, as near as a float comes.
fn huge(negative: bool, digits: &str) -> Value {
    let plain: String = digits.chars().filter(|c| *c != '_').collect();
    let value = plain.parse().unwrap_or(f64::INFINITY);
    Value::Float(if negative { -value } else { value })
}

/// `12:30` is 750 in YAML 1.1: digits of base 60, the later ones below 60 and at most two long.
fn sixty(digits: &str) -> Option<i128> {
    let mut parts = digits.split(':');
    let first = parts.next().filter(|part| part.bytes().all(|b| b.is_ascii_digit() || b == b'_'))?;
    let mut total = parse_radix(first, 10)?;
    let mut further = 0;
    for part in parts {
        total = total.checked_mul(60)?.checked_add(i128::from(base_sixty_digit(part)?))?;
        further += 1;
    }
    (further > 0).then_some(total)
}

fn base_sixty_digit(part: &str) -> Option<u8> {
    let fits = match part.as_bytes() {
        [d] => d.is_ascii_digit(),
        [tens, d] => matches!(tens, b'0'..=b'5') && d.is_ascii_digit(),
        _ => false,
    };
    fits.then(|| part.parse().ok()).flatten()
}

/// A number with a point (an exponent needs a point and a sign), base 60 with a point, infinity, NaN.
fn float(text: &str) -> Option<Value> {
    if let ".nan" | ".NaN" | ".NAN" = text {
        return Some(Value::Float(f64::NAN));
    }
    let (negative, rest) = split_sign(text);
    let apply = |value: f64| Some(Value::Float(if negative { -value } else { value }));
    if let ".inf" | ".Inf" | ".INF" = rest {
        return apply(f64::INFINITY);
    }
    if let Some(tail) = rest.strip_prefix('.') {
        // `.5` is a number, `-.5` is text.
        let unsigned = rest.len() == text.len();
        let fits = unsigned && tail.starts_with(|c: char| c.is_ascii_digit()) && tail_is_float(tail);
        return if fits { apply(parse_float(rest)?) } else { None };
    }
    let (whole, fraction) = rest.split_once('.')?;
    if !whole.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    if whole.contains(':') {
        let plain = fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_');
        return if plain { apply(sixty_float(whole, fraction)?) } else { None };
    }
    let digits = whole.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    if digits && tail_is_float(fraction) { apply(parse_float(rest)?) } else { None }
}

/// Tells whether what follows the point is digits and underscores with perhaps `e+5` behind them.
fn tail_is_float(tail: &str) -> bool {
    let digits = tail.bytes().take_while(|b| b.is_ascii_digit() || *b == b'_').count();
    match &tail.as_bytes()[digits..] {
        [] => true,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] => {
            !exponent.is_empty() && exponent.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

fn parse_float(text: &str) -> Option<f64> {
    if text.contains('_') {
        return text.chars().filter(|c| *c != '_').collect::<String>().parse().ok();
    }
    text.parse().ok()
}

fn sixty_float(whole: &str, fraction: &str) -> Option<f64> {
    let mut parts = whole.rsplit(':').map(|part| part.replace('_', ""));
    let last = parts.next()?;
    base_sixty_digit(&last)?;
    let mut total: f64 = format!("{last}.{}", fraction.replace('_', "")).parse().ok()?;
    let rest: Vec<String> = parts.collect();
    let mut base = 60.0;
    for (at, part) in rest.iter().enumerate() {
        if at + 1 < rest.len() {
            base_sixty_digit(part)?;
        }
        total += part.parse::<f64>().ok()? * base;
        base *= 60.0;
    }
    Some(total)
}

/// `!!float 1` and `!!float 1e3`: with the tag, Python's `float()` decides.
fn any_float(text: &str) -> Option<Value> {
    text.replace('_', "").parse().ok().map(Value::Float)
}
