//! What is ready, what waits, what is blocked: the bookkeeping of the scheduler, without threads.
//!
//! Of the ready steps the most urgent goes first, then the one that stands first in the plan. Steps of one group
//! can be taken together. Called by `schedule` alone, which holds a lock.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use super::schedule::SkipReason;
use crate::artifacts::Status;
use crate::hash::HashMap;
use crate::plan::{Plan, Step};

/// A step whose turn it is.
#[derive(Debug)]
pub(super) struct Job {
    /// Its place in the plan.
    pub(super) step: usize,
    /// Why it must be skipped, if so.
    pub(super) blocked_by: Option<SkipReason>,
}

/// The steps of a plan by their state.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Urgency and place of what is ready; also of steps that were taken with their group since.
    ready: BinaryHeap<(u64, Reverse<usize>)>,
    /// How many of them are really ready.
    waiting_to_start: usize,
    /// How urgent each step is; all the same where it is empty.
    urgency: Vec<u64>,
    /// The group of each step that has one.
    groups: HashMap<usize, usize>,
    /// What is ready of each group.
    ready_in_group: HashMap<usize, BTreeSet<usize>>,
    /// How many steps each one still waits for.
    waits_for: Vec<usize>,
    /// Who waits for each one.
    waiting: Vec<Vec<Waiting>>,
    /// The failure that blocks each one.
    blocked_by: Vec<Option<Failure>>,
    /// What some worker has in hand, or had.
    taken: Vec<bool>,
    started: Vec<bool>,
    running: usize,
}

/// A step that waits for another.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    step: usize,
    /// Whether it is skipped if the other fails.
    falls: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Failure {
    step: usize,
    because: SkipReason,
}

impl Queue {
    /// Lines up a plan. `urgency` is that of each step, or empty; `groups` holds the group of some steps.
    pub(super) fn new(plan: &Plan, urgency: Vec<u64>, groups: HashMap<usize, usize>) -> Self {
        let count = plan.steps.len();
        let mut queue = Self {
            ready: BinaryHeap::new(),
            waiting_to_start: 0,
            urgency,
            groups,
            ready_in_group: HashMap::default(),
            waits_for: plan.steps.iter().map(|step| step.after.len() + step.ended.len()).collect(),
            waiting: vec![Vec::new(); count],
            blocked_by: vec![None; count],
            taken: vec![false; count],
            started: vec![false; count],
            running: 0,
        };
        for (place, step) in plan.steps.iter().enumerate() {
            for before in &step.after {
                queue.waiting[*before].push(Waiting { step: place, falls: true });
            }
            for before in &step.ended {
                queue.waiting[*before].push(Waiting { step: place, falls: false });
            }
            if queue.waits_for[place] == 0 {
                queue.line_up(place);
            }
        }
        queue
    }

    fn line_up(&mut self, step: usize) {
        self.taken[step] = false;
        self.ready.push((self.urgency.get(step).copied().unwrap_or(0), Reverse(step)));
        self.waiting_to_start += 1;
        if let Some(group) = self.groups.get(&step) {
            self.ready_in_group.entry(*group).or_default().insert(step);
        }
    }

    /// Takes the first ready step.
    pub(super) fn take(&mut self) -> Option<Job> {
        loop {
            let (_, Reverse(step)) = self.ready.pop()?;
            if !self.taken[step] {
                return Some(self.take_step(step));
            }
        }
    }

    fn take_step(&mut self, step: usize) -> Job {
        self.taken[step] = true;
        self.waiting_to_start -= 1;
        self.running += 1;
        if let Some(ready) = self.groups.get(&step).and_then(|group| self.ready_in_group.get_mut(group)) {
            ready.remove(&step);
        }
        let blocked_by = self.blocked_by[step].as_ref().map(|failure| failure.because.clone());
        Job { step, blocked_by }
    }

    /// Returns the steps of the same group that are ready and not blocked, in plan order.
    pub(super) fn peers(&self, step: usize) -> Vec<usize> {
        let group = self.groups.get(&step).and_then(|group| self.ready_in_group.get(group));
        let free = |peer: &usize| self.blocked_by[*peer].is_none();
        group.into_iter().flatten().copied().filter(free).collect()
    }

    /// Takes ready steps.
    pub(super) fn take_all(&mut self, steps: &[usize]) -> Vec<Job> {
        steps.iter().map(|step| self.take_step(*step)).collect()
    }

    /// Notes that a step that was taken is really begun.
    pub(super) fn start(&mut self, step: usize) {
        self.started[step] = true;
    }

    /// Takes back what was taken and not begun.
    pub(super) fn give_back(&mut self, step: usize) {
        self.running -= 1;
        self.line_up(step);
    }

    /// Ends a step, `failed` with its status when it blocks what waits for it; returns how many steps became
    /// ready. A step that was skipped passes on what blocked it.
    pub(super) fn finish(&mut self, step: usize, failed: Option<(usize, Status)>, plan: &Plan) -> usize {
        self.running -= 1;
        let failure = failed.map_or_else(
            || self.blocked_by[step].take(),
            |(step, status)| {
                let Step { id, numbered, .. } = &plan.steps[step];
                let because = SkipReason::Upstream { failed: id.clone(), status, numbered: *numbered };
                Some(Failure { step, because })
            },
        );
        let mut freed = 0;
        for Waiting { step: next, falls } in std::mem::take(&mut self.waiting[step]) {
            if let Some(failure) = failure.as_ref().filter(|_| falls) {
                let known = &mut self.blocked_by[next];
                // The same root whatever the order in which the workers end.
                if known.as_ref().is_none_or(|known| failure.step < known.step) {
                    *known = Some(failure.clone());
                }
            }
            self.waits_for[next] -= 1;
            if self.waits_for[next] == 0 {
                self.line_up(next);
                freed += 1;
            }
        }
        freed
    }

    /// Tells whether nothing runs and nothing can.
    pub(super) fn is_idle(&self) -> bool {
        self.running == 0 && self.waiting_to_start == 0
    }

    /// Tells whether a step still waits for others.
    pub(super) fn has_waiting(&self) -> bool {
        self.waits_for.iter().any(|count| *count > 0)
    }

    /// Returns the steps that were never started, in plan order.
    pub(super) fn unstarted(&self) -> Vec<usize> {
        let places = 0..self.started.len();
        places.filter(|place| !self.started[*place]).collect()
    }
}
