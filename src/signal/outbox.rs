//! Messages on their way out, in the order they were made.
//!
//! Input: texts of JSON. Output: lines of a file, or posts to an address, written by a thread of its own so that no node
//! waits for a server. A server that fails thrice in a row is left alone, and the end of a command waits for a slow one
//! only so long: what was not delivered is counted and told.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;

use crate::diag::{Code, Diagnostic};
use crate::files;
use crate::http::{Client, Roots};

/// How many failures in a row it takes to give up.
const PATIENCE: usize = 3;

/// How long what still waits may take once the command is done.
const LAST_CALL: Duration = Duration::from_secs(30);

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file, a message a line, which is added to.
    File(Utf8PathBuf),
    /// An address.
    Http {
        /// All of it.
        url: String,
        /// Names and values.
        headers: Vec<(String, String)>,
        /// How long each part of a request may take.
        timeout: Duration,
    },
}

/// Takes messages and sees to their delivery.
pub struct Outbox {
    queue: Sender<Vec<u8>>,
    thread: JoinHandle<Vec<Diagnostic>>,
    closed: Arc<OnceLock<Instant>>,
}

impl Outbox {
    /// Starts the delivery to all the places; `what` is what people call the messages.
    pub fn open(places: Vec<Place>, roots: &Roots, what: &'static str) -> Result<Self, Diagnostic> {
        let (queue, waiting) = channel();
        let ways: Vec<Way> = places.into_iter().map(|place| Way::to(place, roots)).collect();
        let closed: Arc<OnceLock<Instant>> = Arc::default();
        let seen = Arc::clone(&closed);
        let thread = std::thread::Builder::new().name("signals".into());
        let thread = thread.spawn(move || deliver(ways, &waiting, &seen, what)).map_err(|error| {
            Diagnostic::error(Code::IO, None, "cannot start a thread").note(error.to_string())
        })?;
        Ok(Self { queue, thread, closed })
    }

    /// Takes a message.
    pub fn put(&self, message: Vec<u8>) {
        // The thread ends only after the queue is closed.
        let _ = self.queue.send(message);
    }

    /// Waits for what is on its way; returns warnings about what was not delivered.
    pub fn close(self) -> Vec<Diagnostic> {
        let _ = self.closed.set(Instant::now());
        drop(self.queue);
        self.thread.join().unwrap_or_default()
    }
}

/// A place, and how the delivery goes.
struct Way {
    place: Place,
    client: Option<Client>,
    failures_in_a_row: usize,
    lost: usize,
    reason: String,
}

impl Way {
    fn to(place: Place, roots: &Roots) -> Self {
        let client = match &place {
            Place::File(_) => None,
            Place::Http { timeout, .. } => Some(Client::new(Some(*timeout), roots.clone())),
        };
        Self { place, client, failures_in_a_row: 0, lost: 0, reason: String::new() }
    }

    fn deliver(&mut self, message: &[u8], late: bool) {
        if self.failures_in_a_row >= PATIENCE || late && self.client.is_some() {
            self.lost += 1;
            if self.reason.is_empty() {
                self.reason = format!("they still waited {} seconds after the end", LAST_CALL.as_secs());
            }
            return;
        }
        match self.send(message) {
            Ok(()) => self.failures_in_a_row = 0,
            Err(reason) => {
                self.lost += 1;
                self.failures_in_a_row += 1;
                self.reason = reason;
            }
        }
    }

    fn send(&self, message: &[u8]) -> Result<(), String> {
        match (&self.place, &self.client) {
            (Place::Http { url, headers, .. }, Some(client)) => {
                client.post_json(url, headers, message).map_err(|error| error.reason)
            }
            (Place::Http { .. }, None) => Ok(()),
            (Place::File(path), _) => {
                files::append(path, &[message, b"\n"].concat()).map_err(|error| error.to_string())
            }
        }
    }

    fn warning(self, all: usize, what: &str) -> Option<Diagnostic> {
        let place = match &self.place {
            Place::File(path) => path.as_str(),
            Place::Http { url, .. } => url,
        };
        let message = format!("{} of {all} {what} did not reach `{place}`: {}", self.lost, self.reason);
        (self.lost > 0).then(|| Diagnostic::warning(Code::NETWORK, None, message))
    }
}

fn deliver(
    mut ways: Vec<Way>,
    waiting: &Receiver<Vec<u8>>,
    closed: &OnceLock<Instant>,
    what: &str,
) -> Vec<Diagnostic> {
    let mut all = 0;
    while let Ok(message) = waiting.recv() {
        all += 1;
        let late = closed.get().is_some_and(|since| since.elapsed() > LAST_CALL);
        ways.iter_mut().for_each(|way| way.deliver(&message, late));
    }
    ways.into_iter().filter_map(|way| way.warning(all, what)).collect()
}
