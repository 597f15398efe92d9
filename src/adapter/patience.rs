//! How long to wait for what somebody else holds: a database file, a relation that another run builds.
//!
//! Input: `--lock-timeout`, and what each engine does without it. Output: whether to try again; the first time it is
//! told what is waited for. Made by `cli`, asked by the engines.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::event::{EventSink, Note};

/// How long nothing is tried between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// How long somebody wants to wait, and who is told.
#[derive(Clone)]
pub struct Patience {
    limit: Option<Duration>,
    events: EventSink,
}

impl Patience {
    /// Waits so long at most; `None` is what each engine does by itself.
    pub fn new(limit: Option<Duration>, events: EventSink) -> Self {
        Self { limit, events }
    }

    /// What each engine does by itself, without telling anybody.
    pub fn usual() -> Self {
        Self::new(None, EventSink::silent())
    }

    /// Begins to wait. `usual` is the limit where nobody gave one; `None` is for none.
    pub(super) fn wait(&self, usual: Option<Duration>) -> Wait<'_> {
        let limit = self.limit.or(usual);
        Wait { events: &self.events, limit, since: Instant::now(), told: false }
    }
}

/// One time of waiting.
pub(super) struct Wait<'a> {
    events: &'a EventSink,
    limit: Option<Duration>,
    since: Instant,
    told: bool,
}

impl Wait<'_> {
    /// Waits a little and tells whether to try again. `held` says what is waited for: `x is held by y`.
    pub(super) fn goes_on(&mut self, held: impl FnOnce() -> String) -> bool {
        let left = self.limit.map(|limit| limit.saturating_sub(self.since.elapsed()));
        if left.is_some_and(|left| left.is_zero()) {
            return false;
        }
        if !std::mem::replace(&mut self.told, true) {
            let limit =
                self.limit.map(|limit| format!(", {} s at most", limit.as_secs())).unwrap_or_default();
            self.events.send(Note { msg: format!("Waiting{limit}: {}", held()) });
        }
        sleep(left.map_or(PAUSE, |left| left.min(PAUSE)));
        true
    }

    /// Says how long was waited in vain; nothing if there was no waiting.
    pub(super) fn in_vain(&self) -> Option<String> {
        self.told.then(|| format!("waited for {} s (`--lock-timeout`)", self.since.elapsed().as_secs()))
    }
}
