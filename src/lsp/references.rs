//! Where a symbol is named, in all files of the project and its packages.
//!
//! Input: a symbol. Output: places, in the order of the files. Files are read as they are open, else as they were when the
//! project was read. Called by `requests`, `definition` and the renamings.

use camino::{Utf8Path, Utf8PathBuf};
use lsp_types::{Location, ReferenceParams};
use rayon::prelude::*;

use super::definition::at;
use super::mentions::{Mention, Symbol, mentions};
use super::requests::Answer;
use super::snapshot::World;
use super::text::Text;
use crate::files;

/// Answers `textDocument/references`.
#[expect(clippy::unnecessary_wraps, reason = "as all requests are answered")]
pub(super) fn references(world: &World, params: ReferenceParams) -> Answer<Option<Vec<Location>>> {
    let place = params.text_document_position;
    let Some(asked) = world.asked(&place.text_document.uri) else { return Ok(None) };
    let offset = asked.text.offset(place.position);
    // In a model's file, where nothing else stands: who reads the model?
    let own = || world.snapshot.node_in(&asked.path).map(|node| Symbol::Node(node.unique_id.clone()));
    let symbol = at(world, &asked, offset).map(|mention| mention.symbol).or_else(own);
    Ok(symbol.map(|symbol| {
        let mut places = places_of(world, &symbol, false);
        if params.context.include_declaration {
            places.extend(places_of(world, &symbol, true));
        }
        places
    }))
}

/// Returns where a symbol is defined or described, or else where it is used.
pub(super) fn places_of(world: &World, symbol: &Symbol, defines: bool) -> Vec<Location> {
    let named = named_in(world, symbol, |_| true).into_iter();
    let places = named.flat_map(|named| {
        let mentions = named.mentions.into_iter().filter(|mention| mention.defines == defines);
        let places = mentions.filter_map(|mention| {
            Some(Location { uri: world.uri(&named.path)?, range: named.text.range(mention.range) })
        });
        places.collect::<Vec<_>>()
    });
    places.collect()
}

/// A file that names a symbol.
pub(super) struct Named {
    pub(super) path: Utf8PathBuf,
    pub(super) text: Text,
    pub(super) mentions: Vec<Mention>,
}

/// Finds the files that name a symbol, with their mentions of it.
pub(super) fn named_in(
    world: &World,
    symbol: &Symbol,
    wanted: impl Fn(&Utf8Path) -> bool + Sync,
) -> Vec<Named> {
    let word = word_of(world, symbol).to_lowercase();
    let files = world.snapshot.files();
    let of_file = |path: &Utf8PathBuf| -> Option<Named> {
        let text = world.text_of(path)?;
        // Most files do not even have the word, which is quickly seen.
        if !text.as_str().to_lowercase().contains(&word) {
            return None;
        }
        let all = mentions(&world.snapshot, path, text.as_str());
        let mentions: Vec<Mention> = all.into_iter().filter(|mention| mention.symbol == *symbol).collect();
        (!mentions.is_empty()).then(|| Named { path: path.clone(), text, mentions })
    };
    let texts = files.into_par_iter().map(|(path, _)| path);
    let texts =
        texts.filter(|path| files::has_extension(path, &["sql", "py", "yml", "yaml", "md"]) && wanted(path));
    texts.filter_map(of_file).collect()
}

/// Returns the word that stands wherever a symbol is named.
fn word_of(world: &World, symbol: &Symbol) -> String {
    let manifest = world.snapshot.manifest();
    match symbol {
        Symbol::Node(id) => manifest.node(id).map(|node| node.name.clone()).unwrap_or_default(),
        Symbol::Source(id) => manifest.sources.get(id).map(|table| table.name.clone()).unwrap_or_default(),
        // A test is called without `test_`, and a macro that is dispatched to without its prefix.
        Symbol::Macro(id) => {
            let name = manifest.macros.get(id).map_or("", |found| found.name.as_str());
            let name = name.strip_prefix("test_").unwrap_or(name);
            name.split_once("__").map_or(name, |(_, name)| name).to_owned()
        }
        Symbol::Doc(id) => manifest.docs.get(id).map(|doc| doc.name.clone()).unwrap_or_default(),
        Symbol::Var(name) | Symbol::Column(_, name) => name.clone(),
    }
}
