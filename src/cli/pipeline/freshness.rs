//! `source freshness`: how old sources are, told and written to `sources.json`.

use camino::Utf8PathBuf;
use jiff::Timestamp;

use crate::artifacts::{RunResult, SourcesFile, Status};
use crate::cli::args::flag_table::OUTPUT_PATH;
use crate::cli::{CliError, Outcome, Ui};
use crate::diag::{Code, Diagnostic};
use crate::event::FreshnessCheckComplete;
use crate::files;
use crate::plan::{Command, Gate, Plan, Request, plan};
use crate::run::FreshnessRunner;

use super::execute::{Ran, run};
use super::load::{Loaded, load, written};
use super::report::{finished, tell_failure};
use super::scope::open;
use super::selecting::{nothing_selected, select};

/// The behaviour flag without which hooks do not run.
const HOOKS: &str = "SOURCE_FRESHNESS_RUN_PROJECT_HOOKS";

/// Tells how old the selected sources are.
pub(in crate::cli) fn measure_freshness(ui: &Ui) -> Result<Outcome, CliError> {
    let loaded = load(ui)?;
    if ui.flags.text(OUTPUT_PATH.id).is_some() {
        ui.warn(old_output())?;
    }
    let mut selected = select(ui, &loaded, Command::Freshness)?;
    let sources = &loaded.parsed.manifest.sources;
    selected.retain(|id| sources.get(id).is_some_and(|table| table.has_freshness()));
    let mut plan = plan(
        &loaded.parsed.manifest,
        &loaded.dag,
        Request {
            command: Command::Freshness,
            selected: &selected,
            project: &loaded.workspace.project.name,
            store_failures: false,
            records_ephemeral: false,
            gate: Gate::Never,
            resumed: None,
        },
    )?;
    if plan.is_empty() {
        nothing_selected(ui)?;
        write(ui, &loaded, &[], 0.0)?;
        ui.events.send(FreshnessCheckComplete {});
        return Ok(Outcome::Success);
    }
    without_hooks(ui, &loaded, &mut plan)?;
    let warehouse = open(ui, &loaded, selected.into_iter().collect())?;
    let runner = FreshnessRunner::new(&warehouse.run, &plan);
    let (ran, seconds) = run(ui, (&loaded, &warehouse), &plan, &runner, &warehouse.compiler(&loaded));
    let closed = warehouse.close();
    let Ran { results, interrupted, broken } = ran?;
    finished(ui, &loaded, &results, seconds);
    write(ui, &loaded, &results, seconds)?;
    for result in
        results.iter().filter(|result| matches!(result.status, Status::Error | Status::RuntimeError))
    {
        tell_failure(ui, &loaded, result);
    }
    ui.events.send(FreshnessCheckComplete {});
    closed?;
    if let Some(broken) = broken {
        return Err(broken.into());
    }
    let failed = |result: &RunResult| result.status.is_failure() || result.status == Status::Skipped;
    Ok(if interrupted || results.iter().any(failed) { Outcome::Failure } else { Outcome::Success })
}

/// Takes the hooks out of the plan where the project says so, and tells.
fn without_hooks(ui: &Ui, loaded: &Loaded, plan: &mut Plan) -> Result<(), CliError> {
    if loaded.parsed.shared.is_on(HOOKS) || (plan.on_run_start.is_empty() && plan.on_run_end.is_empty()) {
        return Ok(());
    }
    plan.on_run_start.clear();
    plan.on_run_end.clear();
    let message = "`on-run-start` and `on-run-end` do not run for `source freshness`";
    ui.warn(
        Diagnostic::warning(Code::DEPRECATED, None, message)
            .help("set `source_freshness_run_project_hooks: true` below `flags:` in dbt_project.yml")
            .known_as("SourceFreshnessProjectHooksNotRun"),
    )
}

fn old_output() -> Diagnostic {
    Diagnostic::warning(Code::DEPRECATED, None, "`--output` of `source freshness` is going away")
        .help("read target/sources.json; `--target-path` chooses the folder")
        .known_as("CustomOutputPathInSourceFreshnessDeprecation")
}

/// Writes the manifest again and `sources.json`, unless `--no-write-json`.
fn write(ui: &Ui, loaded: &Loaded, results: &[RunResult], elapsed_time: f64) -> Result<(), CliError> {
    loaded.write_manifest(ui, loaded.compiled.clone())?;
    loaded.write_tables(ui, Some(results))?;
    if !ui.flags.building().write_json {
        return Ok(());
    }
    let path: Utf8PathBuf = match ui.flags.text(OUTPUT_PATH.id) {
        Some(given) => files::absolute(&loaded.workspace.paths.root, given),
        None => loaded.target("sources.json"),
    };
    let file =
        SourcesFile { invocation: &ui.invocation, generated_at: Timestamp::now(), results, elapsed_time };
    file.write(&path)?;
    written(ui, "FreshnessResult", &path);
    Ok(())
}
