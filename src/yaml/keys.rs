//! The keys of one mapping as they are read: how typed ones are spelled, and what becomes of equal ones.
//! Used by both readers.

use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Span, line_col};
use crate::hash::HashMap;

use super::input::Input;
use super::{Entry, Value};

/// Spells a key that is not text as JSON does. `None` for a list or mapping, which cannot be a key.
pub(super) fn spelling(key: &Value) -> Option<Arc<str>> {
    Some(match key {
        Value::Str(text) => Arc::clone(text),
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string().into(),
        Value::Int(value) => value.to_string().into(),
        Value::Float(value) => super::json::python_float(*value).into(),
        Value::Time(time) => time.iso().into(),
        Value::Seq(_) | Value::Map(_) => return None,
    })
}

/// Entries in order, with quick search once there are many.
#[derive(Default)]
pub(super) struct Keys {
    pub entries: Vec<Entry>,
    index: HashMap<Arc<str>, usize>,
}

/// Up to here a walk through the entries is quicker than hashing.
const FEW: usize = 12;

impl Keys {
    pub(super) fn with_capacity(len: usize) -> Self {
        Self { entries: Vec::with_capacity(len), index: HashMap::default() }
    }

    /// Adds an entry; an equal key takes the new value and keeps its position, as in Python, and there is a warning.
    pub(super) fn add(&mut self, entry: Entry, input: &Input<'_>, found: &mut Vec<Diagnostic>) {
        let known = if self.entries.len() <= FEW {
            self.entries.iter().position(|known| known.key == entry.key)
        } else {
            if self.index.is_empty() {
                self.index =
                    self.entries.iter().enumerate().map(|(at, e)| (Arc::clone(&e.key), at)).collect();
            }
            self.index.get(&entry.key).copied()
        };
        let same_type = |at: &usize| self.entries[*at].typed_key.is_some() == entry.typed_key.is_some();
        if let Some(at) = known.filter(same_type) {
            found.push(duplicate(&entry, self.entries[at].key_span, input));
            self.entries[at] = entry;
            return;
        }
        if !self.index.is_empty() {
            self.index.insert(Arc::clone(&entry.key), self.entries.len());
        }
        self.entries.push(entry);
    }
}

/// Says so in dbt's words, which scripts look for. dbt leaves out the empty lines at the top before it counts.
fn duplicate(again: &Entry, first: Span, input: &Input<'_>) -> Diagnostic {
    let text = input.text.trim_start();
    let skipped = input.bom + input.text.len() - text.len();
    let at = line_col(text, (again.key_span.start as usize).saturating_sub(skipped));
    let place = format!("line {}, column {} in file `{}`", at.line, at.column, input.path);
    let message = format!("Duplicate key '{}' in \"<unicode string>\", {place}", again.key);
    Diagnostic::warning(Code::YAML_DUPLICATE_KEY, again.key_span, message)
        .at("this one counts")
        .label(first, "this one is dropped")
        .help("remove one of them")
}
