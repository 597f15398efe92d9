//! Many models: the texts that a check compiles them to → the findings of all.
//!
//! A check tells of a text when it has compiled it, and models are looked at against the whole project: so texts wait here
//! until all are there.

use std::cell::RefCell;
use std::sync::Arc;

use super::model::{Build, Finding, Linted, lint};
use super::project::{Project, merged};
use crate::diag::Diagnostic;
use crate::hash::HashMap;
use crate::jinja::SourceMap;
use crate::manifest::{Node, UniqueId};

/// The texts that models compile to.
#[derive(Debug, Default)]
pub struct Texts(RefCell<HashMap<UniqueId, OfNode>>);

/// What a model compiles to.
#[derive(Debug, Default)]
struct OfNode {
    /// The texts with their maps, and whether each adds to what is there.
    texts: Vec<(Arc<str>, SourceMap, bool)>,
    /// Why there is none, or not all.
    uncompiled: Option<String>,
}

impl Texts {
    /// Takes what a check tells of a model.
    pub fn take(&self, node: &Node, build: Result<Build<'_>, String>) {
        let mut all = self.0.borrow_mut();
        let own = all.entry(node.unique_id.clone()).or_default();
        match build {
            Ok(Build { code, map, adds }) => own.texts.push((Arc::from(code), map.clone(), adds)),
            Err(reason) => own.uncompiled = Some(reason),
        }
    }

    /// Tells whether there is a text of a model.
    pub fn has(&self, node: &Node) -> bool {
        self.0.borrow().get(&node.unique_id).is_some_and(|own| !own.texts.is_empty())
    }
}

/// What came of looking at many models.
#[derive(Debug, Default)]
pub struct Report {
    /// The findings, in the order of the models. Of several about the same thing the first one tells of the others.
    pub findings: Vec<Finding>,
    /// Settings and comments that name what there is not.
    pub wrong: Vec<Diagnostic>,
    /// Models whose SQL could not be read, with the reason.
    pub unread: Vec<(UniqueId, String)>,
}

/// Looks at models in the order given.
pub fn lint_all<'n>(
    project: &Project<'_>,
    nodes: impl IntoIterator<Item = &'n Arc<Node>>,
    texts: Texts,
) -> Report {
    let mut texts = texts.0.into_inner();
    let mut report = Report::default();
    for node in nodes {
        let OfNode { texts, uncompiled } = texts.remove(&node.unique_id).unwrap_or_default();
        let builds: Vec<Build<'_>> =
            texts.iter().map(|(code, map, adds)| Build { code, map, adds: *adds }).collect();
        let Linted { findings, wrong, unread } = lint(project, node, &builds);
        report.findings.extend(findings);
        report.wrong.extend(wrong);
        report.unread.extend(uncompiled.or(unread).map(|reason| (node.unique_id.clone(), reason)));
    }
    report.findings = merged(report.findings);
    report
}
