//! The parts of an expression that only go into its value: every kind of expression without scoping rules of its own.

use sqlparser::ast::{AccessExpr, Array, CeilFloorKind, Expr, Subscript};

/// Returns the expressions directly within another one.
///
/// Names, functions, subqueries and lambdas are not its business: they are resolved where scopes are known.
pub fn children(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::IsFalse(e)
        | Expr::IsNotFalse(e)
        | Expr::IsTrue(e)
        | Expr::IsNotTrue(e)
        | Expr::IsNull(e)
        | Expr::IsNotNull(e)
        | Expr::IsUnknown(e)
        | Expr::IsNotUnknown(e)
        | Expr::OuterJoin(e)
        | Expr::Prior(e)
        | Expr::Nested(e) => vec![e],
        Expr::IsJson { expr, .. }
        | Expr::IsNormalized { expr, .. }
        | Expr::UnaryOp { expr, .. }
        | Expr::Cast { expr, .. }
        | Expr::Extract { expr, .. }
        | Expr::Collate { expr, .. }
        | Expr::Named { expr, .. }
        | Expr::Prefixed { value: expr, .. } => vec![expr],
        Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => vec![left, right],
        Expr::BinaryOp { left, right, .. }
        | Expr::AnyOp { left, right, .. }
        | Expr::AllOp { left, right, .. } => vec![left, right],
        Expr::InUnnest { expr, array_expr: other, .. }
        | Expr::Position { expr, r#in: other }
        | Expr::AtTimeZone { timestamp: expr, time_zone: other }
        | Expr::RLike { expr, pattern: other, .. }
        | Expr::SimilarTo { expr, pattern: other, .. } => vec![expr, other],
        Expr::Like { expr, pattern, .. } | Expr::ILike { expr, pattern, .. } => vec![expr, pattern],
        Expr::InList { expr, list, .. } => std::iter::once(expr.as_ref()).chain(list).collect(),
        Expr::Between { expr, low, high, .. } => vec![expr, low, high],
        Expr::Convert { expr, styles, .. } => std::iter::once(expr.as_ref()).chain(styles).collect(),
        Expr::Ceil { expr, field } | Expr::Floor { expr, field } => match field {
            CeilFloorKind::DateTimeField(_) | CeilFloorKind::Scale(_) => vec![expr],
        },
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            with(expr, [substring_from.as_deref(), substring_for.as_deref()])
        }
        Expr::Trim { trim_what, expr, trim_characters, .. } => {
            let mut all = with(expr, [trim_what.as_deref(), None]);
            all.extend(trim_characters.iter().flatten());
            all
        }
        Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
            let mut all = with(expr, [overlay_for.as_deref(), None]);
            all.extend([overlay_what.as_ref(), overlay_from]);
            all
        }
        Expr::Case { operand, conditions, else_result, .. } => {
            let mut all: Vec<&Expr> = operand.iter().map(AsRef::as_ref).collect();
            all.extend(conditions.iter().flat_map(|when| [&when.condition, &when.result]));
            all.extend(else_result.iter().map(AsRef::as_ref));
            all
        }
        Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => sets.iter().flatten().collect(),
        Expr::Tuple(items) | Expr::Struct { values: items, .. } | Expr::Array(Array { elem: items, .. }) => {
            items.iter().collect()
        }
        Expr::Dictionary(fields) => fields.iter().map(|field| field.value.as_ref()).collect(),
        Expr::Map(map) => {
            map.entries.iter().flat_map(|entry| [entry.key.as_ref(), entry.value.as_ref()]).collect()
        }
        Expr::Interval(interval) => vec![&interval.value],
        Expr::MemberOf(member) => vec![&member.value, &member.array],
        _ => Vec::new(),
    }
}

fn with<'e>(first: &'e Expr, others: [Option<&'e Expr>; 2]) -> Vec<&'e Expr> {
    std::iter::once(first).chain(others.into_iter().flatten()).collect()
}

/// Returns the expressions in brackets behind a value; names after dots are fields.
pub fn subscripts(chain: &[AccessExpr]) -> Vec<&Expr> {
    let mut found = Vec::new();
    for access in chain {
        match access {
            AccessExpr::Dot(_) => {}
            AccessExpr::Subscript(Subscript::Index { index }) => found.push(index),
            AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, stride }) => {
                found.extend([lower_bound, upper_bound, stride].into_iter().flatten());
            }
        }
    }
    found
}
