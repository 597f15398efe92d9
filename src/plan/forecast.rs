//! Plan + how long its steps take → how urgent each is, the critical path, the time it all takes. Pure.
//!
//! A step's urgency is the longest time from its start to the end of the run with workers without number: what
//! holds up most goes first. Called by `cli` before a run.

use std::time::Duration;

use super::step::{Plan, Step};

/// What a step is taken to cost when nobody knows: then the longest chain goes first.
pub const UNKNOWN_COST: Duration = Duration::from_millis(50);

/// What a run is expected to take.
#[derive(Clone, Debug)]
pub struct Forecast {
    costs: Vec<Duration>,
    /// From the start of each step to the end of everything after it.
    remaining: Vec<Duration>,
}

impl Forecast {
    /// Looks ahead. `cost` tells what a step took before, if it is known.
    pub fn new(plan: &Plan, cost: impl Fn(&Step) -> Option<Duration>) -> Self {
        let costs: Vec<Duration> =
            plan.steps.iter().map(|step| cost(step).unwrap_or(UNKNOWN_COST).max(UNKNOWN_COST)).collect();
        let mut remaining = costs.clone();
        // Steps wait only for steps before them.
        for (place, step) in plan.steps.iter().enumerate().rev() {
            for before in &step.after {
                let through = costs[*before] + remaining[place];
                remaining[*before] = remaining[*before].max(through);
            }
        }
        Self { costs, remaining }
    }

    /// Returns the urgency of each step, for the scheduler.
    pub fn urgency(&self) -> Vec<u64> {
        let micros = |time: &Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.remaining.iter().map(micros).collect()
    }

    /// Returns the longest chain of steps that wait for each other, first to last, each with its cost.
    pub fn critical_path<'a>(&self, plan: &'a Plan) -> Vec<(&'a Step, Duration)> {
        let mut followers: Vec<Option<usize>> = vec![None; plan.steps.len()];
        let better =
            |new: usize, old: Option<usize>| old.is_none_or(|old| self.remaining[new] > self.remaining[old]);
        let mut first = None;
        for (place, step) in plan.steps.iter().enumerate() {
            for before in &step.after {
                if better(place, followers[*before]) {
                    followers[*before] = Some(place);
                }
            }
            if better(place, first) {
                first = Some(place);
            }
        }
        let chain = std::iter::successors(first, |place| followers[*place]);
        chain.map(|place| (&plan.steps[place], self.costs[place])).collect()
    }

    /// Returns how long the run takes with so many workers, at least: neither less than its longest chain nor
    /// than everyone's share.
    pub fn total(&self, threads: usize) -> Duration {
        let longest = self.remaining.iter().max().copied().unwrap_or_default();
        let share = self.costs.iter().sum::<Duration>() / u32::try_from(threads.max(1)).unwrap_or(u32::MAX);
        longest.max(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::UniqueId;
    use crate::plan::{Action, Blocking, Gates, Resumption};

    /// A plan as `a=5 b:a c:a=100`: what a step waits for, and its seconds.
    fn plan(text: &str) -> (Plan, Vec<Option<Duration>>) {
        let (mut steps, mut costs): (Vec<Step>, Vec<_>) = (Vec::new(), Vec::new());
        for word in text.split_whitespace() {
            let (word, cost) = word.split_once('=').unwrap_or((word, ""));
            let (name, before) = word.split_once(':').unwrap_or((word, ""));
            let place = |wanted: &str| steps.iter().position(|step| step.id.as_str() == wanted).unwrap();
            let after = before.split(',').filter(|b| !b.is_empty()).map(place).collect();
            let id = UniqueId::from_artifact(name);
            steps.push(Step {
                id,
                action: Action::Build,
                numbered: true,
                recorded: true,
                after,
                ended: vec![],
            });
            costs.push(cost.parse().ok().map(Duration::from_secs));
        }
        let blocking = Blocking::Errors;
        let (hooks, schemas) = (Vec::new(), Vec::new());
        let plan = Plan {
            steps,
            gates: Gates::new(),
            sets: Vec::new(),
            added: std::collections::BTreeSet::new(),
            blocking,
            on_run_start: hooks.clone(),
            on_run_end: hooks,
            schemas,
            left_out: vec![],
            resumed: Resumption::default(),
        };
        (plan, costs)
    }

    #[track_caller]
    fn check(text: &str, path: &[&str], (one, two): (f64, f64)) {
        let (plan, costs) = plan(text);
        let of = |step: &Step| costs[plan.steps.iter().position(|other| other.id == step.id)?];
        let forecast = Forecast::new(&plan, of);
        let found: Vec<&str> =
            forecast.critical_path(&plan).iter().map(|(step, _)| step.id.as_str()).collect();
        assert_eq!(found, path);
        let seconds = |threads| forecast.total(threads).as_secs_f64();
        assert!(
            (seconds(1) - one).abs() < 1e-9 && (seconds(2) - two).abs() < 1e-9,
            "{} {}",
            seconds(1),
            seconds(2)
        );
    }

    #[test]
    fn the_longest_chain_is_found_by_its_cost() {
        check("a=1 b=1 c:a=1 d:b=9", &["b", "d"], (12.0, 10.0));
        check("a=4 b=4 c=4", &["a"], (12.0, 6.0));
        check("", &[], (0.0, 0.0));
    }

    #[test]
    fn without_costs_the_structure_decides() {
        check("a b c:b d:c e:a", &["b", "c", "d"], (0.25, 0.15));
    }

    #[test]
    fn urgency_is_what_is_left_from_the_start_of_a_step() {
        let (plan, costs) = plan("a=1 b:a=2 c:a=3");
        let of = |step: &Step| costs[plan.steps.iter().position(|other| other.id == step.id)?];
        assert_eq!(Forecast::new(&plan, of).urgency(), [4_000_000, 2_000_000, 3_000_000]);
    }
}
