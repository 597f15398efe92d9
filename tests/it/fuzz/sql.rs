//! SQL: tokens cover the text, statements lie in it, and what reads trees takes every tree. Selections too.

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::Utf8Path;
use tidegate::diag::Sources;
use tidegate::diff::{Verdict, compare};
use tidegate::hash::HashMap;
use tidegate::jinja::SourceMap;
use tidegate::lineage::{Project, column_lineage, is_misread};
use tidegate::lint::{self, Build, lint};
use tidegate::manifest::{Manifest, ResourceType};
use tidegate::select::{Asked, Indirect, Origin, Scope, Wanted, link, parse, select};
use tidegate::sql::{
    Dialect, DuckDb, Lexer, Postgres, is_blank, leading_with, split_statements, strip_comments,
};
use tidegate::state::Rendering;

use super::harness::{Target, feed};
use super::{can_all_be_told, fixtures, text};
use crate::manifest_json::manifest;

const MANIFEST: &str = include_str!("../../fixtures/select/manifest.json");

/// The queries of the lineage cases, and the models of all fixtures.
fn queries() -> Vec<Vec<u8>> {
    let mut all = fixtures("sql");
    for cases in [
        include_str!("../../fixtures/lineage/duckdb.sql"),
        include_str!("../../fixtures/lineage/postgres.sql"),
        include_str!("../../fixtures/lineage/shared.sql"),
    ] {
        for case in cases.split("\n\n") {
            let code = case.lines().filter(|line| !line.starts_with("--"));
            all.push(code.collect::<Vec<_>>().join("\n").into_bytes());
        }
    }
    all
}

/// Tokens are adjacent, and statements lie in the text.
fn check_tokens(sql: &str) {
    let mut at = 0;
    for token in Lexer::new(sql) {
        assert_eq!(token.range.start, at, "there is a gap");
        assert!(sql.get(token.range.clone()).is_some_and(|text| !text.is_empty()));
        at = token.range.end;
    }
    assert_eq!(at, sql.len(), "the end is missing");
    let statements = split_statements(sql);
    statements.iter().for_each(|range| assert!(sql.get(range.clone()).is_some()));
    assert!(statements.is_sorted_by(|a, b| a.end <= b.start));
    assert_eq!(statements.is_empty(), is_blank(sql));
    assert_eq!(split_statements(&strip_comments(sql)).len(), statements.len());
    assert!(leading_with(sql).is_none_or(|with| sql.get(..with.insert_at).is_some()));
    is_misread(sql);
}

fn lineage(sql: &str, manifest: &Manifest, dialect: &dyn Dialect) -> String {
    let dag = link(manifest).unwrap();
    let code = |_: &tidegate::manifest::UniqueId| Ok(Arc::from(sql));
    let told = HashMap::default();
    let project = Project { manifest, dag: &dag, dialect, code: &code, told: &told };
    serde_json::to_string(&column_lineage(&project, None)).unwrap()
}

/// Looks at a query as at that of a mart.
fn lint_mart(sql: &str, manifest: &Manifest, dialect: &dyn Dialect) {
    let sources = Sources::new();
    let project = lint::Project::new(manifest, dialect, &sources, lint::Settings::default());
    let build = Build { code: sql, map: &SourceMap::default(), adds: true };
    lint(&project, &manifest.nodes["model.shop.fct_orders"], &[build]);
}

/// A few models, one behind the other, are enough: each has the same query.
fn few_models() -> Manifest {
    let mut all = manifest(MANIFEST);
    all.nodes.retain(|id, _| {
        ["model.shop.stg_orders", "model.shop.fct_orders", "snapshot.shop.orders_history"]
            .contains(&id.as_str())
    });
    all.exposures.clear();
    all.unit_tests.clear();
    all
}

#[test]
fn sql() {
    let manifest = few_models();
    let run = |input: &[u8]| {
        let sql = text(input);
        check_tokens(&sql);
        for dialect in [&DuckDb as &dyn Dialect, &Postgres] {
            assert_eq!(lineage(&sql, &manifest, dialect), lineage(&sql, &manifest, dialect));
            lint_mart(&sql, &manifest, dialect);
        }
    };
    feed(Target {
        name: "sql",
        corpus: queries(),
        frames: &["?", "select ? from t", "select * from ?"],
        run: &run,
    });
}

/// Two queries, one of which is the other with something changed, mostly: `fixtures/diff/edits.txt` has such pairs.
#[test]
fn sql_diff() {
    let run = |input: &[u8]| {
        let both = text(input);
        let (old, new) = both.split_once(" => ").unwrap_or((&both, "select a, b from t"));
        for dialect in [&DuckDb as &dyn Dialect, &Postgres] {
            assert_eq!(compare(old, old, dialect).verdict, Verdict::None);
            let change = compare(old, new, dialect);
            assert_eq!(change, compare(old, new, dialect));
            // What is cosmetic one way is cosmetic the other way.
            let back = compare(new, old, dialect).verdict;
            assert_eq!(change.verdict <= Verdict::Cosmetic, back <= Verdict::Cosmetic);
        }
    };
    let edits = include_str!("../../fixtures/diff/edits.txt");
    let mut corpus: Vec<Vec<u8>> = Vec::new();
    let mut query = String::new();
    for line in edits.lines().filter(|line| !line.starts_with('#')) {
        match line.split_once(": ").and_then(|(_, edit)| edit.split_once(" => ")) {
            Some((from, to)) => {
                let to = to.replace("\\n", "\n").replace("(nothing)", "");
                corpus.push(format!("{query} => {}", query.replacen(from, &to, 1)).into_bytes());
            }
            None if line.starts_with("==") => query.clear(),
            None => query = query + line + "\n",
        }
    }
    corpus.extend(queries().windows(2).map(|pair| [&pair[0], &b" => "[..], &pair[0], &pair[1]].concat()));
    feed(Target { name: "sql_diff", corpus, frames: &["select ? from t => select ?, b from t"], run: &run });
}

#[test]
fn selection() {
    let manifest = manifest(MANIFEST);
    let dag = link(&manifest).unwrap();
    let scope = Scope {
        manifest: &manifest,
        dag: &dag,
        project: "shop",
        exists: &|_: &Utf8Path| true,
        previous: None,
        rendering: Rendering::Either,
        lineage: None,
    };
    let types = [ResourceType::Model, ResourceType::Seed, ResourceType::Source, ResourceType::Snapshot];
    let ask = |text: &str| -> Option<BTreeSet<String>> {
        let sources = Sources::new();
        let file = sources.add("--select", text);
        let asked = Asked { select: Some((text, Origin::File(file))), exclude: None };
        let told = |problems: Vec<tidegate::diag::Diagnostic>| {
            can_all_be_told(&problems, &sources);
        };
        let spec = parse(&asked, Indirect::Eager).map_err(told).ok()?;
        let found = select(&spec, scope, Wanted { types: &types, empty: true });
        Some(found.map_err(told).ok()?.ids.iter().map(|id| id.as_str().to_owned()).collect())
    };
    let run = |input: &[u8]| {
        let text = text(input);
        let found = ask(&text);
        // Words are united, and each stands for itself.
        let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        if words.len() > 20 {
            return;
        }
        let united: Option<Vec<_>> = words.into_iter().map(ask).collect();
        if let (Some(found), Some(united)) = (&found, united) {
            assert_eq!(*found, united.into_iter().flatten().collect::<BTreeSet<_>>());
        }
    };
    let expressions = include_str!("../../fixtures/select/expressions.txt").lines();
    let corpus = expressions.map(|line| line.trim_start_matches("-s ").as_bytes().to_vec()).collect();
    feed(Target { name: "selection", corpus, frames: &["?"], run: &run });
}
