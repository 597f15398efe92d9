//! Talks to a database: connections, results, errors, the relation cache, and what seeds need.
//!
//! Input: a profile's output and SQL text. Output: [`QueryResult`]s and [`DbError`]s in the engine's own words.
//! Invariant: nothing here renders templates or knows nodes; what is said to an engine is SQL that somebody above
//! wrote. One [`Adapter`] serves an invocation, each worker holds one [`Connection`]. Called by `context`, `run`
//! and `cli`.

mod cache;
mod cell;
mod claim;
pub mod duckdb;
mod error;
mod patience;
pub mod postgres;
mod profile;
mod python_job;
mod python_text;
mod result;
pub mod seed;

pub use cache::{CacheError, RelationCache};
pub use cell::{Cell, CellType};
pub use claim::{Claim, Claimed};
pub use error::{Advice, DbError, DbErrorKind, Lacking};
pub use patience::Patience;
pub use profile::{Profile, ProfileError};
pub use python_job::{PythonError, PythonException, PythonFrame, PythonHost, PythonJob};
pub use python_text::{datetime_str, decimal_str, offset_str};
pub use result::{AdapterResponse, Fetch, QueryResult, ResultColumn, ResultTable, unique_names};

use crate::sql::Dialect;

/// The engines there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// DuckDB, in this process.
    DuckDb,
    /// A Postgres server.
    Postgres,
}

impl Kind {
    /// Returns the name profiles, macros and artifacts use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DuckDb => "duckdb",
            Self::Postgres => "postgres",
        }
    }

    /// Returns the name that the log uses.
    pub fn display_name(self) -> &'static str {
        match self {
            Self::DuckDb => "DuckDB",
            Self::Postgres => "Postgres",
        }
    }
}

/// One database of one invocation, shared by all workers.
pub trait Adapter: Send + Sync {
    /// Tells which engine it is.
    fn kind(&self) -> Kind;

    /// Returns the rules of the engine's SQL.
    fn dialect(&self) -> &'static dyn Dialect;

    /// Tells whether other processes may build in the database at the same time, so that relations are claimed.
    fn is_shared(&self) -> bool {
        false
    }

    /// Opens a connection for one worker; the first one opens the database.
    ///
    /// `name` is what dbt calls the connection, for example `model.shop.orders`; it shows only in logs.
    fn connect(&self, name: &str) -> Result<Box<dyn Connection>, DbError>;

    /// Stops every running statement and refuses new ones, from any thread; rollback stays possible.
    ///
    /// Returns once the interrupts are sent, not once the statements have ended.
    fn cancel(&self);

    /// Runs a Python model, whose requests `host` serves.
    fn run_python(&self, job: &PythonJob, host: &mut dyn PythonHost) -> Result<AdapterResponse, PythonError>;

    /// Lets go of the database, which writes its pending changes once no connection is left.
    fn close(&self) -> Result<(), DbError>;
}

/// Hands rows over one after the other, each to the function it is given, and stops at that one's first error.
pub type Feed<'a> = dyn FnMut(&mut dyn FnMut(&[Cell]) -> Result<(), DbError>) -> Result<(), DbError> + 'a;

/// One session of one worker.
pub trait Connection: Send {
    /// Returns the name given when it was opened or renamed.
    fn name(&self) -> &str;

    /// Gives the session another name: workers keep their connection from node to node.
    fn rename(&mut self, name: &str);

    /// Runs one or several statements; the result is that of the last one.
    ///
    /// Text that holds only comments runs nothing and gives an empty result.
    fn execute(&mut self, sql: &str, fetch: Fetch) -> Result<QueryResult, DbError> {
        self.execute_with(sql, &[], fetch)
    }

    /// As [`execute`](Self::execute), with values for the parameters of the last statement.
    fn execute_with(&mut self, sql: &str, parameters: &[Cell], fetch: Fetch) -> Result<QueryResult, DbError>;

    /// Runs a statement that takes its rows from the program (`copy .. from stdin`); `feed` hands them over.
    ///
    /// Errors where the engine knows no such statement. An error about a row says which one.
    fn copy_in(&mut self, sql: &str, feed: &mut Feed<'_>) -> Result<QueryResult, DbError> {
        let _ = (sql, feed);
        Err(DbError::new(DbErrorKind::Statement, "this engine takes no rows from the program"))
    }

    /// Begins a transaction in which nobody else builds some relations; as long as the session keeps its name, each later
    /// transaction has the claims too. Waits until others are done, holding nothing, and tells what is there then. Nothing
    /// where nothing was claimed, since one process has the database to itself or the engine cannot.
    ///
    /// Errors when the others take longer than [`Patience`] goes.
    fn claim(&mut self, claims: &[Claim<'_>]) -> Result<Vec<Claimed>, DbError> {
        let _ = claims;
        Ok(Vec::new())
    }

    /// Keeps others from relations that are about to be replaced in the open transaction, where that would make them wait:
    /// from all at once, however many are read together, or from none for more than a moment.
    ///
    /// Errors when others go on reading for longer than [`Patience`] goes.
    fn lock(&mut self, relations: &[Claim<'_>]) -> Result<(), DbError> {
        let _ = relations;
        Ok(())
    }

    /// Takes back what was set in the open transaction, and drops its temporary tables, where each node is to find a
    /// fresh session but several share a transaction.
    fn renew(&mut self) -> Result<(), DbError> {
        Ok(())
    }

    /// Opens a transaction. Does nothing when the profile disables transactions.
    ///
    /// Errors when one is open.
    fn begin(&mut self) -> Result<(), DbError>;

    /// Commits. Errors when no transaction is open and the profile allows them.
    fn commit(&mut self) -> Result<(), DbError>;

    /// Rolls back what is open; does nothing otherwise.
    fn rollback(&mut self) -> Result<(), DbError>;

    /// Ends a node's use of the session: rolls back what is open, and has the session forget what the node set, where one
    /// node must not see that of another. Nobody waits for that, since nothing depends on it: should it fail, the next
    /// statement finds the connection broken and has another.
    fn release(&mut self) -> Result<(), DbError> {
        self.rollback()
    }

    /// Tells whether [`begin`](Self::begin) opened a transaction that is still open.
    fn in_transaction(&self) -> bool;
}
