//! One session of a server: statements and transactions.
//!
//! As with dbt, a node's first statement begins a transaction, whoever sends it, unless the profile asks for
//! `autocommit`; what nobody commits is rolled back. After a commit each statement is a transaction of its own until
//! the next `begin`: that is how materializations drop what they replaced, and how hooks run `vacuum`.
//!
//! Invariant: a node finds a fresh session, as dbt opens one for each; a connection that was lost is replaced only
//! where nothing of the node is lost with it, and a statement that was sent is never sent again. Nobody waits for a
//! node's end to take effect: that is settled when the next one has something to ask.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::claim::{ClaimLock, granted, refused};
use super::connect::{set_role, take_role};
use super::line::Line;
use super::literal::fill;
use super::server::Shared;
use super::swap_lock::{KEEP, TRY, UNDO, being_read, lock_sql};
use crate::adapter::{Cell, Claim, Claimed, Connection, DbError, DbErrorKind, Feed, Fetch, QueryResult};
use crate::sql::is_blank;

/// Begins a transaction that nothing goes with.
const BEGIN: &str = "BEGIN";

/// What takes back all that statements set, and drops their temporary tables.
const FORGET: &str = "DISCARD ALL";

/// The same within a transaction.
const RENEW: &str = "RESET ALL; DISCARD TEMP";

/// A connection of one worker.
pub(super) struct Session {
    /// `None` once it broke.
    line: Option<Line>,
    shared: Arc<Shared>,
    name: String,
    /// Whether the node whose name the session has began a transaction already.
    began: bool,
    /// Whether the node ran nothing yet.
    untouched: bool,
    /// Whether an earlier node may have left something behind: settings, temporary tables.
    used: bool,
    /// What nobody else may build while this node does.
    claims: Vec<ClaimLock>,
}

impl Session {
    /// Wraps a connection of `shared`.
    pub(super) fn new(shared: Arc<Shared>, line: Line, name: &str) -> Self {
        let name = name.to_owned();
        Self {
            line: Some(line),
            shared,
            name,
            began: false,
            untouched: true,
            used: false,
            claims: Vec::new(),
        }
    }

    fn run(
        &mut self,
        ask: impl FnOnce(&mut Line) -> Result<QueryResult, DbError>,
    ) -> Result<QueryResult, DbError> {
        if self.shared.cancelled.load(Ordering::SeqCst) {
            return Err(DbError::interrupted());
        }
        self.make_ready()?;
        self.untouched = false;
        self.used = true;
        self.run_now(ask)
    }

    fn run_now(
        &mut self,
        ask: impl FnOnce(&mut Line) -> Result<QueryResult, DbError>,
    ) -> Result<QueryResult, DbError> {
        let Some(line) = &mut self.line else {
            return Err(DbError::new(DbErrorKind::Connection, "the connection is closed"));
        };
        let outcome = ask(line);
        if let Err(error) = &outcome {
            if error.kind == DbErrorKind::Connection {
                self.line = None;
            }
            if self.shared.cancelled.load(Ordering::SeqCst) {
                return Err(DbError::interrupted());
            }
        }
        outcome
    }

    /// Sees to it that there is a connection, and that it is as new for a node that begins.
    fn make_ready(&mut self) -> Result<(), DbError> {
        if self.untouched {
            let is_fresh = if self.used { self.forget() } else { self.has_forgotten() };
            if !is_fresh {
                self.line = None;
            }
        } else if self.line.as_mut().is_some_and(|line| !line.wire.in_transaction() && line.wire.is_gone()) {
            // Lost while nobody used it. What the node set is lost too, so that it can go on only if that is nothing.
            let line = self.line.take();
            if line.is_some_and(|line| line.wire.has_settings()) {
                return Err(DbError::new(
                    DbErrorKind::Connection,
                    "server closed the connection unexpectedly",
                )
                .help("it was idle; what was `set` in this session is lost with it"));
            }
            self.line = Some(self.shared.reopen()?);
            return Ok(());
        }
        if self.line.is_none() && self.untouched {
            self.line = Some(self.shared.reopen()?);
            self.used = false;
        }
        Ok(())
    }

    /// Makes the session as it was when it was opened; tells whether that worked. Relatives of Postgres may not know
    /// how: they get a new connection.
    fn forget(&mut self) -> bool {
        let Some(line) = &mut self.line else { return false };
        let Ok(settings) = self.shared.settings() else { return false };
        let forgot =
            line.query(FORGET, Fetch::Nothing).and_then(|_| take_role(settings, &mut line.wire)).is_ok();
        self.used = !forgot;
        self.shared.knows_forgetting.store(forgot, Ordering::SeqCst);
        forgot
    }

    /// Tells whether what was sent when the last node ended did its work, and the server is still there.
    fn has_forgotten(&mut self) -> bool {
        let Some(line) = &mut self.line else { return false };
        let has_forgotten = line.wire.settle().is_ok() && !line.wire.is_gone();
        line.wire.has_no_settings();
        has_forgotten
    }

    /// Sends what ends a node, without waiting: the next one's first statement finds out whether it worked.
    fn send_off(&mut self) -> Result<(), DbError> {
        let Some(line) = &mut self.line else { return Ok(()) };
        let mut statements = Vec::new();
        if line.wire.in_transaction() {
            statements.push("ROLLBACK".to_owned());
        }
        if self.used && self.shared.knows_forgetting.load(Ordering::SeqCst) {
            statements.push(FORGET.to_owned());
            statements.extend(self.shared.settings()?.role.as_deref().map(set_role));
            self.used = false;
        }
        if statements.is_empty() { Ok(()) } else { line.wire.post(&statements) }
    }

    /// Sends what begins a transaction, with the node's claims: all or none, so that who waits holds nothing that others
    /// could want. Tells what is there under the claims.
    fn open(&mut self) -> Result<Vec<Claimed>, DbError> {
        let shared = Arc::clone(&self.shared);
        let mut wait = shared.patience.wait(None);
        while !self.claims.is_empty() {
            match self.try_claims() {
                Ok(Ok(claimed)) => return Ok(claimed),
                Ok(Err(held)) => {
                    self.rollback()?;
                    if !wait.goes_on(|| held.clone()) {
                        return Err(refused(held, wait.in_vain()));
                    }
                }
                // Relatives of Postgres may not know such locks: there it is as under dbt.
                Err(error) if error.kind == DbErrorKind::Statement && self.line.is_some() => {
                    shared.knows_locks.store(false, Ordering::SeqCst);
                    self.rollback()?;
                    self.claims.clear();
                }
                Err(error) => return Err(error),
            }
        }
        self.run(|line| line.query(BEGIN, Fetch::Nothing))?;
        Ok(Vec::new())
    }

    /// Begins a transaction and asks for all claims; tells who has the first that is not to be had.
    fn try_claims(&mut self) -> Result<Result<Vec<Claimed>, String>, DbError> {
        let mut all = Vec::with_capacity(self.claims.len());
        for (place, claim) in self.claims.clone().iter().enumerate() {
            let sql = claim.sql()?;
            let ask = |line: &mut Line| match place {
                0 => line.begin_with(&sql, Fetch::All),
                _ => line.query(&sql, Fetch::All),
            };
            match granted(&self.run(ask)?) {
                Some(claimed) => all.push(claimed),
                None => {
                    let question = claim.holder_sql()?;
                    return Ok(Err(
                        claim.held(self.run_now(|line| line.query(&question, Fetch::Limit(1))).ok())
                    ));
                }
            }
        }
        Ok(Ok(all))
    }

    /// Begins a transaction. A connection that breaks here is replaced, if the node ran nothing else: beginning twice is
    /// no harm.
    fn begin_with_claims(&mut self) -> Result<Vec<Claimed>, DbError> {
        if self.in_transaction() {
            let message = format!("connection `{}` has a transaction open already", self.name);
            return Err(DbError::new(DbErrorKind::Statement, message));
        }
        let first = self.untouched;
        let claimed = match self.open() {
            Err(_) if first && self.line.is_none() && !self.shared.cancelled.load(Ordering::SeqCst) => {
                self.untouched = true;
                self.open()?
            }
            other => other?,
        };
        self.began = true;
        Ok(claimed)
    }

    /// Tells whether the next statement is the one that begins the node's transaction.
    fn is_to_begin(&self) -> bool {
        !self.began && !self.in_transaction() && !self.shared.autocommit
    }

    fn begin_once(&mut self) -> Result<(), DbError> {
        if self.is_to_begin() { self.begin() } else { Ok(()) }
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
            self.untouched = true;
            self.claims.clear();
        }
    }

    fn claim(&mut self, claims: &[Claim<'_>]) -> Result<Vec<Claimed>, DbError> {
        if !self.shared.knows_locks.load(Ordering::SeqCst) || self.in_transaction() {
            return Ok(Vec::new());
        }
        self.claims = claims.iter().map(|claim| ClaimLock::of(*claim)).collect();
        // With `autocommit` the transactions that the node asks for have the claims.
        if self.shared.autocommit { Ok(Vec::new()) } else { self.begin_with_claims() }
    }

    fn renew(&mut self) -> Result<(), DbError> {
        self.run(|line| line.query(RENEW, Fetch::Nothing)).map(drop)
    }

    fn lock(&mut self, relations: &[Claim<'_>]) -> Result<(), DbError> {
        let (shared, sql) = (Arc::clone(&self.shared), lock_sql(relations)?);
        let mut wait = shared.patience.wait(None);
        loop {
            self.run(|line| line.query(TRY, Fetch::Nothing))?;
            let Err(refusal) = self.run(|line| line.query(&sql, Fetch::Nothing)) else {
                return self.run(|line| line.query(KEEP, Fetch::Nothing)).map(drop);
            };
            if !matches!(refusal.kind, DbErrorKind::Lock | DbErrorKind::Conflict) {
                return Err(refusal);
            }
            self.run(|line| line.query(UNDO, Fetch::Nothing))?;
            if !wait.goes_on(|| being_read(relations)) {
                return Err(refused(being_read(relations), wait.in_vain()));
            }
        }
    }

    fn execute_with(&mut self, sql: &str, parameters: &[Cell], fetch: Fetch) -> Result<QueryResult, DbError> {
        let sql = fill(sql, parameters)?;
        if is_blank(&sql) {
            return Ok(QueryResult::default());
        }
        if self.is_to_begin() && self.claims.is_empty() {
            self.began = true;
            return self.run(|line| line.begin_with(&sql, fetch));
        }
        self.begin_once()?;
        self.run(|line| line.query(&sql, fetch))
    }

    fn copy_in(&mut self, sql: &str, feed: &mut Feed<'_>) -> Result<QueryResult, DbError> {
        self.begin_once()?;
        self.run(|line| line.copy_in(sql, feed))
    }

    fn begin(&mut self) -> Result<(), DbError> {
        self.begin_with_claims().map(drop)
    }

    fn commit(&mut self) -> Result<(), DbError> {
        if self.in_transaction() {
            let committed = self.run(|line| line.query("COMMIT", Fetch::Nothing)).map(drop);
            return committed.map_err(|error| match error.kind {
                DbErrorKind::Connection => {
                    error.help("the connection was lost during `commit`: it may have taken effect or not")
                }
                _ => error,
            });
        }
        if self.shared.autocommit {
            return Ok(());
        }
        let message = format!("connection `{}` has no transaction open", self.name);
        Err(DbError::new(DbErrorKind::Statement, message))
    }

    fn rollback(&mut self) -> Result<(), DbError> {
        self.began = false;
        if !self.in_transaction() {
            return Ok(());
        }
        self.run_now(|line| line.query("ROLLBACK", Fetch::Nothing)).map(drop)
    }

    fn release(&mut self) -> Result<(), DbError> {
        if self.send_off().is_err() {
            self.line = None;
        }
        self.began = false;
        self.untouched = true;
        self.claims.clear();
        Ok(())
    }

    fn in_transaction(&self) -> bool {
        self.line.as_ref().is_some_and(|line| line.wire.in_transaction())
    }
}
