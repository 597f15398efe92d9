#![doc = include_str!("ARCHITECTURE.md")]

// In dependency order: a module uses only the modules above it (checked by `tests/it/tidy.rs`).
pub mod diag;
pub mod files;
pub mod http;
pub mod yaml;
pub mod dag;
pub mod sql;
pub mod manifest;
pub mod event;
pub mod adapter;
pub mod jinja;
pub mod project;
pub mod context;
pub mod parse;
pub mod artifacts;
pub mod state;
pub mod select;
pub mod compile;
pub mod lineage;
pub mod check;
pub mod plan;
pub mod run;
pub mod bind;
pub mod signal;
pub mod docs;
pub mod cli;
