//! `publish-copy`: gives readers a DuckDB database of their own, whole, and of a build that went well.
//!
//! A DuckDB file belongs to one process, so that readers and builds keep each other out. Readers that open a copy never
//! do: it takes the place of the one before at once, and who has that open goes on reading it.

use camino::{Utf8Path, Utf8PathBuf};

use crate::adapter::{Adapter, Fetch, Patience, Profile, duckdb};
use crate::artifacts::OtherRun;
use crate::cli::args::{Chapter, Positional, Spec, Verb};
use crate::cli::pipeline::load_workspace;
use crate::cli::{CliError, Outcome, Ui};
use crate::diag::{Code, Diagnostic};
use crate::event::Note;
use crate::files;
use crate::plan::Resumption;
use crate::state::PreviousResults;

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::PublishCopy,
    words: &["publish-copy"],
    alias: None,
    which: "publish-copy",
    chapter: Chapter::Build,
    about: "Copy the DuckDB database for readers, after a run that went well",
    details: "The copy takes the place of the one before at once, so that whoever opens it sees one build, and readers and builds never wait for each other. Attached databases are not copied. Refused when the last run failed or did not come to its end.",
    flags: &[],
    positional: Some(Positional { id: "path", name: "PATH", required: true, help: "File to write" }),
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    let workspace = load_workspace(ui)?;
    let Profile::DuckDb(profile) = &workspace.profile.connection else {
        return Err(refused("only a DuckDB database can be copied").into());
    };
    let from = files::absolute(&workspace.paths.root, &profile.path);
    if profile.is_memory() || !from.is_file() {
        return Err(refused(&format!("`{}` is no file that could be copied", profile.path)).into());
    }
    let to = files::absolute(&ui.around.cwd, ui.flags.positional.as_deref().unwrap_or_default());
    if to == from {
        return Err(refused("the copy cannot be the database itself").into());
    }
    check_last_run(&workspace.paths.target)?;
    copy(&workspace.profile.connection, &from, &to, ui)?;
    ui.events.send(Note { msg: format!("Copied {} to {to}", profile.path) });
    Ok(Outcome::Success)
}

/// Errors unless the last run in the target folder went well.
fn check_last_run(target: &Utf8Path) -> Result<(), CliError> {
    let results = PreviousResults::find(target)?;
    let killed = OtherRun::all(target)
        .iter()
        .map(PreviousResults::of_journal)
        .any(|run| results.as_ref().is_none_or(|results| run.is_later_than(results)));
    if killed {
        return Err(refused("the last run has not come to its end").help("`tidegate retry` ends it").into());
    }
    let Some(results) = results else {
        return Err(refused("nothing was built yet").into());
    };
    let left = Resumption::new(&results, false).ids;
    match left.iter().find(|id| !id.as_str().starts_with("exposure.")) {
        Some(id) => Err(refused(&format!("the last run failed at `{id}`"))
            .help("mend it, then `tidegate retry`")
            .into()),
        None => Ok(()),
    }
}

fn copy(profile: &Profile, from: &Utf8Path, to: &Utf8Path, ui: &Ui) -> Result<(), CliError> {
    let told = |error: crate::adapter::DbError| CliError::from(error.to_diagnostic());
    // Held until the copy is made: nobody else can write meanwhile.
    let adapter = profile.adapter(ui.patience());
    let mut connection = adapter.connect("publish-copy").map_err(told)?;
    connection.execute("force checkpoint", Fetch::Nothing).map_err(told)?;
    let log = Utf8PathBuf::from(format!("{from}.wal"));
    if files::size(&log).is_some_and(|size| size > 0) {
        return Err(refused("the database could not be made whole: its log is not empty").into());
    }
    files::copy_atomic(from, to, |copy| {
        let readable = duckdb::Profile::file(copy.as_str()).map_err(|error| error.to_string())?;
        let copy = duckdb::Database::new(readable, Patience::usual());
        let mut reader = copy.connect("copy").map_err(|error| error.to_string())?;
        reader.execute("show databases", Fetch::Nothing).map(drop).map_err(|error| error.to_string())
    })?;
    drop(connection);
    adapter.close().map_err(told)
}

fn refused(message: &str) -> Diagnostic {
    Diagnostic::error(Code::UNSUPPORTED, None, message)
}
