//! Methods that send SQL: `execute`, `add_query`, `commit`.

use super::super::base::json_of;
use super::super::gate::{in_release_set, pass_gate, run_later};
use super::super::run_scope::NodeScope;
use super::super::session::{Session, SqlError};
use super::super::statement::response_value;
use super::super::table;
use crate::adapter::{Cell, Fetch, QueryResult};
use crate::diag::{Code, Diagnostic};
use crate::jinja::{Call, Error, Value, elements, none, py_str, tuple};
use crate::manifest::Json;

pub(super) fn call(scope: &NodeScope, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
    Some(match name {
        "execute" => execute(scope, call),
        "add_query" => add_query(scope, call),
        "copy_rows" => copy_rows(scope, call),
        "commit" => commit(scope),
        "pass_gate" => pass_gate(scope, call),
        "is_gated" => Ok(Value::from(scope.is_gated())),
        "run_later" => run_later(scope, call),
        "in_release_set" => Ok(in_release_set(scope)),
        "get_partitions_metadata" => Ok(table::empty()),
        "convert_type" => convert_type(call),
        _ => return None,
    })
}

/// Commits, after the gate if the node has one. A test at a gate leaves that to the node.
fn commit(scope: &NodeScope) -> Result<Value, Error> {
    scope.may_ask()?;
    if scope.is_at_gate() {
        return Ok(none());
    }
    scope.judge()?;
    scope.tell_commit()?;
    scope.commit_now()
}

fn execute(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let sql = call.args.required("sql")?;
    scope.may_send(&sql)?;
    let auto_begin = call.args.optional_bool("auto_begin").unwrap_or(false);
    let wanted = call.args.optional_bool("fetch").unwrap_or(false);
    let limit = call.args.optional_int("limit")?.and_then(|limit| usize::try_from(limit).ok());
    let fetch = match (wanted, limit) {
        (false, _) => Fetch::Nothing,
        (true, Some(limit)) => Fetch::Limit(limit),
        (true, None) => Fetch::All,
    };
    let result = scope.send(&sql, &Sending { auto_begin, fetch, parameters: Vec::new() }, call)?;
    let rows = result.table.map_or_else(table::empty, table::table_value);
    Ok(tuple([response_value(result.response), rows]))
}

/// Used by seeds of other engines' packages: one statement with bound values.
fn add_query(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    scope.may_ask()?;
    let sql = call.args.required("sql")?;
    let auto_begin = call.args.optional_bool("auto_begin").unwrap_or(true);
    let bindings = call.args.optional("bindings").filter(|v| !v.is_none());
    let _abridge = call.args.optional("abridge_sql_log");
    let cells: Vec<Cell> = match bindings {
        Some(values) => elements(&values)?.iter().map(cell).collect(),
        None => Vec::new(),
    };
    scope.send(&sql, &Sending { auto_begin, fetch: Fetch::Nothing, parameters: cells }, call)?;
    Ok(tuple([none(), none()]))
}

/// Used by seeds: a table's rows go behind a `copy .. from stdin`. False where they have to be inserted instead.
fn copy_rows(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let sql = py_str(&call.args.required("sql")?);
    let rows = call.args.required("agate_table")?;
    let rows = table::table_of(&rows).ok_or_else(|| Error::runtime("`copy_rows` takes a table"))?;
    scope.copy_rows(&sql, &rows).map(Value::from)
}

/// Turns a template's value into one the database can bind; what has no type of its own goes as its text.
fn cell(value: &Value) -> Cell {
    table::value_cell(value).unwrap_or_else(|| match json_of(value) {
        Json::Number(number) => Cell::Float(number.as_f64().unwrap_or(f64::NAN)),
        Json::Null => Cell::Null,
        Json::String(text) => Cell::text(text),
        other => Cell::text(other.to_string()),
    })
}

/// The SQL type of a column of a table, as seeds need it.
fn convert_type(call: &mut Call<'_>) -> Result<Value, Error> {
    let rows = call.args.required("agate_table")?;
    let index = call.args.optional_int("col_idx")?.and_then(|index| usize::try_from(index).ok());
    index.and_then(|index| table::sql_type(&rows, index)).map(Value::from).ok_or_else(|| {
        Error::new(Code::JINJA_RUNTIME, "`convert_type` takes a table and the index of a column")
    })
}

/// How a statement is sent.
pub(super) struct Sending {
    /// Whether a transaction is opened first.
    pub(super) auto_begin: bool,
    /// Which rows are wanted.
    pub(super) fetch: Fetch,
    /// Values for placeholders.
    pub(super) parameters: Vec<Cell>,
}

impl NodeScope {
    /// Opens a transaction unless one is open; the value is what templates get.
    pub(super) fn begin_now(&self) -> Result<Value, Error> {
        let begun = self.session().with(Session::begin);
        begun.map(|()| none()).map_err(|error| Error::from(error.to_diagnostic()))
    }

    /// Commits what is open, whether or not the node has a gate; the value is what templates get.
    pub(super) fn commit_now(&self) -> Result<Value, Error> {
        let done = self.session().with(Session::commit);
        done.map(|()| none()).map_err(|error| Error::from(error.to_diagnostic()))
    }

    /// Sends SQL on the worker's session; an error points at the line that wrote it.
    pub(super) fn send(&self, sql: &Value, how: &Sending, call: &Call<'_>) -> Result<QueryResult, Error> {
        let text = py_str(sql);
        let plain = how.fetch == Fetch::All && how.parameters.is_empty();
        if let Some(answer) = plain.then(|| self.known_answer(&text)).flatten() {
            return Ok(answer);
        }
        self.session()
            .with(|session| session.execute_with(&text, &how.parameters, how.auto_begin, how.fetch))
            .map_err(|error| self.database_error(&error, call.source_map(sql).as_ref()))
    }

    /// Runs a node's compiled SQL outside of a transaction, as hooks and `show` do.
    pub fn execute_compiled(&self, sql: &str, fetch: Fetch) -> Result<QueryResult, Diagnostic> {
        self.session()
            .with(|session| session.execute(sql, false, fetch))
            .map_err(|error| self.database_error(&error, None).into_diagnostic())
    }

    /// Explains why the database refused a statement with this node's compiled SQL in it.
    pub fn refusal(&self, refused: &SqlError) -> Diagnostic {
        self.database_error(refused, None).into_diagnostic()
    }

    /// Runs a query of our own and returns all its rows.
    pub(super) fn rows(&self, sql: &str, call: &Call<'_>) -> Result<crate::adapter::ResultTable, Error> {
        let how = Sending { auto_begin: false, fetch: Fetch::All, parameters: Vec::new() };
        Ok(self.send(&Value::from(sql), &how, call)?.table.unwrap_or_default())
    }
}
