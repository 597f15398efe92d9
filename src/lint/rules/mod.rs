//! The rules, a file each: a compiled query → bytes of it at which something is likely not meant.

mod filter_by_clock;
mod hard_coded_relation;
mod join_without_condition;
mod star_from_source;
mod union_without_all;
mod untested_key;
mod unused_cte;

use super::model::{Found, Subject};
use super::rule::Rule;
use super::tree::Tree;

/// Asks one rule.
pub(super) fn check(rule: Rule, subject: &Subject<'_>, tree: &Tree<'_>) -> Vec<Found> {
    match rule {
        Rule::UnusedCte => unused_cte::check(subject, tree),
        Rule::StarFromSource => star_from_source::check(subject, tree),
        Rule::JoinWithoutCondition => join_without_condition::check(subject, tree),
        Rule::UnionWithoutAll => union_without_all::check(subject, tree),
        Rule::FilterByClock => filter_by_clock::check(subject, tree),
        Rule::HardCodedRelation => hard_coded_relation::check(subject, tree),
        Rule::UntestedKey => untested_key::check(subject, tree),
    }
}
