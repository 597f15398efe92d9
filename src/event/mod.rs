//! What happened, as data.
//!
//! The runner, the adapters and the template contexts send events; console, log file and progress display
//! listen. Names, codes, levels, messages and payload keys are those that dbt Core 1.11 writes, since
//! orchestrators read them. An event knows nothing of the terminal: it becomes text only through a [`Style`].
//!
//! ```
//! use tidegate::event::{EventSink, Note};
//!
//! let (sink, seen) = EventSink::collecting();
//! sink.send(Note { msg: "hello".into() });
//! assert_eq!(seen.names(), ["Note"]);
//! ```

mod define;
mod diagnosed;
mod kinds;
mod level;
mod node;
mod policy;
mod sink;
mod style;

pub use define::Describe;
pub use diagnosed::{Diagnosed, Problems};
pub use kinds::*;
pub use level::Level;
pub use node::{NodeFacts, NodeGroup, NodeInfo, NodeRelation, NodeScope, RunResultMsg, TimingInfo};
pub use policy::{PolicyError, Verdict, WarnPolicy};
pub use sink::{Collected, Envelope, Escalated, EventSink, Listener};
pub use style::Style;

#[cfg(test)]
mod tests;
