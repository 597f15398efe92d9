//! `compile`: render models, tests and analyses to SQL.

use crate::cli::args::flag_table::{
    self, EMPTY, FULL_REFRESH, INJECT_EPHEMERAL_CTES, INLINE, INTROSPECT, OUTPUT, SQLPARSE,
};
use crate::cli::args::{Chapter, Spec, Verb};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Compile,
    words: &["compile"],
    alias: None,
    which: "compile",
    chapter: Chapter::Look,
    about: "Render models, tests and analyses to SQL",
    details: "What is selected is printed; everything goes to target/compiled.",
    flags: &[
        flag_table::SELECTING,
        &[INLINE, OUTPUT, FULL_REFRESH, EMPTY, INTROSPECT, INJECT_EPHEMERAL_CTES, SQLPARSE],
    ],
    positional: None,
};
