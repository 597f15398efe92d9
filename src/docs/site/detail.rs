//! What a page shows of one resource beyond the index: its entries in manifest and catalog, untouched, its
//! size, its age, its runs and the lineage of its columns.

use crate::hash::HashMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::artifacts::{Artifacts, SourceAge};
use super::columns::Flows;
use super::entry::Entry;
use super::index::Index;
use crate::artifacts::{PastResult, RelationSize};
use crate::hash::IndexMap;

/// Where the details of all resources are found.
pub(super) struct Details<'a> {
    artifacts: &'a Artifacts<'a>,
    runs: HashMap<&'a str, Vec<Run<'a>>>,
    /// The users of macros, by the macro's id.
    users: HashMap<&'a str, Vec<&'a str>>,
}

/// The detail of one resource.
#[derive(Serialize)]
pub(super) struct Detail<'a> {
    node: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<RelationSize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flows: Option<&'a Flows>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age: Option<&'a SourceAge>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    runs: &'a [Run<'a>],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    used_by: &'a [&'a str],
}

/// Which run, and what became of the resource: status, seconds, failures or rows, message.
#[derive(Serialize)]
struct Run<'a>(usize, &'a str, f64, Option<i64>, Option<&'a str>);

impl<'a> Details<'a> {
    pub(super) fn of(index: &'a Index<'a>, artifacts: &'a Artifacts<'a>) -> Self {
        let mut runs: HashMap<&str, Vec<Run<'_>>> = HashMap::default();
        for (at, run) in artifacts.runs.iter().enumerate() {
            for PastResult(id, status, seconds, count, message) in &run.results {
                let result = Run(at, status, *seconds, *count, message.as_deref());
                runs.entry(id).or_default().push(result);
            }
        }
        let mut users: HashMap<&str, Vec<&str>> = HashMap::default();
        for (entry, raw) in index.raws() {
            for name in &raw.depends_on.macros {
                users.entry(name).or_default().push(entry.id);
            }
        }
        Self { artifacts, runs, users }
    }

    /// Returns the details of some resources, by id.
    pub(super) fn of_all(&self, entries: &'a [Entry<'a>]) -> IndexMap<&'a str, Detail<'_>> {
        entries.iter().filter_map(|entry| Some((entry.id, self.detail(entry.id)?))).collect()
    }

    fn detail(&self, id: &str) -> Option<Detail<'_>> {
        let manifest = &self.artifacts.manifest;
        Some(Detail {
            node: manifest.maps().into_iter().find_map(|map| map.get(id))?,
            table: self.artifacts.tables.get(id).copied(),
            size: self.artifacts.sizes.0.get(id).copied(),
            flows: self.artifacts.flows.get(id),
            age: self.artifacts.ages.get(id),
            runs: self.runs.get(id).map_or(&[], Vec::as_slice),
            used_by: self.users.get(id).map_or(&[], Vec::as_slice),
        })
    }
}
