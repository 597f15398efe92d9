//! The secrets of a DuckDB profile: what no message may show.
//!
//! Input: the output of a profile as it was rendered. Output: what hides its tokens and passwords. Used where an engine's words may
//! repeat a statement that was made of the profile, and where settings are shown.

use serde_json::{Map, Value};

use crate::diag::{Scrubber, passwords};

/// Words in the name of a setting that holds a secret.
pub(in crate::adapter) const SECRETIVE: [&str; 5] = ["pass", "pwd", "secret", "token", "key"];
/// Entries of `secrets` that are none themselves.
const PUBLIC: [&str; 8] = ["type", "provider", "name", "persistent", "scope", "region", "endpoint", "chain"];
/// Shorter texts are no secrets, and hiding them would hide the rest as well.
const SHORTEST: usize = 4;

/// Returns what hides the secrets of an output.
pub(super) fn scrubber(output: &Map<String, Value>) -> Scrubber {
    let mut found = Vec::new();
    for (key, value) in output {
        match (key.as_str(), value) {
            ("secrets", Value::Array(entries)) => {
                let settings = entries.iter().filter_map(Value::as_object).flatten();
                let inside = settings.filter(|(key, _)| !PUBLIC.contains(&key.as_str()));
                inside.for_each(|(_, value)| all_texts(value, &mut found));
            }
            _ => named(key, value, &mut found),
        }
    }
    found.retain(|text| text.len() >= SHORTEST);
    Scrubber::new(found)
}

fn all_texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| all_texts(item, found)),
        Value::Object(map) => map.values().for_each(|item| all_texts(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Texts whose name is that of a secret, and secrets within connection strings.
fn named(key: &str, value: &Value, found: &mut Vec<String>) {
    let key = key.to_lowercase();
    match value {
        // In `attach` this is the name of an entry of `secrets`.
        Value::String(_) if key == "secret" => {}
        Value::String(text) if SECRETIVE.iter().any(|word| key.contains(word)) => found.push(text.clone()),
        Value::String(text) => within(text, found),
        Value::Array(items) => items.iter().for_each(|item| named(&key, item, found)),
        Value::Object(map) => map.iter().for_each(|(key, value)| named(key, value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The values of `password=..` and the like in a connection string or behind the `?` of a URL.
fn within(text: &str, found: &mut Vec<String>) {
    // DuckDB shortens `//` where it takes a URL for a path, so that a password is known by itself.
    found.extend(passwords(text).map(|place| text[place].to_owned()));
    for (at, _) in text.match_indices('=') {
        let name = text[..at].trim_end().rsplit([' ', '?', '&', ';', ':', '\n']).next().unwrap_or_default();
        if !SECRETIVE.iter().any(|word| name.to_lowercase().contains(word)) {
            continue;
        }
        let value = text[at + 1..].trim_start();
        let value = match value.strip_prefix('\'') {
            Some(quoted) => quoted.split('\'').next(),
            None => value.split([' ', '&', ';', '\n']).next(),
        };
        found.extend(value.map(str::to_owned));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_of_a_profile_are_known_wherever_they_stand() {
        let output = json!({
            "type": "duckdb", "path": "md:shop?motherduck_token=abcdef&x=1", "schema": "public",
            "settings": {"s3_secret_access_key": "wJalr", "threads": 4},
            "secrets": [{"type": "s3", "name": "lake", "key_id": "AKIA1", "secret": "it's", "region": "eu-west-1"}],
            "attach": [
                {"path": "dbname=x password=hunter2 host=h", "secret": "lake"},
                {"path": "postgres:password='two words'", "options": {"token": "tttt"}},
                {"path": "postgres://me:p@ssw0rd@host/db"},
                {"path": "postgres://me:other5ecret@host/db?mail=a@b"},
            ],
        });
        let scrubber = scrubber(output.as_object().unwrap());
        for secret in
            ["abcdef", "wJalr", "AKIA1", "it''s", "hunter2", "two words", "tttt", "p@ssw0rd", "other5ecret"]
        {
            assert_eq!(scrubber.scrub(&format!("<{secret}>")), "<*****>");
        }
        for open in ["shop", "public", "lake", "eu-west-1", "s3", "duckdb"] {
            assert_eq!(scrubber.scrub(open), open);
        }
    }
}
