//! Mappings: ordered, keys with places, the last of two equal keys counts.

use std::sync::Arc;

use crate::diag::Span;

use super::{Value, Yaml};

/// One key of a mapping with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key as JSON spells it: text as it is, `1`, `true`, `null`.
    pub key: Arc<str>,
    /// Where the key stands.
    pub key_span: Span,
    /// The key's value when it is not text (`1: x`, `on: x`); boxed since it is rare.
    pub typed_key: Option<Box<Value>>,
    /// The value.
    pub value: Yaml,
}

/// A mapping in the order of the file. Look-up is linear: mappings of projects are short, and long ones
/// (columns, models) are lists in YAML.
#[derive(Clone, Debug, Default)]
pub struct Map {
    entries: Vec<Entry>,
}

impl Map {
    /// Makes a mapping of entries whose keys differ.
    pub fn new(entries: Vec<Entry>) -> Self {
        Self { entries }
    }

    /// Returns the value of a key.
    pub fn get(&self, key: &str) -> Option<&Yaml> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Returns the entry of a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| &*entry.key == key)
    }

    /// Tells whether the key is there, with any value.
    pub fn contains(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Removes a key, and returns its entry.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| &*entry.key == key)?;
        Some(self.entries.remove(at))
    }

    /// Sets a key: an equal key keeps its position and takes the new value, as in Python.
    pub fn insert(&mut self, entry: Entry) {
        match self.entries.iter_mut().find(|known| known.key == entry.key) {
            Some(known) => *known = entry,
            None => self.entries.push(entry),
        }
    }

    /// Goes through the entries in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.entries.iter()
    }

    /// Goes through the keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| &*entry.key)
    }

    /// Counts the entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tells whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = &'a Entry;
    type IntoIter = std::slice::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Map {
    type Item = Entry;
    type IntoIter = std::vec::IntoIter<Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl FromIterator<Entry> for Map {
    fn from_iter<T: IntoIterator<Item = Entry>>(entries: T) -> Self {
        Self::new(entries.into_iter().collect())
    }
}

/// Equal when the same keys have equal values, in any order, as Python's dicts are.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|entry| other.get(&entry.key) == Some(&entry.value))
    }
}
