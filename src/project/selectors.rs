//! `selectors.yml`: named selections. Only their outer shape is read here; what a definition means is
//! the business of `select`.

use crate::diag::{Code, Diagnostic, Span};
use crate::yaml::{Value, Yaml};

use super::keys::Keys;

/// One named selection.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectorDefinition {
    /// The name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it counts when the command line selects nothing.
    pub default: bool,
    /// Text in the command line's grammar, or a mapping.
    pub definition: Yaml,
}

/// Reads the rendered file. At most one selector is the default one.
pub(super) fn read(tree: &Yaml, found: &mut Vec<Diagnostic>) -> Vec<SelectorDefinition> {
    if tree.is_null() {
        return Vec::new();
    }
    let items = tree.expect_map("selectors.yml").and_then(|map| {
        let missing = || {
            let error = Diagnostic::error(Code::MISSING_KEY, tree.span, "`selectors.yml` has no `selectors`");
            Box::new(error.help("begin the file with `selectors:` and a list"))
        };
        map.get("selectors").ok_or_else(missing)?.expect_seq("selectors")
    });
    let items = match items {
        Ok(items) => items,
        Err(error) => {
            found.push(*error);
            return Vec::new();
        }
    };
    let mut selectors: Vec<SelectorDefinition> = Vec::new();
    for item in items {
        let Some(selector) = read_one(item, found) else { continue };
        if let Some(first) = selectors.iter().find(|known| selector.default && known.default) {
            let message = format!("`{}` and `{}` are both the default selector", first.name, selector.name);
            let error = Diagnostic::error(Code::SELECTOR, selector.span, message);
            found.push(error.label(first.span, "the first one").help("keep one `default: true`"));
        }
        match selectors.iter_mut().find(|known| known.name == selector.name) {
            Some(known) => *known = selector,
            None => selectors.push(selector),
        }
    }
    selectors
}

fn read_one(item: &Yaml, found: &mut Vec<Diagnostic>) -> Option<SelectorDefinition> {
    let Some(map) = item.as_map() else {
        found.push(*item.unexpected_item("selectors", "a mapping"));
        return None;
    };
    for key in ["name", "definition"] {
        if map.get(key).is_none_or(Yaml::is_null) {
            found.push(Diagnostic::error(Code::MISSING_KEY, item.span, format!("a selector has no `{key}`")));
        }
    }
    let mut keys = Keys::new(map, found);
    keys.only(&["name", "definition", "description", "default"], "a selector");
    let name = keys.text("name");
    let description = keys.text("description").map(str::to_owned);
    let default = keys.flag("default").unwrap_or(false);
    let definition = keys.read("definition", |yaml, key| match yaml.value {
        Value::Str(_) | Value::Map(_) => Ok(yaml.clone()),
        _ => Err(yaml.unexpected(key, "text or a mapping")),
    });
    let span = map.get("name").map_or(item.span, |name| name.span);
    Some(SelectorDefinition { name: name?.to_owned(), span, description, default, definition: definition? })
}
