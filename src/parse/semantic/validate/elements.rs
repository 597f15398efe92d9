//! Dimensions, entities and measures across all semantic models: one name means one kind of thing, and is no word of SQL.

use std::collections::BTreeMap;

use crate::hash::{HashMap, IndexMap};

use super::{Found, Layer, flag, name_of, parts, set, text};
use crate::manifest::{Json, SemanticModel};

/// Words that no engine takes for a name without quotes.
const SQL_WORDS: [&str; 26] = [
    "AND", "AS", "CREATE", "DISTINCT", "FOR", "FROM", "FULL", "HAVING", "IN", "INNER", "INTO", "IS", "JOIN",
    "LEFT", "LIKE", "NATURAL", "NOT", "NULL", "ON", "OR", "RIGHT", "SELECT", "UNION", "USING", "WHERE",
    "WITH",
];

/// Dimensions of one name have one type, and are partitions everywhere or nowhere.
pub(super) fn dimensions_agree(layer: &Layer<'_>, found: &mut Found) {
    let mut first: HashMap<&str, &Json> = HashMap::default();
    for model in &layer.models {
        for dimension in &model.dimensions {
            let (name, of) = (name_of(dimension), &model.entry.name);
            let Some(known) = first.get(name) else {
                first.insert(name, dimension);
                continue;
            };
            let (had, got) =
                (text(known, "type").unwrap_or_default(), text(dimension, "type").unwrap_or_default());
            if had != got {
                let message = format!(
                    "In semantic model `{of}`, type conflict for dimension `{name}` - already in model as type `{had}` \
                     but got `{got}`"
                );
                found.error(&model.entry, message);
            }
            let (had, got) = (flag(known, "is_partition"), flag(dimension, "is_partition"));
            if had != got {
                let python = |flag: bool| if flag { "True" } else { "False" };
                let (had, got) = (python(had), python(got));
                let message = format!(
                    "In semantic model `{of}`, conflicting is_partition attribute for dimension `{name}` - already in \
                     model with is_partition as `{had}` but got `{got}`"
                );
                found.error(&model.entry, message);
            }
        }
    }
}

/// A name is of one kind in all semantic models.
pub(super) fn names_mean_one_thing(layer: &Layer<'_>, found: &mut Found) {
    let mut kinds: IndexMap<&str, BTreeMap<&str, Vec<&SemanticModel>>> = IndexMap::default();
    for model in &layer.models {
        for (kind, name) in parts(model) {
            kinds.entry(name).or_default().entry(kind).or_default().push(model);
        }
    }
    for (name, kinds) in kinds.into_iter().filter(|(_, kinds)| kinds.len() > 1) {
        let all = kinds.keys().copied().collect::<Vec<_>>().join(", ");
        for (kind, models) in &kinds {
            let names = set(models.iter().map(|model| model.entry.name.as_str()));
            let message = format!(
                "In semantic models {names}, element `{name}` is of type {kind}, but it is used as types [{all}] across \
                 the model."
            );
            if let Some(first) = models.first() {
                found.error(&first.entry, message);
            }
        }
    }
}

/// What is selected by its name cannot be called as a word of SQL is, nor can a part of the relation's name.
pub(super) fn reserved_words(model: &SemanticModel, found: &mut Found) {
    let relation = text(&model.node_relation, "relation_name").unwrap_or_default();
    let parts: Vec<String> = relation.split('.').map(str::to_uppercase).collect();
    let words: Vec<&str> =
        SQL_WORDS.into_iter().filter(|word| parts.iter().any(|part| part == word)).collect();
    if !words.is_empty() {
        let words = set(words);
        let message = format!(
            "'{relation}' contains the SQL reserved keyword(s) {words}, and thus cannot be used for 'node_relation'."
        );
        found.error(&model.entry, message);
    }
    let of = [
        (&model.dimensions, "a dimension 'name'."),
        (&model.entities, "an entity 'name'"),
        (&model.measures, "a measure 'name'."),
    ];
    for (parts, what) in of {
        for name in parts.iter().map(name_of).filter(|name| SQL_WORDS.contains(&&*name.to_uppercase())) {
            let message = format!("'{name}' is an SQL reserved keyword, and thus cannot be used as {what}");
            found.error(&model.entry, message);
        }
    }
}
