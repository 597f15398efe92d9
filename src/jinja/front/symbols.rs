//! Jinja2's scoping rules: which variable a name means, decided before anything runs.
//!
//! A name stored in a scope belongs to that scope; before it is stored it has the value of the same name
//! outside. A name only read belongs to the nearest scope that stores it, else it is global. `if` makes no
//! scope, but what only some of its branches store falls back to the outside or the globals.
//! Loop bodies, macros, `with`, `set` and `filter` blocks make scopes; functions also make frames.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::hash::HashMap;
use crate::jinja::ir::{Load, Local};

/// How a scope's variable starts out.
#[derive(Clone, Copy)]
enum Start {
    /// Given a value by whoever enters the scope.
    Param,
    Missing,
    Alias {
        hops: u32,
        from: u32,
    },
    /// Read before it was stored: only a global so far, without a slot of its own.
    Resolve,
}

#[derive(Clone, Copy)]
struct Symbol {
    slot: Option<u32>,
    start: Start,
    fallback: bool,
}

struct Scope {
    parent: Option<usize>,
    function: usize,
    symbols: HashMap<Arc<str>, Symbol>,
    stores: BTreeSet<Arc<str>>,
}

/// All scopes of one template. Scopes are named by their index.
#[derive(Default)]
pub(super) struct Symbols {
    scopes: Vec<Scope>,
    /// The number of slots of each function.
    functions: Vec<u32>,
    /// All names looked up among the globals.
    pub(super) globals: BTreeSet<Arc<str>>,
}

impl Symbols {
    /// Adds a scope of the parent's function.
    pub(super) fn inner(&mut self, parent: usize) -> usize {
        let function = self.scopes[parent].function;
        self.add(Some(parent), function)
    }

    /// Adds a scope beside another one, in the same function.
    pub(super) fn sibling(&mut self, other: usize) -> usize {
        let Scope { parent, function, .. } = self.scopes[other];
        self.add(parent, function)
    }

    /// Adds a scope that is a function of its own.
    pub(super) fn function(&mut self, parent: Option<usize>) -> usize {
        self.functions.push(0);
        self.add(parent, self.functions.len() - 1)
    }

    fn add(&mut self, parent: Option<usize>, function: usize) -> usize {
        self.scopes.push(Scope { parent, function, symbols: HashMap::default(), stores: BTreeSet::new() });
        self.scopes.len() - 1
    }

    /// Returns how many slots the function of a scope needs.
    pub(super) fn slots(&self, scope: usize) -> u32 {
        self.functions[self.scopes[scope].function]
    }

    fn new_slot(&mut self, scope: usize) -> u32 {
        let count = &mut self.functions[self.scopes[scope].function];
        *count += 1;
        *count - 1
    }

    /// Finds the symbol a name refers to from a scope, and how many functions further out it lives.
    fn find(&self, scope: usize, name: &str) -> Option<(Symbol, u32)> {
        let mut hops = 0;
        let mut at = scope;
        loop {
            let here = &self.scopes[at];
            if let Some(symbol) = here.symbols.get(name) {
                return Some((*symbol, hops));
            }
            let parent = here.parent?;
            if self.scopes[parent].function != here.function {
                hops += 1;
            }
            at = parent;
        }
    }

    fn find_outside(&self, scope: usize, name: &str) -> Option<(Symbol, u32)> {
        let parent = self.scopes[scope].parent?;
        let (symbol, hops) = self.find(parent, name)?;
        Some((symbol, hops + u32::from(self.scopes[parent].function != self.scopes[scope].function)))
    }

    /// Declares a name that the scope is entered with; returns its slot.
    pub(super) fn declare(&mut self, scope: usize, name: &Arc<str>) -> u32 {
        let slot = match self.scopes[scope].symbols.get(name) {
            Some(Symbol { slot: Some(slot), .. }) => *slot,
            _ => self.new_slot(scope),
        };
        let symbol = Symbol { slot: Some(slot), start: Start::Param, fallback: false };
        self.scopes[scope].symbols.insert(Arc::clone(name), symbol);
        self.scopes[scope].stores.insert(Arc::clone(name));
        slot
    }

    /// Notes that a name is read.
    pub(super) fn load(&mut self, scope: usize, name: &Arc<str>) {
        if self.find(scope, name).is_none() {
            let symbol = Symbol { slot: None, start: Start::Resolve, fallback: true };
            self.scopes[scope].symbols.insert(Arc::clone(name), symbol);
        }
    }

    /// Notes that a name is stored, in a branch of an `if` or for sure.
    pub(super) fn store(&mut self, scope: usize, name: &Arc<str>, in_branch: bool) {
        if !self.scopes[scope].stores.insert(Arc::clone(name)) {
            return;
        }
        let known = self.scopes[scope].symbols.get(name).copied();
        let symbol = match (known, self.find_outside(scope, name)) {
            (Some(known), _) => Symbol { slot: known.slot.or_else(|| Some(self.new_slot(scope))), ..known },
            (None, Some((outer, hops))) => Symbol {
                slot: Some(self.new_slot(scope)),
                start: outer.slot.map_or(Start::Missing, |from| Start::Alias { hops, from }),
                fallback: outer.fallback,
            },
            (None, None) => {
                Symbol { slot: Some(self.new_slot(scope)), start: Start::Missing, fallback: in_branch }
            }
        };
        self.scopes[scope].symbols.insert(Arc::clone(name), symbol);
    }

    /// Returns the slot of a name that the scope stores.
    pub(super) fn slot(&mut self, scope: usize, name: &Arc<str>) -> u32 {
        match self.scopes[scope].symbols.get(name) {
            Some(Symbol { slot: Some(slot), .. }) => *slot,
            _ => self.declare(scope, name),
        }
    }

    /// Returns what reading a name means; `None` for a global.
    pub(super) fn resolve(&mut self, scope: usize, name: &Arc<str>) -> Option<Local> {
        let found = self.find(scope, name);
        if found.is_none_or(|(symbol, _)| symbol.fallback) {
            self.globals.insert(Arc::clone(name));
        }
        let (symbol, hops) = found?;
        Some(Local { hops, slot: symbol.slot?, fallback: symbol.fallback, name: Arc::clone(name) })
    }

    /// Returns what to do to the slots when a scope is entered.
    pub(super) fn enter(&self, scope: usize) -> Vec<Load> {
        let mut loads: Vec<(u32, Load)> = self.scopes[scope]
            .symbols
            .values()
            .filter_map(|symbol| {
                let slot = symbol.slot?;
                match symbol.start {
                    Start::Param => None,
                    Start::Missing | Start::Resolve => Some((slot, Load::Missing(slot))),
                    Start::Alias { hops, from } => Some((slot, Load::Alias { slot, hops, from })),
                }
            })
            .collect();
        loads.sort_by_key(|(slot, _)| *slot);
        loads.into_iter().map(|(_, load)| load).collect()
    }
}
