//! What ran before: artifacts of an earlier run, read back, and what changed since.
//!
//! Input: a folder with artifacts of dbt or of Tidegate. Output: what later stages ask of them. Called by `select`,
//! `plan` and `cli`.

mod change;
mod contract;
mod durations;
mod manifest;
mod read;
mod results;
mod same;
mod seed;
mod upgrade;

pub use change::{Change, Comparison, Rendering};
pub use durations::Durations;
pub use manifest::{BuiltNode, PreviousManifest};
pub use results::{PreviousBatches, PreviousFreshness, PreviousResult, PreviousResults};

/// The artifacts of one earlier run, and what is measured now.
#[derive(Debug, Default)]
pub struct Previous {
    /// Its `manifest.json`.
    pub manifest: Option<PreviousManifest>,
    /// Its `run_results.json`.
    pub results: Option<PreviousResults>,
    /// Its `sources.json`.
    pub sources: Option<PreviousFreshness>,
    /// The `sources.json` of this target.
    pub sources_now: Option<PreviousFreshness>,
}
