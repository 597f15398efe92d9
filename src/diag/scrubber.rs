//! Hides secrets in text that leaves the program.
//!
//! Input: the values to hide. Output: text with `*****` where one of them stood, also as URLs, SQL, JSON and shells write it, and
//! where a URL has a password. Used by `adapter` for what engines say, by `run` for messages in artifacts, and by `cli` for logs.

use std::borrow::Cow;
use std::ops::Range;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What takes the place of a secret.
const MASK: &str = "*****";
/// What URLs leave as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// A line of a secret of several lines is hidden by itself from this length on, since messages indent lines.
const LINE: usize = 8;

/// Hides secrets in text that leaves the program.
#[derive(Clone, Debug, Default)]
pub struct Scrubber {
    secrets: Vec<String>,
}

impl Scrubber {
    /// Takes the values to hide; empty ones are left out.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        Self::of_forms(secrets.into_iter().flat_map(|secret| forms(&secret)).collect())
    }

    fn of_forms(mut secrets: Vec<String>) -> Self {
        // A secret that contains another must go first, or its rest would stay readable.
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        Self { secrets }
    }

    /// Adds further values to hide.
    #[must_use]
    pub fn and(mut self, more: impl IntoIterator<Item = String>) -> Self {
        self.secrets.extend(Self::new(more).secrets);
        Self::of_forms(self.secrets)
    }

    /// Replaces every secret by `*****`.
    pub fn scrub<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), MASK));
            }
        }
        match without_passwords(&text) {
            Some(hidden) => Cow::Owned(hidden),
            None => text,
        }
    }
}

/// The ways in which a value may be written; none for an empty one.
fn forms(secret: &str) -> Vec<String> {
    let json = serde_json::Value::from(secret).to_string();
    let mut forms = vec![
        secret.to_owned(),
        utf8_percent_encode(secret, UNRESERVED).to_string(),
        secret.replace('\'', "''"),
        secret.replace('"', "\"\""),
        secret.replace('\'', r"'\''"),
        json.trim_matches('"').to_owned(),
    ];
    if secret.lines().nth(1).is_some() {
        forms.extend(secret.lines().map(str::trim).filter(|line| line.len() >= LINE).map(str::to_owned));
    }
    forms.retain(|form| !form.is_empty());
    forms
}

/// Hides the passwords of URLs. `None` if there is none.
fn without_passwords(text: &str) -> Option<String> {
    let mut hidden = None;
    let mut copied = 0;
    for password in passwords(text) {
        let out: &mut String = hidden.get_or_insert_default();
        out.push_str(&text[copied..password.start]);
        out.push_str(MASK);
        copied = password.end;
    }
    hidden.map(|out| out + &text[copied..])
}

/// Finds the password of each `scheme://user:password@host`.
pub(crate) fn passwords(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    text.match_indices("://").filter_map(|(at, mark)| {
        let start = at + mark.len();
        let rest = &text[start..];
        let end = rest.find(|c: char| c.is_whitespace() || "/?#\"'`<>".contains(c)).unwrap_or(rest.len());
        // A password may hold an `@` by mistake; the last one ends it.
        let sign = rest[..end].rfind('@')?;
        let colon = rest[..sign].find(':').filter(|colon| colon + 1 < sign)?;
        Some(start + colon + 1..start + sign)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_however_they_are_written() {
        let scrubber = Scrubber::new(
            ["hunter2", "hunter2-more", "a'b \"c\"/é", "", "line one\r\nline two"].map(str::to_owned),
        );
        let check = |text: &str, want: &str| assert_eq!(scrubber.scrub(text), want, "{text}");
        check("a hunter2-more b hunter2", "a ***** b *****");
        check("select 'a''b \"c\"/é'", "select '*****'");
        check("https://x/?k=a%27b%20%22c%22%2F%C3%A9&l", "https://x/?k=*****&l");
        check(r#"{"k": "a'b \"c\"/é"}"#, r#"{"k": "*****"}"#);
        check("  line one\n  line two", "  *****\n  *****");
        assert!(matches!(scrubber.scrub("nothing here"), Cow::Borrowed(_)));
    }

    #[test]
    fn passwords_of_urls_are_hidden() {
        let check = |text: &str, want: &str| assert_eq!(Scrubber::default().scrub(text), want);
        check(
            "git clone https://me:t0ken@host:1/x.git failed",
            "git clone https://me:*****@host:1/x.git failed",
        );
        check("'postgres://u:p@ss@h/d' and md://a:b@c", "'postgres://u:*****@h/d' and md://a:*****@c");
        check("https://host:1/a@b ssh://git@host:22/x", "https://host:1/a@b ssh://git@host:22/x");
        check("https://:@é", "https://:@é");
    }
}
