//! Names in a query: which column, alias or whole row a name means.
//!
//! Scopes nest: a subquery sees the tables around it. An inner name hides an outer one, so where an inner table is open and an
//! outer scope has the name too, what it means is unknown.

use std::rc::Rc;

use super::table::{Found, Rest, Table};
use super::value::{Step, Value};

/// A table under the names by which columns may be qualified.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    /// Its alias, or the parts of its name, as compared.
    pub(super) names: Vec<String>,
    /// What it offers.
    pub(super) table: Rc<Table>,
}

impl Bound {
    /// `schema.table.column` names the table `db.schema.table`.
    fn is_named(&self, qualifiers: &[String]) -> bool {
        !qualifiers.is_empty() && self.names.ends_with(qualifiers)
    }
}

/// What names mean at one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope<'a> {
    /// The tables of `from`.
    pub(super) bounds: Vec<Bound>,
    /// All their columns, as a star shows them: `using` has merged some.
    pub(super) visible: Table,
    /// Output columns that expressions may name.
    pub(super) aliases: Vec<(String, Rc<Value>)>,
    /// Whether these come before columns, as in `order by`.
    pub(super) aliases_first: bool,
    /// Parameters of lambdas.
    pub(super) parameters: Vec<String>,
    /// Whether it only answers for names that nothing within may have: a subquery in `from` sees the tables before it,
    /// but seldom looks.
    pub(super) is_last_resort: bool,
    /// The query around.
    pub(super) parent: Option<&'a Scope<'a>>,
}

/// What a name is in a scope.
enum Meaning {
    /// This.
    Sure(Value),
    /// This, or nothing of this scope.
    Perhaps(Value),
    /// Nothing.
    Nothing,
}

impl<'a> Scope<'a> {
    /// Makes the scope of a query within another one, if there is one.
    pub(super) fn within(parent: Option<&'a Scope<'a>>) -> Self {
        Self { parent, ..Self::default() }
    }

    /// Puts tables behind those that are there.
    pub(super) fn extend(&mut self, bounds: Vec<Bound>, visible: &Table) {
        self.bounds.extend(bounds);
        self.visible.append(visible);
    }

    /// Finds a table by its qualifiers, here or around.
    pub(super) fn bound(&self, qualifiers: &[String]) -> Option<&Bound> {
        let own = self.bounds.iter().find(|bound| bound.is_named(qualifiers));
        own.or_else(|| self.parent?.bound(qualifiers))
    }

    /// Resolves an unqualified name.
    pub(super) fn name(&self, key: &str) -> Value {
        match self.meaning(key) {
            Meaning::Sure(value) | Meaning::Perhaps(value) => value,
            Meaning::Nothing => Value::unknown(format!("no column `{key}` is in sight")),
        }
    }

    /// Tells whether a name certainly is a column.
    pub(super) fn is_column(&self, key: &str) -> Option<bool> {
        match self.meaning(key) {
            Meaning::Sure(_) => Some(true),
            Meaning::Perhaps(_) => None,
            Meaning::Nothing => Some(false),
        }
    }

    fn meaning(&self, key: &str) -> Meaning {
        if self.parameters.iter().any(|parameter| parameter == key) {
            return Meaning::Sure(Value::of_nothing());
        }
        if self.aliases_first
            && let Some(value) = self.alias(key)
        {
            return Meaning::Sure(value);
        }
        match self.visible.find(key) {
            Found::Column(value) => Meaning::Sure(value.as_ref().clone()),
            Found::Nothing => self.beyond_columns(key, self.parent),
            Found::Rest(value) if self.is_proven(key, &value) => Meaning::Sure(value),
            Found::Rest(value) => match self.beyond_columns(key, self.surroundings()) {
                Meaning::Nothing => Meaning::Perhaps(value),
                Meaning::Sure(other) | Meaning::Perhaps(other) if same_origins(&value, &other) => {
                    Meaning::Sure(value.through(other.step))
                }
                Meaning::Sure(_) | Meaning::Perhaps(_) => {
                    let known = self.visible.rest.first().map(Rest::reason);
                    let known = known.as_deref().unwrap_or("not all columns are known");
                    Meaning::Perhaps(Value::unknown(format!("`{key}` may mean something else too: {known}")))
                }
            },
        }
    }

    /// What a name is when it is no column of this scope's tables.
    fn beyond_columns(&self, key: &str, parent: Option<&Scope<'_>>) -> Meaning {
        if let Some(value) = self.alias(key) {
            return Meaning::Sure(value);
        }
        let row = self.bounds.iter().find(|bound| bound.names.last().is_some_and(|name| name == key));
        if let Some(bound) = row {
            return Meaning::Sure(bound.table.row());
        }
        parent.map_or(Meaning::Nothing, |parent| parent.meaning(key))
    }

    /// The queries around that an inner name may mean even where this one's tables may have it.
    fn surroundings(&self) -> Option<&Scope<'a>> {
        let parent = self.parent?;
        if parent.is_last_resort { parent.parent } else { Some(parent) }
    }

    /// An alias made of the column of the same name shows that there is such a column.
    fn is_proven(&self, key: &str, column: &Value) -> bool {
        let made_of = |alias: Value| column.inputs.keys().all(|origin| alias.inputs.contains_key(origin));
        column.unknown.is_none() && !column.inputs.is_empty() && self.alias(key).is_some_and(made_of)
    }

    /// The last of them counts, as every expression sees those before it.
    fn alias(&self, key: &str) -> Option<Value> {
        let found = self.aliases.iter().rev().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_ref().clone())
    }

    /// Resolves `a.b.c`: a column of a table, with fields behind it, or a column with fields.
    pub(super) fn path(&self, parts: &[String]) -> Value {
        if let [only] = parts {
            return self.name(only);
        }
        let mut scope = Some(self);
        while let Some(here) = scope {
            if let Some(value) = here.qualified(parts) {
                return value;
            }
            scope = here.parent;
        }
        self.name(&parts[0]).through(Step::Derived)
    }

    /// A column behind the name of one of this scope's own tables.
    fn qualified(&self, parts: &[String]) -> Option<Value> {
        for length in (1..parts.len()).rev() {
            let (qualifiers, [column, fields @ ..]) = parts.split_at(length) else { continue };
            let Some(bound) = self.bounds.iter().find(|bound| bound.is_named(qualifiers)) else { continue };
            let step = if fields.is_empty() { Step::Copied } else { Step::Derived };
            match bound.table.find(column) {
                Found::Column(value) => return Some(value.as_ref().clone().through(step)),
                Found::Rest(value) => match self.visible.find(&parts[0]) {
                    // `a.b` may be the field of a column `a` besides.
                    Found::Column(_) if length == 1 => {
                        let reason = format!("`{}` may be a column or a field", parts.join("."));
                        return Some(Value::unknown(reason));
                    }
                    _ => return Some(value.through(step)),
                },
                Found::Nothing => {}
            }
        }
        None
    }
}

/// Tells whether it does not matter which of two values is meant.
fn same_origins(one: &Value, other: &Value) -> bool {
    one.unknown.is_none() && other.unknown.is_none() && one.inputs.keys().eq(other.inputs.keys())
}
