//! `load_agate_table()`: a seed file as a table that reads its rows only when a template asks for them.
//!
//! Built-in seeds need names, types and the number of rows; the rows go from the file into the database
//! without passing through here. A template that touches a row gets the whole table (`macros.md` section 10).

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::base::json_of;
use super::run_scope::NodeScope;
use super::table::table_value;
use crate::adapter::seed::{SeedError, SeedOptions, SeedSchema, infer, read};
use crate::diag::Code;
use crate::jinja::{Call, Error, Instance, Value, downcast, object, tuple};
use crate::manifest::{Json, Node, NodeKind};

/// A seed file.
pub(super) struct SeedTable {
    path: PathBuf,
    options: SeedOptions,
    schema: SeedSchema,
    full: OnceLock<Result<Value, String>>,
}

/// The rows of a seed file: counted without being read.
struct SeedRows(Arc<SeedTable>);

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
        let options = options(node);
        let schema = infer(&path, &options).map_err(|error| unreadable(&error, node))?;
        Ok(object(SeedTable { path, options, schema, full: OnceLock::new() }))
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

/// Returns the SQL type of a column, if the value is a seed's table.
pub(super) fn sql_type(value: &Value, index: usize) -> Option<String> {
    let table = downcast::<SeedTable>(value)?;
    table.schema.columns.get(index).map(|column| column.ty.sql().to_owned())
}

impl SeedTable {
    fn names(&self) -> Value {
        let names = self.schema.columns.iter().map(|column| Value::from(column.name.as_str()));
        tuple(names.collect::<Vec<_>>())
    }

    /// The whole table, read once.
    fn full(&self) -> Result<Value, Error> {
        let read =
            || read(&self.path, &self.options, None).map(table_value).map_err(|error| error.to_string());
        self.full.get_or_init(read).clone().map_err(|error| Error::new(Code::INVALID_RESOURCE, error))
    }

    fn len(&self) -> usize {
        usize::try_from(self.schema.rows).unwrap_or(usize::MAX)
    }

    fn share(&self) -> Arc<Self> {
        Arc::new(Self {
            path: self.path.clone(),
            options: self.options.clone(),
            schema: self.schema.clone(),
            full: self.full.clone(),
        })
    }
}

impl Instance for SeedTable {
    fn type_name(&self) -> &'static str {
        "Table"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        match name {
            "column_names" => Ok(Some(self.names())),
            "rows" => Ok(Some(object(SeedRows(self.share())))),
            other => Ok(crate::jinja::item(&self.full()?, other)),
        }
    }

    fn has_method(&self, name: &str) -> bool {
        super::table::is_method(name)
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        self.has_method(name).then(|| {
            let full = self.full()?;
            let method = call.attr(&full, name)?;
            let args = std::mem::take(&mut call.args);
            call.call(&method, args)
        })
    }

    fn iter(&self) -> Option<Vec<Value>> {
        crate::jinja::elements(&self.full().ok()?).ok()
    }

    fn len(&self) -> Option<usize> {
        Some(SeedTable::len(self))
    }
}

impl Instance for SeedRows {
    fn type_name(&self) -> &'static str {
        "MappedSequence"
    }

    fn len(&self) -> Option<usize> {
        Some(self.0.len())
    }

    fn iter(&self) -> Option<Vec<Value>> {
        let rows = crate::jinja::item(&self.0.full().ok()?, "rows")?;
        crate::jinja::elements(&rows).ok()
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        let Json::Number(index) = json_of(key) else { return Ok(None) };
        let rows = self.iter().unwrap_or_default();
        let index = index.as_i64().unwrap_or(i64::MAX);
        let length = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let place = if index < 0 { index + length } else { index };
        Ok(usize::try_from(place).ok().and_then(|place| rows.get(place).cloned()))
    }
}
