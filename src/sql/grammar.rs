//! SQL text → sqlparser's tree, per dialect.
//!
//! Input: one query. Output: its tree, or the parser's words on why there is none. The DuckDB grammar is sqlparser's own
//! plus what newer engines read. Used by `lineage`.

use std::any::TypeId;

use sqlparser::ast::{Query, Statement};
use sqlparser::dialect::{Dialect as Grammar, DuckDbDialect, PostgreSqlDialect};
use sqlparser::parser::Parser;

use super::Dialect;
use super::depth::{DEEPEST, depth};

/// Parses the one query of a text; semicolons around it do not matter.
///
/// Errors with the parser's message, when the text is something else than a query, or when its tree would be too deep.
/// Trees want [`with_room_for_trees`](super::with_room_for_trees), also where they are dropped.
pub fn parse_query(sql: &str, dialect: &dyn Dialect) -> Result<Query, String> {
    // Most texts are too short for that.
    if sql.len() > DEEPEST && depth(sql) > DEEPEST {
        return Err(format!("an expression, or a row of `union`s, has more than {DEEPEST} parts"));
    }
    let statements = match dialect.name() {
        "postgres" => Parser::parse_sql(&PostgreSqlDialect {}, sql),
        _ => Parser::parse_sql(&Duck, sql),
    };
    let mut statements = statements.map_err(|error| without_prefix(&error.to_string()))?;
    match (statements.pop(), statements.is_empty()) {
        (Some(Statement::Query(query)), true) => Ok(*query),
        (None, _) => Err("there is no query".to_owned()),
        (Some(_), true) => Err("it is not a query".to_owned()),
        (Some(_), false) => Err("it is more than one statement".to_owned()),
    }
}

fn without_prefix(message: &str) -> String {
    message.trim_start_matches("sql parser error: ").to_owned()
}

/// sqlparser's DuckDB with `rename` of a star and `ignore nulls` among arguments.
#[derive(Debug)]
struct Duck;

/// Answers as sqlparser's own dialect does.
macro_rules! as_duckdb {
    ($($question:ident)*) => { $(fn $question(&self) -> bool { DuckDbDialect.$question() })* };
}

impl Grammar for Duck {
    fn dialect(&self) -> TypeId {
        TypeId::of::<DuckDbDialect>()
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        DuckDbDialect.is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        DuckDbDialect.is_identifier_part(ch)
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        DuckDbDialect.identifier_quote_style(identifier)
    }

    fn supports_select_wildcard_rename(&self) -> bool {
        true
    }

    fn supports_window_function_null_treatment_arg(&self) -> bool {
        true
    }

    fn supports_string_literal_backslash_escape(&self) -> bool {
        false
    }

    as_duckdb! {
        supports_trailing_commas supports_filter_during_aggregation supports_group_by_expr
        supports_bitwise_shift_operators supports_named_fn_args_with_eq_operator
        supports_named_fn_args_with_assignment_operator supports_dictionary_syntax support_map_literal_syntax
        supports_lambda_functions allow_extract_single_quotes supports_array_typedef_with_brackets
        supports_from_first_select supports_order_by_all supports_select_wildcard_exclude supports_notnull_operator
        supports_select_wildcard_replace supports_comma_separated_trim supports_numeric_literal_underscores
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DuckDb, Postgres};
    use super::*;

    #[test]
    fn one_query_is_parsed() {
        assert!(parse_query("select 1;", &DuckDb).is_ok());
        assert!(
            parse_query("from t select * rename (a as b), lag(c ignore nulls) over (order by d),", &DuckDb)
                .is_ok()
        );
        assert!(parse_query("select a::text from t", &Postgres).is_ok());
    }

    #[test]
    fn what_is_no_query_says_so() {
        assert_eq!(parse_query("drop table t", &DuckDb).unwrap_err(), "it is not a query");
        assert_eq!(parse_query("select 1; select 2", &DuckDb).unwrap_err(), "it is more than one statement");
        assert_eq!(parse_query("-- nothing", &DuckDb).unwrap_err(), "there is no query");
        assert!(parse_query("select from where", &DuckDb).unwrap_err().starts_with("Expected"));
    }
}
