//! The artifacts of a target folder, read as far as the site needs them: entries stay the JSON text they are, so
//! that pages show what any other reader would see.

use crate::hash::HashMap;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::columns::{Flows, flows};
use crate::artifacts::{ColumnLineage, PastRun, RelationSizes};
use crate::diag::{Code, Diagnostic};
use crate::files::{self, FileError};
use crate::hash::IndexMap;

/// How many runs the pages show.
const RUNS: usize = 20;

/// Entries by id, as text.
pub(super) type Entries<'a> = IndexMap<String, &'a RawValue>;

/// The files' texts.
pub(super) struct Texts {
    manifest: String,
    catalog: Option<String>,
    sources: Option<String>,
}

impl Texts {
    /// Reads the files; only the manifest has to be there.
    pub(super) fn read(target: &Utf8Path) -> Result<Self, Diagnostic> {
        let optional = |read: Result<String, FileError>| match read {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        };
        let path = target.join("manifest.json");
        let manifest = optional(files::read_text(&path))?.ok_or_else(|| {
            Diagnostic::error(Code::IO, None, format!("there is no `{path}` to make documentation from"))
                .help("`docs generate` writes it")
        })?;
        let catalog = optional(files::read_text(&target.join("catalog.json")))?;
        let sources = optional(files::read_text(&target.join("sources.json")))?;
        Ok(Self { manifest, catalog, sources })
    }
}

/// All that the site is made from.
pub(super) struct Artifacts<'a> {
    /// `manifest.json`.
    pub(super) manifest: ManifestText<'a>,
    /// Relations of the catalog by the id of the node or source.
    pub(super) tables: HashMap<String, &'a RawValue>,
    /// How large they are.
    pub(super) sizes: RelationSizes,
    /// Where columns come from and what they go into, by id.
    pub(super) flows: HashMap<String, Flows>,
    /// How old sources are, by id.
    pub(super) ages: HashMap<String, SourceAge>,
    /// The last runs, the oldest first.
    pub(super) runs: Vec<PastRun>,
}

#[derive(Deserialize)]
struct SourcesText {
    results: Vec<SourceAge>,
}

/// What `sources.json` says of a source.
#[derive(Deserialize, Serialize)]
pub(super) struct SourceAge {
    #[serde(skip_serializing)]
    unique_id: String,
    pub(super) status: String,
    #[serde(default)]
    max_loaded_at: Option<String>,
    #[serde(default)]
    snapshotted_at: Option<String>,
}

/// The maps of `manifest.json` that pages are made of.
#[derive(Deserialize)]
pub(super) struct ManifestText<'a> {
    pub(super) metadata: Metadata,
    #[serde(borrow)]
    pub(super) nodes: Entries<'a>,
    #[serde(borrow, default)]
    pub(super) sources: Entries<'a>,
    #[serde(borrow, default)]
    pub(super) macros: Entries<'a>,
    #[serde(default)]
    pub(super) docs: IndexMap<String, DocBlock>,
    #[serde(borrow, default)]
    pub(super) exposures: Entries<'a>,
    #[serde(borrow, default)]
    pub(super) metrics: Entries<'a>,
    #[serde(borrow, default)]
    pub(super) groups: Entries<'a>,
    #[serde(borrow, default)]
    pub(super) semantic_models: Entries<'a>,
    #[serde(borrow, default)]
    pub(super) saved_queries: Entries<'a>,
    #[serde(borrow, default)]
    pub(super) unit_tests: Entries<'a>,
    #[serde(borrow, default)]
    pub(super) functions: Entries<'a>,
}

impl<'a> ManifestText<'a> {
    /// Returns the maps of all resources that have a page, in the order of the index.
    pub(super) fn maps(&self) -> [&Entries<'a>; 10] {
        [
            &self.nodes,
            &self.sources,
            &self.exposures,
            &self.metrics,
            &self.semantic_models,
            &self.saved_queries,
            &self.unit_tests,
            &self.functions,
            &self.groups,
            &self.macros,
        ]
    }
}

/// What `metadata` says.
#[derive(Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    pub(super) project_name: Option<String>,
    #[serde(default)]
    pub(super) adapter_type: Option<String>,
    #[serde(default)]
    pub(super) generated_at: String,
    #[serde(default)]
    pub(super) dbt_version: String,
    #[serde(default)]
    pub(super) invocation_id: String,
}

/// A docs block.
#[derive(Deserialize)]
pub(super) struct DocBlock {
    pub(super) name: String,
    pub(super) package_name: String,
    pub(super) block_contents: String,
}

#[derive(Deserialize)]
struct CatalogText<'a> {
    #[serde(borrow, default)]
    nodes: Entries<'a>,
    #[serde(borrow, default)]
    sources: Entries<'a>,
}

impl<'a> Artifacts<'a> {
    /// Takes the texts apart. Errors when they are no artifacts.
    pub(super) fn parse(target: &Utf8Path, texts: &'a Texts) -> Result<Self, Diagnostic> {
        let manifest = parse(target, "manifest.json", &texts.manifest)?;
        let catalog: Option<CatalogText<'a>> =
            texts.catalog.as_ref().map(|text| parse(target, "catalog.json", text)).transpose()?;
        let tables = catalog.map(|catalog| catalog.nodes.into_iter().chain(catalog.sources).collect());
        let sources: Option<SourcesText> =
            texts.sources.as_ref().map(|text| parse(target, "sources.json", text)).transpose()?;
        let ages = sources.into_iter().flat_map(|sources| sources.results);
        Ok(Self {
            manifest,
            tables: tables.unwrap_or_default(),
            sizes: RelationSizes::read(target),
            flows: ColumnLineage::read(target).map(|lineage| flows(&lineage)).unwrap_or_default(),
            ages: ages.map(|age| (age.unique_id.clone(), age)).collect(),
            runs: PastRun::read_last(target, RUNS),
        })
    }

    /// Returns the root project's name.
    pub(super) fn project_name(&self) -> &str {
        self.manifest.metadata.project_name.as_deref().unwrap_or_default()
    }
}

fn parse<'a, T: Deserialize<'a>>(target: &Utf8Path, file: &str, text: &'a str) -> Result<T, Diagnostic> {
    serde_json::from_str(text).map_err(|error| {
        let message = format!("`{}` cannot be read as an artifact: {error}", target.join(file));
        Diagnostic::error(Code::IO, None, message).help("`docs generate` writes it anew")
    })
}
