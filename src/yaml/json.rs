//! Trees as JSON, the form in which artifacts and configs carry them on. Places are lost.

use serde_json::{Map as JsonMap, Number, Value as Json};

use super::{Map, Value, Yaml};

impl Yaml {
    /// Converts to JSON: order kept, dates as ISO text. NaN and infinity, which JSON lacks, become null,
    /// as in dbt's artifacts.
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Int(value) => int_to_json(*value),
            Value::Float(value) => Number::from_f64(*value).map_or(Json::Null, Json::Number),
            Value::Str(text) => Json::String(text.to_string()),
            Value::Time(time) => Json::String(time.iso()),
            Value::Seq(items) => Json::Array(items.iter().map(Yaml::to_json).collect()),
            Value::Map(map) => Json::Object(map.to_json()),
        }
    }
}

impl Map {
    /// Converts to a JSON object; see [`Yaml::to_json`].
    pub fn to_json(&self) -> JsonMap<String, Json> {
        self.iter().map(|entry| (entry.key.to_string(), entry.value.to_json())).collect()
    }
}

/// Whole numbers beyond 64 bits lose digits: JSON readers would not keep them either.
fn int_to_json(value: i128) -> Json {
    if let Ok(small) = i64::try_from(value) {
        return Json::from(small);
    }
    match u64::try_from(value) {
        Ok(large) => Json::from(large),
        #[expect(clippy::cast_precision_loss, reason = "said in the doc: digits are lost, the size is kept")]
        Err(_) => Number::from_f64(value as f64).map_or(Json::Null, Json::Number),
    }
}

/// Shows a float as Python's `repr` does: `1.0`, `1e+16`, `inf`, `nan`.
pub(super) fn python_float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let size = value.abs();
    if value != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |e| ('-', e));
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    format!("{value:?}")
}
