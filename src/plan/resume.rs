//! What is left of an earlier run: the nodes that `retry` runs again, and of their batches those that failed.
//!
//! Input: that run's results. Output: data of a plan. Facts: dbt's `retry`.

use std::collections::BTreeSet;

use jiff::civil::DateTime;

use crate::hash::HashMap;
use crate::manifest::UniqueId;
use crate::state::{PreviousBatches, PreviousResult, PreviousResults};

/// What is to be run again.
#[derive(Clone, Debug, Default)]
pub struct Resumption {
    /// The nodes.
    pub ids: BTreeSet<UniqueId>,
    /// All that the earlier run was asked for, whatever became of it.
    pub asked: BTreeSet<UniqueId>,
    /// Batches of microbatch models of which only some failed: those that were built stay.
    pub batches: HashMap<UniqueId, PreviousBatches>,
    /// When the earlier run started, in UTC: other microbatch models end there again.
    pub now: Option<DateTime>,
    /// Nodes that it was publishing when it was killed, and how to find out whether it did.
    pub doubtful: HashMap<UniqueId, String>,
    /// Its invocation id, where it is known.
    pub run: Option<String>,
}

impl Resumption {
    /// Takes what failed or was skipped, and tests that warned if warnings are errors. Hooks run by themselves.
    pub fn new(previous: &PreviousResults, warnings_are_errors: bool) -> Self {
        let failed = |result: &&PreviousResult| match result.status.as_str() {
            "error" | "fail" | "skipped" | "runtime error" | "partial success" => true,
            "warn" => warnings_are_errors,
            _ => false,
        };
        let failed = || previous.results.iter().filter(failed).filter(|result| !is_hook(&result.unique_id));
        let partly = |result: &PreviousResult| {
            let batches = result.batches.clone()?;
            let partly = !batches.successful.is_empty() && !batches.failed.is_empty();
            partly.then(|| (result.unique_id.clone(), batches))
        };
        Self {
            ids: failed().map(|result| result.unique_id.clone()).collect(),
            asked: previous.results.iter().map(|result| result.unique_id.clone()).collect(),
            batches: failed().filter_map(partly).collect(),
            now: previous.started_at,
            doubtful: previous.doubtful.clone(),
            run: previous.invocation_id.clone(),
        }
    }
}

fn is_hook(id: &UniqueId) -> bool {
    id.as_str().starts_with("operation.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_left_and_hooks_are_not() {
        let result = |id: &str, status: &str| PreviousResult {
            unique_id: UniqueId::from_artifact(id),
            status: status.to_owned(),
            batches: None,
        };
        let results = vec![
            result("operation.p.p-on-run-start-0", "error"),
            result("model.p.a", "success"),
            result("model.p.b", "error"),
            result("model.p.c", "skipped"),
            result("model.p.d", "partial success"),
            result("test.p.e", "warn"),
            result("test.p.f", "fail"),
            result("exposure.p.g", "no-op"),
        ];
        let previous = PreviousResults { results, ..PreviousResults::default() };
        let ids = |strict| {
            let left = Resumption::new(&previous, strict).ids;
            left.iter().map(UniqueId::to_string).collect::<Vec<_>>()
        };
        assert_eq!(ids(false), ["model.p.b", "model.p.c", "model.p.d", "test.p.f"]);
        assert_eq!(ids(true), ["model.p.b", "model.p.c", "model.p.d", "test.p.e", "test.p.f"]);
    }
}
