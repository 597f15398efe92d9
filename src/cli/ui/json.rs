//! Log lines as JSON objects, in dbt's shape: keys sorted, Python's separators, ASCII only.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::secrets::Secrets;
use crate::artifacts::{Invocation, python_json, timestamp};
use crate::event::{Envelope, Style};

/// Writes lines of one invocation.
#[derive(Debug)]
pub(super) struct JsonLines {
    invocation_id: String,
    extra: BTreeMap<String, String>,
    pid: u32,
    style: Style,
    secrets: Secrets,
}

impl JsonLines {
    /// Makes a writer.
    pub(super) fn new(invocation: &Invocation, style: Style, secrets: &Secrets) -> Self {
        let (invocation_id, extra) = (invocation.id.clone(), invocation.env.clone());
        Self { invocation_id, extra, pid: std::process::id(), style, secrets: secrets.in_json() }
    }

    /// Returns the line, without its end.
    pub(super) fn line(&self, envelope: &Envelope) -> String {
        let mut data = serde_json::to_value(&envelope.event).unwrap_or(Value::Null);
        if let (Some(map), Some(node)) = (data.as_object_mut(), &envelope.node) {
            map.insert("node_info".into(), serde_json::to_value(node).unwrap_or(Value::Null));
        }
        let line = json!({
            "data": data,
            "info": {
                "category": "",
                "code": envelope.event.code(),
                "extra": self.extra,
                "invocation_id": self.invocation_id,
                "level": envelope.level,
                "msg": envelope.event.message(&self.style),
                "name": envelope.event.name(),
                "pid": self.pid,
                "thread": envelope.thread,
                "ts": timestamp(envelope.at),
            },
        });
        self.secrets.scrub(&python_json::text(&sorted(line))).into_owned()
    }
}

/// Sorts the keys of all objects.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let keys: BTreeMap<String, Value> =
                map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(keys.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_looks_as_python_writes_it() {
        let value = sorted(json!({"b": [1, "é", "🌊"], "a": {"y": null, "x": 0.5}}));
        assert_eq!(
            python_json::text(&value),
            r#"{"a": {"x": 0.5, "y": null}, "b": [1, "\u00e9", "\ud83c\udf0a"]}"#
        );
    }
}
