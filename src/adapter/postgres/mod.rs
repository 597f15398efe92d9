//! Postgres, over its wire protocol.
//!
//! Input: a [`Profile`]. Output: an [`Adapter`](super::Adapter) whose connections are sessions of one server.
//! Invariant: blocking calls only, one socket a session; SQL goes as simple queries, as dbt's driver sends it, since
//! only they take several statements at once and answer with the server's word on each (`INSERT 0 3`).

mod array;
mod certificate;
mod claim;
mod connect;
mod copy;
mod error;
mod json;
mod line;
mod literal;
mod login;
mod password_file;
mod profile;
mod server;
mod session;
mod settings;
mod swap_lock;
mod tls;
mod types;
mod value;
mod wire;

pub use profile::{Profile, SslMode};
pub use server::Server;
