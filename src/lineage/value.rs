//! What a column's value is made of: the columns of relations it comes from, and how.
//!
//! Invariant: what is not certain is in `unknown`, with the reason; `inputs` holds only what is certain.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use crate::artifacts::ColumnKind as Kind;
pub(super) use crate::artifacts::ColumnUse as Use;

/// Why something cannot be told.
pub(super) type Reason = Rc<str>;

/// A column of a relation: where a value starts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Origin {
    /// The node or source; for what the project does not know, its text in SQL.
    pub(super) relation: Arc<str>,
    /// The column's name as it is compared: in lower case, unless the engine minds the case.
    pub(super) column: Arc<str>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.relation, self.column)
    }
}

/// What happens to a value on its way, from nothing to most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// It stays as it is.
    #[default]
    Copied,
    /// It goes into an expression.
    Derived,
    /// It goes, with those of other rows, into an aggregate function.
    Aggregated,
}

/// The value of an expression or column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Value {
    /// Where it comes from.
    pub(super) inputs: BTreeMap<Origin, Step>,
    /// The most that happens to any part of it.
    pub(super) step: Step,
    /// Why that is not all of it.
    pub(super) unknown: Option<Reason>,
}

impl Value {
    /// A value that is made of nothing: a literal, the time.
    pub(super) fn of_nothing() -> Self {
        Self { step: Step::Derived, ..Self::default() }
    }

    /// A column of a relation.
    pub(super) fn of_column(relation: &Arc<str>, column: &str) -> Self {
        let origin = Origin { relation: Arc::clone(relation), column: column.into() };
        Self { inputs: BTreeMap::from([(origin, Step::Copied)]), ..Self::default() }
    }

    /// A value of which nothing is known.
    pub(super) fn unknown(reason: impl Into<Reason>) -> Self {
        Self { unknown: Some(reason.into()), ..Self::default() }
    }

    /// Returns what a column of this name and value is.
    pub(super) fn kind(&self, key: &str) -> Kind {
        if self.unknown.is_some() {
            Kind::Unknown
        } else {
            kind_of(self.step, self.inputs.keys().all(|o| &*o.column == key))
        }
    }

    /// Adds what another value is made of.
    pub(super) fn take(&mut self, other: &Self) {
        for (origin, step) in &other.inputs {
            let own = self.inputs.entry(origin.clone()).or_default();
            *own = (*own).max(*step);
        }
        self.step = self.step.max(other.step);
        if self.unknown.is_none() {
            self.unknown.clone_from(&other.unknown);
        }
    }

    /// Says that at least this happens to all of it.
    pub(super) fn through(mut self, step: Step) -> Self {
        self.step = self.step.max(step);
        if step > Step::Copied {
            self.inputs.values_mut().for_each(|own| *own = (*own).max(step));
        }
        self
    }
}

/// Returns what something is that has, or has not, the name of what it comes from.
pub(super) fn kind_of(step: Step, same_name: bool) -> Kind {
    match step {
        Step::Copied if same_name => Kind::Copied,
        Step::Copied => Kind::Renamed,
        Step::Derived => Kind::Derived,
        Step::Aggregated => Kind::Aggregated,
    }
}

/// The columns that decide which rows there are and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Uses {
    /// What is used, and how.
    pub(super) columns: BTreeMap<Origin, BTreeSet<Use>>,
    /// Why that may not be all.
    pub(super) unknown: BTreeSet<Reason>,
}

impl Uses {
    /// Adds all that a value is made of.
    pub(super) fn add(&mut self, value: &Value, how: Use) {
        for origin in value.inputs.keys() {
            self.columns.entry(origin.clone()).or_default().insert(how);
        }
        self.unknown.extend(value.unknown.clone());
    }

    /// Adds the uses of a query that this one reads.
    pub(super) fn take(&mut self, other: &Self) {
        for (origin, how) in &other.columns {
            self.columns.entry(origin.clone()).or_default().extend(how);
        }
        self.unknown.extend(other.unknown.iter().cloned());
    }
}
