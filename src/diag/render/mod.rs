//! Diagnostics as text: for people with excerpts, one line each, or JSON.

pub mod human;
pub mod json;
pub mod sarif;
pub mod short;
