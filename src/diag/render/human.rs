//! Diagnostics with excerpts, as compilers show them.

use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diag::focus::stack_lines;
use crate::diag::{Diagnostic, Severity, Sources, Span};

/// Renders one diagnostic; `color` switches ANSI codes on. Ends without a newline.
pub fn render(diagnostic: &Diagnostic, sources: &Sources, color: bool) -> String {
    let diagnostic = diagnostic.clone().focused(sources, None);
    let title = level(&diagnostic).primary_title(diagnostic.message.as_str()).id(diagnostic.code.as_str());
    render_group(&diagnostic, sources, Group::with_title(title), color)
}

/// Renders all but the title line; empty when there is nothing but the title.
pub fn render_body(diagnostic: &Diagnostic, sources: &Sources, color: bool) -> String {
    let bare = diagnostic.span.is_none()
        && diagnostic.labels.is_empty()
        && diagnostic.notes.is_empty()
        && diagnostic.help.is_empty()
        && diagnostic.trace.is_empty();
    if bare {
        return String::new();
    }
    render_group(diagnostic, sources, Group::with_level(level(diagnostic)), color)
}

fn level(diagnostic: &Diagnostic) -> Level<'static> {
    match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    }
}

fn render_group(diagnostic: &Diagnostic, sources: &Sources, group: Group<'_>, color: bool) -> String {
    let mut places: Vec<(Span, &str, AnnotationKind)> = Vec::new();
    if let Some(span) = diagnostic.span {
        places.push((span, diagnostic.note_at_span.as_str(), AnnotationKind::Primary));
    }
    for label in &diagnostic.labels {
        places.push((label.span, label.text.as_str(), AnnotationKind::Context));
    }
    let files: Vec<_> = places.iter().map(|(span, ..)| sources.get(span.file)).collect();
    let mut group = group;
    let mut shown = Vec::new();
    for (at, (span, ..)) in places.iter().enumerate() {
        let Some(source) = &files[at] else { continue };
        if shown.contains(&span.file) {
            continue;
        }
        shown.push(span.file);
        let mut snippet = Snippet::source(source.text.as_ref()).path(source.path.as_str());
        for (place, text, kind) in places.iter().filter(|(other, ..)| other.file == span.file) {
            let annotation = kind.span(fit(place.range(), &source.text));
            snippet = snippet.annotation(if text.is_empty() { annotation } else { annotation.label(*text) });
        }
        group = group.element(snippet);
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut text = renderer.render(&[group]);
    for line in stack_lines(diagnostic, sources) {
        let _ = write!(text, "\n  {line}");
    }
    text
}

/// Cuts a range to the text and to character boundaries: excerpts must never panic.
fn fit(range: std::ops::Range<usize>, text: &str) -> std::ops::Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(range.start);
    start..floor(range.end).max(start)
}
