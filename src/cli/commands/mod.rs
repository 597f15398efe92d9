//! A file for each command: what it takes, and what it does.
//!
//! A command gets its settings and the [`Ui`], sends events, and returns how it went; it neither prints nor
//! exits. `cli` makes the exit code.

mod build;
mod check;
mod clean;
mod clone;
mod compile;
mod debug;
mod deps;
mod diff;
mod docs_generate;
mod docs_serve;
mod init;
mod lineage;
mod lint;
mod list;
mod lsp;
mod parse;
mod publish_copy;
mod retry;
mod run;
mod run_operation;
mod seed;
mod show;
mod snapshot;
mod source_freshness;
mod test;

use super::args::{Spec, Verb};
use super::{CliError, Outcome, Ui};

/// All commands, in the order of the overview.
pub(crate) const SPECS: [Spec; 25] = [
    build::SPEC,
    run::SPEC,
    test::SPEC,
    seed::SPEC,
    snapshot::SPEC,
    run_operation::SPEC,
    retry::SPEC,
    clone::SPEC,
    publish_copy::SPEC,
    show::SPEC,
    check::SPEC,
    compile::SPEC,
    diff::SPEC,
    lint::SPEC,
    list::SPEC,
    lineage::SPEC,
    parse::SPEC,
    source_freshness::SPEC,
    docs_generate::SPEC,
    docs_serve::SPEC,
    debug::SPEC,
    lsp::SPEC,
    init::SPEC,
    deps::SPEC,
    clean::SPEC,
];

/// Runs a command.
pub(crate) fn run(ui: &mut Ui) -> Result<Outcome, CliError> {
    match ui.flags.verb() {
        Verb::Init => init::run(ui),
        Verb::Check => check::run(ui),
        Verb::Clean => clean::run(ui),
        Verb::Diff => diff::run(ui),
        Verb::Build => build::run(ui),
        Verb::Run => run::run(ui),
        Verb::Test => test::run(ui),
        Verb::Seed => seed::run(ui),
        Verb::Snapshot => snapshot::run(ui),
        Verb::Compile => compile::run(ui),
        Verb::Show => show::run(ui),
        Verb::Parse => parse::run(ui),
        Verb::Lint => lint::run(ui),
        Verb::List => list::run(ui),
        Verb::Lineage => lineage::run(ui),
        Verb::Lsp => lsp::run(ui),
        Verb::RunOperation => run_operation::run(ui),
        Verb::Deps => deps::run(ui),
        Verb::Debug => debug::run(ui),
        Verb::Clone => clone::run(ui),
        Verb::DocsGenerate => docs_generate::run(ui),
        Verb::Retry => retry::run(ui),
        Verb::PublishCopy => publish_copy::run(ui),
        Verb::SourceFreshness => source_freshness::run(ui),
        Verb::DocsServe => docs_serve::run(ui),
    }
}
