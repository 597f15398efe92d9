//! Tables of days, and the grains of time that they add to those of the calendar.

use crate::hash::IndexMap;

use super::{Found, Layer, grain_of, items, name_of, text};
use crate::manifest::{Json, Manifest, Node, NodeKind};
use crate::parse::semantic::fields::GRAINS;

/// Returns the models that are such tables, with what is said of that.
fn spines(manifest: &Manifest) -> impl Iterator<Item = (&Node, &Json)> {
    manifest.nodes.values().filter_map(|node| match &node.kind {
        NodeKind::Model { time_spine: Some(spine), .. } => Some((&**node, spine)),
        _ => None,
    })
}

/// Returns the names of the project's own grains, each with the model that has it.
pub(super) fn grains_with_nodes(manifest: &Manifest) -> impl Iterator<Item = (&Node, &str)> {
    spines(manifest).flat_map(|(node, spine)| {
        items(spine, "custom_granularities").iter().map(move |one| (node, name_of(one)))
    })
}

/// Returns the names of the project's own grains.
pub(super) fn custom_grains(manifest: &Manifest) -> Vec<&str> {
    grains_with_nodes(manifest).map(|(_, grain)| grain).collect()
}

/// Warns of tables that stand for one grain, and of dimensions that are finer than each of them.
pub(super) fn check(layer: &Layer<'_>, found: &mut Found) {
    let mut by_grain: IndexMap<&str, Vec<&Node>> = IndexMap::default();
    for (node, spine) in spines(layer.manifest) {
        let column = text(spine, "standard_granularity_column").and_then(|name| node.columns.get(name));
        if let Some(grain) = column.and_then(|column| column.granularity.as_deref()) {
            by_grain.entry(grain).or_default().push(node);
        }
    }
    let Some(first) = layer.models.first() else { return };
    let place = |grain: &str| GRAINS.iter().position(|known| *known == grain);
    let twice: Vec<String> = by_grain
        .iter()
        .filter(|(_, nodes)| nodes.len() > 1)
        .map(|(grain, nodes)| {
            let relations = super::list(nodes.iter().filter_map(|node| node.relation_name.as_deref()));
            format!("'{}': {relations}", grain.to_uppercase())
        })
        .collect();
    if !twice.is_empty() {
        let twice = twice.join(", ");
        let message =
            format!("Only one time spine is supported per granularity. Got duplicates: {{{twice}}}");
        found.warning(&first.entry, message);
    }
    let dimensions = layer.models.iter().flat_map(|model| &model.dimensions).filter_map(grain_of);
    let finest = dimensions.filter_map(place).min();
    let spine = by_grain.keys().filter_map(|grain| place(grain)).min();
    if let (Some(finest), Some(spine)) = (finest, spine)
        && finest < spine
    {
        let message = format!(
            "To avoid unexpected query errors, configuring a time spine at or below the smallest time dimension \
             granularity is recommended. Smallest time dimension granularity: {}; Smallest time spine granularity: {}",
            GRAINS[finest].to_uppercase(),
            GRAINS[spine]
        );
        found.warning(&first.entry, message);
    }
}
