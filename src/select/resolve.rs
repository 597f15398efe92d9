//! [`Spec`] + manifest + graph → selected ids. Pure but for the question whether a path exists.
//!
//! Every part of a selection yields what it selects directly, and the tests it holds back since not all their
//! parents are selected; whether those come along is decided when parts are combined (`selection.md` section 3).

use std::collections::BTreeSet;

use camino::Utf8Path;

use super::methods::{self, World};
use super::resource::Resource;
use super::spec::{Criterion, Indirect, Method, Parts, Spec, Written};
use crate::artifacts::ColumnLineage;
use crate::dag::{Dag, NodeSet};
use crate::diag::{Code, Diagnostic, Span};
use crate::manifest::{Manifest, ResourceType, UniqueId};
use crate::state::{Previous, Rendering};

/// What a selection is resolved against.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// All resources.
    pub manifest: &'a Manifest,
    /// Their graph, as [`super::link`] makes it.
    pub dag: &'a Dag<UniqueId>,
    /// The root project's name.
    pub project: &'a str,
    /// Tells whether a path below the project's root exists.
    pub exists: &'a dyn Fn(&Utf8Path) -> bool,
    /// The earlier run that `--state` names.
    pub previous: Option<&'a Previous>,
    /// How configs are compared with it.
    pub rendering: Rendering,
    /// Where columns come from, if it is known.
    pub lineage: Option<&'a ColumnLineage>,
}

/// Words that matched nothing (dbt's event `NoNodesForSelectionCriteria`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoMatch {
    /// The words.
    pub criterion: String,
    /// Their place.
    pub span: Option<Span>,
}

impl NoMatch {
    /// Tells it to people.
    pub fn diagnostic(&self) -> Diagnostic {
        let message =
            format!("the selection criterion `{}` does not match any enabled nodes", self.criterion);
        Diagnostic::warning(Code::EMPTY_SELECTION, self.span, message)
    }
}

/// What was selected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The ids, of the wanted types only.
    pub ids: BTreeSet<UniqueId>,
    /// Words that matched nothing, in the order they were written.
    pub unmatched: Vec<NoMatch>,
    /// What comparing with an earlier state found besides, as warnings.
    pub notices: Vec<Diagnostic>,
}

/// Which of the selected resources count for a command.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Their types.
    pub types: &'a [ResourceType],
    /// Whether files without code count (only for `ls`).
    pub empty: bool,
}

/// Resolves a selection. Errors list every criterion whose value means nothing.
pub fn select(spec: &Spec, scope: Scope<'_>, wanted: Wanted<'_>) -> Result<Selection, Vec<Diagnostic>> {
    let resources = Resource::all(scope.manifest, scope.dag);
    let mut resolver = Resolver::new(scope, &resources);
    let (direct, _) = resolver.resolve(spec);
    let (breaks, notices): (Vec<_>, Vec<_>) = resolver.notices.into_iter().partition(Diagnostic::is_error);
    resolver.errors.extend(breaks);
    if !resolver.errors.is_empty() {
        return Err(resolver.errors);
    }
    let counts = |resource: Resource<'_>| {
        wanted.types.contains(&resource.kind()) && (wanted.empty || !resource.is_empty())
    };
    let places = direct.iter().filter(|place| resources[*place].is_some_and(counts));
    let ids = places.map(|place| scope.dag.id(place).clone()).collect();
    Ok(Selection { ids, unmatched: resolver.unmatched, notices })
}

struct Resolver<'a> {
    scope: Scope<'a>,
    /// The resources by their places in the graph.
    resources: &'a [Option<Resource<'a>>],
    errors: Vec<Diagnostic>,
    unmatched: Vec<NoMatch>,
    notices: Vec<Diagnostic>,
}

/// What a part selects, and with it the tests that it holds back.
type Selected = (NodeSet, NodeSet);

impl<'a> Resolver<'a> {
    fn new(scope: Scope<'a>, resources: &'a [Option<Resource<'a>>]) -> Self {
        Self { scope, resources, errors: Vec::new(), unmatched: Vec::new(), notices: Vec::new() }
    }

    fn resolve(&mut self, spec: &Spec) -> Selected {
        match spec {
            Spec::Everything => ((0..self.scope.dag.len()).collect(), NodeSet::default()),
            Spec::Criterion(criterion) => self.criterion(criterion),
            Spec::Union(parts) => self.combine(parts, NodeSet::union),
            Spec::Intersection(parts) => self.combine(parts, NodeSet::intersect),
            Spec::Difference(parts) => self.combine(parts, NodeSet::subtract),
        }
    }

    fn combine(&mut self, parts: &Parts, operation: fn(&mut NodeSet, &NodeSet)) -> Selected {
        let mut all: Option<Selected> = None;
        for part in &parts.parts {
            let (direct, held_back) = self.resolve(part);
            let mut both = held_back;
            both.union(&direct);
            match &mut all {
                None => all = Some((direct, both)),
                Some((all_direct, all_both)) => {
                    operation(all_direct, &direct);
                    operation(all_both, &both);
                }
            }
        }
        let (mut direct, both) = all.unwrap_or_default();
        self.admit(&mut direct, &both, parts.indirect);
        if let Some(Written { text, span }) = &parts.written
            && direct.is_empty()
            && self.errors.is_empty()
        {
            self.unmatched.push(NoMatch { criterion: text.clone(), span: *span });
        }
        (direct, both)
    }

    fn criterion(&mut self, criterion: &Criterion) -> Selected {
        let Scope { manifest, project, exists, previous, rendering, lineage, .. } = self.scope;
        let world = World { project, exists, manifest, previous, rendering, lineage };
        let matches = match methods::matcher(criterion, world, &mut self.notices) {
            Ok(matches) => matches,
            Err(error) => {
                self.errors.push(*error);
                return Selected::default();
            }
        };
        let found = self.resources.iter().enumerate();
        let found = found.filter(|(_, resource)| resource.is_some_and(&matches)).map(|(place, _)| place);
        let mut selected: NodeSet = found.collect();
        let relatives = self.relatives(criterion, &selected);
        selected.union(&relatives);
        self.tests_of(selected, criterion.indirect)
    }

    /// Returns what the operators `@` and `+` add.
    fn relatives(&self, criterion: &Criterion, selected: &NodeSet) -> NodeSet {
        let dag = self.scope.dag;
        let mut relatives = NodeSet::default();
        if criterion.method == Method::Column {
            // Its relatives are those of the column, and matched already.
            return relatives;
        }
        if criterion.childrens_parents {
            let mut below = dag.descendants(selected, None);
            below.union(selected);
            relatives.union(&dag.ancestors(&below, None));
            relatives.union(&below);
        }
        if let Some(depth) = criterion.parents {
            relatives.union(&dag.ancestors(selected, depth));
        }
        if let Some(depth) = criterion.children {
            relatives.union(&dag.descendants(selected, depth));
        }
        relatives
    }

    /// Adds the tests that come along with what is selected, and returns apart those that may come later.
    fn tests_of(&self, selected: NodeSet, indirect: Indirect) -> Selected {
        if indirect == Indirect::Empty {
            return (selected, NodeSet::default());
        }
        let reachable = match indirect {
            Indirect::Buildable => {
                let mut reachable = self.with_ancestors(&selected);
                reachable.union(&self.sources());
                reachable
            }
            Indirect::Eager | Indirect::Cautious | Indirect::Empty => selected.clone(),
        };
        let (mut direct, mut held_back) = (selected.clone(), NodeSet::default());
        let children = selected.iter().flat_map(|place| self.scope.dag.children(place));
        for test in children.filter(|place| self.resources[*place].is_some_and(Resource::is_test)) {
            if indirect == Indirect::Eager || self.parents_within(test, &reachable) {
                direct.insert(test);
            } else {
                held_back.insert(test);
            }
        }
        (direct, held_back)
    }

    /// Adds tests that were held back and whose parents are all there now that parts were combined.
    fn admit(&self, direct: &mut NodeSet, both: &NodeSet, indirect: Indirect) {
        let reachable = match indirect {
            Indirect::Eager | Indirect::Empty => return,
            Indirect::Cautious => direct.clone(),
            Indirect::Buildable => self.with_ancestors(direct),
        };
        let is_node = |place: &usize| matches!(self.resources[*place], Some(Resource::Node(_)));
        for test in both.iter().filter(is_node) {
            if self.parents_within(test, &reachable) {
                direct.insert(test);
            }
        }
    }

    fn with_ancestors(&self, selected: &NodeSet) -> NodeSet {
        let mut all = self.scope.dag.ancestors(selected, None);
        all.union(selected);
        all
    }

    fn sources(&self) -> NodeSet {
        let places = self.resources.iter().enumerate();
        places.filter(|(_, r)| matches!(r, Some(Resource::Source(_)))).map(|(place, _)| place).collect()
    }

    fn parents_within(&self, place: usize, set: &NodeSet) -> bool {
        self.scope.dag.parents(place).into_iter().all(|parent| set.contains(parent))
    }
}
