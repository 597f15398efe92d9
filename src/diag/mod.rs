//! What is wrong, and where: the one diagnostic type of the program (design D7).
//!
//! Every error a user can cause, in YAML, Jinja, SQL, configuration or the database, becomes a
//! [`Diagnostic`] with a [`Code`], a [`Span`] into a file of [`Sources`], labels and help. Nothing in here
//! decides anything; the renderers turn diagnostics into text for people and JSON for machines.
//! Used by every other module.

mod code;
mod diagnostic;
mod focus;
pub mod render;
mod repeated;
mod scrubber;
mod source;
mod span;

pub use code::Code;
pub use diagnostic::{Diagnostic, Frame, Label, Severity, nearest, suggest};
pub use repeated::told_once;
pub use scrubber::Scrubber;
pub(crate) use scrubber::passwords;
pub use source::{LineCol, Source, Sources, Unsaved, line_col};
pub use span::{FileId, Span};
