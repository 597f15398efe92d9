//! Tries a node again that failed for a reason that may pass (`retries:`, `--retries`).
//!
//! Input: a node's failure. Output: whether to try again, after a pause that grows and is never the same for two nodes.
//! Only what the engine says may pass is tried again (`Code::may_pass`): lost connections, locks, conflicts, exhausted
//! resources. What an attempt did was rolled back; where a connection broke during the commit, the trace of its
//! transaction tells. Called by [`NodeRunner`].

use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::node::NodeRunner;
use crate::artifacts::RunResult;
use crate::context::{Session, SharedSession};
use crate::diag::{Code, Diagnostic};
use crate::event::Note;
use crate::manifest::{Json, Node};

/// The first pause, without its random part.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause, without its random part.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How often a pause looks whether the run was stopped.
const LOOK: Duration = Duration::from_millis(50);

/// The attempts at one node.
pub(super) struct Attempts {
    /// How many were made, the one at work included.
    made: u32,
    /// How many there may be.
    most: u32,
}

impl Attempts {
    /// Tells whether the attempt at work is not the first.
    pub(super) fn again(&self) -> bool {
        self.made > 1
    }

    /// Tells whether there may be more than one.
    pub(super) fn may_repeat(&self) -> bool {
        self.most > 1
    }

    /// Notes in a result how many attempts it took, if it was more than one.
    pub(super) fn note(&self, result: &mut RunResult) {
        if self.again() {
            result.adapter_response.insert("attempts".to_owned(), Json::from(self.made));
        }
    }
}

impl NodeRunner {
    /// Begins the attempts at a node: the command line decides how many, else the node's config.
    pub(super) fn attempts(&self, node: &Node) -> Attempts {
        let configured =
            || node.config.get("retries").and_then(Json::as_u64).and_then(|n| u32::try_from(n).ok());
        let retries = self.retries.or_else(configured).unwrap_or_default();
        Attempts { made: 1, most: retries.saturating_add(1) }
    }

    /// Begins the attempts at nodes that are built together: as many as the most of them may have.
    pub(super) fn attempts_at_all(&self, nodes: &[&Arc<Node>]) -> Attempts {
        let most = nodes.iter().map(|node| self.attempts(node).most).max();
        Attempts { made: 1, most: most.unwrap_or(1) }
    }

    /// Rolls back and waits for the next attempt at what has a name; false if there is none. A connection that broke is given up.
    pub(super) fn tries_again(
        &self,
        attempts: &mut Attempts,
        name: &str,
        failure: &Diagnostic,
        session: &SharedSession,
    ) -> bool {
        // What is held is tried again as a whole.
        let is_part = session.with(|session| session.is_held());
        let is_last = is_part || attempts.made >= attempts.most;
        if is_last || !failure.code.may_pass() || self.stop_reason().is_some() {
            return false;
        }
        session.with(Session::rollback);
        attempts.made += 1;
        let pause = pause(attempts.made - 1, uuid::Uuid::new_v4().as_u128());
        let Attempts { made, most } = attempts;
        let reason = failure.message.lines().next().unwrap_or_default();
        let seconds = pause.as_secs_f64();
        let msg = format!("`{name}` is tried again in {seconds:.1} s (attempt {made} of {most}): {reason}");
        self.events().send(Note { msg });
        let until = Instant::now() + pause;
        while Instant::now() < until {
            if self.stop_reason().is_some() {
                return false;
            }
            sleep(LOOK);
        }
        if failure.code == Code::CONNECTION {
            session.with(Session::close);
        }
        true
    }
}

/// Returns the pause after so many attempts: twice as long each time, and between half and one and a half of that, so that
/// nodes that failed together do not come back together.
fn pause(made: u32, random: u128) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << (made - 1).min(16)).min(LONGEST_PAUSE);
    let percent = u32::try_from(random % 101).unwrap_or_default() + 50;
    doubled * percent / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_differ() {
        assert_eq!(pause(1, 0), Duration::from_millis(250));
        assert_eq!(pause(1, 100), Duration::from_millis(750));
        assert_eq!(pause(3, 50), Duration::from_secs(2));
        assert_eq!(pause(40, 50), LONGEST_PAUSE);
    }
}
