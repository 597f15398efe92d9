//! `Column` objects: columns of the database as templates handle them (`jinja.md` section 6).

use crate::diag::Code;
use crate::jinja::{Call, Error, Instance, Value, downcast, list, none, object, py_repr, py_str};
use crate::manifest::{ColumnError, ColumnInfo};
use crate::sql::Dialect;

/// A column in a template.
pub(super) struct ColumnObject(pub(super) ColumnInfo);

/// Wraps a column.
pub(super) fn column_value(column: ColumnInfo) -> Value {
    object(ColumnObject(column))
}

/// Returns the column behind a value.
pub(super) fn column_of(value: &Value) -> Option<ColumnInfo> {
    downcast::<ColumnObject>(value).map(|column| column.0.clone())
}

/// Returns names and types of a list of columns, as macros answer with it.
pub fn column_types(value: &Value) -> Vec<(String, String)> {
    let columns = crate::jinja::elements(value).unwrap_or_default();
    columns.iter().filter_map(column_of).map(|column| (column.name.clone(), column.data_type())).collect()
}

/// The class `Column` of an engine.
pub(super) fn class(dialect: &'static dyn Dialect) -> Value {
    object(ColumnClass { dialect })
}

const QUESTIONS: &[&str] = &[
    "is_string",
    "is_number",
    "is_float",
    "is_integer",
    "is_numeric",
    "is_struct",
    "string_size",
    "can_expand_to",
    "literal",
    "flatten",
];

const CLASS_METHODS: &[&str] =
    &["string_type", "numeric_type", "translate_type", "create", "from_description"];

impl Instance for ColumnObject {
    fn type_name(&self) -> &'static str {
        "Column"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        let column = &self.0;
        let number = |value: Option<i64>| value.map_or_else(none, Value::from);
        Ok(Some(match name {
            "name" | "column" => Value::from(column.name.as_str()),
            "dtype" => Value::from(column.dtype.as_str()),
            "char_size" => number(column.char_size),
            "numeric_precision" => number(column.numeric_precision),
            "numeric_scale" => number(column.numeric_scale),
            "quoted" => Value::from(column.quoted().as_str()),
            "data_type" | "expanded_data_type" => Value::from(column.data_type().as_str()),
            "fields" => list(column.fields().into_iter().map(column_value).collect::<Vec<_>>()),
            _ => return Ok(None),
        }))
    }

    fn has_method(&self, name: &str) -> bool {
        QUESTIONS.contains(&name) || CLASS_METHODS.contains(&name)
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        let column = &self.0;
        Some(Ok(match name {
            "is_string" => Value::from(column.is_string()),
            "is_number" => Value::from(column.is_number()),
            "is_float" => Value::from(column.is_float()),
            "is_integer" => Value::from(column.is_integer()),
            "is_numeric" => Value::from(column.is_numeric()),
            "is_struct" => Value::from(column.is_struct()),
            "string_size" => return Some(column.string_size().map(Value::from).map_err(|e| failed(&e))),
            "can_expand_to" => {
                let other = call.args.required("other_column");
                return Some(other.map(|other| {
                    Value::from(column_of(&other).is_some_and(|other| column.can_expand_to(&other)))
                }));
            }
            "literal" => {
                let value = call.args.required("value");
                return Some(value.map(|value| Value::from(column.literal(&py_str(&value)).as_str())));
            }
            "flatten" => list(column.flatten().into_iter().map(column_value).collect::<Vec<_>>()),
            other => return class_method(column.dialect, other, call),
        }))
    }

    fn str(&self) -> String {
        self.repr()
    }

    fn repr(&self) -> String {
        let column = &self.0;
        let text = |text: &str| py_repr(&Value::from(text));
        let number =
            |number: Option<i64>| number.map_or_else(|| "None".to_owned(), |number| number.to_string());
        let class = column.dialect.relation_class().replace("Relation", "Column");
        // Only DuckDB's class of columns has fields.
        let inner: Vec<String> =
            column.fields().into_iter().map(|field| ColumnObject(field).repr()).collect();
        let fields =
            if column.is_duckdb() { format!(", fields=[{}]", inner.join(", ")) } else { String::new() };
        format!(
            "{class}(column={}, dtype={}, char_size={}, numeric_precision={}, numeric_scale={}{fields})",
            text(&column.name),
            text(&column.dtype),
            number(column.char_size),
            number(column.numeric_precision),
            number(column.numeric_scale),
        )
    }

    fn truth(&self) -> bool {
        true
    }

    fn eq(&self, other: &Value) -> Option<bool> {
        Some(column_of(other).is_some_and(|other| other == self.0))
    }
}

fn failed(error: &ColumnError) -> Error {
    Error::new(Code::JINJA_RUNTIME, error.to_string())
}

struct ColumnClass {
    dialect: &'static dyn Dialect,
}

impl Instance for ColumnClass {
    fn type_name(&self) -> &'static str {
        "Column class"
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        Some(new_column(self.dialect, call))
    }

    fn has_method(&self, name: &str) -> bool {
        CLASS_METHODS.contains(&name)
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        class_method(self.dialect, name, call)
    }
}

fn new_column(dialect: &'static dyn Dialect, call: &mut Call<'_>) -> Result<Value, Error> {
    let name = py_str(&call.args.required("column")?);
    let dtype = py_str(&call.args.required("dtype")?);
    let mut column = ColumnInfo::new(dialect, name, dtype);
    column.char_size = call.args.optional_int("char_size")?;
    column.numeric_precision = call.args.optional_int("numeric_precision")?;
    column.numeric_scale = call.args.optional_int("numeric_scale")?;
    Ok(column_value(column))
}

fn class_method(
    dialect: &'static dyn Dialect,
    name: &str,
    call: &mut Call<'_>,
) -> Option<Result<Value, Error>> {
    let text = |text: String| Value::from(text.as_str());
    Some(match name {
        "translate_type" => {
            call.args.required("dtype").map(|v| text(ColumnInfo::translate_type(&py_str(&v))))
        }
        "string_type" => {
            call.args.optional_int("size").map(|size| text(ColumnInfo::string_type(size.unwrap_or(256))))
        }
        "numeric_type" => numeric_type(call),
        "create" => {
            let name = call.args.required("name").map(|v| py_str(&v));
            let label = call.args.required("label_or_dtype").map(|v| py_str(&v));
            name.and_then(|name| Ok(column_value(ColumnInfo::create(dialect, name, &label?))))
        }
        "from_description" => {
            let name = call.args.required("name").map(|v| py_str(&v));
            let raw = call.args.required("raw_data_type").map(|v| py_str(&v));
            name.and_then(|name| {
                ColumnInfo::from_description(dialect, &name, &raw?).map(column_value).map_err(|e| failed(&e))
            })
        }
        _ => return None,
    })
}

fn numeric_type(call: &mut Call<'_>) -> Result<Value, Error> {
    let dtype = py_str(&call.args.required("dtype")?);
    let precision = call.args.optional_int("precision")?;
    let scale = call.args.optional_int("scale")?;
    Ok(Value::from(ColumnInfo::numeric_type(&dtype, precision, scale).as_str()))
}
