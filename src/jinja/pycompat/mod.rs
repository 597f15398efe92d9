//! The parts of Python's library and of dbt's context that need no project.

mod json;

pub(crate) use json::{JsonStyle, json_text};
