//! JSON → gzip, and base64 for what stands inside a page.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

/// Compresses a value's JSON. The same value gives the same bytes.
pub(super) fn json(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let text = serde_json::to_vec(value)?;
    let mut packed = GzEncoder::new(Vec::with_capacity(text.len() / 6), Compression::new(5));
    packed.write_all(&text).and_then(|()| packed.finish()).map_err(serde_json::Error::io)
}

/// Writes bytes as letters that mean nothing to HTML.
pub(super) fn letters(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
