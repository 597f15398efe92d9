//! Texts and numbers as Python's `json.dumps` writes them: ASCII only, and `repr` for floats. Called by `serializer`.

use std::io::{self, Write};

/// How many bytes are judged at once.
const BLOCK: usize = 16;

/// Writes a text in quotes.
pub(super) fn write_text<W: Write + ?Sized>(out: &mut W, text: &str) -> io::Result<()> {
    out.write_all(b"\"")?;
    let mut rest = text;
    loop {
        let (plain, special) = rest.split_at(plain_start(rest.as_bytes()));
        out.write_all(plain.as_bytes())?;
        let mut characters = special.chars();
        let Some(character) = characters.next() else { break };
        write_escaped(out, character)?;
        rest = characters.as_str();
    }
    out.write_all(b"\"")
}

/// Tells whether a text is written as it is.
pub(super) fn is_plain(text: &str) -> bool {
    plain_start(text.as_bytes()) == text.len()
}

/// Tells whether a byte belongs to a character that is written otherwise than it is. All is asked of each byte, as that
/// can be done to many at a time.
fn is_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\') | (byte >= 0x7f)
}

/// Returns how many bytes stand before the first special one.
fn plain_start(bytes: &[u8]) -> usize {
    let is_plain = |block: &&[u8]| !block.iter().fold(false, |found, byte| found | is_special(*byte));
    let start = BLOCK * bytes.chunks_exact(BLOCK).take_while(is_plain).count();
    let rest = &bytes[start..];
    start + rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len())
}

fn write_escaped<W: Write + ?Sized>(out: &mut W, character: char) -> io::Result<()> {
    let short: &[u8] = match character {
        '"' => b"\\\"",
        '\\' => b"\\\\",
        '\n' => b"\\n",
        '\r' => b"\\r",
        '\t' => b"\\t",
        '\u{8}' => b"\\b",
        '\u{c}' => b"\\f",
        _ => {
            let mut units = [0; 2];
            return character
                .encode_utf16(&mut units)
                .iter()
                .try_for_each(|unit| write!(out, "\\u{unit:04x}"));
        }
    };
    out.write_all(short)
}

/// Writes a finite float as Python's `repr`: shortest digits, an exponent below 1e-4 and from 1e16.
pub(super) fn float(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        return format!("{value:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}
