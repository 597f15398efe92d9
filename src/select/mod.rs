//! `--select` text or a named selector + manifest → ids (`selection.md`).
//!
//! Pure but for the question whether a path exists, which the caller answers. Called by `plan` and `cli`.

mod column;
mod earlier;
mod fqn;
mod glob;
mod grammar;
mod graph;
mod list;
mod methods;
mod resolve;
mod resource;
mod selectors_yml;
mod spec;

pub use column::{node_and_column, unknown_node};
pub use grammar::{Asked, Origin, parse};
pub use graph::link;
pub use list::{Output, list};
pub use resolve::{NoMatch, Scope, Selection, Wanted, select};
pub use selectors_yml::{NamedSelector, Selectors};
pub use spec::{Criterion, Depth, Indirect, Method, Parts, Spec, Written};
