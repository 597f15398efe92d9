//! Compiled SQL → where every column comes from.
//!
//! Input: compiled queries and the columns of sources and seeds. Output: for each column of a query the columns of relations
//! it is made of and how; and what the query filters, joins, groups and sorts by. Invariant: what is not certain is said to be
//! unknown, with the reason, and never guessed. Computed only when asked. Called by `docs` and `cli`.

mod children;
mod describe;
mod expr;
mod from;
mod functions;
mod known;
mod names;
mod pivot;
mod project;
mod resolver;
mod scope;
mod select;
pub mod show;
mod snapshot;
mod star;
mod table;
mod text;
mod value;
#[cfg(test)]
mod tests;

pub use children::{children, subscripts};
pub use describe::with_inherited;
pub use from::{constraint, is_semi};
pub use functions::is_aggregate;
pub use project::{Code, Project, column_lineage};
pub use text::{Plainer, is_misread};
