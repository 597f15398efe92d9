//! What `state:` asks of a resource, and the answer (`selection.md` section 4).
//!
//! Input: the manifest, an earlier one. Output: yes or no for each resource and kind of change, and breaking
//! changes of contracts as diagnostics. Compares what dbt compares. Called by `select`.

use std::cell::RefCell;

use super::manifest::PreviousManifest;
use super::same::{self, Rules};
use super::{contract, seed};
use crate::diag::{Code, Diagnostic};
use crate::hash::{HashMap, HashSet};
use crate::manifest::{Json, Manifest, Node, ResourceType, UniqueId};

/// The packages of macros that come with Tidegate, or with dbt.
const BUILT_IN: [&str; 3] = ["dbt", "dbt_duckdb", "dbt_postgres"];

macro_rules! changes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What `state:` can ask for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Change {
            $($(#[$doc])* $name,)*
        }

        impl Change {
            /// All, in dbt's order.
            pub const ALL: &'static [Change] = &[$(Change::$name),*];

            /// Returns dbt's spelling.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Change::$name => $text,)*
                }
            }
        }
    };
}

changes! {
    /// It was not there.
    New = "new";
    /// It was there.
    Old = "old";
    /// Anything about it changed that may change what it builds.
    Modified = "modified";
    /// Nothing did.
    Unmodified = "unmodified";
    /// Its code.
    Body = "modified.body";
    /// Its configuration.
    Configs = "modified.configs";
    /// Descriptions that are kept in the database.
    PersistedDescriptions = "modified.persisted_descriptions";
    /// Where it is built.
    Relation = "modified.relation";
    /// A macro it calls, directly or not.
    Macros = "modified.macros";
    /// Its contract.
    Contract = "modified.contract";
}

impl Change {
    /// Reads dbt's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|change| change.as_str() == text)
    }

    /// Tells whether contracts are looked at, so that breaking changes are told.
    pub fn sees_contracts(self) -> bool {
        matches!(self, Self::Modified | Self::Unmodified | Self::Contract)
    }

    /// Tells whether the macros that a resource calls are looked at.
    fn sees_macros(self) -> bool {
        matches!(self, Self::Modified | Self::Unmodified | Self::Macros)
    }

    /// Tells whether the contents of seeds are looked at.
    fn sees_seeds(self) -> bool {
        matches!(self, Self::Modified | Self::Unmodified | Self::Body)
    }
}

/// Which values are compared where a configured one depends on the environment
/// (`state_modified_compare_more_unrendered_values`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rendering {
    /// The project does not say: a difference that only rendering made is none, as far as that can be told.
    Either,
    /// Switched off: what was rendered, as dbt's older versions compare.
    Rendered,
    /// Switched on: what was written.
    Written,
}

/// Two states of a project.
#[derive(Debug)]
pub struct Comparison<'a> {
    manifest: &'a Manifest,
    previous: &'a PreviousManifest,
    rendering: Rendering,
    changed_macros: HashSet<&'a UniqueId>,
    /// Whether a macro of the project is gone.
    lost_macros: bool,
    /// Whether a macro leads to a changed one, as far as it was asked.
    known: RefCell<HashMap<&'a UniqueId, bool>>,
}

impl<'a> Comparison<'a> {
    /// Compares a manifest with an earlier one.
    pub fn new(manifest: &'a Manifest, previous: &'a PreviousManifest, rendering: Rendering) -> Self {
        let before: HashMap<&str, &str> = previous.macros().collect();
        let is_changed =
            |(id, code): &(&UniqueId, &str)| before.get(id.as_str()).is_none_or(|before| before != code);
        // What comes with the program is no part of the project: another version of it, or dbt itself, made the
        // earlier manifest.
        let is_own = |package: &str| !BUILT_IN.contains(&package);
        let own = manifest.macros.iter().filter(|(_, one)| is_own(&one.package_name));
        let macros = own.map(|(id, one)| (id, &*one.macro_sql));
        let changed_macros = macros.filter(is_changed).map(|(id, _)| id).collect();
        let mut earlier = before.keys().filter(|id| id.split('.').nth(1).is_some_and(is_own));
        let lost_macros = earlier.any(|id| !manifest.macros.contains_key(*id));
        Self { manifest, previous, rendering, changed_macros, lost_macros, known: RefCell::default() }
    }

    /// Tells whether a resource changed in the way asked for.
    pub fn has(&self, id: &UniqueId, change: Change) -> bool {
        let old = self.previous.resource(id);
        match change {
            Change::New => old.is_none(),
            Change::Old => old.is_some(),
            Change::Modified => self.is_modified(id, old),
            Change::Unmodified => !self.is_modified(id, old),
            Change::Macros => self.calls_changed_macro(id),
            Change::Body => self.differs(id, old, same::body),
            Change::Configs => self.differs(id, old, same::config),
            Change::PersistedDescriptions => self.differs(id, old, same::persisted_descriptions),
            Change::Relation => self.differs(id, old, same::relation),
            Change::Contract => self.differs(id, old, contract::same),
        }
    }

    fn is_modified(&self, id: &UniqueId, old: Option<&Json>) -> bool {
        same::contents(self.rules(), id, old) == Some(false) || self.calls_changed_macro(id)
    }

    /// Applies one comparison; kinds that it does not know never differ, and what is new always does.
    fn differs(&self, id: &UniqueId, old: Option<&Json>, same: same::Compare) -> bool {
        match same(self.rules(), id, old.unwrap_or(&Json::Null)) {
            Some(same) => old.is_none() || !same,
            None => false,
        }
    }

    fn rules(&self) -> Rules<'a> {
        Rules { manifest: self.manifest, rendering: self.rendering }
    }

    fn calls_changed_macro(&self, id: &UniqueId) -> bool {
        let macros = self.manifest.macros_of(id);
        !self.changed_macros.is_empty() && macros.iter().any(|id| self.leads_to_change(id))
    }

    /// Follows the calls of a macro. Macros that call each other are followed once.
    fn leads_to_change(&self, start: &'a UniqueId) -> bool {
        if let Some(known) = self.known.borrow().get(start) {
            return *known;
        }
        let (mut seen, mut waiting) = (HashSet::from_iter([start]), vec![start]);
        let mut found = false;
        while let Some(id) = waiting.pop() {
            if self.changed_macros.contains(id) {
                found = true;
                break;
            }
            let called = self.manifest.macros.get(id).map(|one| one.depends_on.as_slice());
            waiting.extend(called.unwrap_or_default().iter().filter(|id| seen.insert(id)));
        }
        self.known.borrow_mut().insert(start, found);
        found
    }

    /// Returns why macros can not be compared, where they are asked for: a test is declared whose macro is gone.
    /// dbt refuses this as soon as any macro changed.
    pub fn refusal(&self, change: Change) -> Option<Box<Diagnostic>> {
        let asked = change.sees_macros() && (self.lost_macros || !self.changed_macros.is_empty());
        let broken = || self.manifest.nodes.values().find_map(|node| without_macro(node));
        asked.then(broken).flatten()
    }

    /// Returns what is to be told when a kind of change is asked for: breaking changes of contracts, of removed
    /// models too, and seeds that are too large to be compared. Each is told once.
    pub fn notices(&self, change: Change) -> Vec<Diagnostic> {
        let mut told = Vec::new();
        for node in self.manifest.nodes.values() {
            let Some(old) = self.previous.resource(&node.unique_id) else { continue };
            match node.resource_type() {
                ResourceType::Model if change.sees_contracts() => told.extend(contract::broken(node, old)),
                ResourceType::Seed if change.sees_seeds() => told.extend(seed::notice(node, old)),
                _ => {}
            }
        }
        if change.sees_contracts() {
            told.extend(self.previous.models().filter_map(|(id, old)| {
                let gone = !self.manifest.nodes.contains_key(id);
                gone.then(|| contract::removed(id, old, self.manifest.disabled.get(id))).flatten()
            }));
        }
        told
    }
}

/// Returns the error about a generic test that calls no macro of its name.
fn without_macro(node: &Node) -> Option<Box<Diagnostic>> {
    let called = &node.generic_test()?.metadata.name;
    let suffix = format!(".test_{called}");
    if node.depends_on.macros.iter().any(|id| id.as_str().ends_with(&suffix)) {
        return None;
    }
    let message = format!("test `{}` is declared, but its macro `{called}` does not exist", node.name);
    let words = format!(
        "Node '{}' (in {}) depends on a macro or test that does not exist",
        node.name, node.original_file_path
    );
    let help = "restore the generic test, or remove it from the property file too";
    Some(Box::new(Diagnostic::error(Code::GENERIC_TEST, node.span, message).note(words).help(help)))
}
