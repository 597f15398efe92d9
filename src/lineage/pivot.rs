//! `pivot` with a list of values, and `unpivot`: their columns can be told without the data.

use std::collections::BTreeSet;
use std::rc::Rc;

use sqlparser::ast::{
    Expr, ExprWithAlias, Ident, PivotValueSource, TableAlias, TableFactor, Value as Literal,
};

use super::from::Joined;
use super::names::{key, shown};
use super::resolver::Resolver;
use super::scope::Scope;
use super::table::Table;
use super::value::{Step, Use, Uses, Value};

impl Resolver<'_> {
    /// Resolves a table that is turned.
    pub(super) fn pivoted(&mut self, factor: &TableFactor, before: &Scope<'_>) -> Joined {
        match factor {
            TableFactor::Pivot { table, aggregate_functions, value_column, value_source, alias, .. } => {
                let inner = self.inner(table, before);
                let output = self.pivot(&inner, aggregate_functions, value_column, value_source);
                self.aliased(output, alias.as_ref(), Vec::new())
            }
            TableFactor::Unpivot { table, value, name, columns, alias, .. } => {
                let inner = self.inner(table, before);
                let output = self.unpivot(&inner, (value, name), columns);
                self.aliased(output, alias.as_ref(), Vec::new())
            }
            other => self.aliased(
                Table::unknown(format!("`{other}` is not understood")),
                None::<&TableAlias>,
                Vec::new(),
            ),
        }
    }

    /// All columns that are neither aggregated nor spread stay, and rows are grouped by them.
    fn pivot(
        &mut self,
        inner: &Joined,
        aggregates: &[ExprWithAlias],
        spread: &[Expr],
        source: &PivotValueSource,
    ) -> Table {
        let scope = scope_of(inner);
        let PivotValueSource::List(values) = source else {
            return Table::unknown("the columns of a pivot depend on the data");
        };
        let mut output = Table { uses: Uses::default(), ..inner.visible.clone() };
        let mut taken: BTreeSet<String> = BTreeSet::new();
        spread
            .iter()
            .chain(aggregates.iter().map(|a| &a.expr))
            .for_each(|expr| self.names_in(expr, &mut taken));
        taken.iter().for_each(|name| output.leave_out(name));
        for expr in spread {
            self.use_expr(expr, &scope, Use::Group);
        }
        for column in &output.columns {
            self.uses.add(&column.value, Use::Group);
        }
        for value in values {
            let label = match &value.alias {
                Some(alias) => shown(alias, self.dialect),
                None => label(&value.expr),
            };
            for aggregate in aggregates {
                let mut computed = self.expr(&aggregate.expr, &scope);
                computed.take(&self.all(spread, &scope));
                let name = match &aggregate.alias {
                    Some(alias) => format!("{label}_{}", alias.value),
                    None if aggregates.len() == 1 => label.clone(),
                    None => format!("{label}_{}", aggregate.expr),
                };
                let computed = computed.through(Step::Aggregated);
                output.push((&name, &name.to_lowercase()), Rc::new(computed));
            }
        }
        output
    }

    /// The columns named become rows: one column tells the name, one the value.
    fn unpivot(
        &mut self,
        inner: &Joined,
        (value, name): (&Expr, &Ident),
        columns: &[ExprWithAlias],
    ) -> Table {
        let scope = scope_of(inner);
        let Expr::Identifier(value_name) = value else {
            return Table::unknown("an unpivot into several columns is not understood");
        };
        let mut output = Table { uses: Uses::default(), ..inner.visible.clone() };
        let mut values = Value::default();
        for column in columns {
            let ident = match &column.expr {
                Expr::Identifier(ident) => key(ident, self.dialect),
                // DuckDB writes them as text.
                Expr::Value(value) => label(&Expr::Value(value.clone())).to_lowercase(),
                other => return Table::unknown(format!("the columns that `{other}` takes are not known")),
            };
            values.take(&scope.name(&ident));
            output.leave_out(&ident);
        }
        output.push((&shown(name, self.dialect), &key(name, self.dialect)), Rc::new(Value::of_nothing()));
        output.push((&shown(value_name, self.dialect), &key(value_name, self.dialect)), Rc::new(values));
        output
    }

    /// Collects the columns that an expression names.
    fn names_in(&self, expr: &Expr, names: &mut BTreeSet<String>) {
        match expr {
            Expr::Identifier(ident) => {
                names.insert(key(ident, self.dialect));
            }
            Expr::CompoundIdentifier(idents) => {
                names.extend(idents.last().map(|ident| key(ident, self.dialect)));
            }
            Expr::Function(function) => {
                super::star::list_arguments(function)
                    .into_iter()
                    .for_each(|argument| self.names_in(argument, names));
            }
            _ => super::children::children(expr).into_iter().for_each(|part| self.names_in(part, names)),
        }
    }
}

fn scope_of(inner: &Joined) -> Scope<'static> {
    let mut scope = Scope::default();
    scope.extend(inner.bounds.clone(), &inner.visible);
    scope
}

/// A value as it becomes part of a column's name.
fn label(expr: &Expr) -> String {
    match expr {
        Expr::Value(value) => match &value.value {
            Literal::SingleQuotedString(text) => text.clone(),
            other => other.to_string(),
        },
        other => other.to_string(),
    }
}
