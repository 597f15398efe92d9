//! What other systems are told of a run, if and only if the user asks for it: OpenLineage events and OpenTelemetry traces.
//!
//! Input: the manifest, what nodes and the command came to, and the variables by which those systems are set up
//! everywhere. Output: JSON, to a file or to the address the user names. Nothing is sent without a flag of ours, and a
//! system that does not answer never changes how a command ends: it is told in a warning. Called by `cli`.

pub mod openlineage;
mod opentelemetry;
mod outbox;

pub use opentelemetry::{Trace, TraceSettings};
pub use outbox::{Outbox, Place};

/// How variables are looked up.
pub type Variables<'a> = dyn Fn(&str) -> Option<&'a str> + 'a;
