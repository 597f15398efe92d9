//! The place in which queries are bound: an empty DuckDB in memory, or schemas in a transaction of a Postgres server that
//! is rolled back.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::existing::{Columns, Existing, by_relation};
use super::statement::{attach_empty, create_columns, create_schema, existing_columns, use_schema};
use crate::adapter::{Adapter, Fetch, Kind, Patience, Profile, QueryResult, duckdb};
use crate::context::{Deferral, Introspection, RunScope, Session, SharedSession, SqlError};
use crate::diag::Diagnostic;
use crate::hash::{HashMap, HashSet};
use crate::manifest::{Manifest, Node, Relation, RelationType, UniqueId};
use crate::sql::{Dialect, Ident};

/// The relations that templates may ask for the columns of, as SQL in small letters.
type Described = Arc<Mutex<HashSet<String>>>;

/// A place where relations are made that nobody else sees.
pub struct Scratch {
    adapter: Arc<dyn Adapter>,
    /// DuckDB's settings; `None` on a server.
    duckdb: Option<duckdb::Profile>,
    dialect: &'static dyn Dialect,
    described: Described,
    session: SharedSession,
    pub(super) existing: Existing,
    /// Database and schema of names without them.
    home: (String, String),
    /// Where the schemas of nodes are, if not under their own names.
    moved: HashMap<(String, String), String>,
    /// Why the warehouse is not looked at, if it is not.
    apart: Option<&'static str>,
}

impl Scratch {
    /// Makes the place for a profile's engine; nothing is opened yet. `session` makes a session of an adapter.
    pub fn new(profile: &Profile, session: impl FnOnce(Arc<dyn Adapter>) -> SharedSession) -> Self {
        let (adapter, duckdb): (Arc<dyn Adapter>, _) = match profile {
            Profile::DuckDb(own) => {
                (Arc::new(duckdb::Database::new(own.in_memory(), Patience::usual())), Some((**own).clone()))
            }
            Profile::Postgres(_) => (profile.adapter(Patience::usual()), None),
        };
        let main = duckdb.as_ref().map(duckdb::Profile::main_database);
        Self {
            dialect: adapter.dialect(),
            session: session(Arc::clone(&adapter)),
            adapter,
            home: (main.unwrap_or_else(|| profile.database().to_owned()), "main".to_owned()),
            duckdb,
            described: Described::default(),
            existing: Existing::Here,
            moved: HashMap::default(),
            apart: None,
        }
    }

    /// Leaves the warehouse alone, for this reason: what only it knows is not known here.
    #[must_use]
    pub fn apart(self, reason: &'static str) -> Self {
        Self { apart: Some(reason), ..self }
    }

    /// Returns the engine.
    pub fn adapter(&self) -> &Arc<dyn Adapter> {
        &self.adapter
    }

    /// Returns its one session.
    pub fn session(&self) -> &SharedSession {
        &self.session
    }

    /// Says what it is, for people.
    pub fn name(&self) -> String {
        match self.duckdb {
            Some(_) => "an empty DuckDB in memory".to_owned(),
            None => "a transaction of the server, which was rolled back".to_owned(),
        }
    }

    /// Returns what templates may ask: for the columns of what is there.
    pub fn introspection(&self) -> Introspection {
        let described = Arc::clone(&self.described);
        Introspection::Columns(Box::new(move |relation| {
            described.lock().unwrap_or_else(PoisonError::into_inner).contains(&key(relation))
        }))
    }

    /// Returns where `ref` leads.
    pub fn deferral(&self, manifest: &Manifest) -> Deferral {
        if self.moved.is_empty() {
            return Deferral::default();
        }
        let moved = |node: &&Arc<Node>| node.is_relational();
        let nodes = manifest.nodes.values().filter(moved);
        let relations: HashMap<UniqueId, Relation> =
            nodes.filter_map(|node| Some((node.unique_id.clone(), self.moved(node)?))).collect();
        Deferral { relations, refs: true, favored: true }
    }

    fn moved(&self, node: &Node) -> Option<Relation> {
        let schema = self.moved.get(&(node.database.clone(), node.schema.clone()))?;
        Some(Relation::new(self.dialect, Some(&node.database), Some(schema), Some(&node.alias)))
    }

    /// Returns the relation that stands for a node here.
    pub(super) fn relation_of(&self, run: &RunScope, node: &Node) -> Relation {
        self.moved(node).unwrap_or_else(|| run.relation_of(node))
    }

    /// Makes databases and schemas, and looks at what exists. Errors if the engine cannot be opened.
    pub fn furnish(&mut self, manifest: &Manifest) -> Result<(), Diagnostic> {
        let nodes = manifest.nodes.values().filter(|node| node.is_relational());
        let mut places: BTreeSet<(String, String)> =
            nodes.map(|node| (node.database.clone(), node.schema.clone())).collect();
        match self.duckdb.clone() {
            Some(profile) => {
                let sources = manifest.sources.values();
                places.extend(sources.map(|table| (table.database.clone(), table.schema.clone())));
                places.insert(self.home.clone());
                self.furnish_duckdb(&profile, &places)
            }
            None => self.furnish_server(places),
        }
    }

    fn furnish_duckdb(
        &mut self,
        profile: &duckdb::Profile,
        places: &BTreeSet<(String, String)>,
    ) -> Result<(), Diagnostic> {
        self.existing = match self.apart {
            Some(reason) => Existing::Unknown(reason.to_owned()),
            None => Existing::read(profile, &self.session),
        };
        for (database, schema) in places {
            self.make_place(database, schema).map_err(|refused| refused.error.to_diagnostic())?;
        }
        let home = self.quoted(&[&self.home.0, &self.home.1]);
        self.send(&use_schema(&home)).map_err(|refused| refused.error.to_diagnostic())?;
        Ok(())
    }

    /// Makes a schema of DuckDB, and its database where that is none of the scratch's yet.
    fn make_place(&self, database: &str, schema: &str) -> Result<(), SqlError> {
        if !database.is_empty() && !database.eq_ignore_ascii_case("memory") {
            self.send(&attach_empty(database))?;
        }
        let parts = [database, schema];
        let place = self.quoted(if database.is_empty() { &parts[1..] } else { &parts });
        self.send(&create_schema(&place)).map(drop)
    }

    fn furnish_server(&mut self, places: BTreeSet<(String, String)>) -> Result<(), Diagnostic> {
        for (number, place) in places.into_iter().enumerate() {
            let schema = format!("tidegate_check_{}_{number}", std::process::id());
            let made = self.send(&create_schema(&self.quoted(&[&schema])));
            made.map_err(|refused| refused.error.to_diagnostic())?;
            self.moved.insert(place, schema);
        }
        Ok(())
    }

    fn quoted(&self, parts: &[&str]) -> String {
        let parts: Vec<String> =
            parts.iter().map(|part| Ident::new(part, self.dialect).to_string()).collect();
        parts.join(".")
    }

    /// Tells the cache which schemas there are, so that nobody lists them.
    pub fn announce(&self, run: &RunScope) {
        for node in run.manifest.nodes.values().filter(|node| node.is_relational()) {
            let relation = self.relation_of(run, node);
            run.cache.fill(relation.database.as_deref(), relation.schema.as_deref(), []);
        }
    }

    /// Sends a statement. On a server nothing of it stays if it is refused.
    pub(super) fn send(&self, sql: &str) -> Result<QueryResult, SqlError> {
        if self.adapter.kind() == Kind::DuckDb {
            return self.session.with(|session| session.execute(sql, false, Fetch::Nothing));
        }
        self.undone_if_refused(|| self.session.with(|session| session.execute(sql, true, Fetch::Nothing)))
    }

    /// Does something that sends statements. On a server, what they did is taken back if it fails.
    pub(super) fn undone_if_refused<T, E>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        if self.adapter.kind() == Kind::DuckDb {
            return work();
        }
        // Where these fail the connection is gone, and so is what they are for.
        let send = |sql: &str| self.session.with(|session| session.execute(sql, true, Fetch::Nothing)).ok();
        send("savepoint tidegate");
        let done = work();
        if done.is_err() {
            send("rollback to savepoint tidegate");
        }
        send("release savepoint tidegate");
        done
    }

    /// Makes a relation of columns. Errors if the engine does not know one of their types.
    pub(super) fn put(&self, relation: &Relation, columns: &Columns) -> Result<(), SqlError> {
        self.send(&create_columns(relation, columns)).map(drop)
    }

    /// Makes a relation of the real warehouse that a query names without `ref` or `source`, if it is known. Returns whether
    /// it was.
    pub(super) fn fetch(&self, name: &[String]) -> bool {
        let home = [self.home.0.as_str(), &self.home.1];
        let places: Vec<[&str; 3]> = match name {
            [table] => vec![[home[0], home[1], table]],
            [schema, table] => vec![[home[0], schema, table], [schema, "main", table]],
            [database, schema, table] => vec![[database, schema, table]],
            _ => return false,
        };
        places.into_iter().any(|[database, schema, table]| {
            let Some(columns) = self.found(database, schema, table) else { return false };
            let relation = Relation::new(self.dialect, Some(database), Some(schema), Some(table));
            self.make_place(database, schema).and_then(|()| self.put(&relation, columns)).is_ok()
        })
    }

    /// Returns the columns of a relation in the real warehouse, if they are known.
    pub(super) fn found(&self, database: &str, schema: &str, name: &str) -> Option<&Columns> {
        let is_home = database.eq_ignore_ascii_case(&self.home.0);
        self.existing.columns(schema, name).filter(|_| is_home)
    }

    /// Returns the columns, with their types, of the relations that were made here for some nodes: nothing on a server.
    pub fn made<'n>(
        &self,
        nodes: impl Iterator<Item = &'n Arc<Node>>,
    ) -> HashMap<UniqueId, Vec<(String, String)>> {
        let mut databases: HashMap<&str, HashMap<(String, String), Columns>> = HashMap::default();
        let mut found = HashMap::default();
        for node in nodes.filter(|_| self.duckdb.is_some()) {
            let columns = databases.entry(&node.database).or_insert_with(|| {
                let asked = existing_columns(&node.database);
                let read = self.session.with(|session| session.execute(&asked, false, Fetch::All));
                read.map(|columns| by_relation(&columns)).unwrap_or_default()
            });
            if let Some(columns) = columns.get(&(node.schema.to_lowercase(), node.alias.to_lowercase())) {
                found.insert(node.unique_id.clone(), columns.clone());
            }
        }
        found
    }

    /// Says that templates may ask for the columns of a relation.
    pub(super) fn describe(&self, relation: &Relation) {
        self.described.lock().unwrap_or_else(PoisonError::into_inner).insert(key(relation));
    }

    /// Takes everything back.
    pub fn close(&self) -> Result<(), Diagnostic> {
        self.session.with(Session::close);
        self.adapter.close().map_err(|error| error.to_diagnostic())
    }
}

fn key(relation: &Relation) -> String {
    relation.render().to_lowercase()
}

/// What a node is built as, as far as the cache tells templates.
pub(super) fn type_of(is_view: bool) -> RelationType {
    if is_view { RelationType::View } else { RelationType::Table }
}
