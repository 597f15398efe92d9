//! Log lines as text: short for people, long for looking into a run.

use crate::artifacts::Invocation;
use crate::event::{Envelope, Event, Style};
use crate::project::Scrubber;

/// Returns `12:00:00  message` (UTC); asked-for output stands alone.
pub(super) fn short(envelope: &Envelope, style: &Style, secrets: &Scrubber) -> String {
    let message = envelope.event.message(style);
    let message = secrets.scrub(&message);
    if envelope.event.is_output() {
        return message.into_owned();
    }
    clock(envelope) + &message
}

/// Returns what a short line begins with.
pub(super) fn clock(envelope: &Envelope) -> String {
    envelope.at.strftime("%H:%M:%S  ").to_string()
}

/// Returns `12:00:00.000000 [info ] [MainThread]: message` (UTC); an invocation begins with a ruler.
pub(super) fn long(
    envelope: &Envelope,
    style: &Style,
    secrets: &Scrubber,
    invocation: &Invocation,
) -> String {
    let message = envelope.event.message(style);
    let message = secrets.scrub(&message);
    let clock = envelope.at.strftime("%H:%M:%S.%6f").to_string();
    let thread: String = envelope.thread.chars().take(10).collect();
    let head = if matches!(envelope.event, Event::MainReportVersion(_)) {
        let ruler = "=".repeat(30);
        format!("\n\n{ruler} {clock} | {} {ruler}\n", invocation.id)
    } else {
        String::new()
    };
    format!("{head}{clock} [{:<5}] [{thread:<10}]: {message}", envelope.level)
}
