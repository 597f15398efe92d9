//! From the words of the command line, a variable or `flags:` to a value of the flag's type.

use serde_json::{Map, Value, json};

use super::flag::{Flag, Kind};
use crate::diag::{Sources, suggest};
use crate::yaml;

/// A command line that does not hold together. Exit code 2.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UsageError {
    /// What is wrong: lower case, names in backticks, no stop.
    pub message: String,
    /// What to do, a line each.
    pub help: Vec<String>,
}

impl UsageError {
    /// Makes an error.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: Vec::new() }
    }

    /// Adds advice; nothing for `None`.
    #[must_use]
    pub fn help<T: Into<String>>(mut self, text: impl Into<Option<T>>) -> Self {
        self.help.extend(text.into().map(Into::into));
        self
    }
}

/// Where a value was given, for messages: `--threads` or `DBT_THREADS`.
fn wrong(place: &str, text: &str, wanted: &str) -> UsageError {
    UsageError::new(format!("`{text}` is no value for `{place}`: {wanted}"))
}

/// Reads one or more words. `place` is how messages call the flag.
pub(super) fn from_words(flag: &Flag, place: &str, words: &[String]) -> Result<Value, UsageError> {
    let last = words.last().map_or("", String::as_str);
    match flag.kind {
        Kind::Switch => {
            boolean(last).map(Value::Bool).ok_or_else(|| wrong(place, last, "`true` or `false` is wanted"))
        }
        Kind::Int => last
            .trim()
            .parse::<i64>()
            .map(|number| json!(number))
            .map_err(|_| wrong(place, last, "a whole number is wanted")),
        Kind::Text | Kind::Path => Ok(json!(last)),
        Kind::Choice(set) => one_of(place, set, last).map(|word| json!(word)),
        Kind::Words => Ok(json!(split(words))),
        Kind::ChoiceWords(set) => {
            let words: Result<Vec<_>, _> = split(words).iter().map(|word| one_of(place, set, word)).collect();
            Ok(json!(words?))
        }
        Kind::Mapping => mapping(place, last).map(Value::Object),
    }
}

/// Reads a value of `flags:`.
pub(super) fn from_project(flag: &Flag, value: &Value) -> Result<Value, UsageError> {
    let place = format!("flags.{}", flag.id);
    match (flag.kind, value) {
        (Kind::Switch, Value::Bool(_))
        | (Kind::Int, Value::Number(_))
        | (Kind::Mapping, Value::Object(_)) => Ok(value.clone()),
        (_, Value::String(text)) => from_words(flag, &place, std::slice::from_ref(text)),
        (Kind::Switch, _) => Err(wrong(&place, &value.to_string(), "`true` or `false` is wanted")),
        (Kind::Int, _) => Err(wrong(&place, &value.to_string(), "a whole number is wanted")),
        (Kind::Mapping, _) => Err(wrong(&place, &value.to_string(), "a mapping is wanted")),
        _ => Err(wrong(&place, &value.to_string(), "a text is wanted")),
    }
}

/// Reads a truth value as click does.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" | "on" => Some(true),
        "0" | "false" | "f" | "no" | "n" | "off" => Some(false),
        _ => None,
    }
}

fn split(words: &[String]) -> Vec<String> {
    words.iter().flat_map(|word| word.split(' ')).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn one_of(place: &str, set: &'static [&'static str], word: &str) -> Result<&'static str, UsageError> {
    let found = set.iter().find(|known| known.eq_ignore_ascii_case(word)).copied();
    found.ok_or_else(|| {
        wrong(place, word, &format!("it must be one of {}", set.join(", ")))
            .help::<String>(suggest(word, set.iter().copied()))
    })
}

pub(super) fn mapping(place: &str, text: &str) -> Result<Map<String, Value>, UsageError> {
    let (tree, problems) = yaml::parse_text(&Sources::new(), place, text);
    if let Some(problem) = problems.iter().find(|problem| problem.is_error()) {
        let broken = wrong(place, text, &format!("it is not valid YAML: {}", problem.message));
        return Err(broken.help(format!("as in {place} '{{key: value}}'")));
    }
    match tree.as_ref().and_then(yaml::Yaml::as_map) {
        Some(map) => Ok(map.to_json()),
        None => {
            Err(wrong(place, text, "it must be a YAML mapping")
                .help(format!("as in {place} '{{key: value}}'")))
        }
    }
}
