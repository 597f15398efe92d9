//! Two versions of one query → what changed for its readers.

use sqlparser::ast::{GroupByExpr, Query, Select, SetExpr};

use super::additions::{additions, output_name};
use super::canonical::canonical;
use super::expression::{aggregates, risk};
use crate::lineage::is_misread;
use crate::sql::{Dialect, parse_query, with_room_for_trees};

/// How much a change matters to those who read a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing changed.
    None,
    /// Only what people see of its text.
    Cosmetic,
    /// Columns were added; the others and the rows are the same.
    Additive,
    /// Anything else, and whatever is not understood.
    Breaking,
}

impl Verdict {
    /// Returns the word for people and machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Cosmetic => "cosmetic",
            Self::Additive => "additive",
            Self::Breaking => "breaking",
        }
    }
}

/// What changed of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// How much it matters.
    pub verdict: Verdict,
    /// Names of columns that were added.
    pub added: Vec<String>,
    /// Names of columns that are gone.
    pub removed: Vec<String>,
    /// Names of columns that are made otherwise. `None` where any column may be, rows included.
    pub changed: Option<Vec<String>>,
    /// Why it is no less than this.
    pub reasons: Vec<String>,
    /// Whether it is additive only if the columns behind a star do not have the added names.
    pub beside_star: bool,
}

impl Change {
    /// A change without columns.
    pub fn of(verdict: Verdict) -> Self {
        Self {
            verdict,
            added: Vec::new(),
            removed: Vec::new(),
            changed: Some(Vec::new()),
            reasons: Vec::new(),
            beside_star: false,
        }
    }

    /// A change that may mean anything.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self { changed: None, reasons: vec![reason.into()], ..Self::of(Verdict::Breaking) }
    }
}

/// Compares two versions of a query.
pub fn compare(old: &str, new: &str, dialect: &dyn Dialect) -> Change {
    with_room_for_trees(|| compared(old, new, dialect))
}

fn compared(old: &str, new: &str, dialect: &dyn Dialect) -> Change {
    if old == new {
        return Change::of(Verdict::None);
    }
    let (before, now) = (canonical(old), canonical(new));
    if before.tokens == now.tokens {
        return Change::of(Verdict::Cosmetic);
    }
    if is_misread(&before.text) || is_misread(&now.text) {
        return Change::unknown("it has a shorthand that is not understood");
    }
    let (before_tree, now_tree) = match (parse_query(&before.text, dialect), parse_query(&now.text, dialect))
    {
        (Ok(before), Ok(now)) => (before, now),
        (Err(why), _) | (_, Err(why)) => return Change::unknown(format!("its SQL could not be read: {why}")),
    };
    if before_tree == now_tree {
        return Change::of(Verdict::Cosmetic);
    }
    match additions(&before_tree, &now_tree, &before.tokens) {
        Ok(found) => {
            let outer = || found.iter().filter(|added| added.outer);
            let added: Vec<String> = unique(outer().map(|added| added.name.clone()));
            let beside_star = found.iter().any(|added| added.beside_star);
            Change { added, beside_star, ..Change::of(Verdict::Additive) }
        }
        Err(reason) => by_column(&before_tree, &now_tree, reason),
    }
}

fn unique(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in names {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// Tells which columns differ where nothing but the last list of columns does.
fn by_column(old: &Query, new: &Query, reason: String) -> Change {
    let (Some(before), Some(now)) = (last_select(old), last_select(new)) else {
        return Change::unknown(reason);
    };
    let names = |select: &Select| select.projection.iter().map(output_name).collect::<Option<Vec<_>>>();
    let (Some(old_names), Some(new_names)) = (names(before), names(now)) else {
        return Change::unknown(reason);
    };
    let missing = |from: &[String], names: &[String]| {
        names.iter().filter(|name| !from.contains(name)).cloned().collect::<Vec<_>>()
    };
    let (removed, added) = (missing(&new_names, &old_names), missing(&old_names, &new_names));
    let rest_is_same = without_columns(old) == without_columns(new) && before.distinct.is_none();
    let made_alike = |name: &&String| {
        let item = |select: &Select| {
            select.projection.iter().find(|item| output_name(item).as_ref() == Some(*name)).cloned()
        };
        item(before) == item(now)
    };
    let kept = old_names.iter().filter(|name| new_names.contains(name));
    let changed: Vec<String> = kept.filter(|name| !made_alike(name)).cloned().collect();
    let moved = removed.is_empty() && added.is_empty() && changed.is_empty();
    let mut reasons = Vec::new();
    if !removed.is_empty() {
        reasons.push(format!("columns are gone: {}", removed.join(", ")));
    }
    if rest_is_same && !changed.is_empty() {
        reasons.push(format!("columns are made otherwise: {}", changed.join(", ")));
    }
    if rest_is_same && moved {
        reasons.push("columns are in another order".to_owned());
    }
    if reasons.is_empty() || !rest_is_same {
        reasons.push(reason);
    }
    let touched: Vec<&String> = changed.iter().chain(&removed).chain(&added).collect();
    let keeps_rows =
        rest_is_same && !moved && !decides_on_rows(old, &touched) && keep_rows(&[before, now], &touched);
    let changed = keeps_rows.then_some(changed);
    Change { added, removed, changed, reasons, ..Change::of(Verdict::Breaking) }
}

/// Tells whether a column's name stands outside of the list of columns: there it may mean the column, and choose rows by it.
fn decides_on_rows(query: &Query, names: &[&String]) -> bool {
    let rest = canonical(&without_columns(query).to_string()).tokens;
    names.iter().any(|name| rest.iter().any(|token| token.trim_matches('"').eq_ignore_ascii_case(name)))
}

/// Tells whether columns give one value for each row in both versions, neither grouped.
fn keep_rows(selects: &[&Select], names: &[&String]) -> bool {
    selects.iter().all(|select| {
        let grouped = !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
        let mut items = select
            .projection
            .iter()
            .filter(|item| output_name(item).is_some_and(|name| names.contains(&&name)));
        !grouped
            && items.all(|item| {
                let tokens = canonical(&item.to_string()).tokens;
                risk(&tokens).is_none() && !aggregates(&tokens)
            })
    })
}

fn last_select(query: &Query) -> Option<&Select> {
    match &*query.body {
        SetExpr::Select(select) => Some(select),
        _ => None,
    }
}

fn without_columns(query: &Query) -> Query {
    let mut query = query.clone();
    if let SetExpr::Select(select) = &mut *query.body {
        select.projection.clear();
    }
    query
}
