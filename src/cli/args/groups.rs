//! Settings in small groups, each for the stage that needs it. Words of closed sets are enums here.

use std::time::Duration;

use camino::Utf8PathBuf;
use serde_json::{Map, Value};

use crate::event::Level;

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
    /// Only show what would be done.
    pub dry_run: bool,
    /// Write `manifest.json` and `run_results.json`.
    pub write_json: bool,
    /// Write the tables.
    pub write_parquet: bool,
    /// List existing relations before the start.
    pub populate_cache: bool,
    /// ... of the schemas of selected nodes only.
    pub cache_selected_only: bool,
    /// Let `print()` of templates through.
    pub print: bool,
    /// Answer tests of one relation by one statement.
    pub fuse: bool,
    /// Publish after tests: all nodes, none, or as they are configured.
    pub gate: Option<bool>,
    /// Whether all relations of the run are published together.
    pub gate_all: bool,
    /// Begin only if no mistake is found before.
    pub check: bool,
    /// Show the critical path.
    pub explain_schedule: bool,
    /// How often a node is tried again that failed for a reason that may pass, if somebody said.
    pub retries: Option<u32>,
    /// How long to wait for what others hold, if somebody said.
    pub lock_timeout: Option<Duration>,
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
