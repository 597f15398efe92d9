//! A `union` that finds no duplicates: a column has another constant in each part, and no part has duplicates of its own, as it is
//! distinct or grouped. `union all` gives the same without looking for them.

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Select, SelectItem, SetExpr, SetOperator, SetQuantifier, Value,
};

use crate::lint::behind::{Behind, behind, is_aggregate_alone, only_table, within};
use crate::lint::model::{Found, Subject};
use crate::lint::tree::{Ctes, Tree};
use crate::sql::{Kind, code_tokens};

/// Types that keep a text as it is.
const TEXT_TYPES: [&str; 4] = ["text", "varchar", "string", "character varying"];
/// How deep columns are followed.
const DEPTH: usize = 20;

/// A column of a query: its name in small letters, and the constant that it has in every row.
#[derive(Clone, Default)]
struct Column {
    name: Option<String>,
    constant: Option<Constant>,
}

/// A constant, comparable with others of its kind.
#[derive(Clone, PartialEq)]
enum Constant {
    Text(String),
    Number(String),
    Truth(bool),
}

/// The columns of a query. With a gap, those before and behind some that are not known.
#[derive(Clone, Default)]
struct Columns {
    before: Vec<Column>,
    behind_gap: Option<Vec<Column>>,
}

impl Columns {
    fn push(&mut self, column: Column) {
        self.behind_gap.as_mut().unwrap_or(&mut self.before).push(column);
    }

    fn gap(&mut self) {
        self.behind_gap = Some(Vec::new());
    }

    fn extend(&mut self, other: Self) {
        other.before.into_iter().for_each(|column| self.push(column));
        if let Some(behind) = other.behind_gap {
            self.gap();
            behind.into_iter().for_each(|column| self.push(column));
        }
    }

    /// Columns of which nothing is known.
    fn unknown() -> Self {
        Self { before: Vec::new(), behind_gap: Some(Vec::new()) }
    }

    fn all(&self) -> impl Iterator<Item = &Column> {
        self.before.iter().chain(self.behind_gap.iter().flatten())
    }

    /// Those that are known from the last one back.
    fn backwards(&self) -> impl Iterator<Item = &Column> {
        self.behind_gap.as_ref().unwrap_or(&self.before).iter().rev()
    }

    fn named(&self, name: &str) -> Option<&Column> {
        self.all().find(|column| column.name.as_deref() == Some(name))
    }

    /// Tells by which column no row of this can be one of the other, if there is one.
    fn apart(&self, other: &Self, by_name: bool) -> Option<String> {
        let differ = |(one, two): (&Column, &Column)| {
            let apart = match (one.constant.as_ref()?, two.constant.as_ref()?) {
                (Constant::Text(one), Constant::Text(two)) => one != two,
                (Constant::Number(one), Constant::Number(two)) => {
                    one.parse::<i64>().ok()? != two.parse::<i64>().ok()?
                }
                (Constant::Truth(one), Constant::Truth(two)) => one != two,
                _ => false,
            };
            apart.then(|| one.name.clone().unwrap_or_else(|| "a constant".to_owned()))
        };
        if by_name {
            let pair = |column| -> Option<(&Column, &Column)> {
                Some((column, other.named(column.name.as_deref()?)?))
            };
            return self.all().filter_map(pair).find_map(differ);
        }
        let from_start = || self.before.iter().zip(&other.before).find_map(differ);
        // From the end, what is behind the gap meets what is behind the other's.
        from_start().or_else(|| self.backwards().zip(other.backwards()).find_map(differ))
    }
}

pub(super) fn check(subject: &Subject<'_>, tree: &Tree<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for set in &tree.sets {
        let SetExpr::SetOperation { left, op: SetOperator::Union, set_quantifier, right } = set.it else {
            continue;
        };
        let by_name = match set_quantifier {
            SetQuantifier::None => false,
            SetQuantifier::ByName => true,
            _ => continue,
        };
        if !is_distinct(left) || !is_distinct(right) {
            continue;
        }
        let mut sides = [Vec::new(), Vec::new()];
        branches(left, &set.ctes, &mut sides[0]);
        branches(right, &set.ctes, &mut sides[1]);
        let pairs = sides[0].iter().flat_map(|one| sides[1].iter().map(move |two| one.apart(two, by_name)));
        let apart: Option<Vec<String>> = pairs.collect();
        let Some(column) = apart.and_then(|columns| columns.into_iter().next()) else { continue };
        found.extend(place(subject, right).map(|at| Found {
            at,
            message: format!("this `union` finds no duplicates: `{column}` differs in its parts"),
            help: "write `union all`, as no part has duplicates of its own".to_owned(),
            about: None,
        }));
    }
    found
}

/// Tells whether no two rows of a query are the same.
fn is_distinct(body: &SetExpr) -> bool {
    match body {
        SetExpr::Query(query) => is_distinct(&query.body),
        SetExpr::SetOperation { set_quantifier, .. } => {
            !matches!(set_quantifier, SetQuantifier::All | SetQuantifier::AllByName)
        }
        SetExpr::Select(select) => {
            matches!(select.distinct, Some(Distinct::Distinct))
                || select.from.is_empty()
                || is_aggregate_alone(select)
                || is_grouped(select)
        }
        _ => false,
    }
}

/// Tells whether a `select` shows all that it groups by.
fn is_grouped(select: &Select) -> bool {
    let by = match &select.group_by {
        GroupByExpr::All(_) => return true,
        GroupByExpr::Expressions(by, more) if !by.is_empty() && more.is_empty() => by,
        GroupByExpr::Expressions(..) => return false,
    };
    // An alias may mean a column of the same name.
    let shown = |by: &Expr, at: usize, item: &SelectItem| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
            expr == by || by.to_string() == (at + 1).to_string()
        }
        _ => false,
    };
    by.iter().all(|by| select.projection.iter().enumerate().any(|(at, item)| shown(by, at, item)))
}

/// The queries that a set operation puts together.
fn branches<'q>(body: &'q SetExpr, ctes: &Ctes<'q>, found: &mut Vec<Columns>) {
    match body {
        SetExpr::SetOperation { left, op: SetOperator::Union, right, .. } => {
            branches(left, ctes, found);
            branches(right, ctes, found);
        }
        // Rows of the left are all that is left.
        SetExpr::SetOperation { left, .. } => branches(left, ctes, found),
        SetExpr::Query(query) => branches(&query.body, &within(query, ctes), found),
        _ => found.push(of_one(body, ctes, 0)),
    }
}

/// The columns of a query that is one part. Of a `union` nothing is known, so that nobody goes into all of its parts.
fn of_one<'q>(body: &'q SetExpr, ctes: &Ctes<'q>, depth: usize) -> Columns {
    match body {
        SetExpr::Select(select) if depth <= DEPTH => of_select(select, ctes, depth),
        SetExpr::Query(query) => of_one(&query.body, &within(query, ctes), depth),
        SetExpr::SetOperation { left, op, .. } if *op != SetOperator::Union => of_one(left, ctes, depth),
        _ => Columns::unknown(),
    }
}

fn of_select<'q>(select: &'q Select, ctes: &Ctes<'q>, depth: usize) -> Columns {
    let table = only_table(select).map(|table| match behind(table, ctes) {
        Behind::Query(query, around) => of_one(&query.body, &within(query, &around), depth + 1),
        Behind::Relation(_) | Behind::Other => Columns::unknown(),
    });
    let mut columns = Columns::default();
    for item in &select.projection {
        let (expr, alias) = match item {
            SelectItem::UnnamedExpr(expr) => (expr, None),
            SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias)),
            SelectItem::Wildcard(options)
                if options.opt_exclude.is_none()
                    && options.opt_replace.is_none()
                    && options.opt_rename.is_none() =>
            {
                match &table {
                    Some(table) => columns.extend(table.clone()),
                    None => columns.gap(),
                }
                continue;
            }
            _ => {
                columns.gap();
                continue;
            }
        };
        let named = match expr {
            Expr::Identifier(ident) => Some(ident),
            Expr::CompoundIdentifier(parts) => parts.last(),
            _ => None,
        };
        let named = named.map(|ident| ident.value.to_lowercase());
        let constant = match (&named, &table) {
            (Some(name), Some(table)) => table.named(name).and_then(|column| column.constant.clone()),
            (Some(_), None) => None,
            (None, _) => constant(expr),
        };
        columns.push(Column { name: alias.map(|alias| alias.value.to_lowercase()).or(named), constant });
    }
    columns
}

fn constant(expr: &Expr) -> Option<Constant> {
    match expr {
        Expr::Nested(inner) => constant(inner),
        Expr::Cast { expr, data_type, .. } => match constant(expr)? {
            // Other types may read two texts as the same, and shorter ones cut what differs.
            Constant::Text(text) if TEXT_TYPES.contains(&&*data_type.to_string().to_lowercase()) => {
                Some(Constant::Text(text))
            }
            _ => None,
        },
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(Constant::Text(text.clone())),
            Value::Number(number, _) => Some(Constant::Number(number.clone())),
            Value::Boolean(truth) => Some(Constant::Truth(*truth)),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the place of the `union` before a query.
fn place(subject: &Subject<'_>, right: &SetExpr) -> Option<usize> {
    let start = first(right).and_then(|at| subject.text.offset(at))?;
    let words = code_tokens(&subject.text.code[..start]).filter(|token| token.kind == Kind::Word);
    let is_union =
        |range: &std::ops::Range<usize>| subject.text.code[range.clone()].eq_ignore_ascii_case("union");
    words.map(|token| token.range).filter(is_union).last().map(|range| range.start)
}

fn first(body: &SetExpr) -> Option<sqlparser::tokenizer::Location> {
    match body {
        SetExpr::Select(select) => Some(select.select_token.0.span.start),
        SetExpr::Query(query) => match &query.with {
            Some(with) => Some(with.with_token.0.span.start),
            None => first(&query.body),
        },
        SetExpr::SetOperation { left, .. } => first(left),
        _ => None,
    }
}
