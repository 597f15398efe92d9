//! The integration tests: one binary, since linking it is slow.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod artifacts;
mod cli;
mod duckdb;
mod duckdb_profile;
mod jinja;
mod seeds;
mod project;
mod jinja;
mod manifest_json;
mod plan;
mod select;
mod tidy;
mod yaml;
