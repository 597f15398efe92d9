//! Labels: people tell things apart by them, so that each is one thing where it is shown.

use crate::hash::HashMap;

use crate::hash::IndexMap;

use super::{Found, Layer, name_of, text};
use crate::manifest::{Json, SemanticEntry, SemanticModel};

/// Checks the labels of metrics, of semantic models and of what these are made of.
pub(super) fn check(layer: &Layer<'_>, found: &mut Found) {
    let mut known = HashMap::default();
    for metric in &layer.metrics {
        once("metric", &metric.entry, &mut known, found);
    }
    let mut known = HashMap::default();
    for model in &layer.models {
        once("semantic model", &model.entry, &mut known, found);
        parts(model, ("Dimension", "dimensions"), &model.dimensions, found);
        parts(model, ("Entity", "entities"), &model.entities, found);
        parts(model, ("Measure", "measures"), &model.measures, found);
    }
    entities(layer, found);
}

fn once<'a>(kind: &str, entry: &'a SemanticEntry, known: &mut HashMap<&'a str, &'a str>, found: &mut Found) {
    let Some(label) = entry.label.as_deref() else { return };
    match known.get(label) {
        None => {
            known.insert(label, &entry.name);
        }
        Some(first) => {
            let name = &entry.name;
            let message = format!(
                "Can't use label `{label}` for  {kind} `{name}` as it's already used for {kind} `{first}`"
            );
            found.error(entry, message);
        }
    }
}

/// Parts of one kind have labels of their own within a semantic model.
fn parts(model: &SemanticModel, (one, many): (&str, &str), parts: &[Json], found: &mut Found) {
    let mut counts: IndexMap<&str, usize> = IndexMap::default();
    for label in parts.iter().filter_map(|part| text(part, "label")) {
        *counts.entry(label).or_default() += 1;
    }
    for (label, count) in counts.into_iter().filter(|(_, count)| *count > 1) {
        let message = format!(
            "{one} labels must be unique within a semantic model. The label `{label}` was used for {count} {many} on \
             semantic model `{}",
            model.entry.name
        );
        found.error(&model.entry, message);
    }
}

/// An entity has one label in all semantic models that give it one.
fn entities(layer: &Layer<'_>, found: &mut Found) {
    let mut known: HashMap<&str, (&str, &str)> = HashMap::default();
    for model in &layer.models {
        let of = model.entry.name.as_str();
        for entity in &model.entities {
            let (name, Some(label)) = (name_of(entity), text(entity, "label")) else { continue };
            let (first, first_label) = *known.entry(name).or_insert((of, label));
            if first_label != label {
                let message = format!(
                    "Entities with the same name must have the same label or the label must be `None`. Entity `{name}` on \
                     semantic model `{of}` has label `{label}` but the same entity on semantic model `{first}`"
                );
                found.error(&model.entry, message);
            }
        }
    }
}
