//! `run_journal/<invocation>.jsonl` in the target folder: what a run has done so far, for a `retry` after it was killed.
//!
//! A line is added as each node begins and ends, so that a process that is killed loses none; the disk is told to keep
//! them at once where it matters (what must not be done twice), else every [`SYNC_PAUSE`]. The file is locked by the process
//! that writes it, which tells whether that is alive, and removed once `run_results.json` tells everything. Files of
//! runs at the same time do not meet. Written by `run`, read by `state` and `cli`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::run_results::{BatchResults, RunResult};
use crate::files::{self, FileError};
use crate::manifest::{JsonMap, UniqueId};

/// How the names of journals end.
const ENDING: &str = "jsonl";

/// The folder in the target folder.
const FOLDER: &str = "run_journal";

/// How long lines wait for the disk at most, in a machine that loses its power.
const SYNC_PAUSE: Duration = Duration::from_millis(50);

/// The first line: which run this is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Began {
    /// Its id.
    pub invocation_id: String,
    /// When it began, as artifacts spell times.
    pub at: String,
    /// The process.
    pub process: u32,
    /// Its settings, as `run_results.json` has them.
    pub args: JsonMap,
    /// What it builds in: profile, target and database.
    pub place: String,
    /// All nodes that have a turn.
    pub nodes: Vec<String>,
    /// Nodes that an earlier run may have published, and how to find out.
    pub doubtful: BTreeMap<String, String>,
}

/// How a node ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ended {
    /// Its id.
    pub unique_id: String,
    /// As `run_results.json` spells it.
    pub status: String,
    /// Its batches, if it was built in batches.
    pub batch_results: Option<BatchResults>,
}

/// A line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Began(Began),
    /// A node is about to be built as a relation: database, schema, name.
    Started(String, [String; 3]),
    /// A node is about to be published; the text tells how to find out whether it was.
    Committing(String, String),
    Ended(Ended),
}

/// The journal of this run.
pub struct RunJournal {
    shared: Arc<Shared>,
    syncing: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    path: Utf8PathBuf,
    file: File,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Whether there are lines that the disk may not have.
    dirty: bool,
    closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the disk keep what was written, again and again until the journal is closed.
    fn keep_synced(&self) {
        loop {
            let mut state = self.lock();
            while !state.dirty && !state.closed {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.closed {
                return;
            }
            state.dirty = false;
            drop(state);
            // A disk that cannot is no reason to stop: the lines are there as long as the machine runs.
            let _ = self.file.sync_data();
            let state = self.lock();
            let _ = self.changed.wait_timeout_while(state, SYNC_PAUSE, |state| !state.closed);
        }
    }
}

impl RunJournal {
    /// Begins the journal of a run in a target folder.
    pub fn begin(target: &Utf8Path, began: &Began) -> Result<Self, FileError> {
        let folder = target.join(FOLDER);
        files::create_dirs(&folder)?;
        let path = folder.join(format!("{}.{ENDING}", began.invocation_id));
        let failed = |error| FileError::io("write", &path, error);
        let new = path.with_extension("new");
        let file = File::create(&new).map_err(failed)?;
        // Where files cannot be locked, the process is looked for.
        let _ = file.lock();
        let state = Mutex::new(State::default());
        let shared = Arc::new(Shared { path, file, state, changed: Condvar::new() });
        let journal = Self { shared, syncing: Mutex::default() };
        journal.write(&Line::Began(began.clone()), true)?;
        // Nobody sees it before it tells which run it is of.
        files::replace(&new, &journal.shared.path)?;
        let shared = Arc::clone(&journal.shared);
        let syncing =
            std::thread::Builder::new().name("journal".to_owned()).spawn(move || shared.keep_synced());
        *journal.syncing.lock().unwrap_or_else(PoisonError::into_inner) = syncing.ok();
        Ok(journal)
    }

    /// Notes that a node is about to be built as a relation.
    pub fn started(&self, id: &UniqueId, relation: [String; 3]) -> Result<(), FileError> {
        self.write(&Line::Started(id.to_string(), relation), false)
    }

    /// Notes that a node is about to be published, before it is. `at_once` has the disk keep that, and what was noted before,
    /// before this returns.
    pub fn committing(&self, id: &UniqueId, trace: &str, at_once: bool) -> Result<(), FileError> {
        self.write(&Line::Committing(id.to_string(), trace.to_owned()), at_once)
    }

    /// Notes how a node ended. `at_once` has the disk keep that before this returns.
    pub fn ended(&self, result: &RunResult, at_once: bool) -> Result<(), FileError> {
        let ended = Ended {
            unique_id: result.unique_id.to_string(),
            status: result.status.to_string(),
            batch_results: result.batch_results.clone(),
        };
        self.write(&Line::Ended(ended), at_once)
    }

    fn write(&self, line: &Line, at_once: bool) -> Result<(), FileError> {
        let Shared { path, file, changed, .. } = &*self.shared;
        let failed = |error| FileError::io("write", path, error);
        let mut text = serde_json::to_vec(line).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        let mut state = self.shared.lock();
        (&mut &*file).write_all(&text).map_err(failed)?;
        if !at_once {
            state.dirty = true;
            drop(state);
            changed.notify_one();
            return Ok(());
        }
        drop(state);
        file.sync_data().map_err(failed)
    }

    /// Ends the journal of a run whose results are kept elsewhere now.
    pub fn finish(&self) -> Result<(), FileError> {
        files::remove(&self.shared.path)
    }
}

impl Drop for RunJournal {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
        if let Some(syncing) = self.syncing.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = syncing.join();
        }
    }
}

/// What the journal of another run tells.
#[derive(Clone, Debug, Default)]
pub struct OtherRun {
    /// The run.
    pub began: Began,
    /// Whether its process is alive.
    pub alive: bool,
    /// The nodes that ended.
    pub ended: Vec<Ended>,
    /// Nodes that began to be built and did not end: their relations.
    pub half_done: BTreeMap<String, [String; 3]>,
    /// Traces of nodes that ended, which may be there still.
    pub settled: Vec<String>,
    path: Utf8PathBuf,
}

impl OtherRun {
    /// Reads the journals in a target folder, the oldest run first. What cannot be read is none.
    pub fn all(target: &Utf8Path) -> Vec<Self> {
        let entries = target.join(FOLDER).read_dir_utf8().into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path().to_owned());
        let paths = paths.filter(|path| path.extension() == Some(ENDING));
        let mut found: Vec<Self> = paths.filter_map(|path| Self::read(&path)).collect();
        found.sort_by(|one, other| one.began.at.cmp(&other.began.at));
        found
    }

    fn read(path: &Utf8Path) -> Option<Self> {
        let locked = File::options().read(true).write(true).open(path).ok()?.try_lock();
        let text = files::read_text(path).ok()?;
        // The last line may be torn.
        let mut lines = text.lines().map_while(|line| serde_json::from_str(line).ok());
        let Some(Line::Began(began)) = lines.next() else { return None };
        let alive = match locked {
            Ok(()) => false,
            Err(TryLockError::WouldBlock) => true,
            Err(TryLockError::Error(_)) => Utf8Path::new("/proc").join(began.process.to_string()).exists(),
        };
        let mut run = Self { began, alive, path: path.to_owned(), ..Self::default() };
        for line in lines {
            match line {
                Line::Began(_) => {}
                Line::Started(id, relation) => drop(run.half_done.insert(id, relation)),
                Line::Committing(id, trace) => drop(run.began.doubtful.insert(id, trace)),
                Line::Ended(ended) => {
                    run.half_done.remove(&ended.unique_id);
                    run.settled.extend(run.began.doubtful.remove(&ended.unique_id));
                    run.ended.push(ended);
                }
            }
        }
        Some(run)
    }

    /// Returns the nodes that did not end.
    pub fn left(&self) -> impl Iterator<Item = &String> {
        let ended: BTreeSet<&String> = self.ended.iter().map(|ended| &ended.unique_id).collect();
        self.began.nodes.iter().filter(move |id| !ended.contains(id))
    }

    /// Removes the journal: nothing of it is of use any more.
    pub fn forget(&self) -> Result<(), FileError> {
        files::remove(&self.path)
    }
}
