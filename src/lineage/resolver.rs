//! Queries → tables: expressions in front of a query, set operations, subqueries.
//!
//! Invariant: `uses` holds what the query now being resolved filters, joins, groups and sorts by; those of an expression in
//! front of it (`with`) come in only when something reads it.

use std::rc::Rc;

use sqlparser::ast::{
    Cte, Expr, OrderBy, OrderByKind, Query, SetExpr, SetOperator, SetQuantifier, Values, With,
};

use super::names::{key, shown};
use super::scope::Scope;
use super::table::{Beyond, Column, Rest, Table};
use super::value::{Step, Use, Uses, Value};
use crate::sql::Dialect;

/// How often a recursive query is gone over until nothing new turns up.
const ROUNDS: usize = 12;

/// Answers which relation a name is, and what columns it has.
pub(super) trait Relations {
    /// Returns the columns of the relation with these parts of a name, as compared.
    fn table(&self, parts: &[String]) -> Rc<Table>;

    /// Returns the columns of the model that an expression in front of the query stands for, if it does.
    fn ephemeral(&self, name: &str) -> Option<Rc<Table>>;
}

/// Goes over one query.
pub(super) struct Resolver<'s> {
    pub(super) dialect: &'s dyn Dialect,
    pub(super) relations: &'s dyn Relations,
    pub(super) uses: Uses,
    /// What `columns(..)` stands for in the expression now being resolved.
    pub(super) columns_mean: Option<Value>,
    ctes: Vec<(String, Rc<Table>)>,
}

/// Resolves a query to its columns.
pub(super) fn resolve(query: &Query, dialect: &dyn Dialect, relations: &dyn Relations) -> Table {
    let mut resolver =
        Resolver { dialect, relations, uses: Uses::default(), columns_mean: None, ctes: Vec::new() };
    resolver.separate(query, None)
}

impl Resolver<'_> {
    /// Resolves a query whose uses stay with its table.
    pub(super) fn separate(&mut self, query: &Query, parent: Option<&Scope<'_>>) -> Table {
        let around = std::mem::take(&mut self.uses);
        let mut table = self.query(query, parent);
        table.uses = std::mem::replace(&mut self.uses, around);
        table
    }

    /// Resolves a query within an expression: what it uses, the query around it uses.
    pub(super) fn subquery(&mut self, query: &Query, scope: &Scope<'_>) -> Table {
        self.query(query, Some(scope))
    }

    /// Returns the table of an expression in front of the query.
    pub(super) fn cte(&self, name: &str) -> Option<Rc<Table>> {
        self.ctes.iter().rev().find(|(known, _)| known == name).map(|(_, table)| Rc::clone(table))
    }

    fn query(&mut self, query: &Query, parent: Option<&Scope<'_>>) -> Table {
        let outside = self.ctes.len();
        if let Some(with) = &query.with {
            self.with(with, parent);
        }
        let table = match query.body.as_ref() {
            SetExpr::Select(select) => self.select(select, query.order_by.as_ref(), parent),
            body => {
                let table = self.body(body, parent);
                self.order_output(query.order_by.as_ref(), &table, parent);
                table
            }
        };
        self.ctes.truncate(outside);
        if query.pipe_operators.is_empty() {
            table
        } else {
            Table::unknown("pipe operators are not understood")
        }
    }

    fn with(&mut self, with: &With, parent: Option<&Scope<'_>>) {
        for cte in &with.cte_tables {
            let name = key(&cte.alias.name, self.dialect);
            let table = match self.relations.ephemeral(&name) {
                Some(table) => table,
                None if with.recursive => Rc::new(self.recursive(&name, cte, parent)),
                None => Rc::new(self.cte_table(cte, parent)),
            };
            self.ctes.push((name, table));
        }
    }

    fn cte_table(&mut self, cte: &Cte, parent: Option<&Scope<'_>>) -> Table {
        let mut table = self.separate(&cte.query, parent);
        let columns = cte.alias.columns.iter().map(|column| &column.name);
        let names: Vec<_> = columns.map(|n| (shown(n, self.dialect), key(n, self.dialect))).collect();
        table.rename(&names);
        table
    }

    /// Goes over the query again and again, each time with what came out of it before, until that stays the same.
    fn recursive(&mut self, name: &str, cte: &Cte, parent: Option<&Scope<'_>>) -> Table {
        let mut before = Table::default();
        for round in 0..ROUNDS {
            // In the first round only the first part of the union counts, as nothing has been found yet.
            let known = if round == 0 { None } else { Some((name.to_owned(), Rc::new(before.clone()))) };
            let outside = self.ctes.len();
            self.ctes.extend(known);
            let now = if round == 0 { self.anchor(cte, parent) } else { self.cte_table(cte, parent) };
            self.ctes.truncate(outside);
            if now == before {
                break;
            }
            before = now;
        }
        before
    }

    /// Resolves the part of a recursive query that does not name itself.
    fn anchor(&mut self, cte: &Cte, parent: Option<&Scope<'_>>) -> Table {
        match cte.query.body.as_ref() {
            SetExpr::SetOperation { left, .. } if cte.query.with.is_none() => {
                let query = Query { body: left.clone(), order_by: None, ..cte.query.as_ref().clone() };
                self.cte_table(&Cte { query: Box::new(query), ..cte.clone() }, parent)
            }
            _ => self.cte_table(cte, parent),
        }
    }

    fn body(&mut self, body: &SetExpr, parent: Option<&Scope<'_>>) -> Table {
        match body {
            SetExpr::Select(select) => self.select(select, None, parent),
            SetExpr::Query(query) => self.query(query, parent),
            SetExpr::Values(values) => self.values(values, parent),
            SetExpr::SetOperation { left, op, set_quantifier, right } => {
                let (left, right) = (self.body(left, parent), self.body(right, parent));
                self.set_operation(left, *op, *set_quantifier, right)
            }
            SetExpr::Table(table) => {
                let names = [&table.schema_name, &table.table_name];
                let parts: Vec<String> =
                    names.into_iter().flatten().map(|name| name.to_lowercase()).collect();
                let own = if let [name] = parts.as_slice() { self.cte(name) } else { None };
                let table = own.unwrap_or_else(|| self.relations.table(&parts));
                self.uses.take(&table.uses);
                Table { uses: Uses::default(), ..table.as_ref().clone() }
            }
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Table::unknown("it changes data")
            }
        }
    }

    fn set_operation(
        &mut self,
        left: Table,
        op: SetOperator,
        quantifier: SetQuantifier,
        right: Table,
    ) -> Table {
        if op != SetOperator::Union {
            // Rows of the left side stay or go by what is on the right.
            self.uses.add(&right.row(), Use::Filter);
            return left;
        }
        let by_name = matches!(
            quantifier,
            SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName
        );
        match (left.is_closed() && right.is_closed(), by_name) {
            (true, true) => union_by_name(left, &right),
            (true, false) if left.columns.len() == right.columns.len() => union(left, &right),
            (true, false) => {
                let (left, right) = (left.columns.len(), right.columns.len());
                Table::unknown(format!("a union of {left} and {right} columns"))
            }
            (false, _) => open_union(left, right, by_name),
        }
    }

    fn values(&mut self, values: &Values, parent: Option<&Scope<'_>>) -> Table {
        let scope = Scope::within(parent);
        let mut columns: Vec<Value> = Vec::new();
        for row in &values.rows {
            for (at, expr) in row.content.iter().enumerate() {
                let value = self.expr(expr, &scope).through(Step::Derived);
                match columns.get_mut(at) {
                    Some(column) => column.take(&value),
                    None => columns.push(value),
                }
            }
        }
        let mut table = Table::default();
        for (at, value) in columns.into_iter().enumerate() {
            let name = self.dialect.values_column(at);
            table.push((&name, &name), Rc::new(value));
        }
        table
    }

    /// `order by` behind a set operation names output columns.
    fn order_output(&mut self, order: Option<&OrderBy>, table: &Table, parent: Option<&Scope<'_>>) {
        let Some(order) = order else { return };
        let scope =
            Scope { visible: Table { uses: Uses::default(), ..table.clone() }, ..Scope::within(parent) };
        self.order(order, &scope, table);
    }

    /// Adds what rows are sorted by to the uses.
    pub(super) fn order(&mut self, order: &OrderBy, scope: &Scope<'_>, output: &Table) {
        match &order.kind {
            OrderByKind::All(_) => self.uses.add(&output.row(), Use::Order),
            OrderByKind::Expressions(by) => {
                for by in by {
                    self.by(&by.expr, scope, output, Use::Order);
                }
            }
        }
    }

    /// `group by 1` and `order by 1` mean an output column.
    pub(super) fn by(&mut self, expr: &Expr, scope: &Scope<'_>, output: &Table, how: Use) {
        let position = match expr {
            Expr::Value(value) => value.to_string().parse::<usize>().ok(),
            _ => None,
        };
        let Some(position) = position else { return self.use_expr(expr, scope, how) };
        match output.columns.get(position.wrapping_sub(1)) {
            Some(column) if output.is_closed() => self.uses.add(&column.value, how),
            _ => {
                let reason = output.rest.first().map(Rest::reason);
                self.uses.unknown.extend(reason);
            }
        }
    }
}

/// Columns meet by position; the names are those on the left.
fn union(mut left: Table, right: &Table) -> Table {
    for (own, other) in left.columns.iter_mut().zip(&right.columns) {
        Rc::make_mut(&mut own.value).take(&other.value);
    }
    left
}

/// Columns meet by name; each side lacks what only the other has.
fn union_by_name(mut left: Table, right: &Table) -> Table {
    for column in &right.columns {
        match left.columns.iter_mut().find(|own| own.key == column.key) {
            Some(own) => Rc::make_mut(&mut own.value).take(&column.value),
            None => left.columns.push(column.clone()),
        }
    }
    left
}

/// One side is open: of known names something can still be told.
fn open_union(left: Table, right: Table, by_name: bool) -> Table {
    let (left, right) = (Rc::new(left), Rc::new(right));
    let rest = Rest::new(Beyond::Either(Rc::clone(&left), Rc::clone(&right), by_name));
    let mut columns: Vec<Column> = Vec::new();
    let known = left.columns.iter().chain(if by_name { right.columns.as_slice() } else { &[] });
    for column in known {
        if columns.iter().all(|known| known.key != column.key) {
            let found = Table { rest: vec![rest.clone()], ..Table::default() }.get(&column.key);
            columns.push(Column { value: found.map_or_else(Rc::default, Rc::new), ..column.clone() });
        }
    }
    // With all names on the left known, there are no others.
    let closed = left.is_closed() && !by_name;
    Table { columns, rest: if closed { Vec::new() } else { vec![rest] }, uses: Uses::default() }
}
