//! The plan as data: steps in serial order, and what each must wait for.

use std::collections::BTreeSet;

use super::gate::Gates;
use super::release::ReleaseSet;
use super::resume::Resumption;
use crate::artifacts::Status;
use crate::manifest::UniqueId;

/// What is to be done with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// A model, seed or snapshot becomes a relation.
    Build,
    /// What another run built is copied.
    Clone,
    /// A data test is run.
    Test,
    /// A unit test is run.
    UnitTest,
    /// The age of a source is told.
    Measure,
    /// The node is only rendered to SQL (ephemeral models; every node of `compile`).
    Compile,
    /// There is nothing to do, and that is recorded (exposures).
    NoOp,
}

/// One node's turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The node.
    pub id: UniqueId,
    /// What is to be done.
    pub action: Action,
    /// Whether it counts in `i of n`; an ephemeral model does not.
    pub numbered: bool,
    /// Whether its result is one of the command's: that of a numbered step, and of an ephemeral model that was asked for.
    pub recorded: bool,
    /// The steps that must be finished before, as places in [`Plan::steps`]; each is lower than its own place.
    pub after: Vec<usize>,
    /// The same, but for steps whose failure does not keep this one from running.
    pub ended: Vec<usize>,
}

/// Which ends of a step keep what comes after it from running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocking {
    /// Errors, as in `run`, `seed`, `snapshot`, `test`.
    Errors,
    /// Failed tests and skips too, as in `build`.
    ErrorsAndFailures,
}

impl Blocking {
    /// Tells whether a status blocks (cli.md section 4).
    pub fn blocks(self, status: Status) -> bool {
        match status {
            Status::Error | Status::PartialSuccess | Status::RuntimeError => true,
            Status::Fail | Status::Skipped => self == Self::ErrorsAndFailures,
            Status::Success | Status::NoOp | Status::Pass | Status::Warn => false,
        }
    }
}

/// A schema that selected nodes are built in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaName {
    /// Its database.
    pub database: String,
    /// Its name.
    pub schema: String,
}

/// All that one command will do, in the order in which one thread would do it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The nodes' turns. A step waits only for steps before it; among those that are ready, the first one goes
    /// first.
    pub steps: Vec<Step>,
    /// The tests that a node has to pass before it is published; they have turns of their own, too, to tell of it.
    pub gates: Gates,
    /// Nodes that are published together. They have turns of their own, too, to tell of it.
    pub sets: Vec<ReleaseSet>,
    /// The tests among them that nobody asked for but the gates.
    pub added: BTreeSet<UniqueId>,
    /// What keeps later steps from running.
    pub blocking: Blocking,
    /// Hooks that run before the steps, in order.
    pub on_run_start: Vec<UniqueId>,
    /// Hooks that run after the steps, in order.
    pub on_run_end: Vec<UniqueId>,
    /// Schemas that must be there before the steps, sorted.
    pub schemas: Vec<SchemaName>,
    /// Unit tests that were selected without their model: `build` does not run them, as in dbt.
    pub left_out: Vec<UniqueId>,
    /// What is left of an earlier run, for `retry`; nothing otherwise.
    pub resumed: Resumption,
}

impl Plan {
    /// Returns the `n` of `i of n`.
    pub fn total(&self) -> usize {
        self.steps.iter().filter(|step| step.numbered).count()
    }

    /// Tells whether there is nothing to do; then hooks do not run either.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}
