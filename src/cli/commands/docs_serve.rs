//! `docs serve`: serve the documentation site on this machine.

use crate::cli::args::flag_table::{BROWSER, HOST, PORT};
use crate::cli::args::{Chapter, Spec, Verb};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::DocsServe,
    words: &["docs", "serve"],
    alias: None,
    which: "serve",
    chapter: Chapter::Look,
    about: "Serve the documentation site on this machine",
    details: "",
    flags: &[&[HOST, PORT, BROWSER]],
    positional: None,
};
