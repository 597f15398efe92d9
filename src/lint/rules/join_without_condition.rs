//! A join that pairs every row of one side with every row of the other: by a comma without a filter that compares the two, or
//! by a condition that leaves one of them out. `cross join` says that this is meant, and so does a side that has few rows.

use sqlparser::ast::{JoinConstraint, Select, TableFactor, TableWithJoins};

use crate::lineage::{constraint, is_semi};
use crate::lint::behind::has_few_rows;
use crate::lint::model::{Found, Subject};
use crate::lint::names::{Bound, bounds, columns, joined, tables};
use crate::lint::tree::{Ctes, Tree, conjuncts};

pub(super) fn check(subject: &Subject<'_>, tree: &Tree<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for select in &tree.selects {
        commas(subject, select.it, &select.ctes, &mut found);
        let Some(tables) = tables(&select.it.from) else { continue };
        for item in &select.it.from {
            conditions(subject, item, (&tables, &select.ctes), &mut found);
        }
    }
    found
}

/// Tells whether what a table has does not depend on the tables beside it, as that of a function does, and that of a list in
/// one of their columns (`from orders, orders.lines`).
fn stands_alone(factor: &TableFactor, tables: &[Bound<'_>]) -> bool {
    match factor {
        TableFactor::Table { name, args: None, .. } => {
            let first = name.0.first().and_then(|part| part.as_ident()).filter(|_| name.0.len() > 1);
            !first.is_some_and(|first| tables.iter().any(|table| table.is_named(&first.value)))
        }
        TableFactor::Derived { lateral, .. } => !lateral,
        _ => false,
    }
}

fn one_to_all(subject: &Subject<'_>, table: Bound<'_>, message: String) -> Option<Found> {
    Some(Found {
        at: subject.text.offset(table.name.span.start)?,
        message,
        help: "add the condition, or write `cross join` if every pair is meant".to_owned(),
        about: None,
    })
}

/// Tables behind commas that no filter ties to the others.
fn commas(subject: &Subject<'_>, select: &Select, ctes: &Ctes<'_>, found: &mut Vec<Found>) {
    if select.from.len() < 2 {
        return;
    }
    let items: Option<Vec<_>> = select.from.iter().map(bounds).collect();
    let Some(items) = items else { return };
    let tables: Vec<Bound<'_>> = items.iter().flatten().copied().collect();
    // Which part of `from` a table is in; parts that a filter ties become one.
    let mut part: Vec<usize> =
        items.iter().enumerate().flat_map(|(at, item)| item.iter().map(move |_| at)).collect();
    let filters = select.selection.iter().chain(&select.qualify).flat_map(conjuncts);
    for filter in filters {
        let Some(used) = columns(filter, &tables) else { return };
        if let Some((first, others)) = used.split_first() {
            for other in others {
                let (from, to) = (part[other.table], part[first.table]);
                part.iter_mut().filter(|it| **it == from).for_each(|it| *it = to);
            }
        }
    }
    let few = |number: usize| {
        let mut own = part.iter().zip(&tables).filter(|(it, _)| **it == number).map(|(_, table)| table);
        own.all(|table| !stands_alone(table.factor, &tables) || has_few_rows(table.factor, ctes))
    };
    let mut many: Vec<usize> = part.clone();
    many.sort_unstable();
    many.dedup();
    many.retain(|number| !few(*number));
    for number in many.iter().skip(1) {
        let first = part.iter().position(|it| it == number).map(|at| tables[at]);
        let message =
            |table: &Bound<'_>| format!("no filter ties `{}` to the tables before it", table.name.value);
        found.extend(first.and_then(|table| one_to_all(subject, table, message(&table))));
    }
}

/// Conditions of joins that leave out one of the sides.
fn conditions(
    subject: &Subject<'_>,
    item: &TableWithJoins,
    (tables, ctes): (&[Bound<'_>], &Ctes<'_>),
    found: &mut Vec<Found>,
) {
    for join in &item.joins {
        let JoinConstraint::On(condition) = constraint(join) else { continue };
        if is_semi(join) || !stands_alone(&join.relation, tables) || has_few_rows(&join.relation, ctes) {
            continue;
        }
        let Some(own) = joined(join, tables) else { continue };
        let table = tables[own];
        let Some(used) = columns(condition, tables).filter(|used| !used.is_empty()) else { continue };
        let name = &table.name.value;
        let message = if used.iter().all(|column| column.table != own) {
            format!("the condition of the join says nothing of `{name}`")
        } else if used.iter().all(|column| column.table == own) {
            format!("the condition of the join compares `{name}` with nothing else")
        } else {
            continue;
        };
        found.extend(one_to_all(subject, table, message));
    }
}
