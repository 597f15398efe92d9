//! What is known of the thing at a place, as Markdown.
//!
//! Input: a place. Output: a card: what it is, its description, its columns, arguments or value, and who reads it. Called by
//! `requests`.

use std::fmt::Write as _;

use lsp_types::{Hover, HoverContents, HoverParams, MarkupContent, MarkupKind};

use super::columns::columns_of;
use super::definition::at;
use super::mentions::Symbol;
use super::requests::Answer;
use super::snapshot::World;
use crate::manifest::{Columns, Json, Macro, Node, UniqueId, short_id};

/// How many names a list shows before the rest is counted.
const MOST: usize = 12;
/// How many columns a card shows.
const MOST_COLUMNS: usize = 40;

/// Answers `textDocument/hover`.
#[expect(clippy::unnecessary_wraps, reason = "as all requests are answered")]
pub(super) fn hover(world: &World, params: HoverParams) -> Answer<Option<Hover>> {
    let place = params.text_document_position_params;
    let Some(asked) = world.asked(&place.text_document.uri) else { return Ok(None) };
    let Some(mention) = at(world, &asked, asked.text.offset(place.position)) else { return Ok(None) };
    let range = Some(asked.text.range(mention.range));
    let card = card(world, &mention.symbol);
    Ok(card.map(|value| Hover {
        contents: HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value }),
        range,
    }))
}

/// Returns the card of a symbol.
fn card(world: &World, symbol: &Symbol) -> Option<String> {
    let manifest = world.snapshot.manifest();
    match symbol {
        Symbol::Node(id) => manifest.node(id).map(|node| of_node(world, node)),
        Symbol::Source(id) => {
            let table = manifest.sources.get(id)?;
            let mut text = format!("**source** `{}`\n\n`{}`\n", table.search_name(), table.relation_name);
            paragraph(&mut text, &table.description);
            paragraph(&mut text, &table.source_description);
            columns(&mut text, world, id, &table.columns);
            neighbours(&mut text, world, id);
            Some(text)
        }
        Symbol::Macro(id) => manifest.macros.get(id).map(|found| of_macro(found)),
        Symbol::Doc(id) => {
            let doc = manifest.docs.get(id)?;
            Some(format!("**docs block** `{}`\n\n{}", doc.name, doc.block_contents))
        }
        Symbol::Var(name) => Some(of_var(world, name)),
        Symbol::Column(id, name) => Some(of_column(world, id, name)),
    }
}

fn of_node(world: &World, node: &Node) -> String {
    let mut text = format!("**{}** `{}`", node.resource_type(), node.search_name());
    let materialized = node.config.materialized();
    if node.resource_type().is_refable() {
        let _ = write!(text, " · {}", materialized.as_str());
    }
    text.push('\n');
    if let Some(relation) = &node.relation_name {
        let _ = write!(text, "\n`{relation}`\n");
    }
    paragraph(&mut text, &node.description);
    if let Some(test) = node.generic_test() {
        let _ = write!(text, "\ntest `{}`\n", test.metadata.name);
    }
    columns(&mut text, world, &node.unique_id, &node.columns);
    neighbours(&mut text, world, &node.unique_id);
    text
}

fn paragraph(text: &mut String, more: &str) {
    if !more.trim().is_empty() {
        let _ = write!(text, "\n{}\n", more.trim());
    }
}

/// A table of columns: those of the query in their order, then others that are described.
fn columns(text: &mut String, world: &World, id: &UniqueId, described: &Columns) {
    let known = columns_of(&world.snapshot, id);
    if known.names.is_empty() {
        return;
    }
    text.push_str("\n| column | type | |\n|---|---|---|\n");
    for name in known.names.iter().take(MOST_COLUMNS) {
        let said = described.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, said)| said);
        let data_type = world.type_of(id, name).or_else(|| said.and_then(|said| said.data_type.clone()));
        let description =
            said.map(|said| said.description.lines().next().unwrap_or_default().replace('|', "\\|"));
        let (data_type, description) = (data_type.unwrap_or_default(), description.unwrap_or_default());
        let _ = writeln!(text, "| `{name}` | {data_type} | {description} |");
    }
    if known.names.len() > MOST_COLUMNS {
        let _ = writeln!(text, "| ... {} more | | |", known.names.len() - MOST_COLUMNS);
    }
}

/// What it reads, and what reads it.
fn neighbours(text: &mut String, world: &World, id: &UniqueId) {
    let dag = world.snapshot.dag();
    let Some(place) = dag.place(id) else { return };
    let names = |places: Vec<usize>| {
        let (tests, others): (Vec<_>, Vec<_>) =
            places.into_iter().map(|place| dag.id(place).as_str()).partition(|id| id.starts_with("test."));
        let shown: Vec<String> = others.iter().take(MOST).map(|id| format!("`{}`", short_id(id))).collect();
        let rest = others.len().saturating_sub(MOST);
        let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        (format!("{}{more}", shown.join(", ")), others.len(), tests.len())
    };
    let (reads, count, _) = names(dag.parents(place));
    if count > 0 {
        let _ = write!(text, "\n**reads** {reads}\n");
    }
    let (readers, count, tests) = names(dag.children(place));
    if count > 0 {
        let _ = write!(text, "\n**read by** {readers}\n");
    }
    if tests > 0 {
        let _ = write!(text, "\n{tests} {}\n", if tests == 1 { "test" } else { "tests" });
    }
}

fn of_macro(found: &Macro) -> String {
    let mut text =
        format!("**macro** `{}` · {}\n\n```jinja\n{}\n```\n", found.name, found.package_name, head(found));
    paragraph(&mut text, &found.description);
    for argument in &found.arguments {
        let part = |key: &str| argument.get(key).and_then(Json::as_str).unwrap_or_default();
        let ty = if part("type").is_empty() { String::new() } else { format!(" ({})", part("type")) };
        let _ = write!(text, "\n- `{}`{ty} {}", part("name"), part("description"));
    }
    text
}

/// Returns the tag that opens a macro.
pub(super) fn head(found: &Macro) -> &str {
    let end = found.macro_sql.find("%}").map_or(found.macro_sql.len(), |at| at + 2);
    &found.macro_sql[..end]
}

fn of_var(world: &World, name: &str) -> String {
    let workspace = &world.snapshot.workspace;
    let value = workspace.vars(&workspace.project).get(name).map(|value| value.to_json().to_string());
    match value {
        Some(value) => format!("**variable** `{name}`\n\n```json\n{value}\n```\n"),
        None => format!("**variable** `{name}`\n\nnot set in `dbt_project.yml` or by `--vars`\n"),
    }
}

fn of_column(world: &World, id: &UniqueId, name: &str) -> String {
    let manifest = world.snapshot.manifest();
    let described = manifest.node(id).map(|node| &node.columns);
    let described = described.or_else(|| manifest.sources.get(id).map(|table| &table.columns));
    let said = described.and_then(|all| all.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)));
    let data_type = world.type_of(id, name);
    let data_type = data_type.or_else(|| said.and_then(|(_, said)| said.data_type.clone()));
    let ty = data_type.map(|ty| format!(" · {ty}")).unwrap_or_default();
    let mut text = format!("**column** `{name}` of `{}`{ty}\n", short_id(id.as_str()));
    if let Some((_, said)) = said {
        paragraph(&mut text, &said.description);
    }
    if let Some(origin) = world.origin_of(id, name) {
        let _ = write!(text, "\n{origin}\n");
    }
    text
}
