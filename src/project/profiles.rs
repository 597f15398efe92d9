//! `profiles.yml`: which database a project builds in.
//!
//! Only the chosen target is rendered, so that what other targets lack does no harm. Without any profile
//! an embedded DuckDB file takes its place, and says so in [`Profile::embedded`].

use camino::{Utf8Path, Utf8PathBuf};

use crate::adapter;
use crate::diag::{Code, Diagnostic, Sources, Span, suggest};
use crate::files;
use crate::manifest::{Json, JsonMap};
use crate::yaml::{Entry, Map, Value, Yaml};

use super::render::{KeyPath, has_jinja, render_tree};
use super::scope::YamlContext;
use super::settings_file;

/// The name of the file.
pub const PROFILES_FILE: &str = "profiles.yml";
/// Threads of the embedded database: enough to keep an embedded engine busy.
const EMBEDDED_THREADS: usize = 4;

/// The chosen target of the chosen profile.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The profile's name.
    pub name: String,
    /// The target's name.
    pub target: String,
    /// How many nodes may be built at once.
    pub threads: usize,
    /// The connection.
    pub connection: adapter::Profile,
    /// The file, when there is one.
    pub file: Option<Utf8PathBuf>,
    /// Where the output stands, when there is a file.
    pub span: Option<Span>,
    /// Whether there was no profile, and a DuckDB file in the target folder stands in.
    pub embedded: bool,
}

impl Profile {
    /// Returns `target` as templates see it.
    pub fn target(&self) -> JsonMap {
        let mut target = self.connection.connection_keys();
        target.insert("type".to_owned(), Json::from(self.connection.kind().as_str()));
        target.insert("threads".to_owned(), Json::from(self.threads));
        target.insert("name".to_owned(), Json::from(self.target.as_str()));
        target.insert("target_name".to_owned(), Json::from(self.target.as_str()));
        target.insert("profile_name".to_owned(), Json::from(self.name.as_str()));
        target
    }
}

/// What the command line and the project say about the profile.
pub(super) struct Wanted<'a> {
    /// `--profile`.
    pub profile: Option<&'a str>,
    /// `--target`.
    pub target: Option<&'a str>,
    /// `--threads`.
    pub threads: Option<usize>,
    /// `profile:` of the project.
    pub in_project: Option<&'a Yaml>,
}

/// The file that was found, parsed.
pub(super) struct ProfilesFile {
    pub path: Utf8PathBuf,
    pub tree: Yaml,
}

/// Finds the folder of `profiles.yml`: `--profiles-dir`, else the working folder, else `~/.dbt`, else the
/// project's folder, each only if the file is there; `None` when it is nowhere.
///
/// dbt does not look into the project's folder; where dbt finds a file, we find the same.
pub(super) fn find_folder(
    flag: Option<&Utf8Path>,
    cwd: &Utf8Path,
    home: Option<&Utf8Path>,
    project: &Utf8Path,
) -> Option<Utf8PathBuf> {
    if let Some(flag) = flag {
        return Some(cwd.join(flag));
    }
    let home = home.map(|home| home.join(".dbt"));
    let places = [Some(cwd.to_owned()), home, Some(project.to_owned())];
    places.into_iter().flatten().find(|folder| folder.join(PROFILES_FILE).is_file())
}

/// Reads the file in a folder. `None` when it is not there or broken; the latter is noted.
pub(super) fn load(
    sources: &Sources,
    folder: &Utf8Path,
    found: &mut Vec<Diagnostic>,
) -> Option<ProfilesFile> {
    let path = folder.join(PROFILES_FILE);
    let file = match files::read_source(sources, &path, &path) {
        Ok(file) => file,
        Err(error) if error.is_missing() => return None,
        Err(error) => {
            found.push(error.into());
            return None;
        }
    };
    // What an error shows of it could hold a password.
    sources.guard(file);
    let (tree, problems) = settings_file::parse(sources, file);
    found.extend(problems);
    Some(ProfilesFile { path, tree: tree? })
}

/// Chooses profile and target, and reads the connection.
pub(super) fn choose(
    file: &ProfilesFile,
    wanted: &Wanted<'_>,
    context: &YamlContext,
    found: &mut Vec<Diagnostic>,
) -> Option<Profile> {
    let mut note = |error: Box<Diagnostic>| found.push(*error);
    let profiles = match file.tree.expect_map(PROFILES_FILE) {
        Ok(profiles) => profiles,
        Err(_) if file.tree.is_null() => {
            note(error(file.tree.span, format!("`{}` is empty", file.path)));
            return None;
        }
        Err(error) => {
            note(error);
            return None;
        }
    };
    let name = profile_name(wanted, context).map_err(&mut note).ok()??;
    let profile = find_profile(file, profiles, wanted, &name).map_err(&mut note).ok()?;
    let target = target_name(profile, wanted, context).map_err(&mut note).ok()?;
    let output = find_output(profile, (&name, &target), wanted).map_err(&mut note).ok()?;
    let before = found.len();
    let rendered = render_output(output, context, found);
    if found.len() > before {
        return None;
    }
    connect(&rendered, output, wanted).map_err(|error| found.push(*error)).ok().map(
        |(connection, threads)| Profile {
            name,
            target,
            threads,
            connection,
            file: Some(file.path.clone()),
            span: Some(output.key_span),
            embedded: false,
        },
    )
}

/// Makes the profile that stands in when there is none: a DuckDB file in the target folder.
pub(super) fn embedded(
    name: &str,
    database: &Utf8Path,
    wanted: &Wanted<'_>,
) -> Result<Profile, Box<Diagnostic>> {
    if let Some(target) = wanted.target {
        let message = format!("there is no target `{target}`, since the project has no profile");
        let help =
            format!("write `{PROFILES_FILE}`, or leave --target out to build in an embedded DuckDB file");
        return Err(Box::new(Diagnostic::error(Code::PROFILE, None, message).help(help)));
    }
    let output = JsonMap::from_iter([
        ("type".to_owned(), Json::from("duckdb")),
        ("path".to_owned(), Json::from(database.as_str())),
    ]);
    let connection = adapter::Profile::from_output(&output).map_err(|error| {
        Box::new(Diagnostic::error(Code::PROFILE, None, error.message).help::<String>(error.help))
    })?;
    Ok(Profile {
        name: name.to_owned(),
        target: "dev".to_owned(),
        threads: wanted.threads.unwrap_or(EMBEDDED_THREADS),
        connection,
        file: None,
        span: None,
        embedded: true,
    })
}

fn error(span: Span, message: String) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(Code::PROFILE, span, message))
}

/// `--profile`, else the project's `profile`, rendered.
fn profile_name(wanted: &Wanted<'_>, context: &YamlContext) -> Result<Option<String>, Box<Diagnostic>> {
    if let Some(name) = wanted.profile {
        return Ok(Some(name.to_owned()));
    }
    let Some(yaml) = wanted.in_project else { return Ok(None) };
    let name = rendered_text(yaml, context)?;
    name.expect_str("profile").map(|name| Some(name.to_owned()))
}

fn rendered_text(yaml: &Yaml, context: &YamlContext) -> Result<Yaml, Box<Diagnostic>> {
    match yaml.as_str() {
        Some(text) if has_jinja(text) => Ok(Yaml::new(yaml.span, context.render(text, yaml.span)?)),
        _ => Ok(yaml.clone()),
    }
}

fn list(names: impl Iterator<Item = impl AsRef<str>>) -> String {
    names.map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

fn find_profile<'f>(
    file: &ProfilesFile,
    profiles: &'f Map,
    wanted: &Wanted<'_>,
    name: &str,
) -> Result<&'f Entry, Box<Diagnostic>> {
    // `config` is not a profile but the place where flags used to be.
    let known = || profiles.keys().filter(|key| *key != "config");
    let Some(entry) = profiles.entry(name) else {
        let span = wanted.in_project.filter(|_| wanted.profile.is_none()).map(|yaml| yaml.span);
        // The first words are those of dbt, which scripts look for; so in the other mistake of choice below.
        let message = format!("Could not find profile named '{name}' in `{}`", file.path);
        let missing = Diagnostic::error(Code::PROFILE, span, message);
        let there = if known().next().is_none() {
            "it holds no profiles".to_owned()
        } else {
            format!("its profiles are {}", list(known()))
        };
        return Err(Box::new(
            missing
                .note(there)
                .help::<String>(suggest(name, known()))
                .help("name one of them under `profile:` in dbt_project.yml, or with `--profile`"),
        ));
    };
    if entry.value.is_falsy() {
        return Err(error(entry.key_span, format!("profile `{name}` is empty")));
    }
    entry.value.expect_map(name)?;
    Ok(entry)
}

/// `--target`, else `target` of the profile, rendered, else `default`.
fn target_name(
    profile: &Entry,
    wanted: &Wanted<'_>,
    context: &YamlContext,
) -> Result<String, Box<Diagnostic>> {
    if let Some(target) = wanted.target {
        return Ok(target.to_owned());
    }
    let Some(yaml) = profile.value.get("target") else { return Ok("default".to_owned()) };
    let target = rendered_text(yaml, context)?;
    target.expect_str("target").map(str::to_owned)
}

fn find_output<'f>(
    profile: &'f Entry,
    (name, target): (&str, &str),
    wanted: &Wanted<'_>,
) -> Result<&'f Entry, Box<Diagnostic>> {
    let Some(outputs) = profile.value.get("outputs") else {
        let missing =
            Diagnostic::error(Code::PROFILE, profile.key_span, format!("profile `{name}` has no `outputs`"));
        return Err(Box::new(missing.help("add `outputs:` with a mapping for each target")));
    };
    let outputs = outputs.expect_map("outputs")?;
    let Some(output) = outputs.entry(target) else {
        let in_file = profile.value.get("target").filter(|_| wanted.target.is_none());
        let span = in_file.map_or(profile.key_span, |yaml| yaml.span);
        let missing = Diagnostic::error(
            Code::PROFILE,
            span,
            format!("The profile '{name}' does not have a target named '{target}'."),
        );
        let there = if outputs.is_empty() {
            "it has none".to_owned()
        } else {
            format!("its targets are {}", list(outputs.keys()))
        };
        let unset = wanted.target.is_none() && in_file.is_none();
        let advice = unset.then(|| "`default` is meant when there is no `target:`; add one".to_owned());
        return Err(Box::new(
            missing
                .note(there)
                .help::<String>(advice.or_else(|| suggest(target, outputs.keys())))
                .help("name one of them with `--target`, or add it under `outputs:`"),
        ));
    };
    output.value.expect_map(target)?;
    Ok(output)
}

/// Renders an output. A `password` that is no Jinja, though it looks like it, is taken as it is.
fn render_output(output: &Entry, context: &YamlContext, found: &mut Vec<Diagnostic>) -> Yaml {
    let is_password = |path: &KeyPath| path.last().is_some_and(|key| &**key == "password");
    let rendered = render_tree(&output.value, context, &is_password, found);
    passwords(rendered, false, context)
}

fn passwords(yaml: Yaml, inside: bool, context: &YamlContext) -> Yaml {
    let value = match yaml.value {
        Value::Str(text) if inside && has_jinja(&text) => {
            context.render(&text, yaml.span).unwrap_or(Value::Str(text))
        }
        Value::Seq(items) => {
            Value::Seq(items.into_iter().map(|item| passwords(item, inside, context)).collect())
        }
        Value::Map(map) => {
            let each = |entry: Entry| Entry {
                value: passwords(entry.value, inside || &*entry.key == "password", context),
                ..entry
            };
            Value::Map(map.into_iter().map(each).collect())
        }
        other => other,
    };
    Yaml::new(yaml.span, value)
}

/// Reads threads and connection of a rendered output.
fn connect(
    rendered: &Yaml,
    output: &Entry,
    wanted: &Wanted<'_>,
) -> Result<(adapter::Profile, usize), Box<Diagnostic>> {
    let map = rendered.expect_map(&output.key)?;
    let threads = match (wanted.threads, map.get("threads")) {
        (Some(threads), _) => threads,
        (None, None) => 1,
        (None, Some(yaml)) => usize::try_from(yaml.expect_int("threads")?)
            .ok()
            .filter(|threads| *threads > 0)
            .ok_or_else(|| error(yaml.span, "`threads` must be at least 1".to_owned()))?,
    };
    let mut json = map.to_json();
    json.remove("threads");
    let connection = adapter::Profile::from_output(&json).map_err(|problem| {
        let span = at_path(rendered, &problem.key).map_or(output.key_span, |yaml| yaml.span);
        Box::new(Diagnostic::error(Code::PROFILE, span, problem.message).help::<String>(problem.help))
    })?;
    Ok((connection, threads))
}

/// Follows a path such as `attach[0].path` as far as it goes; nothing when its first step leads nowhere.
fn at_path<'y>(top: &'y Yaml, path: &str) -> Option<&'y Yaml> {
    let mut here = None;
    for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
        let from = here.unwrap_or(top);
        let next = match step.strip_suffix(']').map(str::parse::<usize>) {
            Some(Ok(at)) => from.as_seq().and_then(|items| items.get(at)),
            _ => from.get(step),
        };
        match next {
            Some(next) => here = Some(next),
            None => break,
        }
    }
    here
}
