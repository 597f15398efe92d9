//! `tidegate lsp`: a project as editors show it while it is being written.
//!
//! Input: an editor's messages on stdin. Output: its answers on stdout. A thread reads the whole project whenever a text has
//! changed (`reader`); requests are answered from the last [`snapshot`] and the open documents. What stands at a place is
//! decided once, by `mentions`, for every feature. Invariants: the loop never waits, nothing on disk is changed, and a
//! project with mistakes is answered as far as it can be read. Called by `cli`.

mod calls;
mod client;
mod columns;
mod completion;
mod completion_yaml;
mod definition;
mod diagnostics;
mod documents;
mod examiner;
mod hover;
mod mentions;
mod outline;
mod preview;
mod query;
mod query_tokens;
mod reader;
mod references;
mod rename;
mod rename_column;
mod requests;
mod server;
mod snapshot;
mod text;
mod transport;
mod uri;
mod workshop;
mod yaml_mentions;
mod yaml_place;

use camino::Utf8Path;

pub use server::serve;

use crate::{parse, project};

/// How a project is read.
pub struct Setup {
    /// Where it is, and what the command line says of it.
    pub options: project::Options,
    /// What templates see.
    pub settings: parse::Settings,
}

/// Says how the project of a folder is read, and makes that folder the one from which relative paths count.
pub type Open<'a> = dyn Fn(&Utf8Path) -> Setup + 'a;
