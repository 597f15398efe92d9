//! Jinja in YAML files: which values are rendered, and what becomes of them.
//!
//! Input: a tree and a [`YamlContext`]. Output: a tree of the same shape whose texts are rendered natively
//! (`jinja.md` section 2) and whose dates are ISO text, plus everything that failed. A text without Jinja
//! is never handed to the engine; it only loses a final newline, as every template does. Used for `dbt_project.yml`, `profiles.yml`, `packages.yml`,
//! `selectors.yml` here, and for property files by `parse`.

use std::sync::Arc;

use crate::diag::Diagnostic;
use crate::yaml::{Entry, Map, Value, Yaml};

use super::scope::YamlContext;

/// The way from the top of a tree to a value: keys as written, and `[]` for an item of a list.
pub type KeyPath = [Arc<str>];

/// Tells whether a text has anything to render.
pub fn has_jinja(text: &str) -> bool {
    text.contains('{') && text.as_bytes().windows(2).any(|pair| matches!(pair, b"{{" | b"{%" | b"{#"))
}

/// Returns what rendering a text gives that has no Jinja: a template drops one newline at its end, which a block
/// scalar has.
pub fn rendered_plain(text: &str) -> &str {
    text.strip_suffix('\n').unwrap_or(text)
}

/// Renders all values of a tree but those whose path `keep` picks; kept ones, and all below them, stay as
/// they are. Failed values stay as written and are noted.
pub fn render_tree(
    tree: &Yaml,
    context: &YamlContext,
    keep: &dyn Fn(&KeyPath) -> bool,
    found: &mut Vec<Diagnostic>,
) -> Yaml {
    Walk { context, keep, found, path: Vec::new(), item: "[]".into() }.value(tree)
}

/// Tells whether [`render_tree`] would give the same tree, so that it need not be made.
pub fn stays_as_written(tree: &Yaml, keep: &dyn Fn(&KeyPath) -> bool) -> bool {
    plain(tree, keep, &mut Vec::new(), &"[]".into())
}

fn plain(yaml: &Yaml, keep: &dyn Fn(&KeyPath) -> bool, path: &mut Vec<Arc<str>>, item: &Arc<str>) -> bool {
    let mut below = |key: &Arc<str>, yaml: &Yaml| {
        if matches!(yaml.value, Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_)) {
            return true;
        }
        path.push(Arc::clone(key));
        let same = plain(yaml, keep, path, item) || keep(path);
        path.pop();
        same
    };
    match &yaml.value {
        Value::Str(text) => !has_jinja(text) && !text.ends_with('\n'),
        Value::Time(_) => false,
        Value::Seq(items) => items.iter().all(|yaml| below(item, yaml)),
        Value::Map(map) => map.iter().all(|entry| below(&entry.key, &entry.value)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => true,
    }
}

struct Walk<'a> {
    context: &'a YamlContext,
    keep: &'a dyn Fn(&KeyPath) -> bool,
    found: &'a mut Vec<Diagnostic>,
    path: Vec<Arc<str>>,
    item: Arc<str>,
}

impl Walk<'_> {
    fn value(&mut self, yaml: &Yaml) -> Yaml {
        let value = match &yaml.value {
            Value::Str(text) if has_jinja(text) => match self.context.render(text, yaml.span) {
                Ok(value) => value,
                Err(error) => {
                    self.found.push(*error);
                    yaml.value.clone()
                }
            },
            Value::Str(text) if text.ends_with('\n') => Value::Str(rendered_plain(text).into()),
            Value::Str(text) => Value::Str(Arc::clone(text)),
            Value::Time(time) => Value::Str(time.iso().into()),
            Value::Seq(items) => {
                let item = Arc::clone(&self.item);
                Value::Seq(items.iter().map(|yaml| self.below(&item, yaml)).collect())
            }
            Value::Map(map) => Value::Map(self.map(map)),
            other => other.clone(),
        };
        Yaml::new(yaml.span, value)
    }

    fn map(&mut self, map: &Map) -> Map {
        let render = |entry: &Entry| Entry { value: self.below(&entry.key, &entry.value), ..entry.clone() };
        map.iter().map(render).collect()
    }

    fn below(&mut self, key: &Arc<str>, yaml: &Yaml) -> Yaml {
        self.path.push(Arc::clone(key));
        let kept = (self.keep)(&self.path);
        let value = if kept { yaml.clone() } else { self.value(yaml) };
        self.path.pop();
        value
    }
}

/// Picks what `dbt_project.yml` keeps: hooks, `vars` and `query-comment`, which are rendered when used.
pub(super) fn kept_in_project(path: &KeyPath) -> bool {
    let Some(first) = path.first() else { return false };
    match &**first {
        "on-run-start" | "on-run-end" | "query-comment" | "vars" => true,
        "seeds" | "models" | "snapshots" | "tests" | "data_tests" => path.iter().any(|key| {
            let key = key.trim_start_matches(['+', ' ']);
            matches!(key, "pre-hook" | "post-hook" | "pre_hook" | "post_hook")
        }),
        _ => false,
    }
}
