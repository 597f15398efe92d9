//! Runs the steps of a plan on worker threads; what a step does is behind [`Runner`].
//!
//! Each step is run or skipped exactly once, never before the steps it waits for. Of the ready ones a single
//! worker takes the first of the plan; several take the most urgent, and steps of one group together. Work per step
//! is constant apart from its edges, and nobody waits busily. A worker that panics loses its node, not the run.
//! Called by the commands that run nodes.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::cancel::CancelToken;
use super::crew::{Crew, Help, Turn};
use super::queue::{Job, Queue};
use crate::artifacts::{RunResult, Status};
use crate::diag::{Code, Diagnostic};
use crate::hash::HashMap;
use crate::manifest::UniqueId;
use crate::plan::Plan;

/// Jinja recursion runs on the workers, and debug builds use much stack.
const STACK: usize = 16 << 20;

/// Why a step was not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// Something it depends on failed.
    Upstream {
        /// The step at the root of it; the lowest in plan order if there are several.
        failed: UniqueId,
        /// How that one ended.
        status: Status,
        /// Whether that one has a result of its own. If not (an ephemeral model that does not compile), dbt
        /// records its direct and indirect dependants as errors instead of skips.
        numbered: bool,
    },
    /// A hook before the steps failed (`skip_nodes_if_on_run_start_fails`).
    Hook,
    /// Another step failed under `--fail-fast`.
    FailFast,
    /// The user stopped the run.
    Cancelled,
    /// No worker was left to run it.
    NoWorker,
}

impl SkipReason {
    /// Returns the message that dbt writes into the result; none for a failure upstream or of a hook.
    pub fn message(&self) -> Option<&'static str> {
        match self {
            Self::Upstream { .. } | Self::Hook => None,
            Self::FailFast => Some("Skipping due to fail_fast"),
            Self::Cancelled => Some("Skipping due to an interrupt"),
            Self::NoWorker => Some("Skipping since no connection is left"),
        }
    }
}

/// What running a node means.
pub trait Runner: Sync {
    /// What a worker keeps between nodes, usually a connection. It never leaves its thread.
    type Worker;

    /// Prepares a worker, on its own thread; also after a panic. `worker` counts from 0.
    fn start_worker(&self, worker: usize) -> Result<Self::Worker, Diagnostic>;

    /// Runs a node; a failure is a result too. Called for steps that nothing blocks.
    fn run<'a>(
        &'a self,
        worker: &mut Self::Worker,
        turn: Turn<'_>,
        crew: &dyn Crew<'a, Self::Worker>,
    ) -> RunResult;

    /// Tells of a node that is not run, and makes its result.
    fn skip(&self, turn: Turn<'_>, because: &SkipReason) -> RunResult;

    /// Tells whether a step may ask others for help, so that more workers than steps are of use.
    fn shares(&self, id: &UniqueId) -> bool {
        let _ = id;
        false
    }

    /// Returns what a step has in common with others that are better done together: when it is ready, those of
    /// the same group that are ready too are its [`Turn::peers`].
    fn group(&self, id: &UniqueId) -> Option<&UniqueId> {
        let _ = id;
        None
    }

    /// Interrupts what the workers do now. Called at most once after `--fail-fast` stopped the run: as in dbt, when
    /// the next step becomes ready or none waits any more; what runs may end until then. After Ctrl-C the callbacks
    /// of the [`CancelToken`] do the same. [`Runner::run`] then returns a skipped result for a node that it broke
    /// off, with the message of the [`SkipReason`].
    fn interrupt(&self) {}
}

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Worker threads, at least 1.
    pub threads: usize,
    /// Whether the first failure stops the run.
    pub fail_fast: bool,
    /// Stops the run from outside.
    pub cancel: CancelToken,
    /// How urgent each step of the plan is, where several workers have a choice; empty for plan order.
    pub urgency: Vec<u64>,
}

/// What stopped a run before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// A failure under `--fail-fast`.
    FailFast,
    /// The user.
    Cancelled,
}

/// What became of a plan.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Results of the recorded steps as they were completed, then those that were never started, in plan order.
    pub results: Vec<RunResult>,
    /// Results of the other steps (ephemeral models).
    pub unrecorded: Vec<RunResult>,
    /// What stopped the run early.
    pub stopped: Option<Stopped>,
    /// Why workers could not start; the others did their work.
    pub worker_errors: Vec<Diagnostic>,
}

impl Outcome {
    /// Tells whether the user stopped the run.
    pub fn cancelled(&self) -> bool {
        self.stopped == Some(Stopped::Cancelled)
    }
}

/// Runs a plan. Errors if there is something to do and no worker can start.
pub fn run_plan<R: Runner>(plan: &Plan, runner: &R, options: &Options) -> Result<Outcome, Diagnostic> {
    let urgency = if options.threads > 1 { options.urgency.clone() } else { Vec::new() };
    let state = State {
        queue: Queue::new(plan, urgency, groups(plan, runner)),
        outcome: Outcome::default(),
        help: VecDeque::new(),
        numbers: 0,
        any_worker: false,
        interrupted: false,
    };
    let (state, wake) = (Mutex::new(state), Condvar::new());
    let shared = Shared { runner, plan, total: plan.total(), options, state, wake };
    let shares = plan.steps.iter().any(|step| runner.shares(&step.id));
    let useful = if shares { usize::MAX } else { plan.steps.len() };
    let threads = options.threads.min(useful).max(1);
    if !plan.steps.is_empty() {
        std::thread::scope(|scope| {
            for index in 0..threads {
                let name = format!("Thread-{} (worker)", index + 1);
                let builder = std::thread::Builder::new().name(name).stack_size(STACK);
                let shared = &shared;
                if let Err(error) = builder.spawn_scoped(scope, move || shared.work(index)) {
                    shared.lock().outcome.worker_errors.push(no_thread(&error));
                }
            }
        });
    }
    shared.finish()
}

/// Numbers the groups of a plan's steps.
fn groups<R: Runner>(plan: &Plan, runner: &R) -> HashMap<usize, usize> {
    let mut numbers: HashMap<&UniqueId, usize> = HashMap::default();
    let mut groups = HashMap::default();
    for (place, step) in plan.steps.iter().enumerate() {
        if let Some(group) = runner.group(&step.id) {
            let next = numbers.len();
            groups.insert(place, *numbers.entry(group).or_insert(next));
        }
    }
    groups
}

fn no_thread(error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(Code::IO, None, "cannot start a worker thread").note(error.to_string())
}

struct State<'a, W> {
    queue: Queue,
    outcome: Outcome,
    /// Work that steps offer to idle workers.
    help: VecDeque<Help<'a, W>>,
    /// Steps that were given a number.
    numbers: usize,
    /// Whether a worker ever started.
    any_worker: bool,
    /// Whether what runs was interrupted after a failure.
    interrupted: bool,
}

struct Shared<'a, R: Runner> {
    runner: &'a R,
    plan: &'a Plan,
    total: usize,
    options: &'a Options,
    state: Mutex<State<'a, R::Worker>>,
    wake: Condvar,
}

/// What a worker does next.
enum Next<'a, W> {
    Steps(Taken<'a>),
    Help(Help<'a, W>),
}

/// Steps that one worker has taken.
struct Taken<'a> {
    jobs: VecDeque<Job>,
    /// Others of the first one's group that are ready, in hand or not.
    peers: Vec<&'a UniqueId>,
}

impl<'a, R: Runner> Crew<'a, R::Worker> for Shared<'a, R> {
    fn others(&self) -> usize {
        self.options.threads.saturating_sub(1)
    }

    fn offer(&self, help: Help<'a, R::Worker>) {
        self.lock().help.push_back(help);
        self.wake.notify_one();
    }
}

impl<'a, R: Runner> Shared<'a, R> {
    fn lock(&self) -> MutexGuard<'_, State<'a, R::Worker>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of one worker thread.
    fn work(&self, index: usize) {
        let Some(mut worker) = self.start(index) else { return };
        while let Some(next) = self.next() {
            let panicked = match next {
                Next::Steps(taken) => self.steps(&mut worker, taken),
                Next::Help(help) => catch_unwind(AssertUnwindSafe(|| help(&mut worker))).is_err(),
            };
            if panicked {
                // Whatever the worker kept may be half changed.
                let Some(fresh) = self.start(index) else {
                    // Somebody else must take what this one freed.
                    self.wake.notify_all();
                    return;
                };
                worker = fresh;
            }
        }
    }

    /// Runs what a worker took, one after another; tells whether that broke the worker. What is left then is for
    /// whoever is next.
    fn steps(&self, worker: &mut R::Worker, mut taken: Taken<'_>) -> bool {
        let mut peers = std::mem::take(&mut taken.peers);
        while let Some(job) = taken.jobs.pop_front() {
            let Some(number) = self.begin(&job) else { return false };
            if self.step(worker, (&job, !taken.jobs.is_empty()), (number, &peers)) {
                let mut state = self.lock();
                taken.jobs.iter().for_each(|job| state.queue.give_back(job.step));
                return true;
            }
            peers.clear();
        }
        false
    }

    /// Notes the start of a step and returns its number; `None` when the run was stopped meanwhile.
    fn begin(&self, job: &Job) -> Option<usize> {
        let mut state = self.lock();
        if state.outcome.stopped.is_some() {
            return None;
        }
        state.queue.start(job.step);
        let numbered = self.plan.steps[job.step].numbered;
        state.numbers += usize::from(numbered);
        Some(if numbered { state.numbers } else { 0 })
    }

    /// Runs or skips a step and records its result; tells whether it broke the worker. `more` says whether the
    /// worker has others in hand.
    fn step(
        &self,
        worker: &mut R::Worker,
        (job, more): (&Job, bool),
        (number, peers): (usize, &[&UniqueId]),
    ) -> bool {
        let turn = Turn { peers, ..self.turn(job.step, number) };
        let done = match &job.blocked_by {
            Some(because) => Ok(self.skip(turn, because)),
            None => catch_unwind(AssertUnwindSafe(|| self.runner.run(worker, turn, self))),
        };
        let panicked = done.is_err();
        self.done((job, more), done.unwrap_or_else(|panic| lost(turn.id, panic.as_ref())));
        panicked
    }

    fn turn(&self, step: usize, index: usize) -> Turn<'a> {
        let step = &self.plan.steps[step];
        Turn { id: &step.id, index, total: if step.numbered { self.total } else { 0 }, peers: &[] }
    }

    fn start(&self, index: usize) -> Option<R::Worker> {
        match catch_unwind(AssertUnwindSafe(|| self.runner.start_worker(index))) {
            Ok(Ok(worker)) => {
                self.lock().any_worker = true;
                Some(worker)
            }
            Ok(Err(error)) => {
                self.lock().outcome.worker_errors.push(error);
                None
            }
            Err(panic) => {
                let error = Diagnostic::error(Code::CONNECTION, None, "a worker broke while it started");
                self.lock().outcome.worker_errors.push(error.note(panic_text(panic.as_ref())));
                None
            }
        }
    }

    /// Waits for something to do; `None` when the worker can go home.
    fn next(&self) -> Option<Next<'a, R::Worker>> {
        let mut state = self.lock();
        loop {
            if state.outcome.stopped.is_none() && self.options.cancel.is_cancelled() {
                state.outcome.stopped = Some(Stopped::Cancelled);
                self.wake.notify_all();
            }
            if state.outcome.stopped.is_some() {
                return None;
            }
            if let Some(job) = state.queue.take() {
                return Some(Next::Steps(self.with_peers(job, &mut state.queue)));
            }
            if let Some(help) = state.help.pop_front() {
                return Some(Next::Help(help));
            }
            if state.queue.is_idle() {
                // All is done: plans have no cycles, so that nothing is left that waits for itself.
                return None;
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Adds the ready steps of the same group to a step. A single worker keeps to the order of the plan: it only
    /// looks at them.
    fn with_peers(&self, job: Job, queue: &mut Queue) -> Taken<'a> {
        let found = if job.blocked_by.is_some() { Vec::new() } else { queue.peers(job.step) };
        let peers = found.iter().map(|step| &self.plan.steps[*step].id).collect();
        let mut jobs = VecDeque::from([job]);
        if self.options.threads > 1 {
            jobs.extend(queue.take_all(&found));
        }
        Taken { jobs, peers }
    }

    fn skip(&self, turn: Turn<'_>, because: &SkipReason) -> RunResult {
        catch_unwind(AssertUnwindSafe(|| self.runner.skip(turn, because)))
            .unwrap_or_else(|panic| lost(turn.id, panic.as_ref()))
    }

    /// Records a result and frees what waited for it.
    fn done(&self, (job, more): (&Job, bool), result: RunResult) {
        let step = &self.plan.steps[job.step];
        let status = result.status;
        let mut state = self.lock();
        let blocks = job.blocked_by.is_none() && self.plan.blocking.blocks(status);
        let failed = blocks.then_some((job.step, status));
        let freed = state.queue.finish(job.step, failed, self.plan);
        let stops = self.options.fail_fast && is_stopping(status) && state.outcome.stopped.is_none();
        if stops {
            state.outcome.stopped = Some(Stopped::FailFast);
        }
        let stopped = state.outcome.stopped == Some(Stopped::FailFast);
        let interrupts = stopped && !state.interrupted && (freed > 0 || !state.queue.has_waiting());
        state.interrupted |= interrupts;
        let wake_all = stops || state.queue.is_idle();
        let results = if step.recorded { &mut state.outcome.results } else { &mut state.outcome.unrecorded };
        results.push(result);
        drop(state);
        if wake_all {
            self.wake.notify_all();
        } else {
            // A worker with nothing else in hand takes one of them itself.
            (usize::from(!more)..freed).for_each(|_| self.wake.notify_one());
        }
        if interrupts {
            self.runner.interrupt();
        }
    }

    /// Records what was never started, and hands everything over.
    fn finish(&self) -> Result<Outcome, Diagnostic> {
        let mut state = self.lock();
        let mut outcome = std::mem::take(&mut state.outcome);
        // Cancelled while the last steps were running: they were interrupted too.
        if outcome.stopped.is_none() && self.options.cancel.is_cancelled() {
            outcome.stopped = Some(Stopped::Cancelled);
        }
        if !state.any_worker && !self.plan.steps.is_empty() && outcome.stopped.is_none() {
            let nothing = || Diagnostic::error(Code::CONNECTION, None, "no worker could be started");
            return Err(outcome.worker_errors.into_iter().next().unwrap_or_else(nothing));
        }
        let because = match outcome.stopped {
            Some(Stopped::FailFast) => SkipReason::FailFast,
            Some(Stopped::Cancelled) => SkipReason::Cancelled,
            None => SkipReason::NoWorker,
        };
        for step in state.queue.unstarted() {
            if self.plan.steps[step].numbered {
                state.numbers += 1;
                outcome.results.push(self.skip(self.turn(step, state.numbers), &because));
            }
        }
        Ok(outcome)
    }
}

/// The ends that stop a run under `--fail-fast`.
fn is_stopping(status: Status) -> bool {
    matches!(status, Status::Error | Status::Fail | Status::PartialSuccess)
}

fn lost(id: &UniqueId, panic: &(dyn Any + Send)) -> RunResult {
    let text = panic_text(panic);
    let diagnostic = Diagnostic::error(Code::INTERNAL, None, format!("the worker broke while it ran `{id}`"))
        .note(text.clone())
        .help("this is a mistake in tidegate; please report it");
    let mut result =
        RunResult::new(id.clone(), Status::Error).with_message(format!("internal error: {text}"));
    result.diagnostic = Some(Box::new(diagnostic));
    result
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "unknown reason".to_owned())
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
