//! What a command will do, as data: manifest + graph + selected ids → steps in order, hooks, schemas.
//!
//! Nothing is executed here, so a plan can be shown instead of run. Called by `run` and `cli`.

mod batches;
mod build;
mod command;
mod explain;
mod forecast;
mod gate;
mod release;
mod resume;
mod step;
mod test_edges;

pub use batches::{BatchRequest, again, batches};
pub use build::{Request, plan};
pub use command::Command;
pub use explain::explain;
pub use forecast::{Forecast, UNKNOWN_COST};
pub use gate::{Gate, Gates};
pub use release::ReleaseSet;
pub use resume::Resumption;
pub use step::{Action, Blocking, Plan, SchemaName, Step};
pub use test_edges::with_test_edges;
