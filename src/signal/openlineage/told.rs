//! A runner that tells of each node it lets another runner run.

use super::event::Lineage;
use crate::artifacts::RunResult;
use crate::diag::Diagnostic;
use crate::manifest::UniqueId;
use crate::run::{Crew, Runner, SkipReason, Turn};

/// Runs nodes as `runner` does, and tells of them if there is somebody to tell.
pub struct Told<'r, R> {
    /// Who does the work.
    pub runner: &'r R,
    /// Who is told.
    pub lineage: Option<&'r Lineage>,
}

impl<R: Runner> Runner for Told<'_, R> {
    type Worker = R::Worker;

    fn start_worker(&self, worker: usize) -> Result<Self::Worker, Diagnostic> {
        self.runner.start_worker(worker)
    }

    fn run<'a>(
        &'a self,
        worker: &mut Self::Worker,
        turn: Turn<'_>,
        crew: &dyn Crew<'a, Self::Worker>,
    ) -> RunResult {
        if let Some(lineage) = self.lineage {
            lineage.started(turn.id);
        }
        let result = self.runner.run(worker, turn, crew);
        if let Some(lineage) = self.lineage {
            lineage.ended(&result);
        }
        result
    }

    fn skip(&self, turn: Turn<'_>, because: &SkipReason) -> RunResult {
        self.runner.skip(turn, because)
    }

    fn shares(&self, id: &UniqueId) -> bool {
        self.runner.shares(id)
    }

    fn group(&self, id: &UniqueId) -> Option<&UniqueId> {
        self.runner.group(id)
    }

    fn interrupt(&self) {
        self.runner.interrupt();
    }
}
