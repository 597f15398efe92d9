//! The index of all resources: what the page has at hand from its first moment.

use crate::hash::HashMap;

use rayon::prelude::*;
use serde::Serialize;
use serde_json::value::RawValue;

use super::SHARD;
use super::artifacts::Artifacts;
use super::entry::{Entry, Raw};
use crate::artifacts::PastResult;
use crate::hash::IndexMap;

/// Everything the page knows before it loads a detail.
#[derive(Serialize)]
pub(super) struct Index<'a> {
    project: &'a str,
    adapter: &'a str,
    generated_at: &'a str,
    dbt_version: &'a str,
    version: &'static str,
    /// Changes with every build: details of another build are not taken from a cache.
    stamp: &'a str,
    /// How many resources share one file of details.
    shard: usize,
    /// Introductions by package; the root project's is `""`.
    overviews: IndexMap<String, &'a str>,
    runs: Vec<RunHead<'a>>,
    pub(super) entries: Vec<Entry<'a>>,
    /// What only details and texts need, entry by entry.
    #[serde(skip)]
    raws: Vec<Raw>,
}

/// A run without its results.
#[derive(Serialize)]
struct RunHead<'a> {
    command: &'a str,
    at: &'a str,
    elapsed: f64,
    /// How many results ended how.
    counts: IndexMap<&'a str, usize>,
}

/// What only searching needs of a resource: description, columns with theirs, code.
#[derive(Serialize)]
pub(super) struct Text<'a>(&'a str, String, &'a str);

impl<'a> Index<'a> {
    /// Makes the index, in the order of the manifest's maps.
    pub(super) fn of(artifacts: &'a Artifacts<'_>) -> Self {
        let manifest = &artifacts.manifest;
        let all: Vec<(&'a str, &RawValue)> =
            manifest.maps().into_iter().flatten().map(|(id, text)| (id.as_str(), *text)).collect();
        let raws: Vec<Raw> = all.par_iter().map(|(_, text)| Raw::of(text)).collect();
        let places: HashMap<&str, usize> = all.iter().enumerate().map(|(at, (id, _))| (*id, at)).collect();
        let place = |id: &String| places.get(id.as_str()).copied();
        let status = last_status(artifacts);
        let own = |package: &str| !is_built_in(package, manifest.metadata.adapter_type.as_deref());
        let entries = all.iter().zip(&raws).map(|((id, _), raw)| {
            let mut entry = raw.entry(id);
            entry.parents = raw.depends_on.nodes.iter().filter_map(place).collect();
            entry.attached = raw.attached_node.as_ref().and_then(place);
            entry.status = status.get(id).map(|status| (*status).to_owned());
            entry.hidden |= !own(&entry.package);
            entry
        });
        Self {
            project: artifacts.project_name(),
            adapter: manifest.metadata.adapter_type.as_deref().unwrap_or_default(),
            generated_at: &manifest.metadata.generated_at,
            dbt_version: &manifest.metadata.dbt_version,
            version: env!("CARGO_PKG_VERSION"),
            stamp: &manifest.metadata.invocation_id,
            shard: SHARD,
            overviews: overviews(artifacts),
            runs: artifacts.runs.iter().map(RunHead::of).collect(),
            entries: entries.collect(),
            raws,
        }
    }

    /// Returns each entry's place with all that was read of it.
    pub(super) fn raws(&self) -> impl Iterator<Item = (&Entry<'a>, &Raw)> {
        self.entries.iter().zip(&self.raws)
    }

    /// Returns the texts for searching, entry by entry; nothing for what search does not show.
    pub(super) fn texts(&self) -> Vec<Option<Text<'_>>> {
        self.raws()
            .map(|(entry, raw)| {
                let code = raw.raw_code.as_deref().or(raw.macro_sql.as_deref()).unwrap_or_default();
                (!entry.hidden)
                    .then(|| Text(raw.description.as_deref().unwrap_or_default(), columns_text(raw), code))
            })
            .collect()
    }
}

fn columns_text(raw: &Raw) -> String {
    let described = raw.columns.iter().filter_map(|(key, column)| {
        let description = column.description.as_deref().filter(|text| !text.is_empty())?;
        Some(format!("{}: {description}", column.shown_name(key)))
    });
    described.collect::<Vec<_>>().join("\n")
}

/// Macros that come with the program are found by link only, as in dbt's documentation.
fn is_built_in(package: &str, adapter: Option<&str>) -> bool {
    package == "dbt" || package.strip_prefix("dbt_").is_some_and(|engine| adapter == Some(engine))
}

/// Introductions: `__overview__` of the root project, and `__PACKAGE__` of any.
fn overviews<'a>(artifacts: &'a Artifacts<'_>) -> IndexMap<String, &'a str> {
    let mut found = IndexMap::default();
    for block in artifacts.manifest.docs.values() {
        let Some(name) = block.name.strip_prefix("__").and_then(|name| name.strip_suffix("__")) else {
            continue;
        };
        let root = block.package_name == artifacts.project_name();
        match name {
            "overview" if root => drop(found.insert(String::new(), block.block_contents.as_str())),
            // The site has a greeting of its own.
            "overview" if is_built_in(&block.package_name, None) => {}
            "overview" => {
                found.entry(block.package_name.clone()).or_insert(block.block_contents.as_str());
            }
            _ => drop(found.insert(name.to_owned(), block.block_contents.as_str())),
        }
    }
    found
}

/// Each node's status in the last run that had it; of a source, whether its data are fresh.
fn last_status<'a>(artifacts: &'a Artifacts<'_>) -> HashMap<&'a str, &'a str> {
    let all = artifacts.runs.iter().flat_map(|run| &run.results);
    let runs = all.map(|PastResult(id, status, ..)| (id.as_str(), status.as_str()));
    runs.chain(artifacts.ages.iter().map(|(id, age)| (id.as_str(), age.status.as_str()))).collect()
}

impl<'a> RunHead<'a> {
    fn of(run: &'a crate::artifacts::PastRun) -> Self {
        let mut counts = IndexMap::default();
        for PastResult(_, status, ..) in &run.results {
            *counts.entry(status.as_str()).or_insert(0) += 1;
        }
        Self { command: &run.command, at: &run.at, elapsed: run.elapsed, counts }
    }
}
