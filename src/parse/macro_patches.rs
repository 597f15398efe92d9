//! `macros:` of property files: descriptions and arguments of macros. Called by `pipeline`.

use std::collections::HashMap;

use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::manifest::{Json, Macro, ResourceType, UniqueId};
use crate::yaml::Yaml;

use super::columns::Reader;
use super::properties::{RawEntry, config_layer};

/// Applies all entries. Descriptions stay as written; [`descriptions`](super::descriptions) renders them.
pub(super) fn apply(
    entries: &[&RawEntry],
    macros: &mut [Macro],
    problems: &mut Vec<Diagnostic>,
) -> HashMap<UniqueId, Span> {
    let mut by_id: HashMap<UniqueId, usize> = HashMap::new();
    for (at, found) in macros.iter().enumerate() {
        by_id.insert(found.unique_id.clone(), at);
    }
    let mut described: HashMap<UniqueId, Span> = HashMap::new();
    for entry in entries {
        let Some(given) = entry.rendered.as_map() else { continue };
        let mut reader = Reader { given, span: entry.rendered.span, problems: &mut *problems };
        let Some(name) = reader.name("macro") else { continue };
        let place = given.get("name").map_or(entry.rendered.span, |value| value.span);
        let id = UniqueId::new(ResourceType::Macro, &entry.file.package, &name);
        let Some(&at) = by_id.get(&id) else {
            let own = macros.iter().filter(|found| found.package_name == entry.file.package);
            problems.push(
                Diagnostic::warning(
                    Code::UNUSED_PATCH,
                    place,
                    format!("there is no macro `{name}` to describe"),
                )
                .help::<String>(suggest(&name, own.map(|found| found.name.as_str())))
                .known_as("MacroNotFoundForPatch"),
            );
            continue;
        };
        if let Some(first) = described.get(&id) {
            problems.push(
                Diagnostic::error(Code::DUPLICATE_PATCH, place, format!("macro `{name}` is described twice"))
                    .label(*first, "first described here")
                    .help("merge the two entries"),
            );
            continue;
        }
        described.insert(id, place);
        let description = reader.text("description").unwrap_or_default();
        let mut meta = reader.mapping("meta");
        let arguments = reader.list("arguments");
        let config = config_layer(given.get("config"), problems);
        let inner = |key: &str| config.get(key).map(|setting| setting.value.clone());
        meta.extend(inner("meta").and_then(|meta| meta.as_object().cloned()).unwrap_or_default());
        let docs = inner("docs").or_else(|| given.get("docs").map(Yaml::to_json)).unwrap_or(Json::Null);
        let target = &mut macros[at];
        target.description = description;
        target.meta = meta;
        target.docs = serde_json::json!({
            "show": docs.get("show").and_then(Json::as_bool).unwrap_or(true),
            "node_color": docs.get("node_color").cloned().unwrap_or(Json::Null),
        });
        target.patch_path = Some(entry.file.patch_path());
        // Without described ones, those of the definition stay, if they were asked for.
        if !arguments.is_empty() {
            target.arguments = arguments.iter().map(argument).collect();
        }
    }
    described
}

fn argument(item: &Yaml) -> Json {
    let part = |key: &str| item.get(key).map_or(Json::Null, Yaml::to_json);
    let description = item.get("description").and_then(Yaml::as_str).unwrap_or_default();
    serde_json::json!({"name": part("name"), "type": part("type"), "description": description})
}
