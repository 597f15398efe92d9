//! Runs a data test and judges its answer.

use std::sync::Arc;

use super::materialize::call_materialization;
use crate::check::{Answer, Verdict, judge};
use crate::context::{NodeScope, table_cells};
use crate::diag::{Code, Diagnostic};
use crate::event;
use crate::manifest::{Compiled, Node};

/// Runs a test by its materialization, which asks for one row: failures, should warn, should error.
pub(super) fn run_test(
    node: &Node,
    compiled: &Arc<Compiled>,
    scope: &NodeScope,
) -> Result<Verdict, Diagnostic> {
    // dbt counts what the materialization of a test calls as called by the test.
    scope.count_calls_at(2);
    call_materialization(node, node.config.materialized().as_str(), Some(&compiled.code), scope)?;
    let macros = scope.called_macros();
    scope.run().compiled.update(&node.unique_id, |compiled| compiled.macros = macros);
    let rows = scope.main_table().as_ref().and_then(table_cells).unwrap_or_default();
    let wrong = |message: String| Diagnostic::error(Code::GENERIC_TEST, node.span, message);
    let name = &node.name;
    let [row] = rows.as_slice() else {
        let count = rows.len();
        return Err(wrong(format!(
            "dbt internally failed to execute {name}: Returned {count} rows, but expected 1 row"
        )));
    };
    let [failures, should_warn, should_error] = row.as_slice() else {
        let count = row.len();
        return Err(wrong(format!(
            "dbt internally failed to execute {name}: Returned {count} columns, but expected 3 columns"
        )));
    };
    let Some(failures) = failures.as_deref().and_then(whole_number) else {
        return Err(wrong(format!("the failures of test `{name}` are no number: {failures:?}"))
            .help("`fail_calc` must give a number that is not null"));
    };
    let holds = |text: &Option<String>| {
        let text = text.as_deref();
        truth(text).ok_or_else(|| {
            // dbt's words, which tools look for.
            let message = format!("Macro 'get_test_sql' returns '{}'", text.unwrap_or_default());
            wrong(message).help("`should_warn` and `should_error` must be true or false")
        })
    };
    let answer = Answer { failures, should_warn: holds(should_warn)?, should_error: holds(should_error)? };
    let warnings_are_errors =
        scope.run().shared.events.policy().verdict("LogTestResult", "Q007") == event::Verdict::Error;
    Ok(judge(answer, &node.config, warnings_are_errors))
}

/// Reads a count; a calculation such as `sum` may give `3.0`.
fn whole_number(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| {
        let (whole, fraction) = text.split_once('.')?;
        fraction.bytes().all(|b| b.is_ascii_digit()).then(|| whole.parse().ok()).flatten()
    })
}

/// Reads a condition: engines without booleans answer with numbers, macros of projects with words. Nothing is false;
/// `None` stands for what is neither.
fn truth(text: Option<&str>) -> Option<bool> {
    let Some(text) = text else { return Some(false) };
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" | "t" | "true" | "on" | "1" => Some(true),
        "n" | "no" | "f" | "false" | "off" | "0" => Some(false),
        other => other.parse::<f64>().ok().map(|number| number != 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_come_in_several_spellings() {
        assert_eq!(whole_number("3"), Some(3));
        assert_eq!(whole_number("3.00"), Some(3));
        assert_eq!(whole_number("three"), None);
    }

    #[test]
    fn conditions_are_booleans_numbers_or_words() {
        for (text, want) in [
            (Some("True"), Some(true)),
            (Some("1"), Some(true)),
            (Some("2"), Some(true)),
            (Some("off"), Some(false)),
            (Some("0.0"), Some(false)),
            (None, Some(false)),
            (Some("x"), None),
        ] {
            assert_eq!(truth(text), want, "{text:?}");
        }
    }
}
