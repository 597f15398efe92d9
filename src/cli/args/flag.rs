//! What one flag is: its spellings, its type, its variable, its default and its line of help.
//!
//! A flag is declared once, as a constant of [`super::flag_table`]; the parser, the help, the look-up of variables,
//! the `flags:` of a project and the `args` of `run_results.json` all read the same constant.

use serde_json::{Map, Value, json};

/// The type of a flag's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `--x` and `--no-x`.
    Switch,
    /// A whole number.
    Int,
    /// Any text.
    Text,
    /// A path; relative ones count from where the command was started.
    Path,
    /// One word of a set.
    Choice(&'static [&'static str]),
    /// Words: all up to the next flag, repeated, or in one quoted text.
    Words,
    /// As `Words`, each of a set.
    ChoiceWords(&'static [&'static str]),
    /// A YAML mapping.
    Mapping,
}

/// What a flag is when nobody sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// Nothing: it is left out of artifacts.
    Unset,
    /// A switch.
    Switch(bool),
    /// A number.
    Int(i64),
    /// A text.
    Text(&'static str),
    /// An empty list.
    NoWords,
    /// An empty mapping.
    EmptyMapping,
}

impl Fallback {
    /// Returns the value as JSON; `null` for none.
    pub fn to_json(self) -> Value {
        match self {
            Self::Unset => Value::Null,
            Self::Switch(value) => json!(value),
            Self::Int(value) => json!(value),
            Self::Text(value) => json!(value),
            Self::NoWords => json!([]),
            Self::EmptyMapping => Value::Object(Map::new()),
        }
    }
}

/// The section of the help a flag stands in, in the order of the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Of this command only.
    Command,
    /// Which nodes.
    Selection,
    /// How they are built.
    Building,
    /// Earlier state.
    State,
    /// Where things are.
    Project,
    /// What is shown and logged.
    Output,
    /// Accepted because dbt does; nothing depends on it here.
    NoEffect,
}

impl Section {
    /// Returns the heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Command => "This command",
            Self::Selection => "Which nodes",
            Self::Building => "How they are built",
            Self::State => "Earlier state",
            Self::Project => "Where things are",
            Self::Output => "Terminal and log",
            Self::NoEffect => "Accepted for dbt's sake, without effect",
        }
    }
}

/// One flag.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// The name in artifacts and in `flags:`, for example `full_refresh`.
    pub id: &'static str,
    /// The name on the command line without the dashes, for example `full-refresh`.
    pub long: &'static str,
    /// The one-letter name.
    pub short: Option<char>,
    /// Further long names.
    pub aliases: &'static [&'static str],
    /// Further one-letter names.
    pub short_aliases: &'static [char],
    /// The type.
    pub kind: Kind,
    /// The variable, for example `DBT_TARGET`; `DBT_ENGINE_TARGET` follows from it.
    pub env: Option<&'static str>,
    /// An old variable and, for switches, whether it means the opposite.
    pub old_env: Option<(&'static str, bool)>,
    /// Whether `flags:` of a project may set it.
    pub in_project: bool,
    /// The value when nobody sets it.
    pub fallback: Fallback,
    /// The help, one sentence without a stop. For a switch that is on by itself it tells what `--no-x` does.
    pub help: &'static str,
    /// The section of the help.
    pub section: Section,
    /// Whether `-h` leaves it out (`--help` shows it).
    pub rare: bool,
}

impl Flag {
    const fn new(id: &'static str, long: &'static str, kind: Kind, fallback: Fallback) -> Self {
        Self {
            id,
            long,
            short: None,
            aliases: &[],
            short_aliases: &[],
            kind,
            env: None,
            old_env: None,
            in_project: false,
            fallback,
            help: "",
            section: Section::Command,
            rare: false,
        }
    }

    /// A switch and what it is by itself.
    pub const fn switch(id: &'static str, long: &'static str, on: bool) -> Self {
        Self::new(id, long, Kind::Switch, Fallback::Switch(on))
    }

    /// A text.
    pub const fn text(id: &'static str, long: &'static str) -> Self {
        Self::new(id, long, Kind::Text, Fallback::Unset)
    }

    /// A path.
    pub const fn path(id: &'static str, long: &'static str) -> Self {
        Self::new(id, long, Kind::Path, Fallback::Unset)
    }

    /// A number.
    pub const fn int(id: &'static str, long: &'static str) -> Self {
        Self::new(id, long, Kind::Int, Fallback::Unset)
    }

    /// One word of a set, and the one that holds by itself.
    pub const fn choice(
        id: &'static str,
        long: &'static str,
        of: &'static [&'static str],
        by: &'static str,
    ) -> Self {
        Self::new(id, long, Kind::Choice(of), Fallback::Text(by))
    }

    /// Words.
    pub const fn words(id: &'static str, long: &'static str) -> Self {
        Self::new(id, long, Kind::Words, Fallback::NoWords)
    }

    /// Words of a set.
    pub const fn choices(id: &'static str, long: &'static str, of: &'static [&'static str]) -> Self {
        Self::new(id, long, Kind::ChoiceWords(of), Fallback::NoWords)
    }

    /// A YAML mapping.
    pub const fn mapping(id: &'static str, long: &'static str) -> Self {
        Self::new(id, long, Kind::Mapping, Fallback::EmptyMapping)
    }

    /// Sets the help and its section.
    #[must_use]
    pub const fn help(mut self, section: Section, help: &'static str) -> Self {
        self.section = section;
        self.help = help;
        self
    }

    /// Sets the one-letter name.
    #[must_use]
    pub const fn short(mut self, short: char) -> Self {
        self.short = Some(short);
        self
    }

    /// Sets further names.
    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [&'static str], short: &'static [char]) -> Self {
        self.aliases = aliases;
        self.short_aliases = short;
        self
    }

    /// Sets the variable.
    #[must_use]
    pub const fn env(mut self, env: &'static str) -> Self {
        self.env = Some(env);
        self
    }

    /// Sets the old variable; `opposite` when it switches off what the flag switches on.
    #[must_use]
    pub const fn old_env(mut self, env: &'static str, opposite: bool) -> Self {
        self.old_env = Some((env, opposite));
        self
    }

    /// Lets `flags:` of a project set it.
    #[must_use]
    pub const fn project(mut self) -> Self {
        self.in_project = true;
        self
    }

    /// Sets the number it is by itself.
    #[must_use]
    pub const fn by_itself(mut self, number: i64) -> Self {
        self.fallback = Fallback::Int(number);
        self
    }

    /// Makes it unset by itself.
    #[must_use]
    pub const fn unset(mut self) -> Self {
        self.fallback = Fallback::Unset;
        self
    }

    /// Leaves it out of the short help.
    #[must_use]
    pub const fn rare(mut self) -> Self {
        self.rare = true;
        self
    }

    /// Tells whether this is a switch that is on by itself.
    pub fn on_by_itself(&self) -> bool {
        self.fallback == Fallback::Switch(true)
    }

    /// Returns the name of the newer variable, which wins over [`Self::env`].
    pub fn engine_env(&self) -> Option<String> {
        Self::newer(self.env?)
    }

    /// Returns the newer name of [`Self::old_env`].
    pub fn old_engine_env(&self) -> Option<String> {
        Self::newer(self.old_env?.0)
    }

    fn newer(env: &str) -> Option<String> {
        if env.starts_with("DBT_ENGINE_") {
            return Some(env.to_owned());
        }
        env.strip_prefix("DBT_").map(|rest| format!("DBT_ENGINE_{rest}"))
    }
}
