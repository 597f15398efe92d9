//! What people read about a warehouse: the catalog that documentation shows beside the manifest.
//!
//! Input: a parsed project and an open database. Output: a [`Catalog`](crate::artifacts::Catalog). Called by
//! `cli`.

mod catalog;
mod query;

pub use query::read_catalog;
