//! `macros:` of property files: descriptions and arguments of macros, and whether the arguments are those of the
//! definitions (`validate_macro_args`). Called by `pipeline`.

use crate::hash::HashMap;

use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::manifest::{Json, Macro, ResourceType, UniqueId};
use crate::yaml::Yaml;

use super::columns::Reader;
use super::properties::{RawEntry, config_layer};

/// The types that an argument may have, with the number of types that follow in brackets.
const TYPES: [(&str, usize); 12] = [
    ("str", 0),
    ("string", 0),
    ("bool", 0),
    ("int", 0),
    ("integer", 0),
    ("float", 0),
    ("any", 0),
    ("list", 1),
    ("dict", 2),
    ("optional", 1),
    ("relation", 0),
    ("column", 0),
];

/// Applies all entries. Descriptions stay as written; [`descriptions`](super::descriptions) renders them. `validate` holds
/// arguments against the definitions.
pub(super) fn apply(
    entries: &[&RawEntry],
    macros: &mut [Macro],
    validate: bool,
    problems: &mut Vec<Diagnostic>,
) -> HashMap<UniqueId, Span> {
    let mut by_id: HashMap<UniqueId, usize> = HashMap::default();
    for (at, found) in macros.iter().enumerate() {
        by_id.insert(found.unique_id.clone(), at);
    }
    let mut described: HashMap<UniqueId, Span> = HashMap::default();
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
            if validate {
                problems.extend(check_arguments(target, &arguments, place));
            }
            target.arguments = arguments.iter().map(argument).collect();
        }
    }
    described
}

/// Warns of arguments that are not those of the definition, and of types that are none. The words are dbt's.
fn check_arguments(defined: &Macro, given: &[Yaml], place: Span) -> Vec<Diagnostic> {
    let name = &defined.name;
    let warn = |span: Span, message: String| {
        Diagnostic::warning(Code::INVALID_RESOURCE, span, message.clone())
            .known_as("InvalidMacroAnnotation")
            .fact("msg", message)
            .fact("macro_unique_id", defined.unique_id.as_str())
            .fact("macro_file_path", &*defined.original_file_path)
    };
    let text = |item: &Yaml, key: &str| item.get(key).and_then(Yaml::scalar_text).unwrap_or_default();
    let mut found = Vec::new();
    for (wanted, item) in defined.arguments.iter().zip(given) {
        let argument = text(item, "name");
        if wanted["name"] != *argument {
            let message =
                format!("Argument {argument} in yaml for macro {name} does not match the jinja definition.");
            found.push(warn(item.span, message));
        }
    }
    if given.len() != defined.arguments.len() {
        let message = format!(
            "The number of arguments in the yaml for macro {name} does not match the jinja definition."
        );
        found.push(warn(place, message));
    }
    for item in given {
        let kind = text(item, "type").replace([' ', '\t'], "");
        if !kind.trim().is_empty() && after_type(&kind) != Some("") {
            let argument = text(item, "name");
            let message = format!("Argument {argument} in the yaml for macro {name} has an invalid type.");
            found.push(warn(item.get("type").map_or(item.span, |kind| kind.span), message));
        }
    }
    found
}

/// Returns what follows a type such as `dict[str,list[int]]`; nothing when the text does not begin with a type.
fn after_type(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(text.len());
    let (name, mut rest) = text.split_at(end);
    let (_, count) = TYPES.iter().find(|(known, _)| *known == name)?;
    for at in 0..*count {
        rest = after_type(rest.strip_prefix(if at == 0 { '[' } else { ',' })?)?;
    }
    if *count > 0 { rest.strip_prefix(']') } else { Some(rest) }
}

fn argument(item: &Yaml) -> Json {
    let part = |key: &str| item.get(key).map_or(Json::Null, Yaml::to_json);
    let description = item.get("description").and_then(Yaml::as_str).unwrap_or_default();
    serde_json::json!({"name": part("name"), "type": part("type"), "description": description})
}
