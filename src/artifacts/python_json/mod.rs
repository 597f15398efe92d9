//! JSON text exactly as Python's `json.dumps` writes it: a blank after `,` and `:`, ASCII only, Python's floats.
//!
//! Readers do not mind, but scripts compare artifacts of both tools byte by byte. Called by the writers of this
//! module and by `ls --output json`.

use std::io::{self, Write};

use serde::Serialize;

use serializer::Json;

mod serializer;

/// Writes a value. Errors are those of the writer, or of a value that JSON cannot hold.
pub fn write(to: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(Json::new(to)).map_err(|error| error.0)
}

/// Returns a value as text; `null` for a value that JSON cannot hold.
pub fn text(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    match write(&mut bytes, value) {
        Ok(()) => String::from_utf8(bytes).unwrap_or_default(),
        Err(_) => "null".to_owned(),
    }
}

/// An object that is written entry by entry.
#[derive(Debug)]
pub struct Object<W: Write> {
    out: W,
    empty: bool,
}

impl<W: Write> Object<W> {
    /// Opens it.
    pub fn begin(mut out: W) -> io::Result<Self> {
        out.write_all(b"{")?;
        Ok(Self { out, empty: true })
    }

    /// Writes a key; its value is to be written to [`Self::out`] next.
    pub fn key(&mut self, key: &str) -> io::Result<()> {
        if !std::mem::take(&mut self.empty) {
            self.out.write_all(b", ")?;
        }
        write(&mut self.out, &key)?;
        self.out.write_all(b": ")
    }

    /// Returns where the value of a key goes.
    pub fn out(&mut self) -> &mut W {
        &mut self.out
    }

    /// Writes a key with its value.
    pub fn entry(&mut self, key: &str, value: &impl Serialize) -> io::Result<()> {
        self.key(key)?;
        write(&mut self.out, value)
    }

    /// Closes it.
    pub fn end(mut self) -> io::Result<()> {
        self.out.write_all(b"}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use serde_json::json;

    #[derive(Serialize)]
    enum Shape {
        Unit,
        New(i8),
        Pair(u64, Option<char>),
        Fields { left: f32, right: () },
    }

    #[test]
    fn every_kind_of_value_is_written() {
        let check = |value: &dyn Fn() -> String, want: &str| assert_eq!(value(), want);
        check(&|| text(&[Shape::Unit, Shape::New(-3)]), r#"["Unit", {"New": -3}]"#);
        check(&|| text(&Shape::Pair(u64::MAX, Some('"'))), r#"{"Pair": [18446744073709551615, "\""]}"#);
        check(
            &|| text(&Shape::Fields { left: 0.5, right: () }),
            r#"{"Fields": {"left": 0.5, "right": null}}"#,
        );
        check(&|| text(&BTreeMap::from([(2, "b"), (1, "a")])), r#"{"1": "a", "2": "b"}"#);
        check(&|| text(&BTreeMap::from([(true, b"ab")])), r#"{"true": [97, 98]}"#);
        check(&|| text(&f64::NAN), "null");
        let error = write(&mut Vec::new(), &BTreeMap::from([([1], 2)])).unwrap_err();
        assert_eq!(error.to_string(), "a key must be a text");
    }

    #[test]
    fn what_needs_escaping_is_found_wherever_it_stands() {
        for special in ["\n", "\"", "\\", "\u{0}", "\u{1f}", "\u{7f}", "é", "😀"] {
            for at in 0..40 {
                let plain = "~ab!0".repeat(8);
                let value = format!("{}{special}{}", &plain[..at], &plain[at..]);
                let written = text(&value);
                assert!(written.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{written}");
                assert_eq!(serde_json::from_str::<String>(&written).unwrap(), value);
            }
        }
    }

    #[test]
    fn text_is_what_python_writes() {
        let check = |value: serde_json::Value, want: &str| assert_eq!(text(&value), want);
        check(json!({"a": [1, 2.0, null], "b": {}, "c": []}), r#"{"a": [1, 2.0, null], "b": {}, "c": []}"#);
        check(json!("é\u{7f}😀\n\u{1}\"\\"), r#""\u00e9\u007f\ud83d\ude00\n\u0001\"\\""#);
        // What `repr` of Python 3.11 gives.
        for (value, want) in [
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-1.5e-7, "-1.5e-07"),
            (1.5e300, "1.5e+300"),
            (0.1, "0.1"),
            (0.0, "0.0"),
            (1_795_392_553.717_574, "1795392553.717574"),
        ] {
            check(json!(value), want);
        }
    }
}
