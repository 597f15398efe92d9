//! Runs the nodes of a command: schemas and cache, hooks, nodes, hooks, artifacts.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use crate::artifacts::{FAILURES, PastRun, RunJournal, RunResult, RunResults, Status};
use crate::cli::args::Verb;
use crate::cli::{CliError, Outcome, Ui};
use crate::compile::Compiler;
use crate::diag::{Code, Diagnostic, Scrubber};
use crate::event::{ConcurrencyLine, EndRunResult, HooksRunning, PrintEvent};
use crate::manifest::{Json, JsonMap, UniqueId};
use crate::plan::{Command, Gate, Plan, Request, explain, plan};
use crate::run::{
    HookStage, NodeRunner, Options, Runner, SkipReason, Turn, prepare, result_message, run_hooks, run_plan,
};
use crate::signal::openlineage::Told;

use super::checking::{check_nodes, tell_checked};
use super::forecast::Outlook;
use super::journal;
use super::load::{Loaded, load, written};
use super::report::{blank, finished, print_results};
use super::scope::{Warehouse, open};
use super::seed_rows::show_samples;
use super::selecting::{nothing_selected, select};
use super::signals::Signals;

/// The commands that the documentation's history of runs tells of: those that build and test.
const RECORDED: [Verb; 6] = [Verb::Build, Verb::Run, Verb::Test, Verb::Seed, Verb::Snapshot, Verb::Retry];

/// What a command did.
pub(in crate::cli) struct Done {
    /// The project.
    pub loaded: Loaded,
    /// What became of each node, hooks included.
    pub results: Vec<RunResult>,
    /// What was selected.
    pub selected: BTreeSet<UniqueId>,
    /// How the command ends.
    pub outcome: Outcome,
}

/// Selects the nodes of a command and runs them.
pub(in crate::cli) fn execute(ui: &Ui, command: Command) -> Result<Done, CliError> {
    let loaded = load(ui)?;
    let selected = select(ui, &loaded, command)?;
    let building = ui.flags.building();
    let plan = plan(
        &loaded.parsed.manifest,
        &loaded.dag,
        Request {
            command,
            selected: &selected,
            project: &loaded.workspace.project.name,
            store_failures: building.store_failures,
            gate: match (building.gate, building.gate_all) {
                (Some(false), _) => Gate::Never,
                (_, true) => Gate::Together,
                (Some(true), false) => Gate::Always,
                (None, false) => Gate::Configured,
            },
            resumed: ui.resumed.as_ref(),
            records_ephemeral: command == Command::Compile && !ui.flags.selecting().select.is_empty(),
        },
    )?;
    if building.dry_run {
        return dry_run(ui, loaded, &plan, selected);
    }
    if plan.is_empty() {
        nothing_selected(ui)?;
        journal::clean_up_alone(ui, &loaded, &plan)?;
        tell_results(ui, &[], (0.0, true));
        write_results(ui, &loaded, &[], 0.0)?;
        return Ok(Done { loaded, results: Vec::new(), selected, outcome: Outcome::Success });
    }
    let journal = journal::begin(ui, &loaded, command, &plan)?;
    let work = Work { ui, loaded: &loaded, command, plan: &plan, journal: journal.as_ref() };
    if building.check && has_mistakes(ui, &loaded, &selected)? {
        work.record(&not_begun(&plan), 0.0)?;
        return Ok(Done { loaded, results: Vec::new(), selected, outcome: Outcome::Failure });
    }
    let (results, outcome) = work.run(&selected)?;
    Ok(Done { loaded, results, selected, outcome })
}

/// A command with something to do.
struct Work<'a> {
    ui: &'a Ui,
    loaded: &'a Loaded,
    command: Command,
    plan: &'a Plan,
    journal: Option<&'a Arc<RunJournal>>,
}

impl Work<'_> {
    /// Runs the plan, writes what came of it and tells it.
    fn run(&self, selected: &BTreeSet<UniqueId>) -> Result<(Vec<RunResult>, Outcome), CliError> {
        let Self { ui, loaded, plan, .. } = *self;
        let warehouse = open(ui, loaded, selected.iter().cloned().collect())?;
        let signals = Signals::begin(ui, loaded, self.command)?;
        let runner = NodeRunner::new(warehouse.compiler(loaded), plan, ui.cancel.clone())
            .fusing(ui.flags.building().fuse)
            .retrying(ui.flags.building().retries)
            .journaling(self.journal.cloned(), &ui.invocation.id)
            .keeping_rows_in(loaded.target(FAILURES))
            .shared();
        let told = Told { runner: &*runner, lineage: signals.lineage() };
        let (ran, seconds) = run(ui, (loaded, &warehouse), plan, &told, runner.compiler());
        // The database may have much to write too.
        let written = if ran.is_ok() { loaded.write_manifest(ui, loaded.compiled.clone()) } else { Ok(()) };
        let closed = warehouse.close();
        let failed =
            |ran: &Ran| ran.interrupted || ran.results.iter().any(|result| counts_as_failure(loaded, result));
        let failed = ran.as_ref().map_or(true, failed);
        signals.end(ui, loaded, ran.as_ref().map_or(&[], |ran| &ran.results), !failed);
        let ran = match ran {
            Ok(ran) => ran,
            Err(problem) => {
                self.record(&not_begun(plan), seconds)?;
                return Err(problem);
            }
        };
        written?;
        self.conclude(&ran, (seconds, failed))?;
        closed?;
        match ran.broken {
            Some(broken) => Err(broken.into()),
            None => Ok((ran.results, if failed { Outcome::Failure } else { Outcome::Success })),
        }
    }

    fn conclude(&self, ran: &Ran, (seconds, failed): (f64, bool)) -> Result<(), CliError> {
        let Self { ui, loaded, .. } = *self;
        let compiles = self.command == Command::Compile;
        if !compiles {
            finished(ui, loaded, &ran.results, seconds);
        }
        tell_results(ui, &ran.results, (seconds, !failed));
        // As in dbt, compiling that failed leaves the results of the command before.
        if !(failed && compiles) {
            self.record(&ran.results, seconds)?;
        }
        if ui.flags.building().show {
            show_samples(ui, loaded, &ran.results)?;
        }
        if !compiles {
            print_results(ui, loaded, &ran.results, ran.interrupted);
        }
        Ok(())
    }

    /// Writes results, after which the journal is not needed.
    fn record(&self, results: &[RunResult], seconds: f64) -> Result<(), CliError> {
        write_results(self.ui, self.loaded, results, seconds)?;
        journal::end(self.loaded, self.journal.map(Arc::as_ref), self.plan, results)
    }
}

/// Checks what is to be done, and tells what is wrong with it.
fn has_mistakes(ui: &Ui, loaded: &Loaded, selected: &BTreeSet<UniqueId>) -> Result<bool, CliError> {
    let checked = check_nodes(ui, loaded, selected, None)?;
    tell_checked(ui, loaded, &checked)?;
    Ok(checked.findings.errors().next().is_some())
}

/// Shows what a command would do. The database is not opened, and no artifact is written.
fn dry_run(ui: &Ui, loaded: Loaded, plan: &Plan, selected: BTreeSet<UniqueId>) -> Result<Done, CliError> {
    if plan.is_empty() {
        nothing_selected(ui)?;
    } else {
        for msg in explain(&loaded.parsed.manifest, plan, ui.flags.building().full_refresh) {
            ui.events.send(PrintEvent { msg });
        }
    }
    Ok(Done { loaded, results: Vec::new(), selected, outcome: Outcome::Success })
}

/// Returns the results of a command that ended before its first node, so that `retry` finds what is still to be done.
///
/// dbt leaves the results of the command before: its `retry` then says that there is nothing to do.
fn not_begun(plan: &Plan) -> Vec<RunResult> {
    let skipped = |id: &UniqueId| RunResult::new(id.clone(), Status::Skipped);
    plan.steps.iter().filter(|step| step.recorded).map(|step| skipped(&step.id)).collect()
}

/// Tells tools of all results at once; they are already told of each.
fn tell_results(ui: &Ui, results: &[RunResult], (elapsed_time, success): (f64, bool)) {
    ui.events.debug(|| EndRunResult {
        elapsed_time,
        generated_at: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        results: results.iter().map(result_message).collect(),
        success,
    });
}

/// A skipped exposure is no failure: there was nothing to do.
fn counts_as_failure(loaded: &Loaded, result: &RunResult) -> bool {
    match result.status {
        Status::Skipped => !loaded.parsed.manifest.exposures.contains_key(&result.unique_id),
        status => status.is_failure(),
    }
}

/// What came of the nodes and hooks of a plan.
pub(super) struct Ran {
    pub(super) results: Vec<RunResult>,
    pub(super) interrupted: bool,
    /// The error of a hook after the nodes that ends the command.
    pub(super) broken: Option<Diagnostic>,
}

/// Runs a plan and its hooks; tells how many seconds it took.
pub(super) fn run<R: Runner>(
    ui: &Ui,
    (loaded, warehouse): (&Loaded, &Warehouse),
    plan: &Plan,
    runner: &R,
    compiler: &Compiler,
) -> (Result<Ran, CliError>, f64) {
    let started = Instant::now();
    let ran = run_all(ui, (loaded, warehouse), plan, runner, compiler);
    (ran, started.elapsed().as_secs_f64())
}

/// Tells how many nodes run, and how many at a time.
pub(super) fn concurrency(ui: &Ui, loaded: &Loaded, node_count: usize) {
    let profile = &loaded.workspace.profile;
    blank(ui);
    ui.events.send(ConcurrencyLine {
        node_count,
        num_threads: profile.threads,
        target_name: profile.target.clone(),
    });
    blank(ui);
}

fn run_all<R: Runner>(
    ui: &Ui,
    (loaded, warehouse): (&Loaded, &Warehouse),
    plan: &Plan,
    runner: &R,
    compiler: &Compiler,
) -> Result<Ran, CliError> {
    concurrency(ui, loaded, plan.total());
    let scope = warehouse.macro_scope(loaded);
    let retries = ui.flags.building().retries.unwrap_or_default();
    prepare(&scope, &plan.schemas, &warehouse.session, retries).map_err(|problem| match problem.code {
        Code::CONNECTION => problem.focused(&ui.sources, loaded.workspace.profile.span),
        _ => problem,
    })?;
    journal::clean_up(ui, loaded, &scope, plan)?;
    let threads = loaded.workspace.profile.threads;
    let mut outlook = Outlook::read(loaded, plan);
    if ui.flags.building().explain_schedule {
        outlook.explain(ui, plan, threads);
    }
    let mut results = Vec::with_capacity(plan.total());
    if let Some(broken) = hooks(ui, compiler, warehouse, (&plan.on_run_start, HookStage::Start), &mut results)
    {
        return Err(broken.into());
    }
    let start_failed = results.iter().any(|result| result.status == Status::Error);
    let shared = &loaded.parsed.shared;
    if start_failed && shared.is_on("SKIP_NODES_IF_ON_RUN_START_FAILS") {
        let numbered = plan.steps.iter().filter(|step| step.numbered);
        results.extend(numbered.enumerate().map(|(at, step)| {
            let turn = Turn { id: &step.id, index: at + 1, total: plan.total(), peers: &[] };
            runner.skip(turn, &SkipReason::Hook)
        }));
    } else {
        let options = Options {
            threads,
            fail_fast: ui.flags.building().fail_fast,
            cancel: ui.cancel.clone(),
            urgency: outlook.urgency(),
        };
        let outcome = run_plan(plan, runner, &options)?;
        outlook.learn(ui, loaded, plan, &outcome.results);
        results.extend(outcome.results);
    }
    let nodes = results.clone();
    let broken = hooks(ui, compiler, warehouse, (&plan.on_run_end, HookStage::End(&nodes)), &mut results);
    Ok(Ran { results, interrupted: ui.cancel.is_cancelled(), broken })
}

fn hooks(
    ui: &Ui,
    compiler: &Compiler,
    warehouse: &Warehouse,
    (ids, stage): (&[UniqueId], HookStage<'_>),
    results: &mut Vec<RunResult>,
) -> Option<Diagnostic> {
    if ids.is_empty() || ui.cancel.is_cancelled() {
        return None;
    }
    let at_start = matches!(stage, HookStage::Start);
    let hook_type = if at_start { "on-run-start" } else { "on-run-end" }.to_owned();
    if !at_start {
        // Hooks may read the manifest, which dbt has written by now.
        ui.background.wait();
        blank(ui);
    }
    ui.events.debug(|| HooksRunning { num_hooks: ids.len(), hook_type });
    let done = run_hooks(compiler, ids, stage, &warehouse.session);
    results.extend(done.results);
    if at_start {
        blank(ui);
    }
    done.broken
}

/// Writes `run_results.json` unless `--no-write-json`, and tables where they are asked for.
pub(in crate::cli) fn write_results(
    ui: &Ui,
    loaded: &Loaded,
    results: &[RunResult],
    elapsed_time: f64,
) -> Result<(), CliError> {
    if ui.flags.building().write_json {
        write_run_results(ui, loaded, results, elapsed_time)?;
    }
    loaded.write_tables(ui, Some(results))
}

fn write_run_results(
    ui: &Ui,
    loaded: &Loaded,
    results: &[RunResult],
    elapsed_time: f64,
) -> Result<(), CliError> {
    let path = loaded.target("run_results.json");
    let args = shown_args(ui, loaded);
    let file = RunResults {
        invocation: &ui.invocation,
        generated_at: Timestamp::now(),
        results,
        elapsed_time,
        args: &args,
    };
    file.write(&path)?;
    written(ui, "RunExecutionResult", &path);
    if RECORDED.contains(&ui.flags.verb()) && !results.is_empty() {
        PastRun::of(&file, ui.flags.which).append(&loaded.target(""))?;
    }
    Ok(())
}

/// Returns the settings of a command as artifacts show them.
pub(super) fn shown_args(ui: &Ui, loaded: &Loaded) -> JsonMap {
    let args = match ui.flags.verb() {
        Verb::RunOperation => ui.flags.as_operation_args(),
        _ => ui.flags.as_invocation_args(),
    };
    let mut args = without_secrets(args, &loaded.workspace.scrubber);
    // Beside dbt's version in `metadata`, where strict readers take no other key.
    args.insert("tidegate_version".to_owned(), env!("CARGO_PKG_VERSION").into());
    args
}

/// Hides secret values of `--vars`, also where the command line shows them.
fn without_secrets(mut args: JsonMap, secrets: &Scrubber) -> JsonMap {
    let hide = |value: &mut Json| {
        if let Json::String(text) = value {
            *text = secrets.scrub(text).into_owned();
        }
    };
    if let Some(Json::Object(vars)) = args.get_mut("vars") {
        vars.values_mut().for_each(hide);
    }
    args.get_mut("invocation_command").into_iter().for_each(hide);
    args
}
