//! One model: every rule over every text that it compiles to.

use std::ops::Range;

use super::allowed::Allowed;
use super::project::Project;
use super::rule::Rule;
use super::rules;
use super::settings::Settings;
use super::text::Text;
use super::tree::Tree;
use crate::diag::{Diagnostic, Severity};
use crate::jinja::SourceMap;
use crate::manifest::{Node, UniqueId};
use crate::sql::with_room_for_trees;

/// One way in which a model compiles.
#[derive(Clone, Copy)]
pub struct Build<'a> {
    /// The text.
    pub code: &'a str,
    /// Where it came from.
    pub map: &'a SourceMap,
    /// Whether it is what an incremental model adds to itself, and not what it begins with.
    pub adds: bool,
}

/// Something that is likely not meant.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The model.
    pub id: UniqueId,
    /// What is found, where, and what to do.
    pub diagnostic: Diagnostic,
    /// The model's name.
    pub(super) model: String,
    /// The relation and column that it is really about, which other models may show too.
    pub(super) about: Option<(UniqueId, String)>,
}

/// What came of looking at a model.
#[derive(Clone, Debug, Default)]
pub struct Linted {
    /// The findings, in the order of the file.
    pub findings: Vec<Finding>,
    /// Settings and comments that name what there is not.
    pub wrong: Vec<Diagnostic>,
    /// Why its SQL could not be read, if it could not.
    pub unread: Option<String>,
}

/// What a rule says of a byte of the compiled text.
pub(super) struct Found {
    pub(super) at: usize,
    pub(super) message: String,
    pub(super) help: String,
    pub(super) about: Option<(UniqueId, String)>,
}

/// What rules look at, besides the tree.
pub(super) struct Subject<'a> {
    pub(super) project: &'a Project<'a>,
    pub(super) node: &'a Node,
    pub(super) text: &'a Text<'a>,
    /// What the model's file has besides what is in the text: branches of the template that were not taken.
    pub(super) untaken: &'a str,
    /// The parts of the file that are in the text that the model begins with, if this is the one that adds to it.
    pub(super) begins_with: Option<&'a [Range<usize>]>,
}

/// Looks at a model. `builds` are the ways in which it compiles: one, and two for an incremental model.
pub fn lint(project: &Project<'_>, node: &Node, builds: &[Build<'_>]) -> Linted {
    let (settings, mut wrong) = project.settings.of_model(node);
    let source = project.sources.get(node.file).map(|source| source.text.clone()).unwrap_or_default();
    let (allowed, of_comments) = Allowed::read(node.file, &source);
    wrong.extend(of_comments);
    wrong.iter_mut().for_each(|problem| problem.severity = Severity::Warning);
    let texts: Vec<_> = builds
        .iter()
        .map(|build| (Text::new(build.code, build.map, node.file, project.sources), build.adds))
        .collect();
    let begins_with: Vec<_> =
        texts.iter().filter(|(_, adds)| !adds).flat_map(|(text, _)| text.literals()).collect();
    let template = fit(node.span.range(), &source);
    let mut linted = Linted { wrong, ..Linted::default() };
    for (text, adds) in &texts {
        let untaken = untaken(&source[template.clone()], template.start, text.literals().collect());
        let begins_with = adds.then_some(begins_with.as_slice());
        let subject = Subject { project, node, text, untaken: &untaken, begins_with };
        match with_room_for_trees(|| look(&subject, &settings)) {
            Ok(findings) => linted.findings.extend(findings),
            Err(reason) => linted.unread = Some(reason),
        }
    }
    linted.findings.retain(|finding| {
        let at = finding.diagnostic.span.and_then(|span| project.sources.line_col(span));
        !at.is_some_and(|at| allowed.has(finding.rule, at))
    });
    let place =
        |finding: &Finding| (finding.diagnostic.span.map(|span| (span.start, span.end)), finding.rule);
    linted.findings.sort_by_key(place);
    linted.findings.dedup_by_key(|finding| place(finding));
    linted
}

/// Asks all rules about one text. Errors with the reason why it cannot be read.
fn look(subject: &Subject<'_>, settings: &Settings) -> Result<Vec<Finding>, String> {
    let query = subject.text.tree(subject.project.dialect)?;
    let tree = Tree::new(&query);
    if tree.unclear {
        return Err("it has a construct that is not understood".to_owned());
    }
    let mut findings = Vec::new();
    for rule in Rule::ALL {
        let Some(severity) = settings.severity(rule) else { continue };
        let found = rules::check(rule, subject, &tree);
        findings.extend(found.into_iter().filter_map(|found| placed(subject, (rule, severity), found)));
    }
    Ok(findings)
}

/// Leads a finding to the model's file; `None` if that is not where it was written.
fn placed(subject: &Subject<'_>, (rule, severity): (Rule, Severity), found: Found) -> Option<Finding> {
    let span = subject.text.place(found.at)?;
    let diagnostic = match severity {
        Severity::Error => Diagnostic::error(rule.code(), span, found.message),
        Severity::Warning => Diagnostic::warning(rule.code(), span, found.message),
    };
    Some(Finding {
        rule,
        id: subject.node.unique_id.clone(),
        diagnostic: diagnostic.help(found.help),
        model: subject.node.name.clone(),
        about: found.about,
    })
}

fn fit(range: Range<usize>, text: &str) -> Range<usize> {
    let end = range.end.min(text.len());
    if text.is_char_boundary(range.start) && text.is_char_boundary(end) && range.start <= end {
        range.start..end
    } else {
        0..text.len()
    }
}

/// Takes the parts of a template that were printed out of it, and its tags: what is left are branches that were not taken.
fn untaken(template: &str, start: usize, mut printed: Vec<Range<usize>>) -> String {
    printed.sort_by_key(|range| range.start);
    let mut left = String::new();
    let mut at = 0;
    for range in printed {
        let from = range.start.saturating_sub(start).min(template.len());
        left.push_str(template.get(at..from).unwrap_or_default());
        left.push(' ');
        at = at.max(range.end.saturating_sub(start).min(template.len()));
    }
    left.push_str(template.get(at..).unwrap_or_default());
    without_tags(&left)
}

/// Leaves out `{{ .. }}`, `{% .. %}` and `{# .. #}`.
fn without_tags(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(open) = ["{{", "{%", "{#"].iter().filter_map(|open| rest.find(open)).min() {
        out.push_str(&rest[..open]);
        let close = match rest.as_bytes().get(open + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            _ => "#}",
        };
        let end = rest[open + 2..].find(close).map_or(rest.len(), |end| open + 2 + end + 2);
        out.push(' ');
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::names;

    #[test]
    fn branches_that_were_not_taken_are_left() {
        let template =
            "with a as (select 1)\n{% if x %} select b -- c\n{% else %} select d {% endif %}{# e #}";
        let at = |part: &str| template.find(part).map(|start| start..start + part.len()).unwrap();
        let printed = vec![at(" select d "), at("with a as (select 1)\n")];
        let left = untaken(template, 0, printed);
        assert!(
            names(&left, "b") && !["a", "c", "d", "e", "x"].iter().any(|name| names(&left, name)),
            "{left}"
        );
    }
}
