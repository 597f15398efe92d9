//! Setting up a profile: what the project's `profile_template.yml` asks for, or else ours.
//!
//! The file is changed as text, so that comments and the layout of other profiles stay.

use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};

use super::prompt::Prompt;
use super::{CliError, Ui};
use crate::diag::{Code, Diagnostic, Sources};
use crate::event::Note;
use crate::files;
use crate::yaml::{self, Yaml};

/// Asks for the database, then for what its profile needs.
const TEMPLATE: &str = include_str!("../../templates/profile_template.yml");

/// `profiles.yml` of a folder.
#[derive(Debug)]
pub(super) struct ProfilesFile {
    path: Utf8PathBuf,
}

impl ProfilesFile {
    pub(super) fn in_folder(folder: &Utf8Path) -> Self {
        Self { path: folder.join("profiles.yml") }
    }

    pub(super) fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Tells whether a profile of this name is there. Errors when the file cannot be read.
    pub(super) fn has(&self, name: &str) -> Result<bool, CliError> {
        let text = self.text()?;
        let (tree, problems) = yaml::parse_text(&Sources::new(), self.path.clone(), text);
        if let Some(problem) = problems.into_iter().find(Diagnostic::is_error) {
            let message = format!("{} cannot be read: {}", self.path, problem.message);
            return Err(Diagnostic::error(Code::PROFILE, None, message).into());
        }
        Ok(tree.as_ref().and_then(Yaml::as_map).is_some_and(|map| map.contains(name)))
    }

    fn text(&self) -> Result<String, CliError> {
        match files::read_text(&self.path) {
            Ok(text) => Ok(text),
            Err(error) if error.is_missing() => Ok(String::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Adds a profile, in place of one of the same name.
    fn put(&self, name: &str, target: &[(String, String)]) -> Result<(), CliError> {
        let text = replaced(&self.text()?, name, &block(name, target));
        if let Some(folder) = self.path.parent() {
            files::create_dirs(folder)?;
        }
        files::write_atomic(&self.path, text.as_bytes())?;
        Ok(())
    }
}

/// The set-up of one profile.
pub(super) struct ProfileSetup<'a> {
    pub(super) ui: &'a Ui,
    pub(super) profiles: ProfilesFile,
    /// The project, for its `profile_template.yml` and the default place of the database.
    pub(super) folder: &'a Utf8Path,
}

impl ProfileSetup<'_> {
    /// Writes the profile `name`, unless one exists that is to stay.
    pub(super) fn run(&self, name: &str, prompt: &mut Prompt) -> Result<(), CliError> {
        self.ui.events.send(Note { msg: "Setting up your profile.".into() });
        let path = self.profiles.path();
        if self.profiles.has(name)?
            && !prompt
                .confirm(&format!("The profile {name} already exists in {path}. Continue and overwrite it?"))
        {
            return Ok(());
        }
        let target = from_template(&self.template(name)?, prompt)?;
        self.profiles.put(name, &target)?;
        self.ui
            .events
            .send(Note { msg: format!("Profile {name} written to {path}. `debug` tries the connection.") });
        Ok(())
    }

    fn template(&self, name: &str) -> Result<Yaml, CliError> {
        let path = self.folder.join("profile_template.yml");
        let text = match files::read_text(&path) {
            Ok(text) => text,
            Err(error) if error.is_missing() => {
                let database = self.folder.join(format!("{name}.duckdb"));
                TEMPLATE.replace("%path%", &quoted(database.as_str()))
            }
            Err(error) => return Err(error.into()),
        };
        let (tree, problems) = yaml::parse_text(&self.ui.sources, path, text);
        tree.ok_or_else(|| problems.into())
    }
}

/// Reads `fixed` and asks for `prompts`.
fn from_template(template: &Yaml, prompt: &mut Prompt) -> Result<Vec<(String, String)>, CliError> {
    let mut target = Vec::new();
    for entry in template.get("fixed").and_then(Yaml::as_map).into_iter().flat_map(yaml::Map::iter) {
        put(&mut target, &entry.key, scalar(&entry.value));
    }
    if let Some(prompts) = template.get("prompts") {
        ask_all(prompts, prompt, &mut target)?;
    }
    Ok(target)
}

fn ask_all(prompts: &Yaml, prompt: &mut Prompt, target: &mut Vec<(String, String)>) -> Result<(), CliError> {
    for entry in prompts.as_map().into_iter().flat_map(yaml::Map::iter) {
        let key: &str = &entry.key;
        if let Some(choice) = key.strip_prefix("_choose_") {
            ask_all(choose(choice, &entry.value, prompt)?, prompt, target)?;
        } else if let Some(key) = key.strip_prefix("_fixed_") {
            put(target, key, scalar(&entry.value));
        } else {
            let answer = ask(key, &entry.value, prompt)?;
            put(target, key, answer);
        }
    }
    Ok(())
}

fn choose<'a>(what: &str, options: &'a Yaml, prompt: &mut Prompt) -> Result<&'a Yaml, CliError> {
    let entries: Vec<_> = options.as_map().into_iter().flat_map(yaml::Map::iter).collect();
    for (number, entry) in entries.iter().enumerate() {
        prompt.say(&format!("[{}] {}", number + 1, entry.key));
    }
    let question = format!("Desired {} option (enter a number)", what.replace('_', " "));
    loop {
        let answer = prompt.ask(&question, None).ok_or_else(|| unanswered(what))?;
        let picked = answer.parse::<usize>().ok().and_then(|number| entries.get(number.checked_sub(1)?));
        if let Some(entry) = picked {
            return Ok(&entry.value);
        }
    }
}

fn ask(key: &str, settings: &Yaml, prompt: &mut Prompt) -> Result<String, CliError> {
    let text = |name: &str| settings.get(name).and_then(Yaml::scalar_text);
    let question = text("hint").map_or_else(|| key.to_owned(), |hint| format!("{key} ({hint})"));
    let kind = text("type").unwrap_or_else(|| "string".into());
    loop {
        let answer = match settings.get("hide_input").and_then(Yaml::as_bool) {
            Some(true) => prompt.ask_secret(&question),
            _ => prompt.ask(&question, text("default").as_deref()),
        };
        let answer = answer.ok_or_else(|| unanswered(key))?;
        match kind.as_str() {
            "int" if answer.parse::<i64>().is_err() => prompt.say(&format!("{answer} is no whole number")),
            "float" if answer.parse::<f64>().is_err() => prompt.say(&format!("{answer} is no number")),
            "int" | "float" | "bool" => return Ok(answer),
            _ => return Ok(quoted(&answer)),
        }
    }
}

fn unanswered(key: &str) -> CliError {
    Diagnostic::error(Code::USAGE, None, format!("`{key}` was not answered"))
        .help("`--skip-profile-setup` asks nothing")
        .into()
}

fn put(target: &mut Vec<(String, String)>, key: &str, value: String) {
    match target.iter_mut().find(|(known, _)| known == key) {
        Some((_, old)) => *old = value,
        None => target.push((key.to_owned(), value)),
    }
}

fn scalar(value: &Yaml) -> String {
    match value.as_str() {
        Some(text) => quoted(text),
        None => value.to_json().to_string(),
    }
}

/// Text as YAML: plain where that is safe, else in double quotes, whose rules JSON's are a part of.
fn quoted(text: &str) -> String {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "_./-".contains(c))
        && text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '/' || c == '.')
        && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
            .contains(&text.to_lowercase().as_str());
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

fn block(name: &str, target: &[(String, String)]) -> String {
    let value = |key: &str| target.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone());
    let output = value("target").unwrap_or_else(|| "dev".to_owned());
    let mut text = format!("{name}:\n  target: {output}\n  outputs:\n    {output}:\n");
    for (key, value) in target.iter().filter(|(key, _)| key != "target") {
        let _ = writeln!(text, "      {key}: {value}");
    }
    text
}

/// Puts a block of the top level into the text, in place of the block of the same name.
fn replaced(text: &str, name: &str, block: &str) -> String {
    let heads = [format!("{name}:"), format!("'{name}':"), format!("\"{name}\":")];
    let is_head = |line: &str| heads.iter().any(|head| line.starts_with(head.as_str()));
    let inside = |line: &str| line.is_empty() || line.starts_with([' ', '\t', '#']);
    let (mut result, mut skipping, mut done) = (String::new(), false, false);
    for line in text.lines() {
        if is_head(line) {
            result.push_str(block);
            (skipping, done) = (true, true);
        } else if !(skipping && inside(line)) {
            skipping = false;
            result.push_str(line);
            result.push('\n');
        }
    }
    if !done {
        if !result.is_empty() {
            result.push('\n');
        }
        result.push_str(block);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_takes_the_place_of_its_namesake_and_leaves_the_others() {
        let old = "# mine\nshop:\n  target: x\n  outputs: {}\n\nother:\n  target: y\n";
        let target = [("type".to_owned(), "duckdb".to_owned())];
        let new = replaced(old, "shop", &block("shop", &target));
        let want =
            "# mine\nshop:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\nother:\n  target: y\n";
        assert_eq!(new, want);
        assert_eq!(replaced("a: 1\n", "b", "b: 2\n"), "a: 1\n\nb: 2\n");
    }

    #[test]
    fn text_is_quoted_where_yaml_would_read_something_else() {
        for (text, want) in
            [("shop.duckdb", "shop.duckdb"), ("no", "\"no\""), ("5", "\"5\""), ("a: b", "\"a: b\"")]
        {
            assert_eq!(quoted(text), want);
        }
    }
}
