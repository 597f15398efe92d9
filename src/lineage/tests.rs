//! Queries of every construct with the lineage that people judged them to have: `tests/fixtures/lineage/*.sql`.
//!
//! A case is a comment with its name, the relations it reads (`..` stands for columns that are not known), a query, a line for
//! every column, and a line for what rows depend on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::rc::Rc;

use super::resolver::{Relations, resolve};
use super::table::{Beyond, Rest, Table};
use super::text::{Plainer, tree};
use super::value::{Use, Value};
use crate::adapter::duckdb::Canonical;
use crate::sql::{Dialect, DuckDb, Postgres};

/// The relations of a case.
struct Given(BTreeMap<String, Rc<Table>>);

impl Given {
    /// Reads `a(id, x), b(..)`.
    fn read(text: &str) -> Self {
        let mut all = BTreeMap::new();
        for relation in text.split(')').filter(|part| !part.trim().is_empty()) {
            let (name, columns) = relation.trim_start_matches(',').trim().split_once('(').unwrap();
            let mut table = Table::default();
            for column in columns.split(',').map(str::trim).filter(|column| !column.is_empty()) {
                if column == ".." {
                    table.rest.push(Rest::new(Beyond::Relation(name.into())));
                } else {
                    table.push((column, column), Rc::new(Value::of_column(&name.into(), column)));
                }
            }
            all.insert(name.to_owned(), Rc::new(table));
        }
        Self(all)
    }
}

impl Relations for Given {
    fn table(&self, parts: &[String]) -> Rc<Table> {
        let name = parts.last().unwrap();
        self.0.get(name).cloned().unwrap_or_else(|| {
            let rest = Rest::new(Beyond::Relation(name.as_str().into()));
            Rc::new(Table { rest: vec![rest], ..Table::default() })
        })
    }

    fn ephemeral(&self, _: &str) -> Option<Rc<Table>> {
        None
    }
}

#[derive(Default)]
struct Case {
    name: String,
    given: String,
    sql: String,
    want: Vec<String>,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("-- case: ") {
            cases.push(Case { name: name.to_owned(), ..Case::default() });
            continue;
        }
        let Some(case) = cases.last_mut() else { continue };
        if let Some(given) = line.strip_prefix("-- reads: ") {
            given.clone_into(&mut case.given);
        } else if let Some(want) = line.strip_prefix("-- > ") {
            case.want.push(want.to_owned());
        } else {
            case.sql.push_str(line);
            case.sql.push('\n');
        }
    }
    cases
}

/// Writes a query's lineage as cases do: `name = kind origin, origin`, then what is used.
fn told(sql: &str, given: &str, dialect: &dyn Dialect) -> Vec<String> {
    let mut canonical = Canonical::default();
    let mut plainer = |sql: &str| canonical.query(sql);
    let plainer: Option<&mut Plainer<'_>> = if dialect.is_friendly() { Some(&mut plainer) } else { None };
    let query = tree(sql, dialect, plainer);
    let query = match query {
        Ok(query) => query,
        Err(reason) => return vec![format!("unreadable: {reason}")],
    };
    let table = resolve(&query, dialect, &Given::read(given));
    let mut lines = Vec::new();
    for column in &table.columns {
        let origins: Vec<String> = column.value.inputs.keys().map(ToString::to_string).collect();
        let kind = format!("{:?}", column.value.kind(&column.key)).to_lowercase();
        let mut line = format!("{} = {kind} {}", column.name, origins.join(", ")).trim_end().to_owned();
        if let Some(reason) = &column.value.unknown {
            let _ = write!(line, " ({reason})");
        }
        lines.push(line);
    }
    lines.extend(table.rest.iter().map(|rest| format!("and others: {}", rest.reason())));
    let mut uses: BTreeMap<Use, BTreeSet<String>> = BTreeMap::new();
    for (origin, how) in &table.uses.columns {
        how.iter().for_each(|how| _ = uses.entry(*how).or_default().insert(origin.to_string()));
    }
    for (how, origins) in uses {
        let origins: Vec<_> = origins.into_iter().collect();
        lines.push(format!("{}: {}", format!("{how:?}").to_lowercase(), origins.join(", ")));
    }
    lines.extend(table.uses.unknown.iter().map(|reason| format!("perhaps more: {reason}")));
    lines
}

/// Checks all cases of a file; returns how many columns they have.
fn check(text: &str, dialect: &dyn Dialect) -> usize {
    let mut problems = String::new();
    let mut columns = 0;
    for case in cases(text) {
        let got = told(&case.sql, &case.given, dialect);
        columns += case.want.iter().filter(|line| line.contains(" = ")).count();
        if got != case.want {
            let _ = write!(
                problems,
                "\n{}\n  got\n    {}\n  want\n    {}\n",
                case.name,
                got.join("\n    "),
                case.want.join("\n    ")
            );
        }
    }
    assert!(problems.is_empty(), "{problems}");
    columns
}

#[test]
fn every_construct_of_duckdb() {
    assert!(check(include_str!("../../tests/fixtures/lineage/duckdb.sql"), &DuckDb) > 100);
}

#[test]
fn constructs_that_all_engines_share() {
    let shared = include_str!("../../tests/fixtures/lineage/shared.sql");
    assert!(check(shared, &DuckDb) > 100);
    check(shared, &Postgres);
}

#[test]
fn what_only_postgres_does() {
    assert!(check(include_str!("../../tests/fixtures/lineage/postgres.sql"), &Postgres) > 20);
}
