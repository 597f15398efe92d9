//! Ephemeral models become common table expressions of their consumers (`macros.md` section 6).
//!
//! Input: compiled SQL and the expressions to put in front. Output: the same SQL with them in place, white
//! space as dbt leaves it, and where the text grew, so that positions can still be mapped. Pure; called by
//! `compile::node`.

use std::fmt::Write as _;

use crate::manifest::{InjectedCte, Relation};
use crate::sql::leading_with;

/// SQL that grew by `length` bytes at `at`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injected {
    /// The new text.
    pub sql: String,
    /// Offset of the first inserted byte.
    pub at: usize,
    /// Number of inserted bytes.
    pub length: usize,
    /// How many of them stand before the first expression.
    pub before: usize,
}

/// What stands between two expressions.
pub(super) const SEPARATOR: &str = ", ";

/// Returns the name under which consumers see an ephemeral model.
pub(super) fn cte_name(identifier: &str) -> String {
    Relation::ephemeral_name(identifier)
}

/// Returns the expression for an ephemeral model whose own SQL is `sql`.
pub(super) fn cte_sql(identifier: &str, sql: &str) -> String {
    format!(" {} as (\n{sql}\n)", cte_name(identifier))
}

/// Puts expressions at the front of a query: behind its own `with` (and `recursive`), or in a new one.
pub fn inject(sql: &str, ctes: &[InjectedCte]) -> Injected {
    let mut joined = String::new();
    for (index, cte) in ctes.iter().filter_map(|cte| cte.sql.as_ref()).enumerate() {
        let _ = write!(joined, "{}{cte}", if index == 0 { "" } else { SEPARATOR });
    }
    if joined.is_empty() {
        return Injected { sql: sql.to_owned(), at: 0, length: 0, before: 0 };
    }
    let (at, text, before) = match leading_with(sql) {
        Some(with) => (skip_space(sql, with.insert_at), format!("{joined}{SEPARATOR}"), 0),
        None => (skip_space(sql, 0), format!("with{joined} "), "with".len()),
    };
    let mut out = String::with_capacity(sql.len() + text.len());
    out.push_str(&sql[..at]);
    out.push_str(&text);
    out.push_str(&sql[at..]);
    Injected { sql: out, at, length: text.len(), before }
}

fn skip_space(sql: &str, from: usize) -> usize {
    let rest = &sql[from..];
    from + (rest.len() - rest.trim_start().len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::UniqueId;

    /// What dbt-core 1.11 makes of each query, with two expressions.
    #[track_caller]
    fn check(sql: &str, want: &str) {
        let cte = |name: &str, sql: &str| InjectedCte {
            id: UniqueId::from_artifact(name),
            sql: Some(cte_sql(name, sql)),
        };
        let got = inject(sql, &[cte("a", "select 1"), cte("b", "select 2")]);
        assert_eq!(got.sql, want.replace("{CTES}", A_AND_B));
        assert_eq!(got.sql.len(), sql.len() + got.length);
    }

    const A_AND_B: &str = " __dbt__cte__a as (\nselect 1\n),  __dbt__cte__b as (\nselect 2\n)";

    #[test]
    fn a_query_without_with_gets_one() {
        check("select 1", "with{CTES} select 1");
        check("\n\n-- c\nselect 1\n", "\n\nwith{CTES} -- c\nselect 1\n");
        check("(with x as (select 1) select * from x)", "with{CTES} (with x as (select 1) select * from x)");
    }

    #[test]
    fn expressions_go_in_front_of_a_query_s_own() {
        check("with x as (select 1) select * from x", "with {CTES}, x as (select 1) select * from x");
        check(
            "/* c */ WITH -- z\n x as (select 1) select 1",
            "/* c */ WITH {CTES}, -- z\n x as (select 1) select 1",
        );
        check("with\nx as (select 1) select 1", "with\n{CTES}, x as (select 1) select 1");
    }

    #[test]
    fn recursive_stays_first() {
        check(
            "-- hi\n  with recursive x as (select 1)\nselect 2",
            "-- hi\n  with recursive {CTES}, x as (select 1)\nselect 2",
        );
    }

    #[test]
    fn nothing_to_inject_changes_nothing() {
        assert_eq!(inject("select 1", &[]).sql, "select 1");
    }
}
