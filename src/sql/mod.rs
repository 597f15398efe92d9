//! SQL as text: what is a name, a string, a comment, a statement. Knows no project and no connection.
//!
//! Input: SQL text as a template rendered it. Output: byte ranges into that text, quoted names, literals.
//! Invariant: apart from `parse_query` no function here fails; text that no engine would accept is cut as well as it can
//! be, since the engine gives the better error. Used by `manifest` (relations), `adapter`, `compile`, `context`, `lineage`.

mod depth;
mod dialect;
mod grammar;
mod ident;
mod lex;
mod literal;
mod split;
mod words;

pub use depth::with_room_for_trees;
pub use dialect::{Dialect, DuckDb, Fold, Postgres};
pub use grammar::parse_query;
pub use ident::Ident;
pub use lex::{Kind, Lexer, Token};
pub use literal::string_literal;
pub use split::{LeadingWith, ends_transaction, is_blank, leading_with, split_statements, strip_comments};
pub use words::{code_tokens, mentions, names, takes_all_columns};
