//! The processes of Python models: started, spoken to in lines, never left behind.
//!
//! A process that ended a job in order serves the next one, so that libraries are imported once a worker.
//! Output lines come through a thread, so that waiting for one also notices a cancelled run and a process that is gone
//! while something it started keeps its pipe open. However a run ends, its
//! processes are told to end, killed if need be, and waited for.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::interpreter::{Candidate, VARIABLE};
use super::protocol::Message;
use crate::adapter::{DbError, PythonError};

/// The script that runs in the process.
const SCRIPT: &str = concat!(
    include_str!("../../../../templates/python/duckdb/sql_text.py"),
    include_str!("../../../../templates/python/duckdb/warehouse.py"),
    include_str!("../../../../templates/python/duckdb/run_model.py"),
);

/// How often a wait looks up. It ends at once when a line comes.
const LOOK_UP: Duration = Duration::from_millis(100);

/// How long an idle process may take to end in order: libraries may have something to put away.
const TO_END: Duration = Duration::from_secs(2);

/// The processes that wait for a job.
#[derive(Default)]
pub(in super::super) struct Idle(Mutex<Vec<Process>>);

impl Idle {
    /// Takes a process that waits, or starts one.
    pub(super) fn take(&self, candidates: impl FnOnce() -> Vec<Candidate>) -> Result<Process, PythonError> {
        let waiting = || self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        while let Some(mut process) = waiting() {
            if matches!(process.child.try_wait(), Ok(None)) {
                return Ok(process);
            }
        }
        Process::start(&candidates())
    }

    /// Keeps a process that has ended its job.
    pub(super) fn keep(&self, process: Process) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(process);
    }

    /// Ends those that wait.
    pub(in super::super) fn end(&self) {
        let mut all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for process in &mut all {
            process.stdin = None;
        }
        let until = Instant::now() + TO_END;
        for process in &mut all {
            while Instant::now() < until && matches!(process.child.try_wait(), Ok(None)) {
                thread::sleep(Duration::from_millis(2));
            }
        }
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        self.end();
    }
}

/// A running process.
pub(super) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<std::io::Result<String>>,
}

impl Process {
    /// Starts the first interpreter there is.
    fn start(candidates: &[Candidate]) -> Result<Self, PythonError> {
        for candidate in candidates {
            match spawn(candidate) {
                Ok(child) => return Self::new(child),
                Err(error)
                    if candidate.named_by.is_none() && error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(cannot_start(candidate, &error)),
            }
        }
        Err(PythonError::Missing {
            message: "a Python model needs Python, and none was found: neither an active environment \
                      (`VIRTUAL_ENV`) nor `python3` or `python` on the `PATH`"
                .to_owned(),
            help: format!(
                "install Python 3 with the module `duckdb`, or set `{VARIABLE}` to the interpreter to use"
            ),
        })
    }

    fn new(mut child: Child) -> Result<Self, PythonError> {
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let (sender, lines) = channel();
        let process = Self { child, stdin, lines };
        let Some(stdout) = stdout else {
            return Err(PythonError::Io("the Python process has no output".to_owned()));
        };
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(process)
    }

    /// Sends a line.
    pub(super) fn send(&mut self, message: &impl Serialize) -> Result<(), PythonError> {
        let mut line = serde_json::to_vec(message).map_err(|e| PythonError::Io(e.to_string()))?;
        line.push(b'\n');
        let sent = self.stdin.as_mut().map(|stdin| stdin.write_all(&line).and_then(|()| stdin.flush()));
        match sent {
            Some(Ok(())) => Ok(()),
            // It no longer reads, so it is gone.
            _ => Err(self.died()),
        }
    }

    /// Waits for the next line.
    pub(super) fn next(&mut self, cancelled: &AtomicBool) -> Result<Message, PythonError> {
        let mut ended = false;
        loop {
            if cancelled.load(Ordering::SeqCst) {
                return Err(PythonError::Database(DbError::interrupted()));
            }
            match self.lines.recv_timeout(LOOK_UP) {
                Ok(Ok(line)) => {
                    return serde_json::from_str(&line)
                        .map_err(|e| PythonError::Io(format!("the Python process sent no message: {e}")));
                }
                Ok(Err(error)) => return Err(PythonError::Io(error.to_string())),
                Err(RecvTimeoutError::Disconnected) => return Err(self.died()),
                // What it sent last may still be on its way, so its end counts from the second look on.
                Err(RecvTimeoutError::Timeout) if ended => return Err(self.died()),
                Err(RecvTimeoutError::Timeout) => ended = !matches!(self.child.try_wait(), Ok(None)),
            }
        }
    }

    /// Tells how a process ended that should be running.
    fn died(&mut self) -> PythonError {
        self.stdin = None;
        match self.child.wait() {
            Ok(status) => PythonError::Died(describe(status)),
            Err(error) => PythonError::Io(error.to_string()),
        }
    }
}

impl Drop for Process {
    /// Killing a process that has been waited for does nothing.
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(candidate: &Candidate) -> std::io::Result<Child> {
    let mut command = Command::new(&candidate.program);
    command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped());
    // Ctrl-C on the terminal is for Tidegate, which then ends the process.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn()
}

fn cannot_start(candidate: &Candidate, error: &std::io::Error) -> PythonError {
    let program = candidate.program.display();
    let by = candidate.named_by.map(|by| format!(", which {by} names,")).unwrap_or_default();
    PythonError::Missing {
        message: format!("Python `{program}`{by} cannot be started: {error}"),
        help: format!("set `{VARIABLE}` to a Python 3 that has the module `duckdb`"),
    }
}

/// Says how a process ended, in a person's words.
fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return match signal {
            9 => "it was killed (signal 9), which the system does when memory runs out".to_owned(),
            11 => "it crashed (signal 11) inside of a library".to_owned(),
            other => format!("it was ended by signal {other}"),
        };
    }
    match status.code() {
        Some(code) => format!("it ended with exit code {code}"),
        None => status.to_string(),
    }
}
