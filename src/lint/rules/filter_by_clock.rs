//! An incremental filter that depends on when it runs: a run that is late leaves rows out for good, and no two runs give
//! the same. Only what the template adds for the incremental case counts, and an upper bound (`day < current_date`) leaves
//! nothing out that the next run would not take.

use std::ops::Range;

use sqlparser::ast::{BinaryOperator, Expr};

use crate::lint::model::{Found, Subject};
use crate::lint::tree::{Tree, any, conjuncts, parts};

/// Names of functions, with or without parentheses, that tell the time.
const CLOCKS: [&str; 14] = [
    "clock_timestamp",
    "current_date",
    "current_localtimestamp",
    "current_timestamp",
    "get_current_timestamp",
    "getdate",
    "localtimestamp",
    "now",
    "statement_timestamp",
    "sysdate",
    "today",
    "transaction_timestamp",
    "current_time",
    "get_current_time",
];
/// Names of functions that give something else each time.
const DICE: [&str; 4] = ["random", "gen_random_uuid", "uuid", "rand"];

pub(super) fn check(subject: &Subject<'_>, tree: &Tree<'_>) -> Vec<Found> {
    let Some(begins_with) = subject.begins_with else { return Vec::new() };
    if subject.node.config.is_microbatch() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for select in &tree.selects {
        let filters = [&select.it.selection, &select.it.having, &select.it.qualify].into_iter().flatten();
        for filter in filters.flat_map(conjuncts) {
            let Some(moving) = moving(filter) else { continue };
            let at = subject.text.start(filter);
            found.extend(at.filter(|at| is_added(subject, *at, begins_with)).map(|at| Found {
                at,
                message: format!("which rows are added depends on `{moving}`, so on when it runs"),
                help:
                    "compare with what the table has, such as `(select max(..) from {{ this }})`".to_owned(),
                about: None,
            }));
        }
    }
    found
}

/// Tells whether a filter was written for the incremental case.
fn is_added(subject: &Subject<'_>, at: usize, begins_with: &[Range<usize>]) -> bool {
    let place = subject.text.place(at);
    place.is_some_and(|span| !begins_with.iter().any(|range| range.contains(&(span.start as usize))))
}

/// Returns what makes a filter give something else each time, if it is more than an upper bound.
fn moving(filter: &Expr) -> Option<String> {
    if any(filter, |part| parts(part).1.is_some()) {
        // Compared with what a table has, the time only limits how far back to look.
        return None;
    }
    if any(filter, |part| called(part, &DICE).is_some()) {
        return first(filter, &DICE);
    }
    let clock = first(filter, &CLOCKS)?;
    let Expr::BinaryOp { left, op, right } = filter else { return Some(clock) };
    let told = |expr: &Expr| first(expr, &CLOCKS).is_some() && !any(expr, is_column);
    let is_upper = match op {
        BinaryOperator::Lt | BinaryOperator::LtEq => told(right),
        BinaryOperator::Gt | BinaryOperator::GtEq => told(left),
        _ => false,
    };
    (!is_upper).then_some(clock)
}

fn is_column(expr: &Expr) -> bool {
    matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) && called(expr, &CLOCKS).is_none()
}

fn first(expr: &Expr, names: &[&str]) -> Option<String> {
    let mut found = None;
    crate::lint::tree::walk(expr, &mut |part| {
        found = found.take().or_else(|| called(part, names));
        found.is_none()
    });
    found
}

/// Returns the name of a call, if it is one of these.
fn called(expr: &Expr, names: &[&str]) -> Option<String> {
    let name = match expr {
        Expr::Function(function) => &function.name.0.last()?.as_ident()?.value,
        Expr::Identifier(ident) if ident.quote_style.is_none() => &ident.value,
        _ => return None,
    };
    let name = name.to_lowercase();
    names.contains(&name.as_str()).then_some(name)
}
