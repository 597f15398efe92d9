//! What an editor says of itself when it connects, and what is said to it.

use camino::{Utf8Path, Utf8PathBuf};
use lsp_types::{
    ClientCapabilities, CodeLensOptions, CompletionOptions, ExecuteCommandOptions, HoverProviderCapability,
    InitializeParams, OneOf, RenameOptions, SaveOptions, ServerCapabilities, TextDocumentSyncCapability,
    TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions, WorkDoneProgressOptions,
};

use super::preview::COMPILED_SQL;
use super::uri;
use crate::project::PROJECT_FILE;

/// How many folders below the editor's a project may lie.
const DEEPEST: usize = 3;

/// What the editor can do.
#[expect(clippy::struct_excessive_bools, reason = "each is a capability of its own")]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Client {
    /// Takes edits of several documents in order.
    pub(super) document_changes: bool,
    /// Renames files as part of an edit.
    pub(super) renames_files: bool,
    /// Watches files for the server.
    pub(super) watches: bool,
    /// Opens a document when asked to.
    pub(super) shows_documents: bool,
}

impl Client {
    pub(super) fn new(capabilities: &ClientCapabilities) -> Self {
        let workspace = capabilities.workspace.as_ref();
        let edit = workspace.and_then(|workspace| workspace.workspace_edit.as_ref());
        let operations = edit.and_then(|edit| edit.resource_operations.as_deref()).unwrap_or_default();
        let watched = workspace.and_then(|workspace| workspace.did_change_watched_files.as_ref());
        let shows = capabilities.window.as_ref().and_then(|window| window.show_document.as_ref());
        Self {
            document_changes: edit.and_then(|edit| edit.document_changes).unwrap_or(false),
            renames_files: operations.contains(&lsp_types::ResourceOperationKind::Rename),
            watches: watched.and_then(|watched| watched.dynamic_registration).unwrap_or(false),
            shows_documents: shows.is_some_and(|shows| shows.support),
        }
    }
}

/// Returns what the server can do.
pub(super) fn capabilities() -> ServerCapabilities {
    let word = |text: &str| text.to_owned();
    let no_progress = WorkDoneProgressOptions::default;
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions { include_text: Some(false) })),
            ..TextDocumentSyncOptions::default()
        })),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(["'", "\"", "(", ".", "{", ":", " "].map(word).to_vec()),
            ..CompletionOptions::default()
        }),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: no_progress(),
        })),
        document_symbol_provider: Some(OneOf::Left(true)),
        workspace_symbol_provider: Some(OneOf::Left(true)),
        code_lens_provider: Some(CodeLensOptions { resolve_provider: Some(false) }),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: vec![word(COMPILED_SQL)],
            work_done_progress_options: no_progress(),
        }),
        ..ServerCapabilities::default()
    }
}

/// Finds the project of an editor's folders: in one of them or above it, else below. `None` if there is none.
pub(super) fn find_project(params: &InitializeParams) -> Option<Utf8PathBuf> {
    let folders = roots(params);
    let is_project = |folder: &&Utf8Path| folder.join(PROJECT_FILE).is_file();
    let around = folders.iter().find_map(|folder| folder.ancestors().find(is_project));
    around.map(Utf8Path::to_owned).or_else(|| folders.iter().find_map(|folder| below(folder)))
}

/// Returns the folders that an editor has open.
#[expect(deprecated, reason = "older editors say nothing else")]
pub(super) fn roots(params: &InitializeParams) -> Vec<Utf8PathBuf> {
    let folders = params.workspace_folders.iter().flatten().map(|folder| &folder.uri);
    let mut found: Vec<Utf8PathBuf> = folders.chain(&params.root_uri).filter_map(uri::to_path).collect();
    found.extend(params.root_path.as_deref().map(Utf8PathBuf::from));
    found
}

/// The nearest project below a folder; packages that one has installed, and hidden folders, are none.
fn below(folder: &Utf8Path) -> Option<Utf8PathBuf> {
    let skipped = ["dbt_packages", "dbt_modules", "node_modules", "target"];
    let enters = |entry: &walkdir::DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.file_type().is_dir() && !name.starts_with('.') && !skipped.contains(&&*name)
    };
    let walk = walkdir::WalkDir::new(folder).min_depth(1).max_depth(DEEPEST).sort_by_file_name();
    let folders = walk.into_iter().filter_entry(enters).filter_map(Result::ok);
    let projects = folders.filter(|entry| entry.path().join(PROJECT_FILE).is_file());
    let nearest = projects.min_by_key(walkdir::DirEntry::depth)?;
    Utf8PathBuf::from_path_buf(nearest.into_path()).ok()
}
