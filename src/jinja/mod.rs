//! The template engine (design D1): Jinja2 with Python's values, and nothing of dbt.
//!
//! [`Engine::compile`] turns text into a [`Template`]: minijinja parses, `front` lowers its tree to our
//! own (`ir`). [`Engine::render`] runs it (`eval`) over values with Python's behaviour (`value`), with the
//! names of a [`Scope`], and gives text with a [`SourceMap`]. Rust functions and objects join as
//! [`function`] and [`Instance`]. [`blocks`](blocks()) cuts macros, tests and the like out of files.
//! `filters`, `tests`, `globals`, `methods` and `format` are Jinja2's and Python's own; `pycompat` has what
//! dbt takes from Python's library.

mod args;
mod blocks;
mod call;
mod calls;
mod engine;
mod error;
mod eval;
mod filters;
mod format;
mod front;
mod globals;
mod ir;
mod look;
mod marker;
mod methods;
pub mod pycompat;
mod source_map;
mod tags;
mod tests;
mod value;

pub use args::Args;
pub use blocks::{Block, BlockKind, blocks};
pub use call::{Call, function, return_function};
pub use calls::StaticCall;
pub use engine::{Engine, MacroDef, Rendered, Scope, Template, UndefinedMode};
pub use error::Error;
pub use eval::reserve_stack;
pub(crate) use front::scan::{Token, TokenKind};
pub(crate) use globals::lookup as global;
pub use look::{elements, item};
pub use source_map::{Origin, SourceMap};
pub(crate) use tags::{Tag, expression_tokens, tags};
pub use value::{
    BinaryOp, Dict, Instance, List, Set, Value, dict, downcast, from_json, is_undefined, list, none, object,
    py_eq, py_repr, py_str, set, to_json, truth, tuple, type_name,
};
