//! Configurations that were resolved before: thousands of nodes lie at the same level of the config tree and say the
//! same about themselves, or nothing. Each such configuration is worked out once, and shared by all of them.
//!
//! Input: the layers of a node. Output: what `config::resolve` makes of them; where keys were set is told of each node
//! itself. What has problems is not kept, since they name places. Called by `node` and `finish`.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

use crate::diag::Diagnostic;
use crate::hash::{FxHasher, HashMap};
use crate::manifest::{Json, JsonMap, ResourceType};

use super::config::{self, Layer, Layers, Resolved, Said};
use super::trees::TreeLayers;

/// What was resolved so far, by a hash of its layers.
#[derive(Default)]
pub(super) struct Memo {
    known: RwLock<HashMap<u64, Vec<Known>>>,
    /// Values before they were rendered.
    unrendered: RwLock<HashMap<u64, Vec<Arc<JsonMap>>>>,
}

/// A configuration and what it was made of.
struct Known {
    resource: ResourceType,
    trees: Arc<TreeLayers>,
    properties: Option<Layer>,
    calls: Layer,
    said: Arc<Said>,
}

impl Memo {
    /// Resolves the configuration of a node that has these layers of the trees.
    pub(super) fn resolve(
        &self,
        resource: ResourceType,
        trees: &Arc<TreeLayers>,
        (properties, calls): (Option<&Layer>, &Layer),
        problems: &mut Vec<Diagnostic>,
    ) -> Resolved {
        let layers = Layers { own: &trees.own, properties, calls, root: &trees.root };
        let hash = hash_of(resource, trees, (properties, calls));
        let fits = |known: &&Known| {
            known.resource == resource
                && Arc::ptr_eq(&known.trees, trees)
                && same_layer(Some(&known.calls), Some(calls))
                && same_layer(known.properties.as_ref(), properties)
        };
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(&hash).and_then(|all| all.iter().find(fits)) {
            return Resolved { said: Arc::clone(&found.said), places: layers.places() };
        }
        drop(known);
        let before = problems.len();
        let resolved = config::resolve(resource, layers, problems);
        if problems.len() == before {
            let (properties, calls) = (properties.cloned(), calls.clone());
            let (trees, said) = (Arc::clone(trees), Arc::clone(&resolved.said));
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            known.entry(hash).or_default().push(Known { resource, trees, properties, calls, said });
        }
        resolved
    }
}

impl Memo {
    /// Returns values that are the same as these, and shared.
    pub(super) fn share(&self, values: JsonMap) -> Arc<JsonMap> {
        let mut hasher = FxHasher::default();
        hash_map(&values, &mut hasher);
        let hash = hasher.finish();
        let fits = |known: &&Arc<JsonMap>| same_map(known, &values);
        let known = self.unrendered.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(&hash).and_then(|all| all.iter().find(fits)) {
            return Arc::clone(found);
        }
        drop(known);
        let values = Arc::new(values);
        let mut known = self.unrendered.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(hash).or_default().push(Arc::clone(&values));
        values
    }
}

fn hash_of(
    resource: ResourceType,
    trees: &Arc<TreeLayers>,
    (properties, calls): (Option<&Layer>, &Layer),
) -> u64 {
    let mut hasher = FxHasher::default();
    (resource, Arc::as_ptr(trees)).hash(&mut hasher);
    for layer in properties.into_iter().chain([calls]) {
        hasher.write_u8(b'|');
        for setting in layer.iter() {
            setting.key.hash(&mut hasher);
            hash_json(&setting.value, &mut hasher);
        }
    }
    hasher.finish()
}

fn hash_json(value: &Json, hasher: &mut FxHasher) {
    match value {
        Json::Null => hasher.write_u8(b'0'),
        Json::Bool(on) => on.hash(hasher),
        Json::Number(number) => number.hash(hasher),
        Json::String(text) => text.hash(hasher),
        Json::Array(items) => items.iter().for_each(|item| hash_json(item, hasher)),
        Json::Object(map) => hash_map(map, hasher),
    }
}

fn hash_map(map: &JsonMap, hasher: &mut FxHasher) {
    for (key, value) in map {
        key.hash(hasher);
        hash_json(value, hasher);
    }
}

fn same_layer(a: Option<&Layer>, b: Option<&Layer>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => {
            let mut pairs = a.iter().zip(b.iter());
            a.iter().len() == b.iter().len() && pairs.all(|(a, b)| a.key == b.key && same(&a.value, &b.value))
        }
        (None, None) => true,
        _ => false,
    }
}

/// Equality as artifacts show it: the order of keys counts, and so does how a number is written.
fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a == b && (!a.is_f64() || a.to_string() == b.to_string()),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => same_map(a, b),
        _ => a == b,
    }
}

fn same_map(a: &JsonMap, b: &JsonMap) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k == l && same(a, b))
}
