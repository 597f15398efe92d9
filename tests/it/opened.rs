//! Databases that tests look into by themselves, beside the program.

use std::path::Path;

use duckdb::{AccessMode, Config, Connection};
use tidegate::adapter::duckdb::load;

/// Opens a database that lives as long as its connection.
pub(crate) fn in_memory() -> Connection {
    load().unwrap();
    Connection::open_in_memory().unwrap()
}

/// Opens a file, as the only one who writes.
pub(crate) fn to_write(path: impl AsRef<Path>) -> Connection {
    load().unwrap();
    Connection::open(path).unwrap()
}

/// Opens a file beside others who read.
pub(crate) fn to_read(path: impl AsRef<Path>) -> Connection {
    load().unwrap();
    Connection::open_with_flags(path, Config::default().access_mode(AccessMode::ReadOnly).unwrap()).unwrap()
}
