//! How measures are aggregated, and by which time.

use crate::hash::HashMap;

use super::{Found, Layer, flag, given, has_time_dimension, is, list, name_of, text, time_of};
use crate::manifest::{Json, SemanticModel};
use crate::python::float_repr;

/// Only percentiles have parameters, and those have a share between 0 and 1.
pub(super) fn percentiles(model: &SemanticModel, found: &mut Found) {
    for measure in &model.measures {
        let params = given(measure, "agg_params");
        let share = params.and_then(|params| params.get("percentile")).and_then(Json::as_f64);
        match text(measure, "agg") {
            Some("percentile") => percentile(model, measure, share, found),
            Some("median") => median(model, measure, share, found),
            Some(agg) => {
                let is_set = |key: &&str| match *key {
                    "percentile" => share.is_some_and(|share| share != 0.0),
                    key => params.is_some_and(|params| flag(params, key)),
                };
                let keys = ["percentile", "use_discrete_percentile", "use_approximate_percentile"];
                let wrong: Vec<&str> = keys.into_iter().filter(is_set).collect();
                if !wrong.is_empty() {
                    let (name, wrong) = (name_of(measure), wrong.join(", "));
                    let message = format!(
                        "Measure '{name}' with aggregation '{agg}' uses agg_params ({wrong}) only relevant to Percentile \
                         measures."
                    );
                    found.error(&model.entry, message);
                }
            }
            None => {}
        }
    }
}

fn percentile(model: &SemanticModel, measure: &Json, share: Option<f64>, found: &mut Found) {
    let name = name_of(measure);
    match share {
        None => {
            let message = format!(
                "Measure '{name}' uses a PERCENTILE aggregation, which requires agg_params.percentile to be provided."
            );
            found.error(&model.entry, message);
        }
        Some(share) if share <= 0.0 || share >= 1.0 => {
            let share = float_repr(share);
            let message = format!(
                "Percentile aggregation parameter for measure '{name}' is '{share}', but must be between 0 and 1 \
                 (non-inclusive). For example, to indicate the 65th percentile value, set 'percentile: 0.65'. For \
                 percentile values of 0, please use MIN, for percentile values of 1, please use MAX."
            );
            found.error(&model.entry, message);
        }
        Some(_) => {}
    }
}

fn median(model: &SemanticModel, measure: &Json, share: Option<f64>, found: &mut Found) {
    let name = name_of(measure);
    if let Some(share) = share.filter(|share| (share - 0.5).abs() > 0.0) {
        let share = float_repr(share);
        let message = format!(
            "Measure '{name}' uses a MEDIAN aggregation, while percentile is set to '{share}', a conflicting value. \
             Please remove the parameter or set to '0.5'."
        );
        found.error(&model.entry, message);
    }
    if given(measure, "agg_params").is_some_and(|params| flag(params, "use_discrete_percentile")) {
        let message = format!(
            "Measure '{name}' uses a MEDIAN aggregation, while use_discrete_percentile is set to true. Please remove \
             the parameter or set to False."
        );
        found.error(&model.entry, message);
    }
}

/// Counts say what they count, and count distinct values by a name of their own.
pub(super) fn counts(model: &SemanticModel, found: &mut Found) {
    for measure in model.measures.iter().filter(|measure| is(measure, "agg", "count")) {
        let name = name_of(measure);
        match text(measure, "expr") {
            None => {
                let message = format!(
                    "Measure '{name}' uses a COUNT aggregation, which requires an expr to be provided. Provide \
                     'expr: 1' if a count of all rows is desired."
                );
                found.error(&model.entry, message);
            }
            Some(expr) if expr.to_lowercase().starts_with("distinct ") => {
                let message = format!(
                    "Measure '{name}' uses a 'count' aggregation with a DISTINCT expr: '{expr}. This is not supported \
                     as it effectively converts an additive measure into a non-additive one, and this could cause \
                     certain queries to return incorrect results. Please use the count_distinct aggregation type."
                );
                found.error(&model.entry, message);
            }
            Some(_) => {}
        }
    }
}

/// A measure belongs to one semantic model.
pub(super) fn belong_to_one_model(layer: &Layer<'_>, found: &mut Found) {
    let mut homes: HashMap<&str, Vec<&str>> = HashMap::default();
    for model in &layer.models {
        for name in model.measure_names() {
            let earlier = homes.entry(name).or_default();
            if !earlier.is_empty() {
                let earlier = list(earlier.iter().copied());
                let message = format!(
                    "Found measure with name {name} in multiple semantic models with names ({earlier})"
                );
                found.error(&model.entry, message);
            }
            earlier.push(&model.entry.name);
        }
    }
}

/// Every measure is aggregated by a time dimension of its semantic model.
pub(super) fn times(model: &SemanticModel, found: &mut Found) {
    for measure in &model.measures {
        let name = name_of(measure);
        let Some(time) = time_of(model, measure) else {
            found.error(&model.entry, without_time(name));
            return;
        };
        if !has_time_dimension(model, time) {
            let message = format!(
                "In semantic model '{}', measure '{name}' has the aggregation time dimension set to '{time}', which is \
                 not a valid time dimension in the semantic model",
                model.entry.name
            );
            found.error(&model.entry, message);
        }
    }
}

/// Says that nothing tells by which time a measure is aggregated.
pub(super) fn without_time(measure: &str) -> String {
    format!(
        "Aggregation time dimension for measure {measure} is not set! This should either be set directly on the measure \
         specification in the model, or else defaulted to the primary time dimension in the data source containing the \
         measure."
    )
}
