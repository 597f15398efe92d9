//! `deps`: install the packages of packages.yml.

use crate::cli::args::flag_table::{ADD_PACKAGE, LOCK, SOURCE, UPGRADE};
use crate::cli::args::{Chapter, Spec, Verb};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Deps,
    words: &["deps"],
    alias: None,
    which: "deps",
    chapter: Chapter::Project,
    about: "Install the packages of packages.yml",
    details: "",
    flags: &[&[ADD_PACKAGE, SOURCE, UPGRADE, LOCK]],
    positional: None,
};
