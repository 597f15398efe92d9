//! `parse`: read the project and write manifest.json.

use crate::cli::args::{Chapter, Spec, Verb};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Parse,
    words: &["parse"],
    alias: None,
    which: "parse",
    chapter: Chapter::Look,
    about: "Read the project and write manifest.json",
    details: "",
    flags: &[],
    positional: None,
};
