//! OpenTelemetry: the command, its nodes, and what each node did as spans of a trace.
//!
//! Input: results with their times. Output: OTLP over HTTP in its JSON form, sent once everything is done; a node that
//! was never begun has no span. The variables are those of OpenTelemetry's specification, and a `TRACEPARENT` makes
//! the command a part of the trace that started it.

use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::{Outbox, Place, Variables};
use crate::artifacts::{Invocation, Phase, RunResult, Status};
use crate::diag::{Code, Diagnostic};
use crate::http::Roots;
use crate::manifest::{Json, Manifest};

/// How many spans go into one request: the usual number of OpenTelemetry's own senders.
const BATCH: usize = 512;

/// How long a server may take, in milliseconds, unless a variable says otherwise.
const TIMEOUT: u64 = 10_000;

const INTERNAL: u8 = 1;
const CLIENT: u8 = 3;

/// Where traces go and what they are part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceSettings {
    place: Place,
    /// Attributes of the resource, `service.name` included.
    resource: Vec<(String, String)>,
    /// The trace and the span that started the command.
    parent: Option<(String, String)>,
}

impl TraceSettings {
    /// Reads them. Errors when traces are asked for and nothing says where they go, or only in a form that is not
    /// spoken.
    pub fn read(variables: &Variables<'_>) -> Result<Option<Self>, Diagnostic> {
        let set = |name: &str| variables(name).map(str::trim).filter(|text| !text.is_empty());
        if set("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        // What is said of traces goes before what is said of all signals.
        let said = |what: &str| {
            set(&format!("OTEL_EXPORTER_OTLP_TRACES_{what}"))
                .or_else(|| set(&format!("OTEL_EXPORTER_OTLP_{what}")))
        };
        if said("PROTOCOL") == Some("grpc") {
            let message =
                "`--opentelemetry`: traces are sent over HTTP, and OTEL_EXPORTER_OTLP_PROTOCOL is `grpc`";
            return Err(Diagnostic::error(Code::USAGE, None, message)
                .help("set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json, and OTEL_EXPORTER_OTLP_TRACES_ENDPOINT to where the collector takes it"));
        }
        let whole = set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").map(str::to_owned);
        let base =
            || set("OTEL_EXPORTER_OTLP_ENDPOINT").map(|it| format!("{}/v1/traces", it.trim_end_matches('/')));
        let url = whole.or_else(base).ok_or_else(nowhere)?;
        let timeout = said("TIMEOUT").and_then(|text| text.parse().ok()).unwrap_or(TIMEOUT);
        let mut resource = pairs(set("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default());
        let name = set("OTEL_SERVICE_NAME").map(str::to_owned);
        if name.is_some() || !resource.iter().any(|(key, _)| key == "service.name") {
            resource.retain(|(key, _)| key != "service.name");
            resource.push(("service.name".to_owned(), name.unwrap_or_else(|| "tidegate".to_owned())));
        }
        let headers = pairs(said("HEADERS").unwrap_or_default());
        let place = Place::Http { url, headers, timeout: Duration::from_millis(timeout) };
        Ok(Some(Self { place, resource, parent: set("TRACEPARENT").and_then(parent) }))
    }
}

fn nowhere() -> Diagnostic {
    Diagnostic::error(Code::USAGE, None, "`--opentelemetry`: nothing says where traces go")
        .help("set OTEL_EXPORTER_OTLP_ENDPOINT, for example to http://localhost:4318")
}

/// Reads `key=value,key=value`, whose values may be percent-encoded.
fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |item: &str| {
        let (key, value) = item.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8_lossy().into_owned();
        Some((key.trim().to_owned(), value))
    };
    text.split(',').filter_map(pair).collect()
}

/// Reads `00-TRACE-SPAN-FLAGS`.
fn parent(text: &str) -> Option<(String, String)> {
    let parts: Vec<&str> = text.split('-').collect();
    let hex = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    match parts[..] {
        [_, trace, span, _] if hex(trace, 32) && hex(span, 16) => Some((trace.to_owned(), span.to_owned())),
        _ => None,
    }
}

/// What a trace tells of.
#[derive(Clone, Copy, Debug)]
pub struct Trace<'a> {
    /// The command, as `run_results.json` calls it.
    pub which: &'a str,
    /// The project.
    pub project: &'a str,
    /// The engine.
    pub engine: &'a str,
    /// The invocation.
    pub invocation: &'a Invocation,
    /// When it was done.
    pub ended: Timestamp,
    /// What became of nodes and hooks.
    pub results: &'a [RunResult],
    /// The nodes.
    pub manifest: &'a Manifest,
}

impl Trace<'_> {
    /// Sends it; returns warnings about what did not arrive.
    pub fn send(&self, settings: TraceSettings, roots: &Roots) -> Result<Vec<Diagnostic>, Diagnostic> {
        let spans = self.spans(settings.parent);
        let resource = json!({"attributes": attributes(&settings.resource)});
        let outbox = Outbox::open(vec![settings.place], roots, "batches of OpenTelemetry spans")?;
        for batch in spans.chunks(BATCH) {
            let scope = json!({"name": "tidegate", "version": env!("CARGO_PKG_VERSION")});
            let scoped = json!([{"scope": scope, "spans": batch}]);
            let message = json!({"resourceSpans": [{"resource": resource, "scopeSpans": scoped}]});
            outbox.put(message.to_string().into_bytes());
        }
        Ok(outbox.close())
    }

    fn spans(&self, parent: Option<(String, String)>) -> Vec<Json> {
        let (trace, above) = match parent {
            Some((trace, span)) => (trace, Some(span)),
            None => (uuid::Uuid::new_v4().simple().to_string(), None),
        };
        let command = span_id();
        let failed = self.results.iter().filter(|result| result.status.is_failure()).count();
        let error = (failed > 0).then(|| format!("{failed} of {} nodes failed", self.results.len()));
        let whole = Span {
            name: format!("{} {}", self.which, self.project),
            kind: INTERNAL,
            times: (self.invocation.started_at, self.ended),
            about: vec![
                ("dbt.invocation_id".to_owned(), self.invocation.id.clone()),
                ("dbt.command".to_owned(), self.which.to_owned()),
                ("dbt.project".to_owned(), self.project.to_owned()),
            ],
            error,
        };
        let mut spans = vec![whole.to_json((&trace, &command, above.as_deref()))];
        for result in self.results {
            self.of_node(result, (&trace, &command), &mut spans);
        }
        spans
    }

    fn of_node(&self, result: &RunResult, (trace, command): (&str, &str), spans: &mut Vec<Json>) {
        let begin = result.timing.iter().map(|phase| phase.started_at).min();
        let end = result.timing.iter().map(|phase| phase.completed_at).max();
        let (Some(begin), Some(end)) = (begin, end) else { return };
        let id = span_id();
        let kind = self.manifest.resource_type(&result.unique_id).map(|kind| kind.to_string());
        let mut about = vec![
            ("dbt.node.id".to_owned(), result.unique_id.to_string()),
            ("dbt.node.status".to_owned(), result.status.to_string()),
            ("dbt.node.type".to_owned(), kind.unwrap_or_default()),
            ("thread.name".to_owned(), result.thread_id.clone()),
        ];
        about.extend(result.relation_name.clone().map(|name| ("dbt.node.relation".to_owned(), name)));
        about.extend(result.failures.map(|count| ("dbt.test.failures".to_owned(), count.to_string())));
        let wrong = result.status.is_failure() || result.status == Status::Skipped;
        let error = wrong.then(|| result.message.clone().unwrap_or_else(|| result.status.to_string()));
        let name = result.unique_id.to_string();
        let node = Span { name, kind: INTERNAL, times: (begin, end), about, error };
        spans.push(node.to_json((trace, &id, Some(command))));
        for phase in &result.timing {
            let (name, kind, about) = match phase.name {
                Phase::Compile => ("compile", INTERNAL, Vec::new()),
                Phase::Execute => {
                    let system = if self.engine == "postgres" { "postgresql" } else { self.engine };
                    ("execute", CLIENT, vec![("db.system.name".to_owned(), system.to_owned())])
                }
            };
            let times = (phase.started_at, phase.completed_at);
            let part = Span { name: name.to_owned(), kind, times, about, error: None };
            spans.push(part.to_json((trace, &span_id(), Some(&id))));
        }
    }
}

/// Something that took time.
struct Span {
    name: String,
    kind: u8,
    times: (Timestamp, Timestamp),
    about: Vec<(String, String)>,
    error: Option<String>,
}

impl Span {
    fn to_json(&self, (trace, id, above): (&str, &str, Option<&str>)) -> Json {
        let status = match &self.error {
            Some(message) => json!({"code": 2, "message": message}),
            None => json!({"code": 1}),
        };
        let mut span = json!({
            "traceId": trace,
            "spanId": id,
            "name": self.name,
            "kind": self.kind,
            "startTimeUnixNano": self.times.0.as_nanosecond().to_string(),
            "endTimeUnixNano": self.times.1.as_nanosecond().to_string(),
            "attributes": attributes(&self.about),
            "status": status,
        });
        if let Some(above) = above {
            span["parentSpanId"] = above.into();
        }
        span
    }
}

fn attributes(pairs: &[(String, String)]) -> Json {
    pairs.iter().map(|(key, value)| json!({"key": key, "value": {"stringValue": value}})).collect()
}

/// Makes the id of a span: 64 bits that nobody else has.
fn span_id() -> String {
    let (id, _) = uuid::Uuid::new_v4().as_u64_pair();
    format!("{id:016x}")
}
