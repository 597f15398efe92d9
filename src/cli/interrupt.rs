//! Ctrl-C: the first asks the run to stop in order, the second ends the process.

use std::io::Write as _;

use super::args::Verb;
use crate::run::CancelToken;

/// Exit code of a process that a second Ctrl-C ends, as shells know it: 128 and the number of the signal.
const KILLED: i32 = 130;

/// Has Ctrl-C (and a request to terminate) cancel the command. A process that cannot listen ends at once, as usual.
pub(super) fn listen(cancel: &CancelToken, verb: Verb) {
    let told = match verb {
        Verb::DocsServe => "stopping: the documentation is not served any more",
        _ => "stopping: running statements are interrupted (once more ends at once)",
    };
    let cancel = cancel.clone();
    let handler = move || {
        if cancel.is_cancelled() {
            end();
        }
        let _ = writeln!(std::io::stderr(), "{told}");
        cancel.cancel();
    };
    let _ = ctrlc::set_handler(handler);
}

#[expect(clippy::exit, reason = "asked twice to stop, the process must not wait for anything")]
fn end() -> ! {
    std::process::exit(KILLED)
}
