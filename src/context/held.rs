//! Sessions on which several nodes share a transaction, and relations that stand in for new versions.
//!
//! Input: what `run` says of a release set, and what gates show. Output: while a transaction is held, nodes neither commit
//! nor roll back, nor does SQL of theirs; whoever works on the session sees the new versions under the names that they
//! have so far. Called by `run`, `gate` and `refs`.

use super::session::{Session, SharedSession};
use crate::adapter::{Claim, DbError, DbErrorKind};
use crate::manifest::{Relation, UniqueId};

/// How the nodes of a release set are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Beside the old versions, where these are read by others meanwhile: the swap would keep them waiting.
    Beside,
    /// In their places: nobody else sees that before the commit, and nobody waits.
    InPlace,
}

/// Refuses what would publish a part of a release set.
pub(super) fn not_now() -> DbError {
    DbError::new(DbErrorKind::Statement, "this would end the transaction of a release set, whose nodes are published together")
        .help("take the node out of the set (`gate`), or end no transaction in its hooks and macros: `adapter.commit()` is understood")
}

impl Session {
    /// Says that the open transaction is not the nodes' own to end, and how they are built in it.
    pub fn hold(&mut self, held: Held) {
        self.held = Some(held);
    }

    /// Lets nodes end their transactions again. What stood in for new versions is forgotten.
    pub fn let_go(&mut self) {
        self.held = None;
        self.candidates.clear();
    }

    /// Tells whether others decide on the open transaction.
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Makes the session of a held transaction as new for another node.
    pub fn renew(&mut self) -> Result<(), DbError> {
        self.connection()?.renew()
    }

    /// Keeps others from relations that are about to be replaced together.
    pub fn lock(&mut self, relations: &[Claim<'_>]) -> Result<(), DbError> {
        self.connection()?.lock(relations)
    }

    /// Forgets what stood in for new versions: they have their names now.
    pub fn forget_candidates(&mut self) {
        self.candidates.clear();
    }
}

impl SharedSession {
    /// Returns the relation that stands in for a node, in the eyes of this session.
    pub fn candidate(&self, id: &UniqueId) -> Option<Relation> {
        self.with(|session| session.candidates.get(id).cloned())
    }

    /// Tells whether anything stands in for a node.
    pub fn has_candidates(&self) -> bool {
        self.with(|session| !session.candidates.is_empty())
    }
}
