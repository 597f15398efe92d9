//! Facts of one invocation that every artifact shows under `metadata` (`artifacts.md` section 1).

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::hash::IndexMap;

/// One call of the program.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// A version 4 UUID.
    pub id: String,
    /// When the program started.
    pub started_at: Timestamp,
    /// The dbt version whose artifacts these are, for example `1.11.16`.
    pub dbt_version: String,
    /// `DBT_ENV_CUSTOM_ENV_*` variables, without the prefix.
    pub env: IndexMap<String, String>,
}

/// The keys that `metadata` of every artifact begins with.
#[derive(Clone, Debug, Serialize)]
pub struct Metadata<'a> {
    dbt_schema_version: String,
    dbt_version: &'a str,
    generated_at: String,
    invocation_id: &'a str,
    invocation_started_at: String,
    env: &'a IndexMap<String, String>,
}

impl<'a> Metadata<'a> {
    /// Makes the metadata of an artifact: its name and version as in the schema's address (`run-results`, 6).
    pub fn new(artifact: &str, version: u32, invocation: &'a Invocation, generated_at: Timestamp) -> Self {
        Self {
            dbt_schema_version: format!("https://schemas.getdbt.com/dbt/{artifact}/v{version}.json"),
            dbt_version: &invocation.dbt_version,
            generated_at: timestamp(generated_at),
            invocation_id: &invocation.id,
            invocation_started_at: timestamp(invocation.started_at),
            env: &invocation.env,
        }
    }
}

/// Writes a time as artifacts do: UTC, always six digits of a second, `Z`.
pub fn timestamp(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// The same with `+00:00`, as `run_started_at`.
pub(super) fn timestamp_with_offset(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S.%6f+00:00").to_string()
}

/// Writes a time for a serde field.
pub(super) fn serialize_timestamp<S: serde::Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&timestamp(*time))
}
