//! The texts that spans point into. Append-only and shared between threads.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use camino::{Utf8Path, Utf8PathBuf};

use super::span::{FileId, Span};

/// A file's text as it was read, with the path to show to people (relative to the project root
/// where it lies below it).
#[derive(Debug)]
pub struct Source {
    /// The path as shown.
    pub path: Utf8PathBuf,
    /// The whole text.
    pub text: Arc<str>,
    /// Whether this is no file a user could open: a built-in macro, or a text made on the way.
    pub inner: bool,
    /// Whether passwords may stand in it, so that not every line of it can be shown.
    pub guarded: bool,
}

/// What a line of a guarded text says where a secret may follow, in small letters.
const SECRETIVE: [&str; 5] = ["pass", "secret", "token", "key", "://"];

impl Source {
    /// Tells whether the lines of a range can be shown to everybody. The line before counts too: a value may stand
    /// below its key.
    pub fn can_be_shown(&self, range: std::ops::Range<usize>) -> bool {
        if !self.guarded {
            return true;
        }
        let first = line_col(&self.text, range.start).line;
        let last = line_col(&self.text, range.end).line;
        let mut lines = self.text.lines().skip(first.saturating_sub(2)).take(last + 2 - first);
        !lines.any(|line| {
            let line = line.to_ascii_lowercase();
            SECRETIVE.iter().any(|word| line.contains(word))
        })
    }
}

/// A place as people count: both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineCol {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// All texts read in one invocation, and those that stand in for files. Cloning shares the store.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    read: Arc<RwLock<Vec<Arc<Source>>>>,
    unsaved: Arc<Unsaved>,
}

/// Texts that are read in the place of files, by absolute path: what an editor holds and has not written yet. A file of
/// that name need not be there.
pub type Unsaved = BTreeMap<Utf8PathBuf, Arc<str>>;

impl Sources {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an empty store for readers that take some texts in the place of files.
    pub fn with_unsaved(unsaved: Unsaved) -> Self {
        Self { unsaved: Arc::new(unsaved), ..Self::default() }
    }

    /// Returns the texts that are read in the place of files.
    pub fn unsaved(&self) -> &Unsaved {
        &self.unsaved
    }

    /// Returns the text that is read in the place of a file, if there is one.
    pub fn unsaved_text(&self, path: &Utf8Path) -> Option<&Arc<str>> {
        self.unsaved.get(path)
    }

    /// Returns all texts read so far with their ids, in the order of reading.
    pub fn all(&self) -> Vec<(FileId, Arc<Source>)> {
        let files = self.read.read().unwrap_or_else(PoisonError::into_inner);
        (0u32..).map(FileId).zip(files.iter().map(Arc::clone)).collect()
    }

    /// Adds a text under the path to show, and returns its id.
    pub fn add(&self, path: impl Into<Utf8PathBuf>, text: impl Into<Arc<str>>) -> FileId {
        self.put(Source { path: path.into(), text: text.into(), inner: false, guarded: false })
    }

    /// Adds a text that is no file of the user's: a built-in macro, or a text made on the way. Errors lead
    /// with the user's own places where there are any.
    pub fn add_inner(&self, path: impl Into<Utf8PathBuf>, text: impl Into<Arc<str>>) -> FileId {
        self.put(Source { path: path.into(), text: text.into(), inner: true, guarded: false })
    }

    fn put(&self, source: Source) -> FileId {
        let mut files = self.read.write().unwrap_or_else(PoisonError::into_inner);
        let id = FileId(u32::try_from(files.len()).unwrap_or(u32::MAX));
        files.push(Arc::new(source));
        id
    }

    /// Marks a text in which passwords may stand.
    pub fn guard(&self, id: FileId) {
        let mut files = self.read.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = files.get_mut(id.0 as usize) {
            let Source { path, text, inner, .. } = &**source;
            let guarded = Source { path: path.clone(), text: Arc::clone(text), inner: *inner, guarded: true };
            *source = Arc::new(guarded);
        }
    }

    /// Returns the file behind an id of this store.
    pub fn get(&self, id: FileId) -> Option<Arc<Source>> {
        let files = self.read.read().unwrap_or_else(PoisonError::into_inner);
        files.get(id.0 as usize).cloned()
    }

    /// Tells whether a span lies in a text that no user wrote, or in none at all.
    pub fn is_inner(&self, span: Span) -> bool {
        self.get(span.file).is_none_or(|source| source.inner)
    }

    /// Returns the path of a file as shown to people.
    pub fn path(&self, id: FileId) -> Option<Utf8PathBuf> {
        self.get(id).map(|source| source.path.clone())
    }

    /// Returns the text a span covers; empty when the span does not fit its file.
    pub fn excerpt(&self, span: Span) -> String {
        self.get(span.file).and_then(|s| s.text.get(span.range()).map(str::to_owned)).unwrap_or_default()
    }

    /// Widens the place of one byte to the word or quoted name that begins there.
    pub fn word(&self, span: Span) -> Span {
        let Some(source) = self.get(span.file).filter(|_| span.range().len() == 1) else { return span };
        let rest = source.text.get(span.start as usize..).unwrap_or_default();
        let quoted = rest.strip_prefix('"').and_then(|inner| Some(inner.find(['"', '\n'])? + 2));
        let word = || rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let length = quoted.unwrap_or_else(word);
        let one = rest.chars().next().map_or(0, char::len_utf8);
        Span::new(span.file, span.start as usize, span.start as usize + length.max(one))
    }

    /// Returns the line and column of a span's start.
    pub fn line_col(&self, span: Span) -> Option<LineCol> {
        self.get(span.file).map(|source| line_col(&source.text, span.start as usize))
    }

    /// Returns `path:line:col` of a span's start.
    pub fn locate(&self, span: Span) -> Option<String> {
        let source = self.get(span.file)?;
        let at = line_col(&source.text, span.start as usize);
        Some(format!("{}:{}:{}", source.path, at.line, at.column))
    }
}

/// Counts the line and column of a byte offset; an offset past the end counts as the end.
pub fn line_col(text: &str, offset: usize) -> LineCol {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    LineCol { line, column }
}
