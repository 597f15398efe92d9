//! `init`: a new project from the embedded starter, and a profile for it.
//!
//! Outside a project it makes one; inside, it only sets up the profile. Nothing that exists is overwritten
//! without a yes.

use camino::{Utf8Path, Utf8PathBuf};
use include_dir::{Dir, include_dir};

use crate::cli::args::flag_table::SKIP_PROFILE_SETUP;
use crate::cli::args::{Chapter, Positional, Spec, Verb};
use crate::cli::profile_setup::{ProfileSetup, ProfilesFile};
use crate::cli::project_file::ProjectFile;
use crate::cli::prompt::Prompt;
use crate::cli::{CliError, Outcome, Ui};
use crate::diag::{Code, Diagnostic};
use crate::event::Note;
use crate::files;

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Init,
    words: &["init"],
    alias: None,
    which: "init",
    chapter: Chapter::Project,
    about: "Make a new project, or a profile for the one here",
    details: "",
    flags: &[&[SKIP_PROFILE_SETUP]],
    positional: Some(Positional {
        id: "project_name",
        name: "NAME",
        required: false,
        help: "Name of the project: letters, digits, underscore",
    }),
};

static STARTER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/init");

/// Names of dbt's own packages, which a project cannot have.
const TAKEN: &[&str] = &["dbt", "dbt_duckdb", "dbt_postgres"];

pub(super) fn run(ui: &mut Ui) -> Result<Outcome, CliError> {
    let places = ui.flags.places();
    let project = ProjectFile::peek(&places.project_dir);
    let mut prompt = Prompt::of_process(&ui.events);
    let skip_profile = ui.flags.switch(SKIP_PROFILE_SETUP.id);
    let profiles = ProfilesFile::in_folder(&places.profiles_dir);
    if project.exists() {
        if places.profile.is_some() {
            let message =
                "Can not init existing project with specified profile, edit dbt_project.yml instead";
            return Err(Diagnostic::error(Code::USAGE, None, message).into());
        }
        if !skip_profile {
            let name = project.text("profile").ok_or_else(|| {
                Diagnostic::error(Code::PROJECT, None, "dbt_project.yml names no profile")
                    .help("add a line such as `profile: my_profile`")
            })?;
            ProfileSetup { ui, profiles, folder: &places.project_dir }.run(name, &mut prompt)?;
        }
        return Ok(Outcome::Success);
    }
    let name = project_name(ui.flags.positional.as_deref(), &mut prompt)?;
    let folder = ui.around.cwd.join(&name);
    if folder.exists() {
        ui.events.send(Note { msg: format!("A project called {name} already exists here.") });
        return Ok(Outcome::Success);
    }
    if let Some(profile) = &places.profile
        && !profiles.has(profile)?
    {
        let message = format!("Could not find profile named '{profile}'");
        return Err(Diagnostic::error(Code::PROFILE, None, message)
            .help(format!("the profiles are in {}", profiles.path()))
            .into());
    }
    write_starter(&folder, &name, places.profile.as_deref().unwrap_or(&name))?;
    ui.events.send(Note { msg: format!("Your new dbt project \"{name}\" was created!") });
    if places.profile.is_none() && !skip_profile {
        ProfileSetup { ui, profiles, folder: &folder }.run(&name, &mut prompt)?;
    }
    ui.events.send(Note { msg: format!("Next: cd {name}, read models/example, then `build`") });
    Ok(Outcome::Success)
}

/// Takes the name of the command line, or asks until there is a good one.
fn project_name(given: Option<&str>, prompt: &mut Prompt) -> Result<String, CliError> {
    let mut name = given.map(str::to_owned);
    loop {
        match name {
            Some(name) if is_good(&name) => return Ok(name),
            Some(name) if !prompt.is_open() => {
                let message = format!("`{name}` is no name for a project");
                return Err(Diagnostic::error(Code::USAGE, None, message)
                    .help("letters, digits and underscores, no digit first")
                    .into());
            }
            Some(name) => prompt.say(&format!("{name} is not a valid project name.")),
            None => {}
        }
        name = prompt.ask("Enter a name for your project (letters, digits, underscore)", None);
        if name.is_none() {
            return Err(Diagnostic::error(Code::USAGE, None, "a new project needs a name")
                .help("as in `init my_project`")
                .into());
        }
    }
}

fn is_good(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters.next().is_some_and(|letter| letter.is_alphabetic() || letter == '_');
    first && letters.all(|letter| letter.is_alphanumeric() || letter == '_') && !TAKEN.contains(&name)
}

fn write_starter(folder: &Utf8Path, name: &str, profile: &str) -> Result<(), CliError> {
    for file in all_files(&STARTER) {
        let Some(path) = Utf8Path::from_path(file.path()) else { continue };
        let target: Utf8PathBuf = folder.join(path);
        if let Some(parent) = target.parent() {
            files::create_dirs(parent)?;
        }
        let text =
            String::from_utf8_lossy(file.contents()).replace("%project%", name).replace("%profile%", profile);
        files::write_atomic(&target, text.as_bytes())?;
    }
    Ok(())
}

fn all_files<'a>(dir: &'a Dir<'a>) -> Vec<&'a include_dir::File<'a>> {
    let mut found: Vec<_> = dir.files().collect();
    for inner in dir.dirs() {
        found.extend(all_files(inner));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_identifiers_that_dbt_does_not_use_itself() {
        for good in ["shop", "_x", "Läden_2"] {
            assert!(is_good(good), "{good}");
        }
        for bad in ["", "2shops", "my-shop", "my shop", "dbt", "dbt_duckdb"] {
            assert!(!is_good(bad), "{bad}");
        }
    }

    #[test]
    fn every_folder_of_the_layout_is_in_the_starter() {
        let paths: Vec<_> =
            all_files(&STARTER).iter().map(|file| file.path().display().to_string()).collect();
        for folder in
            ["analyses/", "macros/", "models/example/", "seeds/", "snapshots/", "tests/", ".gitignore"]
        {
            assert!(paths.iter().any(|path| path.starts_with(folder)), "{folder} is missing in {paths:?}");
        }
    }
}
