//! DuckDB's types: their names as `describe` prints them, and what their cells become.

use duckdb::core::{LogicalTypeHandle, LogicalTypeId as Id};

use crate::adapter::CellType;
use crate::sql::{DuckDb, Ident};

/// Returns a type's name, for example `DECIMAL(18,3)` or `STRUCT(a INTEGER, b VARCHAR)[]`.
pub(super) fn type_name(ty: &LogicalTypeHandle) -> String {
    match ty.id() {
        // An alias is a type of its own name: `JSON`, or one the user created.
        Id::Varchar | Id::Struct | Id::Enum | Id::Integer | Id::Blob => {
            ty.get_alias().filter(|a| !a.is_empty()).unwrap_or_else(|| plain_name(ty))
        }
        _ => plain_name(ty),
    }
}

fn plain_name(ty: &LogicalTypeHandle) -> String {
    let fields = || {
        let field = |i| {
            let name = ty.child_name(i);
            let name = if plain(&name) { name } else { Ident::new(&name, &DuckDb).to_string() };
            format!("{name} {}", type_name(&ty.child(i)))
        };
        (0..ty.num_children()).map(field).collect::<Vec<_>>().join(", ")
    };
    match ty.id() {
        Id::Boolean => "BOOLEAN".to_owned(),
        Id::Tinyint => "TINYINT".to_owned(),
        Id::Smallint => "SMALLINT".to_owned(),
        Id::Integer => "INTEGER".to_owned(),
        Id::Bigint => "BIGINT".to_owned(),
        Id::UTinyint => "UTINYINT".to_owned(),
        Id::USmallint => "USMALLINT".to_owned(),
        Id::UInteger => "UINTEGER".to_owned(),
        Id::UBigint => "UBIGINT".to_owned(),
        Id::Hugeint => "HUGEINT".to_owned(),
        Id::UHugeint => "UHUGEINT".to_owned(),
        Id::Bignum => "BIGNUM".to_owned(),
        Id::Float => "FLOAT".to_owned(),
        Id::Double => "DOUBLE".to_owned(),
        Id::Decimal => format!("DECIMAL({},{})", ty.decimal_width(), ty.decimal_scale()),
        Id::Varchar | Id::StringLiteral => "VARCHAR".to_owned(),
        Id::Blob => "BLOB".to_owned(),
        Id::Bit => "BIT".to_owned(),
        Id::Uuid => "UUID".to_owned(),
        Id::Date => "DATE".to_owned(),
        Id::Time => "TIME".to_owned(),
        Id::TimeNs => "TIME_NS".to_owned(),
        Id::TimeTZ => "TIME WITH TIME ZONE".to_owned(),
        Id::Timestamp => "TIMESTAMP".to_owned(),
        Id::TimestampS => "TIMESTAMP_S".to_owned(),
        Id::TimestampMs => "TIMESTAMP_MS".to_owned(),
        Id::TimestampNs => "TIMESTAMP_NS".to_owned(),
        Id::TimestampTZ => "TIMESTAMP WITH TIME ZONE".to_owned(),
        Id::Interval => "INTERVAL".to_owned(),
        Id::Enum => "ENUM".to_owned(),
        Id::Struct => format!("STRUCT({})", fields()),
        Id::Union => format!("UNION({})", fields()),
        // The length of an array is not to be had from the driver.
        Id::List | Id::Array => format!("{}[]", type_name(&ty.child(0))),
        Id::Map => format!("MAP({}, {})", type_name(&ty.child(0)), type_name(&ty.child(1))),
        Id::SqlNull => "\"NULL\"".to_owned(),
        Id::Geometry => "GEOMETRY".to_owned(),
        Id::Variant => "VARIANT".to_owned(),
        other => format!("{other:?}").to_uppercase(),
    }
}

/// Tells whether a field's name needs no quotes when a type is printed.
fn plain(name: &str) -> bool {
    let lower = |b: u8| b.is_ascii_lowercase() || b == b'_';
    name.bytes().next().is_some_and(lower) && name.bytes().all(|b| lower(b) || b.is_ascii_digit())
}

/// Returns what the cells of a type are to dbt.
pub(super) fn cell_type(ty: &LogicalTypeHandle) -> CellType {
    match ty.id() {
        Id::Boolean => CellType::Boolean,
        Id::Tinyint
        | Id::Smallint
        | Id::Integer
        | Id::Bigint
        | Id::UTinyint
        | Id::USmallint
        | Id::UInteger
        | Id::UBigint
        | Id::Hugeint
        | Id::UHugeint
        | Id::IntegerLiteral
        | Id::SqlNull => CellType::Integer,
        Id::Float | Id::Double | Id::Decimal => CellType::Number,
        Id::Date => CellType::Date,
        Id::Timestamp | Id::TimestampS | Id::TimestampMs | Id::TimestampNs | Id::TimestampTZ => {
            CellType::DateTime
        }
        _ => CellType::Text,
    }
}
