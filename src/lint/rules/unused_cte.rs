//! A common table expression that nothing reads. Quiet where a branch of the template that was not taken names it.

use crate::hash::HashSet;

use sqlparser::ast::{Cte, SetExpr};

use crate::lint::model::{Found, Subject};
use crate::lint::tree::Tree;
use crate::sql::names;

pub(super) fn check(subject: &Subject<'_>, tree: &Tree<'_>) -> Vec<Found> {
    let read = tree.names.iter().filter_map(|name| name.ctes.of(name.it));
    let read: HashSet<*const Cte> = read.map(|(cte, _)| std::ptr::from_ref(cte)).collect();
    let unused = tree.ctes.iter().filter(|cte| !read.contains(&std::ptr::from_ref(**cte)));
    let only_reads = |body: &SetExpr| {
        !matches!(body, SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_))
    };
    let found = unused.filter(|cte| only_reads(&cte.query.body)).filter_map(|cte| {
        let name = &cte.alias.name;
        Some(Found {
            at: subject.text.offset(name.span.start).filter(|_| !names(subject.untaken, &name.value))?,
            message: format!("nothing reads `{}`", name.value),
            help: "leave it out, or read it".to_owned(),
            about: None,
        })
    });
    found.collect()
}
