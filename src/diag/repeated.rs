//! Many problems of one cause, told once: a macro that all models call fails in each of them.
//!
//! Input and output: diagnostics in their order. Called where errors end a command, and by `lsp`.

use crate::hash::HashMap;

use super::Diagnostic;

/// Keeps the first of those that say the same of the same place, with the number of the others as a note. What has no place
/// stays: nothing tells whether it is the same.
pub fn told_once(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut kept: Vec<(Diagnostic, usize)> = Vec::with_capacity(found.len());
    let mut seen = HashMap::default();
    for diagnostic in found {
        let Some(span) = diagnostic.span else {
            kept.push((diagnostic, 0));
            continue;
        };
        let at = *seen.entry((diagnostic.code, span, diagnostic.message.clone())).or_insert(kept.len());
        match kept.get_mut(at) {
            Some((_, others)) => *others += 1,
            None => kept.push((diagnostic, 0)),
        }
    }
    kept.into_iter()
        .map(|(diagnostic, others)| match others {
            0 => diagnostic,
            1 => diagnostic.note("once more for another caller"),
            _ => diagnostic.note(format!("{others} times more for other callers")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Code, FileId, Span};

    #[test]
    fn the_same_problem_of_one_place_is_told_once() {
        let at = |start| Span::new(FileId(0), start, start + 1);
        let error = |start, message: &str| Diagnostic::error(Code::MISSING_VAR, at(start), message);
        let homeless = Diagnostic::error(Code::MISSING_VAR, None, "a");
        let found = vec![
            error(1, "a"),
            homeless.clone(),
            error(1, "b"),
            error(1, "a"),
            error(2, "a"),
            error(1, "a"),
            homeless,
        ];
        let told = told_once(found);
        let shown: Vec<_> =
            told.iter().map(|d| (d.span.map(|s| s.start), &*d.message, d.notes.len())).collect();
        assert_eq!(
            shown,
            [(Some(1), "a", 1), (None, "a", 0), (Some(1), "b", 0), (Some(2), "a", 0), (None, "a", 0)]
        );
        assert_eq!(told[0].notes, ["2 times more for other callers"]);
    }
}
