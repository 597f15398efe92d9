//! Tests of the way from words, variables and `flags:` to settings.

use camino::Utf8PathBuf;
use serde_json::{Map, Value, json};

use super::*;
use crate::event::{Level, Verdict};

fn program() -> Program {
    Program { name: "dbt".to_owned() }
}

fn low(line: &str) -> Result<LowArgs, UsageError> {
    let words: Vec<String> = line.split('|').map(str::to_owned).collect();
    match parse(&program(), &words)? {
        Parsed::Run(low) => Ok(*low),
        other => panic!("`{line}` gives {other:?}"),
    }
}

/// Settles a line whose words are separated by `|`.
fn flags_with(line: &str, env: &[(&str, &str)], project: Value) -> Result<Flags, UsageError> {
    let cwd = Utf8PathBuf::from_path_buf(std::env::temp_dir()).unwrap();
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let around = Surroundings { home: Some(cwd.clone()), cwd, env };
    let Value::Object(project) = project else { panic!("`flags:` is a mapping") };
    resolve(&low(line)?, &around, &project)
}

fn flags(line: &str) -> Flags {
    flags_with(line, &[], json!({})).unwrap()
}

#[track_caller]
fn refused(line: &str, want: &str) {
    let error = flags_with(line, &[], json!({})).unwrap_err();
    assert!(error.message.contains(want), "{line}: {}", error.message);
}

#[test]
fn lists_take_words_up_to_the_next_flag_and_add_up() {
    let selecting = flags("run|--select|a|b c|--exclude|d|-s|e").selecting();
    assert_eq!(selecting.select, ["a", "b", "c", "e"]);
    assert_eq!(selecting.exclude, ["d"]);
    assert_eq!(flags("run|--select=a|b").selecting().select, ["a", "b"]);
    assert_eq!(flags("run|-m|a|--model|b|--models|c").selecting().select, ["a", "b", "c"]);
}

#[test]
fn of_several_values_the_last_holds() {
    let settled = flags("run|--threads|2|--threads|3|--no-defer|--defer|--print|--no-print");
    assert_eq!(settled.places().threads, Some(3));
    assert!(settled.state().defer);
    assert!(!settled.building().print);
}

#[test]
fn values_may_begin_with_a_dash() {
    assert_eq!(flags("compile|--inline|--all\nselect 1").text("inline"), Some("--all\nselect 1"));
    assert_eq!(flags("show|--limit|-1").int("limit"), Some(-1));
    assert_eq!(flags("run|-tprod|-qx").places().target.as_deref(), Some("prod"));
}

#[test]
fn a_flag_stands_before_or_after_the_command_but_not_on_both_sides() {
    assert_eq!(flags("--target|x|run").places().target.as_deref(), Some("x"));
    assert_eq!(flags("--project-dir|/|ls").places().project_dir, "/");
    refused("--target|x|run|-t|y", "before and after `run`");
    assert!(flags("--debug|run|--quiet").logging().quiet);
}

#[test]
fn the_command_line_beats_variables_and_these_beat_the_project() {
    let project = || json!({"fail_fast": true, "printer_width": 100, "log_level": "warn", "target": "never"});
    let settled = flags_with("run", &[], project()).unwrap();
    assert!(settled.building().fail_fast);
    assert_eq!(settled.logging().width, 100);
    assert_eq!(settled.places().target, None, "`flags:` has no target");
    let env = [("DBT_FAIL_FAST", "off"), ("DBT_PRINTER_WIDTH", "90"), ("DBT_ENGINE_PRINTER_WIDTH", "95")];
    let settled = flags_with("run", &env, project()).unwrap();
    assert!(!settled.building().fail_fast);
    assert_eq!(settled.logging().width, 95);
    let settled = flags_with("run|--printer-width|70|--fail-fast", &env, project()).unwrap();
    assert_eq!((settled.logging().width, settled.building().fail_fast), (70, true));
}

#[test]
fn truth_in_variables_has_many_words_and_no_others() {
    for (word, want) in [("1", true), ("T", true), ("yes", true), ("on", true), ("0", false), ("N", false)] {
        assert_eq!(
            flags_with("run", &[("DBT_QUIET", word)], json!({})).unwrap().logging().quiet,
            want,
            "{word}"
        );
    }
    assert!(!flags_with("run", &[("DBT_QUIET", "")], json!({})).unwrap().logging().quiet);
    let error = flags_with("run", &[("DBT_QUIET", "maybe")], json!({})).unwrap_err();
    assert!(error.message.contains("DBT_QUIET"), "{error}");
}

#[test]
fn old_variables_work_and_are_told() {
    let env = [("DBT_NO_PRINT", "1"), ("DBT_DEFER_TO_STATE", "true"), ("DBT_ARTIFACT_STATE_PATH", "old")];
    let settled = flags_with("run", &env, json!({})).unwrap();
    assert!(!settled.building().print);
    assert!(settled.state().defer);
    assert_eq!(settled.state().state.as_deref(), Some(camino::Utf8Path::new("old")));
    assert_eq!(
        settled.notices.iter().filter(|notice| notice.known_as == "EnvironmentVariableRenamed").count(),
        3
    );
}

#[test]
fn old_variables_have_newer_names_too() {
    let env = [("DBT_ENGINE_NO_PRINT", "1"), ("DBT_ENGINE_ARTIFACT_STATE_PATH", "old")];
    let settled = flags_with("run", &env, json!({})).unwrap();
    assert!(!settled.building().print);
    assert_eq!(settled.state().state.as_deref(), Some(camino::Utf8Path::new("old")));
    assert!(settled.notices.iter().all(|notice| notice.known_as == "EnvironmentVariableRenamed"));
    assert_eq!(settled.notices.len(), 2);
}

#[test]
fn a_single_thread_is_one_whatever_the_threads() {
    assert_eq!(flags("run|--threads|4|--single-threaded").places().threads, Some(1));
}

#[test]
fn unknown_engine_variables_are_told() {
    let settled = flags_with("run", &[("DBT_ENGINE_TARGETT", "x")], json!({})).unwrap();
    let notice = &settled.notices[0];
    assert_eq!(notice.known_as, "EnvironmentVariableNamespaceDeprecation");
    assert_eq!(notice.help, ["did you mean `DBT_ENGINE_TARGET`?"]);
}

#[test]
fn flags_for_the_file_follow_those_for_the_console() {
    let logging = flags("run|--log-level|warn|--log-format|json").logging();
    assert_eq!((logging.file_level, logging.file_format), (Some(Level::Warn), LogFormat::Json));
    let logging = flags("run|--log-level|warn|--log-level-file|error").logging();
    assert_eq!((logging.level, logging.file_level), (Some(Level::Warn), Some(Level::Error)));
    let logging = flags("run").logging();
    assert_eq!((logging.file_level, logging.file_format), (Some(Level::Debug), LogFormat::Debug));
    assert!(!logging.file_color);
    assert_eq!(flags("run|--log-level|none|--quiet").logging().level, None);
    assert_eq!(flags("run|--quiet|--debug").logging().level, Some(Level::Error));
}

#[test]
fn what_excludes_each_other_is_refused() {
    refused("compile|--select|a|--inline|select 1", "exclude each other");
    refused("run|--warn-error|--warn-error-options|{error: all}", "exclude each other");
    refused("ls|--models|a|--select|b", "exclude each other");
    refused("ls|--models|a|--resource-type|model", "exclude each other");
    refused("run|--event-time-start|2024-01-01", "`--event-time-end` must also be present");
    refused("run|--event-time-start|2024-01-02|--event-time-end|2024-01-01 12:00:00", "must be less than");
    refused("run|--event-time-start|x|--event-time-end|2024-01-01", "is no time");
}

#[test]
fn what_is_no_value_is_refused() {
    refused("run|--vars|[1]", "must be a YAML mapping");
    refused("run|--vars|{a: ", "not valid YAML");
    refused("run|--threads|many", "whole number");
    refused("run|--log-format|xml", "one of text, debug, json, default");
    refused("build|--resource-type|modle", "one of");
    refused("run|--select", "`--select` needs a value");
    refused("run|--nope", "no flag `--nope`");
    refused("rnu", "no command `rnu`");
    refused("run-operation", "`MACRO` is missing");
    refused("run|--profiles-dir|/does/not/exist", "no folder");
    refused("ls|--warn-error-options|{error: [Nope]}", "no event that can warn");
}

#[test]
fn vars_are_yaml() {
    let vars = flags("run|--vars|{day: 2024-05-01, n: 1, ok: yes, list: [a]}").places().vars;
    assert_eq!(Value::Object(vars), json!({"day": "2024-05-01", "n": 1, "ok": true, "list": ["a"]}));
}

#[test]
fn warnings_become_errors_as_asked() {
    assert_eq!(flags("run|--warn-error").policy.verdict("NothingToDo", "Q035"), Verdict::Error);
    let settled =
        flags_with("run", &[], json!({"warn_error_options": {"silence": ["NothingToDo"]}})).unwrap();
    assert_eq!(settled.policy.verdict("NothingToDo", "Q035"), Verdict::Silence);
}

#[test]
fn models_of_ls_mean_models() {
    let selecting = flags("ls|--models|a").selecting();
    assert_eq!(
        (selecting.select, selecting.resource_types),
        (vec!["a".to_owned()], vec!["model".to_owned()])
    );
}

#[test]
fn artifacts_show_the_flags_as_dbt_does() {
    let mut args = flags("--log-level|debug|build|--select|a").as_invocation_args();
    for place in ["project_dir", "profiles_dir"] {
        assert!(args.remove(place).is_some_and(|value| value.is_string()), "{place}");
    }
    let mut want: Map<String, Value> = serde_json::from_str(BUILD_ARGS_OF_DBT).unwrap();
    want.extend(json!({"select": ["a"], "log_level": "debug"}).as_object().unwrap().clone());
    want.insert("invocation_command".into(), json!("dbt --log-level debug build --select a"));
    assert_eq!(Value::Object(args), Value::Object(want));
}

/// What dbt 1.11.16 writes for `dbt build`, without paths.
const BUILD_ARGS_OF_DBT: &str = r#"{
    "cache_selected_only": false, "defer": false, "empty": false, "exclude": [], "exclude_resource_types": [],
    "export_saved_queries": false, "favor_state": false, "include_saved_query": false,
    "indirect_selection": "eager", "introspect": true, "log_file_max_bytes": 10485760, "log_format": "default",
    "log_format_file": "debug", "log_level": "info", "log_level_file": "debug", "macro_debugging": false,
    "partial_parse": true, "partial_parse_file_diff": true, "populate_cache": true, "print": true,
    "printer_width": 80, "quiet": false, "require_all_warnings_handled_by_warn_error": false,
    "require_batched_execution_for_custom_microbatch_strategy": false,
    "require_explicit_package_overrides_for_builtin_materializations": true,
    "require_generic_test_arguments_property": true, "require_nested_cumulative_type_params": false,
    "require_ref_searches_node_package_before_root": false, "require_resource_names_without_spaces": true,
    "require_unique_project_resource_names": false, "require_yaml_configuration_for_mf_time_spines": false,
    "resource_types": [], "send_anonymous_usage_stats": true, "show": false, "show_all_deprecations": false,
    "show_resource_report": false, "skip_nodes_if_on_run_start_fails": false,
    "source_freshness_run_project_hooks": true,
    "sqlparse": {"MAX_GROUPING_DEPTH": null, "MAX_GROUPING_TOKENS": null},
    "state_modified_compare_more_unrendered_values": false, "state_modified_compare_vars": false,
    "static_parser": true, "strict_mode": false, "upload_to_artifacts_ingest_api": false, "use_colors": true,
    "use_colors_file": true, "use_fast_test_edges": false, "validate_macro_args": false, "vars": {},
    "version_check": true, "warn_error_options": {"error": [], "silence": [], "warn": []}, "which": "build",
    "write_json": true
}"#;

#[test]
fn every_command_parses_and_has_help() {
    for spec in &crate::cli::commands::SPECS {
        let mut words: Vec<String> = spec.words.iter().map(|word| (*word).to_owned()).collect();
        words.push("--help".to_owned());
        let Ok(Parsed::Help(help)) = parse(&program(), &words) else { panic!("no help for {}", spec.name()) };
        let help = help.to_string();
        assert!(help.starts_with(&format!("Usage: dbt {}", spec.name())), "{help}");
        for flag in spec.own_flags() {
            assert!(
                help.contains(&format!("--{}", flag.long)) || flag.on_by_itself(),
                "{} of {help}",
                flag.long
            );
        }
    }
}

#[test]
fn no_two_flags_of_a_command_share_a_name() {
    for spec in &crate::cli::commands::SPECS {
        let mut names: Vec<String> = Vec::new();
        for flag in parse::flags_of(spec) {
            names.extend(flag.aliases.iter().chain([&flag.long]).map(|name| format!("--{name}")));
            names.extend(flag.short_aliases.iter().chain(&flag.short).map(|letter| format!("-{letter}")));
        }
        names.sort();
        let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{}: {twice:?}", spec.name());
    }
}
