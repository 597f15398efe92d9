//! Maps and sets by hash, with a quick hash function: keys are names of a project, looked up a million times in a parse,
//! and nobody gains by choosing them badly. Used everywhere instead of the standard library's.

use rustc_hash::FxBuildHasher;
pub use rustc_hash::FxHasher;

/// A map in no order.
pub type HashMap<K, V> = std::collections::HashMap<K, V, FxBuildHasher>;

/// A set in no order.
pub type HashSet<T> = std::collections::HashSet<T, FxBuildHasher>;

/// A map in the order of its insertions.
pub type IndexMap<K, V> = indexmap::IndexMap<K, V, FxBuildHasher>;

/// A set in the order of its insertions.
pub type IndexSet<T> = indexmap::IndexSet<T, FxBuildHasher>;
