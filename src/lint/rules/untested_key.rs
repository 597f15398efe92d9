//! A key that a join relies on and that nothing tests for uniqueness: a duplicate multiplies the rows of the other side.
//!
//! A column is a key by what the project says of it (`keys.rs`), and the join compares no other column of that table.

use sqlparser::ast::{Expr, Ident, Join, JoinConstraint, JoinOperator};

use crate::lineage::constraint;
use crate::lint::behind::imported;
use crate::lint::model::{Found, Subject};
use crate::lint::names::{Bound, columns, equation, joined, tables};
use crate::lint::tree::{Ctes, Tree, conjuncts};
use crate::manifest::short_id;

pub(super) fn check(subject: &Subject<'_>, tree: &Tree<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for select in &tree.selects {
        let Some(tables) = tables(&select.it.from) else { continue };
        for join in select.it.from.iter().flat_map(|item| &item.joins) {
            let (of_left, of_right) = relied_on(join);
            let own = joined(join, &tables);
            let counts = |table: usize| if Some(table) == own { of_right } else { of_left };
            let keys = match constraint(join) {
                JoinConstraint::On(condition) => keys(condition, &tables),
                JoinConstraint::Using(names) => match names.as_slice() {
                    [name] => {
                        let column = name.0.last().and_then(|part| part.as_ident());
                        column.iter().flat_map(|column| (0..tables.len()).map(|at| (at, *column))).collect()
                    }
                    _ => continue,
                },
                _ => continue,
            };
            let keys = keys.into_iter().filter(|(table, _)| counts(*table));
            found.extend(
                keys.filter_map(|(table, column)| untested(subject, (tables[table], column), &select.ctes)),
            );
        }
    }
    found
}

/// Tells on which side of a join, left and right, a row that is there twice would make others appear twice that were to
/// appear once.
fn relied_on(join: &Join) -> (bool, bool) {
    use JoinOperator as Op;
    match join.join_operator {
        Op::Left(_) | Op::LeftOuter(_) => (false, true),
        Op::Right(_) | Op::RightOuter(_) => (true, false),
        Op::Join(_) | Op::Inner(_) | Op::FullOuter(_) => (true, true),
        _ => (false, false),
    }
}

/// The columns that alone decide which row of their table is joined.
fn keys<'q>(condition: &'q Expr, tables: &[Bound<'_>]) -> Vec<(usize, &'q Ident)> {
    let conjuncts = conjuncts(condition);
    let Some(used) = columns(condition, tables) else { return Vec::new() };
    let equations = conjuncts.iter().filter_map(|conjunct| equation(conjunct, tables));
    let mut keys = Vec::new();
    for [left, right] in equations.filter(|[left, right]| left.table != right.table) {
        for column in [left, right] {
            let alone = used.iter().filter(|other| other.table == column.table).count() == 1;
            if alone {
                keys.push((column.table, column.name));
            }
        }
    }
    keys
}

fn untested(subject: &Subject<'_>, (table, column): (Bound<'_>, &Ident), ctes: &Ctes<'_>) -> Option<Found> {
    let name = imported(table.factor, ctes)?;
    let known = subject.project.relation(name, subject.node)?;
    let why = subject.project.keys.untested(known, &column.value)?;
    let id = known.id();
    if *id == subject.node.unique_id {
        return None;
    }
    let shown = short_id(id.as_str());
    Some(Found {
        at: subject.text.offset(column.span.start)?,
        message: format!("the join relies on `{shown}.{}` being unique, which nothing tests", column.value),
        help: format!("add the test `unique` to the column: {why}"),
        about: Some((id.clone(), column.value.to_lowercase())),
    })
}
