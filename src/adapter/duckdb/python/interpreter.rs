//! Which Python runs models.
//!
//! In this order: the variable `TIDEGATE_PYTHON`, the profile's `python`, the environment that is active
//! (`VIRTUAL_ENV`), and `python3` or `python` of the `PATH`. The first two are meant; so if one of them cannot be
//! started, that is an error and nothing else is tried.

use std::path::{Path, PathBuf};

/// The environment variable that names the interpreter.
pub(super) const VARIABLE: &str = "TIDEGATE_PYTHON";

/// Where an interpreter's name comes from, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The program.
    pub(super) program: PathBuf,
    /// Who named it; `None` when it was only guessed, so that the next guess may be tried.
    pub(super) named_by: Option<&'static str>,
}

/// Returns the interpreters to try, best first.
pub(super) fn candidates(profile: Option<&str>, variable: impl Fn(&str) -> Option<String>) -> Vec<Candidate> {
    let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let meant =
        |program: String, by| vec![Candidate { program: expanded(&program, &set), named_by: Some(by) }];
    if let Some(program) = set(VARIABLE) {
        return meant(program, "the environment variable `TIDEGATE_PYTHON`");
    }
    if let Some(program) = profile {
        return meant(program.to_owned(), "`python` in the profile");
    }
    let guess = |program: PathBuf| Candidate { program, named_by: None };
    let mut all = Vec::new();
    if let Some(folder) = set("VIRTUAL_ENV") {
        let inside = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
        all.push(guess(Path::new(&folder).join(inside)));
    }
    all.extend(["python3", "python"].map(|name| guess(PathBuf::from(name))));
    all
}

/// `~/` stands for the home folder, since no shell reads the profile.
fn expanded(program: &str, set: &impl Fn(&str) -> Option<String>) -> PathBuf {
    match (program.strip_prefix("~/"), set("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(program),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(profile: Option<&str>, variables: &[(&str, &str)], want: &[&str]) {
        let variable = |name: &str| variables.iter().find(|v| v.0 == name).map(|v| v.1.to_owned());
        let found = candidates(profile, variable);
        let programs: Vec<_> = found.iter().map(|c| c.program.to_string_lossy().into_owned()).collect();
        assert_eq!(programs, want);
    }

    #[test]
    fn what_is_named_beats_what_is_guessed() {
        let venv = ("VIRTUAL_ENV", "/v");
        check(Some("p"), &[(VARIABLE, "own"), venv], &["own"]);
        check(Some("~/p"), &[(VARIABLE, ""), venv, ("HOME", "/h")], &["/h/p"]);
        check(None, &[], &["python3", "python"]);
        if cfg!(unix) {
            check(None, &[venv], &["/v/bin/python", "python3", "python"]);
        }
    }
}
