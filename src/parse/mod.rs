//! Files → [`Manifest`](crate::manifest::Manifest).
//!
//! [`parse`] reads the files of a project and its packages: macros first, then property files, then models,
//! seeds, snapshots, analyses, tests, functions, hooks, docs blocks, sources, exposures, groups and unit tests. It
//! resolves every configuration, name and reference as dbt does, and reports all problems in one go. It
//! needs no database. Afterwards the manifest never changes. Called by `cli` and `lsp`.

mod all_tests;
mod block_text;
mod built_in;
mod checks;
mod collect;
mod color;
mod columns;
mod config;
mod config_check;
mod config_memo;
mod contract;
mod descriptions;
mod discover;
mod docs;
mod drafts;
mod entries;
mod exposures;
mod finish;
mod freshness;
mod functions;
mod generic_name;
mod generic_test;
mod known_keys;
mod macro_patches;
mod macros;
mod microbatch;
mod models;
mod names;
mod node;
mod patches;
mod pipeline;
mod primary_key;
mod properties;
mod python;
mod python_model;
mod python_tokens;
mod reach;
mod relations;
mod render;
mod resolve;
mod semantic;
mod settings;
mod source_overrides;
mod sources;
mod static_ref;
mod test_nodes;
mod trees;
mod unit_tests;
mod written_config;

pub use known_keys::{config_values, configured, keys as property_keys, values as property_values};
pub use pipeline::{Parsed, parse, parse_in_part};
pub use settings::Settings;
pub use static_ref::{Reference, parse as parse_reference};
