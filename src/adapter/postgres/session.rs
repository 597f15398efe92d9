//! One session of a server: statements and transactions.
//!
//! As with dbt, a node's first statement begins a transaction, whoever sends it, unless the profile asks for
//! `autocommit`; what nobody commits is rolled back. After a commit each statement is a transaction of its own until
//! the next `begin`: that is how materializations drop what they replaced, and how hooks run `vacuum`.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::literal::fill;
use super::server::Shared;
use super::wire::Wire;
use crate::adapter::{Cell, Connection, DbError, DbErrorKind, Fetch, QueryResult};
use crate::sql::is_blank;

/// A connection of one worker.
pub(super) struct Session {
    /// `None` once it broke.
    wire: Option<Wire>,
    shared: Arc<Shared>,
    name: String,
    /// Whether the node whose name the session has began a transaction already.
    began: bool,
}

impl Session {
    /// Wraps a connection of `shared`.
    pub(super) fn new(shared: Arc<Shared>, wire: Wire, name: &str) -> Self {
        Self { wire: Some(wire), shared, name: name.to_owned(), began: false }
    }

    fn run(&mut self, sql: &str, fetch: Fetch) -> Result<QueryResult, DbError> {
        if self.shared.cancelled.load(Ordering::SeqCst) {
            return Err(DbError::interrupted());
        }
        self.run_now(sql, fetch)
    }

    fn run_now(&mut self, sql: &str, fetch: Fetch) -> Result<QueryResult, DbError> {
        let Some(wire) = &mut self.wire else {
            return Err(DbError::new(DbErrorKind::Connection, "the connection is closed"));
        };
        let outcome = wire.query(sql, fetch);
        if let Err(error) = &outcome {
            if error.kind == DbErrorKind::Connection {
                self.wire = None;
            }
            if self.shared.cancelled.load(Ordering::SeqCst) {
                return Err(DbError::interrupted());
            }
        }
        outcome
    }

    fn begin_once(&mut self) -> Result<(), DbError> {
        if !self.began && !self.in_transaction() && !self.shared.profile.autocommit {
            self.begin()?;
        }
        Ok(())
    }
}

impl Connection for Session {
    fn name(&self) -> &str {
        &self.name
    }

    fn rename(&mut self, name: &str) {
        if self.name != name {
            name.clone_into(&mut self.name);
            self.began = false;
        }
    }

    fn execute_with(&mut self, sql: &str, parameters: &[Cell], fetch: Fetch) -> Result<QueryResult, DbError> {
        let sql = fill(sql, parameters)?;
        if is_blank(&sql) {
            return Ok(QueryResult::default());
        }
        self.begin_once()?;
        self.run(&sql, fetch)
    }

    fn begin(&mut self) -> Result<(), DbError> {
        if self.in_transaction() {
            let message = format!("connection `{}` has a transaction open already", self.name);
            return Err(DbError::new(DbErrorKind::Statement, message));
        }
        self.run("BEGIN", Fetch::Nothing)?;
        self.began = true;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), DbError> {
        if self.in_transaction() {
            return self.run("COMMIT", Fetch::Nothing).map(drop);
        }
        if self.shared.profile.autocommit {
            return Ok(());
        }
        let message = format!("connection `{}` has no transaction open", self.name);
        Err(DbError::new(DbErrorKind::Statement, message))
    }

    fn rollback(&mut self) -> Result<(), DbError> {
        self.began = false;
        if self.in_transaction() { self.run_now("ROLLBACK", Fetch::Nothing).map(drop) } else { Ok(()) }
    }

    fn in_transaction(&self) -> bool {
        self.wire.as_ref().is_some_and(Wire::in_transaction)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(wire) = &mut self.wire {
            wire.terminate();
        }
    }
}
