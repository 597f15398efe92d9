//! The loop between editor and project: takes messages and finished work, one at a time, and never waits for either.
//!
//! Input: the editor's messages, and what the reading thread sends. Output: answers and notifications. The life of the
//! conversation (initialize, shutdown, exit) is kept here; what a request means is told in `requests`. Called by `cli`
//! through `serve`.

use std::io::{self, BufReader};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use camino::{Utf8Path, Utf8PathBuf};
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::{
    DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, InitializeParams, InitializeResult, MessageType, ServerInfo,
    ShowMessageParams,
};
use serde_json::{Value, json};

use super::Open;
use super::client::{self, Client};
use super::diagnostics::{Board, ByFile, by_file};
use super::documents::Documents;
use super::examiner::{self, Deep, Task};
use super::reader::{self, Job, Reading, STACK};
use super::requests;
use super::snapshot::{Places, Snapshot, World};
use super::transport::{self, Incoming};
use super::uri;
use crate::diag::Diagnostic;

/// What the loop wakes up for.
pub(super) enum Event {
    /// The editor said something.
    Said(Incoming),
    /// The project was read.
    Read(Box<Reading>),
    /// Its queries were looked at.
    Examined(Box<Deep>),
}

/// Where the conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Begins,
    Runs,
    ShutDown,
}

/// Serves an editor on stdin and stdout until it is done. Returns whether it took its leave as it should: by `shutdown`, then
/// `exit`. `fixed` is the project, if the command line names it. Errors if threads cannot be started.
pub fn serve(fixed: Option<&Utf8Path>, open: &Open<'_>) -> io::Result<bool> {
    let (out, writer) = transport::write()?;
    let (events, inbox) = channel();
    let said = events.clone();
    thread::Builder::new().name("lsp-input".into()).spawn(move || {
        transport::read(BufReader::new(io::stdin()), |incoming| said.send(Event::Said(incoming)).is_ok());
    })?;
    let mut server = Server {
        open,
        root: fixed.map(Utf8Path::to_owned),
        out,
        events,
        life: Life::Begins,
        client: Client::default(),
        documents: Arc::default(),
        version: 0,
        jobs: None,
        reading: None,
        snapshot: None,
        tasks: None,
        deep: None,
        waiting: Vec::new(),
        board: Board::default(),
    };
    let in_order = server.run(&inbox);
    drop(server);
    // What was answered is written; answers of threads that still work go nowhere.
    let _ = writer.join();
    Ok(in_order)
}

struct Server<'a> {
    open: &'a Open<'a>,
    /// The folder of the project, once it is known.
    root: Option<Utf8PathBuf>,
    out: Sender<Message>,
    events: Sender<Event>,
    life: Life,
    client: Client,
    documents: Arc<Documents>,
    /// Counts the states of the documents and files.
    version: u64,
    /// The way to the reading thread; `None` without a project.
    jobs: Option<Sender<Job>>,
    /// The last reading, for its problems.
    reading: Option<Reading>,
    /// The last project that could be read.
    snapshot: Option<Arc<Snapshot>>,
    /// The way to the examining thread.
    tasks: Option<Sender<Task>>,
    /// What it told last.
    deep: Option<Arc<Deep>>,
    /// Requests that wait for a reading: the first, or that of the newest texts.
    waiting: Vec<Request>,
    board: Board,
}

impl Server<'_> {
    fn run(&mut self, inbox: &Receiver<Event>) -> bool {
        for event in inbox {
            match event {
                Event::Said(Incoming::End) => return false,
                Event::Said(Incoming::Garbage(why)) => {
                    // The request cannot be told: such an answer has no id.
                    let error = json!({"code": ErrorCode::ParseError as i32, "message": why});
                    self.note(
                        "window/logMessage",
                        json!({"type": MessageType::ERROR, "message": error.to_string()}),
                    );
                }
                Event::Said(Incoming::Message(Message::Notification(note))) if note.method == "exit" => {
                    return self.life == Life::ShutDown;
                }
                Event::Said(Incoming::Message(message)) => self.message(message),
                Event::Read(reading) => self.was_read(*reading),
                Event::Examined(deep) => self.was_examined(*deep),
            }
        }
        false
    }

    fn message(&mut self, message: Message) {
        match (self.life, message) {
            (Life::Begins, Message::Request(request)) if request.method == "initialize" => {
                self.initialize(request);
            }
            (Life::Begins, Message::Request(request)) => {
                self.refuse(request.id, ErrorCode::ServerNotInitialized, "`initialize` comes first");
            }
            (Life::Runs, Message::Request(request)) => self.request(request),
            (Life::ShutDown, Message::Request(request)) => {
                self.refuse(request.id, ErrorCode::InvalidRequest, "the server is shut down");
            }
            (Life::Runs, Message::Notification(note)) => self.notification(note),
            // Answers to what was sent need no reply, and other notifications count only while it runs.
            (Life::Begins | Life::ShutDown, Message::Notification(_)) | (_, Message::Response(_)) => {}
        }
    }

    fn initialize(&mut self, request: Request) {
        let params: InitializeParams = match serde_json::from_value(request.params) {
            Ok(params) => params,
            Err(error) => return self.refuse(request.id, ErrorCode::InvalidParams, &error.to_string()),
        };
        self.client = Client::new(&params.capabilities);
        self.life = Life::Runs;
        let info =
            ServerInfo { name: "tidegate".to_owned(), version: Some(env!("CARGO_PKG_VERSION").to_owned()) };
        let result = InitializeResult { capabilities: client::capabilities(), server_info: Some(info) };
        self.answer(Response::new_ok(request.id, result));
        let Some(folder) = self.root.take().or_else(|| client::find_project(&params)) else {
            let folders = client::roots(&params);
            let folders: Vec<&str> = folders.iter().map(|folder| folder.as_str()).collect();
            let message = format!("no dbt_project.yml was found in or around {}", folders.join(", "));
            let message = ShowMessageParams { typ: MessageType::WARNING, message };
            return self.note("window/showMessage", json!(message));
        };
        let events = self.events.clone();
        let setup = (self.open)(&folder);
        self.root = Some(folder);
        let started = reader::start(setup, move |reading| {
            // When the loop is gone nobody wants to know.
            let _ = events.send(Event::Read(Box::new(reading)));
        });
        self.jobs = started.ok();
        let events = self.events.clone();
        let started = examiner::start(move |deep| {
            let _ = events.send(Event::Examined(Box::new(deep)));
        });
        self.tasks = started.ok();
        self.look_again();
    }

    fn request(&mut self, request: Request) {
        match request.method.as_str() {
            "shutdown" => {
                self.life = Life::ShutDown;
                (self.jobs, self.tasks) = (None, None);
                self.answer(Response::new_ok(request.id, Value::Null));
            }
            "initialize" => self.refuse(request.id, ErrorCode::InvalidRequest, "initialized before"),
            method if !requests::is_known(method) => {
                let message = format!("`{method}` is not served");
                self.refuse(request.id, ErrorCode::MethodNotFound, &message);
            }
            method if requests::wants_newest(method) && !self.is_current() => self.waiting.push(request),
            _ => match &self.snapshot {
                Some(snapshot) => self.dispatch(request, Arc::clone(snapshot)),
                None if self.jobs.is_some() && self.reading.is_none() => self.waiting.push(request),
                // Without a project there is nothing to say.
                None => self.answer(Response::new_ok(request.id, Value::Null)),
            },
        }
    }

    /// Answers a request on a thread of its own, from the state of this moment.
    fn dispatch(&self, request: Request, snapshot: Arc<Snapshot>) {
        let world = World {
            snapshot,
            documents: Arc::clone(&self.documents),
            deep: self.deep.clone(),
            client: self.client,
            out: self.out.clone(),
        };
        let (out, id) = (self.out.clone(), request.id.clone());
        let work = move || {
            let _ = out.send(requests::answer(&world, request).into());
        };
        let builder = thread::Builder::new().name("lsp-request".into()).stack_size(STACK);
        if builder.spawn(work).is_err() {
            self.refuse(id, ErrorCode::InternalError, "no thread could be started");
        }
    }

    fn notification(&mut self, note: Notification) {
        let documents = Arc::make_mut(&mut self.documents);
        let changed = match note.method.as_str() {
            "textDocument/didOpen" => read(note).is_some_and(|params: DidOpenTextDocumentParams| {
                let opened = params.text_document;
                documents.open(opened.uri, opened.version, &opened.text);
                true
            }),
            "textDocument/didChange" => read(note).is_some_and(|params: DidChangeTextDocumentParams| {
                let changed = params.text_document;
                documents.change(&changed.uri, changed.version, params.content_changes)
            }),
            "textDocument/didClose" => read(note)
                .is_some_and(|params: DidCloseTextDocumentParams| documents.close(&params.text_document.uri)),
            "textDocument/didSave" => true,
            "workspace/didChangeWatchedFiles" => {
                read(note).is_none_or(|params: DidChangeWatchedFilesParams| self.matters(&params))
            }
            "initialized" => {
                self.watch();
                false
            }
            // Others, and those that an editor may send without asking, ask for nothing.
            _ => false,
        };
        if changed {
            self.look_again();
        }
    }

    /// Tells whether one of some files that changed on disk is read: what runs write is not.
    fn matters(&self, params: &DidChangeWatchedFilesParams) -> bool {
        let Some(paths) = self.snapshot.as_ref().map(|snapshot| &snapshot.workspace.paths) else {
            return true;
        };
        let written = |path: &Utf8Path| path.starts_with(&paths.target) || path.starts_with(&paths.logs);
        params.changes.iter().any(|change| uri::to_path(&change.uri).is_none_or(|path| !written(&path)))
    }

    /// Asks the editor to tell of files that change on disk.
    fn watch(&self) {
        if !self.client.watches {
            return;
        }
        let globs = ["**/*.{sql,yml,yaml,md,py,csv}"].map(|glob| json!({"globPattern": glob}));
        let registration = json!({
            "id": "files",
            "method": "workspace/didChangeWatchedFiles",
            "registerOptions": {"watchers": globs},
        });
        let id = RequestId::from("watch".to_owned());
        let method = "client/registerCapability".to_owned();
        let _ = self.out.send(Request::new(id, method, json!({"registrations": [registration]})).into());
    }

    /// Has the project read as it is now.
    fn look_again(&mut self) {
        self.version += 1;
        if let Some(jobs) = &self.jobs {
            let _ = jobs.send(Job { version: self.version, unsaved: self.documents.unsaved() });
        }
    }

    fn was_read(&mut self, reading: Reading) {
        if let Some(snapshot) = &reading.snapshot {
            self.snapshot = Some(Arc::clone(snapshot));
        }
        let read = reading.snapshot.clone();
        let before = self.reading.replace(reading);
        // A project is many pieces, and the loop does not wait until all are gone.
        let _ = thread::Builder::new().name("lsp-free".into()).spawn(move || drop(before));
        for request in std::mem::take(&mut self.waiting) {
            self.request(request);
        }
        // Of older texts only the project is taken over: the next reading tells what is wrong now.
        if self.is_current() {
            self.publish();
            if let (Some(snapshot), Some(tasks)) = (read, &self.tasks) {
                let open = self.documents.iter().filter_map(|document| document.path.clone()).collect();
                let _ = tasks.send(Task { version: self.version, snapshot, open });
            }
        }
    }

    /// Tells whether the newest texts were read, or there is nothing to read.
    fn is_current(&self) -> bool {
        self.jobs.is_none() || self.reading.as_ref().is_some_and(|reading| reading.version == self.version)
    }

    fn was_examined(&mut self, deep: Deep) {
        let is_current = deep.version == self.version;
        let is_new = self
            .deep
            .as_ref()
            .is_none_or(|known| known.problems != deep.problems || known.version != deep.version);
        // Where columns come from is learned last, and stays as it was until then.
        let before = self.deep.as_ref().and_then(|deep| deep.lineage.clone());
        self.deep = Some(Arc::new(Deep { lineage: deep.lineage.clone().or(before), ..deep }));
        if is_current && is_new {
            self.publish();
        }
    }

    /// Shows what is wrong.
    fn publish(&mut self) {
        let now = self.problems();
        for params in self.board.update(now, &self.documents) {
            let params = json!(params);
            let _ =
                self.out.send(Notification::new("textDocument/publishDiagnostics".to_owned(), params).into());
        }
    }

    fn problems(&self) -> ByFile {
        let Some(reading) = &self.reading else { return ByFile::new() };
        let root = self.snapshot.as_ref().map(|snapshot| snapshot.root()).or(self.root.as_deref());
        let root = root.unwrap_or(Utf8Path::new(""));
        let places = Places { root, sources: &reading.sources, documents: &self.documents };
        let mut all = by_file(&reading.problems, places);
        // A project that cannot be read has no queries.
        let deep = self.deep.as_ref().filter(|_| !reading.problems.iter().any(Diagnostic::is_error));
        if let Some(deep) = deep {
            let places = Places { root, sources: &deep.snapshot.sources, documents: &self.documents };
            for (path, list) in by_file(&deep.problems, places) {
                all.entry(path).or_default().extend(list);
            }
        }
        all
    }

    fn note(&self, method: &str, params: Value) {
        let _ = self.out.send(Notification::new(method.to_owned(), params).into());
    }

    fn answer(&self, response: Response) {
        let _ = self.out.send(response.into());
    }

    fn refuse(&self, id: RequestId, code: ErrorCode, why: &str) {
        self.answer(Response::new_err(id, code as i32, why.to_owned()));
    }
}

/// Reads the parameters of a notification; one that is malformed has no effect.
fn read<T: serde::de::DeserializeOwned>(note: Notification) -> Option<T> {
    serde_json::from_value(note.params).ok()
}
