//! A mart whose columns are whatever a source has: stars lead from its last `select` to the source.
//!
//! A mart lies in a folder of marts, is public, or is called a fact or dimension. A contract pins its columns.

use sqlparser::ast::{Query, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, TableFactor};

use crate::lint::behind::{Behind, behind, within};
use crate::lint::model::{Found, Subject};
use crate::lint::names::{bound, bounds};
use crate::lint::project::Known;
use crate::lint::tree::{Ctes, Tree};
use crate::manifest::{Node, NodeKind};

const FOLDERS: [&str; 2] = ["mart", "marts"];
const PREFIXES: [&str; 4] = ["fct_", "dim_", "fact_", "mart_"];
/// How deep stars are followed.
const DEPTH: usize = 20;

pub(super) fn check(subject: &Subject<'_>, tree: &Tree<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    if is_mart(subject.node) {
        follow(subject, tree.query, &Ctes::default(), 0, &mut found);
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

fn follow<'q>(
    subject: &Subject<'_>,
    query: &'q Query,
    around: &Ctes<'q>,
    depth: usize,
    found: &mut Vec<Found>,
) {
    if depth < DEPTH {
        body(subject, &query.body, &within(query, around), depth, found);
    }
}

fn body<'q>(subject: &Subject<'_>, it: &'q SetExpr, ctes: &Ctes<'q>, depth: usize, found: &mut Vec<Found>) {
    let select = match it {
        SetExpr::Select(select) => select,
        SetExpr::Query(query) => return follow(subject, query, ctes, depth + 1, found),
        SetExpr::SetOperation { left, right, .. } => {
            body(subject, left, ctes, depth, found);
            return body(subject, right, ctes, depth, found);
        }
        _ => return,
    };
    for item in &select.projection {
        let (factors, star): (Vec<&TableFactor>, _) = match item {
            SelectItem::Wildcard(options) => {
                let items = select.from.iter();
                let all = items.flat_map(|item| {
                    std::iter::once(&item.relation).chain(item.joins.iter().map(|join| &join.relation))
                });
                (all.collect(), options)
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                let Some(wanted) = name.0.last().and_then(|part| part.as_ident()) else { continue };
                let tables = select.from.iter().filter_map(bounds).flatten();
                let named = tables.filter(|table| table.name.value.eq_ignore_ascii_case(&wanted.value));
                (named.map(|table| table.factor).collect(), options)
            }
            _ => continue,
        };
        for factor in factors {
            match behind(factor, ctes) {
                Behind::Query(query, around) => follow(subject, query, &around, depth + 1, found),
                Behind::Relation(name) => {
                    if let Some(Known::Source(table)) = subject.project.relation(name, subject.node) {
                        let at = subject.text.offset(star.wildcard_token.0.span.start);
                        let alias = bound(factor).map(|bound| bound.name.span.start);
                        let at = at.or_else(|| subject.text.offset(alias?));
                        found.extend(at.map(|at| Found {
                            at,
                            message: format!(
                                "the mart has whatever columns the source `{}` has",
                                table.search_name()
                            ),
                            help: "name the columns that are meant, here or where the model ends".to_owned(),
                            about: None,
                        }));
                    }
                }
                Behind::Other => {}
            }
        }
    }
}
