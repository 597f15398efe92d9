//! Which macros a generic test may call while it is parsed: dbt gives it only what its macro depends on, and
//! records only those calls. Called by `test_nodes`.

use std::sync::{Arc, Mutex, PoisonError};

use crate::hash::{HashMap, HashSet};
use crate::manifest::{Macro, UniqueId};

/// What macros depend on, and what can be reached from each.
#[derive(Debug, Default)]
pub(super) struct Reach {
    depends_on: HashMap<UniqueId, Vec<UniqueId>>,
    /// Macros that every test may call.
    always: Vec<UniqueId>,
    known: Mutex<HashMap<UniqueId, Arc<HashSet<UniqueId>>>>,
}

impl Reach {
    /// Indexes macros. `always` are those that every test may call.
    pub(super) fn new(macros: &[Macro], always: Vec<UniqueId>) -> Self {
        let depends_on =
            macros.iter().map(|found| (found.unique_id.clone(), found.depends_on.clone())).collect();
        Self { depends_on, always, known: Mutex::default() }
    }

    /// Returns the macros that a test whose macro is `test` may call.
    pub(super) fn of(&self, test: Option<&UniqueId>) -> Arc<HashSet<UniqueId>> {
        let key = test.cloned().unwrap_or_else(|| UniqueId::from_artifact(""));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(&key) {
            return Arc::clone(found);
        }
        let mut found = HashSet::default();
        let mut open: Vec<&UniqueId> = test.into_iter().chain(&self.always).collect();
        while let Some(id) = open.pop() {
            if found.insert(id.clone()) {
                open.extend(self.depends_on.get(id).into_iter().flatten());
            }
        }
        let found = Arc::new(found);
        known.insert(key, Arc::clone(&found));
        found
    }
}
