//! The tables that foreign keys point to: a contract writes `ref(..)` or `source(..)`, DDL needs the relation.
//!
//! Input: a node. Output: its columns and constraints with relations in the place of such calls. Called by `compile`.

use std::sync::Arc;

use super::base::is_call;
use super::run_scope::NodeScope;
use crate::manifest::{Constrained, Json, Node, NodeKind};

impl NodeScope {
    /// Returns the columns and constraints of this scope's node, its foreign keys resolved; none where it has no
    /// foreign key that has to be.
    pub fn constrained(&self) -> Option<Constrained> {
        let node = self.node()?;
        let NodeKind::Model { constraints, .. } = &node.kind else { return None };
        if !targets(node, constraints).any(is_call) {
            return None;
        }
        let (mut columns, mut constraints) = (node.columns.clone(), constraints.clone());
        let of_columns = columns.values_mut().flat_map(|column| &mut Arc::make_mut(column).constraints);
        for constraint in of_columns.chain(&mut constraints) {
            self.name_table(constraint);
        }
        Some(Constrained { columns, constraints })
    }

    fn name_table(&self, constraint: &mut Json) {
        let Some(Json::String(target)) = constraint.get_mut("to") else { return };
        if !is_call(target) {
            return;
        }
        let expression = format!("{{{{ {target} }}}}");
        if let Ok(relation) = self.run().shared.render_text(&expression, &self.as_scope()) {
            *target = relation;
        }
    }
}

fn targets<'n>(node: &'n Node, constraints: &'n [Json]) -> impl Iterator<Item = &'n str> {
    let of_columns = node.columns.values().flat_map(|column| &column.constraints);
    of_columns.chain(constraints).filter_map(|constraint| constraint.get("to")?.as_str())
}
