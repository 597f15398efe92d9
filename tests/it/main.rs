//! The integration tests: one binary, since linking it is slow.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod artifacts;
mod build;
mod builtin_macros;
mod check;
mod cli;
mod column_lineage;
mod context;
mod dependencies;
mod deps;
mod diff;
mod duckdb;
mod duckdb_profile;
mod example;
mod fuzz;
mod hostile;
mod jinja;
mod jinja_engine;
mod killed;
mod lint;
mod lsp;
mod manifest_json;
mod mistakes;
mod opened;
mod parse;
mod plan;
mod postgres;
mod project;
mod seeded_errors;
mod seeds;
mod select;
mod select_large;
mod semantic_layer;
mod state;
mod tables;
mod tidy;
mod unit_tests;
mod wheel;
mod yaml;
