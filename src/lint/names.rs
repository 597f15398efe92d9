//! The tables of a `from` under their names, and the columns that conditions name.

use sqlparser::ast::{Expr, Ident, Join, ObjectNamePart, TableFactor, TableWithJoins};

use super::tree::{parts, walk};

/// A table in `from`.
#[derive(Clone, Copy)]
pub(super) struct Bound<'q> {
    /// Its alias, or the last part of its name.
    pub(super) name: &'q Ident,
    pub(super) factor: &'q TableFactor,
}

impl Bound<'_> {
    /// Tells whether the table has that name.
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.name.value.eq_ignore_ascii_case(name)
    }
}

/// Returns a table's name within its query; `None` if it has none.
pub(super) fn bound(factor: &TableFactor) -> Option<Bound<'_>> {
    let alias = match factor {
        TableFactor::Table { name, alias, .. } => match alias {
            Some(alias) => Some(&alias.name),
            None => name.0.last().and_then(ObjectNamePart::as_ident),
        },
        TableFactor::Derived { alias, .. }
        | TableFactor::Function { alias, .. }
        | TableFactor::TableFunction { alias, .. }
        | TableFactor::UNNEST { alias, .. }
        | TableFactor::NestedJoin { alias, .. }
        | TableFactor::Pivot { alias, .. }
        | TableFactor::Unpivot { alias, .. } => alias.as_ref().map(|alias| &alias.name),
        _ => None,
    };
    alias.map(|name| Bound { name, factor })
}

/// Returns what a part of `from` joins, in order.
pub(super) fn factors(item: &TableWithJoins) -> impl Iterator<Item = &TableFactor> {
    std::iter::once(&item.relation).chain(item.joins.iter().map(|join| &join.relation))
}

/// Returns the tables that a part of `from` joins, in order; `None` if one has no name.
pub(super) fn bounds(item: &TableWithJoins) -> Option<Vec<Bound<'_>>> {
    let mut all = Vec::new();
    for factor in factors(item) {
        match factor {
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                all.extend(bounds(table_with_joins)?);
            }
            factor => all.push(bound(factor)?),
        }
    }
    Some(all)
}

/// Returns the tables of a whole `from`, in order; `None` if one has no name.
pub(super) fn tables(from: &[TableWithJoins]) -> Option<Vec<Bound<'_>>> {
    let items: Option<Vec<_>> = from.iter().map(bounds).collect();
    Some(items?.into_iter().flatten().collect())
}

/// Returns which of the tables a join adds; `None` if it adds several.
pub(super) fn joined(join: &Join, tables: &[Bound<'_>]) -> Option<usize> {
    tables.iter().position(|table| std::ptr::eq(table.factor, &raw const join.relation))
}

/// A column of one of the tables of a `from`, by the table's place there.
pub(super) struct Column<'q> {
    pub(super) table: usize,
    pub(super) name: &'q Ident,
}

/// Returns the columns that a condition names; `None` if the table of one is not certain.
pub(super) fn columns<'q>(condition: &'q Expr, tables: &[Bound<'_>]) -> Option<Vec<Column<'q>>> {
    let mut found = Vec::new();
    let mut certain = true;
    walk(condition, &mut |part| {
        match part {
            Expr::Identifier(_) | Expr::Lambda(_) | Expr::JsonAccess { .. } | Expr::Wildcard(_) => {
                certain = false;
            }
            Expr::CompoundIdentifier(names) => match column(names, tables) {
                Some(column) => found.push(column),
                None => certain = false,
            },
            _ => certain &= parts(part).1.is_none(),
        }
        certain
    });
    certain.then_some(found)
}

/// `table.column`, with schemas before and fields behind.
fn column<'q>(names: &'q [Ident], tables: &[Bound<'_>]) -> Option<Column<'q>> {
    let at = |name: &Ident| tables.iter().position(|table| table.is_named(&name.value));
    names.windows(2).find_map(|pair| Some(Column { table: at(&pair[0])?, name: &pair[1] }))
}

/// Returns the columns of the tables that an equation compares: `a.x = b.y`.
pub(super) fn equation<'q>(condition: &'q Expr, tables: &[Bound<'_>]) -> Option<[Column<'q>; 2]> {
    let Expr::BinaryOp { left, op: sqlparser::ast::BinaryOperator::Eq, right } = condition else {
        return None;
    };
    let side = |expr: &'q Expr| match expr {
        Expr::CompoundIdentifier(names) => column(names, tables),
        _ => None,
    };
    Some([side(left)?, side(right)?])
}
