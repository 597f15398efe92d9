//! What a file consists of: CTEs and selects, macros and docs blocks, entries of YAML; and all resources by name.
//!
//! Input: a document, or a part of a name. Output: symbols as editors list them. Called by `requests`.

use std::ops::Range as Bytes;

use lsp_types::{
    DocumentSymbol, DocumentSymbolParams, DocumentSymbolResponse, SymbolInformation, SymbolKind,
    WorkspaceSymbolParams,
};

use super::mentions::Namer;
use super::requests::Answer;
use super::snapshot::{Asked, World};
use super::text::Text;
use crate::diag::Sources;
use crate::files;
use crate::jinja::blocks;
use crate::yaml::{self, Map, Yaml};

/// Answers `textDocument/documentSymbol`.
#[expect(clippy::unnecessary_wraps, clippy::needless_pass_by_value, reason = "as all requests are answered")]
pub(super) fn of_document(
    world: &World,
    params: DocumentSymbolParams,
) -> Answer<Option<DocumentSymbolResponse>> {
    let Some(asked) = world.asked(&params.text_document.uri) else { return Ok(None) };
    let symbols = if files::has_extension(&asked.path, &["yml", "yaml"]) {
        of_yaml(&asked.text)
    } else {
        let mut symbols = of_blocks(&asked.text);
        if files::has_extension(&asked.path, &["sql"]) && symbols.is_empty() {
            symbols = of_query(world, &asked);
        }
        symbols
    };
    Ok(Some(DocumentSymbolResponse::Nested(symbols)))
}

/// Makes a symbol. `whole` is all of it, `name` the place of its name.
fn symbol(
    text: &Text,
    (name, detail): (&str, Option<String>),
    kind: SymbolKind,
    (whole, place): (Bytes<usize>, Bytes<usize>),
    children: Vec<DocumentSymbol>,
) -> DocumentSymbol {
    // Editors refuse symbols without a name, or with a name outside of them.
    let name = if name.trim().is_empty() { "?" } else { name };
    let whole = whole.start.min(place.start)..whole.end.max(place.end);
    #[expect(deprecated, reason = "the field has to be there")]
    DocumentSymbol {
        name: name.to_owned(),
        detail,
        kind,
        tags: None,
        deprecated: None,
        range: text.range(whole),
        selection_range: text.range(place),
        children: Some(children).filter(|children| !children.is_empty()),
    }
}

fn of_blocks(text: &Text) -> Vec<DocumentSymbol> {
    let (found, _) = blocks(text.as_str(), Sources::new().add_inner("", ""));
    let of_block = |block: crate::jinja::Block| {
        let names = (block.name.as_str(), Some(format!("{:?}", block.kind).to_lowercase()));
        symbol(text, names, SymbolKind::FUNCTION, (block.full, block.name_range), Vec::new())
    };
    found.into_iter().map(of_block).collect()
}

fn of_query(world: &World, asked: &Asked) -> Vec<DocumentSymbol> {
    let query = Namer::of_file(&world.snapshot, &asked.path).query(asked.text.as_str());
    let text = &asked.text;
    let mut symbols: Vec<DocumentSymbol> = query
        .ctes
        .iter()
        .map(|cte| {
            let names = (cte.name.as_str(), Some("CTE".to_owned()));
            symbol(text, names, SymbolKind::STRUCT, (cte.range.clone(), cte.name_range.clone()), Vec::new())
        })
        .collect();
    for select in query.finals.iter().filter_map(|id| query.selects.get(*id)) {
        let items = select.items.iter().filter_map(|item| item.name.as_ref());
        let items = items.map(|(name, range)| {
            symbol(text, (name, None), SymbolKind::FIELD, (range.clone(), range.clone()), Vec::new())
        });
        let place = select.range.start..select.range.start + "select".len();
        symbols.push(symbol(
            text,
            ("select", None),
            SymbolKind::STRUCT,
            (select.range.clone(), place),
            items.collect(),
        ));
    }
    symbols
}

fn of_yaml(text: &Text) -> Vec<DocumentSymbol> {
    let (tree, _) = yaml::parse_text(&Sources::new(), "", text.as_str());
    tree.as_ref().and_then(Yaml::as_map).map(|map| lists(text, map)).unwrap_or_default()
}

/// Lists whose items have names become symbols, and so do the lists within those.
fn lists(text: &Text, map: &Map) -> Vec<DocumentSymbol> {
    let mut symbols = Vec::new();
    for entry in map {
        let items = entry.value.as_seq().unwrap_or_default();
        let named = items.iter().filter_map(|item| {
            let name = item.get("name")?;
            let inner = item.as_map().map(|map| lists(text, map)).unwrap_or_default();
            let names = (name.as_str()?, None);
            Some(symbol(text, names, SymbolKind::OBJECT, (item.span.range(), name.span.range()), inner))
        });
        let named: Vec<DocumentSymbol> = named.collect();
        if !named.is_empty() {
            let whole = entry.key_span.to(entry.value.span).range();
            symbols.push(symbol(
                text,
                (&entry.key, None),
                SymbolKind::ARRAY,
                (whole, entry.key_span.range()),
                named,
            ));
        }
    }
    symbols
}

/// How many resources an answer lists.
const MOST: usize = 500;

/// Answers `workspace/symbol`.
#[expect(clippy::unnecessary_wraps, clippy::needless_pass_by_value, reason = "as all requests are answered")]
pub(super) fn of_workspace(world: &World, params: WorkspaceSymbolParams) -> Answer<Vec<SymbolInformation>> {
    let wanted = params.query.to_lowercase();
    let manifest = world.snapshot.manifest();
    let nodes = manifest.all_nodes().filter(|node| node.generic_test().is_none());
    let nodes =
        nodes.map(|node| (node.name.as_str(), node.resource_type().as_str(), SymbolKind::CLASS, node.span));
    let tables = manifest.sources.values();
    let tables = tables.map(|table| (table.name.as_str(), "source", SymbolKind::CLASS, table.span));
    let macros = manifest.macros.values();
    let macros = macros.map(|found| (found.name.as_str(), "macro", SymbolKind::FUNCTION, found.span));
    let docs = manifest.docs.values().map(|doc| (doc.name.as_str(), "docs", SymbolKind::STRING, doc.span));
    let all = nodes.chain(tables).chain(macros).chain(docs);
    let found = all.filter(|(name, ..)| name.to_lowercase().contains(&wanted));
    let information = found.filter_map(|(name, container, kind, span)| {
        let location = world.location(crate::diag::Span { end: span.start, ..span })?;
        #[expect(deprecated, reason = "the field has to be there")]
        Some(SymbolInformation {
            name: name.to_owned(),
            kind,
            tags: None,
            deprecated: None,
            location,
            container_name: Some(container.to_owned()),
        })
    });
    Ok(information.take(MOST).collect())
}
