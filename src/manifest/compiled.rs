//! What compiling a node adds: kept beside the manifest, since the manifest never changes after parsing.

use std::sync::{Arc, RwLock};

use super::{Columns, Json, UniqueId};
use crate::hash::HashMap;

/// One common table expression that an ephemeral model became in its consumer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct InjectedCte {
    /// The ephemeral model.
    pub id: UniqueId,
    /// The whole expression: ` __dbt__cte__name as (...)`; nothing where it was to be left out.
    pub sql: Option<String>,
}

/// Columns and constraints of a model whose foreign keys name the relations they point to.
#[derive(Clone, Debug, PartialEq)]
pub struct Constrained {
    /// The columns, with their constraints.
    pub columns: Columns,
    /// The model's own constraints.
    pub constraints: Vec<Json>,
}

/// A compiled node.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    /// The SQL, ephemeral models injected.
    pub code: Arc<str>,
    /// Every expression that was injected, dependencies first; or, where none was to be, the models it names.
    pub extra_ctes: Vec<InjectedCte>,
    /// Whether expressions were to be injected.
    pub injected: bool,
    /// The file it was written to, relative to the project; `None` when it was not.
    pub path: Option<String>,
    /// The file with the statement that was executed; `None` before execution.
    pub build_path: Option<String>,
    /// Macros that were called by the node's own code; those called while parsing are among them.
    pub macros: Vec<UniqueId>,
    /// Its columns and constraints with relations where foreign keys said `ref(..)`; `None` where none did.
    pub constrained: Option<Constrained>,
    /// The relation under which failures of a test are stored, when that was only known at run time.
    pub relation_name: Option<String>,
    /// Whether it was run as a hook.
    pub ran_as_hook: bool,
}

impl Compiled {
    /// Makes the entry of a seed: it has no code, only the statement that was executed.
    pub fn seed(build_path: String) -> Self {
        Self {
            code: Arc::from(""),
            extra_ctes: Vec::new(),
            injected: true,
            path: None,
            build_path: Some(build_path),
            macros: Vec::new(),
            constrained: None,
            relation_name: None,
            ran_as_hook: false,
        }
    }
}

/// Compiled nodes by id, shared between the workers of one run.
#[derive(Clone, Debug, Default)]
pub struct CompiledNodes(Arc<RwLock<HashMap<UniqueId, Arc<Compiled>>>>);

impl CompiledNodes {
    /// Returns a compiled node.
    pub fn get(&self, id: &UniqueId) -> Option<Arc<Compiled>> {
        self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(id).cloned()
    }

    /// Keeps a compiled node, replacing an earlier one.
    pub fn insert(&self, id: UniqueId, compiled: Compiled) -> Arc<Compiled> {
        let compiled = Arc::new(compiled);
        let mut all = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.insert(id, Arc::clone(&compiled));
        compiled
    }

    /// Changes a compiled node in place; nothing happens when it is not there.
    pub fn update(&self, id: &UniqueId, change: impl FnOnce(&mut Compiled)) {
        let mut all = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(compiled) = all.get_mut(id) {
            change(Arc::make_mut(compiled));
        }
    }
}
