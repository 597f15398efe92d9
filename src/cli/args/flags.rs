//! What is meant: every flag of the command, settled. Stages take the small groups they need.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Map, Value, json};

use super::resolve::Notice;
use super::value::UsageError;
use super::verb::{Spec, Verb};
use crate::event::{Level, WarnPolicy};

/// Where a value comes from, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Typed.
    CommandLine,
    /// A variable.
    Env,
    /// `flags:` of the project.
    Project,
    /// Nobody said anything.
    Default,
}

#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) value: Value,
    pub(super) source: Source,
}

/// All settings of one invocation.
#[derive(Clone, Debug)]
pub struct Flags {
    /// The command.
    pub spec: &'static Spec,
    pub(super) settings: BTreeMap<&'static str, Setting>,
    /// The project's switches of behaviour, for example `require_generic_test_arguments_property`.
    pub behavior: BTreeMap<String, Value>,
    /// What becomes of warnings.
    pub policy: WarnPolicy,
    /// The word of a command that takes one.
    pub positional: Option<String>,
    /// The whole line, as artifacts show it.
    pub invocation_command: String,
    /// What to tell once the log is open.
    pub notices: Vec<Notice>,
}

/// Where things are. Paths are absolute unless said otherwise.
#[derive(Clone, Debug)]
pub struct Places {
    /// The project.
    pub project_dir: Utf8PathBuf,
    /// Where profiles.yml is looked for.
    pub profiles_dir: Utf8PathBuf,
    /// Whether somebody named that folder.
    pub profiles_dir_given: bool,
    /// The profile, unless the project's.
    pub profile: Option<String>,
    /// The output, unless the profile's.
    pub target: Option<String>,
    /// The folder of artifacts, unless the project's; relative to the project.
    pub target_path: Option<Utf8PathBuf>,
    /// Variables.
    pub vars: Map<String, Value>,
    /// How many nodes at once, unless the profile's.
    pub threads: Option<usize>,
    /// Whether `require-dbt-version` holds.
    pub version_check: bool,
}

/// Which nodes.
#[derive(Clone, Debug, Default)]
pub struct Selecting {
    /// `--select`, with `--models` of `ls`.
    pub select: Vec<String>,
    /// `--exclude`.
    pub exclude: Vec<String>,
    /// `--selector`.
    pub selector: Option<String>,
    /// Kinds to take; empty for the command's own.
    pub resource_types: Vec<String>,
    /// Kinds to leave out.
    pub exclude_resource_types: Vec<String>,
    /// Which tests come along.
    pub indirect: IndirectSelection,
}

/// Which tests come along with the nodes selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IndirectSelection {
    /// Those that touch any selected node.
    #[default]
    Eager,
    /// Those whose nodes are all selected.
    Cautious,
    /// Those whose nodes are selected or above selected ones.
    Buildable,
    /// None.
    Empty,
}

/// How nodes are built.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own, none excludes another")]
#[derive(Clone, Debug)]
pub struct Building {
    /// Rebuild incremental models and seeds.
    pub full_refresh: bool,
    /// Whether `--full-refresh` or its opposite was said at all.
    pub full_refresh_given: bool,
    /// Read no rows.
    pub empty: bool,
    /// Stop at the first failure.
    pub fail_fast: bool,
    /// Keep failing rows of tests.
    pub store_failures: bool,
    /// Ask the database while compiling.
    pub introspect: bool,
    /// Print rows of seeds.
    pub show: bool,
    /// Write `manifest.json` and `run_results.json`.
    pub write_json: bool,
    /// List existing relations before the start.
    pub populate_cache: bool,
    /// ... of the schemas of selected nodes only.
    pub cache_selected_only: bool,
    /// Let `print()` of templates through.
    pub print: bool,
}

/// Earlier state.
#[derive(Clone, Debug)]
pub struct State {
    /// The folder; relative to the project.
    pub state: Option<Utf8PathBuf>,
    /// The folder for deferral only; relative to the project.
    pub defer_state: Option<Utf8PathBuf>,
    /// Take relations of unselected nodes from there.
    pub defer: bool,
    /// ... even where the target has them.
    pub favor_state: bool,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// `12:00:00  message`.
    Text,
    /// With microseconds, level and thread.
    Debug,
    /// A JSON object a line.
    Json,
}

/// Whether colours are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// Where there is a terminal and nobody objects.
    Auto,
    /// Yes.
    Always,
    /// No.
    Never,
}

/// What is shown and logged.
#[derive(Clone, Debug)]
pub struct Logging {
    /// The form of lines on the console.
    pub format: LogFormat,
    /// The least level on the console; `None` for nothing but asked-for output.
    pub level: Option<Level>,
    /// Colours on the console.
    pub color: Color,
    /// The width lines are padded to.
    pub width: usize,
    /// Errors and asked-for output only.
    pub quiet: bool,
    /// The folder of the log file, absolute; `None` for the project's.
    pub file_folder: Option<Utf8PathBuf>,
    /// The form of lines in the file.
    pub file_format: LogFormat,
    /// The least level in the file; `None` for no file.
    pub file_level: Option<Level>,
    /// Colours in the file.
    pub file_color: bool,
    /// The size at which the file starts anew, in bytes; 0 for never.
    pub file_max_bytes: u64,
    /// Log changes of the relation cache too.
    pub cache_events: bool,
}

impl Flags {
    /// Returns the command.
    pub fn verb(&self) -> Verb {
        self.spec.verb
    }

    /// Tells where the value of a flag comes from; `Default` for a flag the command does not have.
    pub fn source(&self, id: &str) -> Source {
        self.settings.get(id).map_or(Source::Default, |setting| setting.source)
    }

    /// Returns the value of a switch; false for one the command does not have.
    pub fn switch(&self, id: &str) -> bool {
        self.value(id).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Returns a text.
    pub fn text(&self, id: &str) -> Option<&str> {
        self.value(id).and_then(Value::as_str)
    }

    /// Returns a number.
    pub fn int(&self, id: &str) -> Option<i64> {
        self.value(id).and_then(Value::as_i64)
    }

    /// Returns a list of words.
    pub fn words(&self, id: &str) -> Vec<String> {
        let items = self.value(id).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|word| word.as_str().map(str::to_owned)).collect()
    }

    /// Returns a mapping.
    pub fn mapping(&self, id: &str) -> Map<String, Value> {
        self.value(id).and_then(Value::as_object).cloned().unwrap_or_default()
    }

    fn value(&self, id: &str) -> Option<&Value> {
        self.settings.get(id).map(|setting| &setting.value)
    }

    fn path(&self, id: &str) -> Option<Utf8PathBuf> {
        self.text(id).map(|path| Utf8Path::new(path).to_owned())
    }

    /// Returns where things are.
    pub fn places(&self) -> Places {
        Places {
            project_dir: self.path("project_dir").unwrap_or_default(),
            profiles_dir: self.path("profiles_dir").unwrap_or_default(),
            profiles_dir_given: self.source("profiles_dir") != Source::Default,
            profile: self.text("profile").map(str::to_owned),
            target: self.text("target").map(str::to_owned),
            target_path: self.path("target_path"),
            vars: self.mapping("vars"),
            threads: self
                .int("threads")
                .and_then(|count| usize::try_from(count).ok())
                .filter(|count| *count > 0),
            version_check: self.switch("version_check"),
        }
    }

    /// Returns which nodes are meant.
    pub fn selecting(&self) -> Selecting {
        let models = self.words("models");
        let only_models = !models.is_empty();
        Selecting {
            select: if only_models { models } else { self.words("select") },
            exclude: self.words("exclude"),
            selector: self.text("selector").map(str::to_owned),
            resource_types: if only_models { vec!["model".into()] } else { self.words("resource_types") },
            exclude_resource_types: self.words("exclude_resource_types"),
            indirect: match self.text("indirect_selection") {
                Some("cautious") => IndirectSelection::Cautious,
                Some("buildable") => IndirectSelection::Buildable,
                Some("empty") => IndirectSelection::Empty,
                _ => IndirectSelection::Eager,
            },
        }
    }

    /// Returns how nodes are built.
    pub fn building(&self) -> Building {
        Building {
            full_refresh: self.switch("full_refresh"),
            full_refresh_given: self.source("full_refresh") != Source::Default,
            empty: self.switch("empty"),
            fail_fast: self.switch("fail_fast"),
            store_failures: self.switch("store_failures"),
            introspect: self.value("introspect").is_none() || self.switch("introspect"),
            show: self.switch("show"),
            write_json: self.switch("write_json"),
            populate_cache: self.switch("populate_cache"),
            cache_selected_only: self.switch("cache_selected_only"),
            print: self.switch("print"),
        }
    }

    /// Returns the earlier state to look at.
    pub fn state(&self) -> State {
        State {
            state: self.path("state"),
            defer_state: self.path("defer_state"),
            defer: self.switch("defer"),
            favor_state: self.switch("favor_state"),
        }
    }

    /// Returns what is shown and logged.
    pub fn logging(&self) -> Logging {
        let (debug, quiet) = (self.switch("debug"), self.switch("quiet"));
        let console = if quiet {
            self.level("log_level").map(|_| Level::Error)
        } else if debug {
            self.level("log_level").map(|_| Level::Debug)
        } else {
            self.level("log_level")
        };
        let file = self.level("log_level_file").map(|level| if debug { Level::Debug } else { level });
        Logging {
            format: self.format("log_format").unwrap_or(LogFormat::Text),
            level: console,
            color: match self.source("use_colors") {
                Source::Default => Color::Auto,
                _ if self.switch("use_colors") => Color::Always,
                _ => Color::Never,
            },
            width: self.int("printer_width").and_then(|width| usize::try_from(width).ok()).unwrap_or(80),
            quiet,
            file_folder: self.path("log_path"),
            file_format: self.format("log_format_file").unwrap_or(LogFormat::Debug),
            file_level: file,
            file_color: self.source("use_colors_file") != Source::Default && self.switch("use_colors_file"),
            file_max_bytes: self
                .int("log_file_max_bytes")
                .and_then(|size| u64::try_from(size).ok())
                .unwrap_or(0),
            cache_events: self.switch("log_cache_events"),
        }
    }

    fn level(&self, id: &str) -> Option<Level> {
        match self.text(id)? {
            "debug" => Some(Level::Debug),
            "info" => Some(Level::Info),
            "warn" => Some(Level::Warn),
            "error" => Some(Level::Error),
            _ => None,
        }
    }

    fn format(&self, id: &str) -> Option<LogFormat> {
        match self.text(id)? {
            "text" => Some(LogFormat::Text),
            "debug" => Some(LogFormat::Debug),
            "json" => Some(LogFormat::Json),
            _ => None,
        }
    }

    pub(super) fn check_times(&self) -> Result<(), UsageError> {
        let parse = |id: &str| match self.text(id) {
            None => Ok(None),
            Some(text) => moment(text).map(Some).ok_or_else(|| {
                let name = id.replace('_', "-");
                UsageError::new(format!("`{text}` is no time for `--{name}`"))
                    .help("as in 2024-05-01 or '2024-05-01 06:30:00'")
            }),
        };
        match (parse("event_time_start")?, parse("event_time_end")?) {
            (None, None) => Ok(()),
            (Some(start), Some(end)) if start < end => Ok(()),
            (Some(_), Some(_)) => {
                Err(UsageError::new("`--event-time-start` must lie before `--event-time-end`"))
            }
            (Some(_), None) => Err(UsageError::new("`--event-time-start` needs `--event-time-end`")),
            (None, Some(_)) => Err(UsageError::new("`--event-time-end` needs `--event-time-start`")),
        }
    }

    /// Returns the settings as `run_results.json` and `invocation_args_dict` show them.
    ///
    /// Unset flags are left out, and so are some that are off, as dbt leaves them out.
    pub fn as_invocation_args(&self) -> Map<String, Value> {
        let mut args: BTreeMap<String, Value> = self.behavior.clone();
        args.insert("introspect".into(), json!(true));
        args.insert("strict_mode".into(), json!(false));
        for (id, setting) in &self.settings {
            let left_out = LEFT_OUT_WHEN_OFF.contains(id) && setting.value == json!(false);
            if !setting.value.is_null() && !left_out {
                args.insert((*id).to_owned(), setting.value.clone());
            }
        }
        if args.contains_key("sqlparse") && self.source("sqlparse") == Source::Default {
            let unlimited = json!({"MAX_GROUPING_DEPTH": null, "MAX_GROUPING_TOKENS": null});
            args.insert("sqlparse".into(), unlimited);
        }
        args.insert("warn_error_options".into(), self.policy.to_json());
        args.insert("which".into(), json!(self.spec.which));
        args.insert("invocation_command".into(), json!(self.invocation_command));
        if let (Some(word), Some(text)) = (self.spec.positional, &self.positional) {
            args.insert(word.id.to_owned(), json!(text));
        }
        args.into_iter().collect()
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

fn python(value: &Value) -> String {
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

fn moment(text: &str) -> Option<jiff::civil::DateTime> {
    let date = |text: &str| text.parse::<jiff::civil::Date>().ok().map(jiff::civil::DateTime::from);
    let time = |text: &str| text.parse::<jiff::civil::DateTime>().ok();
    if text.len() <= "2024-05-01".len() { date(text) } else { time(text) }
}
