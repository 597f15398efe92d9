//! `show`: print the first rows of a model or of a query.

use crate::cli::args::flag_table::{
    self, FULL_REFRESH, INLINE, INLINE_DIRECT, INTROSPECT, LIMIT, OUTPUT, SQLPARSE,
};
use crate::cli::args::{Chapter, Spec, Verb};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Show,
    words: &["show"],
    alias: None,
    which: "show",
    chapter: Chapter::Look,
    about: "Print the first rows of a model or of a query",
    details: "",
    flags: &[
        flag_table::SELECTING,
        &[INLINE, LIMIT, OUTPUT, FULL_REFRESH, INTROSPECT, INLINE_DIRECT, SQLPARSE],
    ],
    positional: None,
};
