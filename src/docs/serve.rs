//! Shows a target folder to browsers on this machine, and renews the site when a build has renewed its artifacts.
//!
//! Input: requests. Output: files of the folder, nothing else: a path that leads out of it is not found, and a page
//! of another site cannot ask by way of a name it made up for this machine. The page asks `/_live` once a second
//! which build is shown. Called by `cli`.

use std::fs::{self, File};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use oxhttp::model::{Body, Method, Request, Response, StatusCode, header};
use percent_encoding::percent_decode_str;

use super::site::{SITE_SOURCES, write_site};
use crate::diag::Diagnostic;

/// How long a connection may stay silent.
const TIMEOUT: Duration = Duration::from_mins(1);

/// How many browsers are answered at a time.
const CONNECTIONS: usize = 64;

/// What tells the page that it is served, and where to ask which build is shown.
const LIVE_MARK: &str = "<meta name=\"live\" content=\"/_live\">";

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address has no meaning here.
    #[error("`{host}` is not an address of this machine: {source}")]
    Host {
        /// What was given.
        host: String,
        /// The system's reason.
        source: io::Error,
    },
    /// Somebody else listens there, or it is not allowed.
    #[error("cannot listen at {host}:{port}: {source}")]
    Listen {
        /// What was given.
        host: String,
        /// The port.
        port: u16,
        /// The system's reason.
        source: io::Error,
    },
}

/// What is served.
struct Site {
    target: Utf8PathBuf,
    /// The names by which browsers may call this machine; `None` when it is open to other machines.
    hosts: Option<Vec<String>>,
    /// Which artifacts the site was made from.
    shown: Mutex<Stamp>,
}

/// When each of the artifacts was written.
type Stamp = [Option<SystemTime>; SITE_SOURCES.len()];

/// Starts to serve a target folder and comes back at once; what was started ends with the process.
pub fn serve(target: &Utf8Path, host: &str, port: u16) -> Result<(), ServeError> {
    let no_host = |source| ServeError::Host { host: host.to_owned(), source };
    let addresses: Vec<SocketAddr> = (host, port).to_socket_addrs().map_err(no_host)?.collect();
    let local = addresses.iter().all(|address| address.ip().is_loopback());
    let hosts = ["localhost", "127.0.0.1", "[::1]", host].map(str::to_lowercase);
    let site = Arc::new(Site {
        target: target.to_owned(),
        hosts: local.then(|| hosts.to_vec()),
        shown: Mutex::new(stamp(target)),
    });
    let mut server = oxhttp::Server::new(move |request| site.answer(request))
        .with_global_timeout(TIMEOUT)
        .with_max_concurrent_connections(CONNECTIONS);
    for address in addresses {
        server = server.bind(address);
    }
    // The threads go on without the handle.
    server.spawn().map(drop).map_err(|source| ServeError::Listen { host: host.to_owned(), port, source })
}

fn stamp(target: &Utf8Path) -> Stamp {
    SITE_SOURCES.map(|file| fs::metadata(target.join(file)).and_then(|meta| meta.modified()).ok())
}

impl Site {
    fn answer(&self, request: &Request<Body>) -> Response<Body> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return status(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered");
        }
        if !self.is_called_by_its_name(request) {
            return status(StatusCode::FORBIDDEN, "this name does not belong to this machine");
        }
        let mut response = match request.uri().path() {
            "/_live" => self.live(),
            "/" | "/index.html" => self.page(),
            path => self.file(path),
        };
        if *request.method() == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
        response
    }

    fn is_called_by_its_name(&self, request: &Request<Body>) -> bool {
        let Some(hosts) = &self.hosts else { return true };
        let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let name = named.map(|named| match named.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
            _ => named,
        });
        name.is_some_and(|name| hosts.contains(&name.to_lowercase()))
    }

    /// Renews the site if its artifacts were renewed, and says which ones it is made from.
    fn live(&self) -> Response<Body> {
        match self.renew() {
            Ok(stamp) => reply(StatusCode::OK, "text/plain", stamp),
            Err(problem) => status(StatusCode::INTERNAL_SERVER_ERROR, &problem.message),
        }
    }

    fn renew(&self) -> Result<String, Diagnostic> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamp(&self.target);
        if now != *shown {
            write_site(&self.target, false)?;
            *shown = now;
        }
        drop(shown);
        let since = |time: &SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let times = now.iter().map(|time| time.as_ref().map_or(0, |time| since(time).as_nanos()).to_string());
        Ok(times.collect::<Vec<_>>().join("-"))
    }

    fn page(&self) -> Response<Body> {
        match fs::read_to_string(self.target.join("index.html")) {
            Ok(page) => {
                let page = page.replacen("</title>", &format!("</title>\n{LIVE_MARK}"), 1);
                reply(StatusCode::OK, "text/html; charset=utf-8", page)
            }
            Err(_) => status(StatusCode::NOT_FOUND, "there is no page: run `docs generate`"),
        }
    }

    fn file(&self, path: &str) -> Response<Body> {
        let found = locate(&self.target, path).and_then(|file| Some((File::open(&file).ok()?, file)));
        match found {
            Some((file, path)) => reply(StatusCode::OK, media_type(&path), Body::from_read(file)),
            None => status(StatusCode::NOT_FOUND, "not found"),
        }
    }
}

/// Finds the file of a request. There is none for a path with `..`, for one that is not text, and for a link that
/// leads out of the folder.
fn locate(target: &Utf8Path, path: &str) -> Option<Utf8PathBuf> {
    let path = percent_decode_str(path.strip_prefix('/')?).decode_utf8().ok()?;
    let plain =
        |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', '\0', ':']);
    if !path.split('/').all(plain) {
        return None;
    }
    let root = target.canonicalize_utf8().ok()?;
    let file = root.join(&*path).canonicalize_utf8().ok()?;
    (file.starts_with(&root) && file.is_file()).then_some(file)
}

fn media_type(path: &Utf8Path) -> &'static str {
    match path.extension().unwrap_or_default().to_lowercase().as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "json" => "application/json",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "md" | "txt" | "sql" | "csv" | "yml" | "yaml" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}

fn status(code: StatusCode, text: &str) -> Response<Body> {
    reply(code, "text/plain; charset=utf-8", format!("{text}\n"))
}

fn reply(code: StatusCode, media_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = code;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(folder.path().to_path_buf()).unwrap();
        let target = root.join("target");
        fs::create_dir_all(target.join("docs_data")).unwrap();
        fs::write(root.join("secret"), "secret").unwrap();
        fs::write(target.join("a file.json"), "{}").unwrap();
        fs::write(target.join("docs_data/0.json.gz"), "{}").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(root.join("secret"), target.join("link")).unwrap();
        (folder, target)
    }

    #[test]
    fn files_of_the_folder_are_found() {
        let (_folder, target) = folder();
        assert!(locate(&target, "/a%20file.json").unwrap().ends_with("target/a file.json"));
        assert!(locate(&target, "/docs_data/0.json.gz").is_some());
    }

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let (_folder, target) = folder();
        for path in [
            "/../secret",
            "/%2e%2e/secret",
            "/%2E%2E%2fsecret",
            "/docs_data/../../secret",
            "/docs_data/..%2f..%2fsecret",
            "/..\\secret",
            "/%5c..%5csecret",
            "//etc/passwd",
            "/%2fetc/passwd",
            "/./a%20file.json",
            "/link",
            "/%00",
            "/%ff",
            "/docs_data",
            "secret",
            "/C:/secret",
            "",
        ] {
            assert_eq!(locate(&target, path), None, "{path}");
        }
    }

    #[test]
    fn other_sites_cannot_ask_by_a_name_of_theirs() {
        let (_folder, target) = folder();
        let hosts = Some(vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()]);
        let site = Site { target, hosts, shown: Mutex::default() };
        let ask = |host: &str| {
            let request = Request::builder().uri("/a%20file.json").header("host", host);
            site.answer(&request.body(Body::empty()).unwrap()).status()
        };
        assert_eq!(ask("localhost:8080"), StatusCode::OK);
        assert_eq!(ask("[::1]"), StatusCode::OK);
        assert_eq!(ask("[::1]:8080"), StatusCode::OK);
        assert_eq!(ask("evil.example:8080"), StatusCode::FORBIDDEN);
    }
}
