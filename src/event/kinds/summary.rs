//! The end of a run: totals, then each failure and warning again.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Serialize;

use super::super::RunResultMsg;
use super::super::define::events;
use super::super::node::{with_any_group, with_group};
use super::super::style::plural;
use crate::event::Level::{Debug, Error, Info, Warn};
use crate::event::NodeInfo;

/// How many results ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Errors, failed tests and partial successes.
    pub error: usize,
    /// Nodes that needed no work.
    pub noop: usize,
    /// Successes and passed tests.
    pub pass: usize,
    /// Skipped.
    pub skip: usize,
    /// All.
    pub total: usize,
    /// Tests that warn.
    pub warn: usize,
}

impl Stats {
    /// Counts one result by the status it carries in `run_results.json`.
    pub fn add(&mut self, status: &str) {
        self.total += 1;
        match status {
            "success" | "pass" => self.pass += 1,
            "warn" => self.warn += 1,
            "skipped" => self.skip += 1,
            "no-op" => self.noop += 1,
            _ => self.error += 1,
        }
    }
}

/// One kind of deprecation and how often it was met.
#[derive(Clone, Debug, Serialize)]
pub struct DeprecationSummary {
    /// The code.
    pub event_code: String,
    /// The name.
    pub event_name: String,
    /// How often.
    pub occurrences: usize,
}

events! {
    /// What ran and how long it took. `execution` is ` in 0 hours 0 minutes and 1.28 seconds`.
    FinishedRunningStats("E047") { execution: String, execution_time: f64, stat_line: String }
        level |_| Info,
        text |e, _| format!("Finished running {}{} ({:.2}s).", e.stat_line, e.execution, e.execution_time);

    /// All results.
    EndRunResult("Q037") { elapsed_time: f64, generated_at: String, results: Vec<RunResultMsg>, success: bool }
        level |_| Debug,
        text |_, _| "Command end result".to_owned();

    /// How the run ended, in one sentence.
    EndOfRunSummary("Z030") {
        keyboard_interrupt: bool,
        num_errors: usize,
        num_partial_success: usize,
        num_warnings: usize,
    }
        level |_| Info,
        text |e, style| {
            let (errors, warnings) = (plural(e.num_errors, "error"), plural(e.num_warnings, "warning"));
            let word = if e.num_partial_success == 1 { "success" } else { "successes" };
            let partial = format!("{} partial {word}", e.num_partial_success);
            if e.keyboard_interrupt {
                style.yellow("Exited because of keyboard interrupt")
            } else if e.num_errors > 0 {
                style.red(&format!("Completed with {errors}, {partial}, and {warnings}:"))
            } else if e.num_partial_success > 0 {
                style.yellow(&format!("Completed with {partial} and {warnings}"))
            } else if e.num_warnings > 0 {
                style.yellow(&format!("Completed with {warnings}:"))
            } else {
                style.green("Completed successfully")
            }
        };

    /// Heading of a failure.
    RunResultFailure("Z022") { #[serde(flatten, serialize_with = "with_group")] node_info: NodeInfo, node_name: String, path: String, resource_type: String }
        level |_| Error,
        text |e, style| style.red(&format!("Failure in {} {} ({})", e.resource_type, e.node_name, e.path));

    /// Heading of a warning.
    RunResultWarning("Z021") { #[serde(flatten, serialize_with = "with_group")] node_info: NodeInfo, node_name: String, path: String, resource_type: String }
        level |_| Warn,
        text |e, style| style.yellow(&format!("Warning in {} {} ({})", e.resource_type, e.node_name, e.path));

    /// The message of a failure. `node_info` is `None` where there is no node.
    RunResultError("Z024") {
        msg: String,
        #[serde(flatten, serialize_with = "with_any_group")]
        node_info: Option<NodeInfo>,
    }
        level |_| Error,
        text |e, _| format!("  {}", e.msg);

    /// A failure without a message.
    RunResultErrorNoMessage("Z025") { node_info: NodeInfo, status: Cow<'static, str> }
        level |_| Error,
        text |e, _| format!("  Status: {}", e.status);

    /// The message of a warning.
    RunResultWarningMessage("Z046") { msg: String, node_info: NodeInfo }
        level |_| Warn,
        text |e, _| e.msg.clone();

    /// Where the compiled SQL of the failure lies.
    SQLCompiledPath("Z026") { node_info: NodeInfo, path: String }
        level |_| Info,
        text |e, _| format!("  compiled code at {}", e.path);

    /// How to look at the rows that failed.
    CheckNodeTestFailure("Z027") { node_info: NodeInfo, relation_name: String }
        level |_| Info,
        text |e, _| {
            let query = format!("select * from {}", e.relation_name);
            let ruler = "-".repeat(query.chars().count());
            format!("  See test failures:\n  {ruler}\n  {query}\n  {ruler}")
        };

    /// The last line of a run.
    StatsLine("Z023") { stats: Stats }
        level |_| Info,
        text |e, _| {
            let Stats { error, noop, pass, skip, total, warn } = e.stats;
            format!("Done. PASS={pass} WARN={warn} ERROR={error} SKIP={skip} NO-OP={noop} TOTAL={total}")
        };

    /// Old spellings met, and how often.
    DeprecationsSummary("D028") { show_all_hint: bool, summaries: Vec<DeprecationSummary> }
        level |_| Warn,
        text |e, style| {
            let mut text = format!("{}old spellings in this project:", style.warning_tag(Some("DeprecationsSummary")));
            for one in &e.summaries {
                let _ = write!(text, "\n- {}: {}", one.event_name, plural(one.occurrences, "occurrence"));
            }
            if e.show_all_hint {
                text.push_str("\n`--show-all-deprecations` shows each place");
            }
            text
        };
}
