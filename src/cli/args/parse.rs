//! The command line as typed: words → [`LowArgs`]. Decides nothing but what was said.
//!
//! A flag may stand before or after the command, not on both sides; the last of several wins, lists add up.

use std::collections::{BTreeMap, BTreeSet};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};
use serde_json::Value;

use super::flag::{Flag, Kind};
use super::value::{self, UsageError};
use super::verb::Spec;
use super::{Program, flag_table};
use super::{completions, help};
use crate::cli::commands::SPECS;
use crate::diag::suggest;

/// What was typed.
#[derive(Clone, Debug)]
pub struct LowArgs {
    /// The command.
    pub spec: &'static Spec,
    /// [`Spec::which`], or the other word if that was typed: dbt tells artifacts and templates the word.
    pub which: &'static str,
    /// The flags given, by [`Flag::id`], with values of the flag's type.
    pub given: BTreeMap<&'static str, Value>,
    /// The word of a command that takes one.
    pub positional: Option<String>,
    /// The whole line, as artifacts show it: `dbt` and the arguments.
    pub invocation_command: String,
    /// The text of `--vars`.
    pub vars_text: Option<String>,
    /// Whether `--models` or another old name of `--select` was used.
    pub old_select: bool,
}

/// What is to be done with the command line.
#[derive(Clone, Debug)]
pub enum Parsed {
    /// Run a command.
    Run(Box<LowArgs>),
    /// Print this help; exit code 0.
    Help(clap::builder::StyledStr),
    /// Print this help to the error stream, since no command was given; exit code 2.
    NoCommand(clap::builder::StyledStr),
    /// Print the version; exit code 0.
    Version,
    /// Print this text; exit code 0.
    Text(String),
}

/// Reads the arguments, without the program's name.
pub fn parse(program: &Program, arguments: &[String]) -> Result<Parsed, UsageError> {
    let words = spread_lists(arguments);
    let wants_all =
        arguments.iter().any(|word| word == "--help") || arguments.first().is_some_and(|w| w == "help");
    if arguments.first().is_some_and(|word| word == completions::WORD) && !wants_help(arguments) {
        let whole = command(program, true, &|_| true);
        return completions::script(program, whole, arguments.get(1)).map(Parsed::Text);
    }
    let command = command(program, wants_all, &|word| arguments.iter().any(|typed| typed == word));
    let matches = match command.try_get_matches_from(std::iter::once(program.name.clone()).chain(words)) {
        Ok(matches) => matches,
        Err(error) => return explain(program, &error),
    };
    if is_set(&matches, "version") {
        return Ok(Parsed::Version);
    }
    low_args(&matches, arguments)
}

fn wants_help(arguments: &[String]) -> bool {
    arguments.iter().any(|word| word == "-h" || word == "--help")
}

/// `--select=a b` means `--select a b`.
fn spread_lists(arguments: &[String]) -> Vec<String> {
    let lists: BTreeSet<String> = all_flags()
        .filter(|flag| matches!(flag.kind, Kind::Words | Kind::ChoiceWords(_)))
        .flat_map(|flag| std::iter::once(flag.long).chain(flag.aliases.iter().copied()))
        .map(|name| format!("--{name}"))
        .collect();
    let mut words = Vec::with_capacity(arguments.len());
    for argument in arguments {
        match argument.split_once('=') {
            Some((name, value)) if lists.contains(name) => words.extend([name.to_owned(), value.to_owned()]),
            _ => words.push(argument.clone()),
        }
    }
    words
}

/// Returns every flag of every command; flags of several commands several times.
pub(super) fn all_flags() -> impl Iterator<Item = &'static Flag> {
    let own = SPECS.iter().flat_map(Spec::own_flags);
    flag_table::GLOBAL.iter().chain(flag_table::PLACES).chain(own)
}

/// Makes the grammar. The commands that are not `wanted` have no flags: each has sixty, all made for nothing.
fn command(program: &Program, all: bool, wanted: &dyn Fn(&str) -> bool) -> Command {
    let mut command = Command::new(program.name.clone())
        .override_usage(format!("{} [OPTIONS] COMMAND [ARGS]...", program.name))
        .help_template(help::overview(all))
        .disable_version_flag(true)
        .disable_help_subcommand(false)
        .subcommand_required(false)
        .arg_required_else_help(true)
        .args_override_self(true)
        .styles(help::STYLES)
        .max_term_width(help::WIDTH)
        .arg(version_arg());
    let mut shared: Vec<&Flag> = flag_table::GLOBAL.iter().chain(flag_table::PLACES).collect();
    shared.sort_by_key(|flag| flag.section);
    for flag in shared {
        command = add(command, flag, all);
    }
    let make = |spec: &'static Spec, word: &'static str| {
        if wanted(word) { subcommand(program, spec, word, all) } else { Command::new(word).about(spec.about) }
    };
    let mut groups: BTreeMap<&str, Command> = BTreeMap::new();
    for spec in &SPECS {
        match spec.words {
            [group, last] => {
                let parent = groups.remove(group).unwrap_or_else(|| help::group(group));
                let also = spec.alias.map(|word| make(spec, word).hide(true));
                groups.insert(*group, parent.subcommand(make(spec, last)).subcommands(also));
            }
            words => {
                let words = words.iter().copied().chain(spec.alias);
                command = command.subcommands(words.map(|word| make(spec, word).hide(true)));
            }
        }
    }
    command.subcommands(groups.into_values().map(|group| group.hide(true))).subcommand(completions::command())
}

fn subcommand(program: &Program, spec: &'static Spec, word: &'static str, all: bool) -> Command {
    let mut command = Command::new(word)
        .about(spec.about)
        .before_help(spec.details)
        .override_usage(help::usage(program, spec))
        .help_template(help::command(spec))
        .disable_version_flag(true)
        .args_override_self(true)
        .arg(version_arg());
    if let Some(word) = spec.positional {
        command =
            command.arg(Arg::new(word.id).value_name(word.name).help(word.help).required(word.required));
    }
    let own: Vec<&Flag> = spec.own_flags().collect();
    let shared = flag_table::GLOBAL
        .iter()
        .chain(flag_table::PLACES)
        .filter(|flag| own.iter().all(|it| it.id != flag.id));
    let mut flags: Vec<&Flag> = own.iter().copied().chain(shared).collect();
    flags.sort_by_key(|flag| flag.section);
    for flag in flags {
        command = add(command, flag, all);
    }
    command
}

fn version_arg() -> Arg {
    Arg::new("version")
        .long("version")
        .short('v')
        .visible_short_alias('V')
        .action(ArgAction::SetTrue)
        .help("Print the version")
}

fn add(command: Command, flag: &'static Flag, all: bool) -> Command {
    let mut arg = Arg::new(flag.id)
        .long(flag.long)
        .aliases(flag.aliases.iter().copied())
        .short_aliases(flag.short_aliases.iter().copied())
        .help(help::line(flag, all))
        .help_heading(flag.section.heading())
        .hide(flag.rare && !all);
    if let Some(short) = flag.short {
        arg = arg.short(short);
    }
    match flag.kind {
        Kind::Switch => return add_switch(command, flag, arg),
        Kind::Words | Kind::ChoiceWords(_) => arg = arg.num_args(1..).action(ArgAction::Append),
        Kind::Int => arg = arg.allow_negative_numbers(true),
        Kind::Text | Kind::Path | Kind::Choice(_) | Kind::Mapping => arg = arg.allow_hyphen_values(true),
    }
    arg = match flag.kind {
        Kind::Choice(set) | Kind::ChoiceWords(set) => {
            arg.value_parser(completions::Offered(set)).hide_possible_values(true)
        }
        Kind::Path => arg.value_hint(ValueHint::AnyPath),
        _ => arg.value_hint(ValueHint::Other),
    };
    command.arg(arg.value_name(help::value_name(flag)))
}

/// A switch is two arguments that undo each other; the help shows the one that changes something.
fn add_switch(command: Command, flag: &'static Flag, arg: Arg) -> Command {
    let no = format!("no-{}", flag.id);
    let hidden = arg.is_hide_set();
    let mut off = Arg::new(no.clone())
        .long(format!("no-{}", flag.long))
        .action(ArgAction::SetTrue)
        .overrides_with(flag.id)
        .hide(true);
    let mut on = arg.action(ArgAction::SetTrue).overrides_with(no);
    if flag.on_by_itself() {
        off = off
            .help(on.get_help().cloned().unwrap_or_default())
            .help_heading(flag.section.heading())
            .hide(hidden);
        on = on.hide(true);
    }
    command.arg(on).arg(off)
}

fn is_set(matches: &ArgMatches, id: &str) -> bool {
    // Groups of commands (`docs`) have no flags; asking them for one would panic.
    matches.try_contains_id(id).is_ok() && matches.value_source(id) == Some(ValueSource::CommandLine)
}

/// What one side of the command says about a flag.
fn typed(matches: &ArgMatches, flag: &Flag) -> Result<Option<Value>, UsageError> {
    if flag.kind == Kind::Switch {
        let off = is_set(matches, &format!("no-{}", flag.id));
        let on = is_set(matches, flag.id);
        return Ok(if on || off { Some(Value::Bool(on)) } else { None });
    }
    if !is_set(matches, flag.id) {
        return Ok(None);
    }
    let words: Vec<String> = matches.get_many::<String>(flag.id).into_iter().flatten().cloned().collect();
    value::from_words(flag, &format!("--{}", flag.long), &words).map(Some)
}

fn low_args(matches: &ArgMatches, arguments: &[String]) -> Result<Parsed, UsageError> {
    let mut path = Vec::new();
    let mut inner = matches;
    while let Some((word, next)) = inner.subcommand() {
        path.push(word);
        inner = next;
    }
    let (spec, which) =
        SPECS.iter().find_map(|spec| spec.typed_as(&path).map(|which| (spec, which))).ok_or_else(|| {
            UsageError::new(format!("`{}` is no command", path.join(" "))).help("`--help` lists the commands")
        })?;
    if is_set(inner, "version") {
        return Ok(Parsed::Version);
    }
    let mut given = BTreeMap::new();
    for flag in flag_table::GLOBAL.iter().chain(flag_table::PLACES) {
        if let Some(value) = typed(matches, flag)? {
            given.insert(flag.id, value);
        }
    }
    for flag in flags_of(spec) {
        let Some(value) = typed(inner, flag)? else { continue };
        if given.insert(flag.id, value).is_some() {
            let name = spec.name();
            let message = format!("`--{}` stands before and after `{name}`", flag.long);
            return Err(UsageError::new(message).help("give it on one side only"));
        }
    }
    let positional = spec.positional.and_then(|word| inner.get_one::<String>(word.id).cloned());
    let old_select = spec.own_flags().any(|flag| flag.id == "select")
        && arguments.iter().any(|word| ["--models", "--model", "-m"].contains(&word.as_str()));
    let invocation_command = format!("dbt {}", arguments.join(" "));
    let vars_text =
        [inner, matches].iter().find_map(|side| side.get_one::<String>(flag_table::VARS.id).cloned());
    let low = LowArgs { spec, which, given, positional, invocation_command, vars_text, old_select };
    Ok(Parsed::Run(Box::new(low)))
}

/// Returns all flags of a command, its own before the shared.
pub(super) fn flags_of(spec: &'static Spec) -> Vec<&'static Flag> {
    let mut flags: Vec<&Flag> = Vec::new();
    for flag in spec.own_flags().chain(flag_table::GLOBAL).chain(flag_table::PLACES) {
        if flags.iter().all(|known| known.id != flag.id) {
            flags.push(flag);
        }
    }
    flags
}

/// Turns the parser's refusal into our words, or into the help that was asked for.
fn explain(program: &Program, error: &clap::Error) -> Result<Parsed, UsageError> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.as_str(),
        Some(ContextValue::Strings(texts)) => texts.first().map_or("", String::as_str),
        _ => "",
    };
    // What was typed may carry a value, what was expected carries a placeholder.
    let bad = text(ContextKind::InvalidArg).split([' ', '=']).next().unwrap_or_default();
    let usage = match error.kind() {
        ErrorKind::DisplayHelp => return Ok(Parsed::Help(error.render())),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => return Ok(Parsed::NoCommand(error.render())),
        ErrorKind::UnknownArgument if bad.starts_with('-') => {
            UsageError::new(format!("there is no flag `{bad}` here")).help::<String>(similar_flag(bad))
        }
        ErrorKind::UnknownArgument => UsageError::new(format!("`{bad}` is one word too many"))
            .help("lists of words follow their flag, as in --select a b"),
        ErrorKind::InvalidSubcommand => {
            let word = text(ContextKind::InvalidSubcommand);
            let known = SPECS.iter().flat_map(|spec| spec.words.iter().copied().chain(spec.alias));
            UsageError::new(format!("there is no command `{word}`")).help::<String>(suggest(word, known))
        }
        ErrorKind::MissingRequiredArgument => {
            UsageError::new(format!("`{}` is missing", bad.trim_matches(['<', '>'])))
        }
        ErrorKind::MissingSubcommand => UsageError::new("a command is missing"),
        ErrorKind::InvalidValue | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            UsageError::new(format!("`{bad}` needs a value"))
        }
        ErrorKind::TooManyValues => UsageError::new(format!("`{bad}` takes no value")),
        _ => UsageError::new(error.to_string().trim().to_owned()),
    };
    Err(usage.help(format!("`{} --help` explains more", program.name)))
}

/// Tells which commands have the flag, or which flag is spelled nearly so.
fn similar_flag(bad: &str) -> Option<String> {
    let has = |flag: &Flag| bad.strip_prefix("--").is_some_and(|long| long == flag.long);
    let owners: Vec<String> = SPECS
        .iter()
        .filter(|spec| spec.own_flags().any(has))
        .map(|spec| format!("`{}`", spec.words.join(" ")))
        .collect();
    if !owners.is_empty() {
        let verb = if owners.len() == 1 { "has" } else { "have" };
        return Some(format!("{} {verb} it", owners.join(", ")));
    }
    let names: BTreeSet<String> = all_flags()
        .flat_map(|flag| {
            let off = (flag.kind == Kind::Switch).then(|| format!("--no-{}", flag.long));
            std::iter::once(format!("--{}", flag.long)).chain(off)
        })
        .collect();
    suggest(bad, names.iter().map(String::as_str))
}
