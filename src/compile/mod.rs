//! Node → SQL: renders a node's template with everything it refs, and inlines ephemeral models.
//!
//! Input: the parsed project and a session on the database (macros may query while they render). Output: a
//! [`Compiled`](crate::manifest::Compiled) node and the map from its text back to the templates. Called by
//! `run` before a node is executed, and by the commands that only compile.

mod ephemeral;
mod input_types;
mod node;
mod python;
mod unit_test;

pub use ephemeral::{Injected, inject};
pub use node::{Compiler, Templates, WriteCompiled, has_compiled_file};
pub use python::needs_sql;
pub use unit_test::unit_test_node;
