//! The events of one command.
//!
//! Every run that was begun is ended: by its result, or with the command when its worker was lost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use camino::Utf8Path;
use jiff::Timestamp;

use super::Settings;
use super::columns::column_lineage;
use super::dataset::{Datasets, dotted};
use super::facet::{self, PRODUCER, dbt_facet, facet, object};
use crate::artifacts::{ColumnLineage, Invocation, RunResult, Status, timestamp};
use crate::diag::Diagnostic;
use crate::hash::HashMap;
use crate::http::Roots;
use crate::manifest::{Json, JsonMap, Manifest, Node, ResourceType, UniqueId};
use crate::signal::Outbox;

const SCHEMA: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

/// Facts of the project and the command.
#[derive(Clone, Debug)]
pub struct LineageFacts<'a> {
    /// The command, as `run_results.json` calls it.
    pub which: &'a str,
    /// The project.
    pub project: &'a str,
    /// `target` of templates: the connection without passwords.
    pub profile: &'a JsonMap,
    /// The target folder.
    pub target: &'a Utf8Path,
    /// The invocation.
    pub invocation: &'a Invocation,
}

/// Tells of the nodes of one command.
pub struct Lineage {
    outbox: Outbox,
    datasets: Datasets,
    columns: Option<ColumnLineage>,
    manifest: Arc<Manifest>,
    namespace: String,
    which: String,
    engine: String,
    command: Command,
    /// Facets of every run.
    common: Vec<(&'static str, Json)>,
    begun: Mutex<HashMap<UniqueId, String>>,
}

/// The job that is the command itself.
struct Command {
    name: String,
    run: String,
    parent: Option<[String; 3]>,
}

/// One event, but for what all have in common.
struct Event<'a> {
    kind: &'a str,
    run: &'a str,
    run_facets: Vec<(&'a str, Json)>,
    job: (&'a str, Json),
    inputs: Vec<Json>,
    outputs: Vec<Json>,
}

impl Lineage {
    /// Tells that the command begins.
    pub fn begin(
        settings: Settings,
        roots: &Roots,
        manifest: &Arc<Manifest>,
        facts: &LineageFacts<'_>,
    ) -> Result<Self, Diagnostic> {
        let dbt_run = [
            ("invocation_id", Json::from(facts.invocation.id.as_str())),
            ("project_name", facts.project.into()),
            ("dbt_runtime", "core".into()),
        ];
        let engine = [
            ("name", "dbt".into()),
            ("version", facts.invocation.dbt_version.as_str().into()),
            ("openlineageAdapterVersion", env!("CARGO_PKG_VERSION").into()),
        ];
        let lineage = Self {
            outbox: Outbox::open(settings.places, roots, "OpenLineage events")?,
            datasets: Datasets::new(manifest, facts.profile, facts.target),
            columns: ColumnLineage::read(facts.target),
            manifest: Arc::clone(manifest),
            namespace: settings.namespace,
            which: facts.which.to_owned(),
            engine: facts.profile.get("type").and_then(Json::as_str).unwrap_or_default().to_owned(),
            command: Command {
                name: settings.job_name.unwrap_or_else(|| format!("dbt-run-{}", facts.project)),
                run: facts.invocation.id.clone(),
                parent: settings.parent,
            },
            common: vec![
                ("dbt_run", dbt_facet("dbt-run-run-facet", &dbt_run)),
                ("processing_engine", facet("ProcessingEngineRunFacet", "1-1-1", &engine)),
            ],
            begun: Mutex::default(),
        };
        lineage.of_command("START", Vec::new());
        Ok(lineage)
    }

    /// Tells that a node begins.
    pub fn started(&self, id: &UniqueId) {
        if self.job_of(id).is_none() {
            return;
        }
        let run = uuid::Uuid::new_v4().to_string();
        self.runs().insert(id.clone(), run.clone());
        self.of_node(id, ("START", &run), None);
    }

    /// Tells how a node ended that was begun.
    pub fn ended(&self, result: &RunResult) {
        let Some(run) = self.runs().remove(&result.unique_id) else { return };
        let kind = match result.status {
            Status::Success | Status::Pass | Status::Warn | Status::NoOp => "COMPLETE",
            Status::Skipped => "ABORT",
            Status::Error | Status::Fail | Status::PartialSuccess | Status::RuntimeError => "FAIL",
        };
        self.of_node(&result.unique_id, (kind, &run), Some(result));
    }

    /// Tells that the command ends, waits for the delivery, and returns warnings about what was not delivered.
    pub fn end(self, success: bool) -> Vec<Diagnostic> {
        let lost: Vec<(UniqueId, String)> = self.runs().drain().collect();
        for (id, run) in lost {
            self.of_node(&id, ("ABORT", &run), None);
        }
        let failed = vec![("errorMessage", facet::error_message("some of the nodes failed"))];
        self.of_command(if success { "COMPLETE" } else { "FAIL" }, if success { Vec::new() } else { failed });
        self.outbox.close()
    }

    fn runs(&self) -> MutexGuard<'_, HashMap<UniqueId, String>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of_command(&self, kind: &str, mut run_facets: Vec<(&str, Json)>) {
        if let Some([namespace, name, run]) = &self.command.parent {
            run_facets.push(("parent", facet::parent([namespace, name, run])));
        }
        let facets = object(&[("jobType", facet::job_type("JOB"))]);
        let job = (self.command.name.as_str(), facets);
        let (inputs, outputs) = (Vec::new(), Vec::new());
        self.send(Event { kind, run: &self.command.run, run_facets, job, inputs, outputs });
    }

    fn of_node(&self, id: &UniqueId, (kind, run): (&str, &str), result: Option<&RunResult>) {
        let Some((name, job_type)) = self.job_of(id) else { return };
        let node = self.manifest.node(id).map(|node| &**node);
        let parent = [self.namespace.as_str(), &self.command.name, &self.command.run];
        let mut run_facets = vec![("parent", facet::parent(parent))];
        if let Some(message) = result.filter(|_| kind == "FAIL").and_then(|it| it.message.as_deref()) {
            run_facets.push(("errorMessage", facet::error_message(message)));
        }
        let verdict = result.filter(|it| matches!(it.status, Status::Pass | Status::Warn | Status::Fail));
        if let Some(result) = verdict {
            run_facets.push(("test", facet::test_run(id, node, result)));
        }
        let sql = result.and_then(|result| result.compiled_code.as_deref()).map(|sql| {
            facet("SQLJobFacet", "1-1-0", &[("query", sql.into()), ("dialect", self.engine.as_str().into())])
        });
        let facets = object(&[
            ("jobType", facet::job_type(job_type)),
            ("dbt_node", node.map_or(Json::Null, facet::dbt_node)),
            ("sql", sql.into()),
        ]);
        let built = self.datasets.of(id).filter(|_| kind != "FAIL" && kind != "ABORT");
        let known = self.columns.as_ref().zip(node).filter(|_| kind == "COMPLETE");
        let columns = known.map_or(Json::Null, |(known, node)| column_lineage(&self.datasets, known, node));
        let outputs = built.into_iter().map(|mut built| {
            if !columns.is_null() {
                built["facets"]["columnLineage"] = columns.clone();
            }
            with_rows(built, result)
        });
        let outputs = outputs.collect();
        let inputs = self.inputs(id, node, verdict);
        self.send(Event { kind, run, run_facets, job: (&name, facets), inputs, outputs });
    }

    /// The datasets a node reads; those a test is about with what it found.
    fn inputs(&self, id: &UniqueId, node: Option<&Node>, verdict: Option<&RunResult>) -> Vec<Json> {
        let read = self.datasets.read_by(id);
        let generic = node.and_then(Node::generic_test);
        let about = |parent: &UniqueId| match generic.and_then(|test| test.attached_node.as_ref()) {
            Some(tested) => tested == parent,
            // A test of a source names no node, and one written as a query may be about any of its parents.
            None => read.len() == 1 || generic.is_some() && self.manifest.sources.contains_key(parent),
        };
        let with_verdict = |parent: &UniqueId| {
            let mut dataset = self.datasets.of(parent)?;
            if let (Some(node), Some(result), true) = (node, verdict, about(parent)) {
                dataset["inputFacets"] =
                    object(&[("dataQualityAssertions", facet::assertions(node, result))]);
            }
            Some(dataset)
        };
        read.iter().filter_map(with_verdict).collect()
    }

    /// Returns the name of a node's job and its type; `None` for what is no job.
    fn job_of(&self, id: &UniqueId) -> Option<(String, &'static str)> {
        if self.manifest.unit_tests.contains_key(id) {
            return Some((id.to_string(), "TEST"));
        }
        let node = self.manifest.node(id).filter(|node| !node.is_ephemeral())?;
        let built = |kind: &str, ending: &str| {
            let own = id.as_str().strip_prefix(kind).unwrap_or_default().trim_start_matches('.');
            let name = dotted([&node.database, &node.schema, own]);
            match (self.which.as_str(), ending) {
                ("build", _) => format!("{name}.build.{ending}"),
                (_, "run") => name,
                _ => format!("{name}.{ending}"),
            }
        };
        match node.resource_type() {
            ResourceType::Model => Some((built("model", "run"), "MODEL")),
            ResourceType::Snapshot => Some((built("snapshot", "snapshot"), "SNAPSHOT")),
            ResourceType::Seed => Some((built("seed", "seed"), "SEED")),
            ResourceType::Test => Some((id.to_string(), "TEST")),
            _ => None,
        }
    }

    fn send(&self, event: Event<'_>) {
        let mut facets = event.run_facets;
        facets.extend(self.common.iter().cloned());
        let (name, job_facets) = event.job;
        let job =
            [("namespace", self.namespace.as_str().into()), ("name", name.into()), ("facets", job_facets)];
        let told = object(&[
            ("eventType", event.kind.into()),
            ("eventTime", timestamp(Timestamp::now()).into()),
            ("run", object(&[("runId", event.run.into()), ("facets", object(&facets))])),
            ("job", object(&job)),
            ("inputs", event.inputs.into()),
            ("outputs", event.outputs.into()),
            ("producer", PRODUCER.into()),
            ("schemaURL", SCHEMA.into()),
        ]);
        self.outbox.put(told.to_string().into_bytes());
    }
}

/// Adds how many rows were written, where the engine tells.
fn with_rows(mut dataset: Json, result: Option<&RunResult>) -> Json {
    let rows = result.and_then(|result| result.adapter_response.get("rows_affected")).and_then(Json::as_i64);
    if let Some(rows) = rows.filter(|rows| *rows >= 0) {
        let statistics = facet("OutputStatisticsOutputDatasetFacet", "1-0-2", &[("rowCount", rows.into())]);
        dataset["outputFacets"] = object(&[("outputStatistics", statistics)]);
    }
    dataset
}
