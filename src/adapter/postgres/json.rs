//! JSON values as Python reads them and writes them again.
//!
//! Input: JSON text of the server. Output: numbers, texts and truths as they are; what is nested as the text that
//! `json.dumps` gives: a blank after `,` and `:`, ASCII only. Whole numbers of any length keep their digits. Called by
//! `value` and `array`.

use crate::adapter::Cell;
use crate::python::{json_float, push_json_text};

/// Reads a value; `None` if it is none.
pub(super) fn cell(text: &str) -> Option<Cell> {
    let text = text.trim();
    Some(match text.as_bytes().first()? {
        b'{' | b'[' => Cell::text(dumps(text)?),
        b'"' => Cell::text(serde_json::from_str::<String>(text).ok()?),
        b't' => Cell::Bool(true),
        b'f' => Cell::Bool(false),
        b'n' => Cell::Null,
        _ if is_whole(text) => text.parse().map_or_else(|_| Cell::BigInt(text.into()), Cell::Int),
        _ => Cell::Float(text.parse().ok()?),
    })
}

/// Writes JSON text as Python's `json.dumps` would.
pub(super) fn dumps(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest)?,
            '{' | '}' | '[' | ']' | ',' | ':' => 1,
            _ => rest.find([',', ':', '}', ']', ' ', '\n', '\r', '\t']).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        match first {
            '"' => push_json_text(&mut out, &serde_json::from_str::<String>(token).ok()?),
            ',' => out.push_str(", "),
            ':' => out.push_str(": "),
            '-' | '0'..='9' if !is_whole(token) => out.push_str(&json_float(token.parse().ok()?)),
            _ => out.push_str(token),
        }
        rest = after.trim_start();
    }
    Some(out)
}

fn is_whole(number: &str) -> bool {
    number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

/// Returns how long the string is that a text begins with, quotes included.
fn string_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_values_are_written_as_python_does() {
        let written = |text: &str| dumps(text).unwrap();
        assert_eq!(written(r#"{ "b":1,"a" : [1,null, "x"]}"#), r#"{"b": 1, "a": [1, null, "x"]}"#);
        assert_eq!(written("{\"ä\\n\": \"€\"}"), r#"{"\u00e4\n": "\u20ac"}"#);
        assert_eq!(
            written("[12345678901234567890123,1.50,1E5,1e400,-0.0]"),
            "[12345678901234567890123, 1.5, 100000.0, Infinity, -0.0]"
        );
        assert_eq!(written("[{},[]]"), "[{}, []]");
        assert_eq!(dumps("[\"open"), None);
    }

    #[test]
    fn single_values_keep_their_type() {
        for (text, want) in [
            ("7", Cell::Int(7)),
            ("7.50", Cell::Float(7.5)),
            ("12345678901234567890123", Cell::BigInt("12345678901234567890123".into())),
            ("null", Cell::Null),
            (" true", Cell::Bool(true)),
            (r#""x\"y""#, Cell::text("x\"y")),
        ] {
            assert_eq!(cell(text), Some(want), "{text}");
        }
        assert_eq!(cell("lost"), None);
    }
}
