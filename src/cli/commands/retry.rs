//! `retry`: run again what failed last time, and what was skipped for it.

use crate::cli::args::flag_table::FULL_REFRESH;
use crate::cli::args::{Chapter, Spec, Verb};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Retry,
    words: &["retry"],
    alias: None,
    which: "retry",
    chapter: Chapter::Build,
    about: "Run again what failed last time, and what was skipped for it",
    details: "",
    flags: &[&[FULL_REFRESH]],
    positional: None,
};
