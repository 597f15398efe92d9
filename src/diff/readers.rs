//! Who uses what changed: models and exposures, by the columns that they read.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::project::NodeChange;
use super::query::Verdict;
use crate::artifacts::{ColumnLineage, ColumnRef, Link};
use crate::hash::HashMap;
use crate::manifest::{Manifest, UniqueId};
use crate::sql::{names, takes_all_columns};

/// A model or exposure that a change reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Its id.
    pub id: String,
    /// The columns that it uses; empty where it uses the rows as a whole.
    pub columns: Vec<String>,
    /// Whether it certainly does.
    pub certain: bool,
}

/// What is known of the project as it is.
pub struct Known<'a> {
    manifest: &'a Manifest,
    lineage: &'a ColumnLineage,
    code: &'a dyn Fn(&UniqueId) -> Option<Arc<str>>,
    /// Who reads a relation, by its id.
    by_read: HashMap<&'a str, Vec<&'a str>>,
}

impl<'a> Known<'a> {
    /// Takes all resources, where columns come from, and how to get at the compiled SQL of a node.
    pub fn new(
        manifest: &'a Manifest,
        lineage: &'a ColumnLineage,
        code: &'a dyn Fn(&UniqueId) -> Option<Arc<str>>,
    ) -> Self {
        let mut by_read: HashMap<&str, Vec<&str>> = HashMap::default();
        for (id, node) in &lineage.nodes {
            for read in node.reads.iter().collect::<BTreeSet<_>>() {
                by_read.entry(read).or_default().push(id);
            }
        }
        Self { manifest, lineage, code, by_read }
    }
}

/// Columns and whether their use is certain, by reader.
type Found = BTreeMap<String, (BTreeSet<String>, bool)>;

/// Returns who a breaking change reaches.
pub fn readers(known: &Known<'_>, changed: &NodeChange) -> Vec<Reader> {
    if changed.change.verdict != Verdict::Breaking {
        return Vec::new();
    }
    let mut found = Found::new();
    match &changed.change.changed {
        None => known.by_rows(changed.id.as_str(), &mut found),
        Some(columns) => {
            for column in columns {
                known.by_column(changed.id.as_str(), column, &mut found);
            }
            for column in &changed.change.removed {
                known.by_name(changed.id.as_str(), column, &mut found);
            }
        }
    }
    known.exposures(changed.id.as_str(), &mut found);
    let reader = |(id, (columns, certain)): (String, (BTreeSet<String>, bool))| Reader {
        id,
        columns: columns.into_iter().collect(),
        certain,
    };
    found.into_iter().map(reader).collect()
}

fn note(found: &mut Found, id: &str, column: Option<&str>, certain: bool) {
    let (columns, is_certain) = found.entry(id.to_owned()).or_insert((BTreeSet::new(), false));
    columns.extend(column.map(str::to_owned));
    *is_certain |= certain;
}

impl Known<'_> {
    fn direct(&self, id: &str) -> impl Iterator<Item = &str> {
        self.by_read.get(id).into_iter().flatten().copied()
    }

    /// Other rows reach all that is made of them.
    fn by_rows(&self, id: &str, found: &mut Found) {
        let mut queue = VecDeque::from([id.to_owned()]);
        while let Some(next) = queue.pop_front() {
            for reader in self.direct(&next) {
                if reader != id && !found.contains_key(reader) {
                    note(found, reader, None, true);
                    queue.push_back(reader.to_owned());
                }
            }
        }
    }

    /// Another value reaches the columns that are made of it, and rows that it decides on.
    fn by_column(&self, id: &str, column: &str, found: &mut Found) {
        for reached in self.lineage.downstream(&ColumnRef::new(id, column), None) {
            let certain = !matches!(reached.link, Link::Perhaps(_));
            note(found, &reached.to.relation, Some(column), certain);
            if matches!(reached.link, Link::Rows(_)) {
                self.by_rows(&reached.to.relation, found);
            }
        }
    }

    /// A column that is gone is missed by who names it, and by the readers of who takes all columns.
    fn by_name(&self, id: &str, column: &str, found: &mut Found) {
        let mut queue = VecDeque::from([id.to_owned()]);
        let mut seen = BTreeSet::from([id.to_owned()]);
        while let Some(next) = queue.pop_front() {
            for reader in self.direct(&next) {
                let code = (self.code)(&UniqueId::from_artifact(reader));
                let names_it = code.as_ref().is_none_or(|code| names(code, column));
                let takes_all = code.as_ref().is_none_or(|code| takes_all_columns(code));
                if names_it || takes_all {
                    note(found, reader, Some(column), code.is_some());
                }
                if seen.insert(reader.to_owned()) && takes_all {
                    queue.push_back(reader.to_owned());
                }
            }
        }
    }

    /// Exposures of the changed node, and of what it reaches.
    fn exposures(&self, id: &str, found: &mut Found) {
        for exposure in self.manifest.exposures.values() {
            let parents = self.manifest.parents(&exposure.unique_id);
            let reached = |parent: &&UniqueId| parent.as_str() == id || found.contains_key(parent.as_str());
            if parents.iter().any(|parent| reached(&parent)) {
                note(found, exposure.unique_id.as_str(), None, true);
            }
        }
    }
}
