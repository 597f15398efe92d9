//! HTTP, for the package hub and archives: the only place of Tidegate that opens a network connection.
//!
//! Input: a URL. Output: JSON or bytes, after as many attempts as dbt makes, or an [`HttpError`]. Proxies
//! come from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`; certificates from those built in, or
//! from the file in `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE` or `SSL_CERT_FILE`.

use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use camino::Utf8Path;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, http::Response};

use super::Stop;
use crate::diag::{Code, Diagnostic};
use crate::event::{EventSink, RecordRetryException, RetryExternalCall};
use crate::files;
use crate::manifest::Json;
use crate::project::env::Env;

/// How often a request is repeated, and how long it waits before.
const RETRIES: usize = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// How many connections are open at a time.
const CONNECTIONS: usize = 8;

/// How long the hub may take to answer.
const HUB_TIMEOUT: Duration = Duration::from_secs(30);

/// How long an archive's host may take, unless `DBT_HTTP_TIMEOUT` says otherwise.
const ARCHIVE_TIMEOUT: f64 = 10.0;

/// The largest answer of the hub that is read; the index is about 30 KB.
const LARGEST_PAGE: u64 = 256 << 20;

/// Variables that name a file of certificates.
const CERTIFICATES: [&str; 3] = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"];

/// Why something could not be had.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{reason}")]
pub(super) struct HttpError {
    url: String,
    reason: String,
    cause: Cause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// The server was not reached, or the connection broke off.
    Connection,
    /// The server's certificate is not trusted.
    Certificate,
    /// The server cannot answer now, or answers with something broken.
    Passing,
    /// The server refuses, or the request makes no sense.
    Refusal,
}

impl HttpError {
    /// Makes the error of an answer that is not what it should be.
    pub(super) fn malformed(url: &str, reason: impl Into<String>) -> Self {
        Self { url: url.to_owned(), reason: reason.into(), cause: Cause::Passing }
    }

    fn new(url: &str, error: &ureq::Error) -> Self {
        let (cause, reason) = match error {
            ureq::Error::StatusCode(code) => {
                let passing = *code >= 500 || matches!(code, 408 | 425 | 429);
                let cause = if passing { Cause::Passing } else { Cause::Refusal };
                (cause, format!("the server answers with status {code}"))
            }
            ureq::Error::HostNotFound => {
                (Cause::Connection, "the name of the host cannot be resolved".to_owned())
            }
            ureq::Error::Timeout(_) => (Cause::Connection, "the server did not answer in time".to_owned()),
            ureq::Error::Io(error) => match error.kind() {
                io::ErrorKind::ConnectionRefused => {
                    (Cause::Connection, "the connection was refused".to_owned())
                }
                // So TLS tells of a certificate that nobody trusts.
                io::ErrorKind::InvalidData => (Cause::Certificate, error.to_string()),
                _ => (Cause::Connection, error.to_string()),
            },
            ureq::Error::BadUri(_) | ureq::Error::InvalidProxyUrl | ureq::Error::Http(_) => {
                (Cause::Refusal, error.to_string())
            }
            error => (Cause::Connection, error.to_string()),
        };
        Self { url: url.to_owned(), reason, cause }
    }

    fn is_passing(&self) -> bool {
        matches!(self.cause, Cause::Connection | Cause::Passing)
    }

    /// Tells people; `what` is what was wanted.
    pub(super) fn into_diagnostic(self, what: &str) -> Diagnostic {
        let message = format!("{what} cannot be downloaded: {}", self.reason);
        let error = Diagnostic::error(Code::NETWORK, None, message).note(format!("GET {}", self.url));
        match self.cause {
            Cause::Connection => error
                .help("`deps` is the only command that needs the network: installed packages work without it")
                .help("a proxy is set with HTTPS_PROXY, another package hub with DBT_PACKAGE_HUB_URL"),
            Cause::Certificate => error
                .help("if your network has certificates of its own, name their file in REQUESTS_CA_BUNDLE"),
            Cause::Passing => error.help("try again later"),
            Cause::Refusal => error,
        }
    }
}

/// The client. One for an invocation, so that connections are used again.
pub(super) struct Http {
    hub: Agent,
    archives: Agent,
    events: EventSink,
    stop: Stop,
}

impl Http {
    /// Makes a client. Errors when a file of certificates is named that cannot be used.
    pub(super) fn new(env: &Env, events: &EventSink, stop: &Stop) -> Result<Self, Box<Diagnostic>> {
        let roots = certificates(env)?;
        let seconds = env.raw("DBT_HTTP_TIMEOUT").and_then(|text| text.trim().parse().ok());
        let seconds = seconds.filter(|seconds: &f64| *seconds > 0.0 && seconds.is_finite());
        let timeout = Duration::try_from_secs_f64(seconds.unwrap_or(ARCHIVE_TIMEOUT)).ok();
        let (events, stop) = (events.clone(), Arc::clone(stop));
        Ok(Self {
            hub: agent(Some(HUB_TIMEOUT), roots.clone()),
            archives: agent(timeout, roots),
            events,
            stop,
        })
    }

    /// Asks the hub for a page, once. `answered` is told the status.
    pub(super) fn page(&self, url: &str, answered: impl FnOnce(u16)) -> Result<Json, HttpError> {
        let failed = |error: &ureq::Error| HttpError::new(url, error);
        let mut response = self.hub.get(url).call().map_err(|error| failed(&error))?;
        answered(response.status().as_u16());
        let text = response.body_mut().with_config().limit(LARGEST_PAGE).read_to_string();
        let text = text.map_err(|error| failed(&error))?;
        serde_json::from_str(&text).map_err(|error| HttpError::malformed(url, format!("no JSON: {error}")))
    }

    /// Opens an archive to be read, once.
    pub(super) fn open(&self, url: &str) -> Result<impl Read + use<>, HttpError> {
        let response: Response<Body> =
            self.archives.get(url).call().map_err(|error| HttpError::new(url, &error))?;
        Ok(response.into_body().into_reader())
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

fn agent(timeout: Option<Duration>, roots: RootCerts) -> Agent {
    let config = Agent::config_builder()
        .user_agent(concat!("tidegate/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(timeout)
        .timeout_recv_response(timeout)
        .timeout_per_read(timeout)
        .tls_config(TlsConfig::builder().root_certs(roots).build());
    config.build().new_agent()
}

/// Reads the certificates that somebody asks to trust, for networks that end TLS themselves.
fn certificates(env: &Env) -> Result<RootCerts, Box<Diagnostic>> {
    let mut named = CERTIFICATES.iter().filter_map(|name| Some((name, env.raw(name)?)));
    let Some((name, path)) = named.find(|(_, path)| Utf8Path::new(path).is_file()) else {
        return Ok(RootCerts::WebPki);
    };
    let text = files::read_text(Utf8Path::new(path))
        .map_err(|error| Box::new(Diagnostic::from(error).note(format!("`{name}` names this file"))))?;
    let items = parse_pem(text.as_bytes());
    let found = items.filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let found: Vec<_> = found.collect();
    if found.is_empty() {
        let message = format!("`{path}`, which `{name}` names, holds no certificate");
        return Err(Diagnostic::error(Code::NETWORK, None, message).into());
    }
    Ok(RootCerts::from(found))
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
