//! YAML 1.1 with positions: a text of [`Sources`](crate::diag::Sources) becomes a [`Yaml`] tree.
//!
//! Values are typed as `PyYAML`'s `SafeLoader` types them, since that is what dbt projects were written
//! for: `yes` and `on` are booleans, `017` is 15, `1e3` is text, dates are dates, `<<` merges. Every value
//! and every key keeps its [`Span`](crate::diag::Span); problems become diagnostics, never panics.
//! Only `parse` names the YAML crate. Used by `project`, `parse`, and `jinja`'s `fromyaml`.

mod expect;
mod input;
mod json;
mod keys;
mod map;
mod ordinary;
mod parse;
mod place;
mod scalar;
mod syntax;
mod timestamp;
mod value;

pub use map::{Entry, Map};
pub use parse::{Parsed, parse, parse_text};
pub use timestamp::Timestamp;
pub use value::{Value, Yaml};
