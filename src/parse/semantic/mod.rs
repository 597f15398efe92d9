//! The semantic layer of property files: `semantic_models:`, `metrics:` and `saved_queries:`.
//!
//! `shape` checks and completes mappings by a list of fields, `fields` has those lists, `read` makes resources of
//! entries, `bind` finds what they are made of once everything is known, `validate` checks them all together. Called by `pipeline` and `collect`.

mod bind;
mod export;
mod fields;
mod read;
mod shape;
mod time_spine;
mod validate;

pub(super) use bind::Binder;
pub(super) use fields::EXPORT_TYPES;
pub(super) use read::{Reading, metric, saved_query, semantic_model};
pub(super) use time_spine::{check as check_time_spine, grain, read as read_time_spine};
pub(super) use validate::check as check_semantics;
