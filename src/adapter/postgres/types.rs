//! Values of the wire, which are text, as [`Cell`]s; what they become is what dbt's driver makes of them.
//!
//! Input: a type's object id and a value's text. Invariant: what Python has no value for (dates before year 1 and after
//! 9999, which dbt fails at) stays text; nothing is lost or fails. Called by `wire`.

use super::array;
use super::value::{Form, scalar};
use crate::adapter::{Cell, CellType};

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
    (1266, "TIME", Form::TimeTz, 1270),
    (1700, "DECIMAL", Form::Decimal, 1231),
    (3802, "JSONB", Form::Json, 3807),
    (3904, "type", Form::Range(&Form::Int), 3905),
    (3906, "type", Form::Range(&Form::Decimal), 3907),
    (3908, "tsrange", Form::Range(&Form::DateTime), 3909),
    (3910, "tstzrange", Form::Range(&Form::DateTimeTz), 3911),
    (3912, "daterange", Form::Range(&Form::Date), 3913),
    (3926, "type", Form::Range(&Form::Int), 3927),
];

/// Types of which the driver knows the arrays only: object id of the array, its name, the form of what is in it.
const ARRAYS: &[(u32, &str, Form)] = &[
    (651, "CIDRARRAY", Form::Text),
    (1006, "INTEGERARRAY", Form::Int),
    (1013, "ROWIDARRAY", Form::Int),
    (1040, "MACADDRARRAY", Form::Text),
    (1041, "INETARRAY", Form::Text),
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
        if let Some((_, name, form)) = ARRAYS.iter().copied().find(|(known, ..)| *known == oid) {
            return Self { oid, name: Some(name), form, is_array: true };
        }
        Self { oid, name: None, form: Form::Text, is_array: false }
    }

    /// Returns the name dbt's driver has for it: `STRING`, `INTEGERARRAY`, `unknown type_code 600`.
    pub(super) fn name(self) -> String {
        match self.name {
            Some(name) if self.is_array && !name.ends_with("ARRAY") => format!("{name}ARRAY"),
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
            Form::Bytes
            | Form::Text
            | Form::Json
            | Form::Time
            | Form::TimeTz
            | Form::Interval
            | Form::Range(_) => CellType::Text,
        }
    }

    /// Reads a value.
    pub(super) fn cell(self, text: &str) -> Cell {
        let read = if self.is_array {
            array::json(text, self.form).map(Cell::text)
        } else {
            scalar(text, self.form)
        };
        read.unwrap_or_else(|| Cell::text(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::Date;

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
        check(1082, "infinity", &Cell::Date(Date::constant(9999, 12, 31)));
        check(1082, "0044-03-15 BC", &Cell::text("0044-03-15 BC"));
        check(1114, "2024-01-02 03:04:05.678", &Cell::Timestamp("2024-01-02T03:04:05.678".parse().unwrap()));
        let Cell::TimestampTz(at) = Type::of(1184).cell("2024-01-02 03:04:05-03:30") else {
            panic!("no time")
        };
        assert_eq!(at.offset().seconds(), -12600);
        assert_eq!(at.datetime(), "2024-01-02T03:04:05".parse().unwrap());
        let last = "9999-12-31T23:59:59.999999".parse().unwrap();
        check(1114, "infinity", &Cell::Timestamp(last));
        assert!(matches!(Type::of(1184).cell("-infinity"), Cell::TimestampTz(at) if at.year() == 1));
        check(1114, "20000-01-02 03:04:05", &Cell::text("20000-01-02 03:04:05"));
        check(1083, "03:04:05.5", &Cell::text("03:04:05.500000"));
        check(1083, "24:00:00", &Cell::text("00:00:00"));
        check(1266, "03:04:05.5-03:30", &Cell::text("03:04:05.500000-03:30"));
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
        check(1231, "{1.5,2}", &Cell::text("[1.5, 2.0]"));
        check(1022, "{1.5,NaN}", &Cell::text("[1.5, NaN]"));
        check(1182, "{2024-01-01,infinity}", &Cell::text(r#"["2024-01-01", "9999-12-31"]"#));
        check(1115, r#"{"2024-01-01 01:02:03"}"#, &Cell::text(r#"["2024-01-01T01:02:03"]"#));
        check(1185, r#"{"2024-01-01 01:02:03+00"}"#, &Cell::text(r#"["2024-01-01T01:02:03+00:00"]"#));
        check(1187, r#"{"1 day"}"#, &Cell::text(r#"["1 day, 0:00:00"]"#));
        check(199, r#"{"{\"a\":1}"}"#, &Cell::text(r#"[{"a": 1}]"#));
        check(1041, "{10.0.0.1}", &Cell::text(r#"["10.0.0.1"]"#));
        check(2951, "{a0ee}", &Cell::text("{a0ee}"));
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
        check(3904, "[1,5)", &Cell::text("[1, 5)"));
        check(3906, "(,2.50]", &Cell::text("(None, 2.50]"));
        check(3904, "empty", &Cell::text("empty"));
        check(3908, r#"["2024-01-01 00:00:00",)"#, &Cell::text("[2024-01-01 00:00:00, None)"));
        check(3905, r#"{"[1,2)"}"#, &Cell::text(r#"["[1, 2)"]"#));
        assert_eq!(
            (Type::of(3913).name().as_str(), Type::of(1041).name().as_str()),
            ("daterangeARRAY", "INETARRAY")
        );
        assert_eq!(Type::of(2950).name(), "unknown type_code 2950");
        assert_eq!(Type::of(1007).name(), "INTEGERARRAY");
        assert_eq!(Type::of(25).name(), "STRING");
        assert_eq!(Type::of(1231).cell_type(), CellType::Text);
    }
}
