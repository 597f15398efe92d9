//! The server of an invocation: any number of sessions, each on a connection of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::connect::{CancelKey, cancel, connect};
use super::profile::Profile;
use super::session::Session;
use super::wire::Wire;
use crate::adapter::{
    Adapter, AdapterResponse, Connection, DbError, DbErrorKind, Kind, PythonError, PythonHost, PythonJob,
};
use crate::sql::{Dialect, Postgres};

/// Postgres as an [`Adapter`].
pub struct Server(Arc<Shared>);

/// What sessions share.
pub(super) struct Shared {
    pub(super) profile: Profile,
    keys: Mutex<Vec<CancelKey>>,
    pub(super) cancelled: AtomicBool,
}

impl Server {
    /// Makes the adapter of a profile; nothing is opened yet.
    pub fn new(profile: Profile) -> Self {
        Self(Arc::new(Shared { profile, keys: Mutex::default(), cancelled: AtomicBool::new(false) }))
    }
}

impl Shared {
    /// Opens a connection; a server that cannot be reached is tried again, each time after a longer while.
    pub(super) fn open(&self) -> Result<Wire, DbError> {
        let mut attempt = 0;
        loop {
            match connect(&self.profile) {
                Ok((wire, key)) => {
                    self.keys.lock().unwrap_or_else(PoisonError::into_inner).push(key);
                    return Ok(wire);
                }
                Err(error) if error.kind == DbErrorKind::Connection && attempt < self.profile.retries => {
                    attempt += 1;
                    // dbt's pauses: the square of the attempt, in seconds.
                    thread::sleep(Duration::from_secs(u64::from(attempt) * u64::from(attempt)));
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl Adapter for Server {
    fn kind(&self) -> Kind {
        Kind::Postgres
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &Postgres
    }

    fn connect(&self, name: &str) -> Result<Box<dyn Connection>, DbError> {
        Ok(Box::new(Session::new(Arc::clone(&self.0), self.0.open()?, name)))
    }

    /// The server gets a request for each session; one that stands still ignores it.
    fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        let keys = self.0.keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let profile = self.0.profile.clone();
        thread::spawn(move || {
            for key in keys {
                // A request that does not arrive leaves the statement running to its end.
                let _ = cancel(&profile, key);
            }
        });
    }

    fn run_python(
        &self,
        _job: &PythonJob,
        _host: &mut dyn PythonHost,
    ) -> Result<AdapterResponse, PythonError> {
        Err(PythonError::Missing {
            message: "Postgres runs no Python models".to_owned(),
            help: "write the model in SQL, or build it in DuckDB".to_owned(),
        })
    }

    fn close(&self) -> Result<(), DbError> {
        Ok(())
    }
}
