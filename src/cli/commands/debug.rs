//! `debug`: check settings, files and the connection.

use crate::cli::args::flag_table::{CONFIG_DIR, CONNECTION};
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::pipeline::load_workspace;
use crate::cli::version::{DBT_VERSION, OWN_VERSION};
use crate::cli::{CliError, Outcome, Ui};
use crate::context::SharedSession;
use crate::event::{DebugCmdOut, DebugCmdResult};
use crate::project::Workspace;

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
    say(format!("Using dbt_project.yml file at {}", places.project_dir.join("dbt_project.yml")));
    if ui.flags.switch("config_dir") {
        return Ok(Outcome::Success);
    }
    let workspace = load_workspace(ui)?;
    say("Configuration:".to_owned());
    match &workspace.profile.file {
        Some(file) => say(format!("  profiles.yml file [OK found and valid: {file}]")),
        None => say("  profiles.yml file [none: an embedded DuckDB stands in]".to_owned()),
    }
    say("  dbt_project.yml file [OK found and valid]".to_owned());
    say(format!("Connection ({}):", workspace.profile.connection.kind().as_str()));
    for (key, value) in workspace.profile.connection.connection_keys() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        say(format!("  {key}: {text}"));
    }
    match try_connection(ui, &workspace) {
        Ok(()) => {
            say("  Connection test: [OK connection ok]".to_owned());
            ui.events.send(DebugCmdResult { msg: "All checks passed!".to_owned() });
            Ok(Outcome::Success)
        }
        Err(message) => {
            say("  Connection test: [ERROR]".to_owned());
            let msg =
                format!("1 check failed:\ndbt was unable to connect to the specified database.\n{message}");
            ui.events.send(DebugCmdResult { msg });
            Ok(Outcome::Failure)
        }
    }
}

fn try_connection(ui: &Ui, workspace: &Workspace) -> Result<(), String> {
    let adapter = workspace.profile.connection.adapter();
    let session = SharedSession::new(adapter, ui.events.clone());
    session.with(|session| {
        let tried = session.execute("select 1 as id", false, crate::adapter::Fetch::All);
        session.close();
        tried.map(drop).map_err(|refused| refused.error.to_string())
    })
}
