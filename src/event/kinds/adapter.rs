//! What goes on between an adapter and its database.

use serde::Serialize;

use super::super::define::events;
use crate::event::Level::{Debug, Error, Info, Warn};

/// A relation as the cache knows it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RefKey {
    /// The database.
    pub database: String,
    /// The name; empty for a schema.
    pub identifier: String,
    /// The schema.
    pub schema: String,
}

impl RefKey {
    fn text(&self) -> String {
        format!("(database={}, schema={}, identifier={})", self.database, self.schema, self.identifier)
    }

    fn schema_text(&self) -> String {
        format!("database: \"{}\"\nschema: \"{}\"\n", self.database, self.schema)
    }
}

events! {
    /// Something an adapter wants to tell, for debugging.
    AdapterEventDebug("E001") { args: Vec<String>, base_msg: String, name: String }
        level |_| Debug,
        text |e, _| format!("{} adapter: {}", e.name, e.base_msg),
        in_node;

    /// Something an adapter wants to tell.
    AdapterEventInfo("E002") { args: Vec<String>, base_msg: String, name: String }
        level |_| Info,
        text |e, _| format!("{} adapter: {}", e.name, e.base_msg),
        in_node;

    /// Something an adapter warns of.
    AdapterEventWarning("E003") { args: Vec<String>, base_msg: String, name: String }
        level |_| Warn,
        text |e, _| format!("{} adapter: {}", e.name, e.base_msg),
        in_node;

    /// Something that failed in an adapter.
    AdapterEventError("E004") { args: Vec<String>, base_msg: String, name: String }
        level |_| Error,
        text |e, _| format!("{} adapter: {}", e.name, e.base_msg),
        in_node;

    /// A connection gets its name.
    NewConnection("E005") { conn_name: String, conn_type: String }
        level |_| Debug,
        text |e, _| format!("Acquiring new {} connection '{}'", e.conn_type, e.conn_name),
        in_node;

    /// A connection is opened.
    NewConnectionOpening("E037") { connection_state: String }
        level |_| Debug,
        text |e, _| format!("Opening a new connection, currently in state {}", e.connection_state),
        in_node;

    /// A pooled connection goes to another user.
    ConnectionReused("E006") { conn_name: String, orig_conn_name: String }
        level |_| Debug,
        text |e, _| format!(
            "Re-using an available connection from the pool (formerly {}, now {})",
            e.orig_conn_name, e.conn_name
        ),
        in_node;

    /// A connection is closed.
    ConnectionClosed("E010") { conn_name: String }
        level |_| Debug,
        text |e, _| format!("On {}: Close", e.conn_name),
        in_node;

    /// A connection was still open at the end.
    ConnectionLeftOpenInCleanup("E007") { conn_name: String }
        level |_| Debug,
        text |e, _| format!("Connection '{}' was left open.", e.conn_name);

    /// A connection was closed before the end.
    ConnectionClosedInCleanup("E008") { conn_name: String }
        level |_| Debug,
        text |e, _| format!("Connection '{}' was properly closed.", e.conn_name);

    /// A statement is about to go through this connection.
    ConnectionUsed("E015") { conn_name: String, conn_type: String }
        level |_| Debug,
        text |e, _| format!("Using {} connection \"{}\"", e.conn_type, e.conn_name),
        in_node;

    /// A statement.
    SQLQuery("E016") { conn_name: String, sql: String }
        level |_| Debug,
        text |e, _| format!("On {}: {}", e.conn_name, e.sql),
        in_node;

    /// The answer to a statement; `elapsed` in seconds.
    SQLQueryStatus("E017") { elapsed: f64, query_id: String, status: String }
        level |_| Debug,
        text |e, _| format!("SQL status: {} in {:.3} seconds", e.status, e.elapsed),
        in_node;

    /// A transaction is committed.
    SQLCommit("E018") { conn_name: String }
        level |_| Debug,
        text |e, _| format!("On {}: COMMIT", e.conn_name),
        in_node;

    /// A transaction is given up.
    Rollback("E012") { conn_name: String }
        level |_| Debug,
        text |e, _| format!("On {}: ROLLBACK", e.conn_name),
        in_node;

    /// A column gets another type.
    ColTypeChange("E019") { orig_type: String, new_type: String, table: RefKey }
        level |_| Debug,
        text |e, _| format!(
            "Changing col type from {} to {} in table {}", e.orig_type, e.new_type, e.table.text()
        ),
        in_node;

    /// A schema is made.
    SchemaCreation("E020") { relation: RefKey }
        level |_| Debug,
        text |e, _| format!("Creating schema \"{}\"", e.relation.schema_text()),
        in_node;

    /// A schema is dropped.
    SchemaDrop("E021") { relation: RefKey }
        level |_| Debug,
        text |e, _| format!("Dropping schema \"{}\".", e.relation.schema_text()),
        in_node;

    /// The relation cache changes. `action` is `add_relation`, `drop_relation` or `rename_relation`.
    CacheAction("E022") {
        action: String,
        ref_key: RefKey,
        #[serde(skip_serializing_if = "Option::is_none")]
        ref_key_2: Option<RefKey>,
        ref_list: Vec<RefKey>,
    }
        level |_| Debug,
        text |e, _| match (e.action.as_str(), &e.ref_key_2) {
            ("rename_relation", Some(to)) => format!("Renaming relation {} to {}", e.ref_key.text(), to.text()),
            ("drop_relation", _) => format!("Dropping relation: {}", e.ref_key.text()),
            ("drop_missing_relation", _) => format!("dropped a nonexistent relationship: {}", e.ref_key.text()),
            ("add_relation", _) => format!("adding relation: {}", e.ref_key.text()),
            (action, _) => format!("{action}: {}", e.ref_key.text()),
        },
        in_node;

    /// Code in another language than SQL is run.
    CodeExecution("E038") { code_content: String, conn_name: String }
        level |_| Debug,
        text |e, _| format!("On {}: {}", e.conn_name, e.code_content),
        in_node;

    /// Code in another language than SQL was run.
    CodeExecutionStatus("E039") { elapsed: f64, status: String }
        level |_| Debug,
        text |e, _| format!("Execution status: {} in {} seconds", e.status, e.elapsed),
        in_node;

    /// The database accepts a constraint and does not enforce it.
    ConstraintNotEnforced("E048") { adapter: String, constraint: String }
        level |_| Warn,
        text |e, style| format!(
            "{}constraints of type `{}` are written but not enforced by {}; `warn_unenforced: false` on the \
             constraint hides this",
            style.warning_tag(None), e.constraint, e.adapter
        ),
        in_node;

    /// The database knows no such constraint.
    ConstraintNotSupported("E049") { adapter: String, constraint: String }
        level |_| Warn,
        text |e, style| format!(
            "{}constraints of type `{}` are left out, as {} does not have them; `warn_unsupported: false` on the \
             constraint hides this",
            style.warning_tag(None), e.constraint, e.adapter
        ),
        in_node;

    /// A part of the catalog could not be read.
    CatalogGenerationError("E040") { exc: String }
        level |_| Warn,
        text |e, _| format!("Encountered an error while generating catalog: {}", e.exc);

    /// The catalog is being read.
    BuildingCatalog("E044") {}
        level |_| Info,
        text |_, _| "Building catalog".to_owned();

    /// Parts of the catalog are missing.
    WriteCatalogFailure("E041") { num_exceptions: usize }
        level |_| Error,
        text |e, _| {
            let plural = if e.num_exceptions == 1 { "" } else { "s" };
            format!("the catalog lacks what {} failed question{plural} would have told; it was written", e.num_exceptions)
        };

    /// Nothing is documented, since something does not compile.
    CannotGenerateDocs("E043") {}
        level |_| Error,
        text |_, _| "compile failed, cannot generate docs".to_owned();

    /// The catalog is on disk.
    CatalogWritten("E042") { path: String }
        level |_| Info,
        text |e, _| format!("Catalog written to {}", e.path);
}
