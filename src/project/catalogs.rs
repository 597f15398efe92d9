//! `catalogs.yml`: places outside of the database that tables could be written to. Neither engine can write to any,
//! so a catalog that is defined well is refused too, in dbt's words; the file may only say that there is none.
//! Called by `load`, for the commands for which dbt reads the file.

use crate::diag::{Code, Diagnostic};
use crate::yaml::{Map, Value, Yaml};

use super::keys::Keys;

/// The name of the file.
pub(super) const CATALOGS_FILE: &str = "catalogs.yml";

/// Checks the file before Jinja: it has to say something.
pub(super) fn check_text(tree: &Yaml, found: &mut Vec<Diagnostic>) {
    if tree.is_falsy() {
        let error = Diagnostic::error(Code::MISSING_KEY, tree.span, format!("`{CATALOGS_FILE}` is empty"));
        found.push(error.help("delete it, or begin it with `catalogs:`"));
    }
}

/// Checks the rendered file.
pub(super) fn check(tree: &Yaml, found: &mut Vec<Diagnostic>) {
    let Some(list) = tree.get("catalogs").filter(|list| !list.is_null()) else { return };
    let items = match list.expect_seq("catalogs") {
        Ok(items) => items,
        Err(error) => return found.push(*error),
    };
    for item in items {
        let Some(map) = item.as_map() else {
            found.push(*item.unexpected_item("catalogs", "a mapping"));
            continue;
        };
        let before = found.len();
        let active = catalog(item, map, found);
        if let Some(kind) = active.filter(|_| found.len() == before) {
            let message = format!(
                "Catalog type is not supported.\nReceived: {}\nExpected one of: ",
                kind.as_str().unwrap_or_default()
            );
            let error = Diagnostic::error(Code::CONFIG, kind.span, message);
            found.push(error.help("tables are written to the database alone: remove the catalog"));
        }
    }
}

/// Checks one catalog; returns the type of what it writes to.
fn catalog<'a>(item: &Yaml, map: &'a Map, found: &mut Vec<Diagnostic>) -> Option<&'a Yaml> {
    let mut keys = Keys::new(map, found);
    keys.only(&["name", "active_write_integration", "write_integrations"], "a catalog");
    let name = keys.text("name");
    let active = keys.text("active_write_integration");
    let listed = keys.read("write_integrations", |yaml, key| yaml.expect_seq(key)).unwrap_or_default();
    let Some(name) = name else {
        found.push(missing(item, "a catalog", "name"));
        return None;
    };
    let mut known: Vec<(&str, Option<&Yaml>)> = Vec::new();
    for integration in listed {
        let Some((written, kind)) = write_integration(integration, found) else { continue };
        if known.iter().any(|(other, _)| *other == written) {
            let message = format!(
                "Catalog '{name}' cannot have multiple 'write_integrations' with the same name: '{written}'."
            );
            found.push(Diagnostic::error(Code::CONFIG, integration.span, message));
        }
        known.push((written, kind));
    }
    match (active, &*known) {
        (None, [(_, kind)]) => *kind,
        (None, _) => {
            let message = format!(
                "Catalog '{name}' must specify an 'active_write_integration' when multiple 'write_integrations' are provided."
            );
            found.push(Diagnostic::error(Code::CONFIG, item.span, message));
            None
        }
        (Some(active), all) => {
            let one = all.iter().find(|(name, _)| *name == active);
            if one.is_none() {
                let names: Vec<String> = all.iter().map(|(name, _)| format!("'{name}'")).collect();
                let message = format!(
                    "Catalog '{name}' must specify an 'active_write_integration' from its set of defined 'write_integrations': [{}]. Got: '{active}'.",
                    names.join(", ")
                );
                found.push(Diagnostic::error(Code::CONFIG, item.span, message));
            }
            one.and_then(|(_, kind)| *kind)
        }
    }
}

/// Checks one place to write to; returns its name and its type.
fn write_integration<'a>(item: &'a Yaml, found: &mut Vec<Diagnostic>) -> Option<(&'a str, Option<&'a Yaml>)> {
    let Some(map) = item.as_map() else {
        found.push(*item.unexpected_item("write_integrations", "a mapping"));
        return None;
    };
    for key in ["name", "catalog_type"] {
        if map.get(key).is_none_or(Yaml::is_null) {
            found.push(missing(item, "a write integration", key));
        }
    }
    let mut keys = Keys::new(map, found);
    let known = ["name", "catalog_type", "external_volume", "table_format", "catalog_name", "file_format"];
    keys.only(&[&known[..], &["adapter_properties"]].concat(), "a write integration");
    for key in &known[1..] {
        keys.text(key);
    }
    keys.map("adapter_properties");
    let name = keys.text("name")?;
    Some((name, map.get("catalog_type").filter(|kind| matches!(kind.value, Value::Str(_)))))
}

fn missing(item: &Yaml, what: &str, key: &str) -> Diagnostic {
    Diagnostic::error(Code::MISSING_KEY, item.span, format!("{what} has no `{key}`"))
}
