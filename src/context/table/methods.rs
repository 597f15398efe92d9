//! What templates call on a table.
//!
//! Input: a table and the arguments of a call. Output: further tables, texts. Facts: the signatures of agate's methods.

use std::sync::Arc;

use camino::Utf8Path;

use super::data::{Join, Table};
use super::print::{Limits, cell_text};
use super::values::{
    MAPPED, Mapped, TableValue, cell_value, mapped_method, row_of, sample, table_value, value_cell,
};
use crate::adapter::{Cell, CellType, datetime_str, offset_str};
use crate::jinja::{
    Args, Call, Error, Instance, Value, downcast, elements, none, object, py_eq, py_str, to_json, truth,
    tuple,
};

/// The methods there are.
pub(super) const NAMES: &[&str] = &[
    "select",
    "exclude",
    "where",
    "find",
    "order_by",
    "limit",
    "distinct",
    "group_by",
    "rename",
    "join",
    "print_table",
    "print_structure",
    "print_csv",
    "print_json",
    "to_csv",
    "to_json",
];

/// Calls a method of [`NAMES`].
pub(super) fn call(table: &Arc<Table>, name: &str, call: &mut Call<'_>) -> Result<Value, Error> {
    match name {
        "select" | "exclude" => {
            let key = call.args.required("key")?;
            call.args.finish()?;
            Ok(table_value(if name == "select" {
                table.select(&columns(table, &key)?)
            } else {
                exclude(table, &key)
            }))
        }
        "where" | "find" => filter(table, name, call),
        "order_by" => {
            let key = call.args.required("key")?;
            let reverse = call.args.optional_bool("reverse").unwrap_or(false);
            call.args.finish()?;
            Ok(table_value(table.order_by(&columns(table, &key)?, reverse)))
        }
        "limit" => limit(table, &mut call.args),
        "distinct" => distinct(table, call),
        "group_by" => group_by(table, call),
        "rename" => rename(table, &mut call.args),
        "join" => join(table, &mut call.args),
        "to_csv" | "to_json" => write(table, name, &mut call.args),
        _ => print(table, name, call),
    }
}

/// A name, or a sequence of names.
fn keys(key: &Value) -> Vec<Value> {
    if key.as_str().is_some() {
        return vec![key.clone()];
    }
    elements(key).unwrap_or_else(|_| vec![key.clone()])
}

fn column(table: &Table, key: &Value) -> Result<usize, Error> {
    let by_name = key.as_str().and_then(|name| table.column(name));
    let by_place = || key.as_usize().filter(|i| *i < table.names.len());
    by_name.or_else(by_place).ok_or_else(|| {
        let known = table.names.iter().map(|n| &**n);
        let text = py_str(key);
        let help = crate::diag::suggest(&text, known.clone()).unwrap_or_else(|| {
            format!("its columns are {}", known.map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", "))
        });
        Error::runtime(format!("the table has no column `{text}`")).help(help)
    })
}

fn columns(table: &Table, key: &Value) -> Result<Vec<usize>, Error> {
    keys(key).iter().map(|key| column(table, key)).collect()
}

fn exclude(table: &Table, key: &Value) -> Table {
    let out = keys(key);
    let kept = (0..table.names.len()).filter(|i| !out.iter().any(|k| k.as_str() == Some(&table.names[*i])));
    table.select(&kept.collect::<Vec<_>>())
}

/// Tells whether a key is something to call with each row.
fn is_function(key: &Value) -> bool {
    key.as_str().is_none() && key.as_i64().is_none() && !key.is_none() && elements(key).is_err()
}

fn filter(table: &Arc<Table>, name: &str, call: &mut Call<'_>) -> Result<Value, Error> {
    let test = call.args.required("test")?;
    call.args.finish()?;
    let mut kept = Vec::new();
    for (i, row) in table.rows().iter().enumerate() {
        let row = row_of(table, row);
        if truth(&call.call(&test, [row.clone()])?) {
            if name == "find" {
                return Ok(row);
            }
            kept.push(i);
        }
    }
    Ok(if name == "find" { none() } else { table_value(table.pick(kept)) })
}

fn limit(table: &Table, args: &mut Args) -> Result<Value, Error> {
    let first = args.optional_int("start_or_stop")?;
    let end = args.optional_int("stop")?.filter(|n| *n != 0);
    let stride = args.optional_int("step")?.filter(|n| *n != 0);
    args.finish()?;
    let (start, end) = if end.is_some() || stride.is_some() { (first.unwrap_or(0), end) } else { (0, first) };
    let len = i64::try_from(table.len()).unwrap_or(i64::MAX);
    let place = |n: i64| usize::try_from(if n < 0 { (n + len).max(0) } else { n.min(len) }).unwrap_or(0);
    let stride = usize::try_from(stride.unwrap_or(1))
        .map_err(|_| Error::runtime("`step` of `limit` must be above zero"))?;
    let (start, end) = (place(start), place(end.unwrap_or(len)));
    Ok(table_value(table.pick((start..end.max(start)).step_by(stride))))
}

fn distinct(table: &Arc<Table>, call: &mut Call<'_>) -> Result<Value, Error> {
    let key = call.args.optional("key").unwrap_or_else(none);
    call.args.finish()?;
    if key.is_none() {
        let all: Vec<usize> = (0..table.names.len()).collect();
        return Ok(table_value(table.distinct(&all)));
    }
    if !is_function(&key) {
        return Ok(table_value(table.distinct(&columns(table, &key)?)));
    }
    let (mut seen, mut kept): (Vec<Value>, Vec<usize>) = (Vec::new(), Vec::new());
    for (i, row) in table.rows().iter().enumerate() {
        let value = call.call(&key, [row_of(table, row)])?;
        if !seen.iter().any(|s| py_eq(s, &value)) {
            seen.push(value);
            kept.push(i);
        }
    }
    Ok(table_value(table.pick(kept)))
}

fn group_by(table: &Arc<Table>, call: &mut Call<'_>) -> Result<Value, Error> {
    let key = call.args.required("key")?;
    let name = call.args.optional_str("key_name")?;
    call.args.optional("key_type");
    call.args.finish()?;
    if !is_function(&key) {
        let column = column(table, &key)?;
        let groups =
            table.group_by(column).into_iter().map(|(cell, table)| (cell, Arc::new(table))).collect();
        let name = name.unwrap_or_else(|| Arc::clone(&table.names[column]));
        return Ok(object(TableSet { name, groups }));
    }
    let mut places: Vec<(Cell, Vec<usize>)> = Vec::new();
    for (i, row) in table.rows().iter().enumerate() {
        // Groups of a function are named by text.
        let value = Cell::text(py_str(&call.call(&key, [row_of(table, row)])?));
        match places.iter_mut().find(|(cell, _)| *cell == value) {
            Some((_, rows)) => rows.push(i),
            None => places.push((value, vec![i])),
        }
    }
    let groups = places.into_iter().map(|(cell, rows)| (cell, Arc::new(table.pick(rows)))).collect();
    Ok(object(TableSet { name: name.unwrap_or_else(|| "group".into()), groups }))
}

fn rename(table: &Table, args: &mut Args) -> Result<Value, Error> {
    let names = args.optional("column_names").unwrap_or_else(none);
    for ignored in ["row_names", "slug_columns", "slug_rows"] {
        args.optional(ignored);
    }
    args.finish()?;
    let old = table.names.iter().map(ToString::to_string);
    let new: Vec<String> = if names.is_none() {
        old.collect()
    } else if let Ok(serde_json::Value::Object(map)) = to_json(&names) {
        old.map(|name| map.get(&name).and_then(|v| v.as_str()).map_or(name, str::to_owned)).collect()
    } else {
        keys(&names).iter().map(py_str).collect()
    };
    if new.len() != table.names.len() {
        let (want, got) = (table.names.len(), new.len());
        return Err(Error::runtime(format!("`rename` needs {want} names, got {got}")));
    }
    Ok(table_value(table.rename(new)))
}

fn join(table: &Table, args: &mut Args) -> Result<Value, Error> {
    let right = args.required("right_table")?;
    let right = downcast::<TableValue>(&right).ok_or_else(|| Error::runtime("`join` needs a table"))?;
    let left_key = args.optional("left_key").unwrap_or_else(none);
    let right_key = args.optional("right_key").filter(|v| !v.is_none()).unwrap_or_else(|| left_key.clone());
    let inner = args.optional_bool("inner").unwrap_or(false);
    let full = args.optional_bool("full_outer").unwrap_or(false);
    args.finish()?;
    let kind = match (inner, full) {
        (true, true) => return Err(Error::runtime("a join cannot be both `inner` and `full_outer`")),
        (true, false) => Join::Inner,
        (false, true) => Join::FullOuter,
        (false, false) => Join::Left,
    };
    let of = |table: &Table, key: &Value| if key.is_none() { Ok(Vec::new()) } else { columns(table, key) };
    Ok(table_value(table.join(&right.0, &of(table, &left_key)?, &of(&right.0, &right_key)?, kind)))
}

/// Prints through the `print` of the template's context, so that all output takes one way.
fn print(table: &Table, name: &str, call: &mut Call<'_>) -> Result<Value, Error> {
    let text = match name {
        "print_csv" => table.csv(),
        "print_json" => json(table),
        "print_structure" => table.structure(),
        _ => table.markdown(limits(&mut call.args)?),
    };
    call.args.finish()?;
    let print =
        call.scope().get("print").ok_or_else(|| Error::runtime(format!("`{name}` cannot print here")))?;
    call.call(&print, [Value::from(text.trim_end_matches('\n'))])?;
    Ok(none())
}

fn limits(args: &mut Args) -> Result<Limits, Error> {
    let mut limits = Limits::default();
    // `none` means no limit, which is not the same as not given.
    let mut take = |name: &str, place: &mut Option<usize>| -> Result<(), Error> {
        match args.optional(name) {
            None => Ok(()),
            Some(value) if value.is_none() => {
                *place = None;
                Ok(())
            }
            Some(value) => {
                let number = value.as_usize();
                *place =
                    Some(number.ok_or_else(|| Error::runtime(format!("`{name}` must be a whole number")))?);
                Ok(())
            }
        }
    };
    take("max_rows", &mut limits.rows)?;
    take("max_columns", &mut limits.columns)?;
    take("max_column_width", &mut limits.width)?;
    take("max_precision", &mut limits.precision)?;
    Ok(limits)
}

fn write(table: &Table, name: &str, args: &mut Args) -> Result<Value, Error> {
    let path = args.required_str("path")?;
    args.finish()?;
    let text = if name == "to_csv" { table.csv() } else { json(table) };
    let path = Utf8Path::new(&*path);
    if let Some(folder) = path.parent().filter(|p| !p.as_str().is_empty()) {
        crate::files::create_dirs(folder).map_err(|e| Error::runtime(e.to_string()))?;
    }
    crate::files::write_atomic(path, text.as_bytes()).map_err(|e| Error::runtime(e.to_string()))?;
    Ok(none())
}

/// The rows as a list of objects.
fn json(table: &Table) -> String {
    let value = |ty: CellType, cell: &Cell| -> serde_json::Value {
        match cell {
            Cell::Null => serde_json::Value::Null,
            Cell::Bool(b) => (*b).into(),
            Cell::Int(n) if ty == CellType::Integer => (*n).into(),
            Cell::Int(_) | Cell::BigInt(_) | Cell::Decimal(_) | Cell::Float(_) => {
                cell_text(cell).parse::<f64>().map_or(serde_json::Value::Null, Into::into)
            }
            Cell::Timestamp(at) => datetime_str(*at, 'T').into(),
            Cell::TimestampTz(at) => {
                (datetime_str(at.datetime(), 'T') + &offset_str(at.offset().seconds())).into()
            }
            other => cell_text(other).into(),
        }
    };
    let rows = table.rows();
    let objects = rows.iter().map(|row| {
        let fields = table.names.iter().zip(table.types.iter()).zip(row.iter());
        let fields = fields
            .map(|((name, ty), cell)| format!("{}: {}", serde_json::Value::from(&**name), value(*ty, cell)));
        format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
    });
    format!("[{}]", objects.collect::<Vec<_>>().join(", "))
}

/// Tables by the value that their rows share.
struct TableSet {
    name: Arc<str>,
    groups: Vec<(Cell, Arc<Table>)>,
}

impl TableSet {
    fn values(&self) -> Vec<Value> {
        self.groups.iter().map(|(_, table)| object(TableValue(Arc::clone(table)))).collect()
    }

    fn by_key(&self, key: &Value) -> Option<Value> {
        let wanted = value_cell(key)?;
        let group = self.groups.iter().find(|(cell, _)| py_eq(&cell_value(cell), &cell_value(&wanted)));
        group.map(|(_, table)| object(TableValue(Arc::clone(table))))
    }
}

impl Instance for TableSet {
    fn type_name(&self) -> &'static str {
        "TableSet"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok((name == "key_name").then(|| Value::from(Arc::clone(&self.name))))
    }

    fn has_method(&self, name: &str) -> bool {
        MAPPED.contains(&name)
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        MAPPED.contains(&name).then(|| {
            let keys = tuple(self.groups.iter().map(|(cell, _)| cell_value(cell)).collect::<Vec<_>>());
            let mapped = Mapped { keys: Some(keys), values: &|| self.values(), get: &|key| self.by_key(key) };
            mapped_method(name, call, &mapped)
        })
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        let by_place = || key.as_usize().and_then(|i| self.values().get(i).cloned());
        Ok(if key.as_i64().is_some() { by_place() } else { self.by_key(key) })
    }

    fn iter(&self) -> Option<Vec<Value>> {
        Some(self.values())
    }

    fn len(&self) -> Option<usize> {
        Some(self.groups.len())
    }

    fn str(&self) -> String {
        let row = |(cell, table): &(Cell, Arc<Table>)| -> super::Row {
            [Cell::text(cell_text(cell)), Cell::text(table.len().to_string())].into()
        };
        let rows = self.groups.iter().map(row).collect();
        let table = Table::new(["table".into(), "rows".into()].into(), [CellType::Text; 2].into(), rows);
        table.markdown(Limits { rows: None, columns: None, width: None, precision: None })
    }

    fn repr(&self) -> String {
        sample("TableSet", &self.values())
    }
}
