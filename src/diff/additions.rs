//! Takes the columns that a query has more than another one out of it, so that the rest can be compared.

use sqlparser::ast::{
    Expr, GroupByExpr, OrderByKind, Query, Select, SelectItem, SetExpr, SetOperator, SetQuantifier, Value,
};

use super::canonical::{canonical, stars};
use super::expression::{aggregates, only_aggregates, risk};

/// A column that was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Added {
    /// Its name, in small letters unless quoted.
    pub name: String,
    /// Whether it is one of the query's own columns, and not of a part of it.
    pub outer: bool,
    /// Whether it stands beside a star, which may have a column of that name.
    pub beside_star: bool,
    item: SelectItem,
    /// Whether a column that was there follows it.
    before_others: bool,
}

/// Where a part of a query stands.
#[derive(Clone, Copy)]
struct Place {
    outer: bool,
    ordinals: bool,
}

/// Returns the columns that `new` has more than `old`. Errors, with the reason, if it differs in anything else or if a column
/// may change rows or other columns. `words` are those of the old query.
pub(super) fn additions(old: &Query, new: &Query, words: &[String]) -> Result<Vec<Added>, String> {
    let mut rest = new.clone();
    let mut found = Vec::new();
    strip_query(old, &mut rest, true, &mut found)?;
    if rest != *old {
        return Err("its query is another one".to_owned());
    }
    for added in &found {
        names_nothing_known(added, old, words)?;
    }
    if found.iter().any(|added| !added.outer) {
        reaches_no_rows(old, words)?;
    }
    Ok(found)
}

fn strip_query(old: &Query, new: &mut Query, outer: bool, found: &mut Vec<Added>) -> Result<(), String> {
    if let (Some(before), Some(now)) = (&old.with, &mut new.with) {
        let known = found.len();
        for (before, now) in before.cte_tables.iter().zip(&mut now.cte_tables) {
            strip_query(&before.query, &mut now.query, false, found)?;
        }
        if before.recursive && found.len() > known {
            return Err("a recursive part of it has other columns".to_owned());
        }
    }
    let place = Place { outer, ordinals: orders_by_number(old) };
    strip_body(&old.body, &mut new.body, place, found)
}

fn strip_body(old: &SetExpr, new: &mut SetExpr, place: Place, found: &mut Vec<Added>) -> Result<(), String> {
    match (old, new) {
        (SetExpr::Select(old), SetExpr::Select(new)) => strip_select(old, new, place, found).map(drop),
        (SetExpr::Query(old), SetExpr::Query(new)) => strip_query(old, new, place.outer, found),
        (
            SetExpr::SetOperation { left, op, set_quantifier, right },
            SetExpr::SetOperation { left: new_left, right: new_right, .. },
        ) if *op == SetOperator::Union && *set_quantifier == SetQuantifier::All => {
            let places = |old: &SetExpr, new: &mut SetExpr, found: &mut Vec<Added>| match (old, new) {
                (SetExpr::Select(old), SetExpr::Select(new)) => strip_select(old, new, place, found),
                (old, new) if old == new => Ok(Vec::new()),
                _ => Err("a part of its `union all` is another one".to_owned()),
            };
            let (left, right) = (places(left, new_left, found)?, places(right, new_right, found)?);
            if left == right {
                Ok(())
            } else {
                Err("the parts of its `union all` have other columns".to_owned())
            }
        }
        _ => Ok(()),
    }
}

/// Takes the items out that are new; returns their places.
fn strip_select(
    old: &Select,
    new: &mut Select,
    place: Place,
    found: &mut Vec<Added>,
) -> Result<Vec<usize>, String> {
    let (mut kept, mut extras) = (Vec::new(), Vec::new());
    for (at, item) in new.projection.iter().enumerate() {
        if old.projection.get(kept.len()) == Some(item) {
            kept.push(item.clone());
        } else {
            extras.push((at, item.clone(), kept.len() < old.projection.len()));
        }
    }
    if kept.len() < old.projection.len() || extras.is_empty() {
        return Ok(Vec::new());
    }
    if old.distinct.is_some() {
        return Err("with `distinct`, another column makes other rows".to_owned());
    }
    let beside_star = old.projection.iter().any(is_star);
    let places = extras.iter().map(|(at, ..)| *at).collect();
    for (_, item, before_others) in extras {
        let Some(name) = output_name(&item) else {
            return Err("an added column has no name of its own".to_owned());
        };
        keeps_rows(old, &item)?;
        let added = Added { name, outer: place.outer, beside_star, item, before_others };
        if added.before_others && (place.ordinals || groups_by_number(old)) {
            return Err("columns that are sorted or grouped by number have moved".to_owned());
        }
        if added.before_others && beside_star {
            return Err("it stands before a star that may have its name".to_owned());
        }
        found.push(added);
    }
    new.projection = kept;
    Ok(places)
}

fn is_star(item: &SelectItem) -> bool {
    matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..))
}

/// Returns the name of the column that an item gives.
pub(super) fn output_name(item: &SelectItem) -> Option<String> {
    let ident = match item {
        SelectItem::ExprWithAlias { alias, .. } => alias,
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => name,
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => parts.last()?,
        _ => return None,
    };
    Some(if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() })
}

/// Errors if a column may change how many rows there are.
fn keeps_rows(select: &Select, item: &SelectItem) -> Result<(), String> {
    let tokens = canonical(&item.to_string()).tokens;
    if let Some(risk) = risk(&tokens) {
        return Err(risk);
    }
    let grouped = match &select.group_by {
        GroupByExpr::All(_) => true,
        GroupByExpr::Expressions(keys, modifiers) => !(keys.is_empty() && modifiers.is_empty()),
    };
    let is_aggregate = |item: &SelectItem| aggregates(&canonical(&item.to_string()).tokens);
    let one_row = select.having.is_some() || select.projection.iter().any(is_aggregate);
    let expression = match item {
        SelectItem::ExprWithAlias { expr, .. } => canonical(&expr.to_string()).tokens,
        _ => tokens,
    };
    if (grouped || one_row) && !only_aggregates(&expression) {
        return Err("a column that is no aggregate was added to grouped rows".to_owned());
    }
    if !(grouped || one_row) && aggregates(&expression) {
        return Err("an aggregate makes one row of all".to_owned());
    }
    Ok(())
}

fn groups_by_number(select: &Select) -> bool {
    match &select.group_by {
        GroupByExpr::All(_) => false,
        GroupByExpr::Expressions(keys, _) => keys.iter().any(is_number),
    }
}

fn orders_by_number(query: &Query) -> bool {
    match query.order_by.as_ref().map(|order| &order.kind) {
        Some(OrderByKind::Expressions(keys)) => keys.iter().any(|key| is_number(&key.expr)),
        // With `order by all` another column sorts, too, and a limit takes other rows.
        Some(OrderByKind::All(_)) => true,
        None => false,
    }
}

fn is_number(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, Value::Number(..)))
}

/// Errors if the old query has the name of an added column anywhere: it could mean the new column now.
fn names_nothing_known(added: &Added, old: &Query, words: &[String]) -> Result<(), String> {
    let quoted = format!("\"{}\"", added.name);
    if !words.iter().any(|word| word.eq_ignore_ascii_case(&added.name) || word.eq_ignore_ascii_case(&quoted))
    {
        return Ok(());
    }
    let bare = matches!(&added.item, SelectItem::UnnamedExpr(Expr::Identifier(_)));
    let sorts = old.order_by.is_some();
    let taken = match &*old.body {
        SetExpr::Select(select) => select
            .projection
            .iter()
            .any(|item| is_star(item) || output_name(item).as_ref() == Some(&added.name)),
        _ => true,
    };
    if added.outer && bare && !sorts && !taken && old.with.is_none() {
        return Ok(());
    }
    Err(format!("the query has the name `{}` already", added.name))
}

/// Errors if a column that was added to a part of a query may change the rows of the whole.
fn reaches_no_rows(old: &Query, words: &[String]) -> Result<(), String> {
    const BY_ALL_COLUMNS: [&str; 9] =
        ["distinct", "union", "except", "intersect", "natural", "pivot", "unpivot", "columns", "all"];
    let has = |word: &str| words.iter().any(|known| known == word);
    if let Some(word) = BY_ALL_COLUMNS.into_iter().find(|word| has(word)) {
        return Err(format!("a part of it has other columns, and `{word}` may use all of them"));
    }
    let stars = stars(words);
    if stars > 0 && has("join") {
        return Err("a part of it has other columns, and a star joins them with others".to_owned());
    }
    let mut seen = stars_of(&old.body);
    if let Some(with) = &old.with {
        seen += with.cte_tables.iter().map(|cte| stars_of(&cte.query.body)).sum::<usize>();
    }
    let starless = words.iter().filter(|word| *word == "from").count()
        > words.iter().filter(|word| *word == "select").count();
    if seen != stars || starless {
        return Err("a part of it has other columns, and a subquery takes all of them".to_owned());
    }
    Ok(())
}

/// Counts the stars of a plain select.
fn stars_of(body: &SetExpr) -> usize {
    match body {
        SetExpr::Select(select) => select.projection.iter().filter(|item| is_star(item)).count(),
        SetExpr::Query(query) => stars_of(&query.body),
        _ => 0,
    }
}
