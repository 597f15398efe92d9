//! What dbt takes for a number in a seed, and how many decimals it has.
//!
//! Input: a cell's text. Output: a [`Number`]. Facts: agate's `Number` over Python's `Decimal` (28 digits of precision).
//! One difference: digits of other scripts are text here; dbt takes them for numbers, which no engine then loads.

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

/// Tells whether a text is a number, and its places. Cheap for plain digits and points, which most are.
pub(super) fn places(text: &str) -> Option<Places> {
    let plain = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !whole.is_empty() && plain.len() <= 18 && digits(whole) && digits(fraction) {
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        // Zeros at either end do not count; a number below one has negative whole places, as `normalize` counts.
        let lead = if whole.is_empty() { fraction.len() - fraction.trim_start_matches('0').len() } else { 0 };
        let places = length(whole) - i64::try_from(lead).unwrap_or(0);
        let nothing = whole.is_empty() && fraction.is_empty();
        return Some(if nothing { Places::Digits(1, 0) } else { Places::Digits(places, length(fraction)) });
    }
    parse(text).map(|number| number.places)
}

/// Reads a trimmed text that is no null word.
pub(super) fn parse(text: &str) -> Option<Number> {
    let text = text.trim_matches('%');
    let (negative, mut text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    for symbol in CURRENCIES {
        text = text.trim_matches(*symbol);
    }
    let text: String = text.trim().chars().filter(|c| !matches!(c, ',' | '_')).collect();
    let (own_sign, body) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text.as_str()),
    };
    let sign = if negative == own_sign { "" } else { "-" };
    if let Some(special) = special(body) {
        return Some(Number { text: format!("{sign}{special}"), places: Places::Special });
    }
    let (mantissa, exponent) = match body.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
        None => (body, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let power = if exponent == 0 { String::new() } else { format!("e{exponent}") };
    let point = if fraction.is_empty() { "" } else { "." };
    let (kept, last) = round(&format!("{whole}{fraction}"), exponent - length(fraction));
    let places = count_places(&kept, last);
    if kept.len() < format!("{whole}{fraction}").trim_start_matches('0').len() {
        let power = if last == 0 { String::new() } else { format!("e{last}") };
        return Some(Number { text: format!("{sign}{kept}{power}"), places });
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(Number { text: format!("{sign}{whole}{point}{fraction}{power}"), places })
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

/// Cuts digits to what a `Decimal` keeps in arithmetic. Returns them without leading zeros, and their exponent.
fn round(digits: &str, mut exponent: i64) -> (String, i64) {
    let digits = digits.trim_start_matches('0');
    let keep = usize::try_from(PRECISION).unwrap_or(usize::MAX);
    if digits.len() <= keep {
        return (digits.to_owned(), exponent);
    }
    let mut kept: Vec<u8> = digits.bytes().map(|b| b - b'0').collect();
    let rest = kept.split_off(keep);
    exponent += i64::try_from(rest.len()).unwrap_or(0);
    round_half_even(&mut kept, &rest, &mut exponent);
    (kept.iter().map(|d| char::from(b'0' + d)).collect(), exponent)
}

/// Counts digits before and after the point, as `Decimal.normalize` leaves them: without trailing zeros.
fn count_places(digits: &str, exponent: i64) -> Places {
    let kept = digits.trim_end_matches('0');
    if kept.is_empty() {
        return Places::Digits(1, 0);
    }
    let exponent = exponent + length(digits) - length(kept);
    Places::Digits(length(kept) + exponent, -exponent)
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
