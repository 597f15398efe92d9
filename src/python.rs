//! Floats and JSON texts as Python writes them: artifacts, templates and values of databases all show them, and scripts
//! compare them byte by byte. `serde_json` writes other characters than ASCII as they are.

use std::convert::Infallible;
use std::io;

/// How many bytes are judged at once.
const WORD: usize = size_of::<u64>();

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

/// Returns how many bytes stand before the first that belongs to a character that is written otherwise than it is.
#[inline]
fn plain_start(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks();
    for (at, word) in words.iter().enumerate() {
        if let Some(within) = first_special(*word) {
            return at * WORD + within;
        }
    }
    match bytes.last_chunk() {
        // The last bytes are asked together with some of the word before them, which are plain.
        Some(word) => first_special(*word).map_or(bytes.len(), |within| bytes.len() - WORD + within),
        None => short_plain_start(rest),
    }
}

/// Does the same for less than a word.
fn short_plain_start(bytes: &[u8]) -> usize {
    let mut word = [b' '; WORD];
    match (bytes.first_chunk::<{ WORD / 2 }>(), bytes.last_chunk::<{ WORD / 2 }>()) {
        // The two may overlap.
        (Some(first), Some(last)) => {
            word[..WORD / 2].copy_from_slice(first);
            word[WORD / 2..].copy_from_slice(last);
            match first_special(word) {
                Some(at) if at >= WORD / 2 => bytes.len() + at - WORD,
                at => at.unwrap_or(bytes.len()),
            }
        }
        _ => {
            word.iter_mut().zip(bytes).for_each(|(to, byte)| *to = *byte);
            first_special(word).unwrap_or(bytes.len())
        }
    }
}

/// Returns the place of the first special byte of a word. All are asked at once: in `found` the highest bit of a byte is set if it is
/// special. Where a sum carries or a difference borrows, the byte is special, and only bytes above it are spoilt.
fn first_special(word: [u8; WORD]) -> Option<usize> {
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; WORD])
    }
    let word = u64::from_le_bytes(word);
    let below = word.wrapping_sub(each(b' '));
    let equal = |byte: u8| (word ^ each(byte)).wrapping_sub(each(1));
    let above = word.wrapping_add(each(1)) | word;
    let found = (below | equal(b'"') | equal(b'\\') | above) & each(0x80);
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
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

    #[test]
    fn special_characters_are_found_wherever_they_stand() {
        for first in 0..=255_u8 {
            let special = !(b' '..=b'~').contains(&first) || first == b'"' || first == b'\\';
            for (len, at) in (0..40).flat_map(|len| (0..len).map(move |at| (len, at))) {
                let mut bytes = vec![b'~'; len];
                bytes[at] = first;
                assert_eq!(plain_start(&bytes), if special { at } else { len }, "{first} at {at} of {len}");
                bytes[at + 1..].fill(b'\n');
                let found = if special { at } else { at + 1 };
                assert_eq!(plain_start(&bytes), found, "{first} at {at} of {len}, before line feeds");
            }
        }
    }
}
