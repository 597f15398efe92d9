//! Reading the keys of one mapping: every wrong value is noted, none stops the others.

use crate::diag::{Code, Diagnostic, suggest};
use crate::yaml::{Map, Yaml};

/// A mapping being read, and what was found wrong in it.
pub(super) struct Keys<'m, 'f> {
    map: &'m Map,
    found: &'f mut Vec<Diagnostic>,
}

impl<'m, 'f> Keys<'m, 'f> {
    pub(super) fn new(map: &'m Map, found: &'f mut Vec<Diagnostic>) -> Self {
        Self { map, found }
    }

    /// Reads a key with `f`. Nothing when the key is missing, has no value, or has a wrong one (noted).
    pub(super) fn read<T>(
        &mut self,
        key: &str,
        f: impl FnOnce(&'m Yaml, &str) -> Result<T, Box<Diagnostic>>,
    ) -> Option<T> {
        let value = self.map.get(key).filter(|value| !value.is_null())?;
        f(value, key).map_err(|error| self.found.push(*error)).ok()
    }

    /// Reads text.
    pub(super) fn text(&mut self, key: &str) -> Option<&'m str> {
        self.read(key, Yaml::expect_str)
    }

    /// Reads a boolean.
    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        self.read(key, Yaml::expect_bool)
    }

    /// Reads a list of text.
    pub(super) fn texts(&mut self, key: &str) -> Option<Vec<&'m str>> {
        self.read(key, Yaml::expect_strs)
    }

    /// Reads a mapping.
    pub(super) fn map(&mut self, key: &str) -> Option<&'m Map> {
        self.read(key, Yaml::expect_map)
    }

    /// Notes every key that is not among the known ones.
    pub(super) fn only(&mut self, known: &[&str], what: &str) {
        for entry in self.map {
            if !known.contains(&&*entry.key) {
                let message = format!("unknown key `{}` in {what}", entry.key);
                let help = suggest(&entry.key, known.iter().copied());
                // Scripts look for dbt's words.
                let words = format!("Additional properties are not allowed ('{}' was unexpected)", entry.key);
                let error = Diagnostic::error(Code::UNKNOWN_KEY, entry.key_span, message);
                self.found.push(error.note(words).help::<String>(help));
            }
        }
    }

    /// Notes a problem.
    pub(super) fn note(&mut self, problem: impl Into<Diagnostic>) {
        self.found.push(problem.into());
    }
}
