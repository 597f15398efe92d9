//! What stands behind a table in `from`: the relation whose rows it has, and whether it has more than one row.

use sqlparser::ast::{
    Expr, Function, GroupByExpr, LimitClause, Query, Select, SelectItem, SetExpr, TableFactor,
};

use super::tree::{Ctes, any};
use crate::lineage::is_aggregate;

/// How deep expressions in front of a query are followed.
const DEPTH: usize = 20;

/// What a table in `from` is.
pub(super) enum Behind<'q> {
    /// A relation under its name, with all its rows and columns as they are.
    Relation(&'q sqlparser::ast::ObjectName),
    /// A query, with what it sees.
    Query(&'q Query, Ctes<'q>),
    /// Something else.
    Other,
}

/// Returns what a table in `from` is.
pub(super) fn behind<'q>(factor: &'q TableFactor, ctes: &Ctes<'q>) -> Behind<'q> {
    match factor {
        TableFactor::Table { name, args: None, .. } => match ctes.of(name) {
            // `t(a, b)` renames what comes out of it.
            Some((cte, _)) if !cte.alias.columns.is_empty() => Behind::Other,
            Some((cte, seen)) => Behind::Query(&cte.query, seen),
            None => Behind::Relation(name),
        },
        TableFactor::Derived { lateral: false, subquery, alias, .. }
            if alias.as_ref().is_none_or(|alias| alias.columns.is_empty()) =>
        {
            Behind::Query(subquery, ctes.clone())
        }
        _ => Behind::Other,
    }
}

/// Returns what a query sees within itself.
pub(super) fn within<'q>(query: &'q Query, around: &Ctes<'q>) -> Ctes<'q> {
    let mut ctes = around.clone();
    if let Some(with) = &query.with {
        for cte in &with.cte_tables {
            ctes = ctes.with(cte, with.recursive);
        }
    }
    ctes
}

/// Follows `select * from ..` to the relation at its end.
pub(super) fn imported<'q>(
    factor: &'q TableFactor,
    ctes: &Ctes<'q>,
) -> Option<&'q sqlparser::ast::ObjectName> {
    let (mut factor, mut ctes) = (factor, ctes.clone());
    for _ in 0..DEPTH {
        match behind(factor, &ctes) {
            Behind::Relation(name) => return Some(name),
            Behind::Other => return None,
            Behind::Query(query, around) => {
                let plain = query.limit_clause.is_none() && query.fetch.is_none();
                let select = query.body.as_select().filter(|_| plain)?;
                let [SelectItem::Wildcard(options)] = select.projection.as_slice() else { return None };
                let as_it_is = options.opt_rename.is_none() && options.opt_replace.is_none();
                factor = only_table(select).filter(|_| as_it_is)?;
                ctes = within(query, &around);
            }
        }
    }
    None
}

/// Returns the one table that a `select` reads, if there are no joins.
pub(super) fn only_table(select: &Select) -> Option<&TableFactor> {
    match select.from.as_slice() {
        [item] if item.joins.is_empty() => Some(&item.relation),
        _ => None,
    }
}

/// Tells whether a table certainly has one row at most, or a few that were written out.
pub(super) fn has_few_rows(factor: &TableFactor, ctes: &Ctes<'_>) -> bool {
    few(factor, ctes, 0)
}

fn few(factor: &TableFactor, ctes: &Ctes<'_>, depth: usize) -> bool {
    let query = match factor {
        TableFactor::Table { name, args: None, .. } => ctes.of(name).map(|(cte, seen)| (&*cte.query, seen)),
        TableFactor::Derived { subquery, .. } => Some((&**subquery, ctes.clone())),
        _ => None,
    };
    query.is_some_and(|(query, seen)| depth < DEPTH && gives_few(query, &seen, depth + 1))
}

fn gives_few<'q>(query: &'q Query, around: &Ctes<'q>, depth: usize) -> bool {
    let limit = match &query.limit_clause {
        Some(LimitClause::LimitOffset { limit: Some(limit), .. }) => limit.to_string() == "1",
        _ => false,
    };
    let ctes = within(query, around);
    let of_body = match query.body.as_ref() {
        SetExpr::Values(_) => true,
        SetExpr::Select(select) => {
            select.from.is_empty()
                || is_aggregate_alone(select)
                || only_table(select).is_some_and(|table| few(table, &ctes, depth))
        }
        SetExpr::Query(inner) => depth < DEPTH && gives_few(inner, &ctes, depth + 1),
        _ => false,
    };
    limit || of_body
}

/// Tells whether a `select` makes one row of all, since it aggregates and does not group.
pub(super) fn is_aggregate_alone(select: &Select) -> bool {
    let ungrouped = matches!(&select.group_by, GroupByExpr::Expressions(by, _) if by.is_empty());
    ungrouped
        && select.projection.iter().any(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                any(expr, |part| matches!(part, Expr::Function(function) if aggregates(function)))
            }
            _ => false,
        })
}

fn aggregates(function: &Function) -> bool {
    let name = function.name.0.last().and_then(|part| part.as_ident());
    function.over.is_none() && name.is_some_and(|name| is_aggregate(&name.value.to_lowercase()))
}
