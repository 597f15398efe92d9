//! `--version`, in the shape that tools read: dbt Core's, then our own.
//!
//! The first `x.y.z` must be that of the dbt Core whose behaviour this is: tools take their dialect from it.

use std::fmt::Write as _;

pub use crate::project::DBT_VERSION;

/// The dbt adapters whose behaviour this is, with their versions.
pub const ADAPTERS: &[(&str, &str)] = &[("duckdb", "1.11.1"), ("postgres", "1.11.0")];

/// Our own version.
pub const OWN_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Returns the text of `--version`.
pub(super) fn text() -> String {
    let mut text = format!(
        "Core:\n  - installed: {DBT_VERSION}\n  - latest:    {DBT_VERSION} - Up to date!\n\nPlugins:\n"
    );
    for (name, version) in ADAPTERS {
        let _ = writeln!(text, "  - {name}: {version} - Up to date!");
    }
    let _ =
        writeln!(text, "\nTidegate {OWN_VERSION}: the versions above are those of dbt that it stands in for");
    text
}
