//! Where `ref` of a node that is not built here leads: the relation that another run built (`--defer`).

use crate::hash::HashMap;

use super::run_scope::NodeScope;
use crate::jinja::{Call, Error};
use crate::manifest::{Node, Relation, UniqueId};

/// What earlier artifacts say of nodes, and what it is used for.
#[derive(Debug, Default)]
pub struct Deferral {
    /// The relations of the other run by node.
    pub relations: HashMap<UniqueId, Relation>,
    /// Whether `ref` may answer with them (`--defer`).
    pub refs: bool,
    /// Whether it does so for nodes that exist here, too, unless they are selected (`--favor-state`).
    pub favored: bool,
}

impl NodeScope {
    /// Returns the relation of the other run that a `ref` of `target` means, if it does not mean the own one:
    /// the own one must be missing from the target, or out of favour.
    pub(super) fn deferred(&self, target: &Node, call: &mut Call<'_>) -> Result<Option<Relation>, Error> {
        let run = self.run();
        let Some(other) = run.deferral.relations.get(&target.unique_id).filter(|_| run.deferral.refs) else {
            return Ok(None);
        };
        // In a scratch database nothing is where it is built.
        let is_scratch = run.introspection.is_restricted();
        if is_scratch || (run.deferral.favored && !run.selected.contains(&target.unique_id)) {
            return Ok(Some(other.clone()));
        }
        let (database, schema) = (Some(&*target.database), Some(&*target.schema));
        let own = self.find_relation(database, schema, Some(&target.alias), call)?;
        Ok(own.is_none().then(|| other.clone()))
    }
}
