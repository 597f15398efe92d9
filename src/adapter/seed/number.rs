//! What dbt takes for a number in a seed, and how many decimals it has.
//!
//! Input: a cell's text. Output: a [`Number`]. Facts: agate's `Number` over Python's `Decimal` (28 digits of precision).
//! One difference: digits of other scripts are text here; dbt takes them for numbers, which no engine then loads.

use std::borrow::Cow;

/// Signs agate takes off both ends of a number.
const CURRENCIES: &[char] =
    &['؋', '$', 'ƒ', '៛', '¥', '₡', '₱', '£', '€', '¢', '﷼', '₪', '₩', '₭', '₮', '₦', '฿', '₤', '₫'];

/// How many digits a `Decimal` keeps in arithmetic.
const PRECISION: i64 = 28;

/// A number that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    /// Its text for Python's `Decimal`: sign, digits, point, exponent.
    pub(super) text: String,
    /// How long it is.
    pub(super) places: Places,
}

/// How long a number is, trailing zeros not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Places {
    /// Digits before and after the point; a number below one has no or negative digits before it.
    Digits(i64, i64),
    /// NaN and infinities have none.
    Special,
}

/// A number cut into its parts.
struct Scanned<'a> {
    negative: bool,
    /// `inf` or `nan`.
    special: Option<&'static str>,
    whole: Cow<'a, str>,
    fraction: Cow<'a, str>,
    exponent: i64,
}

/// Tells whether a trimmed text that is no null word is a number, and how long.
pub(super) fn places(text: &str) -> Option<Places> {
    // Most numbers are a few digits.
    let digits = text.strip_prefix('-').unwrap_or(text);
    if (1..=18).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Places::Digits(length(digits.trim_start_matches('0')).max(1), 0));
    }
    let scanned = scan(text)?;
    Some(if scanned.special.is_some() { Places::Special } else { scanned.decimal().1 })
}

/// Reads a trimmed text that is no null word.
pub(super) fn parse(text: &str) -> Option<Number> {
    let scanned = scan(text)?;
    let sign = if scanned.negative { "-" } else { "" };
    if let Some(special) = scanned.special {
        return Some(Number { text: format!("{sign}{special}"), places: Places::Special });
    }
    let (rounded, places) = scanned.decimal();
    let power = |n: i64| if n == 0 { String::new() } else { format!("e{n}") };
    let text = if let Some((digits, exponent)) = rounded {
        format!("{sign}{digits}{}", power(exponent))
    } else {
        let Scanned { whole, fraction, exponent, .. } = &scanned;
        let whole = if whole.is_empty() { "0" } else { whole };
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{whole}{point}{fraction}{}", power(*exponent))
    };
    Some(Number { text, places })
}

impl Scanned<'_> {
    /// Returns what a `Decimal` keeps of more digits than it can hold, and the places of the number.
    fn decimal(&self) -> (Option<(String, i64)>, Places) {
        let whole = self.whole.trim_start_matches('0');
        let fraction = if whole.is_empty() { self.fraction.trim_start_matches('0') } else { &self.fraction };
        let exponent = self.exponent - length(&self.fraction);
        if length(whole) + length(fraction) > PRECISION {
            let (digits, exponent) = round(&format!("{whole}{fraction}"), exponent);
            let places = count_places(&digits, "", exponent);
            return (Some((digits, exponent)), places);
        }
        (None, count_places(whole, fraction, exponent))
    }
}

fn scan(text: &str) -> Option<Scanned<'_>> {
    let text = text.trim_matches('%');
    let (minus, mut text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    // `$` is the only sign within ASCII, and one of the first: most numbers need no look at the others.
    let (before, after) = CURRENCIES.split_at(2);
    for symbols in [before, after] {
        if ascii_ends(text) {
            text = text.trim_matches('$');
        } else {
            text = symbols.iter().fold(text, |text, symbol| text.trim_matches(*symbol));
        }
    }
    let text = without_separators(text.trim());
    let (own_minus, body) = match text.as_bytes().first()? {
        b'-' => (true, 1),
        b'+' => (false, 1),
        _ => (false, 0),
    };
    let negative = minus != own_minus;
    let part = |from: usize, to: usize| match &text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[from..to]),
        Cow::Owned(text) => Cow::Owned(text[from..to].to_owned()),
    };
    let bytes = text.as_bytes();
    let run = |from: usize| from + bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let whole_end = run(body);
    let (fraction_start, fraction_end) = match bytes.get(whole_end) {
        Some(b'.') => (whole_end + 1, run(whole_end + 1)),
        _ => (whole_end, whole_end),
    };
    if whole_end - body + fraction_end - fraction_start == 0 {
        let special = special(&text[body..])?;
        return Some(Scanned {
            negative,
            special: Some(special),
            whole: "".into(),
            fraction: "".into(),
            exponent: 0,
        });
    }
    let exponent = match bytes.get(fraction_end) {
        None => 0,
        Some(b'e' | b'E') => exponent_of(&text[fraction_end + 1..])?,
        Some(_) => return None,
    };
    let (whole, fraction) = (part(body, whole_end), part(fraction_start, fraction_end));
    Some(Scanned { negative, special: None, whole, fraction, exponent })
}

fn ascii_ends(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_none_or(u8::is_ascii) && bytes.last().is_none_or(u8::is_ascii)
}

/// Takes out what groups digits.
fn without_separators(text: &str) -> Cow<'_, str> {
    if text.contains([',', '_']) { Cow::Owned(text.replace([',', '_'], "")) } else { Cow::Borrowed(text) }
}

fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

fn special(body: &str) -> Option<&'static str> {
    match body.to_ascii_lowercase().as_str() {
        "inf" | "infinity" => Some("inf"),
        nan if nan.strip_prefix("nan").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit())) => {
            Some("nan")
        }
        _ => None,
    }
}

fn exponent_of(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // Far beyond what Python computes with, but still a number.
    text.parse::<i64>().ok().filter(|n| n.abs() < 1_000_000)
}

/// Cuts digits to what a `Decimal` keeps in arithmetic. Returns them and their exponent.
fn round(digits: &str, mut exponent: i64) -> (String, i64) {
    let mut kept: Vec<u8> = digits.bytes().map(|b| b - b'0').collect();
    let rest = kept.split_off(usize::try_from(PRECISION).unwrap_or(usize::MAX).min(kept.len()));
    exponent += i64::try_from(rest.len()).unwrap_or(0);
    round_half_even(&mut kept, &rest, &mut exponent);
    (kept.iter().map(|d| char::from(b'0' + d)).collect(), exponent)
}

/// Counts the places of `whole` and `fraction` read as one run of digits with an exponent, as `Decimal.normalize`
/// leaves them: without zeros at either end.
fn count_places(whole: &str, fraction: &str, exponent: i64) -> Places {
    let all = length(whole) + length(fraction);
    let kept_fraction = fraction.trim_end_matches('0');
    let kept = match kept_fraction {
        "" => length(whole.trim_end_matches('0')),
        _ => length(whole) + length(kept_fraction),
    };
    if kept == 0 {
        return Places::Digits(1, 0);
    }
    let exponent = exponent + all - kept;
    Places::Digits(kept + exponent, -exponent)
}

fn round_half_even(kept: &mut Vec<u8>, rest: &[u8], exponent: &mut i64) {
    let above_half = rest[0] > 5 || (rest[0] == 5 && rest[1..].iter().any(|d| *d != 0));
    let half = rest[0] == 5 && !above_half;
    let odd = kept.last().is_some_and(|d| d % 2 == 1);
    if !(above_half || half && odd) {
        return;
    }
    for digit in kept.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return;
        }
        *digit = 0;
    }
    kept.insert(0, 1);
    kept.pop();
    *exponent += 1;
}

/// The widest number of a column, which decides whether it has decimals.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Widest {
    whole: i64,
    decimal: i64,
}

impl Widest {
    /// Takes a number's places in.
    pub(super) fn take(&mut self, places: Places) {
        if let Places::Digits(whole, decimal) = places {
            self.whole = self.whole.max(whole);
            self.decimal = self.decimal.max(decimal);
        }
    }

    /// Tells whether the column needs a type with decimals.
    pub(super) fn has_decimals(self) -> bool {
        let whole = self.whole.max(1);
        let decimal = self.decimal.max(0);
        (if whole + decimal > PRECISION { PRECISION - whole } else { decimal }) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_agate_takes_for_them() {
        for (text, want, decimals) in [
            ("1", "1", false),
            ("-001", "-001", false),
            ("1.0", "1.0", false),
            ("1.50", "1.50", true),
            ("$1,234.5", "1234.5", true),
            ("-$5", "-5", false),
            ("50%", "50", false),
            ("--5", "5", false),
            ("-+5", "-5", false),
            ("+5", "5", false),
            (".5", "0.5", true),
            ("5.", "5", false),
            ("1e3", "1e3", false),
            ("1e-3", "1e-3", true),
            ("1_000", "1000", false),
            ("1234567890123456789012345678.5", "1234567890123456789012345678", false),
            ("12345678901234567890123456789012", "1234567890123456789012345679e4", true),
            ("0.05", "0.05", true),
            ("0.0", "0.0", false),
            ("-0", "-0", false),
        ] {
            let number = parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(number.text, want, "{text}");
            let mut widest = Widest::default();
            widest.take(number.places);
            assert_eq!(widest.has_decimals(), decimals, "{text}");
            assert_eq!(places(text), Some(number.places), "{text}");
        }
        for text in ["nan", "NaN12", "inf", "-Infinity"] {
            assert_eq!(parse(text).unwrap().places, Places::Special, "{text}");
        }
        for text in ["", "-", ".", "1.2.3", "abc", "1e", "0x10", "1 2", "€", "e5", "true"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
