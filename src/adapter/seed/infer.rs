//! The pass over a seed file: types of columns, and rows when wanted.

use std::borrow::Cow;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use jiff::tz::{Offset, TimeZone};

use super::number::{self, Widest};
use super::records::{Record, Records};
use super::{SeedColumn, SeedError, SeedOptions, SeedSchema, SeedType, times};
use crate::adapter::{Cell, ResultColumn, ResultTable, unique_names};

/// Reads a file once and returns its columns and row count.
pub fn infer(path: &Path, options: &SeedOptions) -> Result<SeedSchema, SeedError> {
    let mut guesses = Vec::new();
    let (names, rows) = each_row(path, options, |names, record| {
        if guesses.is_empty() {
            guesses = names.iter().map(|name| Guess::new(options.column_types.contains_key(name))).collect();
        }
        for (guess, field) in guesses.iter_mut().zip(record.fields()?) {
            guess.take(field);
        }
        Some(())
    })?;
    guesses.resize_with(names.len(), Guess::default);
    let columns = names.into_iter().zip(guesses).map(|(name, guess)| {
        let ty = if options.column_types.contains_key(&name) { SeedType::Text } else { guess.finish() };
        let sql_type = options.column_types.get(&name).cloned().unwrap_or_else(|| ty.sql().to_owned());
        SeedColumn { name, ty, sql_type, zoned: ty == SeedType::DateTime && guess.zoned }
    });
    Ok(SeedSchema { columns: columns.collect(), rows })
}

/// Reads the rows of a file as dbt's table holds them; `limit` stops early.
///
/// Reads the file twice: the types of a column depend on all of its values.
pub fn read(path: &Path, options: &SeedOptions, limit: Option<usize>) -> Result<ResultTable, SeedError> {
    let schema = infer(path, options)?;
    let mut rows = Vec::new();
    each(path, options, &schema, |_, row| {
        if limit.is_none_or(|n| rows.len() < n) {
            rows.push(row.to_vec());
        }
        true
    })?;
    let columns = schema.columns.into_iter().map(|c| ResultColumn {
        name: c.name,
        type_name: c.sql_type,
        ty: c.ty.cell_type(),
    });
    Ok(ResultTable { columns: columns.collect(), rows })
}

/// Calls `take` with the rows of a file whose columns are known, one after the other, and with the line each begins on,
/// until it returns false. No row is kept.
pub fn each(
    path: &Path,
    options: &SeedOptions,
    schema: &SeedSchema,
    mut take: impl FnMut(u64, &[Cell]) -> bool,
) -> Result<(), SeedError> {
    let types: Vec<SeedType> = schema.columns.iter().map(|c| c.ty).collect();
    let (mut row, mut wanted) = (Vec::with_capacity(types.len()), true);
    each_row(path, options, |_, record| {
        if wanted {
            row.clear();
            row.extend(types.iter().zip(record.fields()?).map(|(ty, field)| cell(*ty, field)));
            row.resize(types.len(), Cell::Null);
            wanted = take(record.line, &row);
        }
        Some(())
    })
    .map(drop)
}

/// Returns the names of a file's columns, of which only the first line is read.
pub fn header(path: &Path, options: &SeedOptions) -> Result<Vec<String>, SeedError> {
    open(path, options).map(|(names, _)| names)
}

/// Calls `row` with the column names and each row; it returns `None` for text that is not UTF-8.
fn each_row(
    path: &Path,
    options: &SeedOptions,
    mut row: impl FnMut(&[String], &Record) -> Option<()>,
) -> Result<(Vec<String>, u64), SeedError> {
    let io = |source| SeedError::Io { path: path.to_owned(), source };
    let (names, mut records) = open(path, options)?;
    let mut record = Record::default();
    let mut rows = 0;
    while records.next(&mut record).map_err(io)? {
        rows += 1;
        if record.len() > names.len() {
            return Err(SeedError::TooManyValues { line: record.line, got: record.len(), want: names.len() });
        }
        row(&names, &record).ok_or(SeedError::NotUtf8 { line: record.line })?;
    }
    Ok((names, rows))
}

/// Opens a file behind its header.
fn open(path: &Path, options: &SeedOptions) -> Result<(Vec<String>, Records<File>), SeedError> {
    let mut characters = options.delimiter.chars();
    let (Some(delimiter), None) = (characters.next(), characters.next()) else {
        return Err(SeedError::Delimiter(options.delimiter.clone()));
    };
    let io = |source| SeedError::Io { path: path.to_owned(), source };
    let mut records = Records::new(File::open(path).map_err(io)?, delimiter).map_err(io)?;
    let mut record = Record::default();
    if !records.next(&mut record).map_err(io)? {
        return Err(SeedError::Empty);
    }
    let fields = record.fields().ok_or(SeedError::NotUtf8 { line: record.line })?;
    let header: Vec<String> = fields.map(str::to_owned).collect();
    let names = unique_names(
        header.into_iter().enumerate().map(|(i, name)| if name.is_empty() { letter(i) } else { name }),
    );
    Ok((names, records))
}

/// Names a column without a name after its place: a, b, ..., z, aa, bb, ...
fn letter(place: usize) -> String {
    let letter = char::from(b'a' + u8::try_from(place % 26).unwrap_or(0));
    std::iter::repeat_n(letter, place / 26 + 1).collect()
}

/// The types a column can be besides text, in dbt's order, as bits.
const NUMBER: u8 = 1;
const DATE: u8 = 2;
const DATETIME: u8 = 4;
const ISO: u8 = 8;
const BOOLEAN: u8 = 16;

/// What a column may still be.
#[derive(Clone, Copy, Debug)]
struct Guess {
    may: u8,
    widest: Widest,
    zoned: bool,
}

impl Default for Guess {
    fn default() -> Self {
        Self::new(false)
    }
}

impl Guess {
    /// Starts with everything possible, or with text alone.
    fn new(text_only: bool) -> Self {
        let may = if text_only { 0 } else { NUMBER | DATE | DATETIME | ISO | BOOLEAN };
        Self { may, widest: Widest::default(), zoned: false }
    }

    /// Takes one value in.
    fn take(&mut self, field: &str) {
        if self.may == 0 || is_null(field) {
            return;
        }
        let text = field.trim();
        if self.may & NUMBER != 0 {
            match number::places(text) {
                Some(places) => self.widest.take(places),
                None => self.may &= !NUMBER,
            }
        }
        self.keep(DATE, |may| may && times::date(text).is_some());
        self.keep(DATETIME, |may| may && times::datetime(text).is_some());
        if self.may & ISO != 0 {
            match times::iso(text) {
                Some((_, offset)) => self.zoned |= offset.is_some(),
                None => self.may &= !ISO,
            }
        }
        self.keep(BOOLEAN, |may| may && boolean(field).is_some());
    }

    fn keep(&mut self, bit: u8, still: impl Fn(bool) -> bool) {
        if !still(self.may & bit != 0) {
            self.may &= !bit;
        }
    }

    /// The first type that fits everything, in dbt's order.
    fn finish(self) -> SeedType {
        match 1 << self.may.trailing_zeros().min(7) {
            NUMBER if self.widest.has_decimals() => SeedType::Float,
            NUMBER => SeedType::Integer,
            DATE => SeedType::Date,
            DATETIME | ISO => SeedType::DateTime,
            BOOLEAN => SeedType::Boolean,
            _ => SeedType::Text,
        }
    }
}

/// The words that mean nothing is there.
fn is_null(field: &str) -> bool {
    let text = field.trim();
    text.is_empty() || text.eq_ignore_ascii_case("null")
}

fn boolean(field: &str) -> Option<bool> {
    let text = if field.contains(',') { Cow::Owned(field.replace(',', "")) } else { Cow::Borrowed(field) };
    match text.trim() {
        word if word.eq_ignore_ascii_case("true") => Some(true),
        word if word.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Makes the value dbt's table holds. The type fits all values of its column, so nothing is lost.
fn cell(ty: SeedType, field: &str) -> Cell {
    if is_null(field) {
        return Cell::Null;
    }
    let text = field.trim();
    let value = match ty {
        SeedType::Integer | SeedType::Float => number::parse(text).map(|n| Cell::Decimal(n.text.into())),
        SeedType::Date => times::date(text).map(Cell::Date),
        SeedType::DateTime => {
            times::datetime(text).map(Cell::Timestamp).or_else(|| times::iso(text).map(iso_cell))
        }
        SeedType::Boolean => boolean(field).map(Cell::Bool),
        SeedType::Text => None,
    };
    value.unwrap_or_else(|| Cell::Text(Arc::from(field)))
}

fn iso_cell((at, offset): times::Iso) -> Cell {
    let zone = offset.and_then(|seconds| Offset::from_seconds(seconds).ok()).map(TimeZone::fixed);
    match zone.map(|zone| at.to_zoned(zone)) {
        Some(Ok(zoned)) => Cell::TimestampTz(Box::new(zoned)),
        _ => Cell::Timestamp(at),
    }
}
