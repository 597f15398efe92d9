//! Labelled edits: what `compare` says of each, and that it never says less than the truth.

use std::fmt::Write as _;

use super::{Verdict, compare};
use crate::sql::{DuckDb, Postgres};

/// What an edit is, what is found, and the two texts.
struct Edit<'a> {
    truth: Verdict,
    found: Verdict,
    line: &'a str,
    old: &'a str,
    new: String,
}

fn verdict(word: &str) -> Verdict {
    let all = [Verdict::None, Verdict::Cosmetic, Verdict::Additive, Verdict::Breaking];
    all.into_iter().find(|verdict| verdict.as_str() == word).unwrap_or_else(|| panic!("no verdict: {word}"))
}

/// Reads the edits of one query: `breaking: text => other text`, or `additive (breaking): ..`.
fn edits_of(part: &'static str) -> Vec<Edit<'static>> {
    let words = ["none", "cosmetic", "additive", "breaking"];
    let is_edit = |line: &&str| words.iter().any(|word| line.starts_with(word));
    let (_, body) = part.split_once('\n').expect("a name");
    let start = body.lines().find(is_edit).and_then(|line| body.find(line)).expect("an edit");
    let old = body[..start].trim_end();
    let edit = |line: &'static str| {
        let (labels, change) = line.split_once(": ").expect("a label");
        let (find, replace) = change.split_once(" => ").unwrap_or_else(|| panic!("no edit: {line}"));
        let (find, replace) =
            (find.replace("\\n", "\n"), replace.replace("\\n", "\n").replace("(nothing)", ""));
        assert!(old.contains(&find), "{line}: the query has no such text");
        let new = if find == "source" || find == "renamed" {
            old.replace(&find, &replace)
        } else {
            old.replacen(&find, &replace, 1)
        };
        let (truth, found) = match labels.split_once(" (") {
            Some((truth, found)) => (truth, found.trim_end_matches(')')),
            None => (labels, labels),
        };
        Edit { truth: verdict(truth), found: verdict(found), line, old, new }
    };
    body[start..].lines().filter(is_edit).map(edit).collect()
}

#[test]
fn no_edit_is_called_less_than_it_is() {
    let text = include_str!("../../tests/fixtures/diff/edits.txt");
    let edits: Vec<Edit<'_>> = text.split("\n== ").skip(1).flat_map(edits_of).collect();
    assert!(edits.len() >= 150, "{} edits", edits.len());
    let mut wrong = String::new();
    for edit in &edits {
        assert!(edit.found >= edit.truth, "{}: an unsafe verdict is expected", edit.line);
        let change = compare(edit.old, &edit.new, &DuckDb);
        if change.verdict != edit.found {
            let _ = writeln!(wrong, "{} but {:?} {:?}", edit.line, change.verdict, change.reasons);
        }
        let on_postgres = compare(edit.old, &edit.new, &Postgres).verdict;
        if on_postgres < edit.truth {
            let _ = writeln!(wrong, "{}: {on_postgres:?} on Postgres", edit.line);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn changed_columns_are_named_where_nothing_else_changed() {
    let old = "select id, upper(name) as name, kind from t";
    let change = compare(old, "select id, lower(name) as name, size from t", &DuckDb);
    assert_eq!(change.verdict, Verdict::Breaking);
    assert_eq!(change.changed, Some(vec!["name".to_owned()]));
    assert_eq!((change.removed, change.added), (vec!["kind".to_owned()], vec!["size".to_owned()]));
    assert_eq!(compare(old, "select id, upper(name) as name, kind from u", &DuckDb).changed, None);
    assert_eq!(compare(old, "select name, id, kind from (", &DuckDb).changed, None);
    // Rows are others where the column chooses them, or makes more of them.
    let chosen = "select id, upper(name) as key from t order by key limit 1";
    assert_eq!(compare(chosen, &chosen.replace("upper", "lower"), &DuckDb).changed, None);
    let spread = "select id, items as item from t";
    assert_eq!(compare(spread, "select id, unnest(items) as item from t", &DuckDb).changed, None);
}
