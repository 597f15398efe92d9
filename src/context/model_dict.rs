//! A node's dict as `model` shows it: dbt leaves out what is not set, unlike in `graph` and in artifacts.
//!
//! Only facts of dbt's own are left out; what people wrote (`meta`, `grants`, configs of their own) stays as it is.

use crate::manifest::{Json, JsonMap, ResourceType, defaults};

/// Takes nulls out of a node's dict.
pub(super) fn leave_out_unset(node: &mut Json) {
    let Json::Object(node) = node else { return };
    let resource = node.get("resource_type").and_then(Json::as_str).and_then(ResourceType::parse);
    drop_nulls(node);
    for key in ["docs", "contract", "test_metadata", "returns"] {
        inner(node, key);
    }
    for key in ["refs", "constraints", "arguments"] {
        each(node, key, drop_nulls);
    }
    if let Some(Json::Object(columns)) = node.get_mut("columns") {
        for column in columns.values_mut().filter_map(Json::as_object_mut) {
            drop_nulls(column);
            each(column, "constraints", drop_nulls);
        }
    }
    if let Some(Json::Object(config)) = node.get_mut("config") {
        let known = resource.map(defaults);
        config.retain(|key, value| !value.is_null() || known.is_none_or(|known| !known.contains_key(key)));
        for key in ["docs", "contract"] {
            inner(config, key);
        }
    }
}

fn drop_nulls(map: &mut JsonMap) {
    map.retain(|_, value| !value.is_null());
}

fn inner(map: &mut JsonMap, key: &str) {
    if let Some(Json::Object(inner)) = map.get_mut(key) {
        drop_nulls(inner);
    }
}

fn each(map: &mut JsonMap, key: &str, change: fn(&mut JsonMap)) {
    let items = map.get_mut(key).and_then(Json::as_array_mut);
    items.into_iter().flatten().filter_map(Json::as_object_mut).for_each(change);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn facts_that_are_not_set_are_left_out_and_what_people_wrote_is_kept() {
        let mut node = json!({
            "name": "a", "resource_type": "model", "group": null, "meta": {"x": null},
            "refs": [{"name": "b", "package": null, "version": null}],
            "docs": {"show": true, "node_color": null},
            "columns": {"id": {"name": "id", "data_type": null, "meta": {"k": null},
                "constraints": [{"type": "not_null", "to": null}]}},
            "config": {"schema": null, "materialized": "view", "own": null, "grants": {"select": null},
                "docs": {"node_color": null}},
        });
        leave_out_unset(&mut node);
        let want = json!({
            "name": "a", "resource_type": "model", "meta": {"x": null},
            "refs": [{"name": "b"}],
            "docs": {"show": true},
            "columns": {"id": {"name": "id", "meta": {"k": null}, "constraints": [{"type": "not_null"}]}},
            "config": {"materialized": "view", "own": null, "grants": {"select": null}, "docs": {}},
        });
        assert_eq!(node, want);
    }
}
