//! A mart whose columns are whatever a source has: stars lead from its last `select` to the source.
//!
//! A mart lies in a folder of marts, is public, or is called a fact or dimension. A contract pins its columns.

use std::collections::VecDeque;

use sqlparser::ast::{
    Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, TableFactor,
    WildcardAdditionalOptions,
};

use crate::hash::HashSet;
use crate::lint::behind::{Behind, behind, within};
use crate::lint::model::{Found, Subject};
use crate::lint::names::{bound, bounds, factors};
use crate::lint::project::Known;
use crate::lint::tree::{Ctes, Tree};
use crate::manifest::{Node, NodeKind, SourceTable};

const FOLDERS: [&str; 2] = ["mart", "marts"];
const PREFIXES: [&str; 4] = ["fct_", "dim_", "fact_", "mart_"];

pub(super) fn check(subject: &Subject<'_>, tree: &Tree<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    if !is_mart(subject.node) {
        return found;
    }
    let mut stars = Stars::default();
    stars.wait(tree.query, &Ctes::default());
    while let Some((body, ctes)) = stars.waiting.pop_front() {
        stars.body(subject, body, &ctes, &mut found);
    }
    found
}

fn is_mart(node: &Node) -> bool {
    let NodeKind::Model { access, .. } = &node.kind else { return false };
    let folders = node.fqn.iter().rev().skip(1).rev().skip(1);
    let in_folder = folders.into_iter().any(|folder| FOLDERS.contains(&folder.to_lowercase().as_str()));
    let is_called = PREFIXES.iter().any(|prefix| node.name.starts_with(prefix));
    !node.contract.enforced && (in_folder || is_called || access == "public")
}

/// The queries that stars lead to. Each is looked at once, however many paths lead there.
#[derive(Default)]
struct Stars<'q> {
    waiting: VecDeque<(&'q SetExpr, Ctes<'q>)>,
    seen: HashSet<*const Query>,
}

impl<'q> Stars<'q> {
    fn wait(&mut self, query: &'q Query, around: &Ctes<'q>) {
        if self.seen.insert(std::ptr::from_ref(query)) {
            self.waiting.push_back((&query.body, within(query, around)));
        }
    }

    fn body(&mut self, subject: &Subject<'_>, it: &'q SetExpr, ctes: &Ctes<'q>, found: &mut Vec<Found>) {
        match it {
            SetExpr::Query(query) => self.wait(query, ctes),
            SetExpr::SetOperation { left, right, .. } => {
                self.body(subject, left, ctes, found);
                self.body(subject, right, ctes, found);
            }
            SetExpr::Select(select) => {
                for (factor, star) in starred(select) {
                    match behind(factor, ctes) {
                        Behind::Query(query, around) => self.wait(query, &around),
                        Behind::Relation(name) => {
                            if let Some(Known::Source(table)) = subject.project.relation(name, subject.node) {
                                found.extend(of_source(subject, table, factor, star));
                            }
                        }
                        Behind::Other => {}
                    }
                }
            }
            _ => {}
        }
    }
}

/// The tables of which a `select` shows all columns, each with the star.
fn starred(select: &Select) -> Vec<(&TableFactor, &WildcardAdditionalOptions)> {
    let mut all = Vec::new();
    for item in &select.projection {
        match item {
            SelectItem::Wildcard(star) => {
                all.extend(select.from.iter().flat_map(factors).map(|factor| (factor, star)));
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), star) => {
                let Some(wanted) = name.0.last().and_then(|part| part.as_ident()) else { continue };
                let tables = select.from.iter().filter_map(bounds).flatten();
                let named = tables.filter(|table| table.is_named(&wanted.value));
                all.extend(named.map(|table| (table.factor, star)));
            }
            _ => {}
        }
    }
    all
}

fn of_source(
    subject: &Subject<'_>,
    table: &SourceTable,
    factor: &TableFactor,
    star: &WildcardAdditionalOptions,
) -> Option<Found> {
    let at = subject.text.offset(star.wildcard_token.0.span.start);
    let alias = bound(factor).map(|bound| bound.name.span.start);
    Some(Found {
        at: at.or_else(|| subject.text.offset(alias?))?,
        message: format!("the mart has whatever columns the source `{}` has", table.search_name()),
        help: "name the columns that are meant, here or where the model ends".to_owned(),
        about: None,
    })
}
