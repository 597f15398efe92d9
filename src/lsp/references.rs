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
        let (mut places, definitions) = places_of(world, &symbol);
        if params.context.include_declaration {
            places.extend(definitions);
        }
        places
    }))
}

/// Returns where a symbol is used, and where it is defined or described.
pub(super) fn places_of(world: &World, symbol: &Symbol) -> (Vec<Location>, Vec<Location>) {
    let (mut uses, mut definitions) = (Vec::new(), Vec::new());
    for named in named_in(world, symbol, |_| true) {
        let Some(uri) = world.uri(&named.path) else { continue };
        for mention in named.mentions {
            let place = Location { uri: uri.clone(), range: named.text.range(mention.range) };
            if mention.defines { definitions.push(place) } else { uses.push(place) }
        }
    }
    (uses, definitions)
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
        // Most files do not even have the word, which is quickly seen.
        if !world.plain_text_of(path)?.to_lowercase().contains(&word) {
            return None;
        }
        let text = world.text_of(path)?;
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
