//! `from`: tables, subqueries, functions that return rows, and joins.

use std::rc::Rc;

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Join, JoinConstraint, JoinOperator, ObjectName, TableAlias,
    TableFactor, TableWithJoins,
};

use super::names::{key, last, parts, shown};
use super::resolver::Resolver;
use super::scope::{Bound, Scope};
use super::table::{Beyond, Rest, Table};
use super::value::{Step, Use, Uses, Value};

/// Functions that return one column of numbers or times, named as they are.
const SERIES: [&str; 2] = ["generate_series", "range"];

/// A part of `from`: the tables in it, and the columns that a star shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Joined {
    pub(super) bounds: Vec<Bound>,
    pub(super) visible: Table,
}

impl Joined {
    /// One table under its names.
    pub(super) fn one(names: Vec<String>, table: Rc<Table>) -> Self {
        let visible =
            Table { columns: table.columns.clone(), rest: table.rest.clone(), uses: Uses::default() };
        Self { bounds: vec![Bound { names, table }], visible }
    }
}

impl Resolver<'_> {
    /// Resolves `from` to the scope of its query.
    pub(super) fn from<'p>(&mut self, from: &[TableWithJoins], parent: Option<&'p Scope<'p>>) -> Scope<'p> {
        let mut scope = Scope::within(parent);
        for item in from {
            let joined = self.item(item, &scope);
            scope.extend(joined.bounds, &joined.visible);
        }
        scope
    }

    /// Resolves tables joined with each other; `before` are the tables in front of them.
    fn item(&mut self, item: &TableWithJoins, before: &Scope<'_>) -> Joined {
        let mut joined = self.factor(&item.relation, before);
        for join in &item.joins {
            let mut seen = before.clone();
            seen.extend(joined.bounds.clone(), &joined.visible);
            let right = self.factor(&join.relation, &seen);
            joined = self.join(joined, right, join, before);
        }
        joined
    }

    fn join(&mut self, left: Joined, right: Joined, join: &Join, before: &Scope<'_>) -> Joined {
        let (left_bounds, left_visible) = (left.bounds.clone(), left.visible.clone());
        let joined = match constraint(join) {
            JoinConstraint::Using(names) => {
                let keys: Vec<(String, String)> =
                    names.iter().filter_map(|name| self.using_name(name)).collect();
                self.merge(left, right, &keys, &join.join_operator)
            }
            JoinConstraint::Natural => {
                let both = left.visible.is_closed() && right.visible.is_closed();
                let shared = left
                    .visible
                    .columns
                    .iter()
                    .filter(|own| right.visible.columns.iter().any(|other| other.key == own.key));
                let keys: Vec<_> = shared.map(|own| (own.name.to_string(), own.key.to_string())).collect();
                let mut joined = self.merge(left, right, &keys, &join.join_operator);
                if !both {
                    let reason = "which columns a natural join merges is not known";
                    joined.visible = Table::unknown(reason);
                    self.uses.unknown.insert(reason.into());
                }
                joined
            }
            JoinConstraint::On(condition) => {
                let joined = both(left, right);
                let mut scope = before.clone();
                scope.extend(joined.bounds.clone(), &joined.visible);
                self.use_expr(condition, &scope, Use::Join);
                joined
            }
            JoinConstraint::None => both(left, right),
        };
        if is_semi(join) { Joined { bounds: left_bounds, visible: left_visible } } else { joined }
    }

    fn using_name(&self, name: &ObjectName) -> Option<(String, String)> {
        let ident = name.0.last()?.as_ident()?;
        Some((shown(ident, self.dialect), key(ident, self.dialect)))
    }

    /// Joins two sides whose columns of some names become one.
    fn merge(
        &mut self,
        left: Joined,
        right: Joined,
        keys: &[(String, String)],
        join: &JoinOperator,
    ) -> Joined {
        let (from_left, from_right) = match join {
            JoinOperator::Right(_) | JoinOperator::RightOuter(_) => (false, true),
            JoinOperator::FullOuter(_) => (true, true),
            _ => (true, false),
        };
        let mut visible = left.visible.clone();
        let mut others = right.visible.clone();
        let mut merged = Table::default();
        for (name, key) in keys {
            let missing = || Value::unknown(format!("`using ({key})`, but there is no such column"));
            let own = left.visible.get(key).unwrap_or_else(missing);
            let other = right.visible.get(key).unwrap_or_else(missing);
            self.uses.add(&own, Use::Join);
            self.uses.add(&other, Use::Join);
            let mut value = if from_left { own } else { Value::default() };
            if from_right {
                value.take(&other);
            }
            others.leave_out(key);
            let in_place = visible.columns.iter_mut().find(|column| *column.key == **key);
            match in_place {
                Some(column) if self.dialect.is_friendly() => column.value = Rc::new(value),
                _ => {
                    visible.leave_out(key);
                    merged.push((name, key), Rc::new(value));
                }
            }
        }
        merged.append(&visible);
        merged.append(&others);
        Joined { bounds: left.bounds.into_iter().chain(right.bounds).collect(), visible: merged }
    }

    fn factor(&mut self, factor: &TableFactor, before: &Scope<'_>) -> Joined {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => self.named(name, alias.as_ref()),
            TableFactor::Table { name, alias, args: Some(args), with_ordinality, .. } => {
                self.rows_of(name, (&args.args, *with_ordinality), alias.as_ref(), before)
            }
            TableFactor::Function { name, args, alias, with_ordinality, .. } => {
                self.rows_of(name, (args, *with_ordinality), alias.as_ref(), before)
            }
            TableFactor::TableFunction { expr, alias } => {
                let value = self.expr(expr, before).through(Step::Derived);
                self.aliased(computed(value), alias.as_ref(), Vec::new())
            }
            TableFactor::UNNEST { alias, array_exprs, with_ordinality, .. } => {
                let values = array_exprs.iter().map(|expr| self.expr(expr, before)).collect();
                self.unnested(values, *with_ordinality, alias.as_ref())
            }
            TableFactor::Derived { lateral, subquery, alias, .. } => {
                let implicit = !lateral && self.dialect.is_friendly() && !before.bounds.is_empty();
                let before = Scope { is_last_resort: implicit, ..before.clone() };
                let parent = if *lateral || implicit { Some(&before) } else { before.parent };
                let table = self.separate(subquery, parent);
                self.aliased(table, alias.as_ref(), Vec::new())
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                let joined = self.item(table_with_joins, before);
                match alias {
                    None => joined,
                    Some(_) => self.aliased(joined.visible, alias.as_ref(), Vec::new()),
                }
            }
            TableFactor::Pivot { .. } | TableFactor::Unpivot { .. } => self.pivoted(factor, before),
            other => self.aliased(Table::unknown(format!("`{other}` is not understood")), None, Vec::new()),
        }
    }

    /// Resolves the inner table of a pivot.
    pub(super) fn inner(&mut self, factor: &TableFactor, before: &Scope<'_>) -> Joined {
        self.factor(factor, before)
    }

    /// A table by name: an expression in front of the query, or a relation.
    fn named(&mut self, name: &ObjectName, alias: Option<&TableAlias>) -> Joined {
        let names = parts(name, self.dialect);
        let own = match names.as_slice() {
            [only] => self.cte(only),
            _ => None,
        };
        let table = own.unwrap_or_else(|| self.relations.table(&names));
        self.aliased_shared(table, alias, names)
    }

    /// Gives a table its alias and its columns their names.
    pub(super) fn aliased(&mut self, table: Table, alias: Option<&TableAlias>, names: Vec<String>) -> Joined {
        self.aliased_shared(Rc::new(table), alias, names)
    }

    fn aliased_shared(
        &mut self,
        mut table: Rc<Table>,
        alias: Option<&TableAlias>,
        names: Vec<String>,
    ) -> Joined {
        self.uses.take(&table.uses);
        let Some(alias) = alias else { return Joined::one(names, table) };
        if !alias.columns.is_empty() {
            let columns = alias.columns.iter().map(|column| &column.name);
            let renamed: Vec<_> =
                columns.map(|name| (shown(name, self.dialect), key(name, self.dialect))).collect();
            Rc::make_mut(&mut table).rename(&renamed);
        }
        Joined::one(vec![key(&alias.name, self.dialect)], table)
    }

    /// A function that returns rows.
    fn rows_of(
        &mut self,
        name: &ObjectName,
        (args, with_ordinality): (&[FunctionArg], bool),
        alias: Option<&TableAlias>,
        before: &Scope<'_>,
    ) -> Joined {
        let function = last(name);
        let values: Vec<Value> = args.iter().map(|arg| self.row_argument(&function, arg, before)).collect();
        if function == "unnest" {
            return self.unnested(values, with_ordinality, alias);
        }
        let mut value = Value::of_nothing();
        values.iter().for_each(|argument| value.take(argument));
        let value = value.through(Step::Derived);
        let mut table = if function == "values" {
            let mut table = Table::default();
            for (at, value) in values.into_iter().enumerate() {
                let name = self.dialect.values_column(at);
                table.push((&name, &name), Rc::new(value.through(Step::Derived)));
            }
            table
        } else if SERIES.contains(&function.as_str()) {
            self.scalar_rows(&function, value, alias)
        } else if value.inputs.is_empty() && value.unknown.is_none() {
            // Files and the like: a relation that the project does not know.
            let text: Vec<String> = args.iter().map(ToString::to_string).collect();
            let place = format!("{}({})", name.to_string().to_lowercase(), text.join(", "));
            Table { rest: vec![Rest::new(Beyond::Relation(place.into()))], ..Table::default() }
        } else {
            computed(value)
        };
        if with_ordinality {
            table.push(("ordinality", "ordinality"), Rc::new(Value::of_nothing()));
        }
        self.aliased(table, alias, vec![function])
    }

    /// An argument's name (`header = true`) is no column.
    fn row_argument(&mut self, function: &str, argument: &FunctionArg, before: &Scope<'_>) -> Value {
        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument {
            let inner = if let Expr::Nested(inner) = expr { inner } else { expr };
            if let Expr::BinaryOp { left, op: sqlparser::ast::BinaryOperator::Eq, right } = inner
                && matches!(left.as_ref(), Expr::Identifier(_))
                && self.dialect.is_friendly()
            {
                return self.expr(right, before);
            }
        }
        let (FunctionArg::Named { arg, .. } | FunctionArg::ExprNamed { arg, .. } | FunctionArg::Unnamed(arg)) =
            argument;
        self.unnamed(function, arg, before)
    }

    /// One column: in Postgres an alias names it too.
    fn scalar_rows(&self, function: &str, value: Value, alias: Option<&TableAlias>) -> Table {
        let mut table = Table::default();
        let alias = alias.filter(|_| !self.dialect.is_friendly());
        let (name, key) = match alias {
            Some(TableAlias { name, .. }) => (shown(name, self.dialect), key(name, self.dialect)),
            None => (function.to_owned(), function.to_owned()),
        };
        table.push((&name, &key), Rc::new(value));
        table
    }

    /// `unnest`: a column for each list.
    fn unnested(&mut self, values: Vec<Value>, with_ordinality: bool, alias: Option<&TableAlias>) -> Joined {
        let mut table = Table::default();
        let single = values.len() == 1;
        let mut rows = Value::of_nothing();
        for value in values {
            rows.take(&value);
            let value = value.through(Step::Derived);
            if single {
                table = self.scalar_rows("unnest", value, alias);
            } else {
                table.push(("unnest", "unnest"), Rc::new(value));
            }
        }
        if single && alias.is_none_or(|alias| alias.columns.is_empty()) {
            // The list may be one of structs or rows, which have columns of their own.
            table.rest.push(Rest::new(Beyond::Computed(Rc::new(rows.through(Step::Derived)))));
        }
        if with_ordinality {
            table.push(("ordinality", "ordinality"), Rc::new(Value::of_nothing()));
        }
        self.aliased(table, alias, vec!["unnest".to_owned()])
    }
}

/// Returns what a join asks for.
pub fn constraint(join: &Join) -> &JoinConstraint {
    use JoinOperator as Op;
    match &join.join_operator {
        Op::Join(c) | Op::Inner(c) | Op::Left(c) | Op::LeftOuter(c) | Op::Right(c) | Op::RightOuter(c) => c,
        Op::FullOuter(c) | Op::CrossJoin(c) | Op::Semi(c) | Op::LeftSemi(c) | Op::RightSemi(c) => c,
        Op::Anti(c)
        | Op::LeftAnti(c)
        | Op::RightAnti(c)
        | Op::StraightJoin(c)
        | Op::AsOf { constraint: c, .. } => c,
        Op::CrossApply | Op::OuterApply | Op::ArrayJoin | Op::LeftArrayJoin | Op::InnerArrayJoin => {
            &JoinConstraint::None
        }
    }
}

/// Tells whether a join only decides which rows of its left side stay.
pub fn is_semi(join: &Join) -> bool {
    use JoinOperator as Op;
    matches!(join.join_operator, Op::Semi(_) | Op::LeftSemi(_) | Op::Anti(_) | Op::LeftAnti(_))
}

/// A table of which every column is computed from the same.
fn computed(value: Value) -> Table {
    Table { rest: vec![Rest::new(Beyond::Computed(Rc::new(value)))], ..Table::default() }
}

fn both(left: Joined, right: Joined) -> Joined {
    let mut visible = left.visible;
    visible.append(&right.visible);
    Joined { bounds: left.bounds.into_iter().chain(right.bounds).collect(), visible }
}
