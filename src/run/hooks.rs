//! `on-run-start` and `on-run-end`: SQL around a run (`project.md` section 9).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::describe::Infos;
use super::error_text::hook_error_text;
use super::result_object::result_value;
use crate::adapter::Fetch;
use crate::artifacts::{Phase, RunResult, Status, Timing};
use crate::compile::Compiler;
use crate::context::{NodeScope, Session, SharedSession};
use crate::diag::Diagnostic;
use crate::event::{self, LogHookEndLine, LogHookStartLine, NodeInfo};
use crate::jinja::{Value, list, tuple};
use crate::manifest::{Manifest, Node, NodeKind, UniqueId};
use crate::sql::is_blank;

/// When hooks run.
#[derive(Clone, Copy, Debug)]
pub enum HookStage<'a> {
    /// Before the first node.
    Start,
    /// After the last one, with everything that was done so far.
    End(&'a [RunResult]),
}

impl HookStage<'_> {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "on-run-start",
            Self::End(_) => "on-run-end",
        }
    }
}

/// What hooks did.
#[derive(Debug, Default)]
pub struct HooksRun {
    /// A result for each hook.
    pub results: Vec<RunResult>,
    /// The error of a hook whose text could not be made, statements that its macros send included. As in dbt it
    /// ends the command (exit code 2), which a statement that the database refuses does not.
    pub broken: Option<Diagnostic>,
}

/// Runs hooks in order on one session, each statement a transaction of its own; after a failure the rest is skipped. What a
/// hook's macros begin and do not commit is rolled back in the end, as in dbt.
pub fn run_hooks(
    compiler: &Compiler,
    hooks: &[UniqueId],
    stage: HookStage<'_>,
    session: &SharedSession,
) -> HooksRun {
    let run = compiler.run();
    let infos = Infos::new(&run.manifest, hooks);
    let mut done = HooksRun::default();
    if let Err(error) = session.with(Session::leave_transaction) {
        done.broken = Some(error.to_diagnostic());
        return done;
    }
    let mut failed = false;
    for (place, id) in hooks.iter().enumerate() {
        let Some(node) = run.manifest.nodes.get(id) else { continue };
        let started = Instant::now();
        let info = infos.started(id);
        let _current = event::NodeScope::enter(info.clone());
        let (index, total) = (place + 1, hooks.len());
        let statement = statement_name(node, stage, place);
        let events = &run.shared.events;
        let mut result = if failed {
            let message = format!("{statement} skipped");
            let mut result = RunResult::new(id.clone(), Status::Skipped).with_message(message);
            result.failures = Some(1);
            result
        } else {
            let started = statement.clone();
            events.send(LogHookStartLine { index, node_info: info.clone(), statement: started, total });
            let (result, broken) = run_hook(compiler, node, stage, session, &statement);
            if broken.is_some() {
                // As in dbt, whoever ends the command has no result.
                done.broken = broken;
                break;
            }
            result
        };
        if result.status == Status::Error {
            failed = true;
            session.with(Session::rollback);
        }
        result.execution_time = started.elapsed().as_secs_f64();
        "main".clone_into(&mut result.thread_id);
        let status = result.status.to_string();
        let node_info = NodeInfo { finished_at: Some(Timestamp::now()), ..info.with_status(status.clone()) };
        let execution_time = result.execution_time;
        events.send(LogHookEndLine { execution_time, index, node_info, statement, status, total });
        done.results.push(result);
    }
    session.with(Session::rollback);
    done
}

/// `shop.on-run-start.0`, as node lines show it: with the place among the hooks of all packages.
fn statement_name(node: &Node, stage: HookStage<'_>, place: usize) -> String {
    format!("{}.{}.{place}", node.package_name, stage.name())
}

fn run_hook(
    compiler: &Compiler,
    node: &Arc<Node>,
    stage: HookStage<'_>,
    session: &SharedSession,
    name: &str,
) -> (RunResult, Option<Diagnostic>) {
    let run = compiler.run();
    let scope = NodeScope::new(run, &node.package_name, Some(Arc::clone(node)), session.clone());
    if let HookStage::End(results) = stage {
        add_results(&scope, &run.manifest, results);
    }
    let mut timing = Vec::new();
    let outcome = execute(compiler, node, &scope, &mut timing);
    let mut broken = None;
    let mut result = match outcome {
        Ok(()) => {
            let message = format!("{name} passed");
            let mut result = RunResult::new(node.unique_id.clone(), Status::Success).with_message(message);
            result.failures = Some(0);
            result
        }
        Err(diagnostic) => {
            let (text, diagnostic) = hook_error_text(node, diagnostic, &run.shared);
            let message = format!("{name} failed, error:\n {text}");
            let mut result = RunResult::new(node.unique_id.clone(), Status::Error).with_message(message);
            result.failures = Some(1);
            if timing.len() < 2 {
                broken = Some(diagnostic.clone());
            }
            result.diagnostic = Some(Box::new(diagnostic));
            result
        }
    };
    result.timing = timing;
    (result.with_node(node, run.compiled.get(&node.unique_id).as_deref()), broken)
}

fn execute(
    compiler: &Compiler,
    node: &Arc<Node>,
    scope: &NodeScope,
    timing: &mut Vec<Timing>,
) -> Result<(), Diagnostic> {
    let begin = Timestamp::now();
    let compiled = compiler.compile(node, scope);
    timing.push(Timing { name: Phase::Compile, started_at: begin, completed_at: Timestamp::now() });
    let compiled = compiled?;
    compiler.run().compiled.update(&node.unique_id, |compiled| compiled.ran_as_hook = true);
    let begin = Timestamp::now();
    let done = if is_blank(&compiled.code) {
        Ok(())
    } else {
        scope.execute_compiled(&compiled.code, Fetch::Nothing).map(drop)
    };
    timing.push(Timing { name: Phase::Execute, started_at: begin, completed_at: Timestamp::now() });
    done
}

/// Adds `results`, `schemas` and `database_schemas` for hooks at the end of a run; of hooks only those that failed are
/// among the results.
fn add_results(scope: &NodeScope, manifest: &Manifest, results: &[RunResult]) {
    let mut schemas = BTreeSet::new();
    for result in results.iter().filter(|result| result.status == Status::Success) {
        if let Some(node) = manifest.nodes.get(&result.unique_id).filter(|node| node.is_relational()) {
            schemas.insert((node.database.clone(), node.schema.clone()));
        }
    }
    let names: BTreeSet<&str> = schemas.iter().map(|(_, schema)| schema.as_str()).collect();
    scope.add("schemas", list(names.into_iter().map(Value::from).collect::<Vec<_>>()));
    let pairs = schemas
        .iter()
        .map(|(database, schema)| tuple([Value::from(database.as_str()), Value::from(schema.as_str())]));
    scope.add("database_schemas", list(pairs.collect::<Vec<_>>()));
    let is_hook = |id: &UniqueId| {
        manifest.nodes.get(id).is_some_and(|node| matches!(node.kind, NodeKind::Operation { .. }))
    };
    let shown = results.iter().filter(|it| it.status == Status::Error || !is_hook(&it.unique_id));
    let objects = shown.map(|result| result_value(result, scope.run()));
    scope.add("results", list(objects.collect::<Vec<_>>()));
}
