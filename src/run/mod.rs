//! Executes plans: worker threads take steps, effects happen, results come back.

mod attempts;
mod batches;
mod cancel;
mod claim;
mod crew;
mod data_test;
mod describe;
mod error_text;
mod freshness;
mod gate;
mod hooks;
mod journal;
mod materialize;
mod node;
mod prepare;
mod queue;
mod release;
mod result_object;
mod schedule;
mod tell;
mod together;
mod unit_test;

pub use cancel::CancelToken;
pub use crew::{Crew, Help, Turn};
pub use describe::{group_of, result_message, source_facts};
pub use error_text::led_by_user;
pub use freshness::FreshnessRunner;
pub use hooks::{HookStage, HooksRun, run_hooks};
pub use materialize::call_materialization;
pub use node::NodeRunner;
pub use prepare::prepare;
pub use schedule::{Options, Outcome, Runner, SkipReason, Stopped, run_plan};
