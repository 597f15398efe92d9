//! Executes plans: worker threads take steps, effects happen, results come back.

mod cancel;
mod queue;
mod schedule;

pub use cancel::CancelToken;
pub use schedule::{Options, Outcome, Runner, SkipReason, Stopped, run_plan};
