//! JSON text exactly as Python's `json.dumps` writes it: a blank after `,` and `:`, ASCII only, Python's floats.
//!
//! Readers do not mind, but scripts compare artifacts of both tools byte by byte. Called by the writers of this
//! module and by `ls --output json`.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

/// Writes a value. Errors are those of the writer, or of a value that JSON cannot hold.
pub fn write(to: impl Write, value: &impl Serialize) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(to, Python))
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
        Ok(write(&mut self.out, value)?)
    }

    /// Closes it.
    pub fn end(mut self) -> io::Result<()> {
        self.out.write_all(b"}")
    }
}

struct Python;

impl Formatter for Python {
    fn write_f64<W: Write + ?Sized>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(float(value).as_bytes())
    }

    fn write_string_fragment<W: Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.is_ascii() && !fragment.as_bytes().contains(&0x7f) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut units = [0; 2];
        for character in fragment.chars() {
            if character.is_ascii() && character != '\u{7f}' {
                writer.write_all(&[character as u8])?;
                continue;
            }
            for unit in character.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }

    fn begin_array_value<W: Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_raw_fragment<W: Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        CompactFormatter.write_raw_fragment(writer, fragment)
    }
}

/// Writes a finite float as Python's `repr`: shortest digits, an exponent below 1e-4 and from 1e16.
fn float(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        return format!("{value:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
