//! Floats and JSON texts as Python writes them: artifacts, templates and values of databases all show them, and scripts
//! compare them byte by byte. `serde_json` writes other characters than ASCII as they are.

use std::convert::Infallible;
use std::io;

/// How many bytes are judged all at once.
const BLOCK: usize = 8;

/// Returns Python's `repr` of a float: shortest digits, an exponent below 1e-4 and from 1e16 on.
pub fn float_repr(x: f64) -> String {
    if x.is_nan() {
        return "nan".to_owned();
    }
    if x == 0.0 || x.is_infinite() || (1e-4..1e16).contains(&x.abs()) {
        return format!("{x:?}");
    }
    let scientific = format!("{x:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// Returns a float as `json.dumps` writes it; unlike JSON it has infinities and NaN.
pub fn json_float(x: f64) -> String {
    match x {
        _ if x.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        _ => float_repr(x),
    }
}

/// Appends a text as `json.dumps` writes it: quotes, escapes, and every character beyond ASCII as `\uXXXX`.
pub fn push_json_text(out: &mut String, text: &str) {
    let Ok(()) = json_parts(text, |part| {
        out.push_str(part);
        Ok::<_, Infallible>(())
    });
}

/// Writes what [`push_json_text`] appends. Errors are those of the writer.
pub fn write_json_text<W: io::Write + ?Sized>(out: &mut W, text: &str) -> io::Result<()> {
    json_parts(text, |part| out.write_all(part.as_bytes()))
}

/// Tells whether JSON has a text as it is, but for the quotes.
pub fn is_plain_json(text: &str) -> bool {
    plain_start(text.as_bytes()) == text.len()
}

fn json_parts<E>(text: &str, mut write: impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
    write("\"")?;
    let mut rest = text;
    loop {
        let (plain, special) = rest.split_at(plain_start(rest.as_bytes()));
        write(plain)?;
        let mut characters = special.chars();
        let Some(character) = characters.next() else { break };
        match character {
            '"' => write("\\\"")?,
            '\\' => write("\\\\")?,
            '\n' => write("\\n")?,
            '\r' => write("\\r")?,
            '\t' => write("\\t")?,
            '\u{8}' => write("\\b")?,
            '\u{c}' => write("\\f")?,
            _ => {
                let mut units = [0; 2];
                let mut units = character.encode_utf16(&mut units).iter();
                units.try_for_each(|unit| write(&format!("\\u{unit:04x}")))?;
            }
        }
        rest = characters.as_str();
    }
    write("\"")
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

fn is_plain_block(block: [u8; BLOCK]) -> bool {
    !block.iter().fold(false, |found, byte| found | is_special(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_python() {
        for (x, want) in [
            (1.5, "1.5"),
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (1e22, "1e+22"),
            (1e16, "1e+16"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (1e15, "1000000000000000.0"),
            (1e-7, "1e-07"),
            (0.0001, "0.0001"),
            (0.000_012, "1.2e-05"),
            (f64::from(0.1f32), "0.10000000149011612"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(float_repr(x), want);
        }
    }

    #[test]
    fn json_strings_escape_as_python() {
        let mut out = String::new();
        push_json_text(&mut out, "é\"\\\n😀\u{7f}");
        assert_eq!(out, r#""\u00e9\"\\\n\ud83d\ude00\u007f""#);
    }
}
