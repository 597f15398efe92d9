//! A `manifest.json` of versions 4 to 11 → the shape of version 12, as far as comparing asks for it.
//!
//! What was added in between needs no care here: what is missing counts as its default when it is compared.

use crate::manifest::{Json, JsonMap};

/// Metrics changed so much with version 10 that older ones cannot be compared: dbt drops them.
const FIRST_WITH_METRICS: u32 = 10;

/// Brings an older file up to date.
pub(super) fn upgrade(file: &mut Json, version: u32) {
    let Some(file) = file.as_object_mut() else { return };
    if version < FIRST_WITH_METRICS {
        file.insert("metrics".to_owned(), Json::Object(JsonMap::new()));
    }
    for node in file.get_mut("nodes").and_then(Json::as_object_mut).into_iter().flatten() {
        let Some(node) = node.1.as_object_mut() else { continue };
        // Code was SQL only until version 7.
        for (old, new) in [("raw_sql", "raw_code"), ("compiled_sql", "compiled_code")] {
            if let Some(code) = node.remove(old) {
                node.insert(new.to_owned(), code);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_has_a_new_name_and_old_metrics_are_dropped() {
        let old = || serde_json::json!({"nodes": {"model.p.a": {"raw_sql": "select 1"}}, "metrics": {"metric.p.m": {}}});
        let mut file = old();
        upgrade(&mut file, 6);
        let want = serde_json::json!({"nodes": {"model.p.a": {"raw_code": "select 1"}}, "metrics": {}});
        assert_eq!(file, want);
        let mut file = old();
        upgrade(&mut file, 10);
        assert!(file.pointer("/metrics/metric.p.m").is_some());
    }
}
