//! `docs generate`: write the documentation site.

use crate::cli::args::flag_table::{self, COMPILE, EMPTY_CATALOG, SQLPARSE, STATIC};
use crate::cli::args::{Chapter, Spec, Verb};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::DocsGenerate,
    words: &["docs", "generate"],
    alias: None,
    which: "generate",
    chapter: Chapter::Look,
    about: "Write the documentation site",
    details: "",
    flags: &[flag_table::SELECTING, &[COMPILE, STATIC, EMPTY_CATALOG, SQLPARSE]],
    positional: None,
};
