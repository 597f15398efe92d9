//! The project as it was when it was last read, with the texts that it was read from.
//!
//! Requests are answered from a snapshot and the open documents, which may be newer: places are carried over to them
//! ([`World::location`]). A snapshot never changes. Made by `reader`, used by everything that answers.

use std::ops::Range as Bytes;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use lsp_server::{Message, Request, RequestId};
use lsp_types::{Location, Uri};
use serde_json::Value;

use super::client::Client;
use super::columns::Known;
use super::documents::Documents;
use super::examiner::Deep;
use super::text::{Shift, Text};
use super::uri;
use crate::dag::Dag;
use crate::diag::{FileId, Source, Sources, Span};
use crate::hash::HashMap;
use crate::manifest::{Manifest, Node, UniqueId};
use crate::parse::{Parsed, Settings};
use crate::project::{Project, Workspace};
use crate::select::link;

/// A project that was read.
pub(super) struct Snapshot {
    /// Settings, profile, packages.
    pub(super) workspace: Workspace,
    /// What could be read of it.
    pub(super) parsed: Parsed,
    /// How it was read.
    pub(super) settings: Settings,
    /// The texts that its places point into.
    pub(super) sources: Sources,
    /// The files among them, by absolute path.
    files: HashMap<Utf8PathBuf, FileId>,
    /// Columns that were asked for.
    columns: Mutex<HashMap<UniqueId, Arc<Known>>>,
    /// What depends on what, once asked for.
    dag: OnceLock<Dag<UniqueId>>,
    /// Nodes by the file that holds their code, once asked for.
    by_file: OnceLock<ByFile>,
}

/// Nodes by package, and the path of a file in it.
type ByFile = HashMap<(Arc<str>, String), Arc<Node>>;

impl Snapshot {
    pub(super) fn new(workspace: Workspace, parsed: Parsed, settings: Settings) -> Self {
        let sources = settings.sources.clone();
        let root = workspace.project.root.clone();
        let all = sources.all();
        let files = all.iter().filter(|(_, source)| !source.inner);
        // A file that several kinds of resources share was read several times, each time the same.
        let files = files.map(|(id, source)| (root.join(&source.path), *id)).collect();
        Self {
            workspace,
            parsed,
            settings,
            sources,
            files,
            columns: Mutex::default(),
            dag: OnceLock::new(),
            by_file: OnceLock::new(),
        }
    }

    /// Returns the columns of a node or source, if they were looked for before.
    pub(super) fn known_columns(&self, id: &UniqueId) -> Option<Arc<Known>> {
        self.columns.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    pub(super) fn keep_columns(&self, id: &UniqueId, known: Arc<Known>) {
        self.columns.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), known);
    }

    /// Returns the graph; that of a project with mistakes lacks what could not be resolved.
    pub(super) fn dag(&self) -> &Dag<UniqueId> {
        self.dag.get_or_init(|| link(self.manifest()).unwrap_or_default())
    }

    /// Returns the node whose code a file holds; the first if it holds several.
    pub(super) fn node_in(&self, path: &Utf8Path) -> Option<&Arc<Node>> {
        let project = self.project_of(path);
        let below = path.strip_prefix(&project.root).ok()?;
        let by_file = self.by_file.get_or_init(|| {
            let mut by_file = ByFile::default();
            for node in self.manifest().all_nodes().filter(|node| node.generic_test().is_none()) {
                let key = (Arc::clone(&node.package_name), node.original_file_path.clone());
                by_file.entry(key).or_insert_with(|| Arc::clone(node));
            }
            by_file
        });
        by_file.get(&(Arc::clone(&project.name), below.to_string()))
    }

    pub(super) fn manifest(&self) -> &Manifest {
        &self.parsed.manifest
    }

    pub(super) fn root(&self) -> &Utf8Path {
        &self.workspace.project.root
    }

    /// Returns a file as it was read.
    pub(super) fn file(&self, path: &Utf8Path) -> Option<(FileId, Arc<Source>)> {
        let id = *self.files.get(path)?;
        Some((id, self.sources.get(id)?))
    }

    /// Returns all files that were read, sorted by path.
    pub(super) fn files(&self) -> Vec<(&Utf8PathBuf, FileId)> {
        let mut files: Vec<_> = self.files.iter().map(|(path, id)| (path, *id)).collect();
        files.sort_unstable();
        files
    }

    /// Returns the project or package that a file belongs to.
    pub(super) fn project_of(&self, path: &Utf8Path) -> &Project {
        let holds = |project: &&Project| path.starts_with(&project.root);
        let nearest =
            self.workspace.projects().filter(holds).max_by_key(|project| project.root.as_str().len());
        nearest.unwrap_or(&self.workspace.project)
    }
}

/// All that a request is answered from.
pub(super) struct World {
    /// The project.
    pub(super) snapshot: Arc<Snapshot>,
    /// What is open.
    pub(super) documents: Arc<Documents>,
    /// What is known of its queries, which takes longer to learn.
    pub(super) deep: Option<Arc<Deep>>,
    /// What the editor can do.
    pub(super) client: Client,
    /// The way to the editor.
    pub(super) out: Sender<Message>,
}

/// A text that somebody asks about.
pub(super) struct Asked {
    pub(super) path: Utf8PathBuf,
    pub(super) text: Text,
}

impl World {
    /// Asks the editor for something whose answer does not matter.
    pub(super) fn ask(&self, method: &str, params: Value) {
        let id = RequestId::from(uuid::Uuid::new_v4().to_string());
        // An editor that went away is asked nothing.
        let _ = self.out.send(Request::new(id, method.to_owned(), params).into());
    }

    /// Returns the text of a file: as it is open, else as it was read. `None` for what is neither.
    pub(super) fn asked(&self, uri: &Uri) -> Option<Asked> {
        if let Some(document) = self.documents.get(uri) {
            return Some(Asked { path: document.path.clone()?, text: document.text.clone() });
        }
        let path = uri::to_path(uri)?;
        let text = self.text_of(&path)?;
        Some(Asked { path, text })
    }

    /// Returns the text of a path.
    pub(super) fn text_of(&self, path: &Utf8Path) -> Option<Text> {
        match self.documents.of_path(path) {
            Some(document) => Some(document.text.clone()),
            None => self.snapshot.file(path).map(|(_, source)| Text::new(Arc::clone(&source.text))),
        }
    }

    /// Returns the same without looking for lines in it.
    pub(super) fn plain_text_of(&self, path: &Utf8Path) -> Option<Arc<str>> {
        match self.documents.of_path(path) {
            Some(document) => Some(Arc::clone(document.text.shared())),
            None => self.snapshot.file(path).map(|(_, source)| Arc::clone(&source.text)),
        }
    }

    /// Returns the URI of a path, as the editor writes it where it has the file open.
    pub(super) fn uri(&self, path: &Utf8Path) -> Option<Uri> {
        match self.documents.of_path(path) {
            Some(document) => Some(document.uri.clone()),
            None => uri::of_path(path),
        }
    }

    /// Returns a place in the text of a path as it is now.
    pub(super) fn place(&self, path: &Utf8Path, bytes: Bytes<usize>) -> Option<Location> {
        Some(Location { uri: self.uri(path)?, range: self.text_of(path)?.range(bytes) })
    }

    /// Returns where a span of the snapshot is now. `None` for texts that are no files.
    pub(super) fn location(&self, span: Span) -> Option<Location> {
        self.places().location(span)
    }

    pub(super) fn places(&self) -> Places<'_> {
        Places { root: self.snapshot.root(), sources: &self.snapshot.sources, documents: &self.documents }
    }
}

/// Carries places over from the texts that were read to the documents that are open.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    pub(super) root: &'a Utf8Path,
    pub(super) sources: &'a Sources,
    pub(super) documents: &'a Documents,
}

impl Places<'_> {
    /// Returns the path of a file; `None` for texts that are no files.
    pub(super) fn path(&self, file: FileId) -> Option<Utf8PathBuf> {
        let source = self.sources.get(file).filter(|source| !source.inner)?;
        Some(self.root.join(&source.path))
    }

    /// Returns where a span is now.
    pub(super) fn location(&self, span: Span) -> Option<Location> {
        let path = self.path(span.file)?;
        let source = self.sources.get(span.file)?;
        let bytes = span.range();
        Some(match self.documents.of_path(&path) {
            Some(document) => {
                let shift = Shift::between(&source.text, document.text.as_str());
                let bytes = shift.of(bytes.start)..shift.of(bytes.end);
                Location { uri: document.uri.clone(), range: document.text.range(bytes) }
            }
            None => Location {
                uri: uri::of_path(&path)?,
                range: Text::new(Arc::clone(&source.text)).range(bytes),
            },
        })
    }
}
