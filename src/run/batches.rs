//! Builds a microbatch model batch by batch (`macros.md` section 5).
//!
//! Input: the model's node and a worker's session. Output: one [`Done`] for the whole model, and events for each
//! batch. Each batch is compiled with its window of event time on the inputs and materialized on its own, so that
//! a batch that fails leaves the others standing; only without the first one there is nothing to add to, and the
//! rest is skipped. The first batch runs the pre-hooks, the last one the post-hooks. Called by [`NodeRunner`].

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::Timestamp;

use super::crew::Crew;
use super::describe::{place, result_message};
use super::node::{Done, NodeRunner, Work};
use super::schedule::SkipReason;
use crate::adapter::datetime_str;
use crate::artifacts::{BatchResults, RunResult, Status};
use crate::context::{NodeScope, Session, SharedSession};
use crate::diag::Diagnostic;
use crate::event::{
    self, GenericExceptionOnRun, LogBatchResult, LogStartBatch, MicrobatchExecutionDebug, NodeFinished,
    NodeInfo, NodeStart,
};
use crate::jinja::{Value, function};
use crate::manifest::{Batch, Config, Json, JsonMap, Node, RelationType, Window, utc};
use crate::plan::{Action, BatchRequest, again, batches};

/// A microbatch model at work, shared by the workers that build its batches.
struct Model {
    node: Arc<Node>,
    info: NodeInfo,
    batches: Vec<Batch>,
    /// Whether the first batch adds to rows that are there. All others do.
    incremental: bool,
    /// Where it is built, as lines show it.
    place: String,
    line: Mutex<Line>,
    /// Told when a batch ends.
    ended: Condvar,
}

/// Which batches wait, and what became of the others.
#[derive(Default)]
struct Line {
    /// The batches that may be taken next, by any worker.
    waiting: Range<usize>,
    /// Who may take them: whoever works at this pace.
    pace: Pace,
    /// How many were taken and have not ended.
    in_hand: usize,
    tally: Tally,
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
    /// What was wrong with the first of them, and its place.
    diagnostic: Option<(usize, Box<Diagnostic>)>,
    broken_off: Option<SkipReason>,
}

/// Whether a batch waits for the one before.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Pace {
    #[default]
    Sequential,
    Concurrent,
}

impl NodeRunner {
    /// Builds the batches of a model: the first and the last one alone, those between at the same time where
    /// the engine and the model allow it and workers are idle. Errors when the batches cannot even be told.
    pub(super) fn build_batches<'a>(
        &'a self,
        (node, info): (&Arc<Node>, &NodeInfo),
        session: &SharedSession,
        crew: &dyn Crew<'a, SharedSession>,
    ) -> Result<Done, Diagnostic> {
        let run = self.run_scope();
        let previous = self.resumed.batches.get(&node.unique_id);
        // What was built stays, even where the earlier run began with a full refresh.
        let rebuilt = previous.is_none()
            && node.config.flag("full_refresh").unwrap_or_else(|| run.shared.is_on("FULL_REFRESH"));
        let incremental = !rebuilt && self.is_table(node)?;
        let request = BatchRequest {
            incremental,
            asked: run.times.sample.or(run.times.bounds),
            now: self.resumed.now.unwrap_or_else(|| utc(run.shared.started_at)),
        };
        let batches = match previous {
            Some(previous) => again(node, &previous.failed)?,
            None => batches(node, request)?,
        };
        let last = batches.len().saturating_sub(1);
        let model = Arc::new(Model {
            node: Arc::clone(node),
            info: info.clone(),
            batches,
            incremental,
            place: place(node, self.home()),
            line: Mutex::default(),
            ended: Condvar::new(),
        });
        self.advance(&model, 0..1, session);
        if model.lock().tally.built.is_empty() {
            // Without the first batch there is nothing to add to.
            self.skip_rest(&model);
        } else {
            self.between(&model, 1..last, (session, crew));
            self.advance(&model, last.max(1)..last + 1, session);
        }
        let tally = std::mem::take(&mut model.lock().tally);
        let mut done = tally.done();
        if let (Some(previous), Some(results)) = (previous, &mut done.batches) {
            results.successful.extend(previous.successful.iter().map(shown));
        }
        Ok(done)
    }

    /// Builds batches one after another.
    fn advance(&self, model: &Arc<Model>, batches: Range<usize>, session: &SharedSession) {
        model.release(batches, Pace::Sequential);
        self.work_off(model, session, Pace::Sequential);
    }

    /// Builds the batches between the first and the last one, together with idle workers.
    fn between<'a>(
        &'a self,
        model: &Arc<Model>,
        batches: Range<usize>,
        (session, crew): (&SharedSession, &dyn Crew<'a, SharedSession>),
    ) {
        if !self.may_be_concurrent(&model.node) || crew.others() == 0 {
            return self.advance(model, batches, session);
        }
        let helpers = crew.others().min(batches.len().saturating_sub(1));
        model.release(batches, Pace::Concurrent);
        for _ in 0..helpers {
            let model = Arc::clone(model);
            crew.offer(Box::new(move |session: &mut SharedSession| {
                let _current = event::NodeScope::enter(model.info.clone());
                self.work_off(&model, session, Pace::Concurrent);
            }));
        }
        self.work_off(model, session, Pace::Concurrent);
        model.wait();
    }

    /// Tells whether the batches between the first and the last one need no order. A model that reads its own
    /// table does.
    fn may_be_concurrent(&self, node: &Node) -> bool {
        let reads_itself = || self.compiler().names(node).iter().any(|name| &**name == "this");
        let wanted = || node.config.flag("concurrent_batches").unwrap_or_else(|| !reads_itself());
        self.run_scope().shared.dialect.concurrent_batches() && wanted()
    }

    /// Takes waiting batches until there is none.
    fn work_off(&self, model: &Arc<Model>, session: &SharedSession, pace: Pace) {
        while let Some(index) = self.take(model, pace) {
            let mut hand = Hand { model, index, end: None };
            hand.end = Some(self.run_batch(model, index, (session, pace)));
        }
    }

    /// Takes the next batch; none once the run is being stopped. Those that still wait have then failed.
    fn take(&self, model: &Model, pace: Pace) -> Option<usize> {
        let mut line = model.lock();
        if line.pace != pace {
            return None;
        }
        let because = self.stop_reason();
        line.tally.broken_off = line.tally.broken_off.take().or(because);
        if line.tally.broken_off.is_some() {
            let left = std::mem::take(&mut line.waiting);
            line.tally.failed.extend(left.filter_map(|index| model.batches.get(index)));
            return None;
        }
        let index = line.waiting.next()?;
        line.in_hand += 1;
        Some(index)
    }

    /// Tells whether there is a table to add to.
    fn is_table(&self, node: &Node) -> Result<bool, Diagnostic> {
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
        Ok(found.is_some_and(|found| found.ty == Some(RelationType::Table)))
    }

    fn run_batch(&self, model: &Model, index: usize, (session, pace): (&SharedSession, Pace)) -> End {
        let started = Instant::now();
        let total_batches = model.batches.len();
        let Some(batch) = model.batches.get(index).copied() else { return End::Failed(None) };
        let description = model.describe(&batch);
        let events = self.events();
        let how = if pace == Pace::Sequential { "sequentially" } else { "concurrently" };
        events.debug(|| MicrobatchExecutionDebug { msg: format!("{description} is being run {how}") });
        events.debug(|| NodeStart { node_info: model.info.clone() });
        let (batch_index, node_info) = (index + 1, model.info.clone());
        events.send(LogStartBatch { batch_index, description, node_info, total_batches });
        let node = of_batch(&model.node, index == 0, index + 1 == total_batches);
        let mut attempts = self.attempts(&node);
        let (work, outcome) = loop {
            let scope = NodeScope::of_batch(self.run_scope(), &node, batch, session.clone());
            let mut work = Work::new(&node, scope, model.info.clone());
            work.adds_rows = index > 0 || model.incremental;
            work.again = attempts.again();
            let outcome = self.work(Action::Build, &mut work);
            session.with(Session::rollback);
            match outcome {
                Err(failure) if self.tries_again(&mut attempts, &node.name, &failure, session) => {
                    self.gate.forget(&node.unique_id);
                }
                outcome => break (work, outcome),
            }
        };
        let mut result = self.result(work, outcome, started);
        let end = match result.status {
            Status::Success => End::Built,
            Status::Skipped => End::BrokenOff(self.stop_reason().unwrap_or(SkipReason::Cancelled)),
            _ => {
                // The end of the run tells only how many batches failed.
                let message = result.message.replace("ERROR".to_owned()).unwrap_or_default();
                events.send(GenericExceptionOnRun {
                    build_path: String::new(),
                    exc: format!("{}: {message}", model.describe(&batch)),
                    unique_id: node.unique_id.to_string(),
                });
                let diagnostic = result.diagnostic.take();
                let seen = format!("first seen in batch {}", batch.label());
                End::Failed(diagnostic.map(|diagnostic| Box::new(diagnostic.note(seen))))
            }
        };
        self.tell_batch(model, index, &result);
        end
    }

    /// Skips all batches but the first one.
    fn skip_rest(&self, model: &Model) {
        for (index, batch) in model.batches.iter().enumerate().skip(1) {
            if model.lock().tally.broken_off.is_none() {
                self.events().debug(|| NodeStart { node_info: model.info.clone() });
                let id = model.node.unique_id.clone();
                let result = RunResult::new(id, Status::Skipped).with_message("SKIPPED");
                self.tell_batch(model, index, &result);
            }
            model.lock().tally.failed.push(*batch);
        }
    }

    fn tell_batch(&self, model: &Model, index: usize, result: &RunResult) {
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

/// A batch that a worker has taken. One without an end has failed: its worker broke.
struct Hand<'m> {
    model: &'m Model,
    index: usize,
    end: Option<End>,
}

impl Drop for Hand<'_> {
    fn drop(&mut self) {
        let mut line = self.model.lock();
        if let Some(batch) = self.model.batches.get(self.index) {
            line.tally.add((self.index, *batch), self.end.take().unwrap_or(End::Failed(None)));
        }
        line.in_hand -= 1;
        self.model.ended.notify_all();
    }
}

impl Model {
    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets batches be taken at a pace. A helper that comes too late for its pace takes none of them.
    fn release(&self, batches: Range<usize>, pace: Pace) {
        let mut line = self.lock();
        line.waiting = batches;
        line.pace = pace;
    }

    /// Waits until no batch is in anybody's hand.
    fn wait(&self) {
        let mut line = self.lock();
        while line.in_hand > 0 {
            line = self.ended.wait(line).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn describe(&self, batch: &Batch) -> String {
        format!("batch {} of {}", batch.label(), self.place)
    }
}

impl Tally {
    fn add(&mut self, (index, batch): (usize, Batch), end: End) {
        match end {
            End::Built => self.built.push(batch),
            End::Failed(diagnostic) => {
                self.failed.push(batch);
                let found = diagnostic.map(|diagnostic| (index, diagnostic));
                let known = self.diagnostic.take();
                self.diagnostic = known.into_iter().chain(found).min_by_key(|(index, _)| *index);
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
            batches: Some(BatchResults { successful: in_order(self.built), failed: in_order(self.failed) }),
            diagnostic: self.diagnostic.map(|(_, diagnostic)| diagnostic),
            before: false,
        }
    }
}

/// Returns batches in order of time, as artifacts show them.
fn in_order(batches: Vec<Batch>) -> Vec<(String, String)> {
    let mut windows: Vec<Window> = batches.into_iter().map(|batch| batch.window).collect();
    windows.sort_unstable();
    windows.iter().map(shown).collect()
}

fn shown(window: &Window) -> (String, String) {
    let show = |at| format!("{}+00:00", datetime_str(at, 'T'));
    (show(window.start), show(window.end))
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
