//! Names and ids of generic test instances, byte for byte dbt's (`resources.md` section 5): both appear in
//! selections, state comparisons and stored failures, so a difference would break users' scripts.
//! Called by `generic_test`.

use super::python::{repr_text, str_of};
use crate::digest;
use crate::yaml::{Map, Value, Yaml};

/// What a name is limited to before it is shortened, in characters.
const NAME_LIMIT: usize = 64;
/// How much of `test_target` a shortened name keeps, in characters.
const SHORT_PREFIX: usize = 30;
/// How many hex digits of the fingerprint an id shows.
const HASH_LENGTH: usize = 10;

/// The two names of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TestNames {
    /// Fit for files and relations.
    pub(super) short: String,
    /// For the id, the fqn and people.
    pub(super) full: String,
}

/// Makes the names of an instance from the test (`unique`, `dbt_utils_source_x`), what it is attached to
/// (`orders`, `orders_v2`, `raw_orders`) and its arguments.
pub(super) fn names(test: &str, target: &str, args: &Map) -> TestNames {
    let mut keys: Vec<&str> = args.keys().filter(|key| *key != "model").collect();
    keys.sort_unstable();
    let mut parts = Vec::new();
    for key in keys {
        let Some(value) = args.get(key) else { continue };
        match &value.value {
            Value::Map(map) => parts.extend(map.iter().map(|entry| clean(&str_of(&entry.value)))),
            Value::Seq(items) => parts.extend(items.iter().map(|item| clean(&str_of(item)))),
            _ => parts.push(clean(&str_of(value))),
        }
    }
    let start = format!("{test}_{target}");
    let full = format!("{start}_{}", parts.join("__"));
    if full.chars().count() < NAME_LIMIT {
        return TestNames { short: full.clone(), full };
    }
    let prefix: String = start.chars().take(SHORT_PREFIX).collect();
    TestNames { short: format!("{prefix}_{}", digest::md5(&full)), full }
}

/// Replaces every run of characters that a name cannot hold by one underscore.
fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_run = false;
    for c in text.chars() {
        let fits = c.is_ascii_alphanumeric() || c == '_';
        if fits {
            out.push(c);
        } else if !in_run {
            out.push('_');
        }
        in_run = !fits;
    }
    out
}

/// Makes the fingerprint that ends the id of an instance.
pub(super) fn hash(full_name: &str, namespace: Option<&str>, test: &str, args: &Map) -> String {
    let mut text = String::from(full_name);
    text.push_str("{'kwargs': ");
    write_sorted(&mut text, args);
    text.push_str(", 'name': ");
    text.push_str(&repr_text(test));
    text.push_str(", 'namespace': ");
    text.push_str(&repr_text(namespace.unwrap_or("None")));
    text.push('}');
    let hex = digest::md5(&text);
    hex[hex.len() - HASH_LENGTH..].to_owned()
}

/// Mappings sorted at every level, lists kept, every scalar as text.
fn write_hashable(out: &mut String, value: &Yaml) {
    match &value.value {
        Value::Map(map) => write_sorted(out, map),
        Value::Seq(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write_hashable(out, item);
            }
            out.push(']');
        }
        _ => out.push_str(&repr_text(&str_of(value))),
    }
}

fn write_sorted(out: &mut String, map: &Map) {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    out.push('{');
    for (at, entry) in entries.into_iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        match &entry.typed_key {
            Some(key) => out.push_str(&super::python::repr_of(&Yaml::new(entry.key_span, (**key).clone()))),
            None => out.push_str(&repr_text(&entry.key)),
        }
        out.push_str(": ");
        write_hashable(out, &entry.value);
    }
    out.push('}');
}
