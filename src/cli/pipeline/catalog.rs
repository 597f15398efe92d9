//! `catalog.json`: what the database says of the project's relations; how large they are beside it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::artifacts::{Catalog, RelationSizes};
use crate::cli::{CliError, Outcome, Ui};
use crate::docs::{read_catalog, read_sizes};
use crate::event::{BuildingCatalog, CatalogGenerationError, CatalogWritten, WriteCatalogFailure};
use crate::manifest::UniqueId;

use super::load::{Loaded, written};
use super::scope::open;

/// Asks for the selected nodes and sources (for everything where there is no selection) and writes the file,
/// also when a part of the answer is missing; that is a failure.
pub(in crate::cli) fn write_catalog(
    ui: &Ui,
    loaded: &Loaded,
    selected: Option<&BTreeSet<UniqueId>>,
) -> Result<Outcome, CliError> {
    let (catalog, sizes) = if ui.flags.switch("empty_catalog") {
        (Catalog::default(), RelationSizes::default())
    } else {
        ui.events.send(BuildingCatalog {});
        let ids = selected.into_iter().flatten().cloned().collect();
        let warehouse = open(ui, loaded, ids)?;
        let scope = warehouse.macro_scope(loaded);
        let read =
            read_catalog(&scope, selected).and_then(|catalog| Ok((catalog, read_sizes(&scope, selected)?)));
        warehouse.close()?;
        read?
    };
    for exc in &catalog.errors {
        ui.events.warn(CatalogGenerationError { exc: exc.clone() })?;
    }
    sizes.write(&loaded.target(""))?;
    let path = loaded.target("catalog.json");
    catalog.write(&path, &ui.invocation, Timestamp::now())?;
    written(ui, "CatalogArtifact", &path);
    if !catalog.errors.is_empty() {
        ui.events.send(WriteCatalogFailure { num_exceptions: catalog.errors.len() });
    }
    ui.events.send(CatalogWritten { path: path.to_string() });
    Ok(if catalog.errors.is_empty() { Outcome::Success } else { Outcome::Failure })
}
