//! Which texts the reader takes on, by their characters alone. Called once for a text.

/// Tells whether all characters are ones that YAML allows and that mean nothing special: no control characters but
/// tabs and line ends, no carriage return alone, no line ends of Unicode, no byte order mark. The bytes are UTF-8.
pub(super) fn are_ordinary(bytes: &[u8]) -> bool {
    let mut from = 0;
    bytes.chunks(64).all(|chunk| {
        let start = from;
        from += chunk.len();
        let all_plain = chunk.iter().fold(true, |all, byte| all & is_plain(*byte));
        all_plain || (start..from).all(|at| is_plain(bytes[at]) || is_ordinary(&bytes[at..]))
    })
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n')
}

/// Looks at the byte that comes first, and at what follows where that decides.
fn is_ordinary(bytes: &[u8]) -> bool {
    match bytes {
        [b'\t', ..] => true,
        [b'\r', next @ ..] => next.first() == Some(&b'\n'),
        [..=0x7f, ..] => false,
        [0xc2, ..=0x9f, ..] => false,
        // U+2028, U+2029.
        [0xe2, 0x80, 0xa8 | 0xa9, ..] => false,
        // U+FEFF, U+FFFE, U+FFFF.
        [0xef, 0xbb, 0xbf, ..] | [0xef, 0xbf, 0xbe | 0xbf, ..] => false,
        _ => true,
    }
}
