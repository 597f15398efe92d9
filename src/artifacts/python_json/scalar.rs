//! Texts and numbers as Python's `json.dumps` writes them: ASCII only, and `repr` for floats. Called by `serializer`.

use std::io::{self, Write};

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

/// Tells whether a byte belongs to a character that is written otherwise than it is.
fn is_special(byte: u8) -> bool {
    // Without branches, so that the compiler asks it of many bytes at once.
    let why = [byte < 0x20, byte == b'"', byte == b'\\', byte >= 0x7f];
    why.into_iter().fold(false, |found, it| found | it)
}

/// Returns how many bytes stand before the first special one.
fn plain_start(bytes: &[u8]) -> usize {
    // Most texts are short, and end in the middle of a block.
    let (blocks, rest) = bytes.as_chunks();
    let start = BLOCK * blocks.iter().take_while(|block| is_plain_block(**block)).count();
    if start + rest.len() == bytes.len() && bytes.last_chunk().is_some_and(|block| is_plain_block(*block)) {
        return bytes.len();
    }
    start + bytes[start..].iter().take_while(|byte| !is_special(**byte)).count()
}

/// How many bytes are judged all at once.
const BLOCK: usize = 8;

fn is_plain_block(block: [u8; BLOCK]) -> bool {
    !block.iter().fold(false, |found, byte| found | is_special(*byte))
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
    if value == 0.0 || (1e-4..1e16).contains(&value.abs()) {
        return format!("{value:?}");
    }
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}
