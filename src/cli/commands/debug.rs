//! `debug`: check settings, files and the connection.

use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use crate::adapter::Fetch;
use crate::cli::args::flag_table::{CONFIG_DIR, CONNECTION};
use crate::cli::args::{Chapter, Spec, Verb, python};
use crate::cli::version::{ADAPTERS, DBT_VERSION, OWN_VERSION};
use crate::cli::{CliError, Outcome, Ui};
use crate::context::SharedSession;
use crate::diag::render::human;
use crate::diag::{Code, Diagnostic};
use crate::event::{DebugCmdOut, DebugCmdResult};
use crate::files;
use crate::project::{self, PROFILES_FILE, Workspace};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Debug,
    words: &["debug"],
    alias: None,
    which: "debug",
    chapter: Chapter::Look,
    about: "Check settings, files and the connection",
    details: "",
    flags: &[&[CONNECTION, CONFIG_DIR]],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    let say = |msg: String| ui.events.send(DebugCmdOut { msg });
    let places = ui.flags.places();
    say(format!("dbt version: {DBT_VERSION} (tidegate {OWN_VERSION})"));
    say(format!("os info: {} {}", std::env::consts::OS, std::env::consts::ARCH));
    say(format!("Using profiles dir at {}", places.profiles_dir));
    say(format!("Using profiles.yml file at {}", places.profiles_dir.join(PROFILES_FILE)));
    say(format!("Using dbt_project.yml file at {}", places.project_dir.join("dbt_project.yml")));
    if ui.flags.switch("config_dir") {
        say(format!("To view your profiles.yml file, open {}", places.profiles_dir.join(PROFILES_FILE)));
        return Ok(Outcome::Success);
    }
    let (workspace, found) = project::load(&ui.sources, &ui.project_options());
    let (errors, warnings): (Vec<_>, Vec<_>) = found.into_iter().partition(Diagnostic::is_error);
    for warning in warnings {
        ui.warn(warning)?;
    }
    // As in dbt, what keeps a file from being read at all ends the command: nothing of it can be checked then.
    if errors.iter().any(|problem| is_unreadable(ui, problem)) {
        return Err(errors.into());
    }
    if let Some(workspace) = &workspace {
        tell_adapter(ui, workspace);
    }
    let (of_profile, of_project): (Vec<_>, Vec<_>) =
        errors.into_iter().partition(|problem| is_of_profile(ui, problem));
    let missing = !places.project_dir.join("dbt_project.yml").exists();
    let mut failures: Vec<String> = Vec::new();
    if missing {
        failures.push(format!(
            "Project loading failed for the following reason:\n{}",
            human::render(&ui.no_project(), &ui.sources, false)
        ));
    } else {
        failures.extend(told("Project loading failed for the following reason:", ui, &of_project));
    }
    if ui.flags.switch("connection") {
        say("Skipping steps before connection verification".to_owned());
    } else {
        say("Configuration:".to_owned());
        say(format!("  profiles.yml file [{}]", state(&of_profile, workspace.as_ref())));
        let state = match (missing, of_project.is_empty()) {
            (true, _) => "ERROR not found",
            (_, true) => "OK found and valid",
            _ => "ERROR invalid",
        };
        say(format!("  dbt_project.yml file [{state}]"));
        say("Required dependencies:".to_owned());
        say(format!(
            " - git [{}]",
            if has_git() { "OK found" } else { "not found: packages from git need it" }
        ));
    }
    let heading = match missing_profiles(ui) {
        // Scripts look for these words of dbt.
        Some(folder) => format!("dbt looked for a {PROFILES_FILE} file in {folder}, but did not find one"),
        None => "Profile loading failed for the following reason:".to_owned(),
    };
    failures.extend(told(&heading, ui, &of_profile));
    if let Some(workspace) = workspace.as_ref().filter(|_| of_profile.is_empty()) {
        failures.extend(connection(ui, workspace).err());
    } else {
        say("Connection test skipped since no profile was found".to_owned());
    }
    if failures.is_empty() {
        ui.events.send(DebugCmdResult { msg: "All checks passed!".to_owned() });
        return Ok(Outcome::Success);
    }
    let count = failures.len();
    let checks = if count == 1 { "check" } else { "checks" };
    let msg = format!("{count} {checks} failed:\n{}", failures.join("\n\n"));
    ui.events.send(DebugCmdResult { msg });
    Ok(Outcome::Failure)
}

/// Says which adapter of dbt is stood in for.
fn tell_adapter(ui: &Ui, workspace: &Workspace) {
    let kind = workspace.profile.connection.kind().as_str();
    let version = ADAPTERS.iter().find(|(name, _)| *name == kind).map_or("", |(_, version)| version);
    for msg in [format!("adapter type: {kind}"), format!("adapter version: {version}")] {
        ui.events.send(DebugCmdOut { msg });
    }
}

/// Tells whether git answers. Only packages from git need it, so that its lack is no failure.
fn has_git() -> bool {
    let mut git = Command::new("git");
    git.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    git.status().is_ok_and(|status| status.success())
}

/// The folder that lacks a `profiles.yml`, as seen from where the user stands.
fn missing_profiles(ui: &Ui) -> Option<camino::Utf8PathBuf> {
    let folder = ui.flags.places().profiles_dir;
    let missing = !folder.join(PROFILES_FILE).exists();
    missing.then(|| folder.strip_prefix(&ui.around.cwd).map(ToOwned::to_owned).unwrap_or(folder))
}

/// Tells whether a problem is one of `profiles.yml` rather than of the project.
fn is_of_profile(ui: &Ui, problem: &Diagnostic) -> bool {
    let file = problem.span.and_then(|span| ui.sources.path(span.file));
    problem.code == Code::PROFILE || file.is_some_and(|path| path.file_name() == Some(PROFILES_FILE))
}

/// Tells whether a problem leaves nothing of its file. Jinja that fails in a profile is one of its mistakes, to dbt.
fn is_unreadable(ui: &Ui, problem: &Diagnostic) -> bool {
    match problem.code {
        Code::YAML_SYNTAX | Code::MISSING_ENV_VAR => true,
        code => code.class() == "Compilation Error" && !is_of_profile(ui, problem),
    }
}

fn state(of_profile: &[Diagnostic], workspace: Option<&Workspace>) -> &'static str {
    match workspace {
        _ if !of_profile.is_empty() => "ERROR invalid",
        Some(workspace) if workspace.profile.embedded => "OK none needed: an embedded DuckDB stands in",
        _ => "OK found and valid",
    }
}

fn told(heading: &str, ui: &Ui, problems: &[Diagnostic]) -> Option<String> {
    if problems.is_empty() {
        return None;
    }
    let texts: Vec<String> =
        problems.iter().map(|problem| human::render(problem, &ui.sources, false)).collect();
    Some(format!("{heading}\n{}", texts.join("\n\n")))
}

/// Returns the folder of the embedded database, unless a profile names another.
fn profile_folder(workspace: &Workspace) -> Option<Utf8PathBuf> {
    let target = workspace.profile.target();
    let path = target.get("path").and_then(Value::as_str).filter(|_| workspace.profile.embedded)?;
    Utf8Path::new(path).parent().map(ToOwned::to_owned)
}

/// Shows the connection's settings and tries it.
fn connection(ui: &Ui, workspace: &Workspace) -> Result<(), String> {
    let say = |msg: String| ui.events.send(DebugCmdOut { msg });
    let profile = &workspace.profile.connection;
    say("Connection:".to_owned());
    let secrets = profile.secrets_hidden();
    for (key, value) in profile.connection_keys() {
        say(format!("  {key}: {}", secrets.scrub(&python(&value))));
    }
    // The folder of the database that stands in is made by the first run.
    if let Some(folder) = profile_folder(workspace) {
        files::create_dirs(&folder).map_err(|error| error.to_string())?;
    }
    let session = SharedSession::new(profile.adapter(ui.patience()), ui.events.clone());
    let tried = session.with(|session| {
        let tried = session.execute("select 1 as id", false, Fetch::All);
        session.close();
        tried
    });
    match tried {
        Ok(_) => {
            say("  Connection test: [OK connection ok]".to_owned());
            Ok(())
        }
        Err(refused) => {
            say("  Connection test: [ERROR]".to_owned());
            Err(format!("dbt was unable to connect to the specified database.\n{}", refused.error))
        }
    }
}
