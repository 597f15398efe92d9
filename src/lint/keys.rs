//! Which columns identify the rows of a relation: what tests and constraints prove, and what the project says besides.

use crate::hash::{HashMap, HashSet};

use super::project::Known;
use crate::manifest::{Columns, Json, Manifest, Node, NodeKind, UniqueId};

/// Words in the name of a test that looks for duplicates.
const UNIQUENESS: [&str; 3] = ["unique", "primary_key", "duplicate"];
/// What names of models begin with that do not name the thing in their rows.
const LAYERS: [&str; 9] = ["stg_", "base_", "src_", "raw_", "int_", "dim_", "fct_", "fact_", "mart_"];

/// What tests say of columns, by relation.
#[derive(Default)]
pub(super) struct Keys<'a> {
    /// Whose rows some test or constraint tells apart.
    unique: HashSet<&'a UniqueId>,
    /// Columns that other relations refer to, in small letters.
    referred: HashMap<&'a UniqueId, HashSet<String>>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(manifest: &'a Manifest) -> Self {
        let mut keys = Self::default();
        for node in manifest.nodes.values() {
            if is_constrained(node) {
                keys.unique.insert(&node.unique_id);
            }
            let Some(test) = node.generic_test() else {
                if matches!(node.kind, NodeKind::SingularTest) && is_about_uniqueness(&node.name) {
                    keys.unique.extend(&node.depends_on.nodes);
                }
                continue;
            };
            if is_about_uniqueness(&test.metadata.name) || is_about_uniqueness(&node.name) {
                keys.unique.extend(&node.depends_on.nodes);
            }
            if test.metadata.name == "relationships"
                && let Some(field) = test.metadata.kwargs.get("field").and_then(Json::as_str)
            {
                let to = node.depends_on.nodes.iter().find(|id| Some(*id) != test.attached_node.as_ref());
                keys.referred.entry(to.unwrap_or(&node.unique_id)).or_default().insert(field.to_lowercase());
            }
        }
        keys
    }

    /// Says why a column is the key of a relation and nothing tests that it is; `None` where one of both is not so.
    pub(super) fn untested(&self, known: Known<'_>, column: &str) -> Option<String> {
        let id = known.id();
        if self.unique.contains(id) {
            return None;
        }
        let column = column.to_lowercase();
        if self.referred.get(id).is_some_and(|columns| columns.contains(&column)) {
            return Some("`relationships` tests refer to it".to_owned());
        }
        let Known::Node(node) = known else { return None };
        if matches!(node.kind, NodeKind::Snapshot) {
            return None;
        }
        if node.config.text("unique_key").is_some_and(|key| key.eq_ignore_ascii_case(&column)) {
            return Some("it is the `unique_key`".to_owned());
        }
        names_rows(&node.name, &column).then(|| "it is named as its key".to_owned())
    }
}

fn is_about_uniqueness(test: &str) -> bool {
    UNIQUENESS.iter().any(|word| test.contains(word))
}

/// Tells whether the database is told of a key.
fn is_constrained(node: &Node) -> bool {
    let is_key = |constraint: &Json| {
        matches!(constraint.get("type").and_then(Json::as_str), Some("primary_key" | "unique"))
    };
    let of_columns = |columns: &Columns| columns.values().any(|it| it.constraints.iter().any(is_key));
    let own = match &node.kind {
        NodeKind::Model { constraints, .. } => constraints.iter().any(is_key),
        _ => false,
    };
    own || of_columns(&node.columns)
}

/// Tells whether a column is called as the key of a model is: `stg_shop__orders.order_id`, `customers.id`.
fn names_rows(model: &str, column: &str) -> bool {
    let model = model.to_lowercase();
    let name = model.rsplit("__").next().unwrap_or(&model);
    let name = LAYERS.iter().find_map(|layer| name.strip_prefix(layer)).unwrap_or(name);
    let one = match (name.strip_suffix("ies"), name.strip_suffix('s')) {
        (Some(stem), _) => format!("{stem}y"),
        (None, Some(stem)) => stem.to_owned(),
        (None, None) => name.to_owned(),
    };
    let of = |thing: &str| {
        let rest = column.strip_prefix(thing).and_then(|rest| rest.strip_prefix('_'));
        matches!(rest, Some("id" | "key" | "sk" | "pk"))
    };
    column == "id" || of(name) || of(&one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_named_after_the_rows() {
        for (model, column) in [
            ("customers", "customer_id"),
            ("stg_shop__orders", "order_id"),
            ("dim_companies", "company_key"),
            ("dim_customer", "customer_sk"),
            ("customers", "id"),
        ] {
            assert!(names_rows(model, column), "{model}.{column}");
        }
        for (model, column) in [("orders", "customer_id"), ("customer_orders", "customer_id"), ("a", "name")]
        {
            assert!(!names_rows(model, column), "{model}.{column}");
        }
    }
}
