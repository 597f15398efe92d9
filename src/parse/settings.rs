//! What a caller gives to parsing besides the workspace, and what templates see, made of both. Called by
//! `pipeline`.

use std::sync::Arc;

use crate::adapter::Kind;
use crate::context::{Cached, MacroTable, Shared};
use crate::diag::Sources;
use crate::event::EventSink;
use crate::hash::HashMap;
use crate::jinja::Engine;
use crate::manifest::{JsonMap, Policy};
use crate::project::Workspace;
use crate::sql::{Dialect, DuckDb, Postgres};

/// The facts of one invocation.
#[derive(Clone)]
pub struct Settings {
    /// The files that spans point into.
    pub sources: Sources,
    /// Where templates log to.
    pub events: EventSink,
    /// This invocation's id.
    pub invocation_id: String,
    /// When it started.
    pub started_at: jiff::Timestamp,
    /// `flags` of templates: upper-case names.
    pub flags: JsonMap,
    /// `invocation_args_dict` of templates.
    pub args: JsonMap,
}

/// Returns a time as seconds since 1970.
pub(super) fn seconds(time: jiff::Timestamp) -> f64 {
    time.as_duration().as_secs_f64()
}

/// Makes an empty table of macros that searches as the project says.
pub(super) fn macro_table(workspace: &Workspace) -> MacroTable {
    let project = &workspace.project;
    let orders: HashMap<String, Vec<String>> =
        project.dispatch.iter().map(|d| (d.macro_namespace.clone(), d.search_order.clone())).collect();
    MacroTable::new(&project.name, workspace.profile.connection.kind().as_str(), orders)
}

/// Makes what templates see.
pub(super) fn share(workspace: &Workspace, settings: &Settings, macros: MacroTable) -> Shared {
    let (project, kind) = (&workspace.project, workspace.profile.connection.kind());
    let quoting = &project.quoting;
    Shared {
        engine: Arc::new(Engine::new()),
        macros,
        sources: settings.sources.clone(),
        projects: std::iter::once(project).chain(&workspace.packages).cloned().collect(),
        cli_vars: workspace.cli_vars.iter().map(|e| (e.key.to_string(), e.value.to_json())).collect(),
        vars: workspace.projects().map(|p| (Arc::clone(&p.name), workspace.vars(p))).collect(),
        env: workspace.env.clone(),
        secrets: workspace.scrubber.clone(),
        target: workspace.profile.target(),
        engine_name: kind.as_str(),
        dialect: dialect(kind),
        quoting: Policy::ALL.with(quoting.database, quoting.schema, quoting.identifier),
        query_comment: project.query_comment.clone(),
        flags: settings.flags.clone(),
        args: settings.args.clone(),
        invocation_id: settings.invocation_id.clone(),
        started_at: settings.started_at,
        events: settings.events.clone(),
        cached: Cached::default(),
    }
}

fn dialect(kind: Kind) -> &'static dyn Dialect {
    match kind {
        Kind::DuckDb => &DuckDb,
        Kind::Postgres => &Postgres,
    }
}
