//! What a command will do, as data: manifest + selected ids → steps. Nothing is executed here.

mod step;

pub use step::{Action, Blocking, Plan, SchemaName, Step};
