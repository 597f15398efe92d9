//! The thread that looks closer at a project than parsing does: it binds the queries of open files, and reads where columns
//! come from.
//!
//! Input: snapshots, with the files that are open. Output: first the mistakes and types, then the lineage, of the newest
//! snapshot only; work on older ones is given up. Called by `server`.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use camino::Utf8PathBuf;

use super::reader::STACK;
use super::snapshot::{Snapshot, World};
use super::workshop::Workshop;
use crate::artifacts::{ColumnKind, ColumnLineage, ColumnRef};
use crate::diag::Diagnostic;
use crate::hash::HashMap;
use crate::manifest::{NodeKind, UniqueId, short_id};

/// How long nothing must have changed before queries are bound.
const PAUSE: Duration = Duration::from_millis(150);
/// How long after that before all models are compiled to learn where columns come from, which costs more and is shown on
/// cards only.
const IDLE: Duration = Duration::from_secs(2);

/// What is to be looked at.
pub(super) struct Task {
    pub(super) version: u64,
    pub(super) snapshot: Arc<Snapshot>,
    /// The files that are open.
    pub(super) open: Vec<Utf8PathBuf>,
}

/// What is known of a snapshot's queries.
#[derive(Clone)]
pub(super) struct Deep {
    /// The state that was looked at.
    pub(super) version: u64,
    /// The snapshot, for the places of problems.
    pub(super) snapshot: Arc<Snapshot>,
    /// Mistakes in the queries of open files.
    pub(super) problems: Vec<Diagnostic>,
    /// Columns with their types, of relations that open files need.
    pub(super) types: Arc<HashMap<UniqueId, Vec<(String, String)>>>,
    /// Where columns come from, once that is known.
    pub(super) lineage: Option<Arc<ColumnLineage>>,
}

/// Starts the thread. It ends when nobody sends tasks any more.
pub(super) fn start(mut done: impl FnMut(Deep) + Send + 'static) -> io::Result<Sender<Task>> {
    let (sender, tasks) = channel();
    let builder = thread::Builder::new().name("lsp-examiner".into()).stack_size(STACK);
    builder.spawn(move || {
        let mut next = tasks.recv().ok();
        while let Some(task) = next {
            thread::sleep(PAUSE);
            next = match newest(&tasks) {
                Ok(Some(newer)) => Some(newer),
                Ok(None) => examine(&task, &tasks, &mut done).or_else(|| tasks.recv().ok()),
                Err(TryRecvError::Disconnected | TryRecvError::Empty) => return,
            };
        }
    })?;
    Ok(sender)
}

/// Returns the last task that waits.
fn newest(tasks: &Receiver<Task>) -> Result<Option<Task>, TryRecvError> {
    let mut last = None;
    loop {
        match tasks.try_recv() {
            Ok(task) => last = Some(task),
            Err(TryRecvError::Empty) => return Ok(last),
            Err(gone) => return Err(gone),
        }
    }
}

/// Does a task. Returns the newer one for which it was given up.
fn examine(task: &Task, tasks: &Receiver<Task>, done: &mut impl FnMut(Deep)) -> Option<Task> {
    let workshop = Workshop::open(&task.snapshot)?;
    let selected = in_files(&task.snapshot, &task.open);
    let (findings, linted) = workshop.check(&selected);
    let warnings = findings.unchecked().filter_map(|(_, why)| why.warning.as_deref().cloned());
    let problems = findings.errors().map(|(_, problem)| problem.clone()).chain(warnings).chain(linted);
    let deep = Deep {
        version: task.version,
        snapshot: Arc::clone(&task.snapshot),
        problems: problems.collect(),
        types: Arc::new(workshop.types()),
        lineage: None,
    };
    done(deep.clone());
    if let Ok(newer) = tasks.recv_timeout(IDLE) {
        return Some(newer);
    }
    let newer = std::cell::RefCell::new(None);
    let is_outdated = || {
        if let Ok(task) = tasks.try_recv() {
            newer.replace(Some(task));
        }
        newer.borrow().is_some()
    };
    if let Some(lineage) = workshop.lineage(&is_outdated) {
        done(Deep { lineage: Some(Arc::new(lineage)), ..deep });
    }
    newer.into_inner()
}

/// Returns the models and snapshots of files, and their tests.
fn in_files(snapshot: &Snapshot, files: &[Utf8PathBuf]) -> BTreeSet<UniqueId> {
    let nodes = files.iter().filter_map(|path| snapshot.node_in(path));
    let own: BTreeSet<UniqueId> = nodes
        .filter(|node| {
            matches!(node.kind, NodeKind::Model { .. } | NodeKind::Snapshot | NodeKind::SingularTest)
        })
        .map(|node| node.unique_id.clone())
        .collect();
    let is_about = |node: &crate::manifest::Node| {
        node.generic_test().and_then(|test| test.attached_node.as_ref()).is_some_and(|id| own.contains(id))
    };
    let manifest = snapshot.manifest();
    let tests = manifest.nodes.values().filter(|node| is_about(node)).map(|node| node.unique_id.clone());
    own.iter().cloned().chain(tests).collect()
}

impl World {
    /// Returns the type of a column, if its relation was bound.
    pub(super) fn type_of(&self, id: &UniqueId, column: &str) -> Option<String> {
        let columns = self.deep.as_ref()?.types.get(id)?;
        columns.iter().find(|(name, _)| name.eq_ignore_ascii_case(column)).map(|(_, ty)| ty.clone())
    }

    /// Says where a column comes from, if that is known.
    pub(super) fn origin_of(&self, id: &UniqueId, column: &str) -> Option<String> {
        let lineage = self.deep.as_ref()?.lineage.as_ref()?;
        let (_, origin) = lineage.origin(&ColumnRef::new(id.as_str(), column))?;
        if let Some(unknown) = &origin.unknown {
            return Some(format!("its origin is not known for certain: {unknown}"));
        }
        let names: Vec<String> = origin
            .inputs
            .iter()
            .map(|input| format!("`{}.{}`", short_id(&input.column.relation), input.column.column))
            .collect();
        let from = if names.is_empty() { "no column".to_owned() } else { names.join(", ") };
        Some(match origin.kind {
            ColumnKind::Copied => format!("copied from {from}"),
            ColumnKind::Renamed => format!("{from} under another name"),
            ColumnKind::Aggregated => format!("aggregated of {from}"),
            ColumnKind::Derived | ColumnKind::Unknown => format!("made of {from}"),
        })
    }
}
