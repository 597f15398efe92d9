//! `retry`: run again what failed last time, and what was skipped for it.

use camino::Utf8Path;

use crate::artifacts::OtherRun;
use crate::cli::args::flag_table::{DRY_RUN, FULL_REFRESH};
use crate::cli::args::{self, Chapter, Spec, Verb};
use crate::cli::project_file::ProjectFile;
use crate::cli::{CliError, Outcome, Ui};
use crate::diag::{Code, Diagnostic};
use crate::files;
use crate::manifest::Json;
use crate::plan::Resumption;
use crate::project::{self, ProjectOnly};
use crate::state::PreviousResults;

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Retry,
    words: &["retry"],
    alias: None,
    which: "retry",
    chapter: Chapter::Build,
    about: "Run again what failed last time, and what was skipped for it",
    details: "The command and its flags are those of that run, as its run_results.json has them: in the target folder, or in the folder that --state names. A run that was killed has a journal there instead: what it finished is not done again. --vars, --threads and --full-refresh can be given anew.",
    flags: &[&[FULL_REFRESH, DRY_RUN]],
    positional: None,
};

/// Becomes the command of the run before, limited to what that run left undone.
pub(super) fn run(ui: &mut Ui) -> Result<Outcome, CliError> {
    let previous = previous(ui)?;
    let low = args::restore(&ui.typed, &previous.args)?;
    let project = ProjectFile::peek(&ui.flags.places().project_dir);
    let flags = args::resolve(&low, &ui.around, &project.flags())?;
    let resumed = Resumption::new(&previous, flags.switch("warn_error"));
    if flags.verb() == Verb::RunOperation && !failed(&previous) {
        return Ok(Outcome::Success);
    }
    ui.events.set_policy(flags.policy.clone());
    ui.flags = flags;
    ui.resumed = Some(resumed);
    super::run(ui)
}

/// Tells whether the macro of an earlier `run-operation` failed.
fn failed(previous: &PreviousResults) -> bool {
    previous.results.iter().any(|result| result.status != "success")
}

/// Returns the later one of a run with results and the last one that was killed before it had any.
fn latest(
    with_results: Option<PreviousResults>,
    folder: &Utf8Path,
) -> Result<Option<PreviousResults>, CliError> {
    let Some(last) = OtherRun::all(folder).pop() else { return Ok(with_results) };
    let killed = PreviousResults::of_journal(&last);
    let with_results = match with_results {
        // Its results are written, and it left something to find out.
        Some(results) if results.invocation_id == killed.invocation_id => {
            return Ok(Some(PreviousResults { doubtful: killed.doubtful, ..results }));
        }
        with_results => with_results,
    };
    if with_results.as_ref().is_some_and(|results| !killed.is_later_than(results)) {
        return Ok(with_results);
    }
    if last.alive {
        let which = last.began.args.get("which").and_then(Json::as_str).unwrap_or_default();
        let message = format!("the last run is still at work: process {}, `{which}`", last.began.process);
        return Err(Diagnostic::error(Code::LOCKED, None, message).help("wait until it has ended").into());
    }
    Ok(Some(killed))
}

fn previous(ui: &Ui) -> Result<PreviousResults, CliError> {
    // What is wrong in the project is told by the command that is run again.
    let (project, _) = project::load_project(&ui.sources, &ui.project_options());
    let Some(ProjectOnly { project, paths, .. }) = project else { return Err(ui.no_project().into()) };
    let given = ui.flags.state().state;
    let folder =
        given.clone().map_or_else(|| paths.target.clone(), |given| files::absolute(&project.root, given));
    let found = latest(PreviousResults::find(&folder)?, &folder)?;
    // As to dbt, a run that had nothing to do is none.
    let found = found.filter(|previous| !previous.results.is_empty());
    found.ok_or_else(|| {
        let shown = given.unwrap_or_else(|| {
            paths.target.strip_prefix(&project.root).map_or_else(|_| paths.target.clone(), ToOwned::to_owned)
        });
        // dbt's words, which scripts look for.
        let message = format!("Could not find previous run in '{shown}' target directory");
        let help = "there must be the run_results.json of a run; name its folder with `--state`";
        Diagnostic::error(Code::STATE, None, message).help(help).into()
    })
}
