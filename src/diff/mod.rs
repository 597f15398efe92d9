//! Two versions of a project → what changed for those who read its models (`tidegate diff`).
//!
//! Input: an earlier manifest with compiled SQL, and the models as they compile now. Output: a [`Verdict`] for each model,
//! and which models use a column that changed. Invariant: nothing that may break a reader is called less than breaking; what is
//! not understood is breaking, with the reason. Called by `cli`.

mod additions;
mod canonical;
mod expression;
mod project;
mod query;
mod readers;
#[cfg(test)]
mod tests;

pub use project::{NodeChange, Presence, Versions, changes};
pub use query::{Change, Verdict, compare};
pub use readers::{Known, Reader, readers};
