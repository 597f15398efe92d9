//! A query laid out flat: every `select`, `union` and name of a relation in it, with the common table expressions in sight.

use std::rc::Rc;

use sqlparser::ast::{
    Cte, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, JoinConstraint, ObjectName,
    OrderBy, OrderByKind, Query, Select, SelectItem, SetExpr, TableFactor, TableWithJoins, WindowType,
};

use crate::lineage::{children, constraint, subscripts};

/// The common table expressions that a part of a query sees. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Ctes<'q>(Option<Rc<Link<'q>>>);

struct Link<'q> {
    cte: &'q Cte,
    /// Whether it sees itself.
    recursive: bool,
    before: Ctes<'q>,
}

impl<'q> Ctes<'q> {
    pub(super) fn with(&self, cte: &'q Cte, recursive: bool) -> Self {
        Self(Some(Rc::new(Link { cte, recursive, before: self.clone() })))
    }

    /// Finds what a name without dots means, with what its query sees.
    pub(super) fn find(&self, name: &str) -> Option<(&'q Cte, Self)> {
        let mut at = self;
        while let Some(link) = &at.0 {
            if link.cte.alias.name.value.eq_ignore_ascii_case(name) {
                let seen = if link.recursive { at.clone() } else { link.before.clone() };
                return Some((link.cte, seen));
            }
            at = &link.before;
        }
        None
    }

    /// Finds the expression that a relation's name means.
    pub(super) fn of(&self, name: &ObjectName) -> Option<(&'q Cte, Self)> {
        let [part] = name.0.as_slice() else { return None };
        self.find(&part.as_ident()?.value)
    }
}

/// A part of a query, with the common table expressions that it sees.
pub(super) struct At<'q, T> {
    pub(super) it: T,
    pub(super) ctes: Ctes<'q>,
}

/// A query laid out flat.
pub(super) struct Tree<'q> {
    /// The query itself.
    pub(super) query: &'q Query,
    pub(super) ctes: Vec<&'q Cte>,
    pub(super) selects: Vec<At<'q, &'q Select>>,
    /// Set operations.
    pub(super) sets: Vec<At<'q, &'q SetExpr>>,
    /// Names in `from`, of relations and common table expressions.
    pub(super) names: Vec<At<'q, &'q ObjectName>>,
    /// Whether there is something in it that is not understood.
    pub(super) unclear: bool,
}

impl<'q> Tree<'q> {
    pub(super) fn new(query: &'q Query) -> Self {
        let mut tree = Self {
            query,
            ctes: Vec::new(),
            selects: Vec::new(),
            sets: Vec::new(),
            names: Vec::new(),
            unclear: false,
        };
        tree.query(query, &Ctes::default());
        tree
    }

    fn query(&mut self, query: &'q Query, around: &Ctes<'q>) {
        let mut ctes = around.clone();
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            let recursive = query.with.as_ref().is_some_and(|with| with.recursive);
            self.ctes.push(cte);
            let behind = ctes.with(cte, recursive);
            self.query(&cte.query, if recursive { &behind } else { &ctes });
            ctes = behind;
        }
        self.unclear |= !query.pipe_operators.is_empty();
        self.body(&query.body, &ctes);
        if let Some(OrderBy { kind: OrderByKind::Expressions(by), .. }) = &query.order_by {
            self.exprs(by.iter().map(|by| &by.expr), &ctes);
        }
    }

    fn body(&mut self, body: &'q SetExpr, ctes: &Ctes<'q>) {
        match body {
            SetExpr::Select(select) => self.select(select, ctes),
            SetExpr::Query(query) => self.query(query, ctes),
            SetExpr::SetOperation { left, right, .. } => {
                self.sets.push(At { it: body, ctes: ctes.clone() });
                self.body(left, ctes);
                self.body(right, ctes);
            }
            SetExpr::Values(values) => {
                self.exprs(values.rows.iter().flat_map(|row| &row.content), ctes);
            }
            SetExpr::Table(_)
            | SetExpr::Insert(_)
            | SetExpr::Update(_)
            | SetExpr::Delete(_)
            | SetExpr::Merge(_) => self.unclear = true,
        }
    }

    fn select(&mut self, select: &'q Select, ctes: &Ctes<'q>) {
        self.selects.push(At { it: select, ctes: ctes.clone() });
        for item in &select.from {
            self.item(item, ctes);
        }
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expr)
                | SelectItem::ExprWithAlias { expr, .. }
                | SelectItem::ExprWithAliases { expr, .. } => self.exprs([expr], ctes),
                SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) => {
                    let replaced = options.opt_replace.iter().flat_map(|replace| &replace.items);
                    self.exprs(replaced.map(|item| &item.expr), ctes);
                }
            }
        }
        let filters = [&select.prewhere, &select.selection, &select.having, &select.qualify];
        self.exprs(filters.into_iter().flatten(), ctes);
        if let sqlparser::ast::GroupByExpr::Expressions(by, _) = &select.group_by {
            self.exprs(by, ctes);
        }
        self.unclear |= !select.lateral_views.is_empty() || !select.connect_by.is_empty();
    }

    fn item(&mut self, item: &'q TableWithJoins, ctes: &Ctes<'q>) {
        self.factor(&item.relation, ctes);
        for join in &item.joins {
            self.factor(&join.relation, ctes);
            if let JoinConstraint::On(condition) = constraint(join) {
                self.exprs([condition], ctes);
            }
        }
    }

    fn factor(&mut self, factor: &'q TableFactor, ctes: &Ctes<'q>) {
        match factor {
            TableFactor::Table { name, args: None, .. } => {
                self.names.push(At { it: name, ctes: ctes.clone() });
            }
            TableFactor::Table { args: Some(args), .. } => self.arguments(&args.args, ctes),
            TableFactor::Function { args, .. } => self.arguments(args, ctes),
            TableFactor::TableFunction { expr, .. } => self.exprs([expr], ctes),
            TableFactor::UNNEST { array_exprs, .. } => self.exprs(array_exprs, ctes),
            TableFactor::Derived { subquery, .. } => self.query(subquery, ctes),
            TableFactor::NestedJoin { table_with_joins, .. } => self.item(table_with_joins, ctes),
            TableFactor::Pivot { table, .. } | TableFactor::Unpivot { table, .. } => self.factor(table, ctes),
            _ => self.unclear = true,
        }
    }

    fn arguments(&mut self, arguments: &'q [FunctionArg], ctes: &Ctes<'q>) {
        self.exprs(arguments.iter().filter_map(argument), ctes);
    }

    /// Goes into the subqueries of expressions.
    fn exprs(&mut self, exprs: impl IntoIterator<Item = &'q Expr>, ctes: &Ctes<'q>) {
        for expr in exprs {
            let (parts, subquery) = parts(expr);
            if let Some(query) = subquery {
                self.query(query, ctes);
            }
            self.exprs(parts, ctes);
        }
    }
}

fn argument(argument: &FunctionArg) -> Option<&Expr> {
    let (FunctionArg::Named { arg, .. } | FunctionArg::ExprNamed { arg, .. } | FunctionArg::Unnamed(arg)) =
        argument;
    match arg {
        FunctionArgExpr::Expr(expr) => Some(expr),
        _ => None,
    }
}

/// Returns the expressions directly within another one, and the query that it is made of, if it is.
pub(super) fn parts(expr: &Expr) -> (Vec<&Expr>, Option<&Query>) {
    match expr {
        Expr::Subquery(query) | Expr::Exists { subquery: query, .. } => (Vec::new(), Some(query)),
        Expr::InSubquery { expr, subquery, .. } => (vec![expr], Some(subquery)),
        Expr::Function(function) => of_function(function),
        Expr::Lambda(lambda) => (vec![&lambda.body], None),
        Expr::CompoundFieldAccess { root, access_chain } => {
            let mut all = subscripts(access_chain);
            all.push(root);
            (all, None)
        }
        Expr::JsonAccess { value, .. } => (vec![value], None),
        _ => (children(expr), None),
    }
}

fn of_function(function: &Function) -> (Vec<&Expr>, Option<&Query>) {
    let mut all: Vec<&Expr> = function.within_group.iter().map(|by| &by.expr).collect();
    all.extend(function.filter.as_deref());
    if let Some(WindowType::WindowSpec(window)) = &function.over {
        all.extend(&window.partition_by);
        all.extend(window.order_by.iter().map(|by| &by.expr));
    }
    match &function.args {
        FunctionArguments::None => (all, None),
        FunctionArguments::Subquery(query) => (all, Some(query)),
        FunctionArguments::List(list) => {
            all.extend(list.args.iter().filter_map(argument));
            (all, None)
        }
    }
}

/// Asks all parts of an expression, subqueries left out; `false` of `visit` keeps it out of a part.
pub(super) fn walk<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e Expr) -> bool) {
    if visit(expr) {
        for part in parts(expr).0 {
            walk(part, visit);
        }
    }
}

/// Tells whether a part of an expression is of some kind.
pub(super) fn any<'e>(expr: &'e Expr, is_it: impl Fn(&'e Expr) -> bool) -> bool {
    let mut found = false;
    walk(expr, &mut |part| {
        found |= is_it(part);
        !found
    });
    found
}

/// Returns the conditions that all must hold.
pub(super) fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Nested(inner) => conjuncts(inner),
        Expr::BinaryOp { left, op: sqlparser::ast::BinaryOperator::And, right } => {
            let mut all = conjuncts(left);
            all.extend(conjuncts(right));
            all
        }
        _ => vec![expr],
    }
}
