//! `load_agate_table()`: a seed file as a table that reads its rows only when a template asks for them.
//!
//! Built-in seeds need names, types and the number of rows; the rows go from the file into the database
//! without passing through here. A template that touches a row gets the whole table (`macros.md` section 10).

use std::path::PathBuf;

use super::run_scope::NodeScope;
use super::table::seed_value;
use crate::adapter::seed::{SeedError, SeedOptions};
use crate::diag::Code;
use crate::jinja::{Error, Value};
use crate::manifest::{Node, NodeKind};

impl NodeScope {
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
        seed_value(path, options(node)).map_err(|error| unreadable(&error, node))
    }
}

fn options(node: &Node) -> SeedOptions {
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

fn unreadable(error: &SeedError, node: &Node) -> Error {
    let path = &node.original_file_path;
    Error::new(Code::INVALID_RESOURCE, format!("seed file `{path}` can not be loaded: {error}"))
        .help("open the file at that line; each row needs as many values as the header has names".to_owned())
}
