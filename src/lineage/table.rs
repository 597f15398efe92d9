//! What a query or relation offers: columns in order, and what may be there besides.
//!
//! A table is open when not all of its columns are known, as those of a source without a list: then a `Rest` tells where a
//! column of any other name would come from.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use super::value::{Reason, Step, Uses, Value};

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// Its name as written.
    pub(super) name: Rc<str>,
    /// Its name as compared.
    pub(super) key: Rc<str>,
    /// What it is made of.
    pub(super) value: Rc<Value>,
}

/// Where columns come from whose names are not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Beyond {
    /// A relation.
    Relation(Arc<str>),
    /// A computation that gives every one of them, such as a function that returns rows.
    Computed(Rc<Value>),
    /// Two queries in a set operation; tells whether their columns meet by name.
    Either(Rc<Table>, Rc<Table>, bool),
    /// Nothing can be told.
    Unknown(Reason),
}

/// Columns whose names are not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rest {
    /// Where they come from.
    pub(super) from: Beyond,
    /// Names that are not among them.
    pub(super) except: Rc<BTreeSet<Rc<str>>>,
    /// What happened to them since.
    pub(super) step: Step,
}

impl Rest {
    pub(super) fn new(from: Beyond) -> Self {
        Self { from, except: Rc::default(), step: Step::Copied }
    }

    /// Leaves out a name.
    pub(super) fn leave_out(&mut self, key: &str) {
        if !self.except.contains(key) {
            Rc::make_mut(&mut self.except).insert(key.into());
        }
    }

    /// Says in a few words what is not known.
    pub(super) fn reason(&self) -> Reason {
        match &self.from {
            Beyond::Relation(relation) => format!("the columns of `{relation}` are not all known").into(),
            Beyond::Computed(_) => "the columns that a function returns are not known".into(),
            Beyond::Either(left, right, _) => {
                let first = left.rest.first().or(right.rest.first());
                first.map_or_else(|| "the columns of a set operation are not known".into(), Self::reason)
            }
            Beyond::Unknown(reason) => Rc::clone(reason),
        }
    }

    fn find(&self, key: &str) -> Option<Value> {
        if self.except.contains(key) {
            return None;
        }
        let value = match &self.from {
            Beyond::Relation(relation) => Value::of_column(relation, key),
            Beyond::Computed(value) => value.as_ref().clone(),
            Beyond::Unknown(reason) => Value::unknown(Rc::clone(reason)),
            Beyond::Either(left, right, true) => {
                let (left, right) = (left.get(key), right.get(key));
                let mut value = left.clone().or_else(|| right.clone())?;
                value.take(&right.or(left)?);
                value
            }
            // Columns meet by position, and the position on the other side is not known.
            Beyond::Either(left, _, false) => {
                let mut value = left.get(key)?;
                value.unknown.get_or_insert_with(|| self.reason());
                value
            }
        };
        Some(value.through(self.step))
    }
}

/// What asking for a name gives.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// The column.
    Column(Rc<Value>),
    /// It is none of the known ones, so that it must be this, if it is of this table at all.
    Rest(Value),
    /// There is none.
    Nothing,
}

/// What a query or relation offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    /// The known columns.
    pub(super) columns: Vec<Column>,
    /// What else there may be.
    pub(super) rest: Vec<Rest>,
    /// What decides on its rows.
    pub(super) uses: Uses,
}

impl Table {
    /// A table of which nothing is known.
    pub(super) fn unknown(reason: impl Into<Reason>) -> Self {
        Self { rest: vec![Rest::new(Beyond::Unknown(reason.into()))], ..Self::default() }
    }

    /// Tells whether a relation has a part in it.
    pub(super) fn mentions(&self, relation: &str) -> bool {
        let in_value = |value: &Value| value.inputs.keys().any(|origin| &*origin.relation == relation);
        let in_reason = |reason: &Reason| reason.contains(relation);
        self.columns
            .iter()
            .any(|column| in_value(&column.value) || column.value.unknown.iter().any(in_reason))
            || self.uses.columns.keys().any(|origin| &*origin.relation == relation)
            || self.uses.unknown.iter().any(in_reason)
    }

    /// Tells whether all columns are known.
    pub(super) fn is_closed(&self) -> bool {
        self.rest.is_empty()
    }

    /// Looks up a name.
    pub(super) fn find(&self, key: &str) -> Found {
        if let Some(column) = self.columns.iter().find(|column| &*column.key == key) {
            return Found::Column(Rc::clone(&column.value));
        }
        let mut candidates = self.rest.iter().filter_map(|rest| Some((rest.find(key)?, rest)));
        match (candidates.next(), candidates.next()) {
            (None, _) => Found::Nothing,
            (Some((value, _)), None) => Found::Rest(value),
            (Some((_, rest)), Some(_)) => {
                let reason = format!("`{key}` may be of several relations: {}", rest.reason());
                Found::Rest(Value::unknown(reason))
            }
        }
    }

    /// Looks up a name that must be of this table.
    pub(super) fn get(&self, key: &str) -> Option<Value> {
        match self.find(key) {
            Found::Column(value) => Some(value.as_ref().clone()),
            Found::Rest(value) => Some(value),
            Found::Nothing => None,
        }
    }

    /// Returns all of it as one value: a row.
    pub(super) fn row(&self) -> Value {
        let mut row = Value::of_nothing();
        for column in &self.columns {
            row.take(&column.value);
        }
        for rest in &self.rest {
            match &rest.from {
                Beyond::Computed(value) => row.take(value),
                _ => _ = row.unknown.get_or_insert_with(|| rest.reason()),
            }
        }
        row.through(Step::Derived)
    }

    /// Adds a column at the end.
    pub(super) fn push(&mut self, (name, key): (&str, &str), value: Rc<Value>) {
        self.columns.push(Column { name: name.into(), key: key.into(), value });
    }

    /// Adds all columns of another table behind its own.
    pub(super) fn append(&mut self, other: &Self) {
        self.columns.extend(other.columns.iter().cloned());
        self.rest.extend(other.rest.iter().cloned());
    }

    /// Leaves out a name.
    pub(super) fn leave_out(&mut self, key: &str) {
        self.columns.retain(|column| &*column.key != key);
        self.rest.iter_mut().for_each(|rest| rest.leave_out(key));
    }

    /// Gives the first columns other names, as `t(a, b)` does.
    pub(super) fn rename(&mut self, names: &[(String, String)]) {
        let reason = self.rest.first().map(Rest::reason);
        for (at, (name, key)) in names.iter().enumerate() {
            match (self.columns.get_mut(at), &reason) {
                // Names go by position, and unknown columns may stand in front.
                (Some(column), None) => {
                    (column.name, column.key) = (name.as_str().into(), key.as_str().into());
                }
                (Some(column), Some(reason)) => {
                    *column = Column {
                        name: name.as_str().into(),
                        key: key.as_str().into(),
                        value: Rc::new(Value::unknown(Rc::clone(reason))),
                    };
                }
                (None, Some(reason)) => {
                    let value = self.computed().unwrap_or_else(|| Value::unknown(Rc::clone(reason)));
                    self.push((name, key), Rc::new(value));
                }
                (None, None) => {}
            }
        }
    }

    /// Returns the computation that all columns come from, if one does.
    fn computed(&self) -> Option<Value> {
        match (self.rest.as_slice(), self.columns.is_empty()) {
            ([Rest { from: Beyond::Computed(value), .. }], _) => Some(value.as_ref().clone()),
            _ => None,
        }
    }
}
