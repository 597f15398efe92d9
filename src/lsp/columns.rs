//! Columns: which a relation is known to have, and what a name in a query means.
//!
//! Input: the project and a [`Query`]. Output: columns of relations, and for each name the column of a relation, or the item of
//! a CTE or subquery, that it stands for. What could mean several things means nothing here. Called by `mentions`,
//! `completion`, `hover` and `rename_column`.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::mentions::Namer;
use super::query::{Item, Name, Query, Select, SourceItem, Star, Target};
use super::snapshot::Snapshot;
use crate::adapter::seed;
use crate::context::seed_options;
use crate::hash::HashMap;
use crate::manifest::{Language, Node, NodeKind, UniqueId};

/// The columns of a relation.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// Their names, in order.
    pub(super) names: Vec<String>,
    /// Whether there are no others.
    pub(super) all: bool,
}

impl Known {
    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    fn add(&mut self, name: &str) {
        if !self.has(name) {
            self.names.push(name.to_owned());
        }
    }
}

/// How many selects are looked at, each for the sake of the one before, in however many files. What goes on for longer was
/// not written by anybody, and would need more stack than a thread has: its columns are not known.
const DEEPEST: usize = 300;

thread_local! {
    /// The relations whose columns this thread is about to find, each for the sake of the one before.
    static FINDING: RefCell<Vec<UniqueId>> = const { RefCell::new(Vec::new()) };
    /// How many selects this thread looks at, each for the sake of the one before.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Returns the columns that a node or source is known to have: by its query, its file, and what is said of it.
pub(super) fn columns_of(snapshot: &Snapshot, id: &UniqueId) -> Arc<Known> {
    if let Some(known) = snapshot.known_columns(id) {
        return known;
    }
    // A model that reads itself learns nothing by that. Other threads see what is found, not that it is being looked for.
    if FINDING.with_borrow(|finding| finding.contains(id)) {
        return Arc::default();
    }
    FINDING.with_borrow_mut(|finding| finding.push(id.clone()));
    let known = Arc::new(find_columns(snapshot, id));
    FINDING.with_borrow_mut(Vec::pop);
    snapshot.keep_columns(id, Arc::clone(&known));
    known
}

fn find_columns(snapshot: &Snapshot, id: &UniqueId) -> Known {
    let manifest = snapshot.manifest();
    if let Some(table) = manifest.sources.get(id) {
        return Known { names: table.columns.keys().map(ToString::to_string).collect(), all: false };
    }
    let Some(node) = manifest.node(id) else { return Known::default() };
    let mut known = match &node.kind {
        NodeKind::Seed { root_path } => {
            let path = Path::new(root_path).join(&node.original_file_path);
            let names = seed::header(&path, &seed_options(node));
            names.map(|names| Known { names, all: true }).unwrap_or_default()
        }
        _ if node.language == Language::Sql => of_query(snapshot, node),
        _ => Known::default(),
    };
    node.columns.keys().for_each(|name| known.add(name));
    known.all &= !matches!(node.kind, NodeKind::Snapshot);
    known
}

fn of_query(snapshot: &Snapshot, node: &Node) -> Known {
    let namer = Namer { snapshot, package: &node.package_name };
    let scoped = Scoped::new(snapshot, namer.query(&node.raw_code));
    Arc::unwrap_or_clone(scoped.outputs(&scoped.query.finals))
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A column of a relation.
    Column(UniqueId),
    /// An item of a select.
    Item(usize, usize),
}

/// A query within its project.
///
/// Remembers what it was asked: selects that read the same CTE several times would otherwise multiply the work at every
/// step.
pub(super) struct Scoped<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) query: Query,
    /// The columns that selects give.
    outputs: RefCell<HashMap<usize, Arc<Known>>>,
    /// What the stars of selects bring along under a name, which is in small letters.
    starred: RefCell<HashMap<(usize, String), Option<Meaning>>>,
}

impl<'a> Scoped<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, query: Query) -> Self {
        Self { snapshot, query, outputs: RefCell::default(), starred: RefCell::default() }
    }
}

impl Scoped<'_> {
    /// Returns the columns that some selects give, which are those of the first.
    pub(super) fn outputs(&self, selects: &[usize]) -> Arc<Known> {
        let Some(id) = selects.first() else { return Arc::default() };
        if let Some(known) = self.outputs.borrow().get(id) {
            return Arc::clone(known);
        }
        let Some(select) = self.query.selects.get(*id) else { return Arc::default() };
        let Some(known) = nested(|| Arc::new(self.listed(select))) else { return Arc::default() };
        self.outputs.borrow_mut().insert(*id, Arc::clone(&known));
        known
    }

    fn listed(&self, select: &Select) -> Known {
        let mut known = Known { names: Vec::new(), all: true };
        for item in &select.items {
            match (&item.name, &item.star) {
                (Some((name, _)), _) => known.add(name),
                (None, Some(Star(qualifier))) => {
                    for source in matching(select, qualifier.as_deref()) {
                        let of_source = self.of_target(&source.target);
                        of_source.names.iter().for_each(|name| known.add(name));
                        known.all &= of_source.all;
                    }
                }
                (None, None) => known.all = false,
            }
        }
        known.all &= !select.items.is_empty();
        known
    }

    /// Returns the columns of something that is read.
    pub(super) fn of_target(&self, target: &Target) -> Arc<Known> {
        match target {
            Target::Relation(id) => columns_of(self.snapshot, id),
            Target::Selects(selects) => self.outputs(selects),
            Target::Unknown => Arc::default(),
        }
    }

    /// Returns what a name in a select stands for.
    pub(super) fn meaning(&self, select: usize, name: &Name) -> Option<Meaning> {
        let own = self.query.selects.get(select)?;
        let is_it = |item: &Item| {
            item.is_alias
                && item.name.as_ref().is_some_and(|(alias, _)| alias.eq_ignore_ascii_case(&name.text))
        };
        let own_item = own.items.iter().position(is_it);
        if let Some(item) = own_item.filter(|_| name.sees_items && name.qualifier.is_none()) {
            return Some(Meaning::Item(select, item));
        }
        let mut at = Some(select);
        while let Some(select) = at.and_then(|id| self.query.selects.get(id)) {
            if let Some(found) = self.among(select, name.qualifier.as_deref(), &name.text) {
                return Some(found);
            }
            at = select.parent;
        }
        None
    }

    /// Finds a column among what a select reads; nothing if several have it.
    fn among(&self, select: &Select, qualifier: Option<&str>, name: &str) -> Option<Meaning> {
        let sources: Vec<_> = matching(select, qualifier).collect();
        let mut found = sources.iter().filter_map(|source| self.in_target(&source.target, name));
        match (found.next(), found.next()) {
            (Some(only), None) => return Some(only),
            (Some(_), Some(_)) => return None,
            (None, _) => {}
        }
        // What is said to be a column of a relation is one, if it may have others than those known.
        match (qualifier, sources.as_slice()) {
            (Some(_), [source]) => match &source.target {
                Target::Relation(id) if !columns_of(self.snapshot, id).all => {
                    Some(Meaning::Column(id.clone()))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn in_target(&self, target: &Target, name: &str) -> Option<Meaning> {
        match target {
            Target::Relation(id) => {
                columns_of(self.snapshot, id).has(name).then(|| Meaning::Column(id.clone()))
            }
            Target::Selects(selects) => self.output(selects, name),
            Target::Unknown => None,
        }
    }

    /// Finds the item behind a column of some selects, or the column that a star brings along.
    pub(super) fn output(&self, selects: &[usize], name: &str) -> Option<Meaning> {
        let id = *selects.first()?;
        let select = self.query.selects.get(id)?;
        let is_it = |item: &Item| item.name.as_ref().is_some_and(|(own, _)| own.eq_ignore_ascii_case(name));
        if let Some(item) = select.items.iter().position(is_it) {
            return Some(Meaning::Item(id, item));
        }
        let key = (id, name.to_lowercase());
        if let Some(meaning) = self.starred.borrow().get(&key) {
            return meaning.clone();
        }
        let brought = |item: &Item| {
            let Star(qualifier) = item.star.as_ref()?;
            self.among(select, qualifier.as_deref(), name)
        };
        let meaning = nested(|| select.items.iter().find_map(brought))?;
        self.starred.borrow_mut().insert(key, meaning.clone());
        meaning
    }

    /// Returns where the whole query names one of its columns, and whether it gives it that name there.
    pub(super) fn given(&self, name: &str) -> Option<(Range<usize>, bool)> {
        self.named(&self.output(&self.query.finals, name)?)
    }

    /// Returns where an item is named, and whether the name was given to it.
    pub(super) fn named(&self, meaning: &Meaning) -> Option<(Range<usize>, bool)> {
        let Meaning::Item(select, item) = meaning else { return None };
        let item = self.query.selects.get(*select)?.items.get(*item)?;
        item.name.as_ref().map(|(_, range)| (range.clone(), item.is_alias))
    }

    /// Follows an item that only shows a column to that column's relation.
    pub(super) fn origin(&self, meaning: Meaning) -> Option<(UniqueId, String)> {
        let mut at = meaning;
        // Names cannot go in circles, but what is half written may.
        for _ in 0..50 {
            let Meaning::Item(select, item) = at else { return None };
            let shown = self.query.selects.get(select)?;
            let (_, range) = shown.items.get(item)?.name.as_ref()?;
            let name = shown.names.iter().find(|name| name.is_item && name.range == *range)?;
            match self.meaning(select, name)? {
                Meaning::Column(id) => return Some((id, name.text.clone())),
                further @ Meaning::Item(..) => at = further,
            }
        }
        None
    }
}

/// Looks at a select, maybe for the sake of another; `None` if that goes on for too long.
fn nested<T>(look: impl FnOnce() -> T) -> Option<T> {
    let depth = DEPTH.get();
    if depth == DEEPEST {
        return None;
    }
    DEPTH.set(depth + 1);
    let found = look();
    DEPTH.set(depth);
    Some(found)
}

fn matching<'s>(select: &'s Select, qualifier: Option<&'s str>) -> impl Iterator<Item = &'s SourceItem> {
    select.sources.iter().filter(move |source| qualifier.is_none_or(|wanted| source.alias == wanted))
}
