//! Semantic models whose rows hold for some time: two dimensions mark its ends, a natural entity tells the rows apart.

use super::{Found, flag, is, list, name_of, set};
use crate::manifest::{Json, SemanticModel};

const REQUIREMENTS: &str = "Semantic models using dimension validity params to define a validity window must have exactly \
                            two time dimensions with validity params specified - one marked `is_start` and the other \
                            marked `is_end`.";

fn params(dimension: &Json) -> Option<&Json> {
    dimension.pointer("/type_params/validity_params").filter(|params| !params.is_null())
}

/// Checks the dimensions that mark a validity window, and what else a semantic model with one may have.
pub(super) fn window(model: &SemanticModel, found: &mut Found) {
    let marks: Vec<&Json> = model.dimensions.iter().filter(|one| params(one).is_some()).collect();
    if marks.is_empty() {
        return;
    }
    let (name, entry) = (&model.entry.name, &model.entry);
    if let Some(message) = ends(name, &marks) {
        found.error(entry, message);
    }
    let keys = || model.entities.iter().filter(|one| is(one, "type", "primary") || is(one, "type", "unique"));
    if !model.entities.iter().any(|entity| is(entity, "type", "natural")) {
        let suitable = list(keys().map(name_of));
        let message = format!(
            "Semantic model {name} has validity param dimensions defined, but does not have an entity with type `natural` \
             set. The natural key for this semantic model is what we use to process a validity window join. Primary or \
             unique entities, if any, might be suitable for use as natural keys: ({suitable})."
        );
        found.error(entry, message);
    }
    if keys().next().is_some() {
        let message = format!(
            "Semantic model {name} has validity param dimensions defined and also has one or more entities designated as \
             `primary` or `unique`. This is not yet supported, as we do not currently process joins against these key \
             types for semantic models with validity windows specified."
        );
        found.error(entry, message);
    }
    if !model.measures.is_empty() {
        let (measures, marks) = (list(model.measure_names()), list(marks.into_iter().map(name_of)));
        let message = format!(
            "Semantic model {name} has both measures and validity param dimensions defined. This is not currently \
             supported! Please remove either the measures or the validity params. Measure names: {measures}. Validity \
             param dimension names: {marks}."
        );
        found.error(entry, message);
    }
}

/// One dimension marks the start of the window, another its end.
fn ends(model: &str, marks: &[&Json]) -> Option<String> {
    let marked = |key: &str| -> Vec<&str> {
        let is_marked = |one: &&&Json| params(one).is_some_and(|params| flag(params, key));
        marks.iter().filter(is_marked).map(|one| name_of(one)).collect()
    };
    let (starts, ends) = (marked("is_start"), marked("is_end"));
    let names = list(marks.iter().map(|one| name_of(one)));
    match (marks, starts.len(), ends.len()) {
        ([one], 1, 1) => Some(format!(
            "Semantic model {model} has a single validity param dimension that defines its window: `{}`. This is not a \
             currently supported configuration! {REQUIREMENTS} If you have one column defining a window, as in a daily \
             snapshot table, you can define a separate dimension and increment the time value in the `expr` field as a \
             work-around.",
            name_of(one)
        )),
        ([_, _], 1, 1) => None,
        ([_, _], ..) => Some(format!(
            "Semantic model {model} has two validity param dimensions defined, but does not have exactly one each marked \
             with is_start and is_end! Dimensions: {names}. is_start dimensions: {}. is_end dimensions: {}. {REQUIREMENTS}",
            list(starts),
            list(ends)
        )),
        _ => Some(format!(
            "Semantic model {model} has {} dimensions defined with validity params. They are: {names}. There must be \
             either zero or two! If you wish to define a validity window for this semantic model, please follow these \
             requirements: {REQUIREMENTS}",
            marks.len()
        )),
    }
}

/// There is one natural entity at most, and only with a validity window.
pub(super) fn natural_entities(model: &SemanticModel, found: &mut Found) {
    let mut natural: Vec<&str> =
        model.entities.iter().filter(|entity| is(entity, "type", "natural")).map(name_of).collect();
    natural.sort_unstable();
    natural.dedup();
    let (name, all) = (&model.entry.name, set(natural.iter().copied()));
    if natural.len() > 1 {
        let message = format!(
            "Semantic models can have at most one natural entity, but semantic model `{name}` has {} distinct natural \
             entities set! {all}.",
            natural.len()
        );
        found.error(&model.entry, message);
    }
    if !natural.is_empty() && model.dimensions.iter().all(|one| params(one).is_none()) {
        let message = format!(
            "The use of `natural` entities is currently supported only in conjunction with a validity window defined in \
             the set of time dimensions associated with the semantic model. Semantic model `{name}` uses a natural entity \
             ({all}) but does not define a validity window!"
        );
        found.error(&model.entry, message);
    }
}
