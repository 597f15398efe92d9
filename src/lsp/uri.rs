//! Paths as URIs and back. Only files on this machine are paths.

use std::str::FromStr as _;

use camino::{Utf8Path, Utf8PathBuf};
use lsp_types::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What stays as it is in the path of a URI.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':');

/// Returns the URI of an absolute path; `None` if it cannot be written as one.
pub(super) fn of_path(path: &Utf8Path) -> Option<Uri> {
    let path = path.as_str().replace('\\', "/");
    let path = if path.starts_with('/') { path } else { format!("/{path}") };
    Uri::from_str(&format!("file://{}", utf8_percent_encode(&path, PLAIN))).ok()
}

/// Returns the path of a file's URI; `None` for anything else.
pub(super) fn to_path(uri: &Uri) -> Option<Utf8PathBuf> {
    let rest = uri.as_str().strip_prefix("file://")?;
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    let path = rest.split(['?', '#']).next().filter(|path| path.starts_with('/'))?;
    let path = percent_decode_str(path).decode_utf8().ok()?;
    // `/C:/folder` on Windows.
    let bytes = path.as_bytes();
    let has_drive = bytes.len() > 2 && bytes[1].is_ascii_alphabetic() && bytes[2] == b':';
    Some(Utf8PathBuf::from(if has_drive { &path[1..] } else { &*path }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_back() {
        for path in ["/shop/models/a.sql", "/mein Ordner/größe/50%#1?.sql", "C:/shop/a.sql"] {
            assert_eq!(to_path(&of_path(path.into()).unwrap()).unwrap(), path);
        }
        assert_eq!(to_path(&Uri::from_str("file:///c%3A/a.sql").unwrap()).unwrap(), "c:/a.sql");
        for other in ["untitled:Untitled-1", "git:/a.sql", "file://server/share/a.sql", "file:///%ff"] {
            assert_eq!(Uri::from_str(other).ok().and_then(|uri| to_path(&uri)), None, "{other}");
        }
    }
}
