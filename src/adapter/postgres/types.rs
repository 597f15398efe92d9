//! Values of the wire, which are text, as [`Cell`]s; what they become is what dbt's driver makes of them.
//!
//! Input: a type's object id and a value's text. Invariant: text that a type does not allow (dates before year 1,
//! `infinity`) stays text; nothing is lost or fails.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use serde_json::{Number, Value};

use crate::adapter::python_text::{bytes_repr, push_json_string, time_str, timedelta_str};
use crate::adapter::{Cell, CellType};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Bool,
    Bytes,
    Int,
    Float,
    Decimal,
    Text,
    Json,
    Date,
    Time,
    DateTime,
    DateTimeTz,
    Interval,
}

/// A type: its object id (`pg_type.oid`, the same on every server), the name dbt's driver has for it, its form, and
/// the object id of the arrays of it.
const TYPES: &[(u32, &str, Form, u32)] = &[
    (16, "BOOLEAN", Form::Bool, 1000),
    (17, "BINARY", Form::Bytes, 1001),
    (18, "STRING", Form::Text, 1002),
    (19, "STRING", Form::Text, 1003),
    (20, "LONGINTEGER", Form::Int, 1016),
    (21, "INTEGER", Form::Int, 1005),
    (23, "INTEGER", Form::Int, 1007),
    (25, "STRING", Form::Text, 1009),
    (26, "ROWID", Form::Int, 1028),
    (114, "JSON", Form::Json, 199),
    (700, "FLOAT", Form::Float, 1021),
    (701, "FLOAT", Form::Float, 1022),
    (1042, "STRING", Form::Text, 1014),
    (1043, "STRING", Form::Text, 1015),
    (1082, "DATE", Form::Date, 1182),
    (1083, "TIME", Form::Time, 1183),
    (1114, "DATETIME", Form::DateTime, 1115),
    (1184, "DATETIMETZ", Form::DateTimeTz, 1185),
    (1186, "INTERVAL", Form::Interval, 1187),
    (1266, "TIME", Form::Text, 1270),
    (1700, "DECIMAL", Form::Decimal, 1231),
    (3802, "JSONB", Form::Json, 3807),
];

/// The type of a column, and how to read its values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Type {
    oid: u32,
    name: Option<&'static str>,
    form: Form,
    is_array: bool,
}

impl Type {
    /// Finds a type by its object id; one that is not known is shown as text.
    pub(super) fn of(oid: u32) -> Self {
        for (known, name, form, array) in TYPES.iter().copied() {
            if known == oid || array == oid {
                return Self { oid, name: Some(name), form, is_array: array == oid };
            }
        }
        Self { oid, name: None, form: Form::Text, is_array: false }
    }

    /// Returns the name dbt's driver has for it: `STRING`, `INTEGERARRAY`, `unknown type_code 600`.
    pub(super) fn name(self) -> String {
        match self.name {
            Some(name) if self.is_array => format!("{name}ARRAY"),
            Some(name) => name.to_owned(),
            None => format!("unknown type_code {}", self.oid),
        }
    }

    /// Returns what its cells are.
    pub(super) fn cell_type(self) -> CellType {
        match self.form {
            _ if self.is_array => CellType::Text,
            Form::Bool => CellType::Boolean,
            Form::Int => CellType::Integer,
            Form::Float | Form::Decimal => CellType::Number,
            Form::Date => CellType::Date,
            Form::DateTime | Form::DateTimeTz => CellType::DateTime,
            Form::Bytes | Form::Text | Form::Json | Form::Time | Form::Interval => CellType::Text,
        }
    }

    /// Reads a value.
    pub(super) fn cell(self, text: &str) -> Cell {
        let read =
            if self.is_array { array(text, self.form).map(json_cell) } else { scalar(text, self.form) };
        read.unwrap_or_else(|| Cell::text(text))
    }
}

fn scalar(text: &str, form: Form) -> Option<Cell> {
    Some(match form {
        Form::Bool => Cell::Bool(text == "t"),
        Form::Int => text.parse().map_or_else(|_| Cell::BigInt(text.into()), Cell::Int),
        Form::Float => Cell::Float(float(text)?),
        Form::Decimal if text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.')) => {
            Cell::Decimal(text.into())
        }
        Form::Decimal => Cell::Float(float(text)?),
        Form::Text => Cell::text(text),
        Form::Bytes => Cell::text(bytes_repr(&bytes(text)?)),
        Form::Json => json_cell(serde_json::from_str(text).ok()?),
        Form::Date => Cell::Date(date(text)?),
        Form::Time => Cell::text(time_str(text.parse().ok()?)),
        Form::DateTime => Cell::Timestamp(date_time(text)?),
        Form::DateTimeTz => {
            let (at, offset) = text.split_at(text.rfind(['+', '-']).filter(|at| *at > 10)?);
            let zone = TimeZone::fixed(Offset::from_seconds(offset_seconds(offset)?).ok()?);
            Cell::TimestampTz(Box::new(date_time(at)?.to_zoned(zone).ok()?))
        }
        Form::Interval => Cell::text(timedelta_str(interval(text)?)),
    })
}

fn float(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        other => other.parse().ok(),
    }
}

fn date(text: &str) -> Option<Date> {
    text.parse().ok().filter(|day: &Date| day.year() > 0)
}

fn date_time(text: &str) -> Option<DateTime> {
    let (day, time) = text.split_once(' ')?;
    Some(date(day)?.to_datetime(time.parse().ok()?))
}

/// Reads `+02`, `-03:30`, `+01:02:03`.
fn offset_seconds(text: &str) -> Option<i32> {
    let (sign, rest) =
        if let Some(rest) = text.strip_prefix('-') { (-1, rest) } else { (1, text.strip_prefix('+')?) };
    let mut seconds = 0;
    for (part, unit) in rest.split(':').zip([3600, 60, 1]) {
        seconds += part.parse::<i32>().ok()? * unit;
    }
    Some(sign * seconds)
}

/// Reads an interval (`IntervalStyle` is `postgres`) as microseconds; a month counts 30 days and a year 365, as in
/// dbt's driver.
fn interval(text: &str) -> Option<i128> {
    const DAY: i128 = 86_400_000_000;
    let mut total = 0;
    let mut words = text.split(' ');
    while let Some(word) = words.next() {
        if let Some(micros) = clock(word) {
            total += micros;
            continue;
        }
        let number: i128 = word.parse().ok()?;
        let days = match words.next()?.trim_end_matches('s') {
            "year" => 365,
            "mon" => 30,
            "day" => 1,
            _ => return None,
        };
        total += number * days * DAY;
    }
    Some(total)
}

/// Reads `-03:04:05.6` as microseconds.
fn clock(text: &str) -> Option<i128> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let [hours, minutes, seconds] = <[&str; 3]>::try_from(rest.split(':').collect::<Vec<_>>()).ok()?;
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let whole = (hours.parse::<i128>().ok()? * 60 + minutes.parse::<i128>().ok()?) * 60
        + seconds.parse::<i128>().ok()?;
    let micros: i128 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    Some(sign * (whole * 1_000_000 + micros))
}

/// Reads `\x6162`.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x")?;
    let pair = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(pair).collect()
}

/// A JSON value as Python reads it: what is nested becomes JSON text again.
fn json_cell(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(flag) => Cell::Bool(flag),
        Value::String(text) => Cell::text(text),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Cell::Int(whole),
            (None, Some(float)) => Cell::Float(float),
            (None, None) => Cell::text(number.to_string()),
        },
        nested @ (Value::Array(_) | Value::Object(_)) => {
            let mut text = String::new();
            push_json(&mut text, &nested);
            Cell::text(text)
        }
    }
}

/// Appends what Python's `json.dumps` writes: a blank after `,` and `:`, ASCII only.
fn push_json(out: &mut String, value: &Value) {
    match value {
        Value::String(text) => push_json_string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                push_json(out, item);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (place, (key, value)) in map.iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                push_json_string(out, key);
                out.push_str(": ");
                push_json(out, value);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

/// Reads an array such as `{1,NULL,"a \"b\""}` or `{{1,2},{3,4}}`; bounds in front (`[0:1]=`) are dropped.
fn array(text: &str, form: Form) -> Option<Value> {
    let start = text.find('{')?;
    let mut reader = ArrayReader { rest: &text[start..], form };
    let value = reader.value()?;
    reader.rest.is_empty().then_some(value)
}

struct ArrayReader<'t> {
    rest: &'t str,
    form: Form,
}

impl ArrayReader<'_> {
    fn value(&mut self) -> Option<Value> {
        if let Some(rest) = self.rest.strip_prefix('{') {
            self.rest = rest;
            return self.items();
        }
        if let Some(rest) = self.rest.strip_prefix('"') {
            self.rest = rest;
            return self.quoted().map(|text| element(&text, self.form));
        }
        let end = self.rest.find([',', '}'])?;
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(if word.eq_ignore_ascii_case("null") { Value::Null } else { element(word, self.form) })
    }

    fn items(&mut self) -> Option<Value> {
        let mut items = Vec::new();
        if let Some(rest) = self.rest.strip_prefix('}') {
            self.rest = rest;
            return Some(Value::Array(items));
        }
        loop {
            items.push(self.value()?);
            let mut letters = self.rest.chars();
            let next = letters.next()?;
            self.rest = letters.as_str();
            match next {
                ',' => {}
                '}' => return Some(Value::Array(items)),
                _ => return None,
            }
        }
    }

    fn quoted(&mut self) -> Option<String> {
        let mut out = String::new();
        let mut letters = self.rest.chars();
        loop {
            match letters.next()? {
                '"' => break,
                '\\' => out.push(letters.next()?),
                letter => out.push(letter),
            }
        }
        self.rest = letters.as_str();
        Some(out)
    }
}

fn element(text: &str, form: Form) -> Value {
    let number = |number: Option<Number>| number.map_or_else(|| Value::from(text), Value::Number);
    match form {
        Form::Bool => Value::from(text == "t"),
        Form::Int => number(text.parse::<i64>().ok().map(Number::from)),
        Form::Float | Form::Decimal => match text.parse::<i64>() {
            Ok(whole) if form == Form::Decimal => Value::from(whole),
            _ => number(float(text).and_then(Number::from_f64)),
        },
        Form::Json => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
        _ => Value::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(oid: u32, text: &str, want: &Cell) {
        assert_eq!(&Type::of(oid).cell(text), want, "{oid} {text}");
    }

    #[test]
    fn numbers_keep_their_value() {
        check(23, "-7", &Cell::Int(-7));
        check(20, "9223372036854775807", &Cell::Int(i64::MAX));
        check(1700, "1.500", &Cell::Decimal("1.500".into()));
        check(1700, "12345678901234567890.123", &Cell::Decimal("12345678901234567890.123".into()));
        check(701, "1e+20", &Cell::Float(1e20));
        check(701, "-Infinity", &Cell::Float(f64::NEG_INFINITY));
        assert!(matches!(Type::of(1700).cell("NaN"), Cell::Float(number) if number.is_nan()));
    }

    #[test]
    fn times_are_read_and_what_python_has_no_date_for_stays_text() {
        check(1082, "2024-02-29", &Cell::Date(Date::constant(2024, 2, 29)));
        check(1082, "infinity", &Cell::text("infinity"));
        check(1082, "0044-03-15 BC", &Cell::text("0044-03-15 BC"));
        check(1114, "2024-01-02 03:04:05.678", &Cell::Timestamp("2024-01-02T03:04:05.678".parse().unwrap()));
        let Cell::TimestampTz(at) = Type::of(1184).cell("2024-01-02 03:04:05-03:30") else {
            panic!("no time")
        };
        assert_eq!(at.offset().seconds(), -12600);
        assert_eq!(at.datetime(), "2024-01-02T03:04:05".parse().unwrap());
        check(1083, "03:04:05.5", &Cell::text("03:04:05.500000"));
    }

    #[test]
    fn intervals_are_python_s() {
        check(1186, "1 day", &Cell::text("1 day, 0:00:00"));
        check(1186, "1 year 2 mons 3 days 04:05:06.7", &Cell::text("428 days, 4:05:06.700000"));
        check(1186, "-00:00:01", &Cell::text("-1 day, 23:59:59"));
        check(1186, "00:00:00", &Cell::text("0:00:00"));
    }

    #[test]
    fn arrays_and_json_become_json_text() {
        check(1007, "{1,NULL,3}", &Cell::text("[1, null, 3]"));
        check(1007, "{}", &Cell::text("[]"));
        check(1007, "[0:1]={{1,2},{3,4}}", &Cell::text("[[1, 2], [3, 4]]"));
        check(1009, r#"{a,"b c","d\"e",NULL,"NULL"}"#, &Cell::text(r#"["a", "b c", "d\"e", null, "NULL"]"#));
        check(1231, "{1.5,2}", &Cell::text("[1.5, 2]"));
        check(3802, r#"{"a": [1, null], "ä": "x"}"#, &Cell::text(r#"{"a": [1, null], "\u00e4": "x"}"#));
        check(114, "7", &Cell::Int(7));
        check(114, "null", &Cell::Null);
        check(114, "\"x\"", &Cell::text("x"));
    }

    #[test]
    fn other_types_are_text_with_the_name_of_the_driver() {
        check(16, "t", &Cell::Bool(true));
        check(17, "\\x6100", &Cell::text("b'a\\x00'"));
        check(2950, "a0ee", &Cell::text("a0ee"));
        assert_eq!(Type::of(2950).name(), "unknown type_code 2950");
        assert_eq!(Type::of(1007).name(), "INTEGERARRAY");
        assert_eq!(Type::of(25).name(), "STRING");
        assert_eq!(Type::of(1231).cell_type(), CellType::Text);
    }
}
