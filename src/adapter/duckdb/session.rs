//! One session of a DuckDB database: statements and transactions.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::database::{Running, Shared};
use super::error::from_driver;
use super::fetch;
use super::open::retry;
use crate::adapter::{AdapterResponse, Cell, Connection, DbError, DbErrorKind, Fetch, QueryResult};
use crate::sql::is_blank;

/// A connection of one worker.
pub(super) struct Session {
    // Dropped before the database is, see `Drop`.
    connection: Option<duckdb::Connection>,
    shared: Arc<Shared>,
    running: Arc<Running>,
    name: String,
    in_transaction: bool,
}

impl Session {
    /// Wraps a connection of `shared`.
    pub(super) fn new(
        shared: Arc<Shared>,
        connection: duckdb::Connection,
        running: Arc<Running>,
        name: &str,
    ) -> Self {
        Self { connection: Some(connection), shared, running, name: name.to_owned(), in_transaction: false }
    }

    /// Runs a text once. Marks the session busy first, so that a cancel that comes now is repeated for it.
    fn run(&self, sql: &str, parameters: &[Cell], fetch: Fetch) -> Result<QueryResult, DbError> {
        self.running.busy.store(true, Ordering::SeqCst);
        let outcome = if self.shared.cancelled.load(Ordering::SeqCst) {
            Err(DbError::interrupted())
        } else {
            self.run_now(sql, parameters, fetch)
        };
        self.running.busy.store(false, Ordering::SeqCst);
        outcome
    }

    fn run_now(&self, sql: &str, parameters: &[Cell], fetch: Fetch) -> Result<QueryResult, DbError> {
        let Some(connection) = &self.connection else {
            return Err(DbError::new(DbErrorKind::Connection, "the connection is closed"));
        };
        // dbt-duckdb reports `OK` and nothing else for every statement.
        let response = AdapterResponse::message("OK");
        if is_blank(sql) {
            return Ok(QueryResult { response, table: None });
        }
        let table = fetch::run(connection, sql, parameters, fetch).map_err(|e| from_driver(&e, sql))?;
        Ok(QueryResult { response, table })
    }
}

impl Connection for Session {
    fn name(&self) -> &str {
        &self.name
    }

    fn rename(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }

    fn execute_with(&mut self, sql: &str, parameters: &[Cell], fetch: Fetch) -> Result<QueryResult, DbError> {
        retry(&self.shared.profile, |r| r.query_attempts, || self.run(sql, parameters, fetch))
    }

    fn begin(&mut self) -> Result<(), DbError> {
        if self.shared.profile.disable_transactions {
            return Ok(());
        }
        if self.in_transaction {
            let message = format!("connection `{}` has a transaction open already", self.name);
            return Err(DbError::new(DbErrorKind::Statement, message));
        }
        self.run("BEGIN", &[], Fetch::Nothing)?;
        self.in_transaction = true;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), DbError> {
        if !self.in_transaction {
            if self.shared.profile.disable_transactions {
                return Ok(());
            }
            let message = format!("connection `{}` has no transaction open", self.name);
            return Err(DbError::new(DbErrorKind::Statement, message));
        }
        self.run("COMMIT", &[], Fetch::Nothing)?;
        self.in_transaction = false;
        Ok(())
    }

    fn rollback(&mut self) -> Result<(), DbError> {
        if !self.in_transaction {
            return Ok(());
        }
        self.in_transaction = false;
        match self.run_now("ROLLBACK", &[], Fetch::Nothing) {
            // The statement that failed, or the user's own SQL, may have ended the transaction.
            Err(error) if error.message.contains("no transaction is active") => Ok(()),
            other => other.map(|_| ()),
        }
    }

    fn in_transaction(&self) -> bool {
        self.in_transaction
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.connection = None;
        self.shared.session_ended();
    }
}
