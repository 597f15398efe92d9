//! Measures that cannot be added up over some dimension, as stocks over time.

use super::measures::without_time;
use super::{Found, Layer, given, grain_of, is, name_of, set, text, texts, time_of};
use crate::manifest::{Json, SemanticModel};

/// Checks the `non_additive_dimension` of each measure, up to one that has no time.
pub(super) fn check(layer: &Layer<'_>, found: &mut Found) {
    for model in &layer.models {
        for measure in &model.measures {
            let Some(additive) = given(measure, "non_additive_dimension") else { continue };
            let Some(time) = time_of(model, measure) else {
                found.error(&model.entry, without_time(name_of(measure)));
                return;
            };
            one(model, (measure, time), additive, found);
        }
    }
}

fn one(model: &SemanticModel, (measure, time): (&Json, &str), additive: &Json, found: &mut Found) {
    let (name, wanted) = (name_of(measure), name_of(additive));
    let dimension = |wanted: &str| model.dimensions.iter().find(|one| name_of(one) == wanted);
    let Some(time_dimension) = dimension(time) else {
        let message = format!(
            "Measure '{name}' has a agg_time_dimension of {time} that is not defined as a dimension in semantic model \
             '{}'.",
            model.entry.name
        );
        found.error(&model.entry, message);
        return;
    };
    match dimension(wanted) {
        None => {
            let message = format!(
                "Measure '{name}' has a non_additive_dimension with name '{wanted}' that is not defined as a dimension \
                 in semantic model '{}'.",
                model.entry.name
            );
            found.error(&model.entry, message);
        }
        Some(dimension) => {
            if !is(dimension, "type", "time") {
                let message = format!(
                    "Measure '{name}' has a non_additive_dimension with name'{wanted}' that is defined as a categorical \
                     dimension which is not supported."
                );
                found.error(&model.entry, message);
            }
            if let (Some(grain), Some(base)) = (grain_of(dimension), grain_of(time_dimension))
                && grain != base
            {
                let (grain, base) = (grain.to_uppercase(), base.to_uppercase());
                let message = format!(
                    "Measure '{name}' has a non_additive_dimension with name '{wanted}' that has a base time granularity \
                     ({grain}) that is not equal to the measure's agg_time_dimension {time} with a base granularity of \
                     ({base})."
                );
                found.error(&model.entry, message);
            }
        }
    }
    choices(model, name, additive, found);
}

/// Of a window one row is taken, the first or the last, for each of some entities.
fn choices(model: &SemanticModel, measure: &str, additive: &Json, found: &mut Found) {
    let choice = text(additive, "window_choice").unwrap_or_default();
    if !matches!(choice, "min" | "max") {
        let message = format!(
            "Measure '{measure}' has a non_additive_dimension with an invalid 'window_choice' of '{choice}'. Only choices \
             supported are 'min' or 'max'."
        );
        found.error(&model.entry, message);
    }
    let is_entity = |name: &&str| model.entities.iter().any(|entity| name_of(entity) == *name);
    let missing: Vec<&str> = texts(additive, "window_groupings").filter(|name| !is_entity(name)).collect();
    if !missing.is_empty() {
        let missing = set(missing);
        let message = format!(
            "Measure '{measure}' has a non_additive_dimension with an invalid 'window_groupings'. These entities \
             {missing} do not exist in the semantic model."
        );
        found.error(&model.entry, message);
    }
}
