//! What dbt templates see: the names of `jinja.md` section 4, for each phase.
//!
//! A [`Shared`] holds what one invocation has in common (macros, target, vars, flags, events). From it come
//! the scopes of renders: [`ParseScope`] while files are read (records what a node refs and configures),
//! [`RunScope`] while nodes are compiled and run (relations, results, the adapter). Scopes look names up
//! lazily; nothing is built for a name that a template does not use.

pub mod adapter;
mod base;
mod capture;
mod column;
mod comment;
mod commit;
mod config;
mod deferral;
mod database_error;
pub mod decimal;
mod event_time;
mod exceptions;
mod facts;
mod foreign_keys;
mod gate;
mod graph;
mod held;
mod index;
mod introspection;
mod macros;
mod metric;
mod model_dict;
mod names;
mod project_object;
mod refs;
mod relation;
mod run_scope;
mod seed;
mod session;
mod shared;
mod statement;
mod suggestion;
pub mod table;
mod unit_scope;

pub use base::{NAMES as TEMPLATE_NAMES, is_call};
pub use capture::{Capture, ConfigCall, ParseNode, ParseScope};
pub use column::column_types;
pub use commit::BeforeCommit;
pub use config::ConfigObject;
pub use deferral::Deferral;
pub use facts::external_location;
pub use gate::Check;
pub use held::Held;
pub use introspection::Introspection;
pub use macros::{DispatchError, INTERNAL, MacroEntry, MacroTable};
pub use relation::{relation_of, relation_value};
pub use run_scope::{Known, NodeScope, RunScope, WriteExecuted};
pub use seed::seed_options;
pub use session::{QueryComment, Session, SharedSession, SqlError};
pub use shared::{Cached, Shared};
pub use statement::{response_json, response_of};
pub use table::{cells as table_cells, records as table_records};
pub use unit_scope::{UnitInputs, UnitOverrides, UnitScope};
