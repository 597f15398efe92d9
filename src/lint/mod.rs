//! Compiled models → what is likely not meant, by rules that understand the SQL (`tidegate lint`).
//!
//! Input: the manifest, and how each model is compiled. Output: findings at the places in templates that somebody wrote.
//! Invariants: nothing is executed; a finding lies in the model's own file, since what a macro wrote cannot be mended there;
//! SQL that cannot be read is said to be unread. A rule is silent where it is not certain. Called by `cli` and whoever
//! shows findings while models are written.

mod allowed;
mod behind;
mod keys;
mod model;
mod names;
mod project;
mod rule;
mod rules;
mod settings;
mod text;
mod texts;
mod tree;

pub use model::{Build, Finding, Linted, lint};
pub use project::Project;
pub use rule::Rule;
pub use settings::Settings;
pub use texts::{Report, Texts, lint_all};
