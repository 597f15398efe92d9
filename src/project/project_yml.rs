//! `dbt_project.yml` after Jinja → [`Project`]: every key with its default, legacy spellings, and all that
//! is wrong with them, in one go.

use camino::{Utf8Path, Utf8PathBuf};

use crate::diag::{Code, Diagnostic, FileId, suggest};
use crate::files::Ignored;
use crate::yaml::{Map, Value, Yaml};

use super::config_tree::ConfigTrees;
use super::definition::{Comment, Dispatch, Project, QueryComment, Quoting, SourcePaths};
use super::keys::Keys;
use super::names;
use super::version::{self, Requirement};

/// Where a `dbt_project.yml` lies, and whether it must fit our dbt version.
pub(super) struct Origin<'a> {
    pub root: &'a Utf8Path,
    pub shown_root: &'a Utf8Path,
    pub file: FileId,
    pub version_check: bool,
}

const KNOWN: &[&str] = &[
    "name",
    "version",
    "config-version",
    "project-root",
    "profile",
    "model-paths",
    "source-paths",
    "macro-paths",
    "seed-paths",
    "data-paths",
    "test-paths",
    "analysis-paths",
    "docs-paths",
    "asset-paths",
    "function-paths",
    "snapshot-paths",
    "target-path",
    "log-path",
    "clean-targets",
    "packages-install-path",
    "quoting",
    "on-run-start",
    "on-run-end",
    "require-dbt-version",
    "dispatch",
    "models",
    "seeds",
    "snapshots",
    "analyses",
    "sources",
    "tests",
    "data_tests",
    "unit_tests",
    "metrics",
    "semantic-models",
    "saved-queries",
    "exposures",
    "functions",
    "vars",
    "packages",
    "query-comment",
    "restrict-access",
    "dbt-cloud",
    "flags",
    "anchors",
];

const TREES: &[&str] = &[
    "models",
    "seeds",
    "snapshots",
    "analyses",
    "sources",
    "tests",
    "data_tests",
    "unit_tests",
    "metrics",
    "semantic-models",
    "saved-queries",
    "exposures",
    "functions",
];

/// Reads a project. `raw` is the file before Jinja, `rendered` after. Nothing when there are errors.
pub(super) fn read(
    origin: &Origin<'_>,
    raw: &Yaml,
    rendered: &Yaml,
    found: &mut Vec<Diagnostic>,
) -> Option<Project> {
    let before = found.len();
    let (raw, map) = (raw.as_map()?, rendered.as_map()?);
    let name = read_name(map, rendered, found);
    let requires = read_requires(map, name, origin.version_check, found);
    let mut keys = Keys::new(map, found);
    keys.only(KNOWN, "`dbt_project.yml`");
    check_legacy(map, &mut keys);
    for tree in TREES {
        let _ = keys.map(tree);
    }
    let version = keys.read("version", read_version);
    let _ = keys.read("config-version", read_config_version);
    let _ = keys.read("dbt-cloud", read_dbt_cloud);
    let paths = read_paths(&mut keys);
    let target_path = keys.text("target-path").unwrap_or("target");
    let clean_targets = keys.texts("clean-targets").unwrap_or_else(|| vec![target_path]);
    let project = Project {
        name: name.unwrap_or_default().into(),
        version,
        root: origin.root.to_owned(),
        shown_root: origin.shown_root.to_owned(),
        file: origin.file,
        paths,
        target_path: target_path.into(),
        packages_install_path: keys.text("packages-install-path").unwrap_or("dbt_packages").into(),
        clean_targets: clean_targets.into_iter().map(Utf8PathBuf::from).collect(),
        quoting: keys.read("quoting", read_quoting).unwrap_or_default(),
        dispatch: keys.read("dispatch", read_dispatch).unwrap_or_default(),
        configs: ConfigTrees::new(map, raw),
        vars: keys.map("vars").cloned().unwrap_or_default(),
        on_run_start: keys.read("on-run-start", read_hooks).unwrap_or_default(),
        on_run_end: keys.read("on-run-end", read_hooks).unwrap_or_default(),
        query_comment: map
            .get("query-comment")
            .map_or_else(QueryComment::default, |y| read_comment(y, &mut keys)),
        restrict_access: keys.flag("restrict-access").unwrap_or(false),
        flags: keys.map("flags").cloned().unwrap_or_default(),
        requires,
        ignored: Ignored::load(origin.root),
    };
    found[before..].iter().all(|problem| !problem.is_error()).then_some(project)
}

fn read_name<'a>(map: &'a Map, all: &Yaml, found: &mut Vec<Diagnostic>) -> Option<&'a str> {
    let Some(name) = map.get("name").filter(|name| !name.is_null()) else {
        let error = Diagnostic::error(Code::MISSING_KEY, start_of(all), "`dbt_project.yml` has no `name`");
        found.push(error.help("add `name: my_project`: letters, digits and underscores"));
        return None;
    };
    let checked =
        name.expect_str("name").and_then(|text| names::check_project(text, name.span).map(|()| text));
    checked.map_err(|error| found.push(*error)).ok()
}

/// The first byte of a mapping: an error about what it lacks should not mark the whole file.
fn start_of(yaml: &Yaml) -> crate::diag::Span {
    let first = yaml.as_map().and_then(|map| map.iter().next()).map_or(yaml.span, |entry| entry.key_span);
    crate::diag::Span { end: first.start, ..first }
}

fn read_requires(
    map: &Map,
    name: Option<&str>,
    check: bool,
    found: &mut Vec<Diagnostic>,
) -> Vec<Requirement> {
    let Some(yaml) = map.get("require-dbt-version").filter(|yaml| !yaml.is_null()) else { return Vec::new() };
    let requirements = version::parse_requirements(yaml).and_then(|requirements| match name {
        Some(name) if check => version::check(name, yaml, &requirements).map(|()| requirements),
        _ => Ok(requirements),
    });
    requirements.map_err(|error| found.push(*error)).unwrap_or_default()
}

/// Two spellings of one key are an error; an old one alone works and is mentioned.
fn check_legacy(map: &Map, keys: &mut Keys<'_, '_>) {
    let old_names = [
        ("source-paths", "model-paths", "ConfigSourcePathDeprecation"),
        ("data-paths", "seed-paths", "ConfigDataPathDeprecation"),
    ];
    for (old, new, known_as) in old_names {
        let Some(old_entry) = map.entry(old) else { continue };
        if let Some(new_entry) = map.entry(new) {
            let message = format!("`{old}` and `{new}` cannot both be set");
            let error = Diagnostic::error(Code::PROJECT, old_entry.key_span, message);
            keys.note(error.label(new_entry.key_span, "set here too").help(format!("keep `{new}`")));
        } else {
            let message = format!("The `{old}` config has been renamed to `{new}`");
            let warning = Diagnostic::warning(Code::DEPRECATED, old_entry.key_span, message);
            keys.note(warning.help(format!("rename it to `{new}`")).known_as(known_as));
        }
    }
    let full = |key| map.entry(key).filter(|entry| !entry.value.is_falsy());
    if let (Some(tests), Some(data_tests)) = (full("tests"), full("data_tests")) {
        let message = "Invalid project config: cannot have both 'tests' and 'data_tests' defined";
        let error = Diagnostic::error(Code::PROJECT, tests.key_span, message);
        keys.note(error.label(data_tests.key_span, "set here too").help("keep `data_tests`"));
    }
    let moved = [
        ("target-path", "target", "ConfigTargetPathDeprecation"),
        ("log-path", "logs", "ConfigLogPathDeprecation"),
    ];
    for (key, usual, known_as) in moved {
        if let Some(entry) = map.entry(key).filter(|entry| entry.value.as_str() != Some(usual)) {
            let message = format!("`{key}` in `dbt_project.yml` is deprecated");
            let flag = format!(
                "use `--{key}`, or the environment variable `DBT_{}`",
                key.replace('-', "_").to_uppercase()
            );
            let warning = Diagnostic::warning(Code::DEPRECATED, entry.key_span, message);
            keys.note(warning.help(flag).known_as(known_as));
        }
    }
}

fn read_version(yaml: &Yaml, key: &str) -> Result<String, Box<Diagnostic>> {
    match &yaml.value {
        Value::Int(_) | Value::Float(_) => Ok(yaml.scalar_text().unwrap_or_default()),
        Value::Str(text) if names::is_project_version(text) => Ok(text.to_string()),
        Value::Str(text) => {
            let message = format!("`{text}` is not a version");
            let error = Diagnostic::error(Code::PROJECT, yaml.span, message);
            let help = "write two or three numbers, for example `1.0.0`";
            Err(Box::new(error.note(invalid_words(key, text)).help(help)))
        }
        _ => Err(yaml.unexpected(key, "a version")),
    }
}

/// Settings of dbt's cloud service: nothing here uses them.
fn read_dbt_cloud(yaml: &Yaml, key: &str) -> Result<(), Box<Diagnostic>> {
    yaml.expect_map(key).map(|_| ()).map_err(|error| match yaml.as_str() {
        Some(text) => Box::new(error.note(invalid_words(key, text))),
        None => error,
    })
}

/// dbt's words about a value that its schema of the file refuses: scripts look for them.
fn invalid_words(key: &str, text: &str) -> String {
    format!("at path ['{key}']: '{text}' is not valid under any of the given schemas")
}

fn read_config_version(yaml: &Yaml, key: &str) -> Result<(), Box<Diagnostic>> {
    match yaml.expect_int(key)? {
        2 => Ok(()),
        other => {
            let message = format!("`config-version` {other} is not supported, only 2 is");
            Err(Box::new(Diagnostic::error(Code::PROJECT, yaml.span, message)))
        }
    }
}

fn read_paths(keys: &mut Keys<'_, '_>) -> SourcePaths {
    let mut folders = |key: &str, old: Option<&str>, default: &[&str]| {
        let set = keys.texts(key).or_else(|| keys.texts(old?));
        clean_paths(set.as_deref().unwrap_or(default))
    };
    let mut paths = SourcePaths {
        models: folders("model-paths", Some("source-paths"), &["models"]),
        seeds: folders("seed-paths", Some("data-paths"), &["seeds"]),
        tests: folders("test-paths", None, &["tests"]),
        analyses: folders("analysis-paths", None, &["analyses"]),
        macros: folders("macro-paths", None, &["macros"]),
        snapshots: folders("snapshot-paths", None, &["snapshots"]),
        functions: folders("function-paths", None, &["functions"]),
        docs: Vec::new(),
        assets: folders("asset-paths", None, &[]),
    };
    paths.docs = keys.texts("docs-paths").map_or_else(|| paths.all_sources(), |docs| clean_paths(&docs));
    paths
}

fn clean_paths(paths: &[&str]) -> Vec<Utf8PathBuf> {
    paths.iter().map(|path| Utf8PathBuf::from(path.trim_end_matches('/'))).collect()
}

fn read_quoting(yaml: &Yaml, key: &str) -> Result<Quoting, Box<Diagnostic>> {
    const PARTS: [&str; 5] = ["database", "schema", "identifier", "project", "snowflake_ignore_case"];
    let map = yaml.expect_map(key)?;
    if let Some(entry) = map.iter().find(|entry| !PARTS.contains(&&*entry.key)) {
        let error = Diagnostic::error(
            Code::UNKNOWN_KEY,
            entry.key_span,
            format!("unknown key `{}` in `quoting`", entry.key),
        );
        return Err(Box::new(error.help::<String>(suggest(&entry.key, PARTS))));
    }
    let part = |key: &str| map.get(key).filter(|y| !y.is_null()).map(|y| y.expect_bool(key)).transpose();
    Ok(Quoting {
        database: part("database")?.or(part("project")?),
        schema: part("schema")?,
        identifier: part("identifier")?,
    })
}

fn read_dispatch(yaml: &Yaml, key: &str) -> Result<Vec<Dispatch>, Box<Diagnostic>> {
    let one = |item: &Yaml| {
        let lacks = |what: &str| {
            let message = format!("an entry of `dispatch` has no `{what}`");
            let help = "write `- macro_namespace: dbt_utils` and `  search_order: [my_project, dbt_utils]`";
            Box::new(Diagnostic::error(Code::MISSING_KEY, item.span, message).help(help))
        };
        let map = item.as_map().ok_or_else(|| item.unexpected_item(key, "a mapping"))?;
        let namespace = map.get("macro_namespace").ok_or_else(|| lacks("macro_namespace"))?;
        let order = map.get("search_order").ok_or_else(|| lacks("search_order"))?;
        Ok(Dispatch {
            macro_namespace: namespace.expect_str("macro_namespace")?.to_owned(),
            search_order: order.expect_strs("search_order")?.into_iter().map(str::to_owned).collect(),
        })
    };
    yaml.expect_seq(key)?.iter().map(one).collect()
}

fn read_hooks(yaml: &Yaml, key: &str) -> Result<Vec<Yaml>, Box<Diagnostic>> {
    let _ = yaml.expect_str_or_strs(key)?;
    Ok(yaml.as_seq().map_or_else(|| vec![yaml.clone()], <[Yaml]>::to_vec))
}

/// Unlike other keys, `query-comment` means something when it is there without a value: no comment.
fn read_comment(yaml: &Yaml, keys: &mut Keys<'_, '_>) -> QueryComment {
    let off = QueryComment { comment: Comment::Off, ..QueryComment::default() };
    match &yaml.value {
        _ if yaml.is_falsy() => off,
        Value::Str(_) => QueryComment { comment: Comment::Text(yaml.clone()), ..off },
        Value::Map(map) => {
            let flag = |key: &str, keys: &mut Keys<'_, '_>| {
                let value = map.get(key).filter(|value| !value.is_null()).map(|value| value.expect_bool(key));
                value.is_some_and(|value| value.map_err(|error| keys.note(*error)).unwrap_or(false))
            };
            let (append, job_label) = (flag("append", keys), flag("job-label", keys));
            let comment = match map.get("comment") {
                None => Comment::Default,
                Some(text) if text.is_falsy() => Comment::Off,
                Some(text) => match text.expect_str("comment") {
                    Ok(_) => Comment::Text(text.clone()),
                    Err(error) => {
                        keys.note(*error);
                        Comment::Off
                    }
                },
            };
            QueryComment { comment, append, job_label }
        }
        _ => {
            keys.note(*yaml.unexpected("query-comment", "text or a mapping"));
            off
        }
    }
}
