//! Log lines as JSON objects, in dbt's shape: keys sorted, Python's separators, ASCII only.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::artifacts::{Invocation, python_json, timestamp};
use crate::diag::Scrubber;
use crate::event::{Envelope, Style};

/// Writes lines of one invocation.
#[derive(Debug)]
pub(super) struct JsonLines {
    invocation_id: String,
    extra: BTreeMap<String, String>,
    pid: u32,
    style: Style,
    secrets: Scrubber,
}

impl JsonLines {
    /// Makes a writer.
    pub(super) fn new(invocation: &Invocation, style: Style, secrets: &Scrubber) -> Self {
        let extra = invocation.env.clone().into_iter().collect();
        let invocation_id = invocation.id.clone();
        Self { invocation_id, extra, pid: std::process::id(), style, secrets: secrets.clone() }
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
        python_json::text(&self.tidied(line))
    }

    /// Sorts the keys of all objects and hides secrets in all texts.
    fn tidied(&self, value: Value) -> Value {
        match value {
            Value::Object(map) => {
                let tidied = |(key, value): (String, Value)| {
                    (self.secrets.scrub(&key).into_owned(), self.tidied(value))
                };
                let keys: BTreeMap<String, Value> = map.into_iter().map(tidied).collect();
                Value::Object(keys.into_iter().collect())
            }
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.tidied(item)).collect()),
            Value::String(text) => match self.secrets.scrub(&text) {
                std::borrow::Cow::Borrowed(_) => Value::String(text),
                std::borrow::Cow::Owned(hidden) => Value::String(hidden),
            },
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_secrets_hidden_at_every_depth() {
        let invocation = Invocation {
            id: "i".into(),
            started_at: jiff::Timestamp::UNIX_EPOCH,
            dbt_version: "1".into(),
            env: crate::hash::IndexMap::default(),
        };
        let lines = JsonLines::new(&invocation, Style::default(), &Scrubber::new(["a\"b".to_owned()]));
        let value = lines.tidied(json!({"b": [1, "é a\"b"], "a": {"y": null, "x": 0.5}}));
        assert_eq!(python_json::text(&value), r#"{"a": {"x": 0.5, "y": null}, "b": [1, "\u00e9 *****"]}"#);
    }
}
