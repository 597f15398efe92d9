//! Project folder → parsed project: workspace, manifest, graph; warnings told, errors returned all at once.

use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use jiff::Timestamp;

use crate::artifacts::{
    ManifestFacts, ManifestFile, RunResult, summarize, write_graph_summary, write_project_tables,
    write_result_table, write_semantic_manifest,
};
use crate::cli::args::Verb;
use crate::cli::version::ADAPTERS;
use crate::cli::{CliError, Ui};
use crate::dag::Dag;
use crate::diag::Diagnostic;
use crate::event::{
    AdapterRegistered, ArtifactWritten, Diagnosed, EventSink, FoundStats, Note, PartialParsingNotEnabled,
    StateCheckVarsHash,
};
use crate::files;
use crate::jinja::{from_json, py_repr};
use crate::lsp::Setup;
use crate::manifest::{CompiledNodes, Json, JsonMap, Manifest, ResourceType, UniqueId};
use crate::parse::{self, Parsed};
use crate::plan::with_test_edges;
use crate::project::{self, DBT_VERSION, Env, ProjectOnly, Workspace};
use crate::select::{self, Indirect, Selectors};

/// How long a command that writes the manifest again at its end may take before it is written a first time.
const SOON: Duration = Duration::from_millis(300);

/// A project that was read.
pub(in crate::cli) struct Loaded {
    /// Settings, profile, packages.
    pub workspace: Workspace,
    /// What the files define.
    pub parsed: Parsed,
    /// The graph of all resources.
    pub dag: Dag<UniqueId>,
    /// What was compiled so far.
    pub compiled: CompiledNodes,
    facts: ManifestFacts,
}

impl Loaded {
    /// Returns a path below the target folder.
    pub(in crate::cli) fn target(&self, file: &str) -> Utf8PathBuf {
        self.workspace.paths.target.join(file)
    }

    /// Writes `manifest.json` and `semantic_manifest.json` in the background, unless `--no-write-json`; what is
    /// still being written of an earlier state is given up.
    pub(in crate::cli) fn write_manifest(&self, ui: &Ui, compiled: CompiledNodes) -> Result<(), CliError> {
        self.write_as_manifest(ui, Arc::clone(&self.parsed.manifest), compiled)
    }

    /// The same with a manifest that says more than the parsed one.
    pub(in crate::cli) fn write_as_manifest(
        &self,
        ui: &Ui,
        manifest: Arc<Manifest>,
        compiled: CompiledNodes,
    ) -> Result<(), CliError> {
        self.write_after(Duration::ZERO, ui, manifest, compiled)
    }

    fn write_after(
        &self,
        delay: Duration,
        ui: &Ui,
        manifest: Arc<Manifest>,
        compiled: CompiledNodes,
    ) -> Result<(), CliError> {
        if !ui.flags.building().write_json {
            return Ok(());
        }
        ui.background.abandon();
        // Profiles may name a database in it.
        files::create_dirs(&self.workspace.paths.target)?;
        let (path, semantic_path) = (self.target("manifest.json"), self.target("semantic_manifest.json"));
        let facts = self.facts.clone();
        let (invocation, events) = (ui.invocation.clone(), ui.events.clone());
        ui.background.start_after(delay, move |abandoned| {
            let file = ManifestFile {
                manifest: &manifest,
                compiled: &compiled,
                invocation: &invocation,
                facts: &facts,
            };
            if file.write(&path, abandoned)? {
                tell_written(&events, "WritableManifest", &path);
                write_semantic_manifest(&semantic_path, &manifest)?;
                tell_written(&events, "SemanticManifest", &semantic_path);
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Writes the project as tables, and what became of it where there are results, if that was asked for.
    pub(in crate::cli) fn write_tables(
        &self,
        ui: &Ui,
        results: Option<&[RunResult]>,
    ) -> Result<(), CliError> {
        if !ui.flags.building().write_parquet {
            return Ok(());
        }
        let target = self.target("");
        write_project_tables(&target, &self.parsed.manifest, &self.compiled)?;
        if let Some(results) = results {
            write_result_table(&target, &ui.invocation, results)?;
        }
        Ok(())
    }

    /// Writes `graph_summary.json` for the commands that look at the graph.
    fn write_graph(&self, ui: &Ui) -> Result<(), CliError> {
        let verb = ui.flags.verb();
        if verb == Verb::Parse || !ui.flags.building().write_json {
            return Ok(());
        }
        let manifest = &self.parsed.manifest;
        let tested =
            (verb == Verb::Build).then(|| summarize(manifest, &with_test_edges(manifest, &self.dag)));
        let path = self.target("graph_summary.json");
        write_graph_summary(&path, &ui.invocation, &summarize(manifest, &self.dag), tested.as_ref())?;
        Ok(())
    }
}

/// Tells of a written artifact.
pub(super) fn written(ui: &Ui, artifact_type: &str, path: &camino::Utf8Path) {
    tell_written(&ui.events, artifact_type, path);
}

fn tell_written(events: &EventSink, artifact_type: &str, path: &camino::Utf8Path) {
    let (artifact_path, artifact_type) = (path.to_string(), artifact_type.to_owned());
    events.debug(|| ArtifactWritten { artifact_path, artifact_type });
}

/// Loads settings and profile.
pub(in crate::cli) fn load_workspace(ui: &Ui) -> Result<Workspace, CliError> {
    let options = options(ui);
    let (workspace, found) = project::load(&ui.sources, &options);
    tell(ui, found)?;
    let workspace = workspace.ok_or_else(|| CliError::from(ui.no_project()))?;
    let adapter_name = workspace.profile.connection.kind().as_str();
    let version = ADAPTERS.iter().find(|(name, _)| *name == adapter_name).map_or("", |(_, version)| version);
    ui.events.send(AdapterRegistered {
        adapter_name: adapter_name.to_owned(),
        adapter_version: format!("={version}"),
    });
    if workspace.profile.embedded {
        let path =
            workspace.profile.target().get("path").and_then(Json::as_str).unwrap_or_default().to_owned();
        ui.events.send(Note { msg: format!("No profile found: building in an embedded DuckDB, {path}") });
    }
    Ok(workspace)
}

/// Loads a project without a profile, for commands that need no database.
pub(in crate::cli) fn load_project(ui: &Ui) -> Result<ProjectOnly, CliError> {
    let (project, found) = project::load_project(&ui.sources, &options(ui));
    tell(ui, found)?;
    project.ok_or_else(|| CliError::from(ui.no_project()))
}

fn options(ui: &Ui) -> project::Options {
    let places = ui.flags.places();
    let env: Env = ui.around.env.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let mut options = project::Options::new(ui.around.cwd.clone(), env);
    options.project_dir = Some(places.project_dir);
    options.profiles_dir = places.profiles_dir_given.then_some(places.profiles_dir);
    options.profile = places.profile;
    options.target = places.target;
    options.threads = places.threads;
    options.target_path = places.target_path;
    options.vars = Some(Json::Object(places.vars).to_string());
    options.version_check = Some(places.version_check);
    options.catalogs = matches!(
        ui.flags.verb(),
        Verb::Build | Verb::Compile | Verb::Parse | Verb::Run | Verb::Seed | Verb::Snapshot | Verb::Test
    );
    options.invocation_id = Some(ui.invocation.id.as_str().into());
    options.started_at = Some(ui.invocation.started_at);
    options.flags = Arc::new(template_flags(ui));
    options
}

/// Sends warnings, and errors that are events of their own to dbt; all other errors, if any, are returned together.
pub(super) fn tell(ui: &Ui, found: Vec<Diagnostic>) -> Result<(), CliError> {
    let (errors, warnings): (Vec<_>, Vec<_>) = found.into_iter().partition(Diagnostic::is_error);
    for warning in warnings {
        ui.events.warn(Diagnosed::new(warning, &ui.sources))?;
    }
    let (told, errors): (Vec<_>, Vec<_>) = errors.into_iter().partition(|error| !error.known_as.is_empty());
    if errors.is_empty() {
        return if told.is_empty() { Ok(()) } else { Err(told.into()) };
    }
    for error in told {
        ui.events.send(Diagnosed::new(error, &ui.sources));
    }
    Err(errors.into())
}

/// Returns how a project is read by who shows it while it is being written, and builds nothing.
pub(in crate::cli) fn reading(ui: &Ui) -> Setup {
    Setup { options: project::Options { profile_may_lack: true, ..options(ui) }, settings: settings(ui) }
}

fn settings(ui: &Ui) -> parse::Settings {
    parse::Settings {
        sources: ui.sources.clone(),
        events: ui.events.clone(),
        invocation_id: ui.invocation.id.clone(),
        started_at: ui.invocation.started_at,
        flags: template_flags(ui),
        args: ui.flags.as_invocation_args(),
    }
}

/// Loads and parses the project, writes `manifest.json` (but for documentation).
pub(in crate::cli) fn load(ui: &Ui) -> Result<Loaded, CliError> {
    let workspace = load_workspace(ui)?;
    tell_basis(ui);
    let (parsed, found) = parse::parse(&workspace, &settings(ui));
    tell(ui, found)?;
    let Some(parsed) = parsed else { return Err(CliError::from(Vec::new())) };
    // They live as long as the process: the system takes them back at once, we would do so piece by piece.
    std::mem::forget((
        Arc::clone(&parsed.manifest),
        Arc::clone(&parsed.templates),
        Arc::clone(&parsed.lookup),
    ));
    std::mem::forget(Arc::clone(&parsed.shared));
    let dag = select::link(&parsed.manifest)?;
    let facts = facts(ui, &workspace);
    let loaded = Loaded { workspace, parsed, dag, compiled: CompiledNodes::default(), facts };
    // As in dbt: what documentation is made from is written with it, or not at all.
    if ui.flags.verb() != Verb::DocsGenerate {
        let only_looks = matches!(ui.flags.verb(), Verb::List | Verb::Parse);
        let delay = if only_looks { Duration::ZERO } else { SOON };
        let manifest = Arc::clone(&loaded.parsed.manifest);
        loaded.write_after(delay, ui, manifest, CompiledNodes::default())?;
    }
    loaded.write_graph(ui)?;
    // As in dbt: `list` and `parse` do not count what they see, `ls` does.
    if !matches!(ui.flags.which, "list" | "parse") {
        ui.events.send(FoundStats { stat_line: found_stats(ui, &loaded) });
    }
    Ok(loaded)
}

/// Tells of what parsing depends on besides files, as dbt does before it reads its cache of parsed files.
fn tell_basis(ui: &Ui) {
    ui.events.debug(|| {
        let places = ui.flags.places();
        let mut vars = places.vars;
        vars.sort_keys();
        let vars = py_repr(&from_json(&Json::Object(vars)));
        let (profile, target) = (places.profile.unwrap_or_default(), places.target.unwrap_or_default());
        let checksum = files::checksum(&[vars.as_str(), &profile, &target, DBT_VERSION].join("\0"));
        StateCheckVarsHash { checksum, vars, profile, target, version: DBT_VERSION.to_owned() }
    });
    if !ui.flags.switch("partial_parse") {
        ui.events.debug(|| PartialParsingNotEnabled {});
    }
}

/// `flags` as templates see it: every flag in upper case, switches of behaviour included.
fn template_flags(ui: &Ui) -> JsonMap {
    let args = ui.flags.as_invocation_args();
    let mut flags: JsonMap = args.into_iter().map(|(name, value)| (name.to_uppercase(), value)).collect();
    let building = ui.flags.building();
    for (name, on) in [
        ("FULL_REFRESH", building.full_refresh),
        ("EMPTY", building.empty),
        ("FAIL_FAST", building.fail_fast),
        ("STORE_FAILURES", building.store_failures),
        ("INTROSPECT", building.introspect),
        ("PRINT", building.print),
    ] {
        flags.insert(name.to_owned(), Json::Bool(on));
    }
    for (name, value) in &ui.flags.behavior {
        flags.insert(name.to_uppercase(), value.clone());
    }
    // Only `invocation_args_dict` shows these.
    for name in ["EVENT_TIME_START", "EVENT_TIME_END", "SAMPLE"] {
        flags.remove(name);
    }
    flags.insert("WHICH".to_owned(), ui.flags.which.into());
    flags
}

fn facts(ui: &Ui, workspace: &Workspace) -> ManifestFacts {
    let quoting = &workspace.project.quoting;
    let or_yes = |given: Option<bool>| Json::Bool(given.unwrap_or(true));
    let quoting: JsonMap = [
        ("database".to_owned(), or_yes(quoting.database)),
        ("schema".to_owned(), or_yes(quoting.schema)),
        ("identifier".to_owned(), or_yes(quoting.identifier)),
        ("column".to_owned(), Json::Null),
    ]
    .into_iter()
    .collect();
    // What is wrong with them is told where one is asked for.
    let (selectors, _) = Selectors::read(&workspace.selectors, Indirect::Eager);
    ManifestFacts {
        selectors: selectors.to_json(),
        project_name: workspace.project.name.to_string(),
        send_anonymous_usage_stats: ui.flags.switch("send_anonymous_usage_stats"),
        adapter_type: workspace.profile.connection.kind().as_str().to_owned(),
        quoting,
        run_started_at: ui.invocation.started_at,
        generated_at: Timestamp::now(),
    }
}

/// `6 models, 1 analysis, 7 data tests, ...`: kinds in the order they were found, as dbt counts them.
fn found_stats(ui: &Ui, loaded: &Loaded) -> String {
    let manifest = &loaded.parsed.manifest;
    let mut counts: Vec<(ResourceType, usize)> = Vec::new();
    let mut add = |kind: ResourceType, count: usize| {
        if let Some((_, known)) = counts.iter_mut().find(|(other, _)| *other == kind) {
            *known += count;
        } else {
            counts.push((kind, count));
        }
    };
    for node in manifest.nodes.values() {
        add(node.resource_type(), 1);
    }
    // A query of the command line is one of the nodes.
    add(ResourceType::SqlOperation, usize::from(ui.flags.text("inline").is_some()));
    add(ResourceType::Source, manifest.sources.len());
    add(ResourceType::Exposure, manifest.exposures.len());
    add(ResourceType::Metric, manifest.metrics.len());
    add(ResourceType::Macro, manifest.macros.len());
    add(ResourceType::Group, manifest.groups.len());
    add(ResourceType::SemanticModel, manifest.semantic_models.len());
    add(ResourceType::SavedQuery, manifest.saved_queries.len());
    add(ResourceType::UnitTest, manifest.unit_tests.len());
    let words: Vec<String> = counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| super::report::plural(count, super::report::kind_name(kind.as_str())))
        .collect();
    words.join(", ")
}
