//! The package hub and archives over HTTP, as often as dbt tries.
//!
//! Input: a URL. Output: JSON or bytes, after as many attempts as dbt makes, or an [`HttpError`].

use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Stop;
use crate::diag::{Code, Diagnostic};
use crate::event::{EventSink, RecordRetryException, RetryExternalCall};
use crate::http::{Cause, Client, Roots};
use crate::manifest::Json;
use crate::project::env::Env;

pub(super) use crate::http::HttpError;

/// How often a request is repeated, and how long it waits before.
const RETRIES: usize = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// How many connections are open at a time.
const CONNECTIONS: usize = 8;

/// How long the hub may take to answer.
const HUB_TIMEOUT: Duration = Duration::from_secs(30);

/// How long an archive's host may take, unless `DBT_HTTP_TIMEOUT` says otherwise.
const ARCHIVE_TIMEOUT: f64 = 10.0;

/// Tells people what could not be downloaded; `what` is what was wanted.
pub(super) fn not_downloaded(error: &HttpError, what: &str) -> Diagnostic {
    let message = format!("{what} cannot be downloaded: {}", error.reason);
    let told = Diagnostic::error(Code::NETWORK, None, message).note(format!("GET {}", error.url));
    match error.cause {
        Cause::Connection => told
            .help("`deps` is the only command that needs the network: installed packages work without it")
            .help("a proxy is set with HTTPS_PROXY, another package hub with DBT_PACKAGE_HUB_URL"),
        Cause::Certificate => {
            told.help("if your network has certificates of its own, name their file in REQUESTS_CA_BUNDLE")
        }
        Cause::Passing => told.help("try again later"),
        Cause::Refusal => told,
    }
}

/// The client. One for an invocation, so that connections are used again.
pub(super) struct Http {
    hub: Client,
    archives: Client,
    events: EventSink,
    stop: Stop,
}

impl Http {
    /// Makes a client. Errors when a file of certificates is named that cannot be used.
    pub(super) fn new(env: &Env, events: &EventSink, stop: &Stop) -> Result<Self, Box<Diagnostic>> {
        let roots = Roots::named_by(|name| env.raw(name))?;
        let seconds = env.raw("DBT_HTTP_TIMEOUT").and_then(|text| text.trim().parse().ok());
        let seconds = seconds.filter(|seconds: &f64| *seconds > 0.0 && seconds.is_finite());
        let timeout = Duration::try_from_secs_f64(seconds.unwrap_or(ARCHIVE_TIMEOUT)).ok();
        let (events, stop) = (events.clone(), Arc::clone(stop));
        Ok(Self {
            hub: Client::new(Some(HUB_TIMEOUT), roots.clone()),
            archives: Client::new(timeout, roots),
            events,
            stop,
        })
    }

    /// Asks the hub for a page, once. `answered` is told the status.
    pub(super) fn page(&self, url: &str, answered: impl FnOnce(u16)) -> Result<Json, HttpError> {
        let answer = self.hub.get(url)?;
        answered(answer.status());
        let text = answer.text()?;
        serde_json::from_str(&text).map_err(|error| HttpError::malformed(url, format!("no JSON: {error}")))
    }

    /// Opens an archive to be read, once.
    pub(super) fn open(&self, url: &str) -> Result<impl Read + use<>, HttpError> {
        Ok(self.archives.get(url)?.into_reader())
    }

    /// Does something until it works, no further attempt makes sense, or the attempts are used up.
    pub(super) fn retry<T>(&self, mut attempt: impl FnMut() -> Result<T, HttpError>) -> Result<T, HttpError> {
        for count in 0..RETRIES {
            match attempt() {
                Err(error) if error.is_passing() && !(self.stop)() => {
                    self.events.debug(|| RecordRetryException { exc: error.to_string() });
                    self.events.debug(|| RetryExternalCall { attempt: count, max: RETRIES });
                    std::thread::sleep(PAUSE);
                }
                end => return end,
            }
        }
        attempt()
    }
}

/// Does something with each item, several at a time; results come in the order of the items.
pub(super) fn at_once<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, R)>> = Mutex::default();
    let done = || results.lock().unwrap_or_else(PoisonError::into_inner);
    std::thread::scope(|scope| {
        for _ in 0..items.len().min(CONNECTIONS) {
            scope.spawn(|| {
                while let Some((at, item)) = take(items, &next) {
                    let result = work(item);
                    done().push((at, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

fn take<'i, T>(items: &'i [T], next: &AtomicUsize) -> Option<(usize, &'i T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    Some((at, items.get(at)?))
}

/// Makes an error of reading into one of the archive's host, so that it can be tried again.
pub(super) fn broken(url: &str, error: &io::Error) -> HttpError {
    HttpError::malformed(url, error.to_string())
}
