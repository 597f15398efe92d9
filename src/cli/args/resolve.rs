//! From what was typed to what is meant: variables, `flags:` of the project, defaults, and what excludes what.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::flag::{Flag, Kind};
use super::flags::{Flags, Setting, Source};
use super::report::behavior;
use super::value::{UsageError, boolean, from_project, from_words};
use super::{LowArgs, Surroundings, flag_table, parse, times};
use crate::diag::{Code, Diagnostic};
use crate::event::WarnPolicy;
use crate::files::absolute;
use crate::manifest::utc;

/// Variables that begin like flags and are none.
const OTHER_ENGINE_VARIABLES: &[&str] = &[
    "DBT_ENGINE_INVOCATION_ENV",
    "DBT_ENGINE_PACKAGE_HUB_URL",
    "DBT_ENGINE_DOWNLOAD_DIR",
    "DBT_ENGINE_DOWNLOADS_DIR",
];

/// Gives every variable that sets a flag under both of its names, as templates may ask for either. The newer name wins
/// where both are set.
pub fn spread_engine_variables(around: &mut Surroundings) {
    let is_old = |flag: &&Flag| flag.env.is_some_and(|name| !name.starts_with("DBT_ENGINE_"));
    let of_flags = parse::all_flags().filter(is_old).filter_map(Flag::engine_env);
    let names = of_flags.chain(OTHER_ENGINE_VARIABLES.iter().map(|name| (*name).to_owned()));
    for new in names {
        let old = new.replacen("DBT_ENGINE_", "DBT_", 1);
        if let Some(value) = around.env.get(&new) {
            let value = value.clone();
            around.env.insert(old, value);
        } else if let Some(value) = around.env.get(&old) {
            let value = value.clone();
            around.env.insert(new, value);
        }
    }
}

/// Finds the project's folder: as given, else here or the nearest folder above with `dbt_project.yml`.
pub fn project_dir(low: &LowArgs, around: &Surroundings) -> Result<Utf8PathBuf, UsageError> {
    let given = low.given.get("project_dir").and_then(Value::as_str);
    let given = given.or_else(|| from_env(&flag_table::PROJECT_DIR, around).map(|(_, text)| text));
    if let Some(path) = given {
        let path = absolute(&around.cwd, path);
        return if path.is_dir() {
            Ok(path)
        } else {
            Err(UsageError::new(format!("`--project-dir`: there is no folder `{path}`")))
        };
    }
    let found = around.cwd.ancestors().find(|folder| folder.join("dbt_project.yml").is_file());
    Ok(found.unwrap_or(&around.cwd).to_owned())
}

/// Settles every flag of the command. `project_flags` is `flags:` of `dbt_project.yml`, empty if there is none.
pub fn resolve(
    low: &LowArgs,
    around: &Surroundings,
    project_flags: &Map<String, Value>,
) -> Result<Flags, UsageError> {
    let mut notices = Vec::new();
    let mut settings = BTreeMap::new();
    for flag in parse::flags_of(low.spec) {
        let setting = settle(flag, low, around, project_flags)?;
        if let Some((old, _)) =
            flag.old_env.filter(|_| setting.source == Source::Env && from_old_env(flag, around).is_some())
        {
            notices.push(renamed(flag, old));
        }
        settings.insert(flag.id, setting);
    }
    for (lead, follower) in [
        ("use_colors", "use_colors_file"),
        ("log_level", "log_level_file"),
        ("log_format", "log_format_file"),
    ] {
        follow(&mut settings, lead, follower);
    }
    exclude(
        &settings,
        &[
            ("warn_error", "warn_error_options"),
            ("select", "inline"),
            ("selector", "inline"),
            ("models", "select"),
            ("models", "resource_types"),
        ],
    )?;
    let given_paths = given_paths(&settings);
    settle_paths(&mut settings, low, around)?;
    times::settle(&mut settings, utc(Timestamp::now()))?;
    if matches!(
        around.var("DO_NOT_TRACK").map(str::to_lowercase).as_deref(),
        Some("1" | "t" | "true" | "y" | "yes")
    ) {
        settings.insert("send_anonymous_usage_stats", Setting { value: false.into(), source: Source::Env });
    }
    notices.extend(unknown_engine_variables(around));
    if low.old_select {
        notices.push(
            Diagnostic::warning(Code::DEPRECATED, None, "`--models`, `--model` and `-m` are old names")
                .help("use `--select`")
                .known_as("ModelParamUsageDeprecation"),
        );
    }
    notices.extend(old_options(&settings));
    let every_place =
        settings.get("show_all_deprecations").is_some_and(|setting| setting.value == Value::Bool(true));
    let behavior = behavior(project_flags);
    let handles_all = behavior.get("require_all_warnings_handled_by_warn_error") == Some(&Value::Bool(true));
    let policy = policy(&settings)?.every_place(every_place).handles_all(handles_all);
    Ok(Flags {
        spec: low.spec,
        which: low.which,
        settings,
        given_paths,
        behavior,
        policy,
        positional: low.positional.clone(),
        invocation_command: low.invocation_command.clone(),
        vars_text: low.vars_text.clone(),
        notices,
    })
}

fn settle(
    flag: &'static Flag,
    low: &LowArgs,
    around: &Surroundings,
    project_flags: &Map<String, Value>,
) -> Result<Setting, UsageError> {
    if let Some(value) = low.given.get(flag.id) {
        return Ok(Setting { value: value.clone(), source: Source::CommandLine });
    }
    if let Some((name, text)) = from_env(flag, around) {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let whole = [text.to_owned()];
        let words =
            if matches!(flag.kind, Kind::Words | Kind::ChoiceWords(_)) { &words[..] } else { &whole[..] };
        return Ok(Setting { value: from_words(flag, &name, words)?, source: Source::Env });
    }
    if let Some((_, opposite)) = flag.old_env
        && let Some((old, text)) = from_old_env(flag, around)
    {
        let value = match (opposite, boolean(text)) {
            (true, Some(value)) => Value::Bool(!value),
            _ => from_words(flag, &old, &[text.to_owned()])?,
        };
        return Ok(Setting { value, source: Source::Env });
    }
    match project_flags.get(flag.id).filter(|value| flag.in_project && !value.is_null()) {
        Some(value) => Ok(Setting { value: from_project(flag, value)?, source: Source::Project }),
        None => Ok(Setting { value: flag.fallback.to_json(), source: Source::Default }),
    }
}

/// Returns the variable that sets a flag and its text.
fn from_env<'a>(flag: &Flag, around: &'a Surroundings) -> Option<(String, &'a str)> {
    first_set([flag.engine_env(), flag.env.map(str::to_owned)], around)
}

/// ... by its old name.
fn from_old_env<'a>(flag: &Flag, around: &'a Surroundings) -> Option<(String, &'a str)> {
    first_set([flag.old_engine_env(), flag.old_env.map(|(old, _)| old.to_owned())], around)
}

fn first_set(names: [Option<String>; 2], around: &Surroundings) -> Option<(String, &str)> {
    names.into_iter().flatten().find_map(|name| around.var(&name).map(|text| (name.clone(), text)))
}

fn renamed(flag: &Flag, old: &str) -> Diagnostic {
    let new = flag.engine_env().unwrap_or_default();
    let message = format!("The environment variable `{old}` has been renamed as `{new}`");
    Diagnostic::warning(Code::DEPRECATED, None, message).known_as("EnvironmentVariableRenamed")
}

/// A flag for the log file follows the flag for the console while nobody sets it.
fn follow(settings: &mut BTreeMap<&'static str, Setting>, lead: &str, follower: &'static str) {
    let Some(lead) = settings.get(lead).filter(|setting| setting.source != Source::Default).cloned() else {
        return;
    };
    if settings.get(follower).is_some_and(|setting| setting.source == Source::Default) {
        settings.insert(follower, lead);
    }
}

fn exclude(settings: &BTreeMap<&'static str, Setting>, pairs: &[(&str, &str)]) -> Result<(), UsageError> {
    let set = |id| settings.get(id).is_some_and(|setting: &Setting| setting.source != Source::Default);
    let dashed = |id: &str| id.replace('_', "-");
    match pairs.iter().find(|(one, other)| set(one) && set(other)) {
        Some((one, other)) => {
            Err(UsageError::new(format!("`--{}` and `--{}` exclude each other", dashed(one), dashed(other))))
        }
        None => Ok(()),
    }
}

/// Returns the folders that somebody named, in the words they were named by.
fn given_paths(settings: &BTreeMap<&'static str, Setting>) -> BTreeMap<&'static str, Value> {
    let given = |id| settings.get(id).filter(|setting| setting.source != Source::Default);
    let folders = ["project_dir", "profiles_dir"].into_iter();
    folders.filter_map(|id| Some((id, given(id)?.value.clone()))).collect()
}

/// Makes paths absolute that count from where the command was started.
fn settle_paths(
    settings: &mut BTreeMap<&'static str, Setting>,
    low: &LowArgs,
    around: &Surroundings,
) -> Result<(), UsageError> {
    let project = project_dir(low, around)?;
    set_path(settings, "project_dir", &project);
    let profiles = match settings.get("profiles_dir").and_then(|setting| setting.value.as_str()) {
        Some(given) => absolute(&around.cwd, given),
        None => default_profiles_dir(around),
    };
    let given = settings.get("profiles_dir").is_some_and(|setting| setting.source != Source::Default);
    let may_be_missing = matches!(low.which, "debug" | "deps" | "init");
    if given && !may_be_missing && !profiles.is_dir() {
        return Err(UsageError::new(format!("`--profiles-dir`: there is no folder `{profiles}`")));
    }
    set_path(settings, "profiles_dir", &profiles);
    if let Some(log) = settings.get("log_path").and_then(|setting| setting.value.as_str()).map(str::to_owned)
    {
        set_path(settings, "log_path", &absolute(&around.cwd, &log));
    }
    Ok(())
}

fn set_path(settings: &mut BTreeMap<&'static str, Setting>, id: &str, path: &Utf8Path) {
    if let Some(setting) = settings.get_mut(id) {
        setting.value = Value::String(path.to_string());
    }
}

fn default_profiles_dir(around: &Surroundings) -> Utf8PathBuf {
    match &around.home {
        Some(home) if !around.cwd.join("profiles.yml").is_file() => home.join(".dbt"),
        _ => around.cwd.clone(),
    }
}

/// Tells of the old keys of `--warn-error-options`.
fn old_options(settings: &BTreeMap<&'static str, Setting>) -> Option<Diagnostic> {
    let options = settings.get("warn_error_options")?.value.as_object()?;
    let old: Vec<String> = [("include", "error"), ("exclude", "warn")]
        .iter()
        .filter(|(old, _)| options.contains_key(*old))
        .map(|(old, new)| format!("`{old}` is now `{new}`"))
        .collect();
    let message = format!("old keys in `warn_error_options`: {}", old.join(", "));
    (!old.is_empty()).then(|| {
        Diagnostic::warning(Code::DEPRECATED, None, message).known_as("WEOIncludeExcludeDeprecation")
    })
}

fn unknown_engine_variables(around: &Surroundings) -> Vec<Diagnostic> {
    let names = parse::all_flags().flat_map(|flag| [flag.engine_env(), flag.old_engine_env()]);
    let known: Vec<String> = names.flatten().collect();
    let is_known = |name: &&String| known.contains(name) || OTHER_ENGINE_VARIABLES.contains(&name.as_str());
    let unknown =
        around.env.keys().filter(|name| name.starts_with("DBT_ENGINE_")).filter(|name| !is_known(name));
    let notice = |name: &String| {
        Diagnostic::warning(Code::DEPRECATED, None, format!("the variable `{name}` sets no flag"))
            .help::<String>(crate::diag::suggest(name, known.iter().map(String::as_str)))
            .note("variables that begin with `DBT_ENGINE_` are kept for flags")
            .fact("env_var", name)
            .known_as("EnvironmentVariableNamespaceDeprecation")
    };
    unknown.map(notice).collect()
}

fn policy(settings: &BTreeMap<&'static str, Setting>) -> Result<WarnPolicy, UsageError> {
    let value = |id| settings.get(id).map(|setting: &Setting| &setting.value);
    if value("warn_error").and_then(Value::as_bool) == Some(true) {
        return Ok(WarnPolicy::strict());
    }
    let Some(options) = value("warn_error_options").and_then(Value::as_object) else {
        return Ok(WarnPolicy::default());
    };
    WarnPolicy::from_options(options).map_err(|error| {
        let near = match &error {
            crate::event::PolicyError::UnknownEvent { near, .. } => near.clone(),
            _ => None,
        };
        UsageError::new(format!("`--warn-error-options`: {error}")).help::<String>(near)
    })
}
