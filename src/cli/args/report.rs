//! Settings as artifacts and logs show them, by dbt's names.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::flag_table::{GATING, OWN};
use super::flags::{Flags, Source};

impl Flags {
    /// Returns the settings as `run_results.json` and `invocation_args_dict` show them.
    ///
    /// Unset flags are left out, and so are some that are off, as dbt leaves them out.
    pub fn as_invocation_args(&self) -> Map<String, Value> {
        let mut args: BTreeMap<String, Value> = self.behavior.clone();
        args.insert("introspect".into(), json!(true));
        args.insert("strict_mode".into(), json!(false));
        for (id, setting) in &self.settings {
            let left_out = LEFT_OUT_WHEN_OFF.contains(id) && setting.value == json!(false);
            // The gates are shown where `retry` needs to know of them.
            let unset = setting.source == Source::Default && GATING.iter().any(|flag| flag.id == *id);
            let own = unset || OWN.iter().any(|flag| flag.id == *id);
            if !setting.value.is_null() && !left_out && !own {
                let value = self.given_paths.get(id).unwrap_or(&setting.value);
                args.insert((*id).to_owned(), value.clone());
            }
        }
        if args.contains_key("sqlparse") && self.source("sqlparse") == Source::Default {
            let unlimited = json!({"MAX_GROUPING_DEPTH": null, "MAX_GROUPING_TOKENS": null});
            args.insert("sqlparse".into(), unlimited);
        }
        args.insert("warn_error_options".into(), self.policy.to_json());
        args.insert("which".into(), json!(self.which));
        args.insert("invocation_command".into(), json!(self.invocation_command));
        if let (Some(word), Some(text)) = (self.spec.positional, &self.positional) {
            args.insert(word.id.to_owned(), json!(text));
        }
        args.into_iter().collect()
    }

    /// Returns the settings as dbt keeps them for `run-operation`: those that are off too, without what it passes on as
    /// anything but text, number, list or mapping.
    pub fn as_operation_args(&self) -> Map<String, Value> {
        let mut args = self.as_invocation_args();
        for id in LEFT_OUT_WHEN_OFF.iter().filter(|id| **id != "warn_error") {
            args.entry(*id).or_insert(json!(false));
        }
        let unsaid = |id: &str| UNSAID.contains(&id) && self.source(id) == Source::Default;
        args.retain(|id, _| id != "warn_error_options" && !unsaid(id));
        args.sort_keys();
        args
    }

    /// Returns the settings that dbt reports when it starts, in Python's words.
    pub fn as_report(&self) -> BTreeMap<String, String> {
        let args = self.as_invocation_args();
        let text = |id: &str| match (id, args.get(id).or_else(|| self.value(id))) {
            ("warn_error_options", _) => warn_error_options(&self.policy.to_json()),
            (_, None) => "None".to_owned(),
            (_, Some(value)) => python(value),
        };
        REPORTED.iter().map(|id| ((*id).to_owned(), text(id))).collect()
    }
}

const LEFT_OUT_WHEN_OFF: &[&str] = &[
    "debug",
    "full_refresh",
    "fail_fast",
    "warn_error",
    "single_threaded",
    "log_cache_events",
    "store_failures",
    "use_experimental_parser",
];

/// What `run-operation` leaves out unless somebody gave it; dbt's usual folders are no texts.
const UNSAID: &[&str] = &["args", "log_path", "profiles_dir", "project_dir"];

const REPORTED: &[&str] = &[
    "cache_selected_only",
    "debug",
    "empty",
    "fail_fast",
    "indirect_selection",
    "introspect",
    "invocation_command",
    "log_cache_events",
    "log_format",
    "log_path",
    "no_print",
    "partial_parse",
    "printer_width",
    "profiles_dir",
    "quiet",
    "send_anonymous_usage_stats",
    "static_parser",
    "target_path",
    "use_colors",
    "use_experimental_parser",
    "version_check",
    "warn_error",
    "warn_error_options",
    "write_json",
];

/// The switches of behaviour that only `flags:` can set, with dbt's defaults.
const BEHAVIOR: &[(&str, bool)] = &[
    ("require_all_warnings_handled_by_warn_error", false),
    ("require_batched_execution_for_custom_microbatch_strategy", false),
    ("require_explicit_package_overrides_for_builtin_materializations", true),
    ("require_generic_test_arguments_property", true),
    ("require_nested_cumulative_type_params", false),
    ("require_ref_searches_node_package_before_root", false),
    ("require_resource_names_without_spaces", true),
    ("require_unique_project_resource_names", false),
    ("require_yaml_configuration_for_mf_time_spines", false),
    ("skip_nodes_if_on_run_start_fails", false),
    ("source_freshness_run_project_hooks", true),
    ("state_modified_compare_more_unrendered_values", false),
    ("state_modified_compare_vars", false),
    ("validate_macro_args", false),
];

pub(super) fn behavior(project_flags: &Map<String, Value>) -> BTreeMap<String, Value> {
    let value = |name: &str, default: bool| match project_flags.get(name) {
        Some(Value::Null) | None => json!(default),
        Some(value) => value.clone(),
    };
    BEHAVIOR.iter().map(|(name, default)| ((*name).to_owned(), value(name, *default))).collect()
}

/// Writes a setting as Python does, which scripts read.
pub(crate) fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn warn_error_options(options: &Value) -> String {
    let show =
        |key: &str| options.get(key).map(|value| value.to_string().replace('"', "'")).unwrap_or_default();
    format!("WarnErrorOptionsV2(error={}, warn={}, silence={})", show("error"), show("warn"), show("silence"))
}
