//! Facets: what an event tells of a run, a job or a dataset, in the versions of OpenLineage's schemas named here.

use crate::artifacts::{RunResult, Status};
use crate::manifest::{Json, JsonMap, Node, NodeKind, UniqueId};

/// Who makes the events, as every event and facet says.
pub(super) const PRODUCER: &str = concat!("urn:tidegate:", env!("CARGO_PKG_VERSION"));

/// Where the schemas of OpenLineage's own facets are.
const FACETS: &str = "https://openlineage.io/spec/facets";

/// Where those of its integration of dbt are.
const OF_DBT: &str =
    "https://github.com/OpenLineage/OpenLineage/tree/main/integration/common/openlineage/schema/";

/// Makes a facet of a schema and its version; entries without a value are left out.
pub(super) fn facet(schema: &str, version: &str, entries: &[(&str, Json)]) -> Json {
    made(format!("{FACETS}/{version}/{schema}.json#/$defs/{schema}"), entries)
}

/// Makes a facet that only the integration of dbt knows.
pub(super) fn dbt_facet(schema: &str, entries: &[(&str, Json)]) -> Json {
    made(format!("{OF_DBT}{schema}.json"), entries)
}

fn made(schema: String, entries: &[(&str, Json)]) -> Json {
    let mut map = JsonMap::new();
    map.insert("_producer".to_owned(), PRODUCER.into());
    map.insert("_schemaURL".to_owned(), schema.into());
    map.extend(with_values(entries));
    map.into()
}

/// Makes an object; entries without a value are left out.
pub(super) fn object(entries: &[(&str, Json)]) -> Json {
    with_values(entries).collect::<JsonMap>().into()
}

fn with_values<'e>(entries: &'e [(&str, Json)]) -> impl Iterator<Item = (String, Json)> + 'e {
    entries
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| ((*key).to_owned(), value.clone()))
}

/// What kind of job it is: `MODEL`, `TEST`, ...
pub(super) fn job_type(kind: &str) -> Json {
    let entries =
        [("processingType", "BATCH".into()), ("integration", "DBT".into()), ("jobType", kind.into())];
    facet("JobTypeJobFacet", "2-0-4", &entries)
}

/// Where a node is defined and what it builds.
pub(super) fn dbt_node(node: &Node) -> Json {
    let text = |text: &str| if text.is_empty() { Json::Null } else { text.into() };
    let entries = [
        ("original_file_path", text(&node.original_file_path)),
        ("database", text(&node.database)),
        ("schema", text(&node.schema)),
        ("alias", text(&node.alias)),
        ("unique_id", node.unique_id.as_str().into()),
    ];
    dbt_facet("dbt-node-job-facet", &entries)
}

/// Why a run failed.
pub(super) fn error_message(message: &str) -> Json {
    let entries = [("message", message.into()), ("programmingLanguage", "SQL".into())];
    facet("ErrorMessageRunFacet", "1-0-1", &entries)
}

/// The run of the job that this one is a part of.
pub(super) fn parent([namespace, name, run]: [&str; 3]) -> Json {
    let job = object(&[("namespace", namespace.into()), ("name", name.into())]);
    facet("ParentRunFacet", "1-2-0", &[("run", object(&[("runId", run.into())])), ("job", job)])
}

/// A test that ran, as a facet of its run.
pub(super) fn test_run(id: &UniqueId, node: Option<&Node>, result: &RunResult) -> Json {
    let verdict = Verdict::of(node, result);
    let status = if verdict.success { "pass" } else { "fail" };
    let test = object(&[
        ("name", id.as_str().into()),
        ("status", status.into()),
        ("severity", verdict.severity.into()),
        ("type", verdict.kind.into()),
        ("expected", verdict.expected),
        ("actual", verdict.actual),
    ]);
    facet("TestRunFacet", "1-0-1", &[("tests", vec![test].into())])
}

/// A test that ran, as a facet of the dataset it is about.
pub(super) fn assertions(node: &Node, result: &RunResult) -> Json {
    let verdict = Verdict::of(Some(node), result);
    let column = node.generic_test().and_then(|test| test.column_name.clone());
    let assertion = object(&[
        ("assertion", verdict.kind.into()),
        ("name", node.name.as_str().into()),
        ("success", verdict.success.into()),
        ("column", column.into()),
        ("severity", verdict.severity.into()),
        ("expected", verdict.expected),
        ("actual", verdict.actual),
    ]);
    let entries = [("assertions", Json::from(vec![assertion]))];
    facet("DataQualityAssertionsDatasetFacet", "1-1-0", &entries)
}

/// What a test found.
struct Verdict {
    kind: String,
    success: bool,
    severity: String,
    expected: Json,
    actual: Json,
}

impl Verdict {
    fn of(node: Option<&Node>, result: &RunResult) -> Self {
        let config = node.map(|node| &node.config);
        let severity = config.and_then(|config| config.text("severity")).unwrap_or("error").to_lowercase();
        let threshold = if severity == "warn" { "warn_if" } else { "error_if" };
        let threshold = config.and_then(|config| config.text(threshold)).unwrap_or("!= 0");
        let usual = threshold.split_whitespace().collect::<String>() == "!=0";
        let counted = result.failures.is_some();
        let expected = if usual { "0" } else { threshold };
        Self {
            kind: match node.map(|node| &node.kind) {
                Some(NodeKind::GenericTest(test)) => test.metadata.name.clone(),
                Some(_) => "singular".to_owned(),
                None => "unit_test".to_owned(),
            },
            success: result.status == Status::Pass,
            severity,
            expected: if counted { expected.into() } else { Json::Null },
            actual: result.failures.map(|count| count.to_string()).into(),
        }
    }
}
