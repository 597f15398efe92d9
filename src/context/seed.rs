//! `load_agate_table()`: the file of a seed as a table. Its rows stay in the file until a template asks for
//! them; the built-in seeds need only names, types and their number (`macros.md` section 10).

use std::path::PathBuf;
use std::sync::Arc;

use super::run_scope::NodeScope;
use super::table::{Table, seed_value, table_of};
use crate::adapter::seed::{SeedError, SeedOptions};
use crate::adapter::{Cell, DbError, DbErrorKind};
use crate::diag::{Code, Diagnostic, Sources, Span};
use crate::jinja::{Error, Value};
use crate::manifest::{Json, Node, NodeKind};

impl NodeScope {
    /// Returns names and types of the columns that this scope's seed is loaded into.
    pub fn seed_types(&self) -> Result<Vec<(String, String)>, Error> {
        let value = self.seed_table()?;
        let given = self.node().map(|node| node.config.mapping("column_types")).unwrap_or_default();
        let Some(table) = table_of(&value) else { return Ok(Vec::new()) };
        let column = |(at, name): (usize, &Arc<str>)| {
            let set = given.get(&**name).and_then(Json::as_str);
            let ty = set.or_else(|| table.sql_type(at)).unwrap_or("text");
            (name.to_string(), ty.to_owned())
        };
        Ok(table.names.iter().enumerate().map(column).collect())
    }

    /// Opens the file of this scope's seed.
    pub(super) fn seed_table(&self) -> Result<Value, Error> {
        let Some(node) = self.node() else {
            return Err(Error::runtime("`load_agate_table` works for seeds only"));
        };
        let NodeKind::Seed { root_path } = &node.kind else {
            return Err(Error::runtime(format!(
                "`load_agate_table` works for seeds, and `{}` is none",
                node.name
            )));
        };
        let path = PathBuf::from(root_path).join(&node.original_file_path);
        let options = seed_options(node);
        let sources = &self.run().shared.sources;
        seed_value(path.clone(), options).map_err(|error| unreadable(&error, node, &path, sources))
    }
}

impl NodeScope {
    /// Loads the rows of a table by a statement that takes them from the program (`copy .. from stdin`).
    ///
    /// Returns false, with nothing sent, where the values are not the same that way: the server would overlook how far a
    /// time is from UTC. An error points at the row in the file of this scope's seed.
    pub(super) fn copy_rows(&self, sql: &str, table: &Table) -> Result<bool, Error> {
        if table.has_zoned_times() {
            return Ok(false);
        }
        let mut feed = |send: &mut dyn FnMut(&[Cell]) -> Result<(), DbError>| {
            let mut sent = Ok(());
            let read = table.each_row(|row| {
                sent = send(row);
                sent.is_ok()
            });
            sent?;
            read.map_err(|error| DbError::new(DbErrorKind::Statement, error.to_string()))
        };
        let copied = self.session().with(|session| session.copy_in(sql, &mut feed));
        let Err(refused) = copied else { return Ok(true) };
        let mut diagnostic = self.database_error(&refused, None).into_diagnostic();
        let line = refused.error.row.and_then(|row| table.line_of(row));
        if let (Some(line), Some(node)) = (line, self.node())
            && let NodeKind::Seed { root_path } = &node.kind
        {
            let path = PathBuf::from(root_path).join(&node.original_file_path);
            diagnostic.span = span_of_line(line, node, &path, &self.run().shared.sources);
        }
        Err(Error::from(diagnostic))
    }
}

/// Reads what a seed's config says about its file.
pub fn seed_options(node: &Node) -> SeedOptions {
    let mut options = SeedOptions::default();
    if let Some(delimiter) = node.config.text("delimiter") {
        delimiter.clone_into(&mut options.delimiter);
    }
    for (column, ty) in node.config.mapping("column_types") {
        let ty = ty.as_str().map_or_else(|| ty.to_string(), str::to_owned);
        options.column_types.insert(column, ty);
    }
    options
}

/// Makes the error for a file that cannot be read as a seed: at its line, where that is known.
fn unreadable(error: &SeedError, node: &Node, path: &std::path::Path, sources: &Sources) -> Error {
    let line = match error {
        SeedError::TooManyValues { line, .. } => Some(*line),
        _ => None,
    };
    let span = line.and_then(|line| span_of_line(line, node, path, sources));
    let message = format!("seed file `{}` can not be loaded: {error}", node.original_file_path);
    let advice = match error {
        SeedError::TooManyValues { .. } => Some(
            "each row needs as many values as the header has names; put quotes around a value with commas",
        ),
        _ => None,
    };
    Error::from(Diagnostic::error(Code::INVALID_RESOURCE, span, message).help::<&str>(advice))
}

/// The place of a line, counted from 1, in the file of a seed.
fn span_of_line(line: u64, node: &Node, path: &std::path::Path, sources: &Sources) -> Option<Span> {
    let text = std::fs::read_to_string(path).ok()?;
    let before = usize::try_from(line).ok()?.checked_sub(1)?;
    let start: usize = text.split_inclusive('\n').take(before).map(str::len).sum();
    let length = text[start..].lines().next().unwrap_or_default().len();
    let file = sources.add(node.original_file_path.as_str(), text);
    Some(Span::new(file, start, start + length))
}
