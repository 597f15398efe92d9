//! From text to the tree that the evaluator runs.
//!
//! `scan` cuts text into tags; `prepare` rewrites what minijinja's parser does not know; `lower` and
//! `expression` parse and lower; `analyze` and `symbols` decide which variable a name means.

mod analyze;
mod complexity;
mod expression;
mod header;
mod literal;
mod lower;
mod prepare;
pub(super) mod scan;
mod symbols;
mod tags;

pub(super) use expression::{no_filter, no_test};
pub(super) use header::adapter_of_materialization;
pub(super) use literal::literal;
pub(super) use lower::{expression, template};
