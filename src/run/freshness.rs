//! Tells how old the data of sources is, a source a step.
//!
//! Input: the sources of a plan. Output: a [`RunResult`] for each, with its age or with why none could be told;
//! events. Nothing is changed in the database.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::crew::{Crew, Turn};
use super::describe::{Infos, result_message};
use super::error_text::source_error_text;
use super::schedule::{Runner, SkipReason};
use crate::adapter::Cell;
use crate::artifacts::{Phase, RunResult, SourceAge, Status, Timing};
use crate::check::judge_age;
use crate::context::table::{cell_value, table_of};
use crate::context::{NodeScope, RunScope, SharedSession, relation_value, response_of};
use crate::diag::{Code, Diagnostic};
use crate::event::{
    self, CatchableExceptionOnRun, CollectFreshnessReturnSignature, LogFreshnessResult, LogStartLine,
    NodeCompiling, NodeExecuting, NodeFinished, NodeInfo, NodeStart,
};
use crate::jinja::{Args, Error, Value, from_json, item, list, none, py_repr, tuple};
use crate::manifest::{Json, JsonMap, SourceTable, UniqueId};
use crate::plan::Plan;

/// Measures the sources of one plan.
pub struct FreshnessRunner {
    run: Arc<RunScope>,
    infos: Infos,
}

/// What was measured.
struct Measured {
    age: SourceAge,
    response: JsonMap,
}

impl FreshnessRunner {
    /// Makes a runner for a plan.
    pub fn new(run: &Arc<RunScope>, plan: &Plan) -> Self {
        let infos = Infos::new(&run.manifest, plan.steps.iter().map(|step| &step.id));
        Self { run: Arc::clone(run), infos }
    }

    fn measure(&self, table: &Arc<SourceTable>, session: &SharedSession) -> Result<Measured, Diagnostic> {
        let scope =
            NodeScope::of_source(&self.run, table, session.clone()).map_err(Error::into_diagnostic)?;
        scope.take_session().map_err(Error::into_diagnostic)?;
        session.with(crate::context::Session::clear_transaction).map_err(|error| error.to_diagnostic())?;
        let answer = self.ask(table, &scope)?;
        let (response, rows) = match item(&answer, "table") {
            Some(rows) => (item(&answer, "response").map(|response| response_of(&response)), rows),
            // What dbt asked of macros before 1.5: only the table.
            None => {
                scope
                    .run()
                    .shared
                    .warn(CollectFreshnessReturnSignature {})
                    .map_err(Error::into_diagnostic)?;
                (None, answer)
            }
        };
        let (max_loaded_at, snapshotted_at) = times(table, &rows)?;
        let criteria = table.freshness.clone().unwrap_or(Json::Null);
        let age = SourceAge { max_loaded_at, snapshotted_at, criteria };
        Ok(Measured { age, response: response.flatten().unwrap_or_default() })
    }

    /// Asks the database for the newest time.
    fn ask(&self, table: &SourceTable, scope: &NodeScope) -> Result<Value, Diagnostic> {
        let relation = || self.run.source_relation(table).map(relation_value);
        let asked = if let Some(query) = &table.loaded_at_query {
            self.run.shared.render_text(query, &scope.as_scope()).and_then(|query| {
                let args = Args::default().with("source", relation()?).with("loaded_at_query", query);
                scope.call_from_rust(macro_of(table), args)
            })
        } else if let Some(field) = &table.loaded_at_field {
            let filter = table.freshness.as_ref().and_then(|freshness| freshness.get("filter"));
            let filter = filter.map_or_else(none, from_json);
            relation().and_then(|relation| {
                let args = Args::default().with("source", relation).with("loaded_at_field", field.as_str());
                scope.call_from_rust(macro_of(table), args.with("filter", filter))
            })
        } else {
            let message = format!(
                "Could not compute freshness for source {}: no 'loaded_at_field' provided and {} adapter does not support metadata-based freshness checks.",
                table.name, self.run.shared.engine_name
            );
            return Err(Diagnostic::error(Code::UNSUPPORTED, table.span, message)
                .help("name the column that tells when a row was loaded: `loaded_at_field`"));
        };
        asked.map_err(Error::into_diagnostic)
    }

    fn result(&self, table: &SourceTable, measured: Result<Measured, Diagnostic>) -> RunResult {
        let id = table.unique_id.clone();
        match measured {
            Ok(Measured { age, response }) => {
                let mut result = RunResult::new(id, judge_age(age.seconds(), &age.criteria));
                result.age = Some(Box::new(age));
                result.adapter_response = response;
                result
            }
            Err(diagnostic) => {
                let shared = &self.run.shared;
                let (message, diagnostic) = source_error_text(table, diagnostic, shared);
                let exc = message.clone();
                shared.events.debug(|| CatchableExceptionOnRun { exc, exc_info: String::new() });
                let mut result = RunResult::new(id, Status::RuntimeError).with_message(message);
                result.diagnostic = Some(Box::new(diagnostic));
                result
            }
        }
    }

    fn tell_end(&self, table: &SourceTable, info: &NodeInfo, result: &RunResult, turn: Turn<'_>) {
        let node_info =
            NodeInfo { finished_at: Some(Timestamp::now()), ..info.with_status(result.status.as_str()) };
        let events = &self.run.shared.events;
        events.send(LogFreshnessResult {
            execution_time: result.execution_time,
            index: turn.index,
            node_info: node_info.clone(),
            source_name: table.source_name.clone(),
            status: result.status.to_string(),
            table_name: table.name.clone(),
            total: turn.total,
        });
        let run_result = result_message(result);
        events.debug(|| NodeFinished { node_info, run_result });
    }
}

/// The macro that asks the database.
fn macro_of(table: &SourceTable) -> &'static str {
    if table.loaded_at_query.is_some() { "collect_freshness_custom_sql" } else { "collect_freshness" }
}

/// Reads the answer: one row of two times.
fn times(table: &SourceTable, rows: &Value) -> Result<(Timestamp, Timestamp), Diagnostic> {
    let wrong = |message: String| Diagnostic::error(Code::BAD_ANSWER, table.span, message);
    let answer = table_of(rows);
    let rows = answer.as_ref().map(|table| table.rows());
    let row = match rows.as_deref() {
        Some([row]) if row.len() == 2 => row,
        _ => {
            let asked = macro_of(table);
            let tuples = rows
                .iter()
                .flat_map(|rows| rows.iter())
                .map(|row| tuple(row.iter().map(cell_value).collect::<Vec<_>>()));
            let got = py_repr(&list(tuples.collect::<Vec<_>>()));
            let message = format!("Got an invalid result from \"{asked}\" macro: {got}");
            return Err(Diagnostic::error(Code::JINJA_RUNTIME, table.span, message)
                .help("it must return one row of two times: the newest in the source, and the current one"));
        }
    };
    let time = |cell: &Cell, name: &str| match cell {
        Cell::Timestamp(wall) => {
            TimeZone::UTC.to_timestamp(*wall).ok().ok_or_else(|| wrong(format!("`{name}` is out of range")))
        }
        Cell::TimestampTz(zoned) => Ok(zoned.timestamp()),
        other => {
            let kind = python_type(other);
            let message = format!(
                "Expected a timestamp value when querying field '{name}' of table {} but received value of type '{kind}' instead",
                table.relation_name
            );
            Err(wrong(message).help("cast it, as in `loaded_at_field: \"loaded_on::timestamp\"`"))
        }
    };
    // No rows: infinitely long ago, which Python takes to be the year 1.
    let loaded = match &row[0] {
        Cell::Null => Timestamp::from_second(-62_135_596_800).unwrap_or(Timestamp::MIN),
        cell => time(cell, "last_modified")?,
    };
    Ok((loaded, time(&row[1], "snapshotted_at")?))
}

/// The type of a cell in Python's words, which dbt's message has.
fn python_type(cell: &Cell) -> &'static str {
    match cell {
        Cell::Null => "NoneType",
        Cell::Bool(_) => "bool",
        Cell::Int(_) | Cell::BigInt(_) => "int",
        Cell::Decimal(_) | Cell::Float(_) => "Decimal",
        Cell::Text(_) => "str",
        Cell::Date(_) => "date",
        Cell::Timestamp(_) | Cell::TimestampTz(_) => "datetime",
    }
}

impl Runner for FreshnessRunner {
    type Worker = SharedSession;

    fn start_worker(&self, _worker: usize) -> Result<SharedSession, Diagnostic> {
        Ok(SharedSession::new(Arc::clone(&self.run.adapter), self.run.shared.events.clone()))
    }

    fn run<'a>(
        &'a self,
        session: &mut SharedSession,
        turn: Turn<'_>,
        _crew: &dyn Crew<'a, SharedSession>,
    ) -> RunResult {
        let Some(table) = self.run.manifest.sources.get(turn.id) else { return unknown(turn.id) };
        let started = Instant::now();
        let info = self.infos.started(turn.id);
        let _current = event::NodeScope::enter(info.clone());
        let events = &self.run.shared.events;
        events.debug(|| NodeStart { node_info: info.clone() });
        events.send(LogStartLine {
            description: format!("freshness of {}", table.search_name()),
            index: turn.index,
            node_info: info.clone(),
            total: turn.total,
        });
        events.debug(|| NodeCompiling { node_info: info.with_status("compiling") });
        let begin = Timestamp::now();
        events.debug(|| NodeExecuting { node_info: info.with_status("executing") });
        let measured = self.measure(table, session);
        session.with(crate::context::Session::rollback);
        let mut result = self.result(table, measured);
        // There is nothing to compile, and dbt notes how long that took.
        result.timing = vec![
            Timing { name: Phase::Compile, started_at: begin, completed_at: begin },
            Timing { name: Phase::Execute, started_at: begin, completed_at: Timestamp::now() },
        ];
        result.execution_time = started.elapsed().as_secs_f64();
        self.tell_end(table, &info, &result, turn);
        result
    }

    fn skip(&self, turn: Turn<'_>, because: &SkipReason) -> RunResult {
        let mut result = RunResult::new(turn.id.clone(), Status::Skipped);
        result.message = because.message().map(str::to_owned);
        result
    }

    fn interrupt(&self) {
        self.run.adapter.cancel();
    }
}

/// A plan of sources holds nothing else.
fn unknown(id: &UniqueId) -> RunResult {
    RunResult::new(id.clone(), Status::RuntimeError).with_message(format!("`{id}` is no source"))
}
