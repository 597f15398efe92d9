//! Where a name is defined.
//!
//! Input: a place. Output: where what stands there is defined: a model in its file, a source, column or variable in its YAML
//! entry, a macro or docs block at its tag. What comes with the program has no file to show. Called by `requests`.

use lsp_types::{GotoDefinitionParams, GotoDefinitionResponse, Location};

use super::columns::{Meaning, Scoped, query_of};
use super::mentions::{Mention, Namer, Symbol, mention_at, mentions};
use super::query::Query;
use super::references::places_of;
use super::requests::Answer;
use super::snapshot::{Asked, World};
use super::yaml_mentions::column_of;
use crate::diag::Span;
use crate::manifest::UniqueId;

/// Answers `textDocument/definition`.
#[expect(clippy::unnecessary_wraps, reason = "as all requests are answered")]
pub(super) fn definition(
    world: &World,
    params: GotoDefinitionParams,
) -> Answer<Option<GotoDefinitionResponse>> {
    let place = params.text_document_position_params;
    let Some(asked) = world.asked(&place.text_document.uri) else { return Ok(None) };
    let offset = asked.text.offset(place.position);
    let places = match at(world, &asked, offset) {
        Some(mention) => defined_at(world, &mention.symbol),
        None => cte_at(world, &asked, offset).into_iter().collect(),
    };
    Ok(Some(places).filter(|places| !places.is_empty()).map(GotoDefinitionResponse::Array))
}

/// Returns what stands at a byte of a text.
pub(super) fn at(world: &World, asked: &Asked, offset: usize) -> Option<Mention> {
    let (snapshot, text) = (&world.snapshot, asked.text.as_str());
    let all = mentions(snapshot, &asked.path, text);
    mention_at(&all, offset).cloned().or_else(|| passed_on(world, asked, offset))
}

/// A column that CTEs pass on is the one that they read.
fn passed_on(world: &World, asked: &Asked, offset: usize) -> Option<Mention> {
    let (scoped, select, name) = &*named_at(world, asked, offset)?;
    let scoped = Scoped { snapshot: &world.snapshot, query: scoped };
    let meaning = scoped.meaning(*select, &scoped.query.selects[*select].names[*name])?;
    let (id, column) = scoped.origin(meaning)?;
    let range = scoped.query.selects[*select].names[*name].range.clone();
    Some(Mention::of(column_of(&id, &column), range))
}

/// Returns the query of a text, and which name of which select stands at a byte.
fn named_at(world: &World, asked: &Asked, offset: usize) -> Option<Box<(Query, usize, usize)>> {
    if !crate::files::has_extension(&asked.path, &["sql"]) {
        return None;
    }
    let package = &world.snapshot.project_of(&asked.path).name;
    let query = query_of(&Namer { snapshot: &world.snapshot, package }, asked.text.as_str());
    let is_here = |range: &std::ops::Range<usize>| range.start <= offset && offset <= range.end;
    let place = query.selects.iter().enumerate().find_map(|(at, select)| {
        select.names.iter().position(|name| is_here(&name.range)).map(|name| (at, name))
    });
    place.map(|(select, name)| Box::new((query, select, name)))
}

/// Returns where a CTE is defined whose name stands at a byte, or the item that a name there means.
fn cte_at(world: &World, asked: &Asked, offset: usize) -> Option<Location> {
    let text = asked.text.as_str();
    let package = &world.snapshot.project_of(&asked.path).name;
    if let Some(found) = named_at(world, asked, offset) {
        let (query, select, name) = &*found;
        let scoped = Scoped { snapshot: &world.snapshot, query };
        if let Some(Meaning::Item(select, item)) =
            scoped.meaning(*select, &query.selects[*select].names[*name])
        {
            let (_, range) = query.selects.get(select)?.items.get(item)?.name.as_ref()?;
            return world.place(&asked.path, range.clone());
        }
    }
    let query = query_of(&Namer { snapshot: &world.snapshot, package }, text);
    let word = word_at(text, offset);
    let cte = query.ctes.iter().find(|cte| cte.name.eq_ignore_ascii_case(&text[word.clone()]))?;
    world.place(&asked.path, cte.name_range.clone())
}

/// Returns the word around a byte.
pub(super) fn word_at(text: &str, offset: usize) -> std::ops::Range<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let start = text[..offset]
        .rfind(|c| !is_word(c))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let end = text[offset..].find(|c| !is_word(c)).map_or(text.len(), |at| offset + at);
    start..end
}

/// Returns where a symbol is defined.
pub(super) fn defined_at(world: &World, symbol: &Symbol) -> Vec<Location> {
    let manifest = world.snapshot.manifest();
    let start = |span: Span| world.location(Span { end: span.start, ..span });
    match symbol {
        Symbol::Node(id) => manifest.node(id).and_then(|node| start(node.span)).into_iter().collect(),
        Symbol::Macro(id) => {
            manifest.macros.get(id).and_then(|found| start(found.span)).into_iter().collect()
        }
        Symbol::Doc(id) => manifest.docs.get(id).and_then(|doc| start(doc.span)).into_iter().collect(),
        Symbol::Source(_) | Symbol::Var(_) => places_of(world, symbol, true),
        Symbol::Column(id, name) => {
            let given = in_query(world, id, name);
            let described =
                places_of(world, symbol, true).into_iter().filter(|place| Some(place) != given.as_ref());
            given.iter().cloned().chain(described).collect()
        }
    }
}

/// Returns where the query of a model gives a column.
fn in_query(world: &World, id: &UniqueId, name: &str) -> Option<Location> {
    let node = world.snapshot.manifest().node(id)?;
    let path = world.places().path(node.file)?;
    let text = world.text_of(&path).filter(|_| crate::files::has_extension(&path, &["sql"]))?;
    let query = query_of(&Namer { snapshot: &world.snapshot, package: &node.package_name }, text.as_str());
    let scoped = Scoped { snapshot: &world.snapshot, query: &query };
    let Some(Meaning::Item(select, item)) = scoped.output(&query.finals, name) else { return None };
    let (_, range) = query.selects.get(select)?.items.get(item)?.name.as_ref()?;
    world.place(&path, range.clone())
}
