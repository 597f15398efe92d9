//! `build`: everything in dependency order.

use crate::cli::args::flag_table::{
    self, CHECK, EMPTY, EXPORT_SAVED_QUERIES, FULL_REFRESH, INCLUDE_SAVED_QUERY, SHOW, SQLPARSE,
    STORE_FAILURES,
};
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::pipeline::execute;
use crate::cli::{CliError, Outcome, Ui};
use crate::plan::Command;

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Build,
    words: &["build"],
    alias: None,
    which: "build",
    chapter: Chapter::Build,
    about: "Build everything in order, each test after what it tests",
    details: "Seeds, models, snapshots and tests, parents first. A failed test keeps what depends on its model from being built.",
    flags: &[
        flag_table::SELECTING,
        flag_table::TYPING,
        &[
            CHECK,
            FULL_REFRESH,
            EMPTY,
            STORE_FAILURES,
            SHOW,
            EXPORT_SAVED_QUERIES,
            INCLUDE_SAVED_QUERY,
            SQLPARSE,
        ],
        flag_table::TIMING,
        flag_table::SCHEDULING,
        flag_table::GATING,
    ],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    execute(ui, Command::Build).map(|done| done.outcome)
}
