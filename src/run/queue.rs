//! What is ready, what waits, what is blocked: the bookkeeping of the scheduler, without threads.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::schedule::SkipReason;
use crate::artifacts::Status;
use crate::plan::{Plan, Step};

/// A step whose turn it is.
#[derive(Debug)]
pub(super) struct Job {
    /// Its place in the plan.
    pub(super) step: usize,
    /// Why it must be skipped, if so.
    pub(super) blocked_by: Option<SkipReason>,
}

/// The steps of a plan by their state. A step's place is its priority: lower goes first.
#[derive(Debug, Default)]
pub(super) struct Queue {
    ready: BinaryHeap<Reverse<usize>>,
    /// How many steps each one still waits for.
    waits_for: Vec<usize>,
    /// Who waits for each one.
    waiting: Vec<Vec<usize>>,
    /// The failure that blocks each one.
    blocked_by: Vec<Option<Failure>>,
    started: Vec<bool>,
    running: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Failure {
    step: usize,
    because: SkipReason,
}

impl Queue {
    /// Lines up a plan.
    pub(super) fn new(plan: &Plan) -> Self {
        let count = plan.steps.len();
        let mut queue = Self {
            ready: BinaryHeap::new(),
            waits_for: plan.steps.iter().map(|step| step.after.len()).collect(),
            waiting: vec![Vec::new(); count],
            blocked_by: vec![None; count],
            started: vec![false; count],
            running: 0,
        };
        for (place, step) in plan.steps.iter().enumerate() {
            for before in &step.after {
                queue.waiting[*before].push(place);
            }
            if step.after.is_empty() {
                queue.ready.push(Reverse(place));
            }
        }
        queue
    }

    /// Starts the first ready step.
    pub(super) fn take(&mut self) -> Option<Job> {
        let Reverse(step) = self.ready.pop()?;
        self.started[step] = true;
        self.running += 1;
        let blocked_by = self.blocked_by[step].as_ref().map(|failure| failure.because.clone());
        Some(Job { step, blocked_by })
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
        for next in std::mem::take(&mut self.waiting[step]) {
            if let Some(failure) = &failure {
                let known = &mut self.blocked_by[next];
                // The same root whatever the order in which the workers end.
                if known.as_ref().is_none_or(|known| failure.step < known.step) {
                    *known = Some(failure.clone());
                }
            }
            self.waits_for[next] -= 1;
            if self.waits_for[next] == 0 {
                self.ready.push(Reverse(next));
                freed += 1;
            }
        }
        freed
    }

    /// Tells whether nothing runs and nothing can.
    pub(super) fn is_idle(&self) -> bool {
        self.running == 0 && self.ready.is_empty()
    }

    /// Returns the steps that were never started, in plan order.
    pub(super) fn unstarted(&self) -> Vec<usize> {
        let places = 0..self.started.len();
        places.filter(|place| !self.started[*place]).collect()
    }
}
