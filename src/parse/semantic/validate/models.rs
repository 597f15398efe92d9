//! Semantic models as a whole: their primary entity, and the time their measures are aggregated by.

use crate::hash::HashMap;

use super::{Found, Layer, has_time_dimension, is, name_of, text};
use crate::manifest::SemanticModel;

/// The default time is a time dimension.
pub(super) fn default_time(model: &SemanticModel, found: &mut Found) {
    let Some(time) = text(&model.defaults, "agg_time_dimension") else { return };
    if !has_time_dimension(model, time) {
        let message = format!(
            "Default aggregation time dimension was specified as '{time}' which doesn't exist as a time dimension in \
             semantic model named '{}'.",
            model.entry.name
        );
        found.error(&model.entry, message);
    }
}

/// Rows are of one entity, which is given once, and must be when they are grouped by dimensions.
pub(super) fn primary_entity(model: &SemanticModel, found: &mut Found) {
    let name = &model.entry.name;
    let primary: Vec<&str> =
        model.entities.iter().filter(|entity| is(entity, "type", "primary")).map(name_of).collect();
    let message = match (&*primary, &model.primary_entity) {
        ([_, _, ..], _) => {
            let (count, all) = (primary.len(), primary.join(", "));
            format!(
                "Semantic models can have only one primary entity. The semantic model `{name}` has {count}: {all}"
            )
        }
        ([one], Some(field)) => format!(
            "The semantic model `{name}` has an entity named `{one}` with type primary but it also has the \
             `primary_entity` field set to `{field}`. Both should not be present in the model."
        ),
        ([], None) if !model.dimensions.is_empty() => format!(
            "The semantic model {name} contains dimensions, but it does not define a primary entity. Either add an entity \
             with type PRIMARY or set a value for the primary_entity key."
        ),
        _ => return,
    };
    found.error(&model.entry, message);
}

/// Queries name a dimension by its primary entity too: both together lead to one semantic model.
pub(super) fn primary_entity_pairs(layer: &Layer<'_>, found: &mut Found) {
    let mut known: HashMap<(&str, &str), &str> = HashMap::default();
    for model in &layer.models {
        let of_type = || model.entities.iter().find(|entity| is(entity, "type", "primary")).map(name_of);
        let Some(primary) = model.primary_entity.as_deref().or_else(of_type) else { continue };
        for dimension in model.dimensions.iter().map(name_of) {
            let name = model.entry.name.as_str();
            let first = *known.entry((primary, dimension)).or_insert(name);
            if first != name {
                let message = format!(
                    "Duplicate dimension + primary entity pairing detected, dimension + primary entity pairings must be \
                     unique. Semantic model `{name}` has a primary entity of `{primary}` and dimension `{dimension}`, but \
                     this pairing is already in use on semantic model `{first}`."
                );
                found.error(&model.entry, message);
            }
        }
    }
}
