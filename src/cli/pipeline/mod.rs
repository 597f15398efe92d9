//! What commands have in common: load the project, select, run, report. Each step is a file here; commands
//! put them together.

mod execute;
mod inline;
mod load;
mod operation;
mod report;
mod scope;
mod selecting;

pub(super) use execute::{Done, execute};
pub(super) use inline::{Preview, compile_inline, preview_inline, preview_selected};
pub(super) use load::{load, load_project};
pub(super) use operation::run_operation;
pub(super) use selecting::{named, nothing_selected, select};
