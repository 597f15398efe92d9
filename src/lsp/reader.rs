//! The thread that reads the project, again and again, while it is being written.
//!
//! Input: the unsaved texts after every change. Output: what could be read, and all that is wrong. Only the newest texts
//! are read, once the editor has paused for a moment. A file that cannot be cut into entries or macros while it is typed is
//! read as it was before, so that a half-written line does not make everything that uses the file look wrong; what is wrong
//! with the text as it is now is told all the same. Called by `server`.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

use super::Setup;
use super::snapshot::Snapshot;
use crate::diag::{Code, Diagnostic, FileId, Sources, Unsaved};
use crate::files;
use crate::parse::{self, Settings};
use crate::project::{self, Workspace};
use crate::yaml;

/// How long the editor must be silent before the project is read.
const PAUSE: Duration = Duration::from_millis(40);
/// How long somebody may type without a pause before the project is read all the same.
const PATIENCE: Duration = Duration::from_millis(400);

/// What is to be read.
pub(super) struct Job {
    /// Counts the states of the documents.
    pub(super) version: u64,
    /// What the editor holds.
    pub(super) unsaved: Unsaved,
}

/// What reading came to.
pub(super) struct Reading {
    /// The state that was read.
    pub(super) version: u64,
    /// What is wrong.
    pub(super) problems: Vec<Diagnostic>,
    /// The texts that places of problems point into.
    pub(super) sources: Sources,
    /// The project; `None` if not even its settings could be read.
    pub(super) snapshot: Option<Arc<Snapshot>>,
}

/// Starts the thread. It ends when nobody sends jobs any more.
pub(super) fn start(setup: Setup, mut done: impl FnMut(Reading) + Send + 'static) -> io::Result<Sender<Job>> {
    let (sender, jobs) = channel();
    let mut reader = Reader { setup, good: BTreeMap::new() };
    // Templates may nest deeply.
    let builder = thread::Builder::new().name("lsp-reader".into()).stack_size(STACK);
    builder.spawn(move || {
        while let Some(job) = newest(&jobs) {
            done(reader.read(&job));
        }
    })?;
    Ok(sender)
}

/// The stack of threads that render templates, in bytes.
pub(super) const STACK: usize = 16 << 20;

/// Waits for a job, and for a pause behind it.
fn newest(jobs: &Receiver<Job>) -> Option<Job> {
    let mut job = jobs.recv().ok()?;
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        match jobs.recv_timeout(PAUSE) {
            Ok(newer) => job = newer,
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
    Some(job)
}

/// Reads a project as it was read before, but for some texts.
pub(super) fn read_with(before: &Snapshot, unsaved: Unsaved) -> (Snapshot, Vec<Diagnostic>) {
    let sources = Sources::with_unsaved(unsaved);
    let workspace = before.workspace.clone();
    let settings = Settings { sources, ..before.settings.clone() };
    let (parsed, problems) = parse::parse_in_part(&workspace, &settings);
    (Snapshot::new(workspace, parsed, settings), problems)
}

struct Reader {
    setup: Setup,
    /// The last text of each file that was open and in order.
    good: BTreeMap<Utf8PathBuf, Arc<str>>,
}

impl Reader {
    fn read(&mut self, job: &Job) -> Reading {
        let mut unsaved = job.unsaved.clone();
        let mut broken = self.replace(&mut unsaved, |path, text| is_yaml(path) && !is_tree(text));
        let mut reading = self.attempt(job.version, &unsaved);
        if let Some(snapshot) = &reading.snapshot {
            let torn = files_torn(&reading, &snapshot.workspace);
            let is_torn = |path: &Utf8Path, text: &str| {
                torn.iter().any(|file| file == path)
                    && job.unsaved.get(path).is_some_and(|now| **now == *text)
            };
            let in_macros = self.replace(&mut unsaved, is_torn);
            if !in_macros.is_empty() {
                let before = std::mem::take(&mut reading.problems);
                let old = reading.sources.clone();
                reading = self.attempt(job.version, &unsaved);
                let syntax = before.into_iter().filter(|problem| problem.code == Code::JINJA_SYNTAX);
                reading
                    .problems
                    .extend(syntax.filter_map(|problem| moved(problem, &old, &reading.sources, &in_macros)));
                broken.extend(in_macros);
            }
        }
        for (path, text) in broken.iter().filter(|(path, _)| is_yaml(path)) {
            let file = reading.sources.add(self.shown(path), Arc::clone(text));
            reading.problems.extend(yaml::parse(&reading.sources, file).1);
        }
        let in_order = job.unsaved.iter().filter(|(path, _)| !broken.contains_key(*path));
        self.good.extend(in_order.map(|(path, text)| (path.clone(), Arc::clone(text))));
        reading
    }

    /// Puts the last good text in the place of those that are broken; returns what was replaced.
    fn replace(&self, unsaved: &mut Unsaved, is_broken: impl Fn(&Utf8Path, &str) -> bool) -> Unsaved {
        let mut replaced = Unsaved::new();
        for (path, text) in unsaved.iter_mut().filter(|(path, text)| is_broken(path, text)) {
            let on_disk = || files::read_text(path).ok().map(Arc::from).filter(|text| !is_broken(path, text));
            if let Some(good) = self.good.get(path).cloned().or_else(on_disk) {
                replaced.insert(path.clone(), std::mem::replace(text, good));
            }
        }
        replaced
    }

    fn attempt(&self, version: u64, unsaved: &Unsaved) -> Reading {
        let sources = Sources::with_unsaved(unsaved.clone());
        let (workspace, mut problems) = project::load(&sources, &self.setup.options);
        let Some(workspace) = workspace else {
            return Reading { version, problems, sources, snapshot: None };
        };
        let settings = Settings { sources: sources.clone(), ..self.setup.settings.clone() };
        let (parsed, found) = parse::parse_in_part(&workspace, &settings);
        problems.extend(found);
        let snapshot = Some(Arc::new(Snapshot::new(workspace, parsed, settings)));
        Reading { version, problems, sources, snapshot }
    }

    /// Returns a path as the project shows it.
    fn shown(&self, path: &Utf8Path) -> Utf8PathBuf {
        let root = self.setup.options.project_dir.as_deref().unwrap_or(&self.setup.options.cwd);
        path.strip_prefix(root).unwrap_or(path).to_owned()
    }
}

fn is_yaml(path: &Utf8Path) -> bool {
    files::has_extension(path, &["yml", "yaml"])
}

fn is_tree(text: &str) -> bool {
    yaml::parse_text(&Sources::new(), "", text).0.is_some()
}

/// Lists the files of macros in which blocks or tags have no end.
fn files_torn(reading: &Reading, workspace: &Workspace) -> Vec<Utf8PathBuf> {
    let project = &workspace.project;
    let torn = reading.problems.iter().filter(|problem| problem.code == Code::JINJA_SYNTAX);
    let files = torn.filter_map(|problem| reading.sources.path(problem.span?.file));
    let folders = || {
        project
            .paths
            .macros
            .iter()
            .cloned()
            .chain(project.paths.tests.iter().map(|path| path.join("generic")))
    };
    let of_macros = files.filter(|path| folders().any(|folder| path.starts_with(folder)));
    of_macros.map(|path| project.root.join(path)).collect()
}

/// Moves a problem to another store. `None` if it is in none of the files that were replaced.
fn moved(mut problem: Diagnostic, from: &Sources, to: &Sources, replaced: &Unsaved) -> Option<Diagnostic> {
    let path = from.path(problem.span?.file)?;
    let (_, text) = replaced.iter().find(|(full, _)| full.ends_with(&path))?;
    let old = problem.span?.file;
    let file = to.add(path, Arc::clone(text));
    let there = |id: FileId| if id == old { Some(file) } else { None };
    problem.span = problem.span.and_then(|span| Some(crate::diag::Span { file: there(span.file)?, ..span }));
    problem.labels.retain_mut(|label| there(label.span.file).map(|file| label.span.file = file).is_some());
    problem.trace.clear();
    Some(problem)
}
