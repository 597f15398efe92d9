//! All flags. Names, variables and defaults are dbt Core's; the sentences are ours.

use super::flag::{Fallback, Flag, Section};

use Section::{Building, Command, NoEffect, Output, Project, Selection, State};

const LEVELS: &[&str] = &["debug", "info", "warn", "error", "none"];
const FORMATS: &[&str] = &["text", "debug", "json", "default"];
const TYPES: &[&str] = &[
    "metric",
    "semantic_model",
    "saved_query",
    "source",
    "analysis",
    "function",
    "model",
    "test",
    "unit_test",
    "exposure",
    "snapshot",
    "seed",
    "default",
    "all",
];
const TYPES_WITHOUT_ALL: &[&str] = &[
    "metric",
    "semantic_model",
    "saved_query",
    "source",
    "analysis",
    "function",
    "model",
    "test",
    "unit_test",
    "exposure",
    "snapshot",
    "seed",
    "default",
];

// Where things are.
pub(crate) const PROJECT_DIR: Flag = Flag::path("project_dir", "project-dir")
    .env("DBT_PROJECT_DIR")
    .help(Project, "Folder of dbt_project.yml [default: here, or the nearest folder above that has one]");
pub(crate) const PROFILES_DIR: Flag = Flag::path("profiles_dir", "profiles-dir")
    .env("DBT_PROFILES_DIR")
    .help(Project, "Folder of profiles.yml [default: here if it has one, else ~/.dbt]");
pub(crate) const PROFILE: Flag = Flag::text("profile", "profile")
    .env("DBT_PROFILE")
    .help(Project, "Profile to use instead of the project's");
pub(crate) const TARGET: Flag = Flag::text("target", "target")
    .short('t')
    .env("DBT_TARGET")
    .help(Project, "Output of the profile to use instead of its default");
pub(crate) const VARS: Flag = Flag::mapping("vars", "vars")
    .help(Project, "Variables as a YAML mapping, for example '{day: 2024-05-01}'");
pub(crate) const TARGET_PATH: Flag = Flag::path("target_path", "target-path")
    .env("DBT_TARGET_PATH")
    .help(Project, "Folder for artifacts [default: target]");
pub(crate) const VERSION_CHECK: Flag = Flag::switch("version_check", "version-check", true)
    .env("DBT_VERSION_CHECK")
    .project()
    .rare()
    .help(Project, "Ignore require-dbt-version of the project");

// Which nodes.
pub(crate) const SELECT: Flag = Flag::words("select", "select")
    .short('s')
    .aliases(&["models", "model"], &['m'])
    .help(Selection, "Nodes to take: names, paths, tag:x, +parents, children+, ...");
/// `ls` has `--models` as a flag of its own.
pub(crate) const RAW_SELECT: Flag = Flag::words("select", "select")
    .short('s')
    .help(Selection, "Nodes to take: names, paths, tag:x, +parents, children+, ...");
pub(crate) const MODELS: Flag = Flag::words("models", "models")
    .short('m')
    .aliases(&["model"], &[])
    .help(Selection, "Models to take; excludes --select and --resource-type");
pub(crate) const EXCLUDE: Flag = Flag::words("exclude", "exclude").help(Selection, "Nodes to leave out");
pub(crate) const SELECTOR: Flag =
    Flag::text("selector", "selector").help(Selection, "Selector of selectors.yml to use instead");
pub(crate) const RESOURCE_TYPES: Flag = Flag::choices("resource_types", "resource-type", TYPES)
    .aliases(&["resource-types"], &[])
    .env("DBT_RESOURCE_TYPES")
    .help(Selection, "Kinds of resources to take");
pub(crate) const EXCLUDE_RESOURCE_TYPES: Flag =
    Flag::choices("exclude_resource_types", "exclude-resource-type", TYPES_WITHOUT_ALL)
        .aliases(&["exclude-resource-types"], &[])
        .env("DBT_EXCLUDE_RESOURCE_TYPES")
        .help(Selection, "Kinds of resources to leave out");
pub(crate) const INDIRECT_SELECTION: Flag = Flag::choice(
    "indirect_selection",
    "indirect-selection",
    &["eager", "cautious", "buildable", "empty"],
    "eager",
)
.env("DBT_INDIRECT_SELECTION")
.project()
.help(Selection, "Which tests come along with the nodes selected");

// How they are built.
pub(crate) const FULL_REFRESH: Flag = Flag::switch("full_refresh", "full-refresh", false)
    .short('f')
    .env("DBT_FULL_REFRESH")
    .help(Building, "Rebuild incremental models, and drop and create seeds");
pub(crate) const EMPTY: Flag = Flag::switch("empty", "empty", false)
    .env("DBT_EMPTY")
    .help(Building, "Read no rows: build the shape of everything only");
pub(crate) const SAMPLE: Flag = Flag::text("sample", "sample")
    .env("DBT_SAMPLE")
    .rare()
    .help(Building, "Read only recent rows, for example '3 days'");
pub(crate) const EVENT_TIME_START: Flag = Flag::text("event_time_start", "event-time-start")
    .env("DBT_EVENT_TIME_START")
    .rare()
    .help(Building, "First time for microbatch models, inclusive");
pub(crate) const EVENT_TIME_END: Flag = Flag::text("event_time_end", "event-time-end")
    .env("DBT_EVENT_TIME_END")
    .rare()
    .help(Building, "Last time for microbatch models, exclusive");
pub(crate) const STORE_FAILURES: Flag = Flag::switch("store_failures", "store-failures", false)
    .env("DBT_STORE_FAILURES")
    .help(Building, "Keep the failing rows of tests in tables");
pub(crate) const FAIL_FAST: Flag = Flag::switch("fail_fast", "fail-fast", false)
    .short('x')
    .env("DBT_FAIL_FAST")
    .project()
    .help(Building, "Stop at the first failure");
pub(crate) const FUSE: Flag = Flag::switch("fuse", "fuse", true)
    .env("TIDEGATE_FUSE")
    .rare()
    .help(Building, "Run every test as a statement of its own");
pub(crate) const GATE: Flag = Flag::switch("gate", "gate", false)
    .env("TIDEGATE_GATE")
    .help(Building, "Publish each relation only once its tests have passed, whatever `gate:` says");
pub(crate) const GATE_ALL: Flag = Flag::switch("gate_all", "gate-all", false)
    .env("TIDEGATE_GATE_ALL")
    .rare()
    .help(Building, "Publish all of this run's relations together once all tests have passed, or none");
pub(crate) const CHECK: Flag = Flag::switch("check", "check", false)
    .env("TIDEGATE_CHECK")
    .help(Building, "Begin only if `check` finds no mistake in what is selected");
pub(crate) const EXPLAIN_SCHEDULE: Flag = Flag::switch("explain_schedule", "explain-schedule", false)
    .env("TIDEGATE_EXPLAIN_SCHEDULE")
    .rare()
    .help(Building, "Show the critical path and the time that the run is likely to take");
pub(crate) const DRY_RUN: Flag = Flag::switch("dry_run", "dry-run", false)
    .env("TIDEGATE_DRY_RUN")
    .help(Building, "Show what would be done, in which order and why, and touch nothing");
pub(crate) const RETRIES: Flag = Flag::int("retries", "retries")
    .env("TIDEGATE_RETRIES")
    .rare()
    .help(Building, "How often to try a node again after what may pass: lost connections, locks, conflicts");
pub(crate) const LOCK_TIMEOUT: Flag = Flag::int("lock_timeout", "lock-timeout")
    .env("TIDEGATE_LOCK_TIMEOUT")
    .rare()
    .help(Building, "Seconds to wait for a database or a relation that another process holds");
pub(crate) const THREADS: Flag = Flag::int("threads", "threads")
    .help(Building, "How many nodes to work on at once [default: the profile's]");
pub(crate) const SINGLE_THREADED: Flag = Flag::switch("single_threaded", "single-threaded", false)
    .env("DBT_SINGLE_THREADED")
    .rare()
    .help(Building, "As --threads 1");
pub(crate) const INTROSPECT: Flag = Flag::switch("introspect", "introspect", true)
    .env("DBT_INTROSPECT")
    .rare()
    .help(Building, "Ask the database nothing while compiling");
pub(crate) const WRITE_JSON: Flag = Flag::switch("write_json", "write-json", true)
    .env("DBT_WRITE_JSON")
    .project()
    .rare()
    .help(Building, "Write no manifest.json and run_results.json");
pub(crate) const WRITE_PARQUET: Flag = Flag::switch("write_parquet", "write-parquet", false)
    .env("TIDEGATE_WRITE_PARQUET")
    .rare()
    .help(Building, "Write nodes, edges, columns, tests and results as Parquet files too");
pub(crate) const CACHE_SELECTED_ONLY: Flag =
    Flag::switch("cache_selected_only", "cache-selected-only", false)
        .env("DBT_CACHE_SELECTED_ONLY")
        .project()
        .rare()
        .help(Building, "Look only into the schemas of selected nodes");
pub(crate) const POPULATE_CACHE: Flag = Flag::switch("populate_cache", "populate-cache", true)
    .env("DBT_POPULATE_CACHE")
    .project()
    .rare()
    .help(Building, "Do not list existing relations before the start");

// Earlier state.
pub(crate) const STATE: Flag = Flag::path("state", "state")
    .env("DBT_STATE")
    .old_env("DBT_ARTIFACT_STATE_PATH", false)
    .help(State, "Folder with the artifacts of an earlier run");
pub(crate) const DEFER: Flag = Flag::switch("defer", "defer", false)
    .env("DBT_DEFER")
    .old_env("DBT_DEFER_TO_STATE", false)
    .help(State, "Take relations of unselected nodes from the earlier run");
pub(crate) const FAVOR_STATE: Flag = Flag::switch("favor_state", "favor-state", false)
    .env("DBT_FAVOR_STATE")
    .old_env("DBT_FAVOR_STATE_MODE", false)
    .rare()
    .help(State, "With --defer: do so even where the target has the relation");
pub(crate) const DEFER_STATE: Flag = Flag::path("defer_state", "defer-state")
    .env("DBT_DEFER_STATE")
    .rare()
    .help(State, "Another folder for --defer only");

// Terminal and log.
pub(crate) const DEBUG: Flag = Flag::switch("debug", "debug", false)
    .short('d')
    .env("DBT_DEBUG")
    .project()
    .help(Output, "Show everything, statements included");
pub(crate) const QUIET: Flag = Flag::switch("quiet", "quiet", false)
    .short('q')
    .env("DBT_QUIET")
    .help(Output, "Show errors and asked-for output only");
pub(crate) const PRINT: Flag = Flag::switch("print", "print", true)
    .env("DBT_PRINT")
    .old_env("DBT_NO_PRINT", true)
    .rare()
    .help(Output, "Drop what print() in templates writes");
pub(crate) const LOG_LEVEL: Flag = Flag::choice("log_level", "log-level", LEVELS, "info")
    .env("DBT_LOG_LEVEL")
    .project()
    .help(Output, "Least level shown");
pub(crate) const LOG_LEVEL_FILE: Flag = Flag::choice("log_level_file", "log-level-file", LEVELS, "debug")
    .env("DBT_LOG_LEVEL_FILE")
    .project()
    .rare()
    .help(Output, "Least level in the log file");
pub(crate) const LOG_FORMAT: Flag = Flag::choice("log_format", "log-format", FORMATS, "default")
    .env("DBT_LOG_FORMAT")
    .project()
    .help(Output, "Form of the lines shown");
pub(crate) const LOG_FORMAT_FILE: Flag = Flag::choice("log_format_file", "log-format-file", FORMATS, "debug")
    .env("DBT_LOG_FORMAT_FILE")
    .project()
    .rare()
    .help(Output, "Form of the lines in the log file");
pub(crate) const LOG_PATH: Flag = Flag::path("log_path", "log-path")
    .env("DBT_LOG_PATH")
    .rare()
    .help(Output, "Folder of dbt.log [default: logs]");
pub(crate) const LOG_FILE_MAX_BYTES: Flag = Flag::int("log_file_max_bytes", "log-file-max-bytes")
    .by_itself(10 * 1024 * 1024)
    .env("DBT_LOG_FILE_MAX_BYTES")
    .rare()
    .help(Output, "Size at which dbt.log starts anew; 0 for never");
pub(crate) const LOG_CACHE_EVENTS: Flag = Flag::switch("log_cache_events", "log-cache-events", false)
    .env("DBT_LOG_CACHE_EVENTS")
    .rare()
    .help(Output, "Log changes of the relation cache too");
pub(crate) const USE_COLORS: Flag = Flag::switch("use_colors", "use-colors", true)
    .env("DBT_USE_COLORS")
    .project()
    .help(Output, "No colours; --use-colors forces them where there is no terminal");
pub(crate) const USE_COLORS_FILE: Flag = Flag::switch("use_colors_file", "use-colors-file", true)
    .env("DBT_USE_COLORS_FILE")
    .project()
    .rare()
    .help(Output, "No colours in the log file");
pub(crate) const PRINTER_WIDTH: Flag = Flag::int("printer_width", "printer-width")
    .by_itself(80)
    .env("DBT_PRINTER_WIDTH")
    .project()
    .rare()
    .help(Output, "Width that lines are padded to");
pub(crate) const WARN_ERROR: Flag = Flag::switch("warn_error", "warn-error", false)
    .unset()
    .env("DBT_WARN_ERROR")
    .project()
    .help(Output, "Make every warning an error");
pub(crate) const WARN_ERROR_OPTIONS: Flag = Flag::mapping("warn_error_options", "warn-error-options")
    .env("DBT_WARN_ERROR_OPTIONS")
    .project()
    .rare()
    .help(Output, "Make some warnings errors, or silence them: '{error: all, silence: [NothingToDo]}'");
pub(crate) const SHOW_ALL_DEPRECATIONS: Flag =
    Flag::switch("show_all_deprecations", "show-all-deprecations", false)
        .rare()
        .help(Output, "Show each place of an old spelling, not the first only");
pub(crate) const SHOW_RESOURCE_REPORT: Flag =
    Flag::switch("show_resource_report", "show-resource-report", false)
        .env("DBT_SHOW_RESOURCE_REPORT")
        .rare()
        .help(Output, "Show at the end what the process took");

/// Told to other systems, for whoever asks for it.
pub(crate) const OPENLINEAGE: Flag = Flag::switch("openlineage", "openlineage", false)
    .env("TIDEGATE_OPENLINEAGE")
    .rare()
    .help(Output, "Send OpenLineage events to where OPENLINEAGE_URL or openlineage.yml says");
pub(crate) const OPENLINEAGE_FILE: Flag = Flag::path("openlineage_file", "openlineage-file")
    .env("TIDEGATE_OPENLINEAGE_FILE")
    .rare()
    .help(Output, "File to add OpenLineage events to, one a line");
pub(crate) const OPENTELEMETRY: Flag = Flag::switch("opentelemetry", "opentelemetry", false)
    .env("TIDEGATE_OPENTELEMETRY")
    .rare()
    .help(Output, "Send a trace to where OTEL_EXPORTER_OTLP_ENDPOINT says, as OTLP over HTTP");

// Without effect.
pub(crate) const PARTIAL_PARSE: Flag = Flag::switch("partial_parse", "partial-parse", true)
    .env("DBT_PARTIAL_PARSE")
    .project()
    .rare()
    .help(NoEffect, "Every parse is full, and fast enough for it");
pub(crate) const PARTIAL_PARSE_FILE_PATH: Flag =
    Flag::path("partial_parse_file_path", "partial-parse-file-path")
        .env("DBT_PARTIAL_PARSE_FILE_PATH")
        .rare()
        .help(NoEffect, "There is no cache of a parse");
pub(crate) const PARTIAL_PARSE_FILE_DIFF: Flag =
    Flag::switch("partial_parse_file_diff", "partial-parse-file-diff", true)
        .env("DBT_PARTIAL_PARSE_FILE_DIFF")
        .rare()
        .help(NoEffect, "There is no cache of a parse");
pub(crate) const STATIC_PARSER: Flag = Flag::switch("static_parser", "static-parser", true)
    .env("DBT_STATIC_PARSER")
    .project()
    .rare()
    .help(NoEffect, "Templates are always rendered");
pub(crate) const USE_EXPERIMENTAL_PARSER: Flag =
    Flag::switch("use_experimental_parser", "use-experimental-parser", false)
        .env("DBT_USE_EXPERIMENTAL_PARSER")
        .project()
        .rare()
        .help(NoEffect, "There is one parser");
pub(crate) const SEND_ANONYMOUS_USAGE_STATS: Flag =
    Flag::switch("send_anonymous_usage_stats", "send-anonymous-usage-stats", true)
        .env("DBT_SEND_ANONYMOUS_USAGE_STATS")
        .project()
        .rare()
        .help(NoEffect, "Nothing is sent for it");
pub(crate) const UPLOAD_TO_ARTIFACTS_INGEST_API: Flag =
    Flag::switch("upload_to_artifacts_ingest_api", "upload-to-artifacts-ingest-api", false)
        .env("DBT_UPLOAD_TO_ARTIFACTS_INGEST_API")
        .rare()
        .help(NoEffect, "Nothing is sent for it");
pub(crate) const USE_FAST_TEST_EDGES: Flag =
    Flag::switch("use_fast_test_edges", "use-fast-test-edges", false)
        .env("DBT_USE_FAST_TEST_EDGES")
        .rare()
        .help(NoEffect, "The graph is fast without");
pub(crate) const MACRO_DEBUGGING: Flag = Flag::switch("macro_debugging", "macro-debugging", false)
    .env("DBT_MACRO_DEBUGGING")
    .rare()
    .help(NoEffect, "There is no Python to debug");
pub(crate) const RECORD_TIMING_INFO: Flag = Flag::path("record_timing_info", "record-timing-info")
    .short('r')
    .rare()
    .help(NoEffect, "There is no profiler");
pub(crate) const SQLPARSE: Flag = Flag::mapping("sqlparse", "sqlparse")
    .env("DBT_ENGINE_SQLPARSE")
    .rare()
    .help(NoEffect, "That library is not used");

// Of one command each.
pub(crate) const INLINE: Flag =
    Flag::text("inline", "inline").help(Command, "SQL to take instead of a model");
pub(crate) const INLINE_DIRECT: Flag =
    Flag::text("inline_direct", "inline-direct").rare().help(Command, "SQL to run as it is, without Jinja");
pub(crate) const OUTPUT: Flag =
    Flag::choice("output", "output", &["json", "text"], "text").help(Command, "Form of the output");
pub(crate) const FINDINGS_OUTPUT: Flag = Flag::choice("output", "output", &["text", "json", "sarif"], "text")
    .help(Command, "Form of the output; code hosts read sarif");
pub(crate) const FAIL_ON: Flag = Flag::choice("fail_on", "fail-on", &["error", "warn"], "error")
    .help(Command, "End with exit code 1 for errors only, or for warnings too");
pub(crate) const LINEAGE_OUTPUT: Flag =
    Flag::choice("output", "output", &["text", "json", "dot", "mermaid", "html"], "text")
        .help(Command, "Form of the output");
pub(crate) const DIFF_OUTPUT: Flag = Flag::choice("output", "output", &["text", "json", "markdown"], "text")
    .help(Command, "Form of the output");
pub(crate) const UPSTREAM: Flag = Flag::switch("upstream", "upstream", false)
    .help(Command, "Show what columns come from [default, unless --downstream]");
pub(crate) const DOWNSTREAM: Flag =
    Flag::switch("downstream", "downstream", false).help(Command, "Show what columns go into");
pub(crate) const DEPTH: Flag = Flag::int("depth", "depth")
    .help(Command, "How many steps to follow [default: all for a column, 1 for a model]");
pub(crate) const ALL_COLUMNS: Flag = Flag::switch("all", "all", false)
    .help(Command, "Read the lineage of the whole project and show its figures");
pub(crate) const INHERIT_DESCRIPTIONS: Flag =
    Flag::switch("inherit_descriptions", "inherit-descriptions", false)
        .help(Command, "Describe columns without a description as the columns they are copies of");
pub(crate) const LIST_OUTPUT: Flag =
    Flag::choice("output", "output", &["json", "name", "path", "selector"], "selector")
        .help(Command, "What to print for each node");
pub(crate) const OUTPUT_KEYS: Flag =
    Flag::words("output_keys", "output-keys").help(Command, "With --output json: which keys, dots allowed");
pub(crate) const FAILURES: Flag = Flag::text("failures", "failures")
    .help(Command, "Show the rows of a test that held a new version at the gate");
pub(crate) const LIMIT: Flag =
    Flag::int("limit", "limit").by_itself(5).help(Command, "How many rows; -1 for all");
pub(crate) const INJECT_EPHEMERAL_CTES: Flag =
    Flag::switch("inject_ephemeral_ctes", "inject-ephemeral-ctes", true)
        .rare()
        .help(Command, "Leave ephemeral models out of the compiled SQL");
pub(crate) const SHOW: Flag =
    Flag::switch("show", "show", false).help(Command, "Print a few rows of each seed");
pub(crate) const EXPORT_SAVED_QUERIES: Flag =
    Flag::switch("export_saved_queries", "export-saved-queries", false)
        .env("DBT_EXPORT_SAVED_QUERIES")
        .rare()
        .help(Command, "Export saved queries too");
pub(crate) const INCLUDE_SAVED_QUERY: Flag =
    Flag::switch("include_saved_query", "include-saved-query", false)
        .env("DBT_INCLUDE_SAVED_QUERY")
        .rare()
        .help(Command, "Old name of --export-saved-queries");
pub(crate) const CLEAN_PROJECT_FILES_ONLY: Flag =
    Flag::switch("clean_project_files_only", "clean-project-files-only", true)
        .env("DBT_CLEAN_PROJECT_FILES_ONLY")
        .help(Command, "Remove folders outside the project too");
pub(crate) const CONNECTION: Flag =
    Flag::switch("connection", "connection", false).help(Command, "Only try the connection");
pub(crate) const CONFIG_DIR: Flag =
    Flag::switch("config_dir", "config-dir", false).help(Command, "Only tell where profiles.yml is");
pub(crate) const SKIP_PROFILE_SETUP: Flag = Flag::switch("skip_profile_setup", "skip-profile-setup", false)
    .short('s')
    .help(Command, "Ask nothing and leave profiles.yml alone");
pub(crate) const ARGS: Flag =
    Flag::mapping("args", "args").help(Command, "Arguments of the macro as a YAML mapping");
pub(crate) const ADD_PACKAGE: Flag =
    Flag::text("add_package", "add-package").help(Command, "Package to add, as name@version");
pub(crate) const SOURCE: Flag = Flag::choice("source", "source", &["hub", "git", "local"], "hub")
    .help(Command, "Where the package of --add-package comes from");
pub(crate) const LOCK: Flag =
    Flag::switch("lock", "lock", false).help(Command, "Only write package-lock.yml");
pub(crate) const UPGRADE: Flag =
    Flag::switch("upgrade", "upgrade", false).help(Command, "Take the newest that fits");
pub(crate) const COMPILE: Flag =
    Flag::switch("compile", "compile", true).help(Command, "Compile nothing before");
pub(crate) const STATIC: Flag =
    Flag::switch("static", "static", false).help(Command, "Write one page that holds everything as well");
pub(crate) const EMPTY_CATALOG: Flag =
    Flag::switch("empty_catalog", "empty-catalog", false).help(Command, "Ask the database for nothing");
pub(crate) const HOST: Flag = Flag { fallback: Fallback::Text("127.0.0.1"), ..Flag::text("host", "host") }
    .env("DBT_HOST")
    .help(Command, "Address to listen at");
pub(crate) const PORT: Flag = Flag::int("port", "port").by_itself(8080).help(Command, "Port to listen at");
pub(crate) const BROWSER: Flag = Flag::switch("browser", "browser", true).help(Command, "Open no browser");
pub(crate) const OUTPUT_PATH: Flag =
    Flag::path("output", "output").short('o').help(Command, "File to write instead of target/sources.json");

/// How the steps of a run are laid out.
pub(crate) const SCHEDULING: &[Flag] = &[DRY_RUN, FUSE, RETRIES, EXPLAIN_SCHEDULE];

/// Tidegate's own flags: artifacts and templates do not show them.
pub(crate) const OWN: &[Flag] = &[
    DRY_RUN,
    FUSE,
    CHECK,
    EXPLAIN_SCHEDULE,
    LOCK_TIMEOUT,
    WRITE_PARQUET,
    OPENLINEAGE,
    OPENLINEAGE_FILE,
    OPENTELEMETRY,
];

/// What commands that build add to that.
pub(crate) const GATING: &[Flag] = &[GATE, GATE_ALL];

/// What every command takes, before or after its name.
pub(crate) const GLOBAL: &[Flag] = &[
    TARGET,
    PROFILE,
    VERSION_CHECK,
    INDIRECT_SELECTION,
    FAIL_FAST,
    LOCK_TIMEOUT,
    WRITE_JSON,
    WRITE_PARQUET,
    CACHE_SELECTED_ONLY,
    POPULATE_CACHE,
    STATE,
    DEFER,
    FAVOR_STATE,
    DEFER_STATE,
    DEBUG,
    QUIET,
    PRINT,
    LOG_LEVEL,
    LOG_LEVEL_FILE,
    LOG_FORMAT,
    LOG_FORMAT_FILE,
    LOG_PATH,
    LOG_FILE_MAX_BYTES,
    LOG_CACHE_EVENTS,
    USE_COLORS,
    USE_COLORS_FILE,
    PRINTER_WIDTH,
    WARN_ERROR,
    WARN_ERROR_OPTIONS,
    SHOW_ALL_DEPRECATIONS,
    SHOW_RESOURCE_REPORT,
    OPENLINEAGE,
    OPENLINEAGE_FILE,
    OPENTELEMETRY,
    PARTIAL_PARSE,
    PARTIAL_PARSE_FILE_PATH,
    PARTIAL_PARSE_FILE_DIFF,
    STATIC_PARSER,
    USE_EXPERIMENTAL_PARSER,
    SEND_ANONYMOUS_USAGE_STATS,
    UPLOAD_TO_ARTIFACTS_INGEST_API,
    USE_FAST_TEST_EDGES,
    MACRO_DEBUGGING,
    RECORD_TIMING_INFO,
    SINGLE_THREADED,
];

/// Where the project is: taken by every command too, but not shown before it.
pub(crate) const PLACES: &[Flag] = &[PROJECT_DIR, PROFILES_DIR, VARS, TARGET_PATH, THREADS];

/// Which nodes.
pub(crate) const SELECTING: &[Flag] = &[SELECT, EXCLUDE, SELECTOR];

/// Kinds of resources.
pub(crate) const TYPING: &[Flag] = &[RESOURCE_TYPES, EXCLUDE_RESOURCE_TYPES];

/// Bounds of time.
pub(crate) const TIMING: &[Flag] = &[SAMPLE, EVENT_TIME_START, EVENT_TIME_END];
