//! What ran before: artifacts of an earlier run, read back.
//!
//! Input: a folder with artifacts of dbt or of Tidegate. Output: what later stages ask of them. Called by `cli`.

mod manifest;

pub use manifest::PreviousManifest;
