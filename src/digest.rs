//! Digests of texts as lower-case hex, as dbt shows them: fingerprints of files, tests, contracts and lock files. None of
//! them keeps a secret.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// Returns the MD5 of a text, 32 digits.
pub fn md5(text: &str) -> String {
    hex(&Md5::digest(text.as_bytes()))
}

/// Returns the SHA-1 of a text, 40 digits.
pub fn sha1(text: &str) -> String {
    hex(&Sha1::digest(text.as_bytes()))
}

/// Returns the SHA-256 of a text, 64 digits.
pub fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|half| DIGITS[usize::from(half)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_empty_text() {
        assert_eq!(md5(""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(sha1(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
