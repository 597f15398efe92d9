//! The table that `run_query`, `load_result` and `load_agate_table` give to templates.
//!
//! Input: results and seed files. Output: [`Table`], and template values that behave as agate's tables, columns and rows.
//! Called by the parts of `context` that run SQL, and by `run` to read what a materialization's query answered.

mod data;
mod methods;
mod print;
mod values;

pub use data::{Join, Row, Table};
pub use print::{Limits, cell_text, type_name};
pub(super) use values::value_cell;
pub use values::{DataType, RowValue, TableValue, cell_value};

use std::path::PathBuf;
use std::sync::Arc;

use crate::adapter::seed::{SeedError, SeedOptions};
use crate::adapter::{Cell, ResultTable};
use crate::jinja::{Value, downcast, list, object};
use crate::manifest::{Json, JsonMap};

/// Makes the value of a table without columns and rows.
pub fn empty() -> Value {
    values::table_value(Table::empty())
}

/// Makes the value of a query's result.
pub fn table_value(result: ResultTable) -> Value {
    values::table_value(Table::from_result(result))
}

/// Makes the value of a seed file; its rows are read only when a template looks at them.
pub fn seed_value(path: PathBuf, options: SeedOptions) -> Result<Value, SeedError> {
    Table::from_seed(path, options).map(values::table_value)
}

/// Returns the table behind a value.
pub fn table_of(value: &Value) -> Option<Arc<Table>> {
    downcast::<TableValue>(value).map(|table| Arc::clone(&table.0))
}

/// Returns the rows of a table as lists of values: the `data` of `load_result`.
///
/// The rows of a seed stay in its file until a template looks at them.
pub(super) fn rows_of(value: &Value) -> Option<Value> {
    let table = table_of(value)?;
    if table.is_lazy() {
        return Some(object(values::Sequence::rows(table)));
    }
    let rows = table.rows();
    Some(list(
        rows.iter().map(|row| list(row.iter().map(cell_value).collect::<Vec<_>>())).collect::<Vec<_>>(),
    ))
}

/// Returns the cells of a table as Python's `str` shows them; `None` for nulls.
pub fn cells(value: &Value) -> Option<Vec<Vec<Option<String>>>> {
    let table = table_of(value)?;
    let text = |cell| match cell {
        &Cell::Null => None,
        cell => Some(cell_text(cell)),
    };
    Some(table.rows().iter().map(|row| row.iter().map(text).collect()).collect())
}

/// Returns the rows of a table as JSON objects, numbers as JSON numbers, days and times as text.
pub fn records(value: &Value) -> Option<Vec<JsonMap>> {
    let table = table_of(value)?;
    let json = |cell: &Cell| match cell {
        Cell::Null => Json::Null,
        Cell::Bool(flag) => Json::from(*flag),
        Cell::Int(number) => Json::from(*number),
        Cell::Float(number) => Json::from(*number),
        Cell::Decimal(digits) | Cell::BigInt(digits) => digits
            .parse::<i64>()
            .map(Json::from)
            .or_else(|_| digits.parse::<f64>().map(Json::from))
            .unwrap_or(Json::Null),
        cell => Json::from(cell_text(cell)),
    };
    let names = || table.names.iter().map(ToString::to_string);
    Some(table.rows().iter().map(|row| names().zip(row.iter().map(json)).collect()).collect())
}

/// Returns the SQL type that a column of a table is created with.
pub(super) fn sql_type(value: &Value, column: usize) -> Option<&'static str> {
    table_of(value)?.sql_type(column)
}
