//! HTTP: the only place of Tidegate that asks a server for something or sends it something.
//!
//! Input: a URL, for a post headers and a body too. Output: an answer, or an [`HttpError`] that tells whether another
//! attempt makes sense. Proxies come from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`; certificates from
//! those built in, or from the file in `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE` or `SSL_CERT_FILE`. Called by
//! `project::deps` for packages and by `signal` for what the user asks to be told.

use std::io::{self, Read};
use std::time::Duration;

use camino::Utf8Path;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, http::Response};

use crate::diag::{Code, Diagnostic};
use crate::files;

/// Variables that name a file of certificates.
const CERTIFICATES: [&str; 3] = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"];

/// The largest page that is read as a whole.
const LARGEST_PAGE: u64 = 256 << 20;

/// Why something could not be had or delivered.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{reason}")]
pub struct HttpError {
    /// What was asked.
    pub url: String,
    /// Why, for people.
    pub reason: String,
    /// What kind of trouble.
    pub cause: Cause,
}

/// What kind of trouble it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
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
    pub fn malformed(url: &str, reason: impl Into<String>) -> Self {
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

    /// Tells whether another attempt may go better.
    pub fn is_passing(&self) -> bool {
        matches!(self.cause, Cause::Connection | Cause::Passing)
    }
}

/// Whose certificates are trusted.
#[derive(Clone, Debug)]
pub struct Roots(RootCerts);

impl Roots {
    /// Reads the certificates that somebody asks to trust, for networks that end TLS themselves; `variable` looks a
    /// variable up. Errors when a file is named that cannot be used.
    pub fn named_by<'v>(variable: impl Fn(&str) -> Option<&'v str>) -> Result<Self, Box<Diagnostic>> {
        let mut named = CERTIFICATES.iter().filter_map(|name| Some((name, variable(name)?)));
        let Some((name, path)) = named.find(|(_, path)| Utf8Path::new(path).is_file()) else {
            return Ok(Self(RootCerts::WebPki));
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
        Ok(Self(RootCerts::from(found)))
    }
}

/// A client, which keeps its connections for the next request.
pub struct Client(Agent);

impl Client {
    /// Makes a client; `timeout` bounds each part of a request.
    pub fn new(timeout: Option<Duration>, Roots(roots): Roots) -> Self {
        let config = Agent::config_builder()
            .user_agent(concat!("tidegate/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(timeout)
            .timeout_recv_response(timeout)
            .timeout_per_read(timeout)
            .tls_config(TlsConfig::builder().root_certs(roots).build());
        Self(config.build().new_agent())
    }

    /// Asks for something, once.
    pub fn get(&self, url: &str) -> Result<Answer, HttpError> {
        let response = self.0.get(url).call().map_err(|error| HttpError::new(url, &error))?;
        Ok(Answer { url: url.to_owned(), response })
    }

    /// Sends JSON, once; whatever the server has to say to it is dropped.
    pub fn post_json(&self, url: &str, headers: &[(String, String)], body: &[u8]) -> Result<(), HttpError> {
        let request = self.0.post(url).header("content-type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let mut response = request.send(body).map_err(|error| HttpError::new(url, &error))?;
        // Read to its end, the connection is free for the next one.
        let _ = response.body_mut().with_config().limit(LARGEST_PAGE).read_to_vec();
        Ok(())
    }
}

/// What a server answered.
pub struct Answer {
    url: String,
    response: Response<Body>,
}

impl Answer {
    /// Returns its status.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Reads all of it as text.
    pub fn text(mut self) -> Result<String, HttpError> {
        let text = self.response.body_mut().with_config().limit(LARGEST_PAGE).read_to_string();
        text.map_err(|error| HttpError::new(&self.url, &error))
    }

    /// Returns what it is read from.
    pub fn into_reader(self) -> impl Read + use<> {
        self.response.into_body().into_reader()
    }
}
