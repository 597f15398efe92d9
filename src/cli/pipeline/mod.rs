//! What commands have in common: load the project, select, run, report. Each step is a file here; commands
//! put them together.

mod execute;
mod load;
mod report;
mod scope;
mod selecting;

pub(super) use execute::{Done, execute};
pub(super) use load::{Loaded, load, load_workspace};
pub(super) use report::print_results;
pub(super) use scope::{Warehouse, open};
pub(super) use selecting::{nothing_selected, select};
