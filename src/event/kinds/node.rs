//! Nodes and hooks while they run.

use super::super::define::events;
use super::super::node::with_group;
use super::super::style::Progress;
use super::super::{Level, RunResultMsg};
use crate::event::Level::{Debug, Error, Info, Warn};
use crate::event::NodeInfo;

fn at(index: usize, total: usize) -> Progress {
    Progress { index, total }
}

fn test_level(status: &str) -> Level {
    match status {
        "fail" | "error" | "runtime error" => Error,
        "warn" => Warn,
        _ => Info,
    }
}

fn build_level(status: &str) -> Level {
    if status.eq_ignore_ascii_case("error") { Error } else { Info }
}

events! {
    /// How many workers there are.
    ConcurrencyLine("Q027") { node_count: usize, num_threads: usize, target_name: String }
        level |_| Info,
        text |e, _| format!("Concurrency: {} threads (target='{}')", e.num_threads, e.target_name);

    /// Hooks of a kind begin.
    HooksRunning("E046") { num_hooks: usize, hook_type: String }
        level |_| Info,
        text |e, _| {
            let noun = if e.num_hooks == 1 { "hook" } else { "hooks" };
            format!("Running {} {} {noun}", e.num_hooks, e.hook_type)
        };

    /// A hook begins. `statement` is for example `shop.on-run-start.0`.
    LogHookStartLine("Q032") { index: usize, node_info: NodeInfo, statement: String, total: usize }
        level |_| Info,
        text |e, style| style.cut_line(at(e.index, e.total), &format!("START hook: {}", e.statement), "RUN", None);

    /// A hook ended.
    LogHookEndLine("Q033") {
        execution_time: f64,
        index: usize,
        node_info: NodeInfo,
        statement: String,
        status: String,
        total: usize,
    }
        level |_| Info,
        text |e, style| {
            let (word, status) = match e.status.as_str() {
                "success" => ("OK", style.green("OK")),
                "skipped" => ("SKIP", style.yellow("SKIP")),
                _ => ("ERROR", style.red("ERROR")),
            };
            let text = format!("{word} hook: {}", e.statement);
            style.cut_line(at(e.index, e.total), &text, &status, Some(e.execution_time))
        };

    /// A node begins. `description` is for example `sql table model main.orders`.
    LogStartLine("Q011") { description: String, index: usize, node_info: NodeInfo, total: usize }
        level |_| Info,
        text |e, style| style.line(at(e.index, e.total), &format!("START {}", e.description), "RUN", None);

    /// A model ended. `status` is the adapter's answer, or `error`, or `PARTIAL SUCCESS (..)`.
    LogModelResult("Q012") {
        description: String,
        execution_time: f64,
        index: usize,
        #[serde(flatten, serialize_with = "with_group")] node_info: NodeInfo,
        status: String,
        total: usize,
    }
        level |e| build_level(&e.status),
        text |e, style| {
            let (word, status) = if e.status == "error" {
                ("ERROR creating", style.red("ERROR"))
            } else if e.status.contains("PARTIAL SUCCESS") {
                ("PARTIALLY created", style.yellow(&e.status.to_uppercase()))
            } else {
                ("OK created", style.green(&e.status))
            };
            let text = format!("{word} {}", e.description);
            style.line(at(e.index, e.total), &text, &status, Some(e.execution_time))
        };

    /// A seed ended.
    LogSeedResult("Q016") {
        execution_time: f64,
        index: usize,
        #[serde(flatten, serialize_with = "with_group")] node_info: NodeInfo,
        relation: String,
        result_message: String,
        schema: String,
        status: String,
        total: usize,
    }
        level |e| build_level(&e.status),
        text |e, style| {
            let (word, status) = if e.status == "error" {
                ("ERROR loading", style.red("ERROR"))
            } else {
                ("OK loaded", style.green(&e.result_message))
            };
            let text = format!("{word} seed file {}.{}", e.schema, e.relation);
            style.line(at(e.index, e.total), &text, &status, Some(e.execution_time))
        };

    /// A snapshot ended.
    LogSnapshotResult("Q015") {
        cfg: serde_json::Map<String, serde_json::Value>,
        description: String,
        execution_time: f64,
        index: usize,
        #[serde(flatten, serialize_with = "with_group")] node_info: NodeInfo,
        result_message: String,
        status: String,
        total: usize,
    }
        level |e| build_level(&e.status),
        text |e, style| {
            let (word, status) = if e.status == "error" {
                ("ERROR snapshotting", style.red("ERROR"))
            } else {
                ("OK snapshotted", style.green(&e.result_message))
            };
            let text = format!("{word} {}", e.description);
            style.line(at(e.index, e.total), &text, &status, Some(e.execution_time))
        };

    /// A test ended; `num_models` is the number of nodes, by dbt's name for it.
    LogTestResult("Q007") {
        attached_node: String,
        execution_time: f64,
        index: usize,
        name: String,
        #[serde(flatten, serialize_with = "with_group")] node_info: NodeInfo,
        num_failures: i64,
        num_models: usize,
        status: String,
    }
        level |e| test_level(&e.status),
        text |e, style| {
            let (word, status) = match e.status.as_str() {
                "pass" => ("PASS".to_owned(), style.green("PASS")),
                "error" => ("ERROR".to_owned(), style.red("ERROR")),
                "warn" => {
                    let word = format!("WARN {}", e.num_failures);
                    let status = style.yellow(&word);
                    (word, status)
                }
                _ => {
                    let word = format!("FAIL {}", e.num_failures);
                    let status = style.red(&word);
                    (word, status)
                }
            };
            let text = format!("{word} {}", e.name);
            style.line(at(e.index, e.num_models), &text, &status, Some(e.execution_time))
        };

    /// The age of a source is known.
    LogFreshnessResult("Q018") {
        execution_time: f64,
        index: usize,
        node_info: NodeInfo,
        source_name: String,
        status: String,
        table_name: String,
        total: usize,
    }
        level |e| test_level(&e.status),
        text |e, style| {
            let (word, status) = match e.status.as_str() {
                "runtime error" => ("ERROR", style.red("ERROR")),
                "error" => ("ERROR STALE", style.red("ERROR STALE")),
                "warn" => ("WARN", style.yellow("WARN")),
                _ => ("PASS", style.green("PASS")),
            };
            let text = format!("{word} freshness of {}.{}", e.source_name, e.table_name);
            style.line(at(e.index, e.total), &text, &status, Some(e.execution_time))
        };

    /// A macro for the age of sources answers with a table only.
    CollectFreshnessReturnSignature("D012") {}
        level |_| Warn,
        text |_, style| format!(
            "{}the macro `collect_freshness` should return all of `load_result(..)`, not just its table",
            style.warning_tag(None)
        );

    /// A function ended.
    LogFunctionResult("Q047") {
        description: String,
        execution_time: f64,
        index: usize,
        #[serde(flatten, serialize_with = "with_group")] node_info: NodeInfo,
        status: String,
        total: usize,
    }
        level |e| build_level(&e.status),
        text |e, style| {
            let (word, status) = match e.status.as_str() {
                "error" => ("ERROR creating", style.red("ERROR")),
                "skipped" => ("SKIP", style.yellow("SKIPPED")),
                _ => ("OK created", style.green(&e.status.to_uppercase())),
            };
            let text = format!("{word} {}", e.description);
            style.line(at(e.index, e.total), &text, &status, Some(e.execution_time))
        };

    /// A node without a line of its own ended.
    LogNodeResult("Q008") {
        description: String,
        execution_time: f64,
        index: usize,
        msg: String,
        node_info: NodeInfo,
        status: String,
        total: usize,
    }
        level |e| build_level(&e.status),
        text |e, _| e.msg.clone();

    /// A node that needs no work, for example an exposure.
    LogNodeNoOpResult("Q019") {
        description: String,
        execution_time: f64,
        index: usize,
        node_info: NodeInfo,
        status: String,
        total: usize,
    }
        level |_| Info,
        text |e, style| {
            let text = format!("NO-OP {}", e.description);
            style.line(at(e.index, e.total), &text, &style.yellow("NO-OP"), Some(e.execution_time))
        };

    /// A batch of a microbatch model begins.
    LogStartBatch("Q045") { batch_index: usize, description: String, node_info: NodeInfo, total_batches: usize }
        level |_| Info,
        text |e, style| {
            let text = format!("START {}", e.description);
            format!("Batch {}", style.line(at(e.batch_index, e.total_batches), &text, "RUN", None))
        };

    /// A batch of a microbatch model ended.
    LogBatchResult("Q046") {
        batch_index: usize,
        description: String,
        execution_time: f64,
        #[serde(flatten, serialize_with = "with_group")] node_info: NodeInfo,
        status: String,
        total_batches: usize,
    }
        level |e| build_level(&e.status),
        text |e, style| {
            let (word, status) = match e.status.as_str() {
                "error" => ("ERROR creating", style.red("ERROR")),
                "skipped" => ("SKIP", style.yellow("SKIPPED")),
                _ => ("OK created", style.green(&e.status)),
            };
            let text = format!("{word} {}", e.description);
            let line = style.line(at(e.batch_index, e.total_batches), &text, &status, Some(e.execution_time));
            format!("Batch {line}")
        };

    /// How a batch of a microbatch model is run.
    MicrobatchExecutionDebug("Q044") { msg: String }
        level |_| Debug,
        text |e, _| e.msg.clone();

    /// A running statement is interrupted.
    LogCancelLine("Q022") { conn_name: String }
        level |_| Error,
        text |e, style| {
            style.line(None, &format!("CANCEL query {}", e.conn_name), &style.red("CANCEL"), None)
        };

    /// A worker takes a node.
    NodeStart("Q024") { node_info: NodeInfo }
        level |_| Debug,
        text |e, _| format!("Began running node {}", e.node_info.facts.unique_id);

    /// A node is rendered.
    NodeCompiling("Q030") { node_info: NodeInfo }
        level |_| Debug,
        text |e, _| format!("Began compiling node {}", e.node_info.facts.unique_id);

    /// A node is built or tested.
    NodeExecuting("Q031") { node_info: NodeInfo }
        level |_| Debug,
        text |e, _| format!("Began executing node {}", e.node_info.facts.unique_id);

    /// A worker is done with a node.
    NodeFinished("Q025") { node_info: NodeInfo, run_result: RunResultMsg }
        level |_| Debug,
        text |e, _| format!("Finished running node {}", e.node_info.facts.unique_id);

    /// A node is left out. `because` is the id of the node whose failure is the reason; dbt's payload has no such key.
    SkippingDetails("Q034") {
        #[serde(skip)]
        because: Option<String>,
        index: usize,
        #[serde(flatten, serialize_with = "with_group")] node_info: NodeInfo,
        node_name: String,
        resource_type: String,
        schema: String,
        total: usize,
    }
        level |_| Info,
        text |e, style| {
            let text = match e.resource_type.as_str() {
                "model" | "seed" | "snapshot" => format!("SKIP relation {}.{}", e.schema, e.node_name),
                other => format!("SKIP {other} {}", e.node_name),
            };
            style.line(at(e.index, e.total), &text, &style.yellow("SKIP"), None)
        };

    /// A node is left out because an ephemeral model it needs failed.
    LogSkipBecauseError("Z034") { index: usize, relation: String, schema: String, status: String, total: usize }
        level |_| Error,
        text |e, style| {
            let text = format!(
                "SKIP relation {}.{} due to ephemeral model status '{}'", e.schema, e.relation, e.status
            );
            style.line(at(e.index, e.total), &text, &style.red("ERROR SKIP"), None)
        };

    /// All that comes after a node will be left out.
    MarkSkippedChildren("Z033") { run_result: RunResultMsg, status: String, unique_id: String }
        level |_| Debug,
        text |e, _| {
            let reason = match e.run_result.message.as_str() {
                "" => String::new(),
                message => format!(" Reason: {message}."),
            };
            let (id, status) = (&e.unique_id, &e.status);
            format!("Marking all children of '{id}' to be skipped because of status '{status}'. {reason}")
        };

    /// Compiled SQL goes to disk.
    WritingInjectedSQLForNode("Q029") { node_info: NodeInfo }
        level |_| Debug,
        text |e, _| format!("Writing injected SQL for node \"{}\"", e.node_info.facts.unique_id);

    /// A node failed in a way its author can mend.
    CatchableExceptionOnRun("W002") { exc: String, exc_info: String }
        level |_| Debug,
        text |e, _| e.exc.clone(),
        in_node;

    /// A node failed in a way nobody foresaw.
    GenericExceptionOnRun("W004") { build_path: String, exc: String, unique_id: String }
        level |_| Error,
        text |e, style| {
            let what = if e.build_path.is_empty() { &e.unique_id } else { &e.build_path };
            format!("{}\n{}", style.red(&format!("Unhandled error while executing {what}")), e.exc.trim())
        },
        in_node;

    /// A hook failed in the database.
    DatabaseErrorRunningHook("E045") { hook_type: String }
        level |_| Info,
        text |e, _| format!("Database error while running {}", e.hook_type);

    /// The database cannot interrupt statements.
    QueryCancelationUnsupported("Q026") { r#type: String }
        level |_| Info,
        text |e, style| style.yellow(&format!(
            "The {} adapter does not support query cancellation. Some queries may still be running!", e.r#type
        ));

    /// A macro of `run-operation` failed.
    RunningOperationCaughtError("Q001") { exc: String }
        level |_| Error,
        text |e, _| format!("Encountered an error while running operation: {}", e.exc);
}
