//! DuckDB, inside this process.
//!
//! Input: a [`Profile`]. Output: an [`Adapter`](super::Adapter) whose connections share one database handle.
//! Invariant: only this folder names the `duckdb` crate. The database is opened by the first connection and closed
//! when the last one is gone.

mod canonical;
mod database;
mod datum;
mod datum_text;
mod error;
mod fetch;
mod hidden;
mod holder;
#[cfg(feature = "load-duckdb")]
mod library;
mod open;
mod profile;
mod python;
mod session;
mod statements;
mod types;

pub use canonical::Canonical;
pub use database::Database;
pub(super) use hidden::SECRETIVE;
pub use library::load;
pub use profile::{Extension, Profile, Retries};

/// DuckDB is linked, or a part of the program: it is there already.
#[cfg(not(feature = "load-duckdb"))]
mod library {
    /// Does what it does where the library is loaded: makes DuckDB ready for use. There are no errors here.
    pub fn load() -> Result<(), super::super::DbError> {
        Ok(())
    }
}
