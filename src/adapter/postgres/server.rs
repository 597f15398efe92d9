//! The server of an invocation: any number of sessions, each on a connection of its own.
//!
//! Input: a [`Profile`]. Invariant: a connection is tried again, and a statement never; waiting ends when the user
//! cancels. Called by `adapter::profile`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::connect::connect;
use super::error::broken;
use super::line::{Brake, Line};
use super::profile::Profile;
use super::session::Session;
use super::settings::{Settings, Surroundings};
use crate::adapter::{
    Adapter, AdapterResponse, Connection, DbError, Kind, Patience, PythonError, PythonHost, PythonJob,
};
use crate::sql::{Dialect, Postgres};

/// How often a server that was there before is tried again, at least: with the pauses below, for half a minute, in which
/// most servers have restarted.
const TRIES_FOR_A_LOST_ONE: u32 = 5;

/// How long a cancelled statement may go on before its connection is cut.
const CANCEL_PATIENCE: Duration = Duration::from_secs(10);

/// How often a statement that goes on is cancelled anew: a request that comes before the statement does nothing.
const CANCEL_PAUSE: Duration = Duration::from_millis(200);

/// Postgres as an [`Adapter`].
pub struct Server(Arc<Shared>);

/// What sessions share.
pub(super) struct Shared {
    /// Whether each statement is a transaction of its own.
    pub(super) autocommit: bool,
    pub(super) cancelled: AtomicBool,
    /// Or why there are none.
    settings: Result<Settings, DbError>,
    retries: u32,
    brakes: Mutex<Vec<Weak<Brake>>>,
    pub(super) patience: Patience,
    /// Whether the server knows the locks by which relations are claimed.
    pub(super) knows_locks: AtomicBool,
    /// Whether the server was seen to know how a session is made as new.
    pub(super) knows_forgetting: AtomicBool,
    /// Whether the server was waited for in vain; then nobody waits again until it is back.
    given_up: AtomicBool,
}

impl Server {
    /// Makes the adapter of a profile; nothing is opened yet. `patience` is for relations that other runs build.
    pub fn new(profile: &Profile, patience: Patience) -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let around = Surroundings { variable: &variable, home: std::env::home_dir() };
        Self(Arc::new(Shared {
            autocommit: profile.autocommit,
            cancelled: AtomicBool::new(false),
            settings: Settings::resolve(profile, &around),
            retries: profile.retries,
            brakes: Mutex::default(),
            patience,
            knows_locks: AtomicBool::new(true),
            knows_forgetting: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
        }))
    }
}

impl Shared {
    /// Returns the settings, or what is wrong with them.
    pub(super) fn settings(&self) -> Result<&Settings, DbError> {
        self.settings.as_ref().map_err(Clone::clone)
    }

    /// Opens a connection, with the profile's `retries`.
    pub(super) fn open(&self) -> Result<Line, DbError> {
        self.open_within(self.retries)
    }

    /// Opens a connection in the place of one that was lost.
    pub(super) fn reopen(&self) -> Result<Line, DbError> {
        let given_up = self.given_up.load(Ordering::SeqCst);
        let opened = self.open_within(if given_up { 0 } else { self.retries.max(TRIES_FOR_A_LOST_ONE) });
        self.given_up.store(opened.is_err(), Ordering::SeqCst);
        opened
    }

    fn open_within(&self, retries: u32) -> Result<Line, DbError> {
        let settings = self.settings()?;
        let mut attempt = 0;
        loop {
            match connect(settings) {
                Ok(opened) => {
                    let line = Line::new(opened).map_err(|error| broken(&error))?;
                    let mut brakes = self.brakes.lock().unwrap_or_else(PoisonError::into_inner);
                    brakes.retain(|brake| brake.strong_count() > 0);
                    brakes.push(Arc::downgrade(line.brake()));
                    return Ok(line);
                }
                Err(failure) if failure.may_pass && attempt < retries => self.pause(attempt)?,
                Err(failure) => return Err(failure.error),
            }
            attempt += 1;
        }
    }

    /// Waits before the next attempt: the square of this one's number in seconds, as dbt does, and never nothing.
    fn pause(&self, attempt: u32) -> Result<(), DbError> {
        let seconds = Duration::from_secs(u64::from(attempt) * u64::from(attempt));
        let until = Instant::now() + seconds.max(Duration::from_millis(250));
        while Instant::now() < until {
            if self.cancelled.load(Ordering::SeqCst) {
                return Err(DbError::interrupted());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Stops the statements that run, as long as it takes.
    fn stop_statements(&self) {
        let Ok(settings) = &self.settings else { return };
        let until = Instant::now() + CANCEL_PATIENCE;
        loop {
            let brakes = self.brakes.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let busy: Vec<_> =
                brakes.iter().filter_map(Weak::upgrade).filter(|brake| brake.is_busy()).collect();
            if busy.is_empty() {
                return;
            }
            let patient = Instant::now() < until;
            for brake in busy {
                // A request that does not arrive is repeated, and in the end the connection is cut.
                let _ = brake.cancel(settings);
                if !patient {
                    brake.cut();
                }
            }
            thread::sleep(CANCEL_PAUSE);
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

    fn is_shared(&self) -> bool {
        true
    }

    fn connect(&self, name: &str) -> Result<Box<dyn Connection>, DbError> {
        Ok(Box::new(Session::new(Arc::clone(&self.0), self.0.open()?, name)))
    }

    /// The server gets a request for each session that runs a statement.
    fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        let shared = Arc::clone(&self.0);
        thread::spawn(move || shared.stop_statements());
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
