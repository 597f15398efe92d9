//! What the editor has open: whole texts, kept up to date by its changes. They stand in for the files on disk.
//!
//! Input: the editor's notifications. Output: texts by URI and by path. Called by `server`.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use lsp_types::{TextDocumentContentChangeEvent, Uri};

use super::text::Text;
use super::uri;
use crate::diag::Unsaved;

/// An open text.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// Its URI as the editor writes it.
    pub(super) uri: Uri,
    /// Its file, if it is one.
    pub(super) path: Option<Utf8PathBuf>,
    /// The editor's count of its changes.
    pub(super) version: i32,
    /// Its text.
    pub(super) text: Text,
}

/// All open texts, by URI.
#[derive(Clone, Debug, Default)]
pub(super) struct Documents(BTreeMap<String, Arc<Document>>);

impl Documents {
    pub(super) fn open(&mut self, uri: Uri, version: i32, text: &str) {
        let path = uri::to_path(&uri);
        let key = uri.as_str().to_owned();
        self.0.insert(key, Arc::new(Document { uri, path, version, text: Text::new(text) }));
    }

    /// Changes a text; one that is not open is left alone. Tells whether it was there.
    pub(super) fn change(
        &mut self,
        uri: &Uri,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
    ) -> bool {
        let Some(document) = self.0.get_mut(uri.as_str()) else { return false };
        let text = document.text.changed(changes);
        *document = Arc::new(Document { uri: uri.clone(), path: document.path.clone(), version, text });
        true
    }

    pub(super) fn close(&mut self, uri: &Uri) -> bool {
        self.0.remove(uri.as_str()).is_some()
    }

    pub(super) fn get(&self, uri: &Uri) -> Option<&Arc<Document>> {
        self.0.get(uri.as_str())
    }

    /// Returns what is open of a file.
    pub(super) fn of_path(&self, path: &Utf8Path) -> Option<&Arc<Document>> {
        self.0.values().find(|document| document.path.as_deref() == Some(path))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Document>> {
        self.0.values()
    }

    /// Returns the texts that stand in for files.
    pub(super) fn unsaved(&self) -> Unsaved {
        let files = self
            .0
            .values()
            .filter_map(|document| Some((document.path.clone()?, document.text.shared().clone())));
        files.collect()
    }
}
