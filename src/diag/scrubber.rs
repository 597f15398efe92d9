//! Hides secrets in text that leaves the program.
//!
//! Input: the values to hide. Output: text with `*****` where one of them stood, also as URLs, SQL, JSON and shells write it, and
//! where a URL has a password. Used by `adapter` for what engines say, by `run` for messages in artifacts, and by `cli` for logs.

use std::borrow::Cow;

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
        let mut secrets: Vec<String> = secrets.into_iter().flat_map(|secret| forms(&secret)).collect();
        // A secret that contains another must go first, or its rest would stay readable.
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        Self { secrets }
    }

    /// Adds further values to hide.
    #[must_use]
    pub fn and(self, more: impl IntoIterator<Item = String>) -> Self {
        Self::new(self.secrets.into_iter().chain(more))
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

/// Hides the password of each `scheme://user:password@host`. `None` if there is none.
fn without_passwords(text: &str) -> Option<String> {
    let mut hidden = None;
    let mut copied = 0;
    for (at, _) in text.match_indices("://") {
        let start = at + "://".len();
        let rest = &text[start..];
        let end = rest.find(|c: char| c.is_whitespace() || "/?#\"'`<>".contains(c)).unwrap_or(rest.len());
        // A password may hold an `@` by mistake; the last one ends it.
        let Some(sign) = rest[..end].rfind('@') else { continue };
        let Some(colon) = rest[..sign].find(':').filter(|colon| colon + 1 < sign) else { continue };
        let out: &mut String = hidden.get_or_insert_default();
        out.push_str(&text[copied..=start + colon]);
        out.push_str(MASK);
        copied = start + sign;
    }
    hidden.map(|out| out + &text[copied..])
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
