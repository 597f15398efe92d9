//! What relations exist, so that nobody asks the database twice.
//!
//! Input: the answers of one listing per schema, and what macros create, drop and rename afterwards. Output: look-ups.
//! Invariant: names are compared without regard to case, as keys; the first entry of a key stays until it is dropped or
//! renamed. Safe to share between workers. Called by `context` and `run`. Facts: dbt's relation cache.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::hash::HashSet;
use crate::manifest::{ApproximateMatch, Policy, Relation, RelationType};

/// Why the cache could not answer or follow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CacheError {
    /// The only match differs in the case of its letters.
    #[error(
        "the relation {} exists, and {} was looked up: they differ only in the case of their letters",
        .0.found, .0.searched
    )]
    Approximate(ApproximateMatch),
    /// Too few parts were given to tell relations apart.
    #[error("several relations match: {}", .0.join(", "))]
    Ambiguous(Vec<String>),
    /// A rename onto a name that is taken.
    #[error("cannot rename {old} to {new}: a relation of that name exists")]
    Taken {
        /// The old name as SQL.
        old: String,
        /// The new name as SQL.
        new: String,
    },
}

impl CacheError {
    /// Returns what to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Approximate(_) => "drop the relation, or use one spelling everywhere",
            Self::Ambiguous(_) => "give the database and the schema as well",
            Self::Taken { .. } => {
                "two models may share a name once it is cut to the engine's longest; rename one"
            }
        }
    }
}

/// Database, schema, identifier in lower case.
type Key = (Option<String>, Option<String>, Option<String>);

#[derive(Debug)]
struct Entry {
    relation: Relation,
    /// What falls with it.
    dependents: BTreeSet<Key>,
}

impl Entry {
    fn new(relation: Relation) -> Self {
        Self { relation, dependents: BTreeSet::new() }
    }
}

#[derive(Debug, Default)]
struct Known {
    relations: BTreeMap<Key, Entry>,
    /// Whether any entry has dependents: without, drops and renames touch one entry only.
    linked: bool,
    schemas: HashSet<(Option<String>, Option<String>)>,
}

/// The relations of an invocation.
#[derive(Debug, Default)]
pub struct RelationCache(Mutex<Known>);

impl RelationCache {
    /// Makes an empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the listing of a schema, which then counts as known.
    pub fn fill(
        &self,
        database: Option<&str>,
        schema: Option<&str>,
        relations: impl IntoIterator<Item = Relation>,
    ) {
        let mut known = self.known();
        known.schemas.insert((lower(database), lower(schema)));
        for relation in relations {
            match known.relations.get_mut(&key_of(&relation)) {
                Some(entry) if entry.relation.ty == Some(RelationType::External) => entry.relation = relation,
                Some(_) => {}
                None => known.add(relation),
            }
        }
    }

    /// Tells whether a schema's listing was taken.
    pub fn knows_schema(&self, database: Option<&str>, schema: Option<&str>) -> bool {
        self.known().schemas.contains(&(lower(database), lower(schema)))
    }

    /// Returns the relations of a schema, ordered by name.
    pub fn list(&self, database: Option<&str>, schema: Option<&str>) -> Vec<Relation> {
        let (database, schema) = (lower(database), lower(schema));
        let known = self.known();
        let here = known.relations.iter().filter(|((d, s, _), _)| *d == database && *s == schema);
        here.map(|(_, entry)| entry.relation.clone()).collect()
    }

    /// Looks a relation up within a schema.
    ///
    /// `quoting` is the project's: a part it leaves unquoted is searched in lower case. Errors when the only
    /// candidate differs in case, since the engine might mean another relation.
    pub fn get(
        &self,
        database: Option<&str>,
        schema: Option<&str>,
        identifier: Option<&str>,
        quoting: Policy,
    ) -> Result<Option<Relation>, CacheError> {
        let folded = |part: Option<&str>, quoted: bool| {
            part.map(|p| if quoted { p.to_owned() } else { p.to_lowercase() })
        };
        let database = folded(database, quoting.database);
        let schema = folded(schema, quoting.schema);
        let name = folded(identifier, quoting.identifier);
        let matches = |relation: &Relation| {
            relation
                .matches(database.as_deref(), schema.as_deref(), name.as_deref())
                .map_err(CacheError::Approximate)
        };
        let known = self.known();
        if name.is_some() {
            let Some(entry) =
                known.relations.get(&key(database.as_deref(), schema.as_deref(), name.as_deref()))
            else {
                return Ok(None);
            };
            return Ok(matches(&entry.relation)?.then(|| entry.relation.clone()));
        }
        let mut found = Vec::new();
        let wanted = (lower(database.as_deref()), lower(schema.as_deref()));
        for ((d, s, _), entry) in &known.relations {
            if (d, s) == (&wanted.0, &wanted.1) && matches(&entry.relation)? {
                found.push(entry.relation.clone());
            }
        }
        match found.len() {
            0 | 1 => Ok(found.pop()),
            _ => Err(CacheError::Ambiguous(found.iter().map(Relation::render).collect())),
        }
    }

    /// Adds a relation; one that is known under the name stays.
    pub fn add(&self, relation: Relation) {
        self.known().add(relation);
    }

    /// Removes a relation and everything that depends on it.
    pub fn drop_relation(&self, relation: &Relation) {
        self.known().drop_cascading(&key_of(relation));
    }

    /// Removes a schema and everything in it.
    pub fn drop_schema(&self, database: Option<&str>, schema: Option<&str>) {
        let (database, schema) = (lower(database), lower(schema));
        let mut known = self.known();
        let inside: Vec<Key> =
            known.relations.keys().filter(|(d, s, _)| *d == database && *s == schema).cloned().collect();
        for key in inside {
            known.drop_cascading(&key);
        }
        known.schemas.remove(&(database, schema));
    }

    /// Follows a rename. A relation that is not known was temporary; its new name is added.
    pub fn rename(&self, old: &Relation, new: &Relation) -> Result<(), CacheError> {
        let (old_key, new_key) = (key_of(old), key_of(new));
        let mut known = self.known();
        if known.relations.contains_key(&new_key) {
            return Err(CacheError::Taken { old: old.render(), new: new.render() });
        }
        let Some(mut entry) = known.relations.remove(&old_key) else {
            known.add(new.clone());
            return Ok(());
        };
        entry.relation.database.clone_from(&new.database);
        entry.relation.schema.clone_from(&new.schema);
        entry.relation.identifier.clone_from(&new.identifier);
        if known.linked {
            for other in known.relations.values_mut() {
                if other.dependents.remove(&old_key) {
                    other.dependents.insert(new_key.clone());
                }
            }
        }
        known.schemas.insert((new_key.0.clone(), new_key.1.clone()));
        known.relations.insert(new_key, entry);
        Ok(())
    }

    /// Notes that `dependent` falls when `referenced` is dropped.
    ///
    /// What a listing of its schema did not show was made since, by somebody else, who may well drop it again: it counts as
    /// not there. A dependent in a schema that was not listed is noted as external, and its schema stays unknown.
    pub fn add_link(&self, referenced: &Relation, dependent: &Relation) {
        let (referenced_key, dependent_key) = (key_of(referenced), key_of(dependent));
        let mut known = self.known();
        if !known.relations.contains_key(&dependent_key)
            && known.schemas.contains(&(dependent_key.0.clone(), dependent_key.1.clone()))
        {
            return;
        }
        let Some(entry) = known.relations.get_mut(&referenced_key) else { return };
        entry.dependents.insert(dependent_key.clone());
        known.linked = true;
        known
            .relations
            .entry(dependent_key)
            .or_insert_with(|| Entry::new(dependent.clone().with_type(RelationType::External)));
    }

    /// Tells whether anything is known to fall with a relation.
    pub fn has_dependents(&self, relation: &Relation) -> bool {
        let known = self.known();
        known.relations.get(&key_of(relation)).is_some_and(|entry| !entry.dependents.is_empty())
    }

    /// Forgets everything.
    pub fn clear(&self) {
        *self.known() = Known::default();
    }
}

impl Known {
    fn add(&mut self, relation: Relation) {
        let key = key_of(&relation);
        self.schemas.insert((key.0.clone(), key.1.clone()));
        self.relations.entry(key).or_insert_with(|| Entry::new(relation));
    }

    fn drop_cascading(&mut self, key: &Key) {
        if !self.linked {
            self.relations.remove(key);
            return;
        }
        let mut falling = vec![key.clone()];
        let mut fallen: HashSet<Key> = HashSet::default();
        while let Some(key) = falling.pop() {
            if let Some(entry) = self.relations.get(&key)
                && fallen.insert(key)
            {
                falling.extend(entry.dependents.iter().cloned());
            }
        }
        if fallen.is_empty() {
            return;
        }
        self.relations.retain(|key, entry| {
            entry.dependents.retain(|dependent| !fallen.contains(dependent));
            !fallen.contains(key)
        });
    }
}

fn lower(part: Option<&str>) -> Option<String> {
    part.map(str::to_lowercase)
}

fn key(database: Option<&str>, schema: Option<&str>, identifier: Option<&str>) -> Key {
    (lower(database), lower(schema), lower(identifier))
}

fn key_of(relation: &Relation) -> Key {
    key(relation.database.as_deref(), relation.schema.as_deref(), relation.identifier.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::DuckDb;

    fn relation(name: &str) -> Relation {
        Relation::new(&DuckDb, Some("db"), Some("main"), Some(name)).with_type(RelationType::Table)
    }

    fn cache(names: &[&str]) -> RelationCache {
        let cache = RelationCache::new();
        cache.fill(Some("db"), Some("main"), names.iter().map(|n| relation(n)));
        cache
    }

    fn names(cache: &RelationCache) -> Vec<String> {
        cache
            .list(Some("DB"), Some("Main"))
            .iter()
            .map(|r| r.identifier.as_deref().unwrap().to_owned())
            .collect()
    }

    fn get(cache: &RelationCache, name: &str) -> Result<Option<String>, CacheError> {
        let found = cache.get(Some("db"), Some("main"), Some(name), Policy::ALL)?;
        Ok(found.map(|r| r.identifier.unwrap().to_string()))
    }

    #[test]
    fn a_name_in_other_case_is_no_match_but_an_error() {
        let cache = cache(&["Orders"]);
        assert_eq!(get(&cache, "Orders"), Ok(Some("Orders".to_owned())));
        assert_eq!(get(&cache, "customers"), Ok(None));
        assert!(matches!(get(&cache, "orders"), Err(CacheError::Approximate(_))));
        let unquoted = Policy::ALL.with(None, None, Some(false));
        let cache = self::cache(&["orders"]);
        assert!(cache.get(Some("db"), Some("main"), Some("Orders"), unquoted).unwrap().is_some());
    }

    #[test]
    fn schemas_are_known_once_filled() {
        let cache = cache(&[]);
        assert!(
            cache.knows_schema(Some("DB"), Some("main")) && !cache.knows_schema(Some("db"), Some("other"))
        );
        cache.drop_schema(Some("db"), Some("main"));
        assert!(!cache.knows_schema(Some("db"), Some("main")));
    }

    #[test]
    fn renames_follow_and_refuse_taken_names() {
        let cache = cache(&["a", "b"]);
        assert!(matches!(cache.rename(&relation("a"), &relation("B")), Err(CacheError::Taken { .. })));
        cache.rename(&relation("a"), &relation("c")).unwrap();
        cache.rename(&relation("temp"), &relation("d")).unwrap();
        assert_eq!(names(&cache), ["b", "c", "d"]);
    }

    #[test]
    fn drops_take_dependents_along() {
        let cache = cache(&["a", "b", "c", "d"]);
        cache.add_link(&relation("a"), &relation("b"));
        cache.add_link(&relation("b"), &relation("c"));
        cache.add_link(&relation("c"), &relation("a"));
        cache.rename(&relation("b"), &relation("e")).unwrap();
        assert!(cache.has_dependents(&relation("A")) && !cache.has_dependents(&relation("d")));
        cache.drop_relation(&relation("missing"));
        cache.drop_relation(&relation("A"));
        assert_eq!(names(&cache), ["d"]);
    }

    #[test]
    fn what_a_listing_did_not_show_is_not_there() {
        let elsewhere = Relation::new(&DuckDb, Some("db"), Some("other"), Some("b"));
        let cache = cache(&["a"]);
        cache.add_link(&relation("gone"), &relation("a"));
        cache.add_link(&relation("a"), &relation("new"));
        assert!(!cache.has_dependents(&relation("a")) && names(&cache) == ["a"]);
        cache.add_link(&relation("a"), &elsewhere);
        assert!(cache.has_dependents(&relation("a")) && !cache.knows_schema(Some("db"), Some("other")));
        cache.fill(Some("db"), Some("other"), [elsewhere.with_type(RelationType::View)]);
        assert_eq!(cache.list(Some("db"), Some("other"))[0].ty, Some(RelationType::View));
        cache.drop_relation(&relation("a"));
        assert!(cache.list(Some("db"), Some("other")).is_empty());
    }

    #[test]
    fn too_few_parts_are_ambiguous() {
        let cache = cache(&["a", "b"]);
        let error = cache.get(Some("db"), Some("main"), None, Policy::ALL).unwrap_err();
        assert!(matches!(error, CacheError::Ambiguous(_)));
    }

    #[test]
    fn the_first_entry_of_a_name_stays() {
        let cache = cache(&["a"]);
        cache.add(relation("a").with_type(RelationType::View));
        let found = cache.get(Some("db"), Some("main"), Some("a"), Policy::ALL).unwrap().unwrap();
        assert_eq!(found.ty, Some(RelationType::Table));
    }
}
