//! Event time at run time: which rows of its inputs a node reads, and what templates see of a batch.
//!
//! Input: the batch of a scope, `--sample`, `--empty`, the `event_time` of inputs. Output: relations that carry a
//! filter, and the values of `model.batch` and its older names. `.render()` escapes every filter. Called by
//! `context::refs`, `config` and `run_scope`. Facts: `jinja.md` sections 4 and 6.

use jiff::civil::DateTime;

use super::run_scope::{NodeScope, RunScope};
use super::shared::Shared;
use crate::adapter::datetime_str;
use crate::jinja::{Dict, Error, Instance, Value, dict, from_json, item, object, py_repr, pycompat};
use crate::manifest::{
    Batch, Columns, Config, EventTimeFilter, Json, Node, NodeKind, Relation, SourceTable, Window, wall_time,
};
use crate::sql::Ident;

/// The macro whose replacement by a project takes a model out of batches, unless a flag of behaviour says
/// otherwise.
const STRATEGY: &str = "get_incremental_microbatch_sql";

/// The keys of `config` under which batches were known before `model.batch`.
const START: &str = "__dbt_internal_microbatch_event_time_start";
const END: &str = "__dbt_internal_microbatch_event_time_end";

impl Shared {
    /// Tells whether microbatch models of this project are built batch by batch.
    pub fn builds_batches(&self) -> bool {
        self.is_on("REQUIRE_BATCHED_EXECUTION_FOR_CUSTOM_MICROBATCH_STRATEGY")
            || !self.macros.is_replaced(STRATEGY)
    }

    /// Returns `invocation_args_dict`: times are values there, not texts.
    pub(super) fn args_value(&self) -> Value {
        let args = from_json(&Json::Object(self.args.clone()));
        for key in ["event_time_start", "event_time_end"] {
            if let Some(at) = self.args.get(key).and_then(Json::as_str).and_then(wall_time) {
                set(&args, key, pycompat::datetime_value(at));
            }
        }
        let time = |window: &Json, key: &str| window.get(key).and_then(Json::as_str).and_then(wall_time);
        if let Some(sample) = self.args.get("sample")
            && let (Some(start), Some(end)) = (time(sample, "start"), time(sample, "end"))
        {
            set(&args, "sample", object(SampleWindow(Window { start, end })));
        }
        args
    }
}

impl RunScope {
    /// Tells whether a node is built batch by batch.
    pub fn builds_in_batches(&self, node: &Node) -> bool {
        matches!(node.kind, NodeKind::Model { .. })
            && node.config.is_microbatch()
            && self.shared.builds_batches()
    }
}

/// What decides how an input is filtered.
pub(super) struct Input<'a> {
    config: &'a Config,
    columns: &'a Columns,
    /// Whether a source wants its columns quoted.
    quotes: Option<bool>,
}

impl<'a> From<&'a Node> for Input<'a> {
    fn from(node: &'a Node) -> Self {
        Self { config: &node.config, columns: &node.columns, quotes: None }
    }
}

impl<'a> From<&'a SourceTable> for Input<'a> {
    fn from(table: &'a SourceTable) -> Self {
        let quotes = table.quoting.get("column").and_then(Json::as_bool);
        Self { config: &table.config, columns: &table.columns, quotes }
    }
}

impl Input<'_> {
    /// Returns the column of event time as SQL; `None` when the input has none.
    fn field(&self, dialect: &'static dyn crate::sql::Dialect) -> Option<String> {
        let name = self.config.text("event_time").filter(|name| !name.is_empty())?;
        let column = self.columns.values().find(|column| &*column.name == name);
        let quoted = column.and_then(|column| column.quote).or(self.quotes).unwrap_or(false);
        Some(if quoted { Ident::new(name, dialect).to_string() } else { name.to_owned() })
    }
}

impl NodeScope {
    /// Restricts the rows of an input, as `--empty`, the batch and `--sample` ask.
    pub(super) fn restricted<'a>(&self, relation: Relation, input: impl Into<Input<'a>>) -> Relation {
        let limit = self.run().shared.is_on("EMPTY").then_some(0);
        let event_time = self.window().and_then(|window| {
            let field = input.into().field(relation.dialect)?.into();
            let (start, end) = (Some(literal(window.start)), Some(literal(window.end)));
            Some(EventTimeFilter { field, start, end })
        });
        Relation { limit, event_time, ..relation }
    }

    /// Returns the event time this scope's node reads. Only models and snapshots are restricted.
    fn window(&self) -> Option<Window> {
        let node = self.node()?;
        if !matches!(node.kind, NodeKind::Model { .. } | NodeKind::Snapshot) {
            return None;
        }
        match (self.batch(), self.run().times.sample) {
            (Some(batch), Some(sample)) => Some(batch.window.clipped(sample)),
            (Some(batch), None) => Some(batch.window),
            (None, sample) => sample,
        }
    }

    /// Completes the node's dict: the batch, and dates as values.
    pub(super) fn add_times(&self, model: &Value, node: &Node) {
        if let Some(batch) = self.batch() {
            set(model, "batch", batch_value(batch));
        }
        let Some(config) = item(model, "config") else { return };
        for key in [START, END, "begin"] {
            if let Some(value) = timed_config(node, self.batch(), key) {
                set(&config, key, value);
            }
        }
    }
}

/// Returns a setting that is a moment; `None` for every other one.
pub(super) fn timed_config(node: &Node, batch: Option<&Batch>, key: &str) -> Option<Value> {
    match key {
        START => batch.map(|batch| utc_value(batch.window.start)),
        END => batch.map(|batch| utc_value(batch.window.end)),
        "begin" if node.config.is_microbatch() => pycompat::iso_datetime_value(node.config.text("begin")?),
        _ => None,
    }
}

fn batch_value(batch: &Batch) -> Value {
    dict([
        ("id", Value::from(batch.id().as_str())),
        ("event_time_start", utc_value(batch.window.start)),
        ("event_time_end", utc_value(batch.window.end)),
    ])
}

fn utc_value(at: DateTime) -> Value {
    pycompat::offset_datetime_value(at, 0)
}

fn literal(at: DateTime) -> std::sync::Arc<str> {
    format!("{}+00:00", datetime_str(at, ' ')).into()
}

fn set(of: &Value, key: &str, value: Value) {
    if let Some(dict) = Dict::of(of) {
        // A text can always be a key.
        let _ = dict.insert(Value::from(key), value);
    }
}

/// The value of `--sample` in `invocation_args_dict`.
struct SampleWindow(Window);

impl Instance for SampleWindow {
    fn type_name(&self) -> &'static str {
        "SampleWindow"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(match name {
            "start" => Some(utc_value(self.0.start)),
            "end" => Some(utc_value(self.0.end)),
            _ => None,
        })
    }

    fn repr(&self) -> String {
        let show = |at: DateTime| {
            let naive = py_repr(&pycompat::datetime_value(at));
            format!("{}, tzinfo=<UTC>)", naive.trim_end_matches(')'))
        };
        format!("SampleWindow(start={}, end={})", show(self.0.start), show(self.0.end))
    }
}
