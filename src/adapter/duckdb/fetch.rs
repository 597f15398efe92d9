//! Runs the last statement of a text and reads its rows.
//!
//! Input: a connection and SQL. Output: a [`ResultTable`]. Invariant: statements before the last one have run when the last
//! one is prepared, since it may need what they made.

use duckdb::arrow::array::Array;
use duckdb::{Connection, Statement};

use super::datum::{Shape, datum};
use super::datum_text::cell;
use super::types::{cell_type, type_name};
use crate::adapter::python_text::{datetime_str, offset_str};
use crate::adapter::{Cell, Fetch, ResultColumn, ResultTable, unique_names};
use crate::sql::{DuckDb, Ident, split_statements};

/// The one type whose values lose something on the way through Arrow.
const TIME_TZ: &str = "TIME WITH TIME ZONE";

/// Runs all statements of `sql` and returns the rows of the last one, when they are wanted.
pub(super) fn run(
    connection: &Connection,
    sql: &str,
    parameters: &[Cell],
    fetch: Fetch,
) -> duckdb::Result<Option<ResultTable>> {
    let mut statement = connection.prepare(sql)?;
    for (i, value) in parameters.iter().enumerate() {
        bind(&mut statement, i + 1, value)?;
    }
    let done = statement.raw_execute();
    let limit = match fetch {
        Fetch::Nothing => return done.map(|_| None),
        Fetch::All => usize::MAX,
        Fetch::Limit(n) => n,
    };
    let table = done.and_then(|_| read(&statement, limit));
    drop(statement);
    if parameters.is_empty() && lost_something(&table) {
        let last = split_statements(sql).pop().unwrap_or_default();
        if let Some(table) = read_as_text(connection, &sql[last], limit) {
            return Ok(Some(table));
        }
    }
    table.map(Some)
}

fn read(statement: &Statement<'_>, limit: usize) -> duckdb::Result<ResultTable> {
    let types: Vec<_> = (0..statement.column_count()).map(|i| statement.column_logical_type(i)).collect();
    let names = unique_names(statement.column_names());
    let columns = names
        .into_iter()
        .zip(&types)
        .map(|(name, ty)| ResultColumn { name, type_name: type_name(ty), ty: cell_type(ty) })
        .collect();
    let shapes: Vec<Shape> = types.iter().map(Shape::of).collect();
    let mut rows = Vec::new();
    while rows.len() < limit {
        let Some(batch) = statement.step()? else { break };
        let take = batch.len().min(limit - rows.len());
        for row in 0..take {
            let values = batch.columns().iter().zip(&shapes);
            rows.push(values.map(|(array, shape)| cell(datum(array.as_ref(), shape, row))).collect());
        }
    }
    Ok(ResultTable { columns, rows })
}

/// Arrow drops the offset of `TIME WITH TIME ZONE`, and the driver refuses to read `VARIANT`.
fn lost_something(outcome: &duckdb::Result<ResultTable>) -> bool {
    match outcome {
        Ok(table) => table.columns.iter().any(|c| c.type_name == TIME_TZ),
        Err(duckdb::Error::FromSqlConversionFailure(_, duckdb::types::Type::Variant, _)) => true,
        Err(_) => false,
    }
}

/// Reads a query again with the columns that cannot be read as they are cast to text; `None` for what is no query.
fn read_as_text(connection: &Connection, query: &str, limit: usize) -> Option<ResultTable> {
    let mut describe = connection.prepare(&format!("describe {query}")).ok()?;
    describe.raw_execute().ok()?;
    let described = read(&describe, usize::MAX).ok()?;
    let columns: Vec<(&str, &str)> = described
        .rows
        .iter()
        .map(|row| Some((row.first()?.as_str()?, row.get(1)?.as_str()?)))
        .collect::<Option<_>>()?;
    let shown: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(i, (name, ty))| {
            let value = match *ty {
                "TIME WITH TIME ZONE" => {
                    format!("regexp_replace(cast(c{i} as varchar), '([+-]\\d\\d)$', '\\1:00')")
                }
                "VARIANT" => format!("cast(c{i} as varchar)"),
                _ => format!("c{i}"),
            };
            format!("{value} as {}", Ident::new(name, &DuckDb))
        })
        .collect();
    let names: Vec<String> = (0..columns.len()).map(|i| format!("c{i}")).collect();
    let wrapped = format!("select {} from (\n{query}\n) as t({})", shown.join(", "), names.join(", "));
    let mut statement = connection.prepare(&wrapped).ok()?;
    statement.raw_execute().ok()?;
    let mut table = read(&statement, limit).ok()?;
    for (i, (_, ty)) in columns.iter().enumerate() {
        (*ty).clone_into(&mut table.columns[i].type_name);
        if *ty == TIME_TZ {
            for row in &mut table.rows {
                row[i] = row[i].as_str().map_or(Cell::Null, |text| Cell::text(python_time(text)));
            }
        }
    }
    Some(table)
}

/// Turns DuckDB's `03:04:05.25+02` into Python's `03:04:05.250000+02:00`.
fn python_time(text: &str) -> String {
    let (time, offset) = text.split_at(text.rfind(['+', '-']).unwrap_or(text.len()));
    let time =
        time.split_once('.').map_or_else(|| time.to_owned(), |(time, part)| format!("{time}.{part:0<6}"));
    let minutes = if offset.len() == 3 { ":00" } else { "" };
    format!("{time}{offset}{minutes}")
}

/// Binds a value to a parameter, counted from 1; what has no binding of its own goes as text.
fn bind(statement: &mut Statement<'_>, at: usize, value: &Cell) -> duckdb::Result<()> {
    match value {
        Cell::Null => statement.raw_bind_parameter(at, duckdb::types::Null),
        Cell::Bool(b) => statement.raw_bind_parameter(at, b),
        Cell::Int(n) => statement.raw_bind_parameter(at, n),
        Cell::Float(x) => statement.raw_bind_parameter(at, x),
        Cell::BigInt(text) | Cell::Decimal(text) | Cell::Text(text) => {
            statement.raw_bind_parameter(at, &**text)
        }
        Cell::Date(date) => statement.raw_bind_parameter(at, date.to_string()),
        Cell::Timestamp(time) => statement.raw_bind_parameter(at, datetime_str(*time, ' ')),
        Cell::TimestampTz(time) => {
            let text =
                format!("{}{}", datetime_str(time.datetime(), ' '), offset_str(time.offset().seconds()));
            statement.raw_bind_parameter(at, text)
        }
    }
}
