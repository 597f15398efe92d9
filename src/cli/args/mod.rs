//! From the command line to settings: what was typed ([`LowArgs`]), then what is meant ([`Flags`]).
//!
//! Precedence of a flag: command line, then `DBT_ENGINE_X` and `DBT_X`, then `flags:` of the project, then
//! the default. Names and defaults are dbt Core 1.11's, in [`flag_table`].

mod completions;
mod flag;
pub(crate) mod flag_table;
mod flags;
mod groups;
mod help;
mod parse;
mod report;
mod resolve;
mod retry;
mod times;
mod value;
mod verb;

use camino::{Utf8Path, Utf8PathBuf};

use crate::hash::IndexMap;

pub use flag::{Fallback, Flag, Kind, Section};
pub use flags::{Flags, Source};
pub use groups::{Building, Color, IndirectSelection, LogFormat, Logging, Places, Selecting, State};
pub use parse::{LowArgs, Parsed, parse};
pub(crate) use report::python;
pub use resolve::{project_dir, resolve, spread_engine_variables};
pub(crate) use retry::restore;
pub use value::UsageError;
pub use verb::{Chapter, Positional, Spec, Verb};

/// The name the program was started by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// `dbt` when started so, else `tidegate`.
    pub name: String,
}

impl Program {
    /// Reads the name from the first word of the command line, which may be a path.
    pub fn from_argument(first: &str) -> Self {
        let stem = Utf8Path::new(first).file_stem().unwrap_or_default();
        Self { name: if stem == "dbt" { "dbt" } else { "tidegate" }.to_owned() }
    }
}

/// The world outside, read once.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Where the program was started.
    pub cwd: Utf8PathBuf,
    /// The user's folder.
    pub home: Option<Utf8PathBuf>,
    /// The variables.
    pub env: IndexMap<String, String>,
}

impl Surroundings {
    /// Reads them from the process. Variables that are not UTF-8 are left out: no flag can use them.
    pub fn of_process() -> std::io::Result<Self> {
        let cwd = std::env::current_dir()?;
        let cwd = Utf8PathBuf::from_path_buf(cwd).map_err(|path| {
            std::io::Error::other(format!("the name of the folder `{}` is not UTF-8", path.display()))
        })?;
        let text = |value: std::ffi::OsString| value.into_string().ok();
        let env = std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect();
        let home = std::env::home_dir().and_then(|home| Utf8PathBuf::from_path_buf(home).ok());
        Ok(Self { cwd, home, env })
    }

    /// Returns a variable; an empty one counts as not set.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests;
