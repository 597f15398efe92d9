//! `run-operation`: run a macro.

use crate::cli::args::flag_table::ARGS;
use crate::cli::args::{Chapter, Positional, Spec, Verb};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::RunOperation,
    words: &["run-operation"],
    alias: None,
    which: "run-operation",
    chapter: Chapter::Build,
    about: "Run a macro",
    details: "Its statements are not committed unless it commits them.",
    flags: &[&[ARGS]],
    positional: Some(Positional {
        id: "macro",
        name: "MACRO",
        required: true,
        help: "Name of the macro, with its package in front if need be",
    }),
};
