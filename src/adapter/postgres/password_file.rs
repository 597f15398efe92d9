//! The password file, `~/.pgpass`: a password by server, database and user.
//!
//! Input: the file and where to connect. Output: the password of the first line that fits. Called by `connect`.

use std::path::Path;

use super::profile::Password;
use super::settings::{Place, Settings};

/// What the file says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Password(Password),
    /// Nothing that fits, or there is no file.
    Nothing,
    /// The file is ignored, as libpq does: others may read it.
    Open,
}

/// Looks a password up.
pub(super) fn look_up(file: &Path, place: &Place, settings: &Settings) -> Found {
    if !file.is_file() {
        return Found::Nothing;
    }
    if others_may_read(file) {
        return Found::Open;
    }
    // Sockets in the usual folder are `localhost` here.
    let host = if place.host.starts_with("/var/run/postgresql") || place.host == "/tmp" {
        "localhost"
    } else {
        &place.host
    };
    let port = place.port.to_string();
    let wanted = [host, &port, &settings.database, &settings.user];
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let fitting = text.lines().filter(|line| !line.starts_with('#')).find_map(|line| fits(line, &wanted));
    fitting
        .filter(|password| !password.is_empty())
        .map_or(Found::Nothing, |p| Found::Password(Password::new(p)))
}

/// Tells whether group or world may read a file.
#[cfg(unix)]
pub(super) fn others_may_read(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).is_ok_and(|about| about.permissions().mode() & 0o077 != 0)
}

/// Elsewhere the home folder itself is private.
#[cfg(not(unix))]
pub(super) fn others_may_read(_: &Path) -> bool {
    false
}

/// Returns the password of a line `host:port:database:user:password` when the first four fit; `*` fits all.
fn fits(line: &str, wanted: &[&str; 4]) -> Option<String> {
    let mut letters = line.trim_end_matches('\r').chars();
    for want in wanted {
        let field = field(&mut letters, true)?;
        if field != "*" && field != *want {
            return None;
        }
    }
    field(&mut letters, false)
}

/// Reads up to a colon, or to the end of the line for the last field; a backslash takes the next letter as it is.
fn field(letters: &mut std::str::Chars<'_>, ends_at_colon: bool) -> Option<String> {
    let mut out = String::new();
    loop {
        match letters.next() {
            Some('\\') => out.push(letters.next().unwrap_or('\\')),
            Some(':') => return Some(out),
            Some(letter) => out.push(letter),
            None => return (!ends_at_colon).then_some(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_decides() {
        let wanted = ["db", "5432", "shop", "me"];
        for (line, want) in [
            ("db:5432:shop:me:secret", Some("secret")),
            ("*:*:*:me:a\\:b\\\\c", Some("a:b\\c")),
            ("*:*:*:*:", Some("")),
            ("db:5433:shop:me:no", None),
            ("db:5432:shop:me", None),
            ("", None),
        ] {
            assert_eq!(fits(line, &wanted).as_deref(), want, "{line}");
        }
        assert_eq!(fits("a\\:b:*:*:*:x", &["a:b", "1", "d", "u"]).as_deref(), Some("x"));
    }
}
