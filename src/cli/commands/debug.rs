//! `debug`: check settings, files and the connection.

use crate::cli::args::flag_table::{CONFIG_DIR, CONNECTION};
use crate::cli::args::{Chapter, Spec, Verb};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Debug,
    words: &["debug"],
    alias: None,
    which: "debug",
    chapter: Chapter::Look,
    about: "Check settings, files and the connection",
    details: "",
    flags: &[&[CONNECTION, CONFIG_DIR]],
    positional: None,
};
