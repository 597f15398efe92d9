//! `source freshness`: tell how old the data of sources is.

use crate::cli::args::flag_table::{self, OUTPUT_PATH, SQLPARSE};
use crate::cli::args::{Chapter, Spec, Verb};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::SourceFreshness,
    words: &["source", "freshness"],
    alias: Some("snapshot-freshness"),
    which: "freshness",
    chapter: Chapter::Look,
    about: "Tell how old the data of sources is",
    details: "",
    flags: &[flag_table::SELECTING, &[OUTPUT_PATH, SQLPARSE]],
    positional: None,
};
