//! One compiled query → what is wrong with it, all of it at once as far as the engine can be led on.

use super::doubt::Doubts;
use super::names::dotted_at;
use super::scratch::Scratch;
use super::statement::{bind, forget};
use crate::adapter::Lacking;
use crate::context::{NodeScope, SqlError};
use crate::diag::Diagnostic;

/// How many mistakes of one query are looked for.
const MOST: usize = 20;
/// How many relations of the warehouse one query may name by itself.
const MOST_FETCHED: usize = 50;

/// Why a query was not accepted.
pub(super) enum Trouble {
    /// It cannot work.
    Wrong(Vec<Mistake>),
    /// It may work.
    Doubt(String),
}

/// One refusal.
pub(super) struct Mistake {
    /// What is wrong.
    pub problem: Diagnostic,
    /// What kind of thing was not found, if that is what is wrong.
    pub missing: Option<Lacking>,
}

/// Where queries are bound.
#[derive(Clone, Copy)]
pub(super) struct Bench<'a> {
    /// The place.
    pub scratch: &'a Scratch,
    /// What else there could be.
    pub doubts: &'a Doubts<'a>,
}

/// A query to bind.
pub(super) struct Query<'a> {
    /// The scope of its node, which knows where its text came from.
    pub scope: &'a NodeScope,
    /// The compiled text.
    pub code: &'a str,
    /// Makes the statement that binds the text.
    pub statement: &'a dyn Fn(&str) -> String,
}

impl Query<'_> {
    /// Binds the query, and keeps what its statement makes.
    pub(super) fn run(&self, bench: Bench<'_>) -> Result<(), Trouble> {
        let mut text = self.code.to_owned();
        let mut found: Vec<Mistake> = Vec::new();
        let mut fetched = 0;
        while let Err(refused) = bench.scratch.send(&(self.statement)(&text)) {
            let name = self.place(&refused).and_then(|at| dotted_at(&text, at));
            let missing = refused.error.missing.as_ref().map(|(what, _)| *what);
            let is_named = |name: &&(Vec<String>, _)| {
                let missing = refused.error.missing.as_ref().map(|(_, missing)| missing);
                missing.zip(name.0.last()).is_some_and(|(missing, last)| missing.eq_ignore_ascii_case(last))
            };
            let replaced = name.as_ref().filter(is_named).map(|(_, range)| range.clone());
            let parts = name.as_ref().map(|(parts, _)| parts.as_slice()).unwrap_or_default();
            if found.is_empty() {
                let fetches = missing == Some(Lacking::Relation) && fetched < MOST_FETCHED;
                if fetches && bench.scratch.fetch(parts) {
                    fetched += 1;
                    continue;
                }
                if let Some(reason) = bench.doubts.about(&refused.error, parts, &bench.scratch.existing) {
                    return Err(Trouble::Doubt(reason));
                }
            } else if missing != Some(Lacking::Column) {
                // The text is no longer what somebody wrote.
                break;
            }
            found.push(Mistake { problem: self.explained(refused), missing });
            let Some(range) = replaced.filter(|_| missing == Some(Lacking::Column)) else { break };
            if found.len() == MOST {
                break;
            }
            text.replace_range(range.clone(), &blank(range.len()));
        }
        found.sort_by_key(|mistake| mistake.problem.span.map(|span| span.start));
        if found.is_empty() { Ok(()) } else { Err(Trouble::Wrong(found)) }
    }

    /// Returns the place of a refusal in the text of the query.
    fn place(&self, refused: &SqlError) -> Option<usize> {
        const MARK: &str = "\u{1}";
        let head = (self.statement)(MARK).find(MARK)?;
        refused.error.position?.checked_sub(head).filter(|at| *at < self.code.len())
    }

    /// The text was changed, but not its length: the place is the same in what somebody wrote.
    fn explained(&self, refused: SqlError) -> Diagnostic {
        self.scope.refusal(&SqlError { sql: (self.statement)(self.code), ..refused })
    }
}

/// Returns an expression that is known everywhere, as long as the name whose place it takes.
fn blank(length: usize) -> String {
    let value = match length {
        0 => "",
        1 => "0",
        2 | 3 => "''",
        _ => "null",
    };
    format!("{value:<length$}")
}

/// Binds a query of which nothing is kept.
pub(super) fn bind_only(scope: &NodeScope, code: &str, bench: Bench<'_>) -> Result<(), Trouble> {
    let bound = Query { scope, code, statement: &bind }.run(bench);
    // A query with mistakes is there if it was accepted without them; else there is nothing to forget.
    let forgotten = bench.scratch.send(forget()).map(drop);
    bound.and_then(|()| forgotten.map_err(|refused| Trouble::Doubt(refused.error.message)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_is_as_long_as_the_name() {
        for length in 1..9 {
            assert_eq!(blank(length).len(), length);
        }
    }
}
