//! The database of an invocation: one handle, any number of sessions.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use duckdb::InterruptHandle;

use super::open::{open, run};
use super::profile::{Profile, settings_sql};
use super::session::Session;
use crate::adapter::error::DbError;
use crate::adapter::{
    Adapter, AdapterResponse, Connection, DbErrorKind, Kind, Patience, PythonError, PythonHost, PythonJob,
};
use crate::sql::{Dialect, DuckDb};

/// How long an interrupt is repeated for statements that were about to start.
const INSIST: Duration = Duration::from_secs(5);

/// DuckDB as an [`Adapter`].
pub struct Database(Arc<Shared>);

/// What sessions share.
pub(super) struct Shared {
    pub(super) profile: Profile,
    patience: Patience,
    root: Mutex<Option<duckdb::Connection>>,
    sessions: Mutex<Vec<Weak<Running>>>,
    open_sessions: AtomicUsize,
    pub(super) cancelled: AtomicBool,
    pythons: super::python::Idle,
}

/// A session as the canceller sees it.
pub(super) struct Running {
    pub(super) interrupt: Arc<InterruptHandle>,
    /// Whether a statement runs or is about to.
    pub(super) busy: AtomicBool,
}

impl Database {
    /// Makes the adapter of a profile; nothing is opened yet. `patience` is for a file that another process holds.
    pub fn new(profile: Profile, patience: Patience) -> Self {
        Self(Arc::new(Shared {
            profile,
            patience,
            root: Mutex::new(None),
            sessions: Mutex::new(Vec::new()),
            open_sessions: AtomicUsize::new(0),
            cancelled: AtomicBool::new(false),
            pythons: super::python::Idle::default(),
        }))
    }

    /// Returns the profile it was made of.
    pub fn profile(&self) -> &Profile {
        &self.0.profile
    }
}

impl Adapter for Database {
    fn kind(&self) -> Kind {
        Kind::DuckDb
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &DuckDb
    }

    fn connect(&self, name: &str) -> Result<Box<dyn Connection>, DbError> {
        let shared = &self.0;
        let connection = shared.clone_root()?;
        for sql in settings_sql(&shared.profile.settings) {
            run(&connection, &sql).map_err(|mut e| {
                e.kind = DbErrorKind::Connection;
                e.help(format!("the profile's `settings` runs `{sql}`"))
                    .hiding(&shared.profile.secrets_hidden())
            })?;
        }
        run(&connection, "SET errors_as_json = true")?;
        let running =
            Arc::new(Running { interrupt: connection.interrupt_handle(), busy: AtomicBool::new(false) });
        let mut sessions = lock(&shared.sessions);
        sessions.retain(|s| s.strong_count() > 0);
        sessions.push(Arc::downgrade(&running));
        drop(sessions);
        shared.open_sessions.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Session::new(Arc::clone(shared), connection, running, name)))
    }

    /// An interrupt that arrives between a session's check and DuckDB's start of the statement is lost, so busy sessions
    /// are interrupted again until they stand still, in the background.
    fn cancel(&self) {
        let shared = &self.0;
        shared.cancelled.store(true, Ordering::SeqCst);
        let running: Vec<Arc<Running>> = lock(&shared.sessions).iter().filter_map(Weak::upgrade).collect();
        for session in &running {
            session.interrupt.interrupt();
        }
        thread::spawn(move || {
            let until = Instant::now() + INSIST;
            while Instant::now() < until && running.iter().any(|s| s.busy.load(Ordering::SeqCst)) {
                thread::sleep(Duration::from_millis(20));
                for session in running.iter().filter(|s| s.busy.load(Ordering::SeqCst)) {
                    session.interrupt.interrupt();
                }
            }
        });
    }

    fn run_python(&self, job: &PythonJob, host: &mut dyn PythonHost) -> Result<AdapterResponse, PythonError> {
        super::python::run(job, &self.0.profile, host, (&self.0.pythons, &self.0.cancelled))
    }

    fn close(&self) -> Result<(), DbError> {
        self.0.pythons.end();
        drop(lock(&self.0.root).take());
        Ok(())
    }
}

impl Shared {
    /// Returns a new connection to the database, which is opened if it is not open.
    fn clone_root(&self) -> Result<duckdb::Connection, DbError> {
        let mut root = lock(&self.root);
        let connection = match root.take() {
            Some(connection) => connection,
            None => open(&self.profile, &self.patience, &self.cancelled)?,
        };
        let clone = connection.try_clone();
        *root = Some(connection);
        clone.map_err(|e| super::error::from_driver(&e, ""))
    }

    /// Notes that a session ended; closes the database when the profile does not want it kept open.
    pub(super) fn session_ended(&self) {
        let left = self.open_sessions.fetch_sub(1, Ordering::SeqCst) - 1;
        let keep = self.profile.keep_open || self.profile.is_memory() || self.profile.is_motherduck();
        if left == 0 && !keep {
            drop(lock(&self.root).take());
        }
    }
}

/// A panic elsewhere must not keep Ctrl-C from working.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
