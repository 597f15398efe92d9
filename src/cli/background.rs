//! Work that nobody waits for until the command ends: artifacts are written while the database works.
//!
//! Whatever was started is done before the program exits, and what went wrong is told then. Work that later work
//! makes pointless can be abandoned, and what probably will be is begun only after a while. Called by `pipeline`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::diag::{Code, Diagnostic};
use crate::files::FileError;

/// The work that is under way, and what went wrong so far.
#[derive(Debug, Default)]
pub struct Background {
    jobs: Mutex<Vec<Job>>,
    wrong: Mutex<Vec<Diagnostic>>,
}

#[derive(Debug)]
struct Job {
    abandoned: Arc<AtomicBool>,
    /// Dropped when the time of a job that waits has come.
    hurry: Sender<()>,
    thread: JoinHandle<Result<(), FileError>>,
}

impl Job {
    fn end(self) -> std::thread::Result<Result<(), FileError>> {
        drop(self.hurry);
        self.thread.join()
    }
}

impl Background {
    /// Starts work. It may look at the flag it gets, and stop early when that is set.
    pub fn start(
        &self,
        work: impl FnOnce(&AtomicBool) -> Result<(), FileError> + Send + 'static,
    ) -> Result<(), Diagnostic> {
        self.start_after(Duration::ZERO, work)
    }

    /// Starts work after a while, or when somebody waits for it; never if it was abandoned before.
    pub fn start_after(
        &self,
        delay: Duration,
        work: impl FnOnce(&AtomicBool) -> Result<(), FileError> + Send + 'static,
    ) -> Result<(), Diagnostic> {
        let abandoned = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&abandoned);
        let (hurry, hurried) = channel::<()>();
        let work = move || {
            // Nothing is ever sent: the other end is dropped.
            let _ = hurried.recv_timeout(delay);
            if flag.load(Ordering::Relaxed) { Ok(()) } else { work(&flag) }
        };
        // What it logs is logged as by the main thread, as dbt does all of it.
        let thread = Builder::new().name("main".to_owned()).spawn(work).map_err(|error| {
            Diagnostic::error(Code::IO, None, "cannot start a thread").note(error.to_string())
        })?;
        lock(&self.jobs).push(Job { abandoned, hurry, thread });
        Ok(())
    }

    /// Tells all that is under way that it is not needed any more, and waits for it to stop.
    pub fn abandon(&self) {
        let jobs = std::mem::take(&mut *lock(&self.jobs));
        jobs.iter().for_each(|job| job.abandoned.store(true, Ordering::Relaxed));
        for job in jobs {
            let _ = job.end();
        }
    }

    /// Waits for all that is under way, for whoever reads what it writes.
    pub fn wait(&self) {
        let jobs = std::mem::take(&mut *lock(&self.jobs));
        for job in jobs {
            let problem = match job.end() {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error.into(),
                Err(_panic) => Diagnostic::error(Code::INTERNAL, None, "writing artifacts broke off"),
            };
            lock(&self.wrong).push(problem);
        }
    }

    /// Waits for all that is under way; returns what went wrong.
    pub fn join(&self) -> Vec<Diagnostic> {
        self.wait();
        std::mem::take(&mut *lock(&self.wrong))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_told_at_the_end() {
        let background = Background::default();
        let done = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&done);
        background
            .start(move |_| {
                flag.store(true, Ordering::SeqCst);
                Ok(())
            })
            .unwrap();
        background.start(|_| Err(FileError::io("write", "a".into(), std::io::Error::other("no")))).unwrap();
        let wrong = background.join();
        assert!(done.load(Ordering::SeqCst));
        assert_eq!(wrong.len(), 1);
        assert!(background.join().is_empty());
    }

    #[test]
    fn work_that_can_wait_is_begun_when_somebody_waits_for_it_and_never_once_abandoned() {
        let background = Background::default();
        let done = Arc::new(Mutex::new(Vec::new()));
        let note = |name: &'static str| {
            let done = Arc::clone(&done);
            let work = move |_: &AtomicBool| {
                lock(&done).push(name);
                Ok(())
            };
            background.start_after(Duration::from_hours(1), work).unwrap();
        };
        note("abandoned");
        background.abandon();
        note("awaited");
        background.wait();
        assert_eq!(*lock(&done), ["awaited"]);
    }

    #[test]
    fn work_that_is_not_needed_stops() {
        let background = Background::default();
        background
            .start(|abandoned| {
                while !abandoned.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
                Ok(())
            })
            .unwrap();
        background.abandon();
        assert!(background.join().is_empty());
    }
}
