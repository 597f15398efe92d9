//! `load_agate_table()`: the file of a seed as a table. Its rows stay in the file until a template asks for
//! them; the built-in seeds need only names, types and their number (`macros.md` section 10).

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
        let options = seed_options(node);
        seed_value(path, options).map_err(|error| unreadable(&error, node))
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

fn unreadable(error: &SeedError, node: &Node) -> Error {
    let path = &node.original_file_path;
    Error::new(Code::INVALID_RESOURCE, format!("seed file `{path}` can not be loaded: {error}"))
        .help("open the file at that line; each row needs as many values as the header has names".to_owned())
}
