//! Keeps two runs from building one relation at once, where the database is shared with others.
//!
//! Input: a node that is about to be built. Output: a transaction that has the claim on its relation. Where another run
//! made or dropped it meanwhile, what the cache knows of it, and of the names that are used while it is built, is read
//! anew. Nodes whose relations differ never wait for each other. Called by [`NodeRunner`].

use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::node::{NodeRunner, Work};
use crate::adapter::{Claim, Claimed};
use crate::context::{NodeScope, relation_of, relation_value};
use crate::diag::{Code, Diagnostic};
use crate::hash::HashMap;
use crate::jinja::{Args, Error, Value};
use crate::manifest::{Batch, Node, Relation, RelationType};
use crate::plan::Action;

impl NodeRunner {
    /// Tells whether a step keeps the failing rows of a test as a relation.
    pub(super) fn stores_failures(&self, action: Action, node: &Node) -> bool {
        action == Action::Test && node.config.stores_failures(self.run_scope().shared.is_on("STORE_FAILURES"))
    }

    /// Claims the relation of a node. Batches of one model may be built at the same time, but no batch twice.
    pub(super) fn claim(&self, work: &Work<'_>) -> Result<(), Diagnostic> {
        if !self.adapter.is_shared() && !work.again {
            return Ok(());
        }
        let scope = &work.scope;
        scope.take_session().map_err(Error::into_diagnostic)?;
        let batch = scope.batch().map(Batch::label);
        let claim = Claim { schema: &work.node.schema, name: &work.node.alias, part: batch.as_deref() };
        let claimed = scope.session().with(|session| session.claim(&[claim]));
        let found = claimed.map_err(|error| error.to_diagnostic())?;
        let relation = scope.run().relation_of(work.node);
        let is_old = || found.first().map_or(Ok(false), |found| is_old(&relation, *found, scope));
        if work.again || is_old().map_err(Error::into_diagnostic)? {
            look_again(&relation, scope, &mut Listings::default()).map_err(Error::into_diagnostic)?;
        }
        Ok(())
    }
}

/// The relations of schemas, by database and schema, as they were listed once.
type Listings = HashMap<(Option<Arc<str>>, Option<Arc<str>>), Vec<Relation>>;

/// Begins the transaction of a release set, with claims on all its relations. What others made or dropped meanwhile is read
/// anew, and so is everything if an attempt failed: `again`.
pub(super) fn claim_all(nodes: &[&Arc<Node>], scope: &NodeScope, again: bool) -> Result<(), Diagnostic> {
    scope.take_session().map_err(Error::into_diagnostic)?;
    let mut nodes = nodes.to_vec();
    // In the same order in every run, so that two of them do not take turns in vain.
    nodes.sort_by_key(|node| (&node.schema, &node.alias));
    let claims: Vec<Claim<'_>> = nodes.iter().map(|node| Claim::whole(&node.schema, &node.alias)).collect();
    let claimed = scope.session().with(|session| {
        let claimed = session.claim(&claims)?;
        session.begin().map(|()| claimed)
    });
    let mut claimed = claimed.map_err(|error| error.to_diagnostic())?.into_iter();
    let mut listings = Listings::default();
    for node in nodes {
        let relation = scope.run().relation_of(node);
        let found = claimed.next();
        let is_old = || found.map_or(Ok(false), |found| is_old(&relation, found, scope));
        if again || is_old().map_err(Error::into_diagnostic)? {
            look_again(&relation, scope, &mut listings).map_err(Error::into_diagnostic)?;
        }
    }
    Ok(())
}

/// Tells whether the cache knows another thing of a relation than was found when it was claimed.
fn is_old(relation: &Relation, found: Claimed, scope: &NodeScope) -> Result<bool, Error> {
    let known = known(relation, scope)?.is_some_and(|known| known.ty != Some(RelationType::Function));
    Ok(found.beside || found.relation != known)
}

/// Reads anew what is there of a relation and of what is beside it while it is built.
fn look_again(relation: &Relation, scope: &NodeScope, listings: &mut Listings) -> Result<(), Error> {
    let found = match listings.entry((relation.database.clone(), relation.schema.clone())) {
        Entry::Occupied(listed) => listed.into_mut(),
        Entry::Vacant(missing) => missing.insert(scope.list_schema(relation.clone().without_identifier())?),
    };
    let beside = |name: &str, more: Option<&str>| -> Result<Option<Relation>, Error> {
        let args = [relation_value(relation.clone())].into_iter().chain(more.map(Value::from));
        Ok(relation_of(&scope.call_from_rust(name, Args::from(args.collect::<Vec<_>>()))?))
    };
    let names = [
        Some(relation.clone()),
        beside("make_intermediate_relation", None)?,
        beside("make_backup_relation", Some("table"))?,
    ];
    for name in names.into_iter().flatten() {
        let now = found.iter().find(|found| same_name(found, &name));
        refresh(scope, &name, now)?;
    }
    Ok(())
}

fn same_name(one: &Relation, other: &Relation) -> bool {
    one.schema == other.schema && one.identifier == other.identifier
}

/// Returns what the cache knows under a name.
fn known(name: &Relation, scope: &NodeScope) -> Result<Option<Relation>, Error> {
    let (database, schema, identifier) =
        (name.database.as_deref(), name.schema.as_deref(), name.identifier.as_deref());
    let found = scope.run().cache.get(database, schema, identifier, scope.run().shared.quoting);
    found.map_err(|error| Error::new(Code::DATABASE, error.to_string()))
}

/// Makes the cache know a name as it is now.
fn refresh(scope: &NodeScope, name: &Relation, now: Option<&Relation>) -> Result<(), Error> {
    let cache = &scope.run().cache;
    if let Some(known) = known(name, scope)?.filter(|known| now.is_none_or(|now| now.ty != known.ty)) {
        cache.drop_relation(&known);
    }
    now.into_iter().for_each(|now| cache.add(now.clone()));
    Ok(())
}
