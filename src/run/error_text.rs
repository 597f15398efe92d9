//! The message of a failed node, in the shape that tools read from `run_results.json`:
//! `Compilation Error in model orders (models/orders.sql)` and the indented text below.

use std::fmt::Write as _;

use crate::diag::{Code, Diagnostic, Sources};
use crate::manifest::Node;

/// Returns the message for a failed node.
pub(super) fn error_text(node: &Node, diagnostic: &Diagnostic, sources: &Sources) -> String {
    let kind = match diagnostic.code {
        Code::DATABASE | Code::CONNECTION | Code::INTERRUPTED => "Runtime Error",
        _ => "Compilation Error",
    };
    let mut text = format!("{kind} in {} {} ({})", node.resource_type(), node.name, node.original_file_path);
    let mut line = |indent: &str, content: &str| {
        for part in content.lines() {
            let _ = write!(text, "\n{indent}{part}");
        }
    };
    line("  ", &diagnostic.message);
    for note in &diagnostic.notes {
        line("  ", note);
    }
    if let Some(place) = diagnostic.span.and_then(|span| sources.locate(span)) {
        line("  ", &format!("at {place}"));
    }
    for frame in &diagnostic.trace {
        let place = frame.span.and_then(|span| sources.locate(span));
        line("  ", &format!("> in {} {}", frame.name, place.unwrap_or_default()));
    }
    for help in &diagnostic.help {
        line("  ", &format!("help: {help}"));
    }
    text
}
