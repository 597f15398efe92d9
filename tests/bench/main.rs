//! What the scheduler itself costs: a plan of steps that do nothing.
//!
//! `cargo bench` runs it (`cargo bench -- 200000` with more steps). It fails when a node costs more than the limit.
//! `make bench` compares whole commands with dbt and the bare engine; see README.md beside this file.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use tidegate::artifacts::{RunResult, Status};
use tidegate::diag::Diagnostic;
use tidegate::manifest::UniqueId;
use tidegate::plan::{Action, Blocking, Forecast, Gates, Plan, Resumption, Step};
use tidegate::run::{CancelToken, Crew, Options, Runner, SkipReason, Turn, run_plan};

/// What a node may cost.
const LIMIT: Duration = Duration::from_micros(20);

struct Nothing;

impl Runner for Nothing {
    type Worker = ();

    fn start_worker(&self, _worker: usize) -> Result<(), Diagnostic> {
        Ok(())
    }

    fn run<'a>(&'a self, (): &mut (), turn: Turn<'_>, _crew: &dyn Crew<'a, ()>) -> RunResult {
        RunResult::new(turn.id.clone(), Status::NoOp)
    }

    fn skip(&self, turn: Turn<'_>, _because: &SkipReason) -> RunResult {
        RunResult::new(turn.id.clone(), Status::Skipped)
    }
}

/// A plan in which each step waits for up to three before it, chosen by a fixed rule.
fn plan(count: usize) -> Plan {
    let step = |place: usize| {
        let before = [place / 2, place / 3, place.saturating_sub(7)];
        let mut after: Vec<usize> = before.into_iter().filter(|other| *other < place).collect();
        after.sort_unstable();
        after.dedup();
        let id = UniqueId::from_artifact(&format!("model.bench.node_{place}"));
        Step { id, action: Action::Build, numbered: true, recorded: true, after, ended: vec![] }
    };
    Plan {
        steps: (0..count).map(step).collect(),
        gates: Gates::new(),
        sets: Vec::new(),
        added: std::collections::BTreeSet::new(),
        blocking: Blocking::Errors,
        on_run_start: Vec::new(),
        on_run_end: Vec::new(),
        schemas: Vec::new(),
        left_out: Vec::new(),
        resumed: Resumption::default(),
    }
}

/// Returns the quickest of some runs.
fn measure(plan: &Plan, threads: usize) -> Result<Duration, String> {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let started = Instant::now();
        let urgency = Forecast::new(plan, |_| None).urgency();
        let options = Options { threads, fail_fast: false, cancel: CancelToken::new(), urgency };
        let outcome = run_plan(plan, &Nothing, &options).map_err(|error| error.message)?;
        best = best.min(started.elapsed());
        if outcome.results.len() != plan.steps.len() {
            return Err(format!("{} of {} steps have a result", outcome.results.len(), plan.steps.len()));
        }
    }
    Ok(best)
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark shows its figures")]
fn main() -> ExitCode {
    let count = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(50_000_u32);
    let plan = plan(count as usize);
    let mut code = ExitCode::SUCCESS;
    for threads in [1, 2, 4, 8] {
        match measure(&plan, threads) {
            Ok(best) => {
                let each = best / count;
                println!("{count} steps, {threads} threads: {best:.2?}, {each:.2?} a step");
                if each > LIMIT {
                    eprintln!("more than {LIMIT:?} a step");
                    code = ExitCode::FAILURE;
                }
            }
            Err(problem) => {
                eprintln!("{threads} threads: {problem}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}
