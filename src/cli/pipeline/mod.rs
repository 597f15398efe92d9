//! What commands have in common: load the project, select, run, report. Each step is a file here; commands
//! put them together.

mod catalog;
mod checking;
mod deferral;
mod diffing;
mod execute;
mod forecast;
mod freshness;
mod inline;
mod journal;
mod lineage;
mod linting;
mod load;
mod operation;
mod report;
mod sarif;
mod scope;
mod seed_rows;
mod selecting;
mod signals;

pub(super) use catalog::write_catalog;
pub(super) use checking::{Checked, check_nodes, tell_checked};
pub(super) use diffing::{Compared, compare_with_state};
pub(super) use execute::{Done, execute};
pub(super) use freshness::measure_freshness;
pub(super) use inline::{
    Preview, compile_inline, preview_direct, preview_failures, preview_inline, preview_selected,
};
pub(super) use lineage::{lineage_of_compiled, read_lineage};
pub(super) use linting::{Examined, lint_nodes};
pub(super) use load::{Loaded, load, load_project, load_workspace, reading};
pub(super) use operation::run_operation;
pub(super) use sarif::as_sarif;
pub(super) use selecting::{load_selected, named, select, select_sources};
