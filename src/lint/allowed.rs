//! `tidegate: allow(rule)` in a comment: findings that somebody means.
//!
//! The comment may be one of SQL or of the template. Behind code it is about its own line; on lines of its own it is about
//! the next line with code.

use crate::diag::{Diagnostic, FileId, LineCol, Span};

use super::rule::Rule;
use super::settings::no_rule;

/// What a comment says in front of the names.
const MARK: &str = "tidegate: allow(";
/// What comments begin with.
const OPENERS: [&str; 3] = ["--", "{#", "/*"];

/// The rules that are allowed, by line from 1.
#[derive(Debug, Default)]
pub(super) struct Allowed(Vec<(usize, Rule)>);

impl Allowed {
    /// Reads the comments of a file. Returns what they name in vain besides.
    pub(super) fn read(file: FileId, text: &str) -> (Self, Vec<Diagnostic>) {
        let (mut allowed, mut wrong) = (Self::default(), Vec::new());
        let mut waiting: Vec<Rule> = Vec::new();
        let mut start = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let named = named(line);
            let is_comment = OPENERS.iter().any(|opener| line.trim_start().starts_with(opener));
            for (at, name) in &named {
                match Rule::parse(name) {
                    Some(rule) if is_comment => waiting.push(rule),
                    Some(rule) => allowed.0.push((number + 1, rule)),
                    None => {
                        let place = Span::new(file, start + at, start + at + name.len());
                        wrong.push(no_rule(name, Some(place)));
                    }
                }
            }
            if !is_comment && !line.trim().is_empty() {
                allowed.0.extend(waiting.drain(..).map(|rule| (number + 1, rule)));
            }
            start += line.len();
        }
        (allowed, wrong)
    }

    /// Tells whether a finding of a rule at a place is meant.
    pub(super) fn has(&self, rule: Rule, at: LineCol) -> bool {
        self.0.contains(&(at.line, rule))
    }
}

/// The names in `tidegate: allow(a, b)` of a line, each with its place.
fn named(line: &str) -> Vec<(usize, &str)> {
    let Some(mark) = line.find(MARK) else { return Vec::new() };
    let inside = mark + MARK.len();
    let list = line[inside..].split(')').next().unwrap_or_default();
    if !OPENERS.iter().any(|opener| line[..mark].contains(opener)) {
        return Vec::new();
    }
    let mut at = inside;
    let mut names = Vec::new();
    for item in list.split(',') {
        names.push((at + (item.len() - item.trim_start().len()), item.trim()));
        at += item.len() + 1;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sources;

    #[test]
    fn comments_are_about_their_line_or_the_next() {
        let text = "select 1 -- tidegate: allow(unused-cte)\n\
                    {# tidegate: allow(filter-by-clock, untested-key) #}\n\n-- why\nfrom t\n\
                    where 'tidegate: allow(unused-cte)' = x /* tidegate: allow(unusd-cte) */";
        let file = Sources::new().add("m.sql", text);
        let (allowed, wrong) = Allowed::read(file, text);
        let rules = [(1, Rule::UnusedCte), (5, Rule::FilterByClock), (5, Rule::UntestedKey)];
        assert_eq!(allowed.0, rules);
        assert_eq!(wrong, [], "the mark in the text comes first");
        let (_, wrong) = Allowed::read(file, "x /* tidegate: allow(unusd-cte) */");
        assert_eq!(wrong[0].help, ["did you mean `unused-cte`?"]);
    }
}
