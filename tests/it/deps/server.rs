//! A package hub on loopback, and the archives it points to.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

/// What the hub gives for a path; the first answers go first, the last one stays.
type Pages = Arc<Mutex<BTreeMap<String, Vec<(u16, Vec<u8>)>>>>;

/// A hub that answers as long as the process lives.
pub(super) struct Hub {
    port: u16,
    pages: Pages,
    asked: Arc<Mutex<Vec<String>>>,
    versions: Mutex<BTreeMap<String, serde_json::Map<String, Value>>>,
}

impl Hub {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let hub = Self { port, pages: Pages::default(), asked: Arc::default(), versions: Mutex::default() };
        let (pages, asked) = (Arc::clone(&hub.pages), Arc::clone(&hub.asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &pages, &asked);
            }
        });
        hub.page("api/v1/index.json", 200, b"[]".to_vec());
        hub
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// The paths asked for so far.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Sets the answer for a path.
    pub(super) fn page(&self, path: &str, status: u16, body: Vec<u8>) {
        self.pages.lock().unwrap().insert(path.to_owned(), vec![(status, body)]);
    }

    /// Has a path answer so once, before what it answers then.
    pub(super) fn first(&self, path: &str, status: u16, body: &[u8]) {
        self.pages.lock().unwrap().entry(path.to_owned()).or_default().insert(0, (status, body.to_vec()));
    }

    /// Adds versions of a package that list nothing.
    pub(super) fn package(&self, name: &str, versions: &[&str]) {
        for version in versions {
            self.release(name, version, &json!({}));
        }
    }

    /// Adds a version; `facts` take the place of what the hub would say of it.
    pub(super) fn release(&self, name: &str, version: &str, facts: &Value) {
        let short = name.split('/').next_back().unwrap();
        let archive = format!("archives/{name}/{version}.tar.gz");
        let mut said = json!({
            "name": short, "version": version, "packages": [], "require_dbt_version": [],
            "downloads": {"tarball": format!("{}{archive}", self.url()), "format": "tgz"},
        });
        said.as_object_mut().unwrap().extend(facts.as_object().unwrap().clone());
        let project = said["name"].as_str().unwrap().to_owned();
        let mut known = self.versions.lock().unwrap();
        let versions = known.entry(name.to_owned()).or_default();
        versions.insert(version.to_owned(), said);
        let page = json!({"name": short, "namespace": name.split('/').next(), "versions": versions});
        self.page(&format!("api/v1/{name}.json"), 200, page.to_string().into_bytes());
        let index: Vec<&String> = known.keys().collect();
        self.page("api/v1/index.json", 200, json!(index).to_string().into_bytes());
        let text = format!("name: {project}\nversion: {version}\n");
        let files = [File::new("dbt_project.yml", &text), File::new("macros/hello.sql", "-- hello\n")];
        self.page(&archive, 200, packed(&format!("{short}-{version}"), &files));
    }
}

fn answer(mut stream: TcpStream, pages: &Pages, asked: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let request = lines.next().unwrap_or_default();
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
    let (status, body) = match pages.lock().unwrap().get_mut(&path) {
        Some(answers) if answers.len() > 1 => answers.remove(0),
        Some(answers) => answers[0].clone(),
        None => (404, b"no such page".to_vec()),
    };
    asked.lock().unwrap().push(path);
    let head = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    // A client that goes away wants no more.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

/// An entry of an archive.
pub(super) struct File {
    pub(super) path: String,
    pub(super) kind: tar::EntryType,
    pub(super) content: String,
}

impl File {
    pub(super) fn new(path: &str, content: &str) -> Self {
        Self { path: path.to_owned(), kind: tar::EntryType::Regular, content: content.to_owned() }
    }

    /// A link: symbolic, or a hard one.
    pub(super) fn link(path: &str, target: &str, hard: bool) -> Self {
        let kind = if hard { tar::EntryType::Link } else { tar::EntryType::Symlink };
        Self { path: path.to_owned(), kind, content: target.to_owned() }
    }
}

/// Packs files below a top folder; a path that begins with a slash stays as it is. Scripts are executable.
pub(super) fn packed(top: &str, files: &[File]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for file in files {
        let path = match (file.path.starts_with('/'), top) {
            (true, _) | (_, "") => file.path.clone(),
            _ => format!("{top}/{}", file.path),
        };
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(file.kind);
        header.set_mode(if file.path == "run.sh" { 0o755 } else { 0o644 });
        // Set as bytes: the library itself refuses paths that a hostile archive may have.
        let fields = header.as_gnu_mut().unwrap();
        fields.name[..path.len()].copy_from_slice(path.as_bytes());
        let is_link = file.kind != tar::EntryType::Regular;
        if is_link {
            fields.linkname[..file.content.len()].copy_from_slice(file.content.as_bytes());
        }
        let content = if is_link { "" } else { &file.content };
        header.set_size(content.len() as u64);
        header.set_cksum();
        archive.append(&header, content.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}
