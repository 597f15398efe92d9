//! A worker's way to the database: one connection, its transaction, and what is told about each statement.
//!
//! Input: SQL that a macro wrote. Output: results, or an error that keeps the SQL so that its position can be
//! mapped to the user's file. Every statement is announced as an event and carries the query comment
//! (`project.md` section 9). Called by `context::adapter` and `run`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::held::{Held, not_now};
use crate::hash::HashMap;

use crate::adapter::{
    Adapter, AdapterResponse, Cell, Claim, Claimed, Connection, DbError, DbErrorKind, Feed, Fetch,
    PythonError, PythonHost, PythonJob, QueryResult,
};
use crate::event::{
    AdapterEventDebug, CodeExecution, CodeExecutionStatus, ConnectionClosed, ConnectionReused,
    ConnectionUsed, EventSink, NewConnection, NewConnectionOpening, PrintEvent, Rollback, SQLCommit,
    SQLQuery, SQLQueryStatus,
};
use crate::manifest::{Relation, UniqueId};
use crate::sql::ends_transaction;

/// The name of the main thread's session.
pub(super) const MAIN_SESSION: &str = "master";

/// A comment that goes with every statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryComment {
    /// The text between the comment marks; empty for none.
    pub text: String,
    /// Whether it goes behind the statement.
    pub append: bool,
}

impl QueryComment {
    /// Adds the comment to a statement; returns the new text and how far the statement moved.
    fn apply(&self, sql: &str) -> (String, usize) {
        if self.text.is_empty() {
            return (sql.to_owned(), 0);
        }
        if !self.append {
            let head = format!("/* {} */\n", self.text);
            return (format!("{head}{sql}"), head.len());
        }
        let trimmed = sql.trim_end();
        match trimmed.strip_suffix(';') {
            Some(body) => (format!("{body}\n/* {} */;", self.text), 0),
            None => (format!("{trimmed}\n/* {} */", self.text), 0),
        }
    }
}

/// A statement the database refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlError {
    /// The database's answer; its position counts in `sql`.
    pub error: DbError,
    /// The statement as the macro wrote it.
    pub sql: String,
}

/// One worker's session. The connection opens with the first statement.
pub struct Session {
    adapter: Arc<dyn Adapter>,
    connection: Option<Box<dyn Connection>>,
    name: String,
    /// Whether it had a user before.
    used: bool,
    comment: QueryComment,
    events: EventSink,
    /// Whether nothing may be asked (`--no-introspect`).
    closed: bool,
    /// Who decides on the open transaction, if that is not each node by itself.
    pub(super) held: Option<Held>,
    /// The relations that stand in for nodes whose new version has another name yet: what this session does sees them.
    pub(super) candidates: HashMap<UniqueId, Relation>,
}

/// A session that scopes of the same worker share.
#[derive(Clone)]
pub struct SharedSession(Arc<Mutex<Session>>);

impl std::fmt::Debug for SharedSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedSession")
    }
}

impl SharedSession {
    /// Makes a session that opens its connection when it is first needed.
    pub fn new(adapter: Arc<dyn Adapter>, events: EventSink) -> Self {
        Self(Arc::new(Mutex::new(Session {
            adapter,
            connection: None,
            name: MAIN_SESSION.to_owned(),
            used: false,
            comment: QueryComment::default(),
            events,
            closed: false,
            held: None,
            candidates: HashMap::default(),
        })))
    }

    /// Refuses every statement from now on, or takes them again: `--no-introspect` asks the database nothing.
    /// Returns what held before.
    pub fn set_closed(&self, closed: bool) -> bool {
        self.with(|session| std::mem::replace(&mut session.closed, closed))
    }

    /// Tells whether both are the same session.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Runs a function on the session. It must not render templates: they could need the session themselves.
    pub fn with<T>(&self, work: impl FnOnce(&mut Session) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Session {
    /// Gives the session to the next user: a node's id, or `master`.
    pub fn rename(&mut self, name: &str, comment: QueryComment) {
        self.lend(name, comment);
        if let Some(connection) = &mut self.connection {
            connection.rename(name);
        }
    }

    /// Gives the session to another user for a while, in the middle of a transaction: the connection must not forget
    /// anything in between, as it would for the next node.
    pub fn lend(&mut self, name: &str, comment: QueryComment) {
        if self.name != name {
            self.tell_user(name);
        }
        name.clone_into(&mut self.name);
        self.comment = comment;
    }

    fn tell_user(&mut self, name: &str) {
        let conn_name = name.to_owned();
        if std::mem::replace(&mut self.used, true) {
            let orig_conn_name = self.name.clone();
            self.events.debug(|| ConnectionReused { conn_name, orig_conn_name });
        } else {
            let conn_type = self.adapter.kind().as_str().to_owned();
            self.events.debug(|| NewConnection { conn_name, conn_type });
        }
    }

    /// Runs SQL; opens a transaction first when `auto_begin` and none is open.
    pub fn execute(&mut self, sql: &str, auto_begin: bool, fetch: Fetch) -> Result<QueryResult, SqlError> {
        self.execute_with(sql, &[], auto_begin, fetch)
    }

    /// As [`Self::execute`], with values for the placeholders of the statement.
    pub fn execute_with(
        &mut self,
        sql: &str,
        parameters: &[Cell],
        auto_begin: bool,
        fetch: Fetch,
    ) -> Result<QueryResult, SqlError> {
        self.run(sql, auto_begin, |connection, sql| connection.execute_with(sql, parameters, fetch))
    }

    /// Runs a statement that takes its rows from `feed`, within a transaction.
    pub fn copy_in(&mut self, sql: &str, feed: &mut Feed<'_>) -> Result<QueryResult, SqlError> {
        self.run(sql, true, |connection, sql| connection.copy_in(sql, feed))
    }

    fn run(
        &mut self,
        sql: &str,
        auto_begin: bool,
        send: impl FnOnce(&mut Box<dyn Connection>, &str) -> Result<QueryResult, DbError>,
    ) -> Result<QueryResult, SqlError> {
        if auto_begin {
            self.begin().map_err(|error| SqlError { error, sql: sql.to_owned() })?;
        }
        if self.held.is_some() && ends_transaction(sql) {
            return Err(SqlError { error: not_now(), sql: sql.to_owned() });
        }
        let (text, shift) = self.comment.apply(sql);
        self.tell_statement(&text);
        let started = Instant::now();
        let result =
            self.connection().and_then(|connection| send(connection, &text)).map_err(|mut error| {
                self.tell_refusal(&error, &text);
                error.position = error.position.and_then(|at| at.checked_sub(shift));
                SqlError { error, sql: sql.to_owned() }
            })?;
        self.tell_answer(started, &result.response.message);
        Ok(result)
    }

    /// Tells of a statement that is about to be sent.
    fn tell_statement(&self, sql: &str) {
        let (conn_name, kind) = (&self.name, self.adapter.kind());
        self.events
            .debug(|| ConnectionUsed { conn_name: conn_name.clone(), conn_type: kind.as_str().to_owned() });
        self.events.debug(|| SQLQuery { conn_name: conn_name.clone(), sql: sql.to_owned() });
    }

    fn tell_answer(&self, sent: Instant, status: &str) {
        let elapsed = sent.elapsed().as_secs_f64();
        self.events.debug(|| SQLQueryStatus { elapsed, query_id: String::new(), status: status.to_owned() });
    }

    fn tell_refusal(&self, error: &DbError, sql: &str) {
        let kind = self.adapter.kind();
        let told =
            |base_msg| AdapterEventDebug { args: Vec::new(), base_msg, name: kind.display_name().to_owned() };
        self.events.debug(|| told(format!("{kind} error: {error}", kind = kind.as_str())));
        self.events.debug(|| told(format!("Error running SQL: {sql}")));
    }

    /// Runs a Python model, whose statements go through this session.
    pub fn run_python(&mut self, job: &PythonJob) -> Result<AdapterResponse, PythonError> {
        let (conn_name, code_content) = (self.name.clone(), job.code.clone());
        self.events.debug(|| CodeExecution { code_content, conn_name });
        let started = Instant::now();
        let adapter = Arc::clone(&self.adapter);
        let response = adapter.run_python(job, self)?;
        let (elapsed, status) = (started.elapsed().as_secs_f64(), response.message.clone());
        self.events.debug(|| CodeExecutionStatus { elapsed, status });
        Ok(response)
    }

    /// Makes every statement a transaction of its own until the next `begin`: dbt does so before operations and
    /// questions for the age of sources, which may hold what no transaction takes (`vacuum`).
    pub fn clear_transaction(&mut self) -> Result<(), DbError> {
        self.begin()?;
        self.commit()
    }

    /// Begins a transaction in which nobody else builds some relations, where the database is shared with others. Tells what
    /// is there then.
    pub fn claim(&mut self, claims: &[Claim<'_>]) -> Result<Vec<Claimed>, DbError> {
        let was_open = self.in_transaction();
        let started = Instant::now();
        let claimed = self.connection()?.claim(claims)?;
        if !was_open && self.in_transaction() {
            self.tell_statement("BEGIN");
            self.tell_answer(started, "OK");
        }
        Ok(claimed)
    }

    /// Opens a transaction unless one is open.
    pub fn begin(&mut self) -> Result<(), DbError> {
        let connection = self.connection()?;
        if connection.in_transaction() {
            return Ok(());
        }
        self.tell_statement("BEGIN");
        let started = Instant::now();
        self.connection()?.begin()?;
        self.tell_answer(started, "OK");
        Ok(())
    }

    /// Commits the open transaction; does nothing when none is open, or while others decide on it.
    pub fn commit(&mut self) -> Result<(), DbError> {
        if self.held.is_some() || !self.in_transaction() {
            return Ok(());
        }
        let conn_name = self.name.clone();
        self.events.debug(|| SQLCommit { conn_name });
        self.tell_statement("COMMIT");
        let started = Instant::now();
        self.connection()?.commit()?;
        self.tell_answer(started, "OK");
        Ok(())
    }

    /// Rolls back the open transaction; does nothing when none is open, or while others decide on it. A failure is only told:
    /// the connection is dropped, which ends its transaction.
    pub fn rollback(&mut self) {
        if self.in_transaction() {
            self.end_with(|connection| connection.rollback());
        }
    }

    /// Ends a node's use of the session: rolls back as [`rollback`](Self::rollback) does, but waits for nothing.
    pub fn release(&mut self) {
        self.end_with(|connection| connection.release());
    }

    fn end_with(&mut self, end: impl FnOnce(&mut Box<dyn Connection>) -> Result<(), DbError>) {
        if self.held.is_some() {
            return;
        }
        if self.in_transaction() {
            let conn_name = self.name.clone();
            self.events.debug(|| Rollback { conn_name });
        }
        let failed = self.connection.as_mut().is_some_and(|connection| end(connection).is_err());
        if failed {
            self.connection = None;
        }
    }

    /// Gives the session to the main thread and makes each of the next statements a transaction of its own, as dbt does
    /// before the hooks around a run: the transaction that the session's first statement would open is ended now.
    pub fn leave_transaction(&mut self) -> Result<(), DbError> {
        self.rollback();
        self.rename(MAIN_SESSION, QueryComment::default());
        self.clear_transaction()
    }

    /// Tells whether a transaction is open.
    pub fn in_transaction(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.in_transaction())
    }

    /// Ends the connection; an open transaction is rolled back.
    pub fn close(&mut self) {
        self.rollback();
        if self.connection.take().is_some() {
            let conn_name = self.name.clone();
            self.events.debug(|| ConnectionClosed { conn_name });
        }
    }

    pub(super) fn connection(&mut self) -> Result<&mut Box<dyn Connection>, DbError> {
        if self.closed {
            let message = format!("connection never acquired for thread: `{}` asks the database", self.name);
            return Err(DbError::new(DbErrorKind::Connection, message)
                .help("`--no-introspect` forbids that; leave it away, or ask only `{% if execute and flags.INTROSPECT %}`"));
        }
        if self.connection.is_none() {
            self.events.debug(|| NewConnectionOpening { connection_state: "init".to_owned() });
            self.connection = Some(self.adapter.connect(&self.name)?);
        }
        self.connection
            .as_mut()
            .ok_or_else(|| DbError::new(DbErrorKind::Connection, "no connection could be opened"))
    }
}

impl PythonHost for Session {
    fn execute(&mut self, sql: &str, fetch: Fetch) -> Result<QueryResult, DbError> {
        Self::execute(self, sql, false, fetch).map_err(|refused| refused.error)
    }

    fn begin(&mut self) -> Result<(), DbError> {
        Self::begin(self)
    }

    fn print(&mut self, line: &str) {
        self.events.send(PrintEvent { msg: line.to_owned() });
    }
}
