//! Postgres, over its wire protocol.
//!
//! Input: a [`Profile`]. Output: an [`Adapter`](super::Adapter) whose connections are sessions of one server.
//! Invariant: blocking calls only, one socket a session; SQL goes as simple queries, as dbt's driver sends it, since
//! only they take several statements at once and answer with the server's word on each (`INSERT 0 3`).

mod connect;
mod error;
mod literal;
mod profile;
mod server;
mod session;
mod tls;
mod types;
mod wire;

pub use profile::{Profile, SslMode};
pub use server::Server;
