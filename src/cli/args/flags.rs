//! What is meant: every flag of the command, settled. Stages take the small groups they need.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Map, Value};

use super::groups::{Building, Color, IndirectSelection, LogFormat, Logging, Places, Selecting, State};
use super::verb::{Spec, Verb};
use crate::diag::Diagnostic;
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
    /// dbt's name for the command as it was typed, for example `generate` or `ls`.
    pub which: &'static str,
    pub(super) settings: BTreeMap<&'static str, Setting>,
    /// Folders as they were named, as artifacts show them.
    pub(super) given_paths: BTreeMap<&'static str, Value>,
    /// The project's switches of behaviour, for example `require_generic_test_arguments_property`.
    pub behavior: BTreeMap<String, Value>,
    /// What becomes of warnings.
    pub policy: WarnPolicy,
    /// The word of a command that takes one.
    pub positional: Option<String>,
    /// The whole line, as artifacts show it.
    pub invocation_command: String,
    /// `--vars` as typed, so that dates and places in it are kept.
    pub vars_text: Option<String>,
    /// What to tell once the log is open.
    pub notices: Vec<Diagnostic>,
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

    pub(super) fn value(&self, id: &str) -> Option<&Value> {
        self.settings.get(id).map(|setting| &setting.value)
    }

    /// Says where the log goes when nobody asked for a place.
    pub fn log_goes_to(&mut self, folder: Option<&Utf8Path>) {
        if let (Some(folder), Some(setting)) = (folder, self.settings.get_mut("log_path")) {
            setting.value = Value::String(folder.to_string());
        }
    }

    fn threads(&self) -> Option<usize> {
        self.int("threads").and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0)
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
            threads: if self.switch("single_threaded") { Some(1) } else { self.threads() },
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
            dry_run: self.switch("dry_run"),
            write_json: self.switch("write_json") && !self.switch("dry_run"),
            write_parquet: self.switch("write_parquet") && !self.switch("dry_run"),
            populate_cache: self.switch("populate_cache"),
            cache_selected_only: self.switch("cache_selected_only"),
            print: self.switch("print"),
            fuse: self.switch("fuse"),
            gate: (self.source("gate") != Source::Default).then(|| self.switch("gate")),
            gate_all: self.switch("gate_all"),
            check: self.switch("check"),
            explain_schedule: self.switch("explain_schedule"),
            retries: self.int("retries").map(|count| count.try_into().unwrap_or(0)),
            lock_timeout: self.int("lock_timeout").map(|s| Duration::from_secs(s.try_into().unwrap_or(0))),
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
        // Where an editor listens nothing else may be written, and what it hears is told there.
        let to_editor = self.verb() == Verb::Lsp;
        let console = console.filter(|_| !to_editor);
        let file = self
            .level("log_level_file")
            .filter(|_| !to_editor)
            .map(|level| if debug { Level::Debug } else { level });
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
}
