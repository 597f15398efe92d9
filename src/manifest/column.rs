//! A column as an engine describes it, with dbt's questions about its type (`api.Column`).
//!
//! Input: a name and the engine's type text. Output: answers that templates branch on. Facts: dbt's `Column`, and what
//! dbt-duckdb and dbt-postgres change. Used by `adapter` and `context`.

use crate::sql::{Dialect, Ident};

/// A column of a relation or query.
#[derive(Clone, Debug)]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// Its type in the engine's words.
    pub dtype: String,
    /// The longest text it takes.
    pub char_size: Option<i64>,
    /// How many digits it takes.
    pub numeric_precision: Option<i64>,
    /// How many of them are decimals.
    pub numeric_scale: Option<i64>,
    /// The rules of its engine.
    pub dialect: &'static dyn Dialect,
}

/// A type text that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// Not a type at all.
    #[error("could not interpret data type `{0}`")]
    Type(String),
    /// A size that is no number.
    #[error("could not interpret data type `{0}`: `{1}` is not a whole number")]
    Size(String, String),
    /// Asked for the size of something that is no text.
    #[error("column `{0}` has no text size: its type is `{1}`")]
    NoText(String, String),
}

impl ColumnInfo {
    /// Makes a column of a name and a type.
    pub fn new(dialect: &'static dyn Dialect, name: impl Into<String>, dtype: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            dtype: dtype.into(),
            char_size: None,
            numeric_precision: None,
            numeric_scale: None,
            dialect,
        }
    }

    /// Makes a column whose type may be one of dbt's labels.
    pub fn create(dialect: &'static dyn Dialect, name: impl Into<String>, label: &str) -> Self {
        Self::new(dialect, name, Self::translate_type(label))
    }

    /// Reads a type text with its sizes, for example `numeric(10,2)`.
    pub fn from_description(
        dialect: &'static dyn Dialect,
        name: &str,
        raw: &str,
    ) -> Result<Self, ColumnError> {
        let base = raw.split('(').next().unwrap_or_default();
        if base.is_empty() {
            return Err(ColumnError::Type(raw.to_owned()));
        }
        let mut column = Self::new(dialect, name, base);
        let sizes =
            raw[base.len()..].strip_prefix('(').and_then(|rest| rest.split_once(')')).map(|(sizes, _)| sizes);
        let Some(sizes) = sizes.filter(|s| !s.is_empty()) else { return Ok(column) };
        let number = |text: &str| {
            text.trim().parse::<i64>().map_err(|_| ColumnError::Size(raw.to_owned(), text.to_owned()))
        };
        match sizes.split(',').collect::<Vec<_>>()[..] {
            [size] => column.char_size = Some(number(size)?),
            [precision, scale] => {
                column.numeric_precision = Some(number(precision)?);
                column.numeric_scale = Some(number(scale)?);
            }
            _ => {}
        }
        Ok(column)
    }

    /// Returns the type behind one of dbt's labels; anything else stays as it is.
    pub fn translate_type(label: &str) -> String {
        if label.eq_ignore_ascii_case("string") { "TEXT".to_owned() } else { label.to_owned() }
    }

    /// Returns the type of a text of so many characters.
    pub fn string_type(size: i64) -> String {
        format!("character varying({size})")
    }

    /// Returns a numeric type with its sizes, when both are known.
    pub fn numeric_type(dtype: &str, precision: Option<i64>, scale: Option<i64>) -> String {
        match (precision, scale) {
            (Some(precision), Some(scale)) => format!("{dtype}({precision},{scale})"),
            _ => dtype.to_owned(),
        }
    }

    fn is_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.dtype.eq_ignore_ascii_case(name))
    }

    /// Tells whether it follows the rules of DuckDB.
    pub fn is_duckdb(&self) -> bool {
        self.dialect.name() == "duckdb"
    }

    /// Tells whether it holds text.
    pub fn is_string(&self) -> bool {
        self.is_any(&["text", "character varying", "character", "varchar"])
    }

    /// Tells whether it holds inexact numbers.
    pub fn is_float(&self) -> bool {
        self.is_any(&["real", "float4", "float", "float8", "double"])
            || (!self.is_duckdb() && self.is_any(&["double precision"]))
    }

    /// Tells whether it holds whole numbers.
    pub fn is_integer(&self) -> bool {
        const COMMON: &[&str] = &["smallint", "integer", "bigint", "int2", "int4", "int8"];
        const SERIAL: &[&str] = &["smallserial", "serial", "bigserial", "serial2", "serial4", "serial8"];
        const DUCKDB: &[&str] = &[
            "tinyint",
            "hugeint",
            "utinyint",
            "usmallint",
            "uinteger",
            "ubigint",
            "int1",
            "short",
            "int",
            "signed",
            "long",
        ];
        self.is_any(COMMON) || self.is_any(if self.is_duckdb() { DUCKDB } else { SERIAL })
    }

    /// Tells whether it holds exact numbers with decimals; DuckDB's types carry their sizes and do not count.
    pub fn is_numeric(&self) -> bool {
        self.is_any(&["numeric", "decimal"])
    }

    /// Tells whether it holds numbers.
    pub fn is_number(&self) -> bool {
        self.is_integer() || self.is_numeric() || self.is_float()
    }

    /// Tells whether it holds structs (DuckDB).
    pub fn is_struct(&self) -> bool {
        self.is_duckdb() && self.dtype.get(..6).is_some_and(|head| head.eq_ignore_ascii_case("struct"))
    }

    /// Returns how long a text it takes, 256 when unknown. Errors when it holds no text.
    pub fn string_size(&self) -> Result<i64, ColumnError> {
        if !self.is_string() {
            return Err(ColumnError::NoText(self.name.clone(), self.dtype.clone()));
        }
        Ok(if self.dtype == "text" { 256 } else { self.char_size.unwrap_or(256) })
    }

    /// Tells whether it may be widened to take what `other` takes.
    pub fn can_expand_to(&self, other: &Self) -> bool {
        match (self.string_size(), other.string_size()) {
            (Ok(own), Ok(other)) => other > own,
            _ => false,
        }
    }

    /// Returns the type as DDL writes it.
    pub fn data_type(&self) -> String {
        let postgres = self.dialect.name() == "postgres";
        let unsized_text =
            self.is_any(&["text"]) || (self.is_any(&["character varying"]) && self.char_size.is_none());
        if postgres && unsized_text {
            return self.dtype.clone();
        }
        match self.string_size() {
            Ok(size) => Self::string_type(size),
            Err(_) if self.is_numeric() => {
                Self::numeric_type(&self.dtype, self.numeric_precision, self.numeric_scale)
            }
            Err(_) => self.dtype.clone(),
        }
    }

    /// Returns the name in quotes.
    pub fn quoted(&self) -> String {
        Ident::new(&self.name, self.dialect).to_string()
    }

    /// Returns a value cast to the column's type.
    pub fn literal(&self, value: &str) -> String {
        format!("{value}::{}", self.data_type())
    }

    /// Returns the fields of a struct; nothing for other types.
    pub fn fields(&self) -> Vec<Self> {
        if !self.is_struct() {
            return Vec::new();
        }
        let Some(inner) =
            self.dtype[6..].strip_prefix('(').and_then(|rest| rest.rfind(')').map(|end| &rest[..end]))
        else {
            return Vec::new();
        };
        split_top_level(inner).into_iter().filter_map(|field| self.field(field)).collect()
    }

    fn field(&self, text: &str) -> Option<Self> {
        let (name, dtype) = text.split_once(' ')?;
        Some(Self::new(self.dialect, name, dtype))
    }

    /// Returns the columns a struct comes apart into, named with dots; itself for other types.
    pub fn flatten(&self) -> Vec<Self> {
        if !self.is_struct() {
            return vec![self.clone()];
        }
        let parts = self.fields().into_iter().flat_map(|field| field.flatten());
        parts
            .map(|part| Self::new(self.dialect, format!("{}.{}", self.name, part.name), part.dtype))
            .collect()
    }
}

/// Splits at commas that are in no parentheses.
fn split_top_level(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0i32, 0);
    for (i, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..i].trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

impl PartialEq for ColumnInfo {
    fn eq(&self, other: &Self) -> bool {
        let key = |c: &Self| (c.char_size, c.numeric_precision, c.numeric_scale);
        self.name == other.name && self.dtype == other.dtype && key(self) == key(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{DuckDb, Postgres};

    fn duck(dtype: &str) -> ColumnInfo {
        ColumnInfo::new(&DuckDb, "c", dtype)
    }

    #[test]
    fn types_answer_as_in_dbt() {
        assert!(duck("HUGEINT").is_integer() && !duck("serial").is_integer());
        assert!(ColumnInfo::new(&Postgres, "c", "serial").is_integer());
        assert!(duck("DOUBLE").is_float() && duck("FLOAT").is_number());
        assert!(!duck("DECIMAL(18,3)").is_numeric() && duck("decimal").is_numeric());
        assert_eq!(duck("VARCHAR").data_type(), "character varying(256)");
        assert_eq!(duck("DECIMAL(18,3)").data_type(), "DECIMAL(18,3)");
        assert_eq!(ColumnInfo::new(&Postgres, "c", "text").data_type(), "text");
        assert_eq!(ColumnInfo::new(&Postgres, "c", "character varying").data_type(), "character varying");
        assert_eq!(duck("DATE").literal("'2024-01-01'"), "'2024-01-01'::DATE");
        assert_eq!(ColumnInfo::create(&DuckDb, "c", "String").dtype, "TEXT");
    }

    #[test]
    fn sizes_are_read() {
        let column = ColumnInfo::from_description(&Postgres, "n", "numeric(10, 2)").unwrap();
        assert_eq!(column.data_type(), "numeric(10,2)");
        let column = ColumnInfo::from_description(&Postgres, "n", "character varying(12)").unwrap();
        assert_eq!(column.data_type(), "character varying(12)");
        let wide = ColumnInfo { char_size: Some(20), ..column.clone() };
        assert!(column.can_expand_to(&wide) && !wide.can_expand_to(&column));
        assert!(ColumnInfo::from_description(&Postgres, "n", "numeric(a)").is_err());
    }

    #[test]
    fn structs_come_apart() {
        let column = duck("STRUCT(a INTEGER, b STRUCT(c VARCHAR, d DECIMAL(10,2)))");
        let flat: Vec<String> =
            column.flatten().into_iter().map(|c| format!("{} {}", c.name, c.dtype)).collect();
        assert_eq!(flat, ["c.a INTEGER", "c.b.c VARCHAR", "c.b.d DECIMAL(10,2)"]);
    }
}
