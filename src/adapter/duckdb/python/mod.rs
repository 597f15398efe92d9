//! Runs a Python model in a process of its own, which gets the rows it works on as Parquet files and sends frames back
//! the same way. What only reads and combines tables of the database stays here: the process sends the SQL.
//!
//! Input: a [`PythonJob`], the profile, and a host that speaks to the database. Output: what DuckDB says of every
//! statement, `OK`. Invariant: the files are gone when [`run`] returns, and the process when the database is closed. The
//! process does not touch the database: DuckDB lets one process write a file, and this one holds it for all workers.
//! Closing it while the model runs would need every other worker to stand still and the transaction to end. Called by
//! `Database`.

mod exchange;
mod interpreter;
mod process;
mod protocol;

use std::sync::atomic::AtomicBool;

use self::exchange::Exchange;
use self::interpreter::candidates;
pub(super) use self::process::Idle;
use self::protocol::{Answer, Input, Job, Message};
use super::profile::{Profile, settings_sql};
use crate::adapter::{
    AdapterResponse, Cell, DbError, DbErrorKind, Fetch, PythonError, PythonException, PythonHost, PythonJob,
    ResultTable,
};
use crate::sql::{DuckDb, Ident};

/// Runs a job to its end.
pub(super) fn run(
    job: &PythonJob,
    profile: &Profile,
    host: &mut dyn PythonHost,
    (idle, cancelled): (&Idle, &AtomicBool),
) -> Result<AdapterResponse, PythonError> {
    let exchange = Exchange::new()
        .map_err(|e| PythonError::Io(format!("no folder for the rows of the model could be made: {e}")))?;
    let home = Home::of(host).map_err(PythonError::Database)?;
    let mut process = idle.take(|| candidates(profile.python.as_deref(), |name| std::env::var(name).ok()))?;
    process.send(&Job {
        name: &job.name,
        path: &job.path,
        code: &job.code,
        lines_before: job.lines_before,
        folder: &exchange.folder().to_string_lossy(),
        database: &home.database,
        schema: &home.schema,
        databases: &home.databases,
        prelude: &prelude(profile),
        module_paths: &profile.module_paths,
    })?;
    let mut clerk = Clerk { host, exchange };
    loop {
        let answer = match process.next(cancelled)? {
            Message::Print { text } => {
                clerk.host.print(&text);
                continue;
            }
            Message::Query { sql, kinds } => clerk.query(&sql, kinds.as_deref()),
            Message::Describe { sql } => clerk.describe(&sql).map(|columns| Answer::Columns { columns }),
            Message::Store { columns } => Ok(clerk.store(&columns)),
            Message::Execute { sql, inputs, publish } => clerk.execute(&sql, &inputs, publish),
            last => {
                idle.keep(process);
                return outcome(last);
            }
        };
        process.send(
            &answer.unwrap_or_else(|error| Answer::Refused { class: error.class, message: error.message }),
        )?;
    }
}

fn outcome(last: Message) -> Result<AdapterResponse, PythonError> {
    match last {
        Message::Nothing => Err(PythonError::NoFrame),
        Message::Missing { module, python } => Err(PythonError::Missing {
            message: format!("a Python model needs the module `{module}`, which `{python}` does not have"),
            help: install(&python, &module),
        }),
        Message::Failed { class, message, frames, module, python, traceback } => {
            let exception =
                PythonException { class, message, frames, missing_module: module, python, traceback };
            Err(PythonError::Raised(Box::new(exception)))
        }
        _ => Ok(AdapterResponse::message("OK")),
    }
}

/// Says how a module gets into a Python.
fn install(python: &str, module: &str) -> String {
    format!("install it with `{python} -m pip install {module}`, or name another Python in `TIDEGATE_PYTHON`")
}

/// What makes the process's own DuckDB like the profile's. There, what fails is left out.
fn prelude(profile: &Profile) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for (key, value) in &profile.config_options {
        let value = super::statements::python_str(value);
        all.push(format!("SET {key} = {}", crate::sql::string_literal(&value)));
    }
    all.extend(profile.extensions.iter().map(|e| format!("LOAD {}", Ident::new(&e.name, &DuckDb))));
    all.extend(profile.secrets.iter().cloned());
    all.extend(settings_sql(&profile.settings));
    all
}

/// Where names belong that are not fully qualified.
struct Home {
    database: String,
    schema: String,
    databases: Vec<String>,
}

impl Home {
    fn of(host: &mut dyn PythonHost) -> Result<Self, DbError> {
        let place = table(host, "select current_database(), current_schema()")?;
        let names = table(host, "select database_name from duckdb_databases() where not internal")?;
        let text = |rows: &ResultTable, row: usize, column: usize| {
            let cell = rows.rows.get(row).and_then(|row| row.get(column));
            cell.and_then(|cell| cell.as_str()).unwrap_or_default().to_owned()
        };
        Ok(Self {
            database: text(&place, 0, 0),
            schema: text(&place, 0, 1),
            databases: (0..names.rows.len()).map(|row| text(&names, row, 0)).collect(),
        })
    }
}

fn table(host: &mut dyn PythonHost, sql: &str) -> Result<ResultTable, DbError> {
    Ok(host.execute(sql, Fetch::All)?.table.unwrap_or_default())
}

/// Answers what a model asks.
struct Clerk<'a> {
    host: &'a mut dyn PythonHost,
    exchange: Exchange,
}

impl Clerk<'_> {
    /// Writes the rows of a query to a file and returns the query that reads them.
    fn query(&mut self, sql: &str, kinds: Option<&[String]>) -> Result<Answer, DbError> {
        let sql = sql.trim_end().trim_end_matches(';');
        let columns = self.describe(sql)?;
        if kinds.is_some_and(|kinds| !columns.iter().map(|column| &column.1).eq(kinds)) {
            // The same text means something else here, for example because of a function of the model's own.
            return Err(DbError::new(DbErrorKind::Statement, "the query has columns of other types"));
        }
        let id = self.exchange.add(&columns);
        let Some(parcel) = self.exchange.get(id) else { return Ok(Answer::Done { done: false }) };
        self.host.execute(&parcel.write(sql), Fetch::Nothing)?;
        Ok(Answer::Query { query: parcel.read() })
    }

    /// Returns names and types of a query's columns. It is not run.
    fn describe(&mut self, query: &str) -> Result<Vec<(String, String)>, DbError> {
        let query = query.trim_end().trim_end_matches(';');
        let rows = table(self.host, &format!("describe select * from (\n{query}\n)"))?.rows;
        let text = |cell: Option<&Cell>| cell.and_then(Cell::as_str).unwrap_or_default().to_owned();
        Ok(rows.iter().map(|row| (text(row.first()), text(row.get(1)))).collect())
    }

    fn store(&mut self, columns: &[(String, String)]) -> Answer {
        let id = self.exchange.add(columns);
        let (path, project) = self.exchange.get(id).map_or_else(Default::default, |parcel| {
            (parcel.path.to_string_lossy().into_owned(), parcel.packed.clone())
        });
        Answer::Store { id, path, project }
    }

    /// Runs a statement; while it runs, views on stored rows have the names it uses for them.
    fn execute(&mut self, sql: &str, inputs: &[(String, Input)], publish: bool) -> Result<Answer, DbError> {
        if publish {
            self.host.begin()?;
        }
        let mut views = Vec::new();
        for (name, input) in inputs {
            let query = match input {
                Input::Query(query) => query.clone(),
                Input::Stored(id) => self.exchange.get(*id).map(exchange::Parcel::read).unwrap_or_default(),
            };
            let view = format!("temp.main.{}", Ident::new(name, &DuckDb));
            let make = format!("create or replace temporary view {view} as {query}");
            self.host.execute(&make, Fetch::Nothing)?;
            views.push(view);
        }
        let done = self.host.execute(sql, Fetch::Nothing);
        for view in views {
            let dropped = self.host.execute(&format!("drop view if exists {view}"), Fetch::Nothing);
            // After a failed statement the transaction may refuse everything but its end, which drops the view.
            if done.is_ok() {
                dropped?;
            }
        }
        done.map(|_| Answer::Done { done: true })
    }
}
