//! Exact decimal numbers with Python's arithmetic: 28 digits, half to even.
//!
//! Input: number texts. Output: [`Decimal`]s. Invariant: digits have no leading zeros, zero is one `0`; results of operations
//! are rounded, values that were read are not. Facts: Python's `decimal` with its default context.

use std::cmp::Ordering;

/// How many digits a result keeps.
const PRECISION: usize = 28;

/// The largest exponent of a result.
const LARGEST: i64 = 1_000_000;

/// A number `sign digits x 10^exponent`, or one of the two that are none.
#[derive(Clone, Debug)]
pub struct Decimal {
    /// Whether it is below zero, or minus zero.
    pub(super) negative: bool,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Digits from the highest, each 0 to 9.
    Finite {
        digits: Vec<u8>,
        exponent: i64,
    },
    Infinite,
    Nan,
}

fn signed(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn unsigned(n: i64) -> usize {
    usize::try_from(n).unwrap_or(0)
}

/// Removes leading zeros.
fn trimmed(mut digits: Vec<u8>) -> Vec<u8> {
    let zeros = digits.iter().take_while(|d| **d == 0).count().min(digits.len().saturating_sub(1));
    digits.drain(..zeros);
    if digits.is_empty() {
        digits.push(0);
    }
    digits
}

fn is_zero(digits: &[u8]) -> bool {
    digits.iter().all(|d| *d == 0)
}

/// Compares two runs of digits as numbers; both are trimmed.
fn compare(a: &[u8], b: &[u8]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn add(a: &[u8], b: &[u8]) -> Vec<u8> {
    let (mut out, mut carry) = (Vec::with_capacity(a.len().max(b.len()) + 1), 0);
    for i in 0..a.len().max(b.len()) {
        let digit = |x: &[u8]| x.len().checked_sub(i + 1).map_or(0, |at| x[at]);
        let sum = digit(a) + digit(b) + carry;
        out.push(sum % 10);
        carry = sum / 10;
    }
    out.push(carry);
    out.reverse();
    trimmed(out)
}

/// `a - b` for `a >= b`.
fn subtract(a: &[u8], b: &[u8]) -> Vec<u8> {
    let (mut out, mut borrow) = (Vec::with_capacity(a.len()), 0);
    for i in 0..a.len() {
        let digit = |x: &[u8]| x.len().checked_sub(i + 1).map_or(0, |at| x[at]);
        let taken = digit(b) + borrow;
        let from = digit(a);
        borrow = u8::from(from < taken);
        out.push(from + borrow * 10 - taken);
    }
    out.reverse();
    trimmed(out)
}

fn multiply(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut sums = vec![0u32; a.len() + b.len()];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            sums[i + j + 1] += u32::from(*x) * u32::from(*y);
        }
    }
    let mut out = vec![0; sums.len()];
    let mut carry = 0;
    for (at, sum) in sums.iter().enumerate().rev() {
        carry += sum;
        out[at] = u8::try_from(carry % 10).unwrap_or(0);
        carry /= 10;
    }
    trimmed(out)
}

/// Long division: quotient and rest. `b` is not zero.
fn divide(a: &[u8], b: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut rest = vec![0];
    let mut quotient = Vec::with_capacity(a.len());
    for digit in a {
        rest.push(*digit);
        rest = trimmed(rest);
        let mut times = 0;
        while compare(&rest, b) != Ordering::Less {
            rest = subtract(&rest, b);
            times += 1;
        }
        quotient.push(times);
    }
    (trimmed(quotient), rest)
}

fn shifted(digits: &[u8], by: usize) -> Vec<u8> {
    if is_zero(digits) {
        return vec![0];
    }
    let mut out = digits.to_vec();
    out.resize(out.len() + by, 0);
    out
}

impl Decimal {
    fn finite(negative: bool, digits: Vec<u8>, exponent: i64) -> Self {
        Self { negative, kind: Kind::Finite { digits: trimmed(digits), exponent } }
    }

    fn nan() -> Self {
        Self { negative: false, kind: Kind::Nan }
    }

    fn infinite(negative: bool) -> Self {
        Self { negative, kind: Kind::Infinite }
    }

    /// Makes a whole number.
    pub fn from_int(n: i128) -> Self {
        Self::finite(n < 0, n.unsigned_abs().to_string().bytes().map(|b| b - b'0').collect(), 0)
    }

    /// Reads a number: digits with an optional point and exponent, `inf`, `nan`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, body) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        match body.to_ascii_lowercase().as_str() {
            "inf" | "infinity" => return Some(Self::infinite(negative)),
            "nan" => return Some(Self::nan()),
            _ => {}
        }
        let (mantissa, power) = match body.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i64>().ok().filter(|n| n.abs() < 1_000_000)?),
            None => (body, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|b| b.wrapping_sub(b'0')).collect();
        if digits.is_empty() || digits.iter().any(|d| *d > 9) {
            return None;
        }
        Some(Self::finite(negative, digits, power - signed(fraction.len())))
    }

    /// Tells whether it is zero.
    pub fn is_zero(&self) -> bool {
        matches!(&self.kind, Kind::Finite { digits, .. } if is_zero(digits))
    }

    /// Tells whether it is no number.
    pub fn is_nan(&self) -> bool {
        matches!(self.kind, Kind::Nan)
    }

    /// Tells whether it is an infinity.
    pub fn is_infinite(&self) -> bool {
        matches!(self.kind, Kind::Infinite)
    }

    /// Rounds to the digits a result keeps; what is too large becomes infinite, what is too small zero.
    #[must_use]
    pub fn rounded(self) -> Self {
        let Kind::Finite { digits, exponent } = &self.kind else { return self };
        let adjusted = exponent + signed(digits.len());
        if adjusted > LARGEST && !is_zero(digits) {
            return Self::infinite(self.negative);
        }
        if adjusted < -LARGEST {
            return Self::finite(self.negative, vec![0], -LARGEST);
        }
        if digits.len() <= PRECISION {
            return self;
        }
        let drop = digits.len() - PRECISION;
        // Rounding 9.99.. up may have made a digit more.
        Self::finite(self.negative, round_off(digits, drop), exponent + signed(drop)).rounded()
    }

    /// Returns the number with as many decimals as asked for, rounded half to even.
    #[must_use]
    pub fn quantized(&self, exponent: i64) -> Self {
        let Kind::Finite { digits, exponent: own } = &self.kind else { return self.clone() };
        let digits = if *own >= exponent {
            shifted(digits, unsigned(own - exponent))
        } else {
            round_off(digits, unsigned(exponent - own))
        };
        Self::finite(self.negative, digits, exponent)
    }

    /// Returns the number without zeros at its end.
    #[must_use]
    pub fn normalized(&self) -> Self {
        let Kind::Finite { digits, exponent } = &self.clone().rounded().kind else { return self.clone() };
        if is_zero(digits) {
            return Self::finite(self.negative, vec![0], 0);
        }
        let zeros = digits.iter().rev().take_while(|d| **d == 0).count();
        Self::finite(self.negative, digits[..digits.len() - zeros].to_vec(), exponent + signed(zeros))
    }

    /// Returns the number with the sign turned; zero stays without sign.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self { negative: !self.negative && !self.is_zero(), ..self.clone() }.rounded()
    }

    /// Returns the number without its sign.
    #[must_use]
    pub fn absolute(&self) -> Self {
        Self { negative: false, ..self.clone() }.rounded()
    }

    /// Adds.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let (Kind::Finite { digits: a, exponent: ea }, Kind::Finite { digits: b, exponent: eb }) =
            (&self.kind, &other.kind)
        else {
            return self.plus_special(other);
        };
        let exponent = *ea.min(eb);
        let (a, b) = (shifted(a, unsigned(ea - exponent)), shifted(b, unsigned(eb - exponent)));
        if self.negative == other.negative {
            return Self::finite(self.negative, add(&a, &b), exponent).rounded();
        }
        match compare(&a, &b) {
            Ordering::Equal => Self::finite(false, vec![0], exponent),
            Ordering::Greater => Self::finite(self.negative, subtract(&a, &b), exponent).rounded(),
            Ordering::Less => Self::finite(other.negative, subtract(&b, &a), exponent).rounded(),
        }
    }

    fn plus_special(&self, other: &Self) -> Self {
        match (&self.kind, &other.kind) {
            (Kind::Nan, _) | (_, Kind::Nan) => Self::nan(),
            (Kind::Infinite, Kind::Infinite) if self.negative != other.negative => Self::nan(),
            (Kind::Infinite, _) => self.clone(),
            _ => other.clone(),
        }
    }

    /// Subtracts.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.plus(&Self { negative: !other.negative, ..other.clone() })
    }

    /// Multiplies.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        let negative = self.negative != other.negative;
        match (&self.kind, &other.kind) {
            (Kind::Finite { digits: a, exponent: ea }, Kind::Finite { digits: b, exponent: eb }) => {
                Self::finite(negative, multiply(a, b), ea + eb).rounded()
            }
            (Kind::Nan, _) | (_, Kind::Nan) => Self::nan(),
            _ if self.is_zero() || other.is_zero() => Self::nan(),
            _ => Self::infinite(negative),
        }
    }

    /// Divides; `None` by zero.
    pub fn over(&self, other: &Self) -> Option<Self> {
        let negative = self.negative != other.negative;
        let (Kind::Finite { digits: a, exponent: ea }, Kind::Finite { digits: b, exponent: eb }) =
            (&self.kind, &other.kind)
        else {
            return Some(match (&self.kind, &other.kind) {
                (Kind::Infinite, Kind::Finite { .. }) => Self::infinite(negative),
                (Kind::Finite { .. }, Kind::Infinite) => Self::finite(negative, vec![0], 0),
                _ => Self::nan(),
            });
        };
        if is_zero(b) {
            return None;
        }
        let ideal = ea - eb;
        if is_zero(a) {
            return Some(Self::finite(negative, vec![0], ideal));
        }
        // Enough digits for a rounded result, and one that tells whether anything was left.
        let more = (PRECISION + 1 + b.len()).saturating_sub(a.len());
        let (mut quotient, rest) = divide(&shifted(a, more), b);
        let mut exponent = ideal - signed(more);
        if is_zero(&rest) {
            while exponent < ideal && quotient.last() == Some(&0) {
                quotient.pop();
                exponent += 1;
            }
        } else if quotient.last().is_some_and(|d| d % 5 == 0)
            && let Some(last) = quotient.last_mut()
        {
            // The rest breaks a tie.
            *last += 1;
        }
        Some(Self::finite(negative, quotient, exponent).rounded())
    }

    /// Divides to a whole number, cutting towards zero, and gives what is left; `None` by zero or of specials.
    pub fn div_rem(&self, other: &Self) -> Option<(Self, Self)> {
        let (Kind::Finite { digits: a, exponent: ea }, Kind::Finite { digits: b, exponent: eb }) =
            (&self.kind, &other.kind)
        else {
            return None;
        };
        if is_zero(b) {
            return None;
        }
        let exponent = *ea.min(eb);
        let (quotient, rest) =
            divide(&shifted(a, unsigned(ea - exponent)), &trimmed(shifted(b, unsigned(eb - exponent))));
        let quotient = Self::finite(self.negative != other.negative, quotient, 0);
        Some((quotient, Self::finite(self.negative, rest, exponent)))
    }

    /// Raises to a whole power; `None` for zero to a negative one.
    pub fn power(&self, exponent: i64) -> Option<Self> {
        let mut result = Self::from_int(1);
        let mut base = self.clone();
        let mut left = exponent.unsigned_abs();
        while left > 0 {
            if left & 1 == 1 {
                result = result.times(&base);
            }
            base = base.times(&base.clone());
            left >>= 1;
        }
        if exponent < 0 { Self::from_int(1).over(&result) } else { Some(result) }
    }

    /// Compares as numbers; `None` with what is no number.
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        let sign = |d: &Self| match (d.negative, d.is_zero()) {
            (_, true) => 0,
            (true, false) => -1,
            (false, false) => 1,
        };
        match (&self.kind, &other.kind) {
            (Kind::Nan, _) | (_, Kind::Nan) => None,
            (Kind::Finite { digits: a, exponent: ea }, Kind::Finite { digits: b, exponent: eb })
                if sign(self) == sign(other) =>
            {
                let exponent = *ea.min(eb);
                // Numbers far apart are told apart by their lengths, without writing the zeros out.
                let lengths = (ea + signed(a.len())).cmp(&(eb + signed(b.len())));
                let order = if self.is_zero() {
                    Ordering::Equal
                } else {
                    lengths.then_with(|| {
                        compare(&shifted(a, unsigned(ea - exponent)), &shifted(b, unsigned(eb - exponent)))
                    })
                };
                Some(if self.negative { order.reverse() } else { order })
            }
            (Kind::Infinite, Kind::Infinite) => Some(other.negative.cmp(&self.negative)),
            (Kind::Infinite, _) => Some(if self.negative { Ordering::Less } else { Ordering::Greater }),
            (_, Kind::Infinite) => Some(if other.negative { Ordering::Greater } else { Ordering::Less }),
            _ => Some(sign(self).cmp(&sign(other))),
        }
    }
}

/// Cuts the last `drop` digits off, rounding half to even.
fn round_off(digits: &[u8], drop: usize) -> Vec<u8> {
    let keep = digits.len().saturating_sub(drop);
    let (kept, cut) = digits.split_at(keep);
    let kept = trimmed(kept.to_vec());
    // More digits are dropped than there are: what is left is far below a half.
    let below = drop > digits.len();
    let first = cut.first().copied().filter(|_| !below).unwrap_or(0);
    let beyond = cut.iter().skip(1).any(|d| *d != 0);
    let odd = kept.last().is_some_and(|d| d % 2 == 1);
    if first > 5 || (first == 5 && (beyond || odd)) { add(&kept, &[1]) } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[track_caller]
    fn check(got: &Decimal, want: &str) {
        assert_eq!(got.text(), want);
    }

    #[test]
    fn sums_products_and_quotients_are_pythons() {
        check(&d("1.50").plus(&d("2")), "3.50");
        check(&d("1.50").minus(&d("1.5")), "0.00");
        check(&d("0.1").times(&d("0.20")), "0.020");
        check(&d("1").over(&d("3")).unwrap(), "0.3333333333333333333333333333");
        check(&d("2").over(&d("3")).unwrap(), "0.6666666666666666666666666667");
        check(&d("10").over(&d("4")).unwrap(), "2.5");
        check(&d("1.00").over(&d("2")).unwrap(), "0.50");
        check(&d("100").over(&d("10")).unwrap(), "10");
        check(&d("1e3").over(&d("10")).unwrap(), "1E+2");
        check(&d("-7").over(&d("2")).unwrap(), "-3.5");
        assert!(d("1").over(&d("0")).is_none());
        check(&d("9999999999999999999999999999").plus(&d("1")), "1.000000000000000000000000000E+28");
        check(&d("12345678901234567890123456789").plus(&d("0")), "1.234567890123456789012345679E+28");
        check(&d("inf").plus(&d("1")), "Infinity");
        check(&d("inf").minus(&d("inf")), "NaN");
        check(&d("1.1").power(2).unwrap(), "1.21");
        check(&d("2").power(-2).unwrap(), "0.25");
        check(&d("1e999999").power(i64::MAX).unwrap(), "Infinity");
        check(&d("1e-999999").power(i64::MAX).unwrap().plus(&d("1")).quantized(0), "1");
    }

    #[test]
    fn whole_division_cuts_towards_zero() {
        let (quotient, rest) = d("-7").div_rem(&d("2")).unwrap();
        check(&quotient, "-3");
        check(&rest, "-1");
        let (quotient, rest) = d("7.5").div_rem(&d("2")).unwrap();
        check(&quotient, "3");
        check(&rest, "1.5");
    }

    #[test]
    fn rounding_is_half_to_even() {
        for (text, exponent, want) in [
            ("2.5", 0, "2"),
            ("3.5", 0, "4"),
            ("2.51", 0, "3"),
            ("1.005", -2, "1.00"),
            ("1", -2, "1.00"),
            ("0.004", -1, "0.0"),
            ("0.05", 0, "0"),
            ("0.9", 1, "0E+1"),
        ] {
            check(&d(text).quantized(exponent), want);
        }
        check(&d("100").normalized(), "1E+2");
        check(&d("1.500").normalized(), "1.5");
        check(&d("-0.0").negated(), "0.0");
    }

    #[test]
    fn numbers_compare_by_value() {
        assert_eq!(d("1.50").order(&d("1.5")), Some(Ordering::Equal));
        assert_eq!(d("-1").order(&d("1")), Some(Ordering::Less));
        assert_eq!(d("-2").order(&d("-1")), Some(Ordering::Less));
        assert_eq!(d("1e100000").order(&d("1e99999")), Some(Ordering::Greater));
        assert_eq!(d("-0").order(&d("0")), Some(Ordering::Equal));
        assert_eq!(d("0e5").order(&d("0")), Some(Ordering::Equal));
        assert_eq!(d("0.1").order(&d("0")), Some(Ordering::Greater));
        assert_eq!(d("inf").order(&d("1")), Some(Ordering::Greater));
        assert_eq!(d("nan").order(&d("1")), None);
    }
}
