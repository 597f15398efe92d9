//! YAML values as Python's `str()` and `repr()` show them. Names, ids and fingerprints that dbt derives
//! from values are hashes over this text, so it must agree to the byte. Called by `generic_name`,
//! `generic_test` and `contract`.

use std::fmt::Write as _;

use crate::yaml::{Value, Yaml};

/// Shows a value as `str()` does: text bare, containers with the `repr` of their items.
pub(super) fn str_of(value: &Yaml) -> String {
    match &value.value {
        Value::Str(text) => text.to_string(),
        _ => repr_of(value),
    }
}

/// Shows a value as `repr()` does.
pub(super) fn repr_of(value: &Yaml) -> String {
    let mut out = String::new();
    write_repr(&mut out, value);
    out
}

fn write_repr(out: &mut String, value: &Yaml) {
    match &value.value {
        Value::Str(text) => write_text(out, text),
        Value::Seq(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write_repr(out, item);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (at, entry) in map.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                match &entry.typed_key {
                    Some(key) => write_repr(out, &Yaml::new(entry.key_span, (**key).clone())),
                    None => write_text(out, &entry.key),
                }
                out.push_str(": ");
                write_repr(out, &entry.value);
            }
            out.push('}');
        }
        _ => out.push_str(&value.scalar_text().unwrap_or_default()),
    }
}

/// Shows text as `repr()` does: single quotes, unless only single quotes occur in it.
pub(super) fn repr_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_text(&mut out, text);
    out
}

fn write_text(out: &mut String, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_ascii_graphic() || c == ' ' => out.push(c),
            c if is_printable(c) => out.push(c),
            c => escape(out, c),
        }
    }
    out.push(quote);
}

fn escape(out: &mut String, c: char) {
    let code = u32::from(c);
    // Writing into a `String` cannot fail.
    let _ = match code {
        0..=0xff => write!(out, "\\x{code:02x}"),
        0x100..=0xffff => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

/// Rust escapes the same characters in debug output as Python does in `repr`, except that it also
/// escapes a combining mark that stands first; behind a letter it does not.
fn is_printable(c: char) -> bool {
    let mut buffer = [0; 5];
    buffer[0] = b'a';
    let length = c.encode_utf8(&mut buffer[1..]).len();
    std::str::from_utf8(&buffer[..=length]).is_ok_and(|text| text.escape_debug().count() == 2)
}

#[cfg(test)]
mod tests {
    use super::repr_text;

    #[track_caller]
    fn check(text: &str, want: &str) {
        assert_eq!(repr_text(text), want);
    }

    #[test]
    fn quotes_as_python_does() {
        check("a", "'a'");
        check("it's", "\"it's\"");
        check("say \"it's\"", r#"'say "it\'s"'"#);
        check("a\\b", r"'a\\b'");
    }

    #[test]
    fn escapes_what_cannot_be_shown() {
        check("a\n\t\r", r"'a\n\t\r'");
        check("\u{0}\u{7f}\u{a0}\u{ad}", r"'\x00\x7f\xa0\xad'");
        check("\u{200b}\u{2028}", r"'\u200b\u2028'");
        check("\u{e0001}", r"'\U000e0001'");
    }

    #[test]
    fn shows_what_can_be_shown() {
        check("äß漢😀", "'äß漢😀'");
        check("e\u{301}", "'e\u{301}'");
    }
}
