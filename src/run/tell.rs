//! What is told of a node at the start and the end of its turn, and of one that is skipped.
//!
//! Input: a node, its result and its place in `i of n`. Output: events, with dbt's names and in its order; for a node
//! without a turn also its result. Called by [`NodeRunner`].

use jiff::Timestamp;

use super::crew::Turn;
use super::describe::{description, place, result_message, snapshot_config, test_name};
use super::node::NodeRunner;
use super::schedule::SkipReason;
use crate::artifacts::{Phase, RunResult, Status, Timing};
use crate::event::{
    self, LogFunctionResult, LogModelResult, LogNodeNoOpResult, LogSeedResult, LogSkipBecauseError,
    LogSnapshotResult, LogStartLine, LogTestResult, MarkSkippedChildren, NodeFinished, NodeInfo, NodeStart,
    SkippingDetails,
};
use crate::manifest::{Node, ResourceType, UniqueId};

impl NodeRunner {
    fn description(&self, node: &Node) -> String {
        description(node, self.home(), self.run_scope().builds_in_batches(node))
    }

    pub(super) fn tell_start(&self, node: &Node, info: &NodeInfo, (index, total): (usize, usize)) {
        self.events().debug(|| NodeStart { node_info: info.clone() });
        if index > 0 {
            self.events().send(LogStartLine {
                description: self.description(node),
                index,
                node_info: info.clone(),
                total,
            });
        }
    }

    pub(super) fn tell_end(
        &self,
        node: &Node,
        info: &NodeInfo,
        result: &RunResult,
        (index, total): (usize, usize),
    ) {
        let node_info =
            NodeInfo { finished_at: Some(Timestamp::now()), ..info.with_status(result.status.as_str()) };
        if index > 0 {
            self.tell_line(node, &node_info, result, (index, total));
        }
        let run_result = result_message(result);
        self.events().debug(|| NodeFinished { node_info, run_result });
        self.tell_blocked(result);
    }

    /// Tells of a test that was run at a gate, now that its turn has come.
    pub(super) fn judged(&self, node: &Node, at: (usize, usize)) -> Option<RunResult> {
        let result = self.gate.take(&node.unique_id)?;
        let info = self.infos.started(&node.unique_id);
        let _current = event::NodeScope::enter(info.clone());
        self.tell_start(node, &info, at);
        self.tell_end(node, &info, &result, at);
        Some(result)
    }

    fn tell_end_of_skipped(&self, info: &NodeInfo, result: &RunResult) {
        let now = Some(Timestamp::now());
        let node_info = NodeInfo { started_at: now, finished_at: now, ..info.with_status("skipped") };
        let run_result = result_message(result);
        self.events().debug(|| NodeFinished { node_info, run_result });
        self.tell_blocked(result);
    }

    /// Tells of a result that keeps what comes after it from running.
    fn tell_blocked(&self, result: &RunResult) {
        if self.blocking.blocks(result.status) {
            self.events().debug(|| MarkSkippedChildren {
                run_result: result_message(result),
                status: result.status.to_string(),
                unique_id: result.unique_id.to_string(),
            });
        }
    }

    fn tell_line(&self, node: &Node, info: &NodeInfo, result: &RunResult, (index, total): (usize, usize)) {
        let node_info = info.clone();
        if result.status == Status::Skipped {
            return self.events().send(SkippingDetails {
                because: None,
                index,
                node_info,
                node_name: node.alias.clone(),
                resource_type: node.resource_type().to_string(),
                schema: node.schema.clone(),
                total,
            });
        }
        let execution_time = result.execution_time;
        let message = result.message.clone().unwrap_or_default();
        let failed = result.status == Status::Error;
        let status = if failed { "error".to_owned() } else { message.clone() };
        let description = self.description(node);
        let events = self.events();
        match node.resource_type() {
            ResourceType::Seed => events.send(LogSeedResult {
                execution_time,
                index,
                node_info,
                relation: node.alias.clone(),
                result_message: message,
                schema: node.schema.clone(),
                status: result.status.to_string(),
                total,
            }),
            ResourceType::Snapshot => events.send(LogSnapshotResult {
                cfg: snapshot_config(node),
                description: place(node, self.home()),
                execution_time,
                index,
                node_info,
                result_message: message,
                status: result.status.to_string(),
                total,
            }),
            ResourceType::Test | ResourceType::UnitTest => events.send(LogTestResult {
                attached_node: node
                    .generic_test()
                    .and_then(|test| test.attached_node.as_ref())
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                execution_time,
                index,
                name: test_name(node),
                node_info,
                num_failures: result.failures.unwrap_or(0),
                num_models: total,
                status: result.status.to_string(),
            }),
            ResourceType::Function => events.send(LogFunctionResult {
                description,
                execution_time,
                index,
                node_info,
                status: result.status.to_string(),
                total,
            }),
            _ => events.send(LogModelResult { description, execution_time, index, node_info, status, total }),
        }
    }

    pub(super) fn no_op(&self, id: &UniqueId, (index, total): (usize, usize)) -> RunResult {
        let mut result = RunResult::new(id.clone(), Status::NoOp).with_message("NO-OP");
        result.failures = Some(0);
        let now = Timestamp::now();
        let phases = [Phase::Compile, Phase::Execute];
        result.timing = phases.map(|name| Timing { name, started_at: now, completed_at: now }).into();
        let info = self.infos.get(id);
        let kind = info.facts.resource_type.clone();
        self.events().send(LogNodeNoOpResult {
            description: format!("{} {}", kind.replace('_', " "), info.facts.name),
            execution_time: 0.0,
            index,
            node_info: info.with_status("no-op"),
            status: "no-op".to_owned(),
            total,
        });
        result
    }

    /// Tells of a node that is not run, and makes its result.
    pub(super) fn skipped(&self, turn: Turn<'_>, because: &SkipReason) -> RunResult {
        let Turn { id, index, total, .. } = turn;
        let info = self.infos.get(id);
        let node = self.run_scope().manifest.node(id);
        if let Some(result) = node.and_then(|node| self.judged(node, (index, total))) {
            return result;
        }
        let (schema, name) = node.map_or_else(
            || (String::new(), info.facts.name.clone()),
            |node| (node.schema.clone(), node.alias.clone()),
        );
        // Where the run was stopped there is nothing to tell of each node that never had its turn.
        let told = matches!(because, SkipReason::Upstream { .. } | SkipReason::Hook);
        if told {
            self.events().debug(|| NodeStart { node_info: self.infos.started(id) });
        }
        let unnumbered = match because {
            SkipReason::Upstream { status, numbered: false, .. } => Some(*status),
            _ => None,
        };
        let mut result = if let Some(status) = unnumbered {
            let relation = name;
            let status = status.to_string();
            self.events().send(LogSkipBecauseError { index, relation, schema, status, total });
            let message = match because {
                SkipReason::Upstream { failed, .. } => format!(
                    "Compilation Error in {id}, caused by compilation error in referenced ephemeral model {failed}"
                ),
                _ => String::new(),
            };
            RunResult::new(id.clone(), Status::Skipped).with_message(message)
        } else {
            if index > 0 && told {
                let because = match because {
                    SkipReason::Upstream { failed, .. } => Some(failed.to_string()),
                    _ => None,
                };
                self.events().send(SkippingDetails {
                    because,
                    index,
                    node_info: info.with_status("skipped"),
                    node_name: name,
                    resource_type: info.facts.resource_type.clone(),
                    schema,
                    total,
                });
            }
            let mut result = RunResult::new(id.clone(), Status::Skipped);
            result.message = because.message().map(str::to_owned);
            if let SkipReason::Upstream { failed, .. } = because
                && let Some(reason) = self.gate.reason(failed)
            {
                result.message = Some(reason.message.clone());
                result.diagnostic = Some(Box::new(reason));
            }
            result
        };
        self.gate.note(&result);
        if let Some(node) = node {
            let compiled = self.run_scope().compiled.get(id);
            result = result.with_node(node, compiled.as_deref());
        }
        if told {
            self.tell_end_of_skipped(&info, &result);
        }
        result
    }
}
