//! The relations of a project: their names in SQL, and the columns that are known of them.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::resolver::Relations;
use super::table::{Beyond, Rest, Table};
use super::value::Value;
use crate::adapter::seed;
use crate::context::seed_options;
use crate::hash::HashMap;
use crate::manifest::{Manifest, Node, NodeKind, Relation, UniqueId};
use crate::sql::{Dialect, Fold};

/// Database, schema and name, in lower case, or the last one or two of them → ids.
type Names = HashMap<String, Vec<Arc<str>>>;

/// What is known so far.
pub(super) struct Known<'a> {
    dialect: &'a dyn Dialect,
    names: Names,
    ephemeral: HashMap<String, Vec<Arc<str>>>,
    tables: HashMap<Arc<str>, Rc<Table>>,
}

/// The same as one node sees it: what it depends on comes first.
pub(super) struct Seen<'k> {
    known: &'k Known<'k>,
    own: Vec<&'k str>,
}

impl<'a> Known<'a> {
    /// Lists the relations of a project, and what its sources and seeds are known to have. `told` has the columns of
    /// relations that the database told of.
    pub(super) fn new(
        manifest: &Manifest,
        dialect: &'a dyn Dialect,
        told: &HashMap<String, Vec<String>>,
    ) -> Self {
        let mut known = Self {
            dialect,
            names: HashMap::default(),
            ephemeral: HashMap::default(),
            tables: HashMap::default(),
        };
        for node in manifest.nodes.values() {
            let id: Arc<str> = node.unique_id.as_str().into();
            if node.is_ephemeral() {
                for name in [&node.alias, &node.name] {
                    let name = Relation::ephemeral_name(name).to_lowercase();
                    known.ephemeral.entry(name).or_default().push(Arc::clone(&id));
                }
            } else if node.is_relational() {
                known.add_names([&node.database, &node.schema, &node.alias], &id);
            }
            if let NodeKind::Seed { root_path } = &node.kind {
                known.add_seed(node, root_path, told);
            }
        }
        for table in manifest.sources.values() {
            let id: Arc<str> = table.unique_id.as_str().into();
            known.add_names([&table.database, &table.schema, &table.identifier], &id);
            let listed = told.get(&*id);
            let described = table.columns.keys().map(ToString::to_string).collect();
            known.set(&id, listed.unwrap_or(&described), listed.is_none());
        }
        known
    }

    fn add_names(&mut self, parts: [&String; 3], id: &Arc<str>) {
        let parts = parts.map(|part| part.to_lowercase());
        for from in 0..parts.len() {
            self.names.entry(parts[from..].join(".")).or_default().push(Arc::clone(id));
        }
        // A source that is a file or a call stands under its id (`with_ids`).
        self.names.entry(id.to_lowercase()).or_default().push(Arc::clone(id));
    }

    fn add_seed(&mut self, node: &Node, root_path: &str, told: &HashMap<String, Vec<String>>) {
        let id: Arc<str> = node.unique_id.as_str().into();
        let path = Path::new(root_path).join(&node.original_file_path);
        let header = seed::header(&path, &seed_options(node)).ok();
        match header.as_ref().or_else(|| told.get(&*id)) {
            Some(columns) => self.set(&id, columns, false),
            None => self.set(&id, &node.columns.keys().map(ToString::to_string).collect(), true),
        }
    }

    /// Keeps what columns a relation has.
    pub(super) fn set(&mut self, id: &Arc<str>, columns: &Vec<String>, open: bool) {
        let mut table = Table::default();
        for name in columns {
            let key = self.key(name);
            table.push((name, &key), Rc::new(Value::of_column(id, &key)));
        }
        if open {
            table.rest.push(Rest::new(Beyond::Relation(Arc::clone(id))));
        }
        self.tables.insert(Arc::clone(id), Rc::new(table));
    }

    /// Returns a stored name as it is compared.
    pub(super) fn key(&self, name: &str) -> String {
        match self.dialect.fold() {
            Fold::Preserve => name.to_lowercase(),
            Fold::Lower => name.to_owned(),
        }
    }

    /// Returns how a column is spelled where it is defined.
    pub(super) fn spelled(&self, relation: &str, key: &str) -> String {
        let table = self.tables.get(relation);
        let column = table.and_then(|table| table.columns.iter().find(|column| &*column.key == key));
        column.map_or_else(|| key.to_owned(), |column| column.name.to_string())
    }

    /// Returns the relations as a node sees them.
    pub(super) fn seen_by<'k>(&'k self, node: &'k Node) -> Seen<'k> {
        let mut own: Vec<&str> = node.depends_on.nodes.iter().map(UniqueId::as_str).collect();
        own.push(node.unique_id.as_str());
        Seen { known: self, own }
    }
}

impl Seen<'_> {
    fn pick<'i>(&self, ids: &'i [Arc<str>]) -> Option<&'i Arc<str>> {
        ids.iter().find(|id| self.own.contains(&&***id))
    }
}

impl Relations for Seen<'_> {
    /// What a node reads without saying so (`ref`, `source`) is found only if its schema is named.
    fn table(&self, parts: &[String]) -> Rc<Table> {
        let name = parts.join(".");
        let ids = self.known.names.get(&name.to_lowercase()).map(Vec::as_slice).unwrap_or_default();
        let id = self.pick(ids).or(match ids {
            [only] if parts.len() > 1 => Some(only),
            _ => None,
        });
        let table = id.and_then(|id| self.known.tables.get(id));
        if let Some(table) = table {
            return Rc::clone(table);
        }
        let place = id.map_or_else(|| Arc::from(name), Arc::clone);
        Rc::new(Table { rest: vec![Rest::new(Beyond::Relation(place))], ..Table::default() })
    }

    fn ephemeral(&self, name: &str) -> Option<Rc<Table>> {
        let ids = self.known.ephemeral.get(name)?;
        let id = self.pick(ids).or(ids.first())?;
        self.known.tables.get(id).cloned()
    }
}
