//! Seed files: which types dbt would give the columns of a CSV, and its rows when somebody wants them.
//!
//! Input: a CSV file and the seed's config. Output: a [`SeedSchema`] from one streaming pass that holds no rows, or a
//! [`ResultTable`](super::ResultTable). Invariant: the types are those dbt infers, since tables, contracts and macros
//! depend on them. Loading is left to the engine's own reader, with these types given. Called by `context`.

mod infer;
mod number;
mod records;
mod times;

pub use infer::{each, header, infer, read};

use std::io;
use std::path::PathBuf;

use crate::hash::IndexMap;

use super::CellType;

/// What a seed's config says about reading its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedOptions {
    /// What stands between two values.
    pub delimiter: String,
    /// Types by column, exactly as named in the file; such columns are read as text.
    pub column_types: IndexMap<String, String>,
}

impl Default for SeedOptions {
    fn default() -> Self {
        Self { delimiter: ",".to_owned(), column_types: IndexMap::default() }
    }
}

/// The types dbt tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SeedType {
    /// Whole numbers.
    Integer,
    /// Numbers of which at least one has decimals.
    Float,
    /// Days.
    Date,
    /// Days with times.
    DateTime,
    /// `true` and `false`.
    Boolean,
    /// Anything.
    Text,
}

impl SeedType {
    /// Returns the SQL type dbt's adapters create the column with.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Float => "float8",
            Self::Date => "date",
            Self::DateTime => "timestamp without time zone",
            Self::Boolean => "boolean",
            Self::Text => "text",
        }
    }

    /// Returns the type of the column in dbt's table.
    pub fn cell_type(self) -> CellType {
        match self {
            Self::Integer | Self::Float => CellType::Number,
            Self::Date => CellType::Date,
            Self::DateTime => CellType::DateTime,
            Self::Boolean => CellType::Boolean,
            Self::Text => CellType::Text,
        }
    }
}

/// A column of a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedColumn {
    /// Its name: repeated ones are numbered, empty ones get a letter.
    pub name: String,
    /// The inferred type.
    pub ty: SeedType,
    /// The type to create it with: the configured one, else that of `ty`.
    pub sql_type: String,
    /// Whether some of its times tell how far they are from UTC.
    pub zoned: bool,
}

/// What a pass over a seed file found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedSchema {
    /// The columns in the order of the file.
    pub columns: Vec<SeedColumn>,
    /// How many rows it has; empty lines count, as they do in dbt.
    pub rows: u64,
}

/// Why a seed file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The file cannot be opened or read.
    #[error("could not read `{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not UTF-8.
    #[error("line {line} is not UTF-8")]
    NotUtf8 {
        /// The first line that is not, from 1.
        line: u64,
    },
    /// The file has no header.
    #[error("the file is empty")]
    Empty,
    /// A row has more values than there are columns.
    #[error("line {line} has {got} values, but there are {want} columns")]
    TooManyValues {
        /// Where the row begins, from 1.
        line: u64,
        /// How many values it has.
        got: usize,
        /// How many columns there are.
        want: usize,
    },
    /// The delimiter is no single character.
    #[error("the delimiter must be one character, not `{0}`")]
    Delimiter(String),
}
