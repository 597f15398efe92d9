//! What the help looks like. The sentences are in the table of flags and in the commands' files.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use clap::Command;
use clap::builder::Styles;

use super::flag::{Flag, Kind};
use super::verb::{Chapter, Spec};
use super::{Program, completions};
use crate::cli::commands::SPECS;

/// The widest help, in characters.
pub(super) const WIDTH: usize = 100;

const HEADING: Style = AnsiColor::Green.on_default().bold();
const WORD: Style = AnsiColor::Cyan.on_default().bold();

/// The colours of the help.
pub(super) const STYLES: Styles =
    Styles::styled().header(HEADING).usage(HEADING).literal(WORD).placeholder(AnsiColor::Cyan.on_default());

/// Returns the template of the overview: what there is, grouped.
pub(super) fn overview(all: bool) -> String {
    let mut text = String::from("{usage-heading} {usage}\n\nBuilds a SQL warehouse from a dbt project.\n");
    let width = SPECS.iter().map(|spec| shown(spec).len()).max().unwrap_or_default();
    for chapter in Chapter::ALL {
        let _ = write!(text, "\n{HEADING}{}:{HEADING:#}\n", chapter.heading());
        for spec in SPECS.iter().filter(|spec| spec.chapter == chapter) {
            let _ = writeln!(text, "  {WORD}{:width$}{WORD:#}  {}", shown(spec), spec.about);
        }
        if chapter == Chapter::Project {
            let _ = writeln!(text, "  {WORD}{:width$}{WORD:#}  {}", completions::WORD, completions::ABOUT);
        }
    }
    text.push_str("\n{all-args}\n\n");
    text.push_str("Flags go before or after the command. Commands have more of their own: `run -h`.\n");
    if !all {
        text.push_str("--help, in place of -h, shows rare flags too, and the variable that sets each.\n");
    }
    text
}

fn shown(spec: &Spec) -> String {
    match spec.alias {
        Some(alias) if spec.words.len() == 1 => format!("{}, {alias}", spec.name()),
        _ => spec.name(),
    }
}

/// Returns the usage line of a command.
pub(super) fn usage(program: &Program, spec: &Spec) -> String {
    let mut text = format!("{} {} [OPTIONS]", program.name, spec.name());
    if let Some(word) = spec.positional {
        let _ = if word.required { write!(text, " {}", word.name) } else { write!(text, " [{}]", word.name) };
    }
    text
}

/// Returns the template of a command's help.
pub(super) fn command(spec: &Spec) -> String {
    let mut text = format!("{{usage-heading}} {{usage}}\n\n{}.\n", spec.about);
    if !spec.details.is_empty() {
        text.push_str("\n{before-help}");
    }
    if spec.details.is_empty() {
        text.push('\n');
    }
    text.push_str("{all-args}\n");
    text
}

/// Returns a command that only holds others.
pub(super) fn group(word: &'static str) -> Command {
    Command::new(word)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_version_flag(true)
        .help_template("{usage-heading} {usage}\n\n{subcommands}\n")
}

/// Returns the help of a flag; with its variable when `all` is asked for.
pub(super) fn line(flag: &Flag, all: bool) -> String {
    let mut text = flag.help.to_owned();
    if let Kind::Choice(set) = flag.kind {
        let _ = write!(text, ": {}", set.join(", "));
    }
    let default = flag.fallback.to_json();
    if matches!(flag.kind, Kind::Choice(_) | Kind::Int) && !default.is_null() {
        let shown = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
        let _ = write!(text, " [default: {shown}]");
    }
    if let Some(env) = flag.env.filter(|_| all) {
        let _ = write!(text, " [{env}]");
    }
    text
}

/// Returns the placeholder of a flag's value.
pub(super) fn value_name(flag: &Flag) -> String {
    match flag.kind {
        Kind::Switch => String::new(),
        Kind::Int => "N".into(),
        Kind::Text => "TEXT".into(),
        Kind::Path => "PATH".into(),
        Kind::Choice(_) | Kind::Words => "WORD".into(),
        Kind::ChoiceWords(_) => "KIND".into(),
        Kind::Mapping => "YAML".into(),
    }
}
