//! Runs a unit test: its model on given rows, in no table, against expected rows (`resources.md` section 7).
//!
//! Input: the node that stands for the test, compiled. Output: a verdict, whose message shows the differences.

use std::sync::Arc;

use super::materialize::call_materialization;
use crate::artifacts::Status;
use crate::check::{TextRow, Verdict, unit_test_difference};
use crate::context::NodeScope;
use crate::context::table::{Table, cell_text, table_of};
use crate::diag::{Code, Diagnostic};
use crate::manifest::{Compiled, Node};

/// The column that tells on which side a row belongs.
const MARKER: &str = "actual_or_expected";

/// Runs a unit test by its materialization, which answers with the rows of both sides.
pub(super) fn run_unit_test(
    node: &Node,
    compiled: &Arc<Compiled>,
    scope: &NodeScope,
) -> Result<Verdict, Diagnostic> {
    call_materialization(node, node.config.materialized().as_str(), Some(&compiled.code), scope).map_err(
        |diagnostic| {
            let name = &node.name;
            let help = format!("unit test '{name}' could not be executed: check the types of its rows");
            diagnostic.help(help)
        },
    )?;
    let Some(table) = scope.main_table().as_ref().and_then(table_of) else {
        let message = format!("unit test `{}` ran no statement `main`", node.name);
        return Err(Diagnostic::error(Code::INVALID_RESOURCE, node.span, message)
            .help("the materialization `unit` must call `statement('main', fetch_result=True)`"));
    };
    let names: Vec<String> = table.names.iter().map(|name| name.to_lowercase()).collect();
    let Some(marker) = names.iter().position(|name| name == MARKER) else {
        let message = format!("unit test `{}` gave no column `{MARKER}`", node.name);
        return Err(Diagnostic::error(Code::INVALID_RESOURCE, node.span, message));
    };
    let columns: Vec<usize> = (0..names.len()).filter(|at| *at != marker).collect();
    let shown: Vec<String> = columns.iter().map(|at| names[*at].clone()).collect();
    let side = |name: &str| side(&table, (marker, name), &columns);
    let (expected, actual) = (side("expected"), side("actual"));
    let Some(difference) = unit_test_difference(&shown, &expected, &actual) else {
        return Ok(Verdict { status: Status::Pass, message: None, failures: 0 });
    };
    let message = format!("\n\nactual differs from expected:\n\n{difference}\n");
    Ok(Verdict { status: Status::Fail, message: Some(message), failures: 1 })
}

/// Returns the rows of one side, sorted by all columns.
fn side(table: &Table, (marker, name): (usize, &str), columns: &[usize]) -> Vec<TextRow> {
    let rows = table.rows();
    let belongs = |at: &usize| cell_text(&rows[*at][marker]) == name;
    let side = table.pick((0..rows.len()).filter(belongs)).select(columns);
    let all: Vec<usize> = (0..columns.len()).collect();
    let text = |cell: &crate::adapter::Cell| (!cell.is_null()).then(|| cell_text(cell));
    side.order_by(&all, false).rows().iter().map(|row| row.iter().map(text).collect()).collect()
}
