//! Rows of seeds for people: all of `show`, some of `seed --show`. They are read from the file.

use std::hash::{BuildHasher, RandomState};

use crate::adapter::ResultTable;
use crate::artifacts::{RunResult, Status};
use crate::cli::Ui;
use crate::context::seed_options;
use crate::context::table::{Limits, Table};
use crate::diag::{Code, Diagnostic};
use crate::event::{Formatting, PrintEvent, SeedHeader};
use crate::manifest::{Node, NodeKind};

use super::load::Loaded;
use super::report::blank;

/// How many rows of a seed `seed --show` prints, as dbt.
const SHOWN: usize = 10;

/// Reads a seed: its first rows, or all.
pub(super) fn seed_rows(
    node: &Node,
    root_path: &str,
    limit: Option<usize>,
) -> Result<ResultTable, Diagnostic> {
    let path = std::path::Path::new(root_path).join(&node.original_file_path);
    crate::adapter::seed::read(&path, &seed_options(node), limit).map_err(|error| {
        let message = format!("seed file `{}` can not be read: {error}", node.original_file_path);
        Diagnostic::error(Code::INVALID_RESOURCE, node.span, message)
    })
}

/// Prints some rows, in any order, of each seed that was loaded.
pub(super) fn show_samples(ui: &Ui, loaded: &Loaded, results: &[RunResult]) -> Result<(), Diagnostic> {
    let done = results.iter().filter(|result| result.status == Status::Success);
    for node in done.filter_map(|result| loaded.parsed.manifest.node(&result.unique_id)) {
        let NodeKind::Seed { root_path } = &node.kind else { continue };
        let mut rows = seed_rows(node, root_path, None)?;
        let order = RandomState::new();
        let mut places: Vec<usize> = (0..rows.rows.len()).collect();
        places.sort_by_cached_key(|place| order.hash_one(place));
        rows.rows = places.into_iter().map(|place| std::mem::take(&mut rows.rows[place])).collect();
        let header = format!("Random sample of table: {}.{}", node.schema, node.alias);
        let rule = "-".repeat(header.chars().count());
        blank(ui);
        ui.events.send(SeedHeader { header });
        ui.events.send(Formatting { msg: rule });
        let limits = Limits { rows: Some(SHOWN), columns: None, ..Limits::default() };
        let msg = Table::from_result(rows).markdown(limits);
        ui.events.send(PrintEvent { msg: msg.trim_end().to_owned() });
        blank(ui);
    }
    Ok(())
}
