//! Properties of the scheduler on random plans, and each way a run can end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::*;
use crate::hash::HashMap;
use crate::plan::{Action, Blocking, Gates, Resumption, Step};

/// A runner that fails, panics or cancels at given steps and notes when each step began and ended.
#[derive(Default)]
struct Fake {
    outcomes: HashMap<String, Status>,
    panics: Vec<String>,
    cancels_at: Option<(String, CancelToken)>,
    workers: AtomicUsize,
    broken_workers: bool,
    interrupts: AtomicUsize,
    /// Steps are spread over these groups.
    groups: Vec<UniqueId>,
    log: Mutex<Vec<(String, &'static str)>>,
}

impl Fake {
    fn note(&self, id: &UniqueId, what: &'static str) {
        self.log.lock().unwrap().push((id.to_string(), what));
    }
}

impl Runner for Fake {
    type Worker = usize;

    fn start_worker(&self, worker: usize) -> Result<usize, Diagnostic> {
        if self.broken_workers {
            return Err(Diagnostic::error(Code::CONNECTION, None, "no connection"));
        }
        self.workers.fetch_add(1, Ordering::SeqCst);
        Ok(worker)
    }

    fn run<'a>(&'a self, _: &mut usize, turn: Turn<'_>, _crew: &dyn Crew<'a, usize>) -> RunResult {
        let Turn { id, index, total, .. } = turn;
        assert!(index <= total);
        self.note(id, "begin");
        if let Some((at, token)) = &self.cancels_at
            && at == id.as_str()
        {
            token.cancel();
        }
        assert!(!self.panics.contains(&id.to_string()), "asked to");
        self.note(id, "end");
        RunResult::new(id.clone(), self.outcomes.get(id.as_str()).copied().unwrap_or(Status::Success))
    }

    fn skip(&self, turn: Turn<'_>, because: &SkipReason) -> RunResult {
        let Turn { id, index, total, .. } = turn;
        assert!(index <= total);
        self.note(id, "skip");
        let text = match because {
            SkipReason::Upstream { failed, .. } => failed.to_string(),
            other => other.message().unwrap_or_default().to_owned(),
        };
        RunResult::new(id.clone(), Status::Skipped).with_message(text)
    }

    fn group(&self, id: &UniqueId) -> Option<&UniqueId> {
        let number = id.as_str().bytes().map(usize::from).sum::<usize>();
        self.groups.get(number % (self.groups.len() + 1))
    }

    fn interrupt(&self) {
        self.interrupts.fetch_add(1, Ordering::SeqCst);
    }
}

/// Writes a plan as `a b:a c:a,b`; a name in parentheses is not numbered.
fn plan(text: &str, blocking: Blocking) -> Plan {
    let mut steps: Vec<Step> = Vec::new();
    for word in text.split_whitespace() {
        let (name, before) = word.split_once(':').unwrap_or((word, ""));
        let id = UniqueId::from_artifact(name.trim_matches(['(', ')']));
        let place = |wanted: &str| steps.iter().position(|step| step.id.as_str() == wanted).unwrap();
        let after = before.split(',').filter(|b| !b.is_empty()).map(place).collect();
        let numbered = !name.starts_with('(');
        steps.push(Step { id, action: Action::Build, numbered, recorded: numbered, after, ended: vec![] });
    }
    Plan {
        steps,
        gates: Gates::new(),
        sets: Vec::new(),
        added: std::collections::BTreeSet::new(),
        blocking,
        on_run_start: vec![],
        on_run_end: vec![],
        schemas: vec![],
        left_out: vec![],
        resumed: Resumption::default(),
    }
}

fn options(threads: usize) -> Options {
    Options { threads, fail_fast: false, cancel: CancelToken::new(), urgency: Vec::new() }
}

fn shown(results: &[RunResult]) -> Vec<String> {
    let message = |r: &RunResult| r.message.as_ref().map(|m| format!(" ({m})")).unwrap_or_default();
    results.iter().map(|r| format!("{} {}{}", r.unique_id, r.status, message(r))).collect()
}

#[test]
fn one_thread_follows_the_plan() {
    let fake = Fake::default();
    let outcome = run_plan(&plan("a b:a z c:b,z", Blocking::Errors), &fake, &options(1)).unwrap();
    assert_eq!(shown(&outcome.results), ["a success", "b success", "z success", "c success"]);
    assert_eq!((outcome.stopped, outcome.worker_errors.len()), (None, 0));
    assert_eq!(fake.workers.load(Ordering::SeqCst), 1);
}

fn queue(text: &str, urgency: Vec<u64>, groups: &[(usize, usize)]) -> Queue {
    Queue::new(&plan(text, Blocking::Errors), urgency, groups.iter().copied().collect())
}

#[test]
fn what_is_most_urgent_goes_first() {
    let mut line = queue("a b c d", vec![1, 3, 2, 3], &[]);
    let order: Vec<usize> = std::iter::from_fn(|| line.take()).map(|job| job.step).collect();
    assert_eq!(order, [1, 3, 2, 0]);
    assert_eq!(queue("a b", vec![], &[]).take().unwrap().step, 0);
}

#[test]
fn steps_of_a_group_are_taken_together_and_can_be_given_back() {
    let plan = plan("a b c d e:a", Blocking::Errors);
    let mut line = Queue::new(&plan, vec![], HashMap::from_iter([(0, 7), (2, 7), (3, 8), (4, 7)]));
    assert_eq!(line.take().unwrap().step, 0);
    assert_eq!(line.peers(0), [2]);
    assert_eq!(line.take_all(&[2]).iter().map(|job| job.step).collect::<Vec<_>>(), [2]);
    assert!(line.peers(0).is_empty());
    line.start(0);
    assert_eq!(line.finish(0, None, &plan), 1);
    assert_eq!(line.peers(2), [4]);
    line.give_back(2);
    let rest: Vec<usize> = std::iter::from_fn(|| line.take()).map(|job| job.step).collect();
    assert_eq!(rest, [1, 2, 3, 4]);
    assert_eq!(line.unstarted(), [1, 2, 3, 4]);
}

#[test]
fn what_depends_on_a_failure_is_skipped_with_the_root_as_the_reason() {
    let outcomes = HashMap::from_iter([("b".to_owned(), Status::Error), ("t".to_owned(), Status::Fail)]);
    let check = |blocking, want: &[&str]| {
        let fake = Fake { outcomes: outcomes.clone(), ..Fake::default() };
        let outcome = run_plan(&plan("a b:a t:a c:b d:c,t e:t", blocking), &fake, &options(1)).unwrap();
        assert_eq!(shown(&outcome.results), want);
    };
    let all = ["a success", "b error", "t fail", "c skipped (b)", "d skipped (b)", "e skipped (t)"];
    check(Blocking::ErrorsAndFailures, &all);
    check(
        Blocking::Errors,
        &["a success", "b error", "t fail", "c skipped (b)", "d skipped (b)", "e success"],
    );
}

#[test]
fn an_unrecorded_step_has_no_result_but_blocks() {
    let fake = Fake { outcomes: HashMap::from_iter([("e".to_owned(), Status::Error)]), ..Fake::default() };
    let outcome = run_plan(&plan("(e) a:e", Blocking::Errors), &fake, &options(2)).unwrap();
    assert_eq!(shown(&outcome.results), ["a skipped (e)"]);
    assert_eq!(shown(&outcome.unrecorded), ["e error"]);
}

#[test]
fn fail_fast_stops_at_the_first_failure_and_records_the_rest() {
    let fake = Fake { outcomes: HashMap::from_iter([("b".to_owned(), Status::Fail)]), ..Fake::default() };
    let options = Options { fail_fast: true, ..options(1) };
    let outcome = run_plan(&plan("a b (e) c d:c", Blocking::Errors), &fake, &options).unwrap();
    let rest = "skipped (Skipping due to fail_fast)";
    assert_eq!(shown(&outcome.results), ["a success", "b fail", &format!("c {rest}"), &format!("d {rest}")]);
    assert_eq!(outcome.stopped, Some(Stopped::FailFast));
}

#[test]
fn after_a_failure_what_runs_is_interrupted_when_the_next_step_becomes_ready() {
    // Beside `b` that fails: what waits for it alone, what waits for `a` too, nothing that waits.
    for (text, interrupts) in [("b a c:b", 1), ("b a c:a,b", 0), ("b a", 1)] {
        let fake =
            Fake { outcomes: HashMap::from_iter([("b".to_owned(), Status::Error)]), ..Fake::default() };
        let options = Options { fail_fast: true, ..options(1) };
        let outcome = run_plan(&plan(text, Blocking::Errors), &fake, &options).unwrap();
        assert_eq!(outcome.stopped, Some(Stopped::FailFast), "{text}");
        assert_eq!(fake.interrupts.load(Ordering::SeqCst), interrupts, "{text}");
    }
}

#[test]
fn cancel_keeps_what_was_done_and_records_the_rest() {
    let cancel = CancelToken::new();
    let told = std::sync::Arc::new(AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&told);
    cancel.on_cancel(move || {
        counter.fetch_add(1, Ordering::SeqCst);
    });
    let fake = Fake { cancels_at: Some(("b".to_owned(), cancel.clone())), ..Fake::default() };
    let options = Options { cancel: cancel.clone(), ..options(1) };
    let outcome = run_plan(&plan("a b c d:c", Blocking::Errors), &fake, &options).unwrap();
    let rest = "skipped (Skipping due to an interrupt)";
    assert_eq!(
        shown(&outcome.results),
        ["a success", "b success", &format!("c {rest}"), &format!("d {rest}")]
    );
    assert!(outcome.cancelled());
    cancel.cancel();
    assert_eq!(told.load(Ordering::SeqCst), 1);
}

#[test]
fn a_panic_costs_one_node_and_the_worker_starts_anew() {
    let fake = Fake { panics: vec!["b".to_owned()], ..Fake::default() };
    let outcome = run_plan(&plan("a b c:b d", Blocking::Errors), &fake, &options(1)).unwrap();
    let want = ["a success", "b error (internal error: asked to)", "c skipped (b)", "d success"];
    assert_eq!(shown(&outcome.results), want);
    assert!(outcome.results[1].diagnostic.is_some());
    assert_eq!(fake.workers.load(Ordering::SeqCst), 2);
}

#[test]
fn without_any_worker_nothing_runs() {
    let fake = Fake { broken_workers: true, ..Fake::default() };
    let error = run_plan(&plan("a b", Blocking::Errors), &fake, &options(4)).unwrap_err();
    assert_eq!(error.message, "no connection");
    let nothing = run_plan(&plan("", Blocking::Errors), &fake, &options(4)).unwrap();
    assert!(nothing.results.is_empty());
}

/// A small generator of numbers, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }
}

fn random_plan(dice: &mut Dice, size: usize) -> Plan {
    let mut steps = Vec::new();
    for place in 0..size {
        let mut after: Vec<usize> =
            (0..dice.roll(4)).filter(|_| place > 0).map(|_| dice.roll(place)).collect();
        after.sort_unstable();
        after.dedup();
        let id = UniqueId::from_artifact(&format!("n{place:04}"));
        let numbered = dice.roll(10) > 0;
        steps.push(Step { id, action: Action::Build, numbered, recorded: numbered, after, ended: vec![] });
    }
    let blocking = if dice.roll(2) == 0 { Blocking::Errors } else { Blocking::ErrorsAndFailures };
    Plan {
        steps,
        gates: Gates::new(),
        sets: Vec::new(),
        added: std::collections::BTreeSet::new(),
        blocking,
        on_run_start: vec![],
        on_run_end: vec![],
        schemas: vec![],
        left_out: vec![],
        resumed: Resumption::default(),
    }
}

/// What must happen to each step: its own status, or the root that blocks it.
fn expected(plan: &Plan, outcomes: &HashMap<String, Status>) -> Vec<Result<Status, usize>> {
    let mut all: Vec<Result<Status, usize>> = Vec::new();
    for (place, step) in plan.steps.iter().enumerate() {
        let root = |before: &usize| match all[*before] {
            Err(root) => Some(root),
            Ok(status) => plan.blocking.blocks(status).then_some(*before),
        };
        let blocked = step.after.iter().filter_map(root).min();
        let own = outcomes.get(step.id.as_str()).copied().unwrap_or(Status::Success);
        all.push(blocked.map_or(Ok(own), Err));
        assert_eq!(all.len(), place + 1);
    }
    all
}

#[test]
fn random_plans_finish_every_step_once_and_in_order() {
    for seed in 1..=150 {
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed));
        let size = 1 + dice.roll(120);
        let plan = random_plan(&mut dice, size);
        let mut outcomes = HashMap::default();
        for step in &plan.steps {
            let status = [Status::Error, Status::Fail, Status::Warn, Status::PartialSuccess][dice.roll(4)];
            if dice.roll(12) == 0 {
                outcomes.insert(step.id.to_string(), status);
            }
        }
        let expected = expected(&plan, &outcomes);
        let fake = Fake { outcomes, ..Fake::default() };
        let outcome = run_plan(&plan, &fake, &options(1 + dice.roll(8))).unwrap();

        let log = fake.log.lock().unwrap();
        let at = |step: &Step, what: &str| {
            let mut found =
                log.iter().enumerate().filter(|(_, (id, w))| id == step.id.as_str() && *w == what);
            let first = found.next().map(|(at, _)| at);
            assert!(found.next().is_none(), "seed {seed}: {} {what} twice", step.id);
            first
        };
        for (place, step) in plan.steps.iter().enumerate() {
            let (begin, end, skip) = (at(step, "begin"), at(step, "end"), at(step, "skip"));
            assert_eq!(begin.is_some(), expected[place].is_ok(), "seed {seed}: {}", step.id);
            assert_eq!(skip.is_some(), expected[place].is_err(), "seed {seed}: {}", step.id);
            assert_eq!(begin.is_some(), end.is_some());
            for before in &step.after {
                let before = at(&plan.steps[*before], "end").or(at(&plan.steps[*before], "skip"));
                assert!(before < begin.or(skip), "seed {seed}: {} came too early", step.id);
            }
        }
        let mut results: Vec<&RunResult> = outcome.results.iter().chain(&outcome.unrecorded).collect();
        results.sort_by_key(|result| result.unique_id.clone());
        assert_eq!(results.len(), size, "seed {seed}");
        for (place, result) in results.iter().enumerate() {
            match &expected[place] {
                Ok(status) => assert_eq!(result.status, *status, "seed {seed}: {}", result.unique_id),
                Err(root) => assert_eq!(result.message.as_deref(), Some(plan.steps[*root].id.as_str())),
            }
        }
        assert_eq!(outcome.results.len(), plan.total());
    }
}

#[test]
fn fifty_thousand_steps_are_quick() {
    let mut dice = Dice(7);
    let plan = random_plan(&mut dice, 50_000);
    let start = Instant::now();
    let outcome = run_plan(&plan, &Fake::default(), &options(8)).unwrap();
    assert_eq!(outcome.results.len() + outcome.unrecorded.len(), 50_000);
    assert!(start.elapsed() < Duration::from_secs(10), "took {:?}", start.elapsed());
}

#[test]
fn a_stopped_run_still_has_one_result_for_every_step() {
    for seed in 1..=100 {
        let mut dice = Dice(0xD1B5_4A32_D192_ED03_u64.wrapping_mul(seed));
        let size = 2 + dice.roll(60);
        let plan = random_plan(&mut dice, size);
        let stopper = plan.steps[dice.roll(size)].id.to_string();
        let fail_fast = dice.roll(2) == 0;
        let cancel = CancelToken::new();
        let fake = if fail_fast {
            Fake { outcomes: HashMap::from_iter([(stopper.clone(), Status::Error)]), ..Fake::default() }
        } else {
            Fake { cancels_at: Some((stopper.clone(), cancel.clone())), ..Fake::default() }
        };
        let groups = (0..dice.roll(4)).map(|group| UniqueId::from_artifact(&group.to_string())).collect();
        let fake = Fake { groups, ..fake };
        let urgency = (0..size).map(|_| dice.roll(5) as u64).collect();
        let options = Options { threads: 1 + dice.roll(6), fail_fast, cancel, urgency };
        let outcome = run_plan(&plan, &fake, &options).unwrap();
        let reason = if fail_fast { Stopped::FailFast } else { Stopped::Cancelled };
        assert_eq!(outcome.stopped, Some(reason), "seed {seed}");
        let mut ids: Vec<&str> = outcome.results.iter().map(|result| result.unique_id.as_str()).collect();
        ids.sort_unstable();
        let mut want: Vec<&str> =
            plan.steps.iter().filter(|step| step.numbered).map(|step| step.id.as_str()).collect();
        want.sort_unstable();
        assert_eq!(ids, want, "seed {seed}");
    }
}

/// A runner whose steps hand numbers to whoever takes them, and wait until all are done.
#[derive(Default)]
struct Sharing {
    left: AtomicUsize,
    by_helpers: AtomicUsize,
    panics: bool,
}

impl Sharing {
    fn work_off(&self) -> usize {
        let mut done = 0;
        let less = |left: usize| left.checked_sub(1);
        while self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
            std::thread::sleep(Duration::from_millis(1));
            done += 1;
        }
        done
    }
}

impl Runner for Sharing {
    type Worker = ();

    fn start_worker(&self, _: usize) -> Result<(), Diagnostic> {
        Ok(())
    }

    fn run<'a>(&'a self, (): &mut (), turn: Turn<'_>, crew: &dyn Crew<'a, ()>) -> RunResult {
        self.left.store(40, Ordering::SeqCst);
        for _ in 0..crew.others() {
            crew.offer(Box::new(|()| {
                self.by_helpers.fetch_add(self.work_off(), Ordering::SeqCst);
                assert!(!self.panics, "asked to");
            }));
        }
        let own = self.work_off();
        while own + self.by_helpers.load(Ordering::SeqCst) < 40 {
            std::thread::yield_now();
        }
        RunResult::new(turn.id.clone(), Status::Success)
    }

    fn skip(&self, turn: Turn<'_>, _: &SkipReason) -> RunResult {
        RunResult::new(turn.id.clone(), Status::Skipped)
    }

    fn shares(&self, _: &UniqueId) -> bool {
        true
    }
}

#[test]
fn idle_workers_help_a_step_that_shares_its_work() {
    let fake = Sharing::default();
    let outcome = run_plan(&plan("a", Blocking::Errors), &fake, &options(4)).unwrap();
    assert_eq!(shown(&outcome.results), ["a success"]);
    assert!(fake.by_helpers.load(Ordering::SeqCst) > 0);
    let alone = Sharing::default();
    run_plan(&plan("a", Blocking::Errors), &alone, &options(1)).unwrap();
    assert_eq!(alone.by_helpers.load(Ordering::SeqCst), 0);
}

#[test]
fn a_helper_that_breaks_ends_nothing() {
    let fake = Sharing { panics: true, ..Sharing::default() };
    let outcome = run_plan(&plan("a b:a c:b", Blocking::Errors), &fake, &options(3)).unwrap();
    assert_eq!(outcome.results.len(), 3);
}
