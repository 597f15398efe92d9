//! The database and the scopes of one run.

use std::sync::{Arc, Mutex, OnceLock};

use camino::Utf8PathBuf;

use crate::adapter::{Adapter, RelationCache};
use crate::artifacts::{CodeFile, compiled_path, run_path, write_code};
use crate::cli::{CliError, Ui};
use crate::compile::{Compiler, has_compiled_file};
use crate::context::{Deferral, Introspection, NodeScope, RunScope, SharedSession};
use crate::diag::Diagnostic;
use crate::event::{self, WritingInjectedSQLForNode};
use crate::hash::HashSet;
use crate::manifest::{Batch, CompiledNodes, Node, UniqueId};

use super::deferral::deferral;
use super::load::Loaded;

/// An open database with everything needed to compile and run nodes on it.
pub(in crate::cli) struct Warehouse {
    /// The engine.
    pub adapter: Arc<dyn Adapter>,
    /// What nodes share.
    pub run: Arc<RunScope>,
    /// The session of the main thread.
    pub session: SharedSession,
}

/// Opens the database of the target. `selected` is what templates see as `selected_resources`.
/// Errors when another run's artifacts are needed and missing.
pub(in crate::cli) fn open(ui: &Ui, loaded: &Loaded, selected: Vec<UniqueId>) -> Result<Warehouse, CliError> {
    let world = World {
        adapter: loaded.workspace.profile.connection.adapter(ui.patience()),
        deferral: deferral(ui, loaded)?,
        introspection: Introspection::Free,
        compiled: loaded.compiled.clone(),
    };
    Ok(open_in(ui, loaded, selected, world))
}

/// Where nodes are compiled and run.
pub(super) struct World {
    /// The engine.
    pub adapter: Arc<dyn Adapter>,
    /// What `ref` may mean besides the own relations.
    pub deferral: Deferral,
    /// What templates may ask.
    pub introspection: Introspection,
    /// Where compiled nodes are kept.
    pub compiled: CompiledNodes,
}

/// The same in another place than the target.
pub(super) fn open_in(ui: &Ui, loaded: &Loaded, selected: Vec<UniqueId>, world: World) -> Warehouse {
    let World { adapter, deferral, introspection, compiled } = world;
    let interrupted = Arc::clone(&adapter);
    ui.cancel.on_cancel(move || interrupted.cancel());
    let (root, target) = folders(loaded);
    let run = Arc::new(RunScope {
        shared: Arc::clone(&loaded.parsed.shared),
        manifest: Arc::clone(&loaded.parsed.manifest),
        lookup: Arc::clone(&loaded.parsed.lookup),
        compiled,
        adapter: Arc::clone(&adapter),
        cache: Arc::new(RelationCache::new()),
        selected,
        deferral,
        introspection,
        times: ui.flags.event_times(),
        on_write: Box::new(move |node, batch, code| {
            let path = run_path(&target, CodeFile::from(node).of_batch(batch.map(Batch::label)));
            write_code(&root, &path, code)?;
            Ok(path.into_string())
        }),
        told: Mutex::new(HashSet::default()),
        keys: Mutex::default(),
        graph: OnceLock::new(),
    });
    let session = SharedSession::new(Arc::clone(&adapter), ui.events.clone());
    Warehouse { adapter, run, session }
}

/// The project's folder, and the target folder as artifacts show it.
fn folders(loaded: &Loaded) -> (Utf8PathBuf, Utf8PathBuf) {
    let paths = &loaded.workspace.paths;
    let shown = paths.target.strip_prefix(&paths.root).unwrap_or(&paths.target);
    (paths.root.clone(), shown.to_owned())
}

impl Warehouse {
    /// Returns what compiles the nodes of this run and writes them below `compiled/`.
    pub(in crate::cli) fn compiler(&self, loaded: &Loaded) -> Compiler {
        let (root, target) = folders(loaded);
        let events = loaded.parsed.shared.events.clone();
        let write = move |node: &Node, batch: Option<&Batch>, code: &str| -> Result<_, Diagnostic> {
            if code.is_empty() || !has_compiled_file(node) {
                return Ok(None);
            }
            let path = compiled_path(&target, CodeFile::from(node).of_batch(batch.map(Batch::label)));
            if let Some(node_info) = event::NodeScope::current() {
                events.debug(|| WritingInjectedSQLForNode { node_info });
            }
            write_code(&root, &path, code)?;
            Ok(Some(path.into_string()))
        };
        Compiler::new(&self.run, &loaded.parsed.templates, Box::new(write))
    }

    /// Returns the scope of macros that run on their own.
    pub(in crate::cli) fn macro_scope(&self, loaded: &Loaded) -> NodeScope {
        NodeScope::new(&self.run, &loaded.workspace.project.name, None, self.session.clone())
    }

    /// Ends the main session and lets go of the database.
    pub(in crate::cli) fn close(&self) -> Result<(), CliError> {
        self.session.with(crate::context::Session::close);
        self.adapter.close().map_err(|error| error.to_diagnostic())?;
        Ok(())
    }
}
