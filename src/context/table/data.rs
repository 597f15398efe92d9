//! A result table as data: names, types, rows, and what agate does with them. Knows no template.
//!
//! Input: [`ResultTable`]s and seed files. Output: further tables. Invariant: every row has one cell per column; tables are never
//! changed, rows are shared between them. Facts: agate's `Table`.

use std::cmp::Ordering;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use crate::adapter::seed::{self, SeedError, SeedOptions, SeedSchema, SeedType};
use crate::adapter::{Cell, CellType, ResultTable, unique_names};
use crate::context::decimal::Decimal;
use crate::hash::HashMap;
use crate::python::float_repr;

/// A row.
pub type Row = Arc<[Cell]>;

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// The names of its columns, each once.
    pub names: Arc<[Arc<str>]>,
    /// The types of its columns.
    pub types: Arc<[CellType]>,
    rows: Rows,
}

#[derive(Clone, Debug)]
enum Rows {
    Here(Arc<[Row]>),
    /// A seed file: its rows are counted, and read only when somebody looks at them.
    Seed(Arc<SeedRows>),
}

#[derive(Debug)]
struct SeedRows {
    path: PathBuf,
    options: SeedOptions,
    schema: SeedSchema,
    loaded: OnceLock<Arc<[Row]>>,
}

impl Table {
    /// Makes a table of a query's result, typed by its values as dbt does: a column without values is `Integer`.
    pub fn from_result(result: ResultTable) -> Self {
        let names = result.columns.iter().map(|c| Arc::from(c.name.as_str())).collect();
        let types = (0..result.columns.len())
            .map(|i| column_type(result.columns[i].ty, result.rows.iter().filter_map(|row| row.get(i))))
            .collect();
        Self::new(names, types, result.rows.into_iter().map(Row::from).collect())
    }

    /// Makes a table of a seed file. Its rows stay in the file until somebody looks at them.
    pub fn from_seed(path: PathBuf, options: SeedOptions) -> Result<Self, SeedError> {
        let schema = seed::infer(&path, &options)?;
        let names = schema.columns.iter().map(|c| Arc::from(c.name.as_str())).collect();
        // Without rows every type fits, and dbt takes the first.
        let type_of = |ty: SeedType| match ty {
            SeedType::Integer if schema.rows == 0 => CellType::Integer,
            ty => ty.cell_type(),
        };
        let types = schema.columns.iter().map(|c| type_of(c.ty)).collect();
        let seed = SeedRows { path, options, schema, loaded: OnceLock::new() };
        Ok(Self { names, types, rows: Rows::Seed(Arc::new(seed)) })
    }

    /// Makes a table without columns and rows.
    pub fn empty() -> Self {
        Self::new(Arc::from([]), Arc::from([]), Vec::new())
    }

    pub(super) fn new(names: Arc<[Arc<str>]>, types: Arc<[CellType]>, rows: Vec<Row>) -> Self {
        Self { names, types, rows: Rows::Here(rows.into()) }
    }

    /// Returns how many rows there are, without reading a seed's.
    pub fn len(&self) -> usize {
        match &self.rows {
            Rows::Here(rows) => rows.len(),
            Rows::Seed(seed) => usize::try_from(seed.schema.rows).unwrap_or(usize::MAX),
        }
    }

    /// Tells whether the rows are still in a seed's file.
    pub(super) fn is_lazy(&self) -> bool {
        matches!(&self.rows, Rows::Seed(seed) if seed.loaded.get().is_none())
    }

    /// Tells whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the rows. Those of a seed are read now; a file that has gone since gives none.
    pub fn rows(&self) -> Arc<[Row]> {
        match &self.rows {
            Rows::Here(rows) => Arc::clone(rows),
            Rows::Seed(seed) => Arc::clone(seed.loaded.get_or_init(|| {
                let rows =
                    seed::read(&seed.path, &seed.options, None).map(|table| table.rows).unwrap_or_default();
                rows.into_iter().map(Row::from).collect()
            })),
        }
    }

    /// Calls `take` with each row until it returns false; those of a seed are read from its file and not kept.
    pub fn each_row(&self, mut take: impl FnMut(&[Cell]) -> bool) -> Result<(), SeedError> {
        match &self.rows {
            Rows::Seed(seed) if seed.loaded.get().is_none() => {
                seed::each(&seed.path, &seed.options, &seed.schema, |_, row| take(row))
            }
            _ => {
                self.rows().iter().all(|row| take(row));
                Ok(())
            }
        }
    }

    /// Tells whether times of it know their distance from UTC.
    pub fn has_zoned_times(&self) -> bool {
        match &self.rows {
            Rows::Seed(seed) => seed.schema.columns.iter().any(|column| column.zoned),
            Rows::Here(rows) => {
                rows.iter().any(|row| row.iter().any(|cell| matches!(cell, Cell::TimestampTz(_))))
            }
        }
    }

    /// Returns the line of a seed's file on which a row begins, both counted from 1.
    pub fn line_of(&self, row: u64) -> Option<u64> {
        let Rows::Seed(seed) = &self.rows else { return None };
        let (mut count, mut found) = (0, None);
        let read = seed::each(&seed.path, &seed.options, &seed.schema, |line, _| {
            count += 1;
            found = (count == row).then_some(line);
            count < row
        });
        read.ok().and(found)
    }

    /// Returns the SQL type dbt creates a seed's column with, before `column_types`.
    pub fn sql_type(&self, column: usize) -> Option<&'static str> {
        if let Rows::Seed(seed) = &self.rows {
            return seed.schema.columns.get(column).map(|c| c.ty.sql());
        }
        Some(match self.types.get(column)? {
            CellType::Number if self.has_decimals(column) => "float8",
            CellType::Integer | CellType::Number => "integer",
            CellType::Boolean => "boolean",
            CellType::Date => "date",
            CellType::DateTime => "timestamp without time zone",
            CellType::Text => "text",
        })
    }

    fn has_decimals(&self, column: usize) -> bool {
        self.rows().iter().filter_map(|row| decimal(&row[column])).any(|d| d.decimals() > 0)
    }

    /// Returns the place of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| &**n == name)
    }

    /// Returns the cells of a column.
    pub fn cells(&self, column: usize) -> Vec<Cell> {
        self.rows().iter().map(|row| row[column].clone()).collect()
    }

    fn with_rows(&self, rows: Vec<Row>) -> Self {
        Self::new(Arc::clone(&self.names), Arc::clone(&self.types), rows)
    }

    /// Keeps some columns, in the order given.
    #[must_use]
    pub fn select(&self, columns: &[usize]) -> Self {
        let rows = self.rows().iter().map(|row| columns.iter().map(|i| row[*i].clone()).collect()).collect();
        let names = columns.iter().map(|i| Arc::clone(&self.names[*i])).collect();
        Self::new(names, columns.iter().map(|i| self.types[*i]).collect(), rows)
    }

    /// Gives the columns other names; repeated ones are numbered.
    #[must_use]
    pub fn rename(&self, names: Vec<String>) -> Self {
        let names = unique_names(names).into_iter().map(Arc::from).collect();
        Self { names, types: Arc::clone(&self.types), rows: self.rows.clone() }
    }

    /// Keeps the rows at some places.
    #[must_use]
    pub fn pick(&self, places: impl IntoIterator<Item = usize>) -> Self {
        let rows = self.rows();
        self.with_rows(places.into_iter().filter_map(|i| rows.get(i).cloned()).collect())
    }

    /// Sorts by columns; nulls go last, or first in reverse.
    #[must_use]
    pub fn order_by(&self, columns: &[usize], reverse: bool) -> Self {
        let mut rows: Vec<Row> = self.rows().to_vec();
        let by = |a: &Row, b: &Row| {
            columns.iter().map(|i| order(&a[*i], &b[*i])).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
        };
        // Python's reverse sort keeps equal rows in their order.
        rows.sort_by(|a, b| if reverse { by(b, a) } else { by(a, b) });
        self.with_rows(rows)
    }

    /// Keeps the first row of each combination of values in some columns.
    #[must_use]
    pub fn distinct(&self, columns: &[usize]) -> Self {
        let mut seen = crate::hash::HashSet::default();
        let rows = self.rows();
        let first =
            rows.iter().filter(|row| seen.insert(columns.iter().map(|i| key(&row[*i])).collect::<Vec<_>>()));
        self.with_rows(first.cloned().collect())
    }

    /// Makes a table for each value of a column, in the order they come first.
    pub fn group_by(&self, column: usize) -> Vec<(Cell, Self)> {
        let mut groups: Vec<(Cell, Vec<Row>)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::default();
        for row in self.rows().iter() {
            let place = *places.entry(key(&row[column])).or_insert_with(|| {
                groups.push((row[column].clone(), Vec::new()));
                groups.len() - 1
            });
            groups[place].1.push(Arc::clone(row));
        }
        groups.into_iter().map(|(value, rows)| (value, self.with_rows(rows))).collect()
    }

    /// Joins the rows of `right` whose key columns are equal, or those of the same place when there are no keys.
    ///
    /// Key columns of the right table are left out, names that are taken get a `2`.
    #[must_use]
    pub fn join(&self, right: &Self, left_key: &[usize], right_key: &[usize], kind: Join) -> Self {
        let outer = kind == Join::FullOuter;
        let kept: Vec<usize> = (0..right.names.len()).filter(|i| outer || !right_key.contains(i)).collect();
        let mut names: Vec<Arc<str>> = self.names.to_vec();
        names.extend(kept.iter().map(|i| {
            let name = &right.names[*i];
            if self.names.contains(name) { Arc::from(format!("{name}2")) } else { Arc::clone(name) }
        }));
        let types = self.types.iter().copied().chain(kept.iter().map(|i| right.types[*i])).collect();
        let key_of = |row: &Row, place: usize, columns: &[usize]| {
            if left_key.is_empty() {
                vec![place.to_string()]
            } else {
                columns.iter().map(|i| key(&row[*i])).collect::<Vec<_>>()
            }
        };
        let right_rows = right.rows();
        let mut by_key: HashMap<Vec<String>, Vec<&Row>> = HashMap::default();
        for (place, row) in right_rows.iter().enumerate() {
            by_key.entry(key_of(row, place, right_key)).or_default().push(row);
        }
        let mut rows: Vec<Row> = Vec::new();
        let mut matched = crate::hash::HashSet::default();
        for (place, row) in self.rows().iter().enumerate() {
            let key = key_of(row, place, left_key);
            let cells = |other: Option<&Row>| {
                let others = kept.iter().map(|i| other.map_or(Cell::Null, |o| o[*i].clone()));
                row.iter().cloned().chain(others).collect()
            };
            match by_key.get(&key) {
                Some(found) => rows.extend(found.iter().map(|other| cells(Some(other)))),
                None if kind == Join::Inner => {}
                None => rows.push(cells(None)),
            }
            matched.insert(key);
        }
        if outer {
            let unmatched = right_rows
                .iter()
                .enumerate()
                .filter(|(i, row)| !matched.contains(&key_of(row, *i, right_key)));
            let blank = vec![Cell::Null; self.names.len()];
            rows.extend(unmatched.map(|(_, row)| blank.iter().chain(row.iter()).cloned().collect::<Row>()));
        }
        Self::new(names.into(), types, rows)
    }
}

/// Which rows without a match a join keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// Those of the left table.
    Left,
    /// None.
    Inner,
    /// Those of both tables.
    FullOuter,
}

/// dbt types columns by their values: those of a kind that has no type of its own are text.
fn column_type<'a>(declared: CellType, cells: impl Iterator<Item = &'a Cell>) -> CellType {
    let mut found = CellType::Integer;
    for cell in cells {
        let ty = match cell {
            Cell::Null => continue,
            Cell::Int(_) | Cell::BigInt(_) => CellType::Integer,
            Cell::Decimal(_) | Cell::Float(_) => CellType::Number,
            Cell::Bool(_) => CellType::Boolean,
            Cell::Date(_) => CellType::Date,
            Cell::Timestamp(_) | Cell::TimestampTz(_) => CellType::DateTime,
            Cell::Text(_) => return CellType::Text,
        };
        found = ty;
        // The engine's types do not mix, unless days that Python cannot hold became text.
        if !matches!(declared, CellType::Date | CellType::DateTime) {
            return found;
        }
    }
    found
}

/// Returns a numeric cell as an exact number.
pub(super) fn decimal(cell: &Cell) -> Option<Decimal> {
    match cell {
        Cell::Int(n) => Some(Decimal::from_int(i128::from(*n))),
        Cell::BigInt(text) | Cell::Decimal(text) => Decimal::parse(text),
        Cell::Float(x) => Decimal::parse(&float_repr(*x)),
        _ => None,
    }
}

/// Orders cells of a column: by value, nulls last.
pub(super) fn order(a: &Cell, b: &Cell) -> Ordering {
    match (a, b) {
        (Cell::Null, Cell::Null) => Ordering::Equal,
        (Cell::Null, _) => Ordering::Greater,
        (_, Cell::Null) => Ordering::Less,
        (Cell::Int(a), Cell::Int(b)) => a.cmp(b),
        (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
        (Cell::Bool(a), Cell::Bool(b)) => a.cmp(b),
        (Cell::Date(a), Cell::Date(b)) => a.cmp(b),
        (Cell::Timestamp(a), Cell::Timestamp(b)) => a.cmp(b),
        (Cell::TimestampTz(a), Cell::TimestampTz(b)) => a.timestamp().cmp(&b.timestamp()),
        _ => match (decimal(a), decimal(b)) {
            (Some(a), Some(b)) => a.order(&b).unwrap_or(Ordering::Equal),
            _ => Ordering::Equal,
        },
    }
}

/// Returns a text that equal cells share and others do not.
fn key(cell: &Cell) -> String {
    match cell {
        Cell::Null => "n".to_owned(),
        Cell::Bool(b) => format!("b{b}"),
        Cell::Text(text) => format!("t{text}"),
        Cell::Date(date) => format!("d{date}"),
        Cell::Timestamp(at) => format!("s{at}"),
        Cell::TimestampTz(at) => format!("z{}", at.timestamp()),
        number => decimal(number).map_or_else(|| "?".to_owned(), |d| format!("#{}", d.normalized().text())),
    }
}
