//! `column_lineage.json`: where every column comes from, and who uses it.
//!
//! An artifact of our own. Written by `cli` when lineage is asked for; read by `select` (`column:`) and by the documentation.
//! Invariant: what is not certain is marked, with the reason.

use std::collections::{BTreeSet, VecDeque};

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use crate::files::{self, FileError};
use crate::hash::{HashMap, HashSet, IndexMap};

/// The file's name in the target folder.
pub const COLUMN_LINEAGE: &str = "column_lineage.json";

/// What a column is, compared with the columns it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// The same value under the same name.
    Copied,
    /// The same value under another name.
    Renamed,
    /// Computed, of other columns or of none.
    Derived,
    /// Computed of the values of several rows.
    Aggregated,
    /// Not certain.
    Unknown,
}

/// How a query uses a column besides showing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnUse {
    /// `where`, `having`, `qualify`, `exists`, the right side of `except` and `intersect`.
    Filter,
    /// A condition of a join, or `using`.
    Join,
    /// `group by`, `distinct on`, the columns that a pivot spreads or keeps.
    Group,
    /// `order by` of rows.
    Order,
    /// `partition by` and `order by` of a window.
    Window,
}

/// A column of a relation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ColumnRef {
    /// The id of a node or source; the name or call as SQL, where it is none of the project's.
    pub relation: String,
    /// The column's name.
    pub column: String,
}

impl ColumnRef {
    /// Names a column.
    pub fn new(relation: impl Into<String>, column: impl Into<String>) -> Self {
        Self { relation: relation.into(), column: column.into() }
    }

    /// What is compared: names of columns that differ in case only do not occur in one relation of a project.
    fn key(&self) -> (String, String) {
        (self.relation.clone(), self.column.to_lowercase())
    }
}

/// A column that goes into another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnInput {
    /// Which.
    #[serde(flatten)]
    pub column: ColumnRef,
    /// What happens to it.
    pub kind: ColumnKind,
}

/// A column of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnOrigin {
    /// What it is.
    pub kind: ColumnKind,
    /// What it is made of.
    pub inputs: Vec<ColumnInput>,
    /// Why that is not certain, or not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

/// A column that decides which rows a node has, or their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedColumn {
    /// Which.
    #[serde(flatten)]
    pub column: ColumnRef,
    /// How.
    pub how: BTreeSet<ColumnUse>,
}

/// The lineage of one node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeLineage {
    /// The fingerprint of the code that this was read from.
    pub checksum: String,
    /// Its columns, in their order.
    pub columns: IndexMap<String, ColumnOrigin>,
    /// Why there may be more columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
    /// What decides on its rows.
    pub uses: Vec<UsedColumn>,
    /// Why there may be more of that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses_unknown: Vec<String>,
    /// What it reads, by id.
    pub reads: Vec<String>,
}

impl NodeLineage {
    /// Returns why it may use columns besides those it is known to use.
    pub fn doubt(&self) -> Option<&str> {
        let column = self.columns.values().find_map(|column| column.unknown.as_deref());
        self.incomplete.as_deref().or(column).or(self.uses_unknown.first().map(String::as_str))
    }
}

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnLineage {
    /// The version of this format.
    pub format: u32,
    /// Models and snapshots by id.
    pub nodes: IndexMap<String, NodeLineage>,
}

/// What a walk along columns came upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The column nearer to the start.
    pub from: ColumnRef,
    /// The column reached; the name is empty where a node's rows depend on `from`.
    pub to: ColumnRef,
    /// How they are related.
    pub link: Link,
    /// How many steps from the start, from 1.
    pub depth: usize,
}

/// How two columns are related.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// One goes into the other.
    Value(ColumnKind),
    /// The rows of a node depend on it.
    Rows(BTreeSet<ColumnUse>),
    /// The node reads the relation, and it is not known what of it.
    Perhaps(String),
}

/// The format that this program writes and reads.
const FORMAT: u32 = 1;

impl ColumnLineage {
    /// Makes the file of some nodes.
    pub fn new(nodes: IndexMap<String, NodeLineage>) -> Self {
        Self { format: FORMAT, nodes }
    }

    /// Writes the file into a target folder, all of it or nothing.
    pub fn write(&self, target: &Utf8Path) -> Result<(), FileError> {
        super::write_json(&target.join(COLUMN_LINEAGE), self)
    }

    /// Reads the file of a target folder; `None` if there is none, or one of another format.
    pub fn read(target: &Utf8Path) -> Option<Self> {
        let text = files::read_text(&target.join(COLUMN_LINEAGE)).ok()?;
        serde_json::from_str(&text).ok().filter(|file: &Self| file.format == FORMAT)
    }

    /// Returns a column as the file spells it, if it is known.
    pub fn origin(&self, column: &ColumnRef) -> Option<(&str, &ColumnOrigin)> {
        let columns = &self.nodes.get(&column.relation)?.columns;
        let found = columns
            .get_key_value(&column.column)
            .or_else(|| columns.iter().find(|(name, _)| name.eq_ignore_ascii_case(&column.column)));
        found.map(|(name, origin)| (name.as_str(), origin))
    }

    /// Returns the columns that a column is made of, nearest first, `depth` steps up or all the way.
    pub fn upstream(&self, start: &ColumnRef, depth: Option<usize>) -> Vec<Reached> {
        walk(start, depth, |from, depth| {
            let inputs = self.origin(from).map(|(_, origin)| origin.inputs.as_slice()).unwrap_or_default();
            let reached = |input: &ColumnInput| Reached {
                from: from.clone(),
                to: input.column.clone(),
                link: Link::Value(input.kind),
                depth,
            };
            inputs.iter().map(reached).collect()
        })
    }

    /// Returns what a column goes into, nearest first, `depth` steps down or all the way. A node whose rows depend on a
    /// column is reached, and its columns are not.
    pub fn downstream(&self, start: &ColumnRef, depth: Option<usize>) -> Vec<Reached> {
        let consumers = self.consumers();
        let relations = self.readers();
        walk(start, depth, |from, depth| {
            let known = consumers.get(&from.key()).into_iter().flatten();
            let mut reached: Vec<Reached> = known
                .map(|(to, link)| Reached { from: from.clone(), to: to.clone(), link: link.clone(), depth })
                .collect();
            for (node, reason) in relations.get(from.relation.as_str()).into_iter().flatten() {
                if reached.iter().all(|known| known.to.relation != *node) {
                    let (to, link) = (ColumnRef::new(*node, ""), Link::Perhaps((*reason).to_owned()));
                    reached.push(Reached { from: from.clone(), to, link, depth });
                }
            }
            reached
        })
    }

    /// Column → what it goes into.
    fn consumers(&self) -> HashMap<(String, String), Vec<(ColumnRef, Link)>> {
        let mut consumers: HashMap<_, Vec<_>> = HashMap::default();
        for (id, node) in &self.nodes {
            for (name, origin) in &node.columns {
                for input in &origin.inputs {
                    let to = (ColumnRef::new(id, name), Link::Value(input.kind));
                    consumers.entry(input.column.key()).or_default().push(to);
                }
            }
            for used in &node.uses {
                let to = (ColumnRef::new(id, ""), Link::Rows(used.how.clone()));
                consumers.entry(used.column.key()).or_default().push(to);
            }
        }
        consumers
    }

    /// Relation → the nodes that read it in ways that are not all known, with the reason.
    fn readers(&self) -> HashMap<&str, Vec<(&str, &str)>> {
        let mut readers: HashMap<&str, Vec<(&str, &str)>> = HashMap::default();
        for (id, node) in &self.nodes {
            let Some(reason) = node.doubt() else { continue };
            for relation in &node.reads {
                readers.entry(relation).or_default().push((id, reason));
            }
        }
        readers
    }
}

/// Goes from column to column, breadth first, each once.
fn walk(
    start: &ColumnRef,
    depth: Option<usize>,
    next: impl Fn(&ColumnRef, usize) -> Vec<Reached>,
) -> Vec<Reached> {
    let mut seen: HashSet<(String, String)> = HashSet::from_iter([start.key()]);
    let mut queue = VecDeque::from([(start.clone(), 1)]);
    let mut all = Vec::new();
    while let Some((from, level)) = queue.pop_front() {
        if depth.is_some_and(|depth| level > depth) {
            continue;
        }
        for reached in next(&from, level) {
            if matches!(reached.link, Link::Value(_)) && seen.insert(reached.to.key()) {
                queue.push_back((reached.to.clone(), level + 1));
            }
            all.push(reached);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: ColumnKind, inputs: &[(&str, &str)]) -> ColumnOrigin {
        let inputs = inputs
            .iter()
            .map(|(relation, column)| ColumnInput { column: ColumnRef::new(*relation, *column), kind });
        ColumnOrigin { kind, inputs: inputs.collect(), unknown: None }
    }

    fn file() -> ColumnLineage {
        let mut stg = NodeLineage { reads: vec!["src".to_owned()], ..NodeLineage::default() };
        stg.columns.insert("amount".to_owned(), column(ColumnKind::Renamed, &[("src", "amt")]));
        let mut orders = NodeLineage { reads: vec!["stg".to_owned()], ..NodeLineage::default() };
        orders.columns.insert("Total".to_owned(), column(ColumnKind::Aggregated, &[("stg", "amount")]));
        let how = BTreeSet::from([ColumnUse::Filter]);
        let mut open = NodeLineage { reads: vec!["orders".to_owned()], ..NodeLineage::default() };
        open.uses.push(UsedColumn { column: ColumnRef::new("orders", "total"), how });
        let odd = NodeLineage {
            incomplete: Some("it could not be read".to_owned()),
            reads: vec!["stg".to_owned()],
            ..NodeLineage::default()
        };
        let nodes = [("stg", stg), ("orders", orders), ("open", open), ("odd", odd)];
        ColumnLineage::new(nodes.into_iter().map(|(id, node)| (id.to_owned(), node)).collect())
    }

    fn told(reached: &[Reached]) -> Vec<String> {
        reached
            .iter()
            .map(|it| format!("{} {}.{} {:?}", it.depth, it.to.relation, it.to.column, it.link))
            .collect()
    }

    #[test]
    fn walks_go_up_and_down() {
        let file = file();
        let up = file.upstream(&ColumnRef::new("orders", "total"), None);
        assert_eq!(told(&up), ["1 stg.amount Value(Aggregated)", "2 src.amt Value(Renamed)"]);
        assert_eq!(file.upstream(&ColumnRef::new("orders", "total"), Some(1)).len(), 1);
        let down = told(&file.downstream(&ColumnRef::new("src", "AMT"), None));
        assert_eq!(
            down,
            [
                "1 stg.amount Value(Renamed)",
                "2 orders.Total Value(Aggregated)",
                "2 odd. Perhaps(\"it could not be read\")",
                "3 open. Rows({Filter})",
            ]
        );
    }

    #[test]
    fn what_is_written_is_read() {
        let text = serde_json::to_string(&file()).unwrap();
        assert_eq!(serde_json::from_str::<ColumnLineage>(&text).unwrap(), file());
    }
}
