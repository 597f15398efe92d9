//! Which questions templates may put to the database.
//!
//! A scratch database has the columns of a project's relations and no rows, so that the answers to most questions would
//! be wrong: they are refused, and who compiles learns of it by the code of the error. What reads no relation (a
//! calculation with dates, say) has the same answer everywhere. Called by the methods of
//! `adapter` that send statements.

use std::sync::atomic::Ordering;

use super::run_scope::NodeScope;
use crate::diag::Code;
use crate::jinja::{Args, Error, Value, py_str};
use crate::manifest::Relation;
use crate::sql::code_tokens;

/// What templates may ask of the database.
pub enum Introspection {
    /// Anything.
    Free,
    /// Only for the columns of relations of which the function says yes.
    Columns(Box<dyn Fn(&Relation) -> bool + Send + Sync>),
}

impl Introspection {
    /// Tells whether most questions are refused.
    pub fn is_restricted(&self) -> bool {
        matches!(self, Self::Columns(_))
    }
}

impl NodeScope {
    /// Calls a macro of dbt's that may ask what it likes, from outside of a render.
    pub fn call_asking(&self, name: &str, args: Args) -> Result<Value, Error> {
        self.free_to_ask(|| self.call_from_rust(name, args))
    }

    /// Does something whose templates may ask what they like.
    pub fn free_to_ask<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = self.asking().swap(true, Ordering::Relaxed);
        let done = work();
        self.asking().store(before, Ordering::Relaxed);
        done
    }

    /// Errors if a statement of a template is not sent.
    pub(super) fn may_send(&self, sql: &Value) -> Result<(), Error> {
        let may = !self.run().introspection.is_restricted() || reads_nothing(&py_str(sql));
        if may { Ok(()) } else { self.may_ask() }
    }

    /// Errors if templates may not ask what depends on more than the question.
    pub(super) fn may_ask(&self) -> Result<(), Error> {
        match self.run().introspection {
            Introspection::Columns(_) if !self.asking().load(Ordering::Relaxed) => {
                Err(Error::new(Code::INTROSPECTION, "it asks the database while it is compiled"))
            }
            _ => Ok(()),
        }
    }

    /// Asks for the columns of a relation by a macro that sends statements. Errors if that is not possible.
    pub(super) fn asking_for(
        &self,
        relation: &Relation,
        ask: impl FnOnce() -> Result<Value, Error>,
    ) -> Result<Value, Error> {
        match &self.run().introspection {
            Introspection::Columns(knows) if knows(relation) => self.free_to_ask(ask),
            _ => {
                self.may_ask()?;
                ask()
            }
        }
    }
}

/// Tells whether a statement is a query that names no relation.
fn reads_nothing(sql: &str) -> bool {
    let mut words = code_tokens(sql).map(|token| sql[token.range].to_ascii_lowercase());
    words.next().as_deref() == Some("select")
        && words.all(|word| !matches!(word.as_str(), "from" | "join" | "table" | "into" | ";"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calculations_read_nothing() {
        assert!(reads_nothing("/* c */ select date_diff('day', date '2024-01-01', now()) -- from t"));
        for sql in ["select a from t", "from t", "select 1; drop table t", "insert into t values (1)", ""] {
            assert!(!reads_nothing(sql), "{sql}");
        }
    }
}
