//! What differs between engines as far as SQL text goes: one small question per method, with defaults.
//!
//! Invariant: no other module matches on the engine to decide how text is written. Used wherever SQL is quoted,
//! folded or cut.

use std::borrow::Cow;
use std::fmt;

/// What an engine does to the letters of a name that is not quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Keeps the letters and compares without regard to case (DuckDB).
    Preserve,
    /// Turns them to lower case (Postgres).
    Lower,
}

/// The rules of one engine's SQL text.
pub trait Dialect: fmt::Debug + Send + Sync {
    /// Returns the engine's name as profiles and macros spell it, for example `duckdb`.
    fn name(&self) -> &'static str;

    /// Returns what dbt's adapter calls an error that the engine reports.
    fn error_title(&self) -> &'static str {
        "Database Error"
    }

    /// Tells whether a source may be a file or a function call (`external_location`) instead of a relation.
    fn reads_files(&self) -> bool {
        false
    }

    /// Returns the character around a quoted name.
    fn quote_char(&self) -> char {
        '"'
    }

    /// Tells what happens to the letters of an unquoted name.
    fn fold(&self) -> Fold {
        Fold::Lower
    }

    /// Returns the longest name the engine keeps, in bytes; `None` for no limit.
    fn max_identifier_bytes(&self) -> Option<usize> {
        None
    }

    /// Returns the expression for the present moment, which templates know as `sql_now`.
    fn now(&self) -> &'static str {
        "now()"
    }

    /// Tells whether a subquery in `from` needs a name.
    ///
    /// dbt's `require_alias`: decides how a limited or filtered relation is written.
    fn subquery_needs_alias(&self) -> bool {
        true
    }

    /// Returns the types of relations that a rename can move aside, in dbt's words.
    fn renames(&self) -> &'static [&'static str] {
        &[]
    }

    /// Returns the types of relations that the engine replaces in one step, in dbt's words.
    fn replaces(&self) -> &'static [&'static str] {
        &[]
    }

    /// Returns dbt's name of the engine's class of relations, which packages look at.
    fn relation_class(&self) -> &'static str {
        "BaseRelation"
    }

    /// Tells whether batches of one model may be built at the same time.
    fn concurrent_batches(&self) -> bool {
        false
    }

    /// Returns the incremental strategies the engine supports, in dbt's words.
    fn incremental_strategies(&self) -> &'static [&'static str] {
        &["append"]
    }

    /// Tells whether `describe` names the columns of a query without running it.
    fn describes_queries(&self) -> bool {
        false
    }

    /// Tells whether text columns have a size that may have to be widened.
    fn sizes_text(&self) -> bool {
        true
    }

    /// Tells whether a foreign key may name the database of the table it references.
    fn foreign_key_names_database(&self) -> bool {
        true
    }

    /// Tells whether it is DuckDB's friendlier SQL: clauses may name output columns, functions follow values after a dot,
    /// `columns(..)` and `unnest` of a struct give several columns, a subquery in `from` sees the tables before it, `using`
    /// leaves columns in their place, and an expression is named by its text.
    fn is_friendly(&self) -> bool {
        false
    }

    /// Returns the name of a column of `values`, counted from 0.
    fn values_column(&self, at: usize) -> String {
        format!("column{}", at + 1)
    }

    /// Returns the spelling an unquoted name gets in the catalog.
    fn fold_name<'a>(&self, name: &'a str) -> Cow<'a, str> {
        match self.fold() {
            Fold::Lower if name.chars().any(char::is_uppercase) => Cow::Owned(name.to_lowercase()),
            Fold::Lower | Fold::Preserve => Cow::Borrowed(name),
        }
    }
}

/// DuckDB's SQL.
#[derive(Clone, Copy, Debug, Default)]
pub struct DuckDb;

impl Dialect for DuckDb {
    fn name(&self) -> &'static str {
        "duckdb"
    }

    fn error_title(&self) -> &'static str {
        "Runtime Error"
    }

    fn reads_files(&self) -> bool {
        true
    }

    fn relation_class(&self) -> &'static str {
        "DuckDBRelation"
    }

    fn fold(&self) -> Fold {
        Fold::Preserve
    }

    fn subquery_needs_alias(&self) -> bool {
        false
    }

    fn describes_queries(&self) -> bool {
        true
    }

    fn is_friendly(&self) -> bool {
        true
    }

    fn values_column(&self, at: usize) -> String {
        format!("col{at}")
    }

    fn concurrent_batches(&self) -> bool {
        true
    }

    fn incremental_strategies(&self) -> &'static [&'static str] {
        &["append", "delete+insert", "merge", "microbatch"]
    }

    fn sizes_text(&self) -> bool {
        false
    }

    fn foreign_key_names_database(&self) -> bool {
        false
    }
}

/// Postgres' SQL.
#[derive(Clone, Copy, Debug, Default)]
pub struct Postgres;

impl Dialect for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn relation_class(&self) -> &'static str {
        "PostgresRelation"
    }

    /// `NAMEDATALEN` minus the terminator, as Postgres is built everywhere.
    fn max_identifier_bytes(&self) -> Option<usize> {
        Some(63)
    }

    fn renames(&self) -> &'static [&'static str] {
        &["view", "table"]
    }

    fn replaces(&self) -> &'static [&'static str] {
        &["view", "table"]
    }

    fn incremental_strategies(&self) -> &'static [&'static str] {
        &["append", "delete+insert", "merge", "microbatch"]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_as_the_engine_does() {
        assert_eq!(DuckDb.fold_name("Orders"), "Orders");
        assert_eq!(Postgres.fold_name("Orders"), "orders");
        assert_eq!(Postgres.fold_name("orders"), "orders");
    }
}
