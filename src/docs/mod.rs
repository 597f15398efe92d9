//! What people read about a warehouse: the catalog that documentation shows beside the manifest, the site made of
//! both, and the server that shows it.
//!
//! Input: a parsed project and an open database for the [`Catalog`](crate::artifacts::Catalog), else the artifacts of
//! a target folder. Called by `cli`.

mod catalog;
mod query;
mod serve;
mod site;

pub use query::{read_catalog, read_sizes};
pub use serve::{ServeError, serve};
pub use site::write_site;
