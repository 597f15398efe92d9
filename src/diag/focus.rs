//! Leads a diagnostic with the user's own place.
//!
//! Input: a diagnostic whose place and stack may lie in built-in macros. Output: the same, led by the innermost
//! place in a file of the user's. Called by `run` and by the renderer for people.

use super::{Diagnostic, Frame, Sources, Span};

/// A stack of more calls than this is shortened.
const LONGEST: usize = 10;
/// How many calls of a shortened stack are shown at its inner end, and at its outer one.
const ENDS: (usize, usize) = (4, 3);

impl Diagnostic {
    /// Moves the place out of built-in macros: to the innermost call from a file of the user's, else to
    /// `fallback`. Without either the place stays where it is.
    #[must_use]
    pub fn focused(mut self, sources: &Sources, fallback: Option<Span>) -> Self {
        let users = |span: &Span| !sources.is_inner(*span);
        let inner = |frame: &Frame| frame.span.is_some_and(|span| sources.is_inner(span));
        let own = self.span.as_ref().is_some_and(users);
        // What called the user's code is the machinery of a materialization: it explains nothing.
        if own || !self.trace.iter().all(inner) {
            while self.trace.last().is_some_and(inner) {
                self.trace.pop();
            }
        }
        if own {
            return self;
        }
        let place = self.trace.iter().filter_map(|frame| frame.span).find(users);
        let place = place.or(fallback.filter(users));
        if place.is_some() {
            self.span = place;
            self.note_at_span.clear();
        }
        self
    }
}

/// Returns the lines of a macro stack. A frame that says the same as the place of the error is left out, of a
/// run of built-in macros only the innermost is named, and long stacks lose their middle.
pub(super) fn stack_lines(diagnostic: &Diagnostic, sources: &Sources) -> Vec<String> {
    let inner = |frame: &Frame| frame.span.is_some_and(|span| sources.is_inner(span));
    let mut frames: Vec<&Frame> = Vec::new();
    for frame in &diagnostic.trace {
        if !frames.contains(&frame) || diagnostic.trace.len() > LONGEST {
            frames.push(frame);
        }
    }
    let begins = |span: Span| (span.file, span.start);
    let at_error =
        |frame: &&Frame| frame.span.is_none_or(|span| Some(begins(span)) == diagnostic.span.map(begins));
    if frames.len() <= 2 && frames.iter().all(at_error) {
        return Vec::new();
    }
    let mut lines: Vec<String> = Vec::new();
    let mut hidden = 0;
    for (at, frame) in frames.iter().enumerate() {
        let repeats = inner(frame) && at.checked_sub(1).is_some_and(|before| inner(frames[before]));
        if repeats {
            hidden += 1;
            continue;
        }
        lines.extend(built_in(hidden));
        hidden = 0;
        let place = frame.span.and_then(|span| sources.locate(span)).unwrap_or_default();
        lines.push(format!("in {} {place}", frame.name).trim_end().to_owned());
    }
    lines.extend(built_in(hidden));
    if lines.len() > LONGEST {
        let cut = lines.len() - ENDS.0 - ENDS.1;
        lines.splice(ENDS.0..ENDS.0 + cut, [format!("... {cut} more calls")]);
    }
    lines
}

fn built_in(hidden: usize) -> Option<String> {
    match hidden {
        0 => None,
        1 => Some("... 1 more built-in macro".to_owned()),
        more => Some(format!("... {more} more built-in macros")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;

    fn frame(name: &str, span: Span) -> Frame {
        Frame { name: name.to_owned(), span: Some(span) }
    }

    #[test]
    fn the_users_place_leads_and_the_machinery_is_short() {
        let sources = Sources::new();
        let own = Span::new(sources.add("models/a.sql", "{{ m() }}"), 3, 6);
        let built_in = Span::new(sources.add_inner("dbt/macros/m.sql", "{{ 1 / 0 }}"), 3, 8);
        let deep = Diagnostic::error(Code::JINJA_RUNTIME, built_in, "division by zero").trace(vec![
            frame("macro `a`", built_in),
            frame("macro `b`", Span { start: 0, ..built_in }),
            frame("macro `c`", Span { start: 1, ..built_in }),
            frame("model `a`", own),
        ]);
        let shown = deep.focused(&sources, None);
        assert_eq!(shown.span, Some(own));
        assert_eq!(
            stack_lines(&shown, &sources),
            [
                "in macro `a` dbt/macros/m.sql:1:4",
                "... 2 more built-in macros",
                "in model `a` models/a.sql:1:4"
            ]
        );
    }

    #[test]
    fn what_called_the_users_code_is_dropped_and_one_equal_frame_is_not_shown() {
        let sources = Sources::new();
        let own = Span::new(sources.add("models/a.sql", "select x"), 7, 8);
        let built_in = Span::new(sources.add_inner("dbt/macros/view.sql", "{{ sql }}"), 0, 9);
        let refused = Diagnostic::error(Code::DATABASE, own, "no `x`")
            .trace(vec![frame("model `a`", own), frame("macro `materialization_view_default`", built_in)])
            .focused(&sources, None);
        assert_eq!(refused.trace.len(), 1);
        assert!(stack_lines(&refused, &sources).is_empty());
    }

    #[test]
    fn endless_recursion_is_cut() {
        let sources = Sources::new();
        let own = Span::new(sources.add("macros/m.sql", "{{ m() }}"), 3, 6);
        let frames = vec![frame("macro `m`", own); 200];
        let lines = stack_lines(&Diagnostic::error(Code::JINJA_RUNTIME, own, "").trace(frames), &sources);
        assert_eq!((lines.len(), lines[4].as_str()), (8, "... 193 more calls"));
    }
}
