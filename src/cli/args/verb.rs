//! The commands: what each is called, what it takes, and what its help says.

use super::flag::Flag;

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// `build`
    Build,
    /// `run`
    Run,
    /// `test`
    Test,
    /// `seed`
    Seed,
    /// `snapshot`
    Snapshot,
    /// `compile`
    Compile,
    /// `show`
    Show,
    /// `parse`
    Parse,
    /// `list`, `ls`
    List,
    /// `run-operation`
    RunOperation,
    /// `retry`
    Retry,
    /// `clone`
    Clone,
    /// `publish-copy`
    PublishCopy,
    /// `source freshness`
    SourceFreshness,
    /// `check`
    Check,
    /// `diff`
    Diff,
    /// `lint`
    Lint,
    /// `lineage`
    Lineage,
    /// `docs generate`
    DocsGenerate,
    /// `docs serve`
    DocsServe,
    /// `deps`
    Deps,
    /// `lsp`
    Lsp,
    /// `debug`
    Debug,
    /// `init`
    Init,
    /// `clean`
    Clean,
}

/// The groups of the overview.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chapter {
    /// Changes the warehouse.
    Build,
    /// Looks without changing it.
    Look,
    /// Cares for the project.
    Project,
}

impl Chapter {
    /// All, in the order of the overview.
    pub const ALL: [Self; 3] = [Self::Build, Self::Look, Self::Project];

    /// Returns the heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Build => "Build the warehouse",
            Self::Look => "Look without changing it",
            Self::Project => "Care for the project",
        }
    }
}

/// A word that is no flag.
#[derive(Clone, Copy, Debug)]
pub struct Positional {
    /// The name in artifacts.
    pub id: &'static str,
    /// The name in the help.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// The help.
    pub help: &'static str,
}

/// All about one command. Each file of [`crate::cli::commands`] declares its own.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// The command.
    pub verb: Verb,
    /// The words, for example `docs generate`.
    pub words: &'static [&'static str],
    /// Another last word.
    pub alias: Option<&'static str>,
    /// dbt's name for it in artifacts (`which`), for example `generate`.
    pub which: &'static str,
    /// The group in the overview.
    pub chapter: Chapter,
    /// One sentence without a stop.
    pub about: &'static str,
    /// More about it; empty for none.
    pub details: &'static str,
    /// Flags of its own, besides those that all commands have.
    pub flags: &'static [&'static [Flag]],
    /// The word it takes.
    pub positional: Option<Positional>,
}

impl Spec {
    /// Returns the words with blanks between.
    pub fn name(&self) -> String {
        self.words.join(" ")
    }

    /// Returns dbt's name for the command if these are its words: `which`, or the other last word where it was typed.
    pub fn typed_as(&self, words: &[&str]) -> Option<&'static str> {
        let (last, groups) = self.words.split_last()?;
        let (typed, before) = words.split_last()?;
        if before != groups {
            return None;
        }
        if typed == last { Some(self.which) } else { self.alias.filter(|alias| alias == typed) }
    }

    /// Returns its own flags.
    pub fn own_flags(&self) -> impl Iterator<Item = &'static Flag> {
        self.flags.iter().flat_map(|group| group.iter())
    }
}
