//! What checking a node came to.

use crate::hash::IndexMap;

use crate::diag::Diagnostic;
use crate::manifest::UniqueId;

/// What is said of one model, seed, snapshot or test.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The engine accepts it.
    Sound,
    /// It cannot be built.
    Wrong(Vec<Diagnostic>),
    /// Nobody can tell.
    Unchecked(Unchecked),
}

/// Why a node could not be checked.
#[derive(Clone, Debug)]
pub struct Unchecked {
    /// The reason, as the end of "`orders` is not checked: ..".
    pub reason: String,
    /// The node or source that it reads and that the reason is about; `None` when it is about itself.
    pub origin: Option<UniqueId>,
    /// What is likely wrong, where the engine refused and what it was told may be incomplete.
    pub warning: Option<Box<Diagnostic>>,
}

impl Unchecked {
    /// Makes the verdict for a node that is itself the reason.
    pub(super) fn because(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), origin: None, warning: None }
    }

    /// Makes the verdict for what reads `origin`.
    pub(super) fn of_reader(&self, origin: &UniqueId) -> Self {
        let origin = self.origin.as_ref().unwrap_or(origin).clone();
        Self { reason: self.reason.clone(), origin: Some(origin), warning: None }
    }
}

/// The verdicts on all nodes that were asked for, in the order of the graph.
#[derive(Clone, Debug, Default)]
pub struct Findings(pub IndexMap<UniqueId, Verdict>);

impl Findings {
    /// Returns all mistakes.
    pub fn errors(&self) -> impl Iterator<Item = (&UniqueId, &Diagnostic)> {
        self.0.iter().flat_map(|(id, verdict)| {
            let found = if let Verdict::Wrong(found) = verdict { found.as_slice() } else { &[] };
            found.iter().map(move |diagnostic| (id, diagnostic))
        })
    }

    /// Returns what could not be checked.
    pub fn unchecked(&self) -> impl Iterator<Item = (&UniqueId, &Unchecked)> {
        self.0.iter().filter_map(|(id, verdict)| match verdict {
            Verdict::Unchecked(why) => Some((id, why)),
            Verdict::Sound | Verdict::Wrong(_) => None,
        })
    }
}
