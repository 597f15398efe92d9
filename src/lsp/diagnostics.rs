//! What is wrong, as editors show it: for each file a list, which is sent when it changed.
//!
//! Input: diagnostics with places in the texts that were read. Output: notifications. A file whose mistakes are mended gets
//! an empty list. Called by `server`.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use lsp_types::{
    DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Position,
    PublishDiagnosticsParams, Range,
};

use super::documents::Documents;
use super::snapshot::Places;
use super::uri;
use crate::diag::{Diagnostic, Severity, Span, told_once};
use crate::project::PROJECT_FILE;

/// How many steps of a macro stack are shown.
const MOST_FRAMES: usize = 10;

/// Lists by file.
pub(super) type ByFile = BTreeMap<Utf8PathBuf, Vec<lsp_types::Diagnostic>>;

/// Sorts problems by their files.
pub(super) fn by_file(problems: &[Diagnostic], places: Places<'_>) -> ByFile {
    let mut files = ByFile::new();
    let focused = problems.iter().map(|problem| problem.clone().focused(places.sources, None));
    for problem in told_once(focused.collect()) {
        let place = problem.span.and_then(|span| Some((places.path(span.file)?, places.location(span)?)));
        let (path, range) = match place {
            Some((path, location)) => (path, location.range),
            // What has no place is shown on the project as a whole.
            None => (places.root.join(PROJECT_FILE), Range::default()),
        };
        let shown = shown(&problem, first_line(range), places);
        files.entry(path).or_default().push(shown);
    }
    files
}

/// A problem of many lines is marked at its first: marking a whole file helps nobody.
fn first_line(range: Range) -> Range {
    if range.start.line == range.end.line {
        return range;
    }
    Range { start: range.start, end: Position { line: range.start.line, character: u32::MAX >> 1 } }
}

fn shown(problem: &Diagnostic, range: Range, places: Places<'_>) -> lsp_types::Diagnostic {
    let mut lines = vec![problem.message.clone()];
    lines.extend(Some(&problem.note_at_span).filter(|text| !text.is_empty()).cloned());
    lines.extend(problem.notes.iter().map(|note| format!("note: {note}")));
    lines.extend(problem.help.iter().map(|help| format!("help: {help}")));
    let related = related(problem, places);
    lsp_types::Diagnostic {
        range,
        severity: Some(match problem.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
        }),
        code: Some(NumberOrString::String(problem.code.as_str().to_owned())),
        source: Some("tidegate".to_owned()),
        message: lines.join("\n"),
        related_information: Some(related).filter(|related| !related.is_empty()),
        ..lsp_types::Diagnostic::default()
    }
}

/// Returns the other places that matter, and the macros that were running.
fn related(problem: &Diagnostic, places: Places<'_>) -> Vec<DiagnosticRelatedInformation> {
    let at = |span: Span| -> Option<Location> { places.location(span) };
    let labels = problem.labels.iter().filter_map(|label| {
        Some(DiagnosticRelatedInformation { location: at(label.span)?, message: label.text.clone() })
    });
    let begins = |span: Span| (span.file, span.start);
    let elsewhere = |span: Span| Some(begins(span)) != problem.span.map(begins);
    let frames = problem.trace.iter().filter(|frame| frame.span.is_some_and(elsewhere));
    let frames = frames.take(MOST_FRAMES).filter_map(|frame| {
        Some(DiagnosticRelatedInformation {
            location: at(frame.span?)?,
            message: format!("in {}", frame.name),
        })
    });
    labels.chain(frames).collect()
}

/// Remembers what the editor shows.
#[derive(Default)]
pub(super) struct Board {
    shown: ByFile,
}

impl Board {
    /// Returns what has to be sent so that the editor shows these lists. Open documents are always told, so that the editor
    /// learns that their newest text was looked at.
    pub(super) fn update(&mut self, now: ByFile, documents: &Documents) -> Vec<PublishDiagnosticsParams> {
        let mut messages = Vec::new();
        let open = documents.iter().filter_map(|document| document.path.clone());
        let mut paths: Vec<Utf8PathBuf> = self.shown.keys().chain(now.keys()).cloned().chain(open).collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            let document = documents.of_path(&path);
            let list = now.get(&path).cloned().unwrap_or_default();
            if document.is_none() && self.shown.get(&path).is_some_and(|shown| *shown == list) {
                continue;
            }
            let uri = document.map(|document| document.uri.clone()).or_else(|| uri::of_path(&path));
            let Some(uri) = uri else { continue };
            let version = document.map(|document| document.version);
            messages.push(PublishDiagnosticsParams { uri, diagnostics: list, version });
        }
        self.shown = now;
        messages
    }
}
