//! Where a name is defined.
//!
//! Input: a place. Output: where what stands there is defined: a model in its file, a source, column or variable in its YAML
//! entry, a macro or docs block at its tag. What comes with the program has no file to show. Called by `requests`.

use lsp_types::{GotoDefinitionParams, GotoDefinitionResponse, Location};

use super::columns::{Meaning, Scoped};
use super::mentions::{Mention, Namer, Symbol, mention_at, read_file};
use super::query::Name;
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
    let (mention, scoped) = look(world, &asked, offset);
    let places = match mention {
        Some(mention) => defined_at(world, &mention.symbol),
        None => cte_at(world, &asked, scoped, offset).into_iter().collect(),
    };
    Ok(Some(places).filter(|places| !places.is_empty()).map(GotoDefinitionResponse::Array))
}

/// Returns what stands at a byte of a text.
pub(super) fn at(world: &World, asked: &Asked, offset: usize) -> Option<Mention> {
    look(world, asked, offset).0
}

/// Returns what stands at a byte of a text, and the queries of the text if it is SQL.
fn look<'w>(world: &'w World, asked: &Asked, offset: usize) -> (Option<Mention>, Option<Scoped<'w>>) {
    let (all, scoped) = read_file(&world.snapshot, &asked.path, asked.text.as_str());
    let mention = mention_at(&all, offset).cloned();
    (mention.or_else(|| passed_on(scoped.as_ref()?, offset)), scoped)
}

/// A column that CTEs pass on is the one that they read.
fn passed_on(scoped: &Scoped<'_>, offset: usize) -> Option<Mention> {
    let (select, name) = name_at(scoped, offset)?;
    let (id, column) = scoped.origin(scoped.meaning(select, name)?)?;
    Some(Mention::of(column_of(&id, &column), name.range.clone()))
}

/// Returns the name at a byte, and its select.
fn name_at<'q>(scoped: &'q Scoped<'_>, offset: usize) -> Option<(usize, &'q Name)> {
    let is_here = |name: &&Name| name.range.start <= offset && offset <= name.range.end;
    let mut selects = scoped.query.selects.iter().enumerate();
    selects.find_map(|(at, select)| select.names.iter().find(is_here).map(|name| (at, name)))
}

/// Returns where a CTE is defined whose name stands at a byte, or the item that a name there means.
fn cte_at(world: &World, asked: &Asked, scoped: Option<Scoped<'_>>, offset: usize) -> Option<Location> {
    let text = asked.text.as_str();
    let item = scoped.as_ref().and_then(|scoped| {
        let (select, name) = name_at(scoped, offset)?;
        scoped.meaning(select, name).filter(|meaning| matches!(meaning, Meaning::Item(..)))
    });
    if let (Some(item), Some(scoped)) = (item, &scoped) {
        return world.place(&asked.path, scoped.named(&item)?.0);
    }
    // Texts of other kinds have queries in them, too.
    let query = scoped
        .map_or_else(|| Namer::of_file(&world.snapshot, &asked.path).query(text), |scoped| scoped.query);
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
        Symbol::Source(_) | Symbol::Var(_) => places_of(world, symbol).1,
        Symbol::Column(id, name) => {
            let given = in_query(world, id, name);
            let (_, described) = places_of(world, symbol);
            let described = described.into_iter().filter(|place| Some(place) != given.as_ref());
            given.iter().cloned().chain(described).collect()
        }
    }
}

/// Returns where the query of a model gives a column.
fn in_query(world: &World, id: &UniqueId, name: &str) -> Option<Location> {
    let node = world.snapshot.manifest().node(id)?;
    let path = world.places().path(node.file)?;
    let text = world.text_of(&path).filter(|_| crate::files::has_extension(&path, &["sql"]))?;
    let namer = Namer { snapshot: &world.snapshot, package: &node.package_name };
    let scoped = Scoped::new(&world.snapshot, namer.query(text.as_str()));
    world.place(&path, scoped.given(name)?.0)
}
