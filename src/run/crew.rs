//! How a step shares its work with workers that have nothing else to do.
//!
//! Input: pieces of work that a step offers. Output: none of them is sure to be begun; what was begun is run once,
//! on another worker. So whoever offers must be able to do everything alone, and wait only for what was begun.
//! Offered by [`Runner`](super::Runner)s, taken by `schedule`.

use crate::manifest::UniqueId;

/// A piece of work for another worker.
pub type Help<'a, W> = Box<dyn FnOnce(&mut W) + Send + 'a>;

/// The workers of a run, to a step that could use their help. `'a` is how long the run lasts at least.
pub trait Crew<'a, W> {
    /// Returns how many other workers there are, idle or not.
    fn others(&self) -> usize;

    /// Offers work to the next idle worker. Steps that are ready go first.
    fn offer(&self, help: Help<'a, W>);
}

/// Nobody to share with.
pub(super) struct Alone;

impl<'a, W> Crew<'a, W> for Alone {
    fn others(&self) -> usize {
        0
    }

    fn offer(&self, _help: Help<'a, W>) {}
}

/// Whose turn it is: a step, and the numbers of `i of n`; both are 0 for a step that is not numbered.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'t> {
    /// The step.
    pub id: &'t UniqueId,
    /// Its number, from 1.
    pub index: usize,
    /// How many there are.
    pub total: usize,
    /// Other steps of its group ([`Runner::group`](super::Runner::group)) that are ready and will have their turn.
    pub peers: &'t [&'t UniqueId],
}
