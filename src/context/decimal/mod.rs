//! Python's `Decimal`, as query results and seeds hold it and templates compute with it.
//!
//! Input: number texts of [`Cell`](crate::adapter::Cell)s. Output: values that print, compare and compute as Python's do.

mod arith;

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
}
