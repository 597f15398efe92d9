//! `snapshot`: record how rows change over time.

use crate::cli::args::flag_table::{self, EMPTY, SQLPARSE};
use crate::cli::args::{Chapter, Spec, Verb};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Snapshot,
    words: &["snapshot"],
    alias: None,
    which: "snapshot",
    chapter: Chapter::Build,
    about: "Record how rows change over time",
    details: "",
    flags: &[flag_table::SELECTING, &[EMPTY, SQLPARSE]],
    positional: None,
};
