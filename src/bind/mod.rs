//! Models and tests → their mistakes, found without data: compiled queries are bound by the engine itself, in a place
//! where the relations of the project have columns and no rows (`tidegate check`).
//!
//! Input: the parsed project and a [`Scratch`]. Output: a [`Verdict`] for each node. Invariants: nothing that exists is
//! changed or read but for the names and types of columns; and what is not known for certain is said to be not checked,
//! with the reason, and so is everything that reads it. Called by `cli`.

mod doubt;
mod existing;
mod model;
mod names;
mod project;
mod query;
mod scratch;
mod statement;
mod unit_test;
mod verdict;

pub use project::{Compiled, Project, check};
pub use scratch::Scratch;
pub use verdict::{Findings, Unchecked, Verdict};
