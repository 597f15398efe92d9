//! `completions SHELL`: a script that teaches a shell the commands, flags and words. Made of the same tables as the
//! help, so it knows what this version knows. Called by `parse`.

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command};
use clap_complete::{Shell, generate};

use super::Program;
use super::value::UsageError;
use crate::diag::suggest;

/// The word that asks for the script.
pub(super) const WORD: &str = "completions";

/// What the help says of it.
pub(super) const ABOUT: &str = "Print a script that completes commands in your shell";

/// The shells there is a script for.
const SHELLS: [(&str, Shell); 4] =
    [("bash", Shell::Bash), ("zsh", Shell::Zsh), ("fish", Shell::Fish), ("powershell", Shell::PowerShell)];

/// Words that shells offer for a value. Others pass too: their refusal is told with advice, in [`super::value`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Offered(pub(super) &'static [&'static str]);

impl TypedValueParser for Offered {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().map(PossibleValue::new)))
    }
}

/// Returns the script of a shell for a program's command line.
pub(super) fn script(
    program: &Program,
    command: Command,
    shell: Option<&String>,
) -> Result<String, UsageError> {
    let known = || SHELLS.iter().map(|(name, _)| *name);
    let names = known().collect::<Vec<_>>().join(", ");
    let Some(name) = shell else {
        return Err(UsageError::new(format!("`{WORD}` needs the name of a shell: {names}")));
    };
    let Some((_, shell)) = SHELLS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) else {
        return Err(UsageError::new(format!("there is no script for the shell `{name}`: {names}"))
            .help::<String>(suggest(name, known())));
    };
    let mut command = shown(command);
    let mut text = Vec::new();
    generate(*shell, &mut command, program.name.clone(), &mut text);
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Returns the command itself, for the help and for the scripts.
pub(super) fn command() -> Command {
    let shells: Vec<&str> = SHELLS.iter().map(|(name, _)| *name).collect();
    Command::new(WORD).about(ABOUT).arg(Arg::new("SHELL").required(true).value_parser(shells)).hide(true)
}

/// The help groups the commands itself and hides clap's list; the script wants them seen.
fn shown(command: Command) -> Command {
    command.hide(false).mut_subcommands(shown)
}
