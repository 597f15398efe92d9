//! Builds a microbatch model batch by batch (`macros.md` section 5).
//!
//! Input: the model's node and a worker's session. Output: one [`Done`] for the whole model, and events for each
//! batch. Each batch is compiled with its window of event time on the inputs and materialized on its own, so that
//! a batch that fails leaves the others standing; only without the first one there is nothing to add to, and the
//! rest is skipped. The first batch runs the pre-hooks, the last one the post-hooks. Called by [`NodeRunner`].

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::describe::{place, result_message};
use super::node::{Done, NodeRunner, Work};
use super::schedule::SkipReason;
use crate::adapter::datetime_str;
use crate::artifacts::{BatchResults, RunResult, Status};
use crate::context::{NodeScope, Session, SharedSession};
use crate::diag::Diagnostic;
use crate::event::{
    GenericExceptionOnRun, LogBatchResult, LogStartBatch, MicrobatchExecutionDebug, NodeFinished, NodeInfo,
    NodeStart,
};
use crate::jinja::{Value, function};
use crate::manifest::{Batch, Config, Json, JsonMap, Node, RelationType, utc};
use crate::plan::{Action, BatchRequest, batches};

/// A microbatch model at work.
struct Model<'a> {
    node: &'a Arc<Node>,
    info: &'a NodeInfo,
    batches: Vec<Batch>,
    /// Whether the first batch adds to rows that are there. All others do.
    incremental: bool,
    /// Where it is built, as lines show it.
    place: String,
}

/// How one batch ended.
enum End {
    Built,
    Failed(Option<Box<Diagnostic>>),
    /// Somebody stopped the run.
    BrokenOff(SkipReason),
}

/// What became of the batches so far.
#[derive(Default)]
struct Tally {
    built: Vec<Batch>,
    /// The failed ones, and those that were not run.
    failed: Vec<Batch>,
    /// What was wrong first.
    diagnostic: Option<Box<Diagnostic>>,
    broken_off: Option<SkipReason>,
}

impl NodeRunner {
    /// Builds the batches of a model, one after another. Errors when the batches cannot even be told.
    pub(super) fn build_batches(
        &self,
        node: &Arc<Node>,
        info: &NodeInfo,
        session: &SharedSession,
    ) -> Result<Done, Diagnostic> {
        let incremental = self.adds_rows(node)?;
        let run = self.run_scope();
        let request = BatchRequest {
            incremental,
            asked: run.times.sample.or(run.times.bounds),
            now: utc(run.shared.started_at),
        };
        let batches = batches(node, request)?;
        let model = Model { node, info, batches, incremental, place: place(node, self.home()) };
        let mut tally = Tally::default();
        for (index, batch) in model.batches.iter().enumerate() {
            let because = self.stop_reason();
            tally.broken_off = tally.broken_off.or(because);
            if self.stops(&tally) {
                tally.failed.push(*batch);
            } else if tally.failed.first() == model.batches.first() {
                self.skip_batch(&model, index);
                tally.failed.push(*batch);
            } else {
                tally.add(*batch, self.run_batch(&model, index, session));
            }
        }
        Ok(tally.done())
    }

    /// Tells whether the table is there and keeps its rows (dbt's `_is_incremental`).
    fn adds_rows(&self, node: &Node) -> Result<bool, Diagnostic> {
        let (run, relation) = (self.run_scope(), self.run_scope().relation_of(node));
        let found = run.cache.get(
            relation.database.as_deref(),
            relation.schema.as_deref(),
            relation.identifier.as_deref(),
            run.shared.quoting,
        );
        let found = found.map_err(|error| {
            Diagnostic::error(crate::diag::Code::DATABASE, node.span, error.to_string()).help(error.help())
        })?;
        let is_table = found.is_some_and(|found| found.ty == Some(RelationType::Table));
        let rebuilt = node.config.flag("full_refresh").unwrap_or_else(|| run.shared.is_on("FULL_REFRESH"));
        Ok(is_table && !rebuilt)
    }

    /// Tells whether no further batch is to be begun.
    fn stops(&self, tally: &Tally) -> bool {
        let failed_fast = !tally.failed.is_empty() && self.run_scope().shared.is_on("FAIL_FAST");
        failed_fast || tally.broken_off.is_some()
    }

    fn run_batch(&self, model: &Model<'_>, index: usize, session: &SharedSession) -> End {
        let started = Instant::now();
        let total_batches = model.batches.len();
        let Some(batch) = model.batches.get(index).copied() else { return End::Failed(None) };
        let description = model.describe(&batch);
        let events = self.events();
        events.debug(|| MicrobatchExecutionDebug { msg: format!("{description} is being run sequentially") });
        events.debug(|| NodeStart { node_info: model.info.clone() });
        let (batch_index, node_info) = (index + 1, model.info.clone());
        events.send(LogStartBatch { batch_index, description, node_info, total_batches });
        let node = of_batch(model.node, index == 0, index + 1 == total_batches);
        let scope = NodeScope::of_batch(self.run_scope(), &node, batch, session.clone());
        let mut work = Work::new(&node, scope, model.info.clone());
        work.adds_rows = index > 0 || model.incremental;
        let outcome = self.work(Action::Build, &mut work);
        session.with(Session::rollback);
        let mut result = self.result(work, outcome, started);
        let end = match result.status {
            Status::Success => End::Built,
            Status::Skipped => End::BrokenOff(self.stop_reason().unwrap_or(SkipReason::Cancelled)),
            _ => {
                // The end of the run tells only how many batches failed.
                events.send(GenericExceptionOnRun {
                    build_path: String::new(),
                    exc: format!("{}: {}", model.describe(&batch), result.message.unwrap_or_default()),
                    unique_id: node.unique_id.to_string(),
                });
                result.message = Some("ERROR".to_owned());
                End::Failed(result.diagnostic.take())
            }
        };
        self.tell_batch(model, index, &result);
        end
    }

    fn skip_batch(&self, model: &Model<'_>, index: usize) {
        self.events().debug(|| NodeStart { node_info: model.info.clone() });
        let result = RunResult::new(model.node.unique_id.clone(), Status::Skipped).with_message("SKIPPED");
        self.tell_batch(model, index, &result);
    }

    fn tell_batch(&self, model: &Model<'_>, index: usize, result: &RunResult) {
        let finished = Some(Timestamp::now());
        let node_info = NodeInfo { finished_at: finished, ..model.info.with_status(result.status.as_str()) };
        let status = match result.status {
            Status::Success => result.message.clone().unwrap_or_default(),
            status => status.to_string(),
        };
        self.events().send(LogBatchResult {
            batch_index: index + 1,
            description: model.batches.get(index).map(|batch| model.describe(batch)).unwrap_or_default(),
            execution_time: result.execution_time,
            node_info: node_info.clone(),
            status,
            total_batches: model.batches.len(),
        });
        let run_result = result_message(result);
        self.events().debug(|| NodeFinished { node_info, run_result });
    }
}

impl Model<'_> {
    fn describe(&self, batch: &Batch) -> String {
        format!("batch {} of {}", batch.label(), self.place)
    }
}

impl Tally {
    fn add(&mut self, batch: Batch, end: End) {
        match end {
            End::Built => self.built.push(batch),
            End::Failed(diagnostic) => {
                self.failed.push(batch);
                self.diagnostic = self.diagnostic.take().or(diagnostic);
            }
            End::BrokenOff(because) => {
                self.failed.push(batch);
                self.broken_off = Some(because);
            }
        }
    }

    /// Returns what became of the model, with dbt's messages.
    fn done(self) -> Done {
        let (built, all) = (self.built.len(), self.built.len() + self.failed.len());
        let broken_off = self.broken_off.filter(|_| built == 0 && self.diagnostic.is_none());
        let (status, message) = match broken_off {
            Some(because) => (Status::Skipped, because.message().map(Cow::from)),
            None if built == all => (Status::Success, Some("SUCCESS".into())),
            None if built == 0 => (Status::Error, Some("ERROR".into())),
            None => (Status::PartialSuccess, Some(format!("PARTIAL SUCCESS ({built}/{all})").into())),
        };
        Done {
            status,
            message: message.map(Cow::into_owned),
            response: JsonMap::new(),
            failures: Some(0),
            batches: Some(BatchResults { successful: shown(self.built), failed: shown(self.failed) }),
            diagnostic: self.diagnostic,
        }
    }
}

/// Returns batches in order of time, as artifacts show them.
fn shown(mut batches: Vec<Batch>) -> Vec<(String, String)> {
    batches.sort_by_key(|batch| batch.window);
    let show = |at| format!("{}+00:00", datetime_str(at, 'T'));
    batches.iter().map(|batch| (show(batch.window.start), show(batch.window.end))).collect()
}

/// Returns the node as one of its batches sees it: hooks only where they run.
fn of_batch(node: &Arc<Node>, first: bool, last: bool) -> Arc<Node> {
    let dropped = [("pre-hook", first), ("post-hook", last)].into_iter().filter(|(_, kept)| !kept);
    let mut values = node.config.values().clone();
    for (key, _) in dropped {
        values.insert(key.to_owned(), Json::Array(Vec::new()));
    }
    Arc::new(Node { config: Config::new(values), ..(**node).clone() })
}

/// Adds the names that make a materialization add rows, whatever the flags say: a full refresh begins anew with
/// the first batch only.
pub(super) fn add_rows(scope: &NodeScope) {
    for (name, answer) in [("is_incremental", true), ("should_full_refresh", false)] {
        scope.add(name, function(name, move |_| Ok(Value::from(answer))));
    }
}
