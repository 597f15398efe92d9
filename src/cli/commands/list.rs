//! `list`: list what the project holds.

use crate::cli::args::flag_table::{self, EXCLUDE, LIST_OUTPUT, MODELS, OUTPUT_KEYS, RAW_SELECT, SELECTOR};
use crate::cli::args::{Chapter, Spec, Verb};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::List,
    words: &["list"],
    alias: Some("ls"),
    which: "list",
    chapter: Chapter::Look,
    about: "List what the project holds",
    details: "",
    flags: &[&[RAW_SELECT, MODELS, EXCLUDE, SELECTOR], flag_table::TYPING, &[LIST_OUTPUT, OUTPUT_KEYS]],
    positional: None,
};
