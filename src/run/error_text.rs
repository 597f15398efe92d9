//! The message of a failed node, in the shape that tools read from `run_results.json`:
//! `Compilation Error in model orders (models/orders.sql)`, what is wrong, and the place with its excerpt.
//!
//! Input: a node and its diagnostic. Output: the same diagnostic led by the user's own line, and its text.

use std::fmt::Write as _;

use crate::context::Shared;
use crate::diag::{Code, Diagnostic, Sources, Span, render};
use crate::manifest::{Node, ResourceType, SourceTable};

/// Moves the place of a failed node's diagnostic to a line of the user's, and returns the message for it.
pub(super) fn error_text(node: &Node, diagnostic: Diagnostic, shared: &Shared) -> (String, Diagnostic) {
    let diagnostic = led_by_user(node, diagnostic, shared);
    let of = format!("{} {} ({})", node.resource_type(), node.name, node.original_file_path);
    (message(&of, &diagnostic, shared), diagnostic)
}

/// The same for a hook of the project, whose message is led by its place among the hooks, not by the node.
pub(super) fn hook_error_text(node: &Node, diagnostic: Diagnostic, shared: &Shared) -> (String, Diagnostic) {
    let diagnostic = led_by_user(node, diagnostic, shared);
    (shared.secrets.scrub(&lines(&diagnostic, shared).join("\n ")).into_owned(), diagnostic)
}

/// Moves the place of a node's diagnostic to a line of the user's.
pub fn led_by_user(node: &Node, diagnostic: Diagnostic, shared: &Shared) -> Diagnostic {
    let sources = &shared.sources;
    let place = configured_place(node, &diagnostic, sources);
    let mut diagnostic = diagnostic.focused(sources, Some(place));
    if diagnostic.code == Code::DATABASE
        && diagnostic.span == Some(node.span)
        && node.generic_test().is_some()
    {
        diagnostic = diagnostic.help("check the column and the arguments of this test");
    }
    if diagnostic.code == Code::CONTRACT {
        // Which macros compare the columns is of no interest.
        diagnostic.trace.clear();
    }
    diagnostic
}

/// The same for a source table.
pub(super) fn source_error_text(
    table: &SourceTable,
    diagnostic: Diagnostic,
    shared: &Shared,
) -> (String, Diagnostic) {
    let diagnostic = diagnostic.focused(&shared.sources, Some(table.span));
    let of = format!("source {} ({})", table.name, table.path);
    (message(&of, &diagnostic, shared), diagnostic)
}

fn message(of: &str, diagnostic: &Diagnostic, shared: &Shared) -> String {
    let kind = match diagnostic.code {
        code if code.is_database() => shared.dialect.error_title(),
        Code::BAD_ANSWER => diagnostic.code.class(),
        Code::GATE => "Held at the gate",
        Code::INTERRUPTED | Code::PYTHON | Code::UNSUPPORTED => "Runtime Error",
        _ => "Compilation Error",
    };
    let mut text = format!("{kind} in {of}");
    for line in lines(diagnostic, shared) {
        let _ = write!(text, "\n  {line}");
    }
    shared.secrets.scrub(&text).into_owned()
}

/// What is wrong and where, without blank lines.
fn lines(diagnostic: &Diagnostic, shared: &Shared) -> Vec<String> {
    let body = render::human::render_body(diagnostic, &shared.sources, false);
    let lines = diagnostic.message.lines().chain(body.lines()).map(str::trim_end);
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Returns the setting that led to an error which has no place in a template of the user's.
fn configured_place(node: &Node, diagnostic: &Diagnostic, sources: &Sources) -> Span {
    let key = match diagnostic.code {
        Code::CONTRACT => "contract",
        Code::CONFIG | Code::UNKNOWN_MACRO => "incremental_strategy",
        Code::DATABASE if node.resource_type() == ResourceType::Seed => "column_types",
        _ => hook(diagnostic, sources).unwrap_or_default(),
    };
    node.place_of(key)
}

/// Returns the hooks that were running: a materialization gives them to the macro that runs them.
fn hook(diagnostic: &Diagnostic, sources: &Sources) -> Option<&'static str> {
    let calls = diagnostic.trace.iter().filter_map(|frame| frame.span).map(|span| sources.excerpt(span));
    let of = |call: &str| match (call.contains("pre_hooks"), call.contains("post_hooks")) {
        (true, false) => Some("pre-hook"),
        (false, true) => Some("post-hook"),
        _ => None,
    };
    calls.into_iter().find_map(|call| of(&call))
}
