//! `flags:` of `dbt_project.yml` (or `config:` of `profiles.yml`): settings of the command line, and
//! switches between old and new behaviour.

use crate::diag::{Code, Diagnostic};
use crate::yaml::{Map, Value, Yaml};

/// The flags a project sets. They lose against the command line and the environment.
#[derive(Clone, Debug, Default)]
pub struct ProjectFlags {
    values: Map,
}

/// The switches of dbt 1.11 and their defaults (`cli.md` section 6).
const BEHAVIOR: &[(&str, bool)] = &[
    ("require_explicit_package_overrides_for_builtin_materializations", true),
    ("require_resource_names_without_spaces", true),
    ("source_freshness_run_project_hooks", true),
    ("require_generic_test_arguments_property", true),
    ("require_batched_execution_for_custom_microbatch_strategy", false),
    ("skip_nodes_if_on_run_start_fails", false),
    ("state_modified_compare_more_unrendered_values", false),
    ("state_modified_compare_vars", false),
    ("require_yaml_configuration_for_mf_time_spines", false),
    ("require_nested_cumulative_type_params", false),
    ("validate_macro_args", false),
    ("require_all_warnings_handled_by_warn_error", false),
    ("require_unique_project_resource_names", false),
    ("require_ref_searches_node_package_before_root", false),
    ("require_event_names_in_deprecations", false),
];

/// Flags of the command line that are booleans.
const BOOLEANS: &[&str] = &[
    "cache_selected_only",
    "debug",
    "fail_fast",
    "partial_parse",
    "populate_cache",
    "send_anonymous_usage_stats",
    "static_parser",
    "use_colors",
    "use_colors_file",
    "use_experimental_parser",
    "version_check",
    "warn_error",
    "write_json",
];

/// Flags of the command line that are text.
const TEXTS: &[&str] =
    &["indirect_selection", "log_format", "log_format_file", "log_level", "log_level_file"];

impl ProjectFlags {
    /// Reads the mapping and notes values of the wrong type. Unknown flags are kept: adapters have theirs.
    pub(super) fn read(values: &Map, found: &mut Vec<Diagnostic>) -> Self {
        for entry in values.iter().filter(|entry| !entry.value.is_null()) {
            let (key, value) = (&*entry.key, &entry.value);
            let behavior = BEHAVIOR.iter().any(|(name, _)| *name == key);
            let checked = if behavior || BOOLEANS.contains(&key) {
                value.expect_bool(key).map(|_| ())
            } else if TEXTS.contains(&key) {
                value.expect_str(key).map(|_| ())
            } else {
                match key {
                    "printer_width" => value.expect_int(key).map(|_| ()),
                    "warn_error_options" => check_warn_error_options(value),
                    _ => Ok(()),
                }
            };
            found.extend(checked.err().map(|error| *error));
        }
        Self { values: values.clone() }
    }

    /// Returns the value of a flag as written; nothing when it is not set or null.
    pub fn get(&self, name: &str) -> Option<&Yaml> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// Returns a boolean flag of the command line, where the project sets it.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(Yaml::as_bool)
    }

    /// Returns a text flag of the command line, where the project sets it.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Yaml::as_str)
    }

    /// Returns a behaviour switch: as the project sets it, else dbt's default; `false` for an unknown one.
    pub fn behavior(&self, name: &str) -> bool {
        let default = || BEHAVIOR.iter().any(|(known, value)| *known == name && *value);
        self.flag(name).unwrap_or_else(default)
    }

    /// Goes through everything the project sets: `flags` in templates shows it.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|entry| (&*entry.key, &entry.value.value))
    }
}

fn check_warn_error_options(yaml: &Yaml) -> Result<(), Box<Diagnostic>> {
    let map = yaml.expect_map("warn_error_options")?;
    for (new, old) in [("error", "include"), ("warn", "exclude")] {
        if let (Some(new_entry), Some(old_entry)) = (map.entry(new), map.entry(old)) {
            let message = format!("`{new}` and `{old}` of `warn_error_options` cannot both be set");
            let error = Diagnostic::error(Code::PROJECT, old_entry.key_span, message);
            return Err(Box::new(
                error.label(new_entry.key_span, "set here too").help(format!("keep `{new}`")),
            ));
        }
    }
    for entry in map.iter().filter(|entry| !entry.value.is_null()) {
        entry.value.expect_str_or_strs(&entry.key)?;
    }
    Ok(())
}
