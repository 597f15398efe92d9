//! DuckDB, inside this process.
//!
//! Input: a [`Profile`]. Output: an [`Adapter`](super::Adapter) whose connections share one database handle.
//! Invariant: only this folder names the `duckdb` crate. The database is opened by the first connection and closed
//! when the last one is gone.

mod canonical;
mod database;
mod error;
mod fetch;
mod hidden;
mod holder;
mod datum;
mod datum_text;
mod open;
mod profile;
mod python;
mod session;
mod statements;
mod types;

pub use canonical::Canonical;
pub use database::Database;
pub(super) use hidden::SECRETIVE;
pub use profile::{Extension, Profile, Retries};
