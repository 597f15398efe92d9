//! What may be meant instead of a name that the database does not know.
//!
//! Names of columns and functions are those that the engine knows at that place, since it says which ones are like the one that was
//! written; ours to judge is whether they are near. Relations are those of the project, which the engine may not have yet, and the common table
//! expressions of the query. Called where database errors get their place.

use std::sync::Arc;

use super::run_scope::NodeScope;
use crate::adapter::{DbError, Lacking};
use crate::diag::nearest;
use crate::manifest::{Manifest, Node};
use crate::sql::code_tokens;

impl NodeScope {
    /// Returns advice on what a refused statement names in vain, and the error without advice of the engine's that is none.
    pub(super) fn advised(&self, error: &DbError) -> (Option<String>, DbError) {
        let mut error = error.clone();
        let Some((what, missing)) = error.missing.clone() else { return (None, error) };
        let offered = error.advice.iter().flat_map(|advice| &advice.names).map(String::as_str);
        let manifest = &self.run().manifest;
        let help = match what {
            Lacking::Column if error.advice.is_some() => meant(nearest(&missing, offered)),
            Lacking::Column => meant(nearest(&missing, self.read_columns().iter().map(String::as_str))),
            Lacking::Relation => {
                let code = self.compiled_map().map(|(code, _)| &**code).unwrap_or_default();
                self.relation_meant(&missing, &expressions(code).collect::<Vec<_>>(), offered)
            }
            Lacking::Other => {
                let own = manifest.functions.values().map(|function| function.name.as_str());
                meant(nearest(&missing, own.chain(offered)))
            }
        };
        // Columns that are there help whoever has another name in mind; other things that are like it in letters only do not.
        if help.is_some() || what != Lacking::Column {
            error.advice = None;
        }
        (help, error)
    }

    /// Columns of what this node reads: those that property files describe, and those that models name in their SQL.
    fn read_columns(&self) -> Vec<String> {
        let run = self.run();
        let parents = self.node().into_iter().flat_map(|node| run.manifest.parents(&node.unique_id));
        let mut names = Vec::new();
        for id in parents {
            let of_node = run.manifest.nodes.get(id).map(|node| &node.columns);
            let columns = of_node.or_else(|| run.manifest.sources.get(id).map(|table| &table.columns));
            names.extend(columns.into_iter().flat_map(|columns| columns.keys()).map(ToString::to_string));
            if let Some(compiled) = run.compiled.get(id) {
                names.extend(column_names(&compiled.code).map(str::to_owned));
            }
        }
        names
    }

    /// `expressions` are those of the query, `offered` what the engine thinks of.
    fn relation_meant<'n>(
        &'n self,
        missing: &str,
        expressions: &[&'n str],
        offered: impl Iterator<Item = &'n str>,
    ) -> Option<String> {
        let manifest = &self.run().manifest;
        let nodes = manifest.nodes.values().filter(|node| node.is_relational());
        let tables = manifest.sources.values().map(|table| table.identifier.as_str());
        let known = nodes.map(|node| node.alias.as_str()).chain(tables).chain(offered);
        let best = nearest(missing, known.chain(expressions.iter().copied()))?;
        let call = if expressions.contains(&best) { None } else { self.call(best) };
        match (call, best.eq_ignore_ascii_case(missing)) {
            (Some(call), true) => Some(format!("write `{call}`, so that it is built before")),
            (Some(call), false) => Some(format!("did you mean `{best}`? write `{call}`")),
            (None, true) => None,
            (None, false) => meant(Some(best)),
        }
    }

    /// Returns how a template names a relation of the project.
    fn call(&self, name: &str) -> Option<String> {
        let Manifest { nodes, sources, .. } = &*self.run().manifest;
        let is_it = |node: &&Arc<Node>| node.is_relational() && node.alias.eq_ignore_ascii_case(name);
        let of_node = nodes.values().find(is_it).map(|node| node.ref_call(self.package()).written());
        let call = of_node.or_else(|| {
            let table = sources.values().find(|table| table.identifier.eq_ignore_ascii_case(name))?;
            Some(table.source_call().written())
        });
        call.map(|call| format!("{{{{ {call} }}}}"))
    }
}

fn meant(best: Option<&str>) -> Option<String> {
    best.map(|best| format!("did you mean `{best}`?"))
}

/// The names of common table expressions: each word before `as (`.
fn expressions(code: &str) -> impl Iterator<Item = &str> {
    let is_one = |three: &&[&str]| three[1].eq_ignore_ascii_case("as") && three[2] == "(" && three[0] != ")";
    found(code, is_one, 0)
}

/// Words that name columns: behind `as` or a dot, and alone between commas.
fn column_names(code: &str) -> impl Iterator<Item = &str> {
    let one_of = |word: &str, all: &[&str]| all.iter().any(|it| word.eq_ignore_ascii_case(it));
    let is_one = move |three: &&[&str]| {
        let is_name = three[1].starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | '"'));
        let alone = one_of(three[0], &["select", ",", "distinct"]) && one_of(three[2], &[",", "from"]);
        is_name && three[2] != "(" && (one_of(three[0], &["as", "."]) || alone)
    };
    found(code, is_one, 1)
}

/// The words at one place of three that are of some kind, without quotes.
fn found(code: &str, is_one: impl Fn(&&[&str]) -> bool, place: usize) -> impl Iterator<Item = &str> {
    let mut words: Vec<&str> = code_tokens(code).map(|token| &code[token.range]).collect();
    words.push("");
    let names: Vec<&str> =
        words.windows(3).filter(is_one).map(|three| three[place].trim_matches('"')).collect();
    names.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_named_before_their_query() {
        let code =
            "with a as (select 1 as x), \"B c\" AS (select cast(x as int) as y from a) select * from a";
        assert_eq!(expressions(code).collect::<Vec<_>>(), ["a", "B c"]);
        let code = "select a, t.b, c + 1 as \"D\", sum(e), f from t where g > 1";
        assert_eq!(column_names(code).collect::<Vec<_>>(), ["a", "b", "D", "f"]);
    }
}
