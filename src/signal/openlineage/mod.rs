//! OpenLineage: a START, then a COMPLETE, FAIL or ABORT of the command and of every node it runs.
//!
//! Names of jobs and datasets are those of OpenLineage's own integration of dbt, so that whoever used that before sees
//! the same graph go on. Input: the manifest and results. Output: events, to an [`Outbox`](super::Outbox).

mod columns;
mod dataset;
mod event;
mod facet;
mod settings;
mod told;

pub use event::{Lineage, LineageFacts};
pub use settings::{Asked, Settings};
pub use told::Told;
