//! The editor's side: starts the server, frames messages, and keeps the texts that are open.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// A server and what is known of its project.
pub(crate) struct Editor {
    pub(crate) root: PathBuf,
    server: Child,
    input: Option<ChildStdin>,
    output: Receiver<Value>,
    next_id: i64,
    /// Open texts with their versions, by path below the root.
    pub(crate) open: BTreeMap<String, (i64, String)>,
    /// The last diagnostics of each URI, with the version they are for.
    pub(crate) problems: BTreeMap<String, (Option<i64>, Vec<Value>)>,
    /// Other notifications and requests of the server.
    pub(crate) heard: Vec<Value>,
}

impl Editor {
    pub(crate) fn start(root: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
        command.arg("lsp").args(arguments).current_dir(root).env_clear().env("HOME", root);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut server = command.spawn().unwrap();
        let input = server.stdin.take();
        let mut lines = BufReader::new(server.stdout.take().unwrap());
        let (sender, output) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut lines) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self {
            root: root.to_owned(),
            server,
            input,
            output,
            next_id: 0,
            open: BTreeMap::new(),
            problems: BTreeMap::new(),
            heard: Vec::new(),
        }
    }

    /// Sends a body in its frame.
    pub(crate) fn send_text(&mut self, body: &str) {
        let framed = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.input.as_mut().unwrap().write_all(framed.as_bytes()).unwrap();
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.send_text(&message.to_string());
    }

    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        let mut message = json!({"jsonrpc": "2.0", "method": method});
        message["params"] = params;
        self.send(&message);
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next_id += 1;
        let id = self.next_id;
        let mut message = json!({"jsonrpc": "2.0", "id": id, "method": method});
        message["params"] = params;
        self.send(&message);
        loop {
            let message = self.receive(Duration::from_mins(1)).expect("an answer");
            if message["id"] == json!(id) && message.get("method").is_none() {
                return message;
            }
        }
    }

    /// Takes the next message, and keeps what it tells. `None` when none comes in time.
    pub(crate) fn receive(&mut self, patience: Duration) -> Option<Value> {
        let message = match self.output.recv_timeout(patience) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
        };
        if message["method"] == "textDocument/publishDiagnostics" {
            let params = &message["params"];
            let uri = params["uri"].as_str().unwrap().to_owned();
            let list = params["diagnostics"].as_array().unwrap().clone();
            self.problems.insert(uri, (params["version"].as_i64(), list));
        } else if message.get("method").is_some() {
            self.heard.push(message.clone());
        }
        Some(message)
    }

    /// Ends what the editor says, and returns the exit code.
    pub(crate) fn hang_up(&mut self) -> Option<i32> {
        self.input = None;
        self.server.wait().unwrap().code()
    }

    pub(crate) fn uri(&self, path: &str) -> String {
        if path.contains(':') { path.to_owned() } else { format!("file://{}/{path}", self.root.display()) }
    }

    /// Returns a URI as a path below the root.
    pub(crate) fn shown(&self, uri: &str) -> String {
        uri.strip_prefix(&format!("file://{}/", self.root.display())).unwrap_or(uri).to_owned()
    }

    /// Returns the text of a file: as it is open, else as it is on disk.
    pub(crate) fn text(&self, path: &str) -> String {
        let on_disk = || std::fs::read_to_string(self.root.join(path)).unwrap_or_default();
        self.open.get(path).map_or_else(on_disk, |(_, text)| text.clone())
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // A server that a failed test left behind.
        let _ = self.server.kill();
        let _ = self.server.wait();
        let mut told = String::new();
        if let Some(mut stderr) = self.server.stderr.take() {
            let _ = stderr.read_to_string(&mut told);
        }
        assert!(std::thread::panicking() || told.is_empty(), "the server said: {told}");
    }
}

fn read(lines: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).unwrap())
}
