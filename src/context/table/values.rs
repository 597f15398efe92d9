//! Tables, rows and columns as templates see them: agate's objects.
//!
//! Input: a [`Table`]. Output: template values. Invariant: an attribute wins over a column of the same name, and keys compare exactly.
//! Facts: agate's `Table`, `MappedSequence`, `Row` and `Column`, observed through Jinja.

use std::sync::Arc;

use super::data::{Row, Table, order};
use super::methods;
use super::print::type_name;
use crate::adapter::{Cell, CellType};
use crate::context::decimal::Decimal;
use crate::jinja::pycompat::{date_value, datetime_value, offset_datetime_value};
use crate::jinja::{
    Call, Error, Instance, Value, dict, downcast, elements, list, none, object, py_eq, py_repr, py_str, tuple,
};

/// Makes the value of a cell.
pub fn cell_value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => none(),
        Cell::Bool(b) => Value::from(*b),
        Cell::Int(n) => Value::from(*n),
        Cell::BigInt(digits) => big_int(digits),
        Cell::Text(text) => Value::from(Arc::clone(text)),
        Cell::Decimal(_) | Cell::Float(_) => super::data::decimal(cell).map_or_else(none, object),
        Cell::Date(day) => date_value(*day),
        Cell::Timestamp(at) => datetime_value(*at),
        Cell::TimestampTz(at) => offset_datetime_value(at.datetime(), at.offset().seconds()),
    }
}

/// Beyond 128 bits only a decimal holds the number.
fn big_int(digits: &str) -> Value {
    match digits.parse::<i128>() {
        Ok(n) => Value::from(n),
        Err(_) => Decimal::parse(digits).map_or_else(none, object),
    }
}

/// Makes the cell of a value, where there is one for it: what keys compare with, and what statements bind.
pub(in crate::context) fn value_cell(value: &Value) -> Option<Cell> {
    if value.is_none() {
        return Some(Cell::Null);
    }
    if let Some(text) = value.as_str() {
        return Some(Cell::text(text));
    }
    if let Some(number) = downcast::<Decimal>(value) {
        return Some(Cell::Decimal(number.text().into()));
    }
    if value.kind() == minijinja::value::ValueKind::Bool {
        return Some(Cell::Bool(value.is_true()));
    }
    value.as_i64().map(Cell::Int).or_else(|| time_cell(value))
}

/// A day or a time; one that knows its distance from UTC must not lose it.
fn time_cell(value: &Value) -> Option<Cell> {
    let text = py_str(value);
    match crate::jinja::type_name(value) {
        "date" => text.parse().ok().map(Cell::Date),
        "datetime" => match text.parse::<jiff::Timestamp>() {
            Ok(at) => Some(Cell::TimestampTz(Box::new(at.to_zoned(jiff::tz::TimeZone::UTC)))),
            Err(_) => text.parse().ok().map(Cell::Timestamp),
        },
        _ => None,
    }
}

/// A table in a template.
pub struct TableValue(pub Arc<Table>);

/// Makes the value of a table.
pub(super) fn table_value(table: Table) -> Value {
    object(TableValue(Arc::new(table)))
}

impl Instance for TableValue {
    fn type_name(&self) -> &'static str {
        "Table"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        let table = &self.0;
        let sequence = |of| object(Sequence { of, table: Arc::clone(table) });
        Ok(Some(match name {
            "columns" => sequence(Of::Columns),
            "rows" => sequence(Of::Rows),
            "column_names" => names(table),
            "column_types" => tuple(table.types.iter().map(|ty| object(DataType(*ty))).collect::<Vec<_>>()),
            "row_names" => none(),
            _ => return Ok(None),
        }))
    }

    fn has_method(&self, name: &str) -> bool {
        methods::NAMES.contains(&name)
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        methods::NAMES.contains(&name).then(|| methods::call(&self.0, name, call))
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        Ok(at(self.0.len(), key).and_then(|i| row_value(&self.0, i)))
    }

    fn iter(&self) -> Option<Vec<Value>> {
        Some(row_values(&self.0))
    }

    fn len(&self) -> Option<usize> {
        Some(self.0.len())
    }

    fn str(&self) -> String {
        self.0.structure()
    }

    fn repr(&self) -> String {
        "<agate.table.Table object>".to_owned()
    }
}

/// The type of a column.
pub struct DataType(pub CellType);

impl Instance for DataType {
    fn type_name(&self) -> &'static str {
        type_name(self.0)
    }

    fn eq(&self, other: &Value) -> Option<bool> {
        Some(downcast::<Self>(other).is_some_and(|other| other.0 == self.0))
    }

    fn has_method(&self, name: &str) -> bool {
        matches!(name, "jsonify" | "csvify")
    }

    /// What a value of the type is in JSON, and in CSV.
    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        self.has_method(name).then(|| {
            let value = call.args.required("d")?;
            let text = py_str(&value);
            Ok(match (name, self.0) {
                _ if value.is_none() => value,
                ("jsonify", CellType::Number) => text.parse::<f64>().map_or(value, Value::from),
                ("jsonify", CellType::Integer | CellType::Boolean) => value,
                (_, CellType::DateTime) => Value::from(text.replacen(' ', "T", 1).as_str()),
                _ => Value::from(text.as_str()),
            })
        })
    }

    fn repr(&self) -> String {
        let module = match self.0 {
            CellType::Integer | CellType::Number => "dbt_common.clients.agate_helper",
            CellType::Boolean => "agate.data_types.boolean",
            CellType::Date => "agate.data_types.date",
            CellType::DateTime => "agate.data_types.date_time",
            CellType::Text => "agate.data_types.text",
        };
        format!("<{module}.{} object>", type_name(self.0))
    }
}

/// What a sequence runs over.
enum Of {
    Columns,
    Rows,
    Column(usize),
}

/// Columns, rows, or the values of one column.
pub(super) struct Sequence {
    of: Of,
    table: Arc<Table>,
}

impl Sequence {
    /// The rows of a table.
    pub(super) fn rows(table: Arc<Table>) -> Self {
        Self { of: Of::Rows, table }
    }

    fn values(&self) -> Vec<Value> {
        let column = |i| object(Sequence { of: Of::Column(i), table: Arc::clone(&self.table) });
        match self.of {
            Of::Columns => (0..self.table.names.len()).map(column).collect(),
            Of::Rows => row_values(&self.table),
            Of::Column(i) => self.table.rows().iter().map(|row| cell_value(&row[i])).collect(),
        }
    }

    fn keys(&self) -> Value {
        match self.of {
            Of::Columns => names(&self.table),
            Of::Rows | Of::Column(_) => none(),
        }
    }

    /// Looks a key up; rows and values have none.
    fn by_key(&self, key: &Value) -> Option<Value> {
        let i = self.table.column(key.as_str()?)?;
        matches!(self.of, Of::Columns)
            .then(|| object(Sequence { of: Of::Column(i), table: Arc::clone(&self.table) }))
    }

    fn column_method(&self, column: usize, name: &str) -> Option<Value> {
        let mut cells = self.table.cells(column);
        match name {
            "values_distinct" => {
                let distinct = self.table.select(&[column]).distinct(&[0]);
                return Some(tuple(
                    distinct.rows().iter().map(|row| cell_value(&row[0])).collect::<Vec<_>>(),
                ));
            }
            "values_without_nulls" => cells.retain(|c| !c.is_null()),
            "values_sorted" => cells.sort_by(order),
            "values_without_nulls_sorted" => {
                cells.retain(|c| !c.is_null());
                cells.sort_by(order);
            }
            _ => return None,
        }
        let values: Vec<Value> = cells.iter().map(cell_value).collect();
        Some(if name.ends_with("_sorted") { list(values) } else { tuple(values) })
    }
}

const COLUMN_METHODS: &[&str] =
    &["values_distinct", "values_without_nulls", "values_sorted", "values_without_nulls_sorted"];

impl Instance for Sequence {
    fn type_name(&self) -> &'static str {
        match self.of {
            Of::Column(_) => "Column",
            Of::Columns | Of::Rows => "MappedSequence",
        }
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        let Of::Column(i) = self.of else { return Ok(None) };
        Ok(Some(match name {
            "name" => Value::from(Arc::clone(&self.table.names[i])),
            "index" => Value::from(i),
            "data_type" => object(DataType(self.table.types[i])),
            _ => return Ok(None),
        }))
    }

    fn has_method(&self, name: &str) -> bool {
        MAPPED.contains(&name) || (matches!(self.of, Of::Column(_)) && COLUMN_METHODS.contains(&name))
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        if let Of::Column(i) = self.of
            && let Some(value) = self.column_method(i, name)
        {
            return Some(call.args.finish().map(|()| value));
        }
        MAPPED.contains(&name).then(|| {
            let keyed = matches!(self.of, Of::Columns);
            mapped_method(
                name,
                call,
                &Mapped {
                    keys: keyed.then(|| self.keys()),
                    values: &|| self.values(),
                    get: &|key| self.by_key(key),
                },
            )
        })
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        if key.as_str().is_some() {
            return Ok(self.by_key(key));
        }
        Ok(match self.of {
            Of::Rows => at(self.table.len(), key).and_then(|i| row_value(&self.table, i)),
            Of::Column(column) => at(self.table.len(), key)
                .and_then(|i| self.table.rows().get(i).map(|row| cell_value(&row[column]))),
            Of::Columns => at(self.table.names.len(), key)
                .map(|i| object(Sequence { of: Of::Column(i), table: Arc::clone(&self.table) })),
        })
    }

    fn iter(&self) -> Option<Vec<Value>> {
        Some(self.values())
    }

    fn len(&self) -> Option<usize> {
        Some(match self.of {
            Of::Columns => self.table.names.len(),
            Of::Rows | Of::Column(_) => self.table.len(),
        })
    }

    fn eq(&self, other: &Value) -> Option<bool> {
        Some(same_items(&self.values(), other))
    }

    fn repr(&self) -> String {
        sample(self.type_name(), &self.values())
    }
}

/// A row in a template.
pub struct RowValue {
    table: Arc<Table>,
    row: Row,
}

impl RowValue {
    fn values(&self) -> Vec<Value> {
        self.row.iter().map(cell_value).collect()
    }

    fn by_key(&self, key: &Value) -> Option<Value> {
        let i = self.table.column(key.as_str()?)?;
        self.row.get(i).map(cell_value)
    }
}

impl Instance for RowValue {
    fn type_name(&self) -> &'static str {
        "Row"
    }

    fn has_method(&self, name: &str) -> bool {
        MAPPED.contains(&name)
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        MAPPED.contains(&name).then(|| {
            let keys = Some(names(&self.table));
            mapped_method(
                name,
                call,
                &Mapped { keys, values: &|| self.values(), get: &|key| self.by_key(key) },
            )
        })
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        if key.as_str().is_some() {
            return Ok(self.by_key(key));
        }
        Ok(at(self.row.len(), key).and_then(|i| self.row.get(i).map(cell_value)))
    }

    fn iter(&self) -> Option<Vec<Value>> {
        Some(self.values())
    }

    fn len(&self) -> Option<usize> {
        Some(self.row.len())
    }

    fn eq(&self, other: &Value) -> Option<bool> {
        Some(same_items(&self.values(), other))
    }

    fn repr(&self) -> String {
        sample("Row", &self.values())
    }
}

/// The methods that all of agate's mapped sequences have.
pub(super) const MAPPED: &[&str] = &["values", "keys", "items", "get", "dict", "index", "count"];

/// A mapped sequence as its methods need it.
pub(super) struct Mapped<'a> {
    /// Its keys, if it has any.
    pub(super) keys: Option<Value>,
    /// Makes its values.
    pub(super) values: &'a dyn Fn() -> Vec<Value>,
    /// Looks a key up.
    pub(super) get: &'a dyn Fn(&Value) -> Option<Value>,
}

/// Calls one of [`MAPPED`].
pub(super) fn mapped_method(name: &str, call: &mut Call<'_>, mapped: &Mapped<'_>) -> Result<Value, Error> {
    let pairs = || -> Result<Vec<(Value, Value)>, Error> {
        let keys = mapped.keys.as_ref().ok_or_else(|| Error::runtime("the sequence has no keys"))?;
        Ok(elements(keys)?.into_iter().zip((mapped.values)()).collect())
    };
    let value = match name {
        "values" => tuple((mapped.values)()),
        "keys" => mapped.keys.clone().unwrap_or_else(none),
        "items" => tuple(pairs()?.into_iter().map(|(k, v)| tuple([k, v])).collect::<Vec<_>>()),
        "dict" => dict(pairs()?),
        "get" => {
            let key = call.args.required("key")?;
            let default = call.args.optional("default").filter(crate::jinja::truth).unwrap_or_else(none);
            (mapped.get)(&key).unwrap_or(default)
        }
        "count" => {
            let wanted = call.args.required("value")?;
            Value::from((mapped.values)().iter().filter(|v| py_eq(v, &wanted)).count())
        }
        _ => {
            let wanted = call.args.required("value")?;
            let place = (mapped.values)().iter().position(|v| py_eq(v, &wanted));
            place.map(Value::from).ok_or_else(|| Error::runtime("the value is not in the sequence"))?
        }
    };
    call.args.finish()?;
    Ok(value)
}

fn names(table: &Table) -> Value {
    tuple(table.names.iter().map(|name| Value::from(Arc::clone(name))).collect::<Vec<_>>())
}

/// Makes the value of a row of a table, for macros that test it.
pub(super) fn row_of(table: &Arc<Table>, row: &Row) -> Value {
    object(RowValue { table: Arc::clone(table), row: Arc::clone(row) })
}

fn row_value(table: &Arc<Table>, i: usize) -> Option<Value> {
    table.rows().get(i).map(|row| row_of(table, row))
}

fn row_values(table: &Arc<Table>) -> Vec<Value> {
    table.rows().iter().map(|row| row_of(table, row)).collect()
}

/// Turns a Python index into a place.
fn at(len: usize, key: &Value) -> Option<usize> {
    let i = key.as_i64()?;
    let i = if i < 0 { i + i64::try_from(len).ok()? } else { i };
    usize::try_from(i).ok().filter(|i| *i < len)
}

fn same_items(values: &[Value], other: &Value) -> bool {
    let Ok(others) = elements(other) else { return false };
    values.len() == others.len() && values.iter().zip(&others).all(|(a, b)| py_eq(a, b))
}

/// Shows the first five values, as agate does.
pub(super) fn sample(what: &str, values: &[Value]) -> String {
    let shown: Vec<String> = values.iter().take(5).map(py_repr).collect();
    let more = if values.len() > 5 { ", ..." } else { "" };
    format!("<agate.{what}: ({}{more})>", shown.join(", "))
}
