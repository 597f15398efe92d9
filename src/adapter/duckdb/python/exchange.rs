//! How rows travel between two instances of DuckDB: as Parquet files in a private folder, with casts that bring back each type.
//!
//! A DuckDB file would keep all types by itself, but a transaction can write to one database only: the one that the
//! model belongs to. Exporting on another connection would miss what hooks wrote in this transaction. Parquet can be
//! written from within any transaction (uncompressed, since it is read once), does not depend on the version of the other DuckDB, and is read lazily. What
//! Parquet has no type for comes back by a cast (enums, unions, arrays); what it cannot hold exactly travels as text
//! (huge integers, intervals of months and microseconds, times with an offset).

use std::path::{Path, PathBuf};

use crate::sql::{DuckDb, Ident, string_literal};

/// Types whose values Parquet changes: huge integers become floats, intervals lose microseconds, times their offset.
const AS_TEXT: [&str; 3] = ["HUGEINT", "UHUGEINT", "INTERVAL"];
/// The one of them that has several words.
const TIME_TZ: &str = "TIME WITH TIME ZONE";
/// The type of a column of nothing but `null`; a table has another one for it.
const UNTYPED: &str = "\"NULL\"";

/// The files of one job. Their folder is deleted with this.
pub(super) struct Exchange {
    folder: tempfile::TempDir,
    stored: Vec<Parcel>,
}

/// Rows in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parcel {
    /// The file.
    pub(super) path: PathBuf,
    /// Select list that makes the rows fit for Parquet.
    pub(super) packed: String,
    /// Select list that gives them their types back.
    pub(super) unpacked: String,
}

impl Exchange {
    /// Makes the folder, readable for this user only, where temporary files go (`TMPDIR`).
    pub(super) fn new() -> std::io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("tidegate-python-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        Ok(Self { folder: builder.tempdir()?, stored: Vec::new() })
    }

    /// Returns the folder.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Makes room for rows with these columns (name, type), and returns their number.
    pub(super) fn add(&mut self, columns: &[(String, String)]) -> usize {
        let id = self.stored.len();
        let path = self.folder.path().join(format!("{id}.parquet"));
        let list = |value: fn(&str, &str) -> String| {
            let one = |(name, ty): &(String, String)| value(&Ident::new(name, &DuckDb).to_string(), ty);
            columns.iter().map(one).collect::<Vec<_>>().join(", ")
        };
        let packed = list(|name, ty| match carried(ty) {
            carried if carried == ty => name.to_owned(),
            carried => format!("cast({name} as {carried}) as {name}"),
        });
        let unpacked = list(|name, ty| match ty {
            UNTYPED => name.to_owned(),
            _ => format!("cast({name} as {ty}) as {name}"),
        });
        self.stored.push(Parcel { path, packed, unpacked });
        id
    }

    /// Returns what [`add`](Self::add) made.
    pub(super) fn get(&self, id: usize) -> Option<&Parcel> {
        self.stored.get(id)
    }
}

impl Parcel {
    /// Returns the query that reads the rows.
    pub(super) fn read(&self) -> String {
        format!("select {} from read_parquet({})", self.unpacked, self.file())
    }

    /// Returns the statement that writes the rows of a query.
    pub(super) fn write(&self, query: &str) -> String {
        format!(
            "copy (select {} from (\n{query}\n)) to {} (format parquet, compression uncompressed)",
            self.packed,
            self.file()
        )
    }

    fn file(&self) -> String {
        string_literal(&self.path.to_string_lossy())
    }
}

/// Returns the type that a value of a type travels as: the same, with text in place of what Parquet cannot hold.
fn carried(ty: &str) -> String {
    let mut out = String::with_capacity(ty.len());
    let mut rest = ty;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            // A name of a field, or a value of an enum.
            '"' | '\'' => quoted_length(rest, first),
            _ if rest.starts_with(TIME_TZ) => TIME_TZ.len(),
            _ if first.is_alphanumeric() || first == '_' => {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            }
            _ => first.len_utf8(),
        };
        let (word, after) = rest.split_at(length);
        // A field's name is followed by a blank, a type is not.
        let untyped = word == UNTYPED && !after.starts_with(' ');
        let as_text = AS_TEXT.contains(&word) || word == TIME_TZ;
        out.push_str(if untyped {
            "INTEGER"
        } else if as_text {
            "VARCHAR"
        } else {
            word
        });
        rest = after;
    }
    out
}

/// Returns the length of a quoted text at the start of `text`; a doubled quote stands for itself.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut at = 1;
    while let Some(end) = text[at..].find(quote) {
        at += end + 1;
        if !text[at..].starts_with(quote) {
            return at;
        }
        at += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ty: &str, want: &str) {
        assert_eq!(carried(ty), want);
    }

    #[test]
    fn what_parquet_cannot_hold_travels_as_text() {
        check("DECIMAL(18,3)", "DECIMAL(18,3)");
        check("UHUGEINT[]", "VARCHAR[]");
        check("MAP(VARCHAR, HUGEINT)", "MAP(VARCHAR, VARCHAR)");
        check("STRUCT(a TIME WITH TIME ZONE, \"INTERVAL\" TIMESTAMP WITH TIME ZONE, hugeint INTERVAL)", {
            "STRUCT(a VARCHAR, \"INTERVAL\" TIMESTAMP WITH TIME ZONE, hugeint VARCHAR)"
        });
        check("ENUM('HUGEINT', 'it''s INTERVAL')", "ENUM('HUGEINT', 'it''s INTERVAL')");
        check("STRUCT(\"NULL\" \"NULL\", b \"NULL\"[])", "STRUCT(\"NULL\" INTEGER, b INTEGER[])");
    }

    #[test]
    fn select_lists_quote_names_and_cast_back() {
        let mut exchange = Exchange::new().unwrap();
        let id =
            exchange.add(&[("a b".to_owned(), "HUGEINT".to_owned()), ("c".to_owned(), "DATE".to_owned())]);
        let parcel = exchange.get(id).unwrap();
        assert_eq!(parcel.packed, "cast(\"a b\" as VARCHAR) as \"a b\", \"c\"");
        assert_eq!(parcel.unpacked, "cast(\"a b\" as HUGEINT) as \"a b\", cast(\"c\" as DATE) as \"c\"");
    }
}
