//! Diagnostics with excerpts, as compilers show them.

use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::diag::focus::stack_lines;
use crate::diag::source::line_col;
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
        let mut own = places.iter().filter(|(other, ..)| other.file == span.file);
        if !own.all(|(place, ..)| source.can_be_shown(fit(place.range(), &source.text))) {
            let at = line_col(&source.text, span.start as usize);
            group = group.element(Origin::path(source.path.as_str()).line(at.line).char_column(at.column));
            continue;
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;

    #[test]
    fn lines_with_secrets_are_not_shown() {
        let sources = Sources::new();
        let text =
            "dev:\n  host: db\n  port: x\n  password:\n    hush\n  user: me\nflow: {host: db, pass: hush}\n";
        let file = sources.add("profiles.yml", text);
        let shown = |word: &str| {
            let at = text.find(word).unwrap();
            let span = Span::new(file, at, at + word.len());
            render(&Diagnostic::error(Code::CONFIG, span, "no"), &sources, false)
        };
        assert!(shown("hush").contains("hush"));
        sources.guard(file);
        assert_eq!(shown("hush"), "error[config]: no\n--> profiles.yml:5:5");
        assert_eq!(shown("flow"), "error[config]: no\n--> profiles.yml:7:1");
        assert!(shown("port").contains("port: x"));
    }
}
