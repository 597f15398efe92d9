//! A relation of the project that is named by its place in the warehouse: the graph does not know of it.

use crate::lint::model::{Found, Subject};
use crate::lint::project::Known;
use crate::lint::tree::Tree;
use crate::manifest::Node;

pub(super) fn check(subject: &Subject<'_>, tree: &Tree<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for name in &tree.names {
        if name.ctes.of(name.it).is_some() {
            continue;
        }
        let Some(last) = name.it.0.last().and_then(|part| part.as_ident()) else { continue };
        let written = subject.text.offset(last.span.start).filter(|at| subject.text.is_literal(*at));
        let known = written.and_then(|at| Some((at, subject.project.relation(name.it, subject.node)?)));
        // Without its schema, the model's own name means what was there before it.
        let is_other = |known: Known<'_>| name.it.0.len() > 1 || *known.id() != subject.node.unique_id;
        if let Some((at, known)) = known.filter(|(_, known)| is_other(*known)) {
            found.push(Found {
                at,
                message: format!("`{}` is named without {}", last.value, kind(known)),
                help: format!("write `{}`", call(known, subject.node)),
                about: None,
            });
        }
    }
    found
}

fn kind(known: Known<'_>) -> &'static str {
    match known {
        Known::Node(_) => "`ref`",
        Known::Source(_) => "`source`",
    }
}

/// Returns what to write instead.
fn call(known: Known<'_>, of: &Node) -> String {
    let call = match known {
        Known::Source(table) => table.source_call().written(),
        Known::Node(node) if node.unique_id == of.unique_id => "this".to_owned(),
        Known::Node(node) => node.ref_call(&of.package_name).written(),
    };
    format!("{{{{ {call} }}}}")
}
