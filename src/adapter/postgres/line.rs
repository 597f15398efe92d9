//! A session's connection as everybody sees it: the session speaks on it, any thread may stop what it does.
//!
//! Input: what `connect` opened. Output: a [`Line`] for the session and a [`Brake`] for whoever cancels. Called by
//! `server` and `session`.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::connect::{Canceller, Opened};
use super::settings::Settings;
use super::wire::{Socket, Wire};
use crate::adapter::{DbError, Feed, Fetch, QueryResult};

/// A session's end.
pub(super) struct Line {
    pub(super) wire: Wire,
    brake: Arc<Brake>,
}

/// What stops a session's statement.
pub(super) struct Brake {
    canceller: Canceller,
    socket: Socket,
    busy: AtomicBool,
}

impl Line {
    /// Wraps a connection.
    pub(super) fn new(opened: Opened) -> io::Result<Self> {
        let socket = opened.wire.stream().socket()?;
        let brake = Brake { canceller: opened.canceller, socket, busy: AtomicBool::new(false) };
        Ok(Self { wire: opened.wire, brake: Arc::new(brake) })
    }

    /// Returns what stops it.
    pub(super) fn brake(&self) -> &Arc<Brake> {
        &self.brake
    }

    /// Runs statements that a cancel stops.
    pub(super) fn query(&mut self, sql: &str, fetch: Fetch) -> Result<QueryResult, DbError> {
        self.busy(|wire| wire.query(sql, fetch))
    }

    /// Runs the statements that begin a transaction's work, and that a cancel stops.
    pub(super) fn begin_with(&mut self, sql: &str, fetch: Fetch) -> Result<QueryResult, DbError> {
        self.busy(|wire| wire.begin_with(sql, fetch))
    }

    /// Runs a statement that takes rows and that a cancel stops.
    pub(super) fn copy_in(&mut self, sql: &str, feed: &mut Feed<'_>) -> Result<QueryResult, DbError> {
        self.busy(|wire| wire.copy_in(sql, feed))
    }

    fn busy<T>(&mut self, work: impl FnOnce(&mut Wire) -> T) -> T {
        self.brake.busy.store(true, Ordering::SeqCst);
        let result = work(&mut self.wire);
        self.brake.busy.store(false, Ordering::SeqCst);
        result
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.wire.terminate();
    }
}

impl Brake {
    /// Tells whether a statement is running.
    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::SeqCst)
    }

    /// Asks the server to stop the statement.
    pub(super) fn cancel(&self, settings: &Settings) -> io::Result<()> {
        self.canceller.cancel(settings)
    }

    /// Ends the connection, for a server that does not answer.
    pub(super) fn cut(&self) {
        self.socket.shut_down();
    }
}
