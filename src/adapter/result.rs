//! What a statement gives back.

use crate::hash::{HashMap, HashSet};

use super::{Cell, CellType};

/// Which rows a caller wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetch {
    /// None: the statement is run for its effect.
    Nothing,
    /// All of them.
    All,
    /// At most so many.
    Limit(usize),
}

/// The outcome of a statement.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct QueryResult {
    /// What the engine says about it.
    pub response: AdapterResponse,
    /// The rows, when they were asked for and the statement gives any.
    pub table: Option<ResultTable>,
}

/// The engine's word on a statement, as `run_results.json` keeps it under `adapter_response`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AdapterResponse {
    /// For people, for example `OK` or `SELECT 3`.
    pub message: String,
    /// The kind of statement, where the engine names it.
    pub code: Option<String>,
    /// How many rows it touched, where the engine counts.
    pub rows_affected: Option<i64>,
}

impl AdapterResponse {
    /// Makes a response of a message alone.
    pub fn message(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: None, rows_affected: None }
    }
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultColumn {
    /// Its name, unique in the result (see [`unique_names`]).
    pub name: String,
    /// Its type in the engine's words, for example `DECIMAL(18,3)`.
    pub type_name: String,
    /// What its cells are.
    pub ty: CellType,
}

/// Rows and their columns.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ResultTable {
    /// The columns.
    pub columns: Vec<ResultColumn>,
    /// The rows; each has one cell per column.
    pub rows: Vec<Vec<Cell>>,
}

impl ResultTable {
    /// Returns the position of a column, comparing exactly.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }

    /// Returns the only cell of the first row.
    pub fn scalar(&self) -> Option<&Cell> {
        self.rows.first().and_then(|row| row.first())
    }
}

/// Makes names unique by appending `_2`, `_3` and so on to repeated ones; compares exactly, as dbt does.
pub fn unique_names(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::default();
    // The number that each name had last: smaller ones are taken for good.
    let mut numbers: HashMap<String, usize> = HashMap::default();
    let mut out = Vec::new();
    for name in names {
        let mut unique = name.clone();
        if !seen.insert(unique.clone()) {
            let n = numbers.entry(name.clone()).or_insert(1);
            while !seen.insert(unique.clone()) {
                *n += 1;
                unique = format!("{name}_{n}");
            }
        }
        out.push(unique);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_names_get_numbers() {
        let names = ["a", "a", "a", "a_2", "A"].map(str::to_owned);
        assert_eq!(unique_names(names), ["a", "a_2", "a_3", "a_2_2", "A"]);
        let many = unique_names(std::iter::repeat_n("a".to_owned(), 100_000));
        assert_eq!(many.last().unwrap(), "a_100000");
    }
}
