//! Renaming a model, seed or snapshot with all that names it, or a column (`rename_column`).
//!
//! Input: a place and a new name. Output: edits of all files that mention the old name, and of the file's own name; or the
//! reason why that cannot be done without somebody looking. What is named by an expression that only rendering knows is such
//! a reason. Called by `requests`.

use camino::Utf8PathBuf;
use lsp_types::{
    DocumentChangeOperation, DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier,
    PrepareRenameResponse, RenameFile, RenameParams, ResourceOp, TextDocumentEdit,
    TextDocumentPositionParams, TextEdit, WorkspaceEdit,
};

use super::definition::at;
use super::mentions::{Mention, Symbol};
use super::references::{Named, named_in};
use super::rename_column;
use super::requests::{Answer, Refusal};
use super::snapshot::{Asked, World};
use crate::manifest::{Node, NodeKind, UniqueId, short_id};

/// Answers `textDocument/prepareRename`.
#[expect(clippy::needless_pass_by_value, reason = "as all requests are answered")]
pub(super) fn prepare(
    world: &World,
    params: TextDocumentPositionParams,
) -> Answer<Option<PrepareRenameResponse>> {
    let Some(asked) = world.asked(&params.text_document.uri) else { return Ok(None) };
    let Some(mention) = renamed_at(world, &asked, asked.text.offset(params.position)) else {
        return Ok(None);
    };
    may_rename(world, &mention.symbol)?;
    let placeholder = asked.text.as_str()[mention.range.clone()].to_owned();
    Ok(Some(PrepareRenameResponse::RangeWithPlaceholder {
        range: asked.text.range(mention.range),
        placeholder,
    }))
}

/// Answers `textDocument/rename`.
pub(super) fn rename(world: &World, params: RenameParams) -> Answer<Option<WorkspaceEdit>> {
    let place = params.text_document_position;
    let Some(asked) = world.asked(&place.text_document.uri) else { return Ok(None) };
    let Some(mention) = renamed_at(world, &asked, asked.text.offset(place.position)) else { return Ok(None) };
    may_rename(world, &mention.symbol)?;
    let new = params.new_name.trim();
    let changes = match &mention.symbol {
        Symbol::Node(id) => of_node(world, id, new)?,
        Symbol::Column(id, name) => {
            Changes { files: rename_column::edits(world, (id, name), new)?, moved: None }
        }
        _ => return Ok(None),
    };
    changes.into_edit(world).map(Some)
}

/// Returns what is renamed at a place: only models and columns are.
fn renamed_at(world: &World, asked: &Asked, offset: usize) -> Option<Mention> {
    at(world, asked, offset).filter(|mention| matches!(mention.symbol, Symbol::Node(_) | Symbol::Column(..)))
}

fn may_rename(world: &World, symbol: &Symbol) -> Answer<()> {
    let (Symbol::Node(id) | Symbol::Column(id, _)) = symbol else { return Ok(()) };
    let manifest = world.snapshot.manifest();
    let package = manifest.node(id).map(|node| &node.package_name);
    let package = package.or_else(|| manifest.sources.get(id).map(|table| &table.package_name));
    if package.is_some_and(|package| *package != world.snapshot.workspace.project.name) {
        return Err(Refusal::failed(format!("`{}` belongs to an installed package", short_id(id.as_str()))));
    }
    let kind = manifest.node(id).map(|node| (&node.kind, node.version()));
    if let Symbol::Column(..) = symbol {
        return match kind {
            Some((NodeKind::Model { .. }, _)) => Ok(()),
            _ => Err(Refusal::failed("only columns of models can be renamed: others come from outside")),
        };
    }
    match kind {
        Some((NodeKind::Model { .. }, Some(_))) => Err(Refusal::failed(
            "a model with versions has several files: rename its entry and files by hand",
        )),
        Some((NodeKind::Model { .. } | NodeKind::Seed { .. } | NodeKind::Snapshot, None)) => Ok(()),
        _ => Err(Refusal::failed("only models, seeds, snapshots and columns can be renamed")),
    }
}

/// Edits of one file: what is replaced by what.
pub(super) type FileEdits = (Named, Vec<(std::ops::Range<usize>, String)>);

/// All that a renaming changes.
struct Changes {
    files: Vec<FileEdits>,
    /// A file that gets another name.
    moved: Option<(Utf8PathBuf, Utf8PathBuf)>,
}

impl Changes {
    #[expect(clippy::mutable_key_type, reason = "so the protocol's crate has it, and URIs do not change")]
    fn into_edit(self, world: &World) -> Answer<WorkspaceEdit> {
        if self.moved.is_some() && !(world.client.document_changes && world.client.renames_files) {
            let message = "this editor cannot rename files for the server: rename the file by hand, then its references";
            return Err(Refusal::failed(message));
        }
        let mut operations = Vec::new();
        // The type of the protocol's crate.
        let mut plain = std::collections::HashMap::new();
        for (file, edits) in self.files {
            let Some(uri) = world.uri(&file.path) else { continue };
            let edit = |(range, new_text): (std::ops::Range<usize>, String)| TextEdit {
                range: file.text.range(range),
                new_text,
            };
            let edits: Vec<TextEdit> = edits.into_iter().map(edit).collect();
            let version = world.documents.of_path(&file.path).map(|document| document.version);
            operations.push(DocumentChangeOperation::Edit(TextDocumentEdit {
                text_document: OptionalVersionedTextDocumentIdentifier { uri: uri.clone(), version },
                edits: edits.iter().cloned().map(OneOf::Left).collect(),
            }));
            plain.insert(uri, edits);
        }
        if !world.client.document_changes {
            return Ok(WorkspaceEdit { changes: Some(plain), ..WorkspaceEdit::default() });
        }
        if let Some((old, new)) = self.moved {
            let uris = world.uri(&old).zip(super::uri::of_path(&new));
            let (old_uri, new_uri) = uris.ok_or_else(|| Refusal::failed("the file has no URI"))?;
            let rename = RenameFile { old_uri, new_uri, options: None, annotation_id: None };
            operations.push(DocumentChangeOperation::Op(ResourceOp::Rename(rename)));
        }
        let changes = Some(DocumentChanges::Operations(operations));
        Ok(WorkspaceEdit { document_changes: changes, ..WorkspaceEdit::default() })
    }
}

fn of_node(world: &World, id: &UniqueId, new: &str) -> Answer<Changes> {
    let manifest = world.snapshot.manifest();
    let node = manifest.node(id).ok_or_else(|| Refusal::failed("it is gone"))?;
    is_free(world, node, new)?;
    let root = world.snapshot.root();
    let named = named_in(world, &Symbol::Node(id.clone()), |path| path.starts_with(root));
    said_by_others(world, node, &named)?;
    let edits = |named: Named| {
        let edits = named.mentions.iter().map(|mention| (mention.range.clone(), new.to_owned())).collect();
        (named, edits)
    };
    let path = world.places().path(node.file).ok_or_else(|| Refusal::failed("it has no file"))?;
    // A snapshot's name stands in its block, and a snapshot of YAML has no file of its own.
    let is_whole = path.file_stem() == Some(node.name.as_str()) && !matches!(node.kind, NodeKind::Snapshot);
    let extension = path.extension().unwrap_or("sql").to_owned();
    let target = path.with_file_name(format!("{new}.{extension}"));
    let moved = is_whole.then_some((path, target));
    Ok(Changes { files: named.into_iter().map(edits).collect(), moved })
}

/// Errors if a name cannot be given.
fn is_free(world: &World, node: &Node, new: &str) -> Answer<()> {
    let fits = !new.is_empty() && new.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    if !fits {
        return Err(Refusal::failed(format!("`{new}` is no name for a {}", node.resource_type())));
    }
    let names = world.snapshot.manifest().nodes.values();
    let mut taken =
        names.filter(|other| other.resource_type().is_refable() && other.package_name == node.package_name);
    match taken.find(|other| other.name == new) {
        Some(other) => Err(Refusal::failed(format!("there is a {} `{new}` already", other.resource_type()))),
        None => Ok(()),
    }
}

/// Errors if somebody depends on a node without a text that names it.
fn said_by_others(world: &World, node: &Node, named: &[Named]) -> Answer<()> {
    let manifest = world.snapshot.manifest();
    let says =
        |file: Option<Utf8PathBuf>| file.is_some_and(|file| named.iter().any(|named| named.path == file));
    for other in manifest.all_nodes() {
        // Tests of YAML are named where the model is.
        if other.generic_test().is_some() || !other.depends_on.nodes.contains(&node.unique_id) {
            continue;
        }
        if !says(world.places().path(other.file)) {
            return Err(Refusal::failed(format!(
                "`{}` refers to `{}` by an expression or a macro: change that by hand first",
                other.name, node.name
            )));
        }
    }
    let outside = manifest.all_nodes().find(|other| {
        other.package_name != node.package_name && other.depends_on.nodes.contains(&node.unique_id)
    });
    match outside {
        Some(other) => Err(Refusal::failed(format!("`{}` of an installed package refers to it", other.name))),
        None => Ok(()),
    }
}
