//! The journal of a command's run: begun before its first node, gone once its results are written; and what is done
//! about journals of runs that were killed.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::artifacts::{Began, OtherRun, RunJournal, RunResult, Status, timestamp};
use crate::cli::{CliError, Ui};
use crate::context::{NodeScope, relation_value};
use crate::event::Note;
use crate::files;
use crate::jinja::{Args, Error, Value};
use crate::manifest::{Json, Relation, UniqueId};
use crate::plan::{Command, Plan};

use super::execute::shown_args;
use super::load::Loaded;
use super::scope::open;

/// What a command builds in: journals of other places are none of its business.
fn place(loaded: &Loaded) -> String {
    let profile = &loaded.workspace.profile;
    let keys = Json::Object(profile.connection.connection_keys());
    files::checksum(&format!("{} {keys}", profile.target))
}

/// Begins the journal of a command that builds or tests; those without artifacts have none.
pub(super) fn begin(
    ui: &Ui,
    loaded: &Loaded,
    command: Command,
    plan: &Plan,
) -> Result<Option<Arc<RunJournal>>, CliError> {
    if !(command.makes_schemas() && ui.flags.building().write_json) {
        return Ok(None);
    }
    let recorded = plan.steps.iter().filter(|step| step.recorded);
    let doubtful = plan.resumed.doubtful.iter().map(|(id, trace)| (id.to_string(), trace.clone()));
    let began = Began {
        invocation_id: ui.invocation.id.clone(),
        at: timestamp(ui.invocation.started_at),
        process: std::process::id(),
        args: shown_args(ui, loaded),
        place: place(loaded),
        nodes: recorded.map(|step| step.id.to_string()).collect(),
        doubtful: doubtful.collect(),
    };
    Ok(Some(Arc::new(RunJournal::begin(&loaded.target(""), &began)?)))
}

/// Ends the journal of a run: its results are written, and the disk has them. It stays where it knows more than they do:
/// how to find out whether a node was published that had no turn.
pub(super) fn end(
    loaded: &Loaded,
    journal: Option<&RunJournal>,
    plan: &Plan,
    results: &[RunResult],
) -> Result<(), CliError> {
    let Some(journal) = journal else { return Ok(()) };
    let had_turn = |id: &UniqueId| {
        results.iter().any(|result| result.unique_id == *id && result.status != Status::Skipped)
    };
    files::sync(&loaded.target("run_results.json"))?;
    if plan.resumed.doubtful.keys().all(had_turn) {
        journal.finish()?;
    }
    Ok(())
}

/// Removes what runs left that were killed while they built in the same place: relations beside half-built ones, traces,
/// their journals. What nodes that are resumed left is looked at when they have their turns.
pub(super) fn clean_up(ui: &Ui, loaded: &Loaded, scope: &NodeScope, plan: &Plan) -> Result<(), CliError> {
    let place = place(loaded);
    let here = |run: &OtherRun| {
        !run.alive && run.began.place == place && run.began.invocation_id != ui.invocation.id
    };
    let kept: BTreeSet<&String> = plan.resumed.doubtful.values().collect();
    for run in OtherRun::all(&loaded.target("")).iter().filter(|run| here(run)) {
        scope.take_session().map_err(Error::into_diagnostic)?;
        let traces = run.settled.iter().chain(run.began.doubtful.values());
        let mut cleaned = remove_traces(traces.filter(|trace| !kept.contains(trace)), scope);
        if plan.resumed.run.as_deref() != Some(&run.began.invocation_id) {
            let command = run.began.args.get("which").and_then(Json::as_str).unwrap_or_default();
            let at = &run.began.at;
            let msg = format!("Cleaning up after `{command}` of {at}, which did not come to its end");
            ui.events.send(Note { msg });
            cleaned = cleaned.and_then(|()| remove_leftovers(run, scope));
        }
        scope.session().with(crate::context::Session::rollback);
        cleaned.map_err(Error::into_diagnostic)?;
        run.forget()?;
    }
    Ok(())
}

fn remove_leftovers(run: &OtherRun, scope: &NodeScope) -> Result<(), Error> {
    let shared = &scope.run().shared;
    for [database, schema, name] in run.half_done.values() {
        let database = Some(database.as_str()).filter(|name| !name.is_empty());
        let relation =
            Relation::new(shared.dialect, database, Some(schema), Some(name)).with_quoting(shared.quoting);
        scope.call_from_rust("remove_leftovers", Args::from(vec![relation_value(relation)]))?;
    }
    Ok(())
}

fn remove_traces<'a>(mut traces: impl Iterator<Item = &'a String>, scope: &NodeScope) -> Result<(), Error> {
    let remove =
        |trace: &String| scope.call_from_rust("remove_trace", Args::from(vec![Value::from(trace.as_str())]));
    traces.try_for_each(|trace| remove(trace).map(drop))
}

/// Does the same for a `retry` that finds every node done.
pub(super) fn clean_up_alone(ui: &Ui, loaded: &Loaded, plan: &Plan) -> Result<(), CliError> {
    if plan.resumed.run.is_none() || OtherRun::all(&loaded.target("")).is_empty() {
        return Ok(());
    }
    let warehouse = open(ui, loaded, Vec::new())?;
    clean_up(ui, loaded, &warehouse.macro_scope(loaded), plan)?;
    warehouse.close()
}
