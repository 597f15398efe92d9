//! What can be written at a place.
//!
//! Input: a place in a text that is half written. Output: names that fit there: within a call what it names, within a tag macros
//! and the names of the context, in SQL columns and CTEs, in YAML keys and values (`completion_yaml`). Editors filter by what
//! was typed. Called by `requests`.

use std::collections::BTreeMap;
use std::ops::Range as Bytes;

use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionList, CompletionParams, CompletionResponse,
    CompletionTextEdit, TextEdit,
};

use super::calls::{CallSite, calls};
use super::columns::{Scoped, columns_of};
use super::completion_yaml;
use super::definition::word_at;
use super::hover::head;
use super::mentions::Namer;
use super::query::Target;
use super::requests::Answer;
use super::snapshot::{Asked, World};
use crate::context::TEMPLATE_NAMES;
use crate::files;
use crate::jinja::{TokenKind, tags};
use crate::manifest::{ResourceType, defaults, short_id};
use crate::parse;

/// Something that can be written.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) label: String,
    pub(super) kind: CompletionItemKind,
    pub(super) detail: String,
}

impl Offer {
    pub(super) fn new(label: impl Into<String>, kind: CompletionItemKind, detail: impl Into<String>) -> Self {
        Self { label: label.into(), kind, detail: detail.into() }
    }
}

/// What is offered in the place of a stretch of text.
pub(super) type Offers = (Bytes<usize>, Vec<Offer>);

/// Answers `textDocument/completion`.
#[expect(clippy::unnecessary_wraps, reason = "as all requests are answered")]
pub(super) fn completion(world: &World, params: CompletionParams) -> Answer<Option<CompletionResponse>> {
    let place = params.text_document_position;
    let Some(asked) = world.asked(&place.text_document.uri) else { return Ok(None) };
    let offset = asked.text.offset(place.position);
    let offers = in_template(world, &asked, offset).or_else(|| {
        if files::has_extension(&asked.path, &["yml", "yaml"]) {
            completion_yaml::offers(world, &asked, offset)
        } else if files::has_extension(&asked.path, &["sql"]) {
            Some(in_query(world, &asked, offset))
        } else {
            None
        }
    });
    let Some((replaced, offers)) = offers else { return Ok(None) };
    let range = asked.text.range(replaced);
    let item = |(at, offer): (usize, Offer)| CompletionItem {
        text_edit: Some(CompletionTextEdit::Edit(TextEdit { range, new_text: offer.label.clone() })),
        label: offer.label,
        kind: Some(offer.kind),
        detail: Some(offer.detail).filter(|detail| !detail.is_empty()),
        sort_text: Some(format!("{at:05}")),
        ..CompletionItem::default()
    };
    let items = offers.into_iter().enumerate().map(item).collect();
    Ok(Some(CompletionResponse::List(CompletionList { is_incomplete: false, items })))
}

/// Offers within a tag; `None` outside of tags.
fn in_template(world: &World, asked: &Asked, offset: usize) -> Option<Offers> {
    let before = &asked.text.as_str()[..offset];
    let tag = tags(before).pop().filter(|tag| !tag.closed)?;
    let namer = Namer::of_file(&world.snapshot, &asked.path);
    let in_string = tag.tokens.last().filter(|last| last.kind == TokenKind::Str && last.end == offset);
    let in_string = in_string.filter(|last| {
        let written = &before[last.start..];
        written.len() == 1 || !written.ends_with(written.chars().next().unwrap_or('\''))
    });
    let open = calls(before, &tag.tokens).into_iter().rfind(|call| call.open);
    if let Some(string) = in_string {
        let call = open?;
        return Some((to_quote(asked, string.start + 1..offset), in_call(world, &namer, &call)));
    }
    let word = word_at(asked.text.as_str(), offset);
    let before_word = before[..word.start.min(offset)].trim_end();
    if let Some(object) = before_word.strip_suffix('.') {
        let object = object.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
        return Some((word.start..offset, of_package(world, object)));
    }
    let mut offers = Vec::new();
    if let Some(call) = open.filter(|call| call.name() == "config") {
        offers.extend(configs(world, asked, &call));
    }
    offers.extend(of_context(world, namer.package));
    Some((word.start..offset, offers))
}

/// Extends a stretch within quotes to the second quote, if it is on the same line and only a name is between.
fn to_quote(asked: &Asked, typed: Bytes<usize>) -> Bytes<usize> {
    let rest = &asked.text.as_str()[typed.end..];
    let name =
        rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))).unwrap_or(rest.len());
    let closed = rest[name..].starts_with(['\'', '"']);
    if closed { typed.start..typed.end + name } else { typed }
}

/// Offers what a call names.
fn in_call(world: &World, namer: &Namer<'_>, call: &CallSite<'_>) -> Vec<Offer> {
    let manifest = world.snapshot.manifest();
    let place = call.arguments.len().saturating_sub(1);
    let first = call.arguments.first().and_then(|argument| argument.string.as_ref()).map(|word| word.text);
    match (call.bare_name().unwrap_or_default(), place) {
        ("ref", 0) => nodes(world, None),
        ("ref", _) => nodes(world, first),
        ("source", 0) => {
            let sources = manifest.sources.values();
            let names: BTreeMap<&str, &str> = sources
                .map(|table| (table.source_name.as_str(), table.source_description.as_str()))
                .collect();
            let offer = |(name, description): (&str, &str)| {
                Offer::new(name, CompletionItemKind::MODULE, first_line(description))
            };
            names.into_iter().map(offer).collect()
        }
        ("source", _) => {
            let tables = manifest.sources.values().filter(|table| Some(table.source_name.as_str()) == first);
            let offer = |table: &std::sync::Arc<crate::manifest::SourceTable>| {
                Offer::new(table.name.as_str(), CompletionItemKind::STRUCT, first_line(&table.description))
            };
            tables.map(offer).collect()
        }
        ("var", 0) => {
            let vars = world.snapshot.workspace.projects().flat_map(|project| project.vars.iter());
            let vars = vars.filter(|entry| world.snapshot.workspace.project_named(&entry.key).is_none());
            vars.map(|entry| {
                Offer::new(&*entry.key, CompletionItemKind::CONSTANT, entry.value.to_json().to_string())
            })
            .collect()
        }
        ("doc", _) => {
            let offer = |doc: &std::sync::Arc<crate::manifest::Doc>| {
                Offer::new(doc.name.as_str(), CompletionItemKind::TEXT, first_line(&doc.block_contents))
            };
            manifest.docs.values().map(offer).collect()
        }
        ("function", _) => {
            let functions = manifest.functions.values();
            functions
                .map(|node| {
                    Offer::new(
                        node.name.as_str(),
                        CompletionItemKind::FUNCTION,
                        first_line(&node.description),
                    )
                })
                .collect()
        }
        ("config", _) => {
            let key = call.arguments.last().and_then(|argument| argument.name).unwrap_or_default();
            config_values(world, namer.package, ResourceType::Model, key)
        }
        _ => Vec::new(),
    }
}

/// Offers models, seeds and snapshots, of one package if it is named; versions of a model are one.
fn nodes(world: &World, package: Option<&str>) -> Vec<Offer> {
    let all = world.snapshot.manifest().nodes.values();
    let refable = all.filter(|node| node.resource_type().is_refable());
    let wanted = refable.filter(|node| package.is_none_or(|package| *node.package_name == *package));
    let mut offers: Vec<Offer> = wanted
        .map(|node| {
            let kind = match node.resource_type() {
                ResourceType::Model => format!("{} model", node.config.materialized().as_str()),
                other => other.as_str().to_owned(),
            };
            Offer::new(node.name.as_str(), CompletionItemKind::CLASS, kind)
        })
        .collect();
    offers.sort_by(|a, b| a.label.cmp(&b.label));
    offers.dedup_by(|a, b| a.label == b.label);
    offers
}

/// Offers the names of models, seeds and snapshots.
pub(super) fn node_names(world: &World) -> Vec<Offer> {
    nodes(world, None)
}

pub(super) fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// Offers the macros of a package, which stand behind its name and a dot.
fn of_package(world: &World, package: &str) -> Vec<Offer> {
    let macros = &world.snapshot.parsed.shared.macros;
    let mut offers: Vec<Offer> = macros
        .names_in(package)
        .iter()
        .filter(|name| is_callable(name))
        .map(|name| {
            let found = macros
                .qualified(package, name)
                .and_then(|entry| world.snapshot.manifest().macros.get(&entry.id));
            Offer::new(
                &**name,
                CompletionItemKind::FUNCTION,
                found.map_or_else(String::new, |found| head(found).to_owned()),
            )
        })
        .collect();
    offers.sort_by(|a, b| a.label.cmp(&b.label));
    offers
}

/// Tests, materializations and variants of dispatched macros are not called by these names.
fn is_callable(name: &str) -> bool {
    !name.starts_with("test_") && !name.starts_with("materialization_") && !name.contains("__")
}

/// Offers what a name alone may mean in a tag: macros of the project first, then names of the context, then packages, then the
/// macros that come with the program.
fn of_context(world: &World, package: &str) -> Vec<Offer> {
    let macros = &world.snapshot.parsed.shared.macros;
    let manifest = world.snapshot.manifest();
    let mut names = macros.bare_names(package);
    names.sort_unstable();
    names.dedup();
    let (mut own, mut inner) = (Vec::new(), Vec::new());
    for name in names.iter().filter(|name| is_callable(name)) {
        let Some(entry) = macros.bare(package, name) else { continue };
        let detail = manifest.macros.get(&entry.id).map_or("", |found| head(found));
        let offer = Offer::new(&**name, CompletionItemKind::FUNCTION, detail);
        if macros.is_internal(entry) { inner.push(offer) } else { own.push(offer) }
    }
    let names = TEMPLATE_NAMES.iter().map(|name| Offer::new(*name, CompletionItemKind::VARIABLE, "dbt"));
    let packages = world.snapshot.workspace.packages.iter();
    let packages = packages.map(|project| Offer::new(&*project.name, CompletionItemKind::MODULE, "package"));
    own.into_iter().chain(names).chain(packages).chain(inner).collect()
}

/// Offers the keys of `config()` that are not there yet.
fn configs(world: &World, asked: &Asked, call: &CallSite<'_>) -> Vec<Offer> {
    if call.arguments.last().is_some_and(|argument| argument.name.is_some()) {
        return Vec::new();
    }
    let kind = world.snapshot.node_in(&asked.path).map_or(ResourceType::Model, |node| node.resource_type());
    let there = |key: &str| call.named(key).is_some();
    let keys = defaults(kind).keys().filter(|key| !key.contains('-') && !there(key));
    keys.map(|key| Offer::new(format!("{key}="), CompletionItemKind::PROPERTY, "config")).collect()
}

/// Offers the values that a config may have.
pub(super) fn config_values(world: &World, package: &str, resource: ResourceType, key: &str) -> Vec<Offer> {
    let value = |name: &str| Offer::new(name, CompletionItemKind::ENUM_MEMBER, "");
    if key != "materialized" {
        return parse::config_values(resource, key).iter().map(|name| value(name)).collect();
    }
    let macros = &world.snapshot.parsed.shared.macros;
    let names = macros.bare_names(package);
    let made = names.iter().filter_map(|name| name.strip_prefix("materialization_")?.rsplit_once('_'));
    let mut names: Vec<&str> = made.map(|(name, _)| name).chain(["ephemeral"]).collect();
    // What is no model has its only materialization by itself.
    names.retain(|name| !matches!(*name, "seed" | "snapshot" | "test" | "unit" | "function" | "clone"));
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(value).collect()
}

/// Offers columns of what the select around a place reads, and names of CTEs.
fn in_query(world: &World, asked: &Asked, offset: usize) -> Offers {
    let text = asked.text.as_str();
    let scoped = Scoped::new(&world.snapshot, Namer::of_file(&world.snapshot, &asked.path).query(text));
    let query = &scoped.query;
    let word = word_at(text, offset);
    let replaced = word.start..offset;
    let before = text[..word.start].trim_end_matches('"');
    let qualifier = before.strip_suffix('.').map(|before| {
        let start = before.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
        before.get(start..).unwrap_or_default().to_lowercase()
    });
    // The innermost select that has begun before.
    let around = query.selects.iter().filter(|select| select.range.start <= offset);
    let ended = |select: &&super::query::Select| text[select.range.end.min(offset)..offset].contains(')');
    let Some(select) = around.filter(|select| !ended(select)).max_by_key(|select| select.range.start) else {
        return (replaced, Vec::new());
    };
    let mut offers = Vec::new();
    for source in &select.sources {
        if qualifier.as_ref().is_some_and(|qualifier| *qualifier != source.alias) {
            continue;
        }
        let of = match &source.target {
            Target::Relation(id) => short_id(id.as_str()).to_owned(),
            Target::Selects(_) | Target::Unknown => source.alias.clone(),
        };
        for name in &scoped.of_target(&source.target).names {
            let ty = match &source.target {
                Target::Relation(id) => {
                    world.type_of(id, name).map(|ty| format!(" · {ty}")).unwrap_or_default()
                }
                Target::Selects(_) | Target::Unknown => String::new(),
            };
            offers.push(Offer::new(name.as_str(), CompletionItemKind::FIELD, format!("{of}{ty}")));
        }
    }
    if qualifier.is_none() {
        let aliases = select.sources.iter().filter(|source| !source.alias.starts_with('_'));
        offers.extend(
            aliases.map(|source| Offer::new(source.alias.as_str(), CompletionItemKind::VARIABLE, "relation")),
        );
        offers.extend(
            query.ctes.iter().map(|cte| Offer::new(cte.name.as_str(), CompletionItemKind::VARIABLE, "CTE")),
        );
        offers.sort_by(|a, b| {
            (a.kind == CompletionItemKind::VARIABLE).cmp(&(b.kind == CompletionItemKind::VARIABLE))
        });
    }
    let mut seen = crate::hash::HashSet::default();
    offers.retain(|offer| seen.insert(offer.label.clone()));
    (replaced, offers)
}

/// Returns the columns of a relation as offers.
pub(super) fn columns(world: &World, id: &crate::manifest::UniqueId) -> Vec<Offer> {
    let names = &columns_of(&world.snapshot, id).names;
    let ty = |name: &str| world.type_of(id, name).unwrap_or_default();
    names.iter().map(|name| Offer::new(name.as_str(), CompletionItemKind::FIELD, ty(name))).collect()
}
