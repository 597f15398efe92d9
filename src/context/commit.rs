//! What a node's scope does right before `adapter.commit()` publishes the node, after its gate.
//!
//! Set by `run`, which notes there that the node is about to be published. Called by `context::adapter`.

use std::sync::OnceLock;

use super::run_scope::NodeScope;
use super::session::Session;
use crate::diag::Diagnostic;
use crate::jinja::Error;

/// Called with the scope whose open transaction is about to be committed.
pub type BeforeCommit = Box<dyn Fn(&NodeScope) -> Result<(), Diagnostic> + Send + Sync>;

/// What is to be called, if anything.
#[derive(Default)]
pub(super) struct CommitWatch(OnceLock<BeforeCommit>);

impl NodeScope {
    /// Says what is done before the node is published. Only the first word counts.
    pub fn before_commit(&self, watch: BeforeCommit) {
        let _ = self.commit_watch().0.set(watch);
    }

    /// Does it, if the open transaction is the one with the main statement: earlier ones only prepare.
    pub(super) fn tell_commit(&self) -> Result<(), Error> {
        let Some(watch) = self.commit_watch().0.get().filter(|_| self.main_response().is_some()) else {
            return Ok(());
        };
        let open = self.session().with(|session| Session::in_transaction(session));
        if open { watch(self).map_err(Error::from) } else { Ok(()) }
    }
}
