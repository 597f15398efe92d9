//! Values that must not be shown: what variables named `DBT_ENV_SECRET...` hold.

use std::borrow::Cow;

/// Replaces secret values in text.
#[derive(Clone, Debug, Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Finds the secrets among the variables. Longer ones go first, so that none leaves a rest of another.
    pub fn among<'a>(variables: impl IntoIterator<Item = (&'a String, &'a String)>) -> Self {
        let secret = |(name, value): (&String, &String)| {
            (name.starts_with("DBT_ENV_SECRET") && !value.trim().is_empty()).then(|| value.clone())
        };
        let mut values: Vec<String> = variables.into_iter().filter_map(secret).collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.dedup();
        Self(values)
    }

    /// Returns the text with every secret replaced by stars.
    pub fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for secret in self.0.iter().filter(|secret| !secret.is_empty()) {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), "*****"));
            }
        }
        text
    }

    /// Returns the same secrets as they look inside JSON text.
    #[must_use]
    pub fn in_json(&self) -> Self {
        let escaped = |value: &String| {
            let quoted = crate::artifacts::python_json::text(value);
            quoted.trim_matches('"').to_owned()
        };
        Self(self.0.iter().map(escaped).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_secret_goes_first() {
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let all = [
            variable("DBT_ENV_SECRET_A", "pass"),
            variable("DBT_ENV_SECRET_B", "password"),
            variable("X", "y"),
        ];
        let secrets = Secrets::among(all.iter().map(|(name, value)| (name, value)));
        assert_eq!(secrets.scrub("password pass y"), "***** ***** y");
    }
}
