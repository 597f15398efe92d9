//! Python's `Decimal`, as query results and seeds hold it and templates compute with it.
//!
//! Input: number texts of [`Cell`](crate::adapter::Cell)s. Output: values that print, compare and compute as Python's do.

mod arith;
mod value;

pub use arith::Decimal;

use arith::Kind;

use crate::adapter::decimal_str;

impl Decimal {
    /// Returns Python's `str` of the number.
    pub fn text(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        match &self.kind {
            Kind::Nan => "NaN".to_owned(),
            Kind::Infinite => format!("{sign}Infinity"),
            Kind::Finite { digits, exponent } => {
                let digits: String = digits.iter().map(|d| char::from(b'0' + d)).collect();
                decimal_str(&format!("{sign}{digits}e{exponent}"))
            }
        }
    }

    /// Returns the power of ten of the last digit.
    pub(super) fn exponent(&self) -> i64 {
        match self.kind {
            Kind::Finite { exponent, .. } => exponent,
            Kind::Infinite | Kind::Nan => 0,
        }
    }

    /// Returns how many decimals the number is written with.
    pub fn scale(&self) -> usize {
        usize::try_from(-self.exponent()).unwrap_or(0)
    }

    /// Returns the number without its decimals, when that fits.
    pub fn truncated(&self) -> Option<i128> {
        let (whole, _) = self.div_rem(&Self::from_int(1))?;
        whole.text().parse().ok().or_else(|| whole.fixed(0, false).parse().ok())
    }

    /// Returns the number when it is whole and fits.
    pub fn whole(&self) -> Option<i128> {
        (self.decimals() == 0).then(|| self.fixed(0, false).parse().ok()).flatten()
    }

    /// Returns how many decimals the number has, zeros at the end not counted.
    pub fn decimals(&self) -> usize {
        match self.normalized().kind {
            Kind::Finite { exponent, .. } => usize::try_from(-exponent).unwrap_or(0),
            Kind::Infinite | Kind::Nan => 0,
        }
    }

    /// Returns the number with so many decimals, rounded half to even, with commas between thousands if asked for.
    pub fn fixed(&self, places: usize, grouped: bool) -> String {
        let exponent = -i64::try_from(places).unwrap_or(0);
        let quantized = self.quantized(exponent);
        let Kind::Finite { digits, .. } = &quantized.kind else { return self.text() };
        let digits: String = digits.iter().map(|d| char::from(b'0' + d)).collect();
        let digits = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let mut out = String::from(if quantized.negative { "-" } else { "" });
        for (i, c) in whole.chars().enumerate() {
            if grouped && i > 0 && (whole.len() - i) % 3 == 0 {
                out.push(',');
            }
            out.push(c);
        }
        if places > 0 {
            out.push('.');
            out.push_str(fraction);
        }
        out
    }
}
