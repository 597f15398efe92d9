//! Tidegate's own macros, which are embedded. Called by `mod` before those of projects are read.
//!
//! There are hundreds, of which a run calls a few, so they are compiled when they are called. What they call, which the
//! manifest tells of each, is known from `templates/macro_calls.txt`: a line for each macro, which a test compares with
//! what compiling finds.

use std::fmt::{self, Display};
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use rayon::prelude::*;

use crate::diag::{Diagnostic, FileId, Sources, Span};
use crate::hash::HashMap;
use crate::jinja::{Block, Engine};

use super::macros::{Called, Made, Place, ReadMacro, compiled, flatten, read_text};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/macros");
static CALLS: &str = include_str!("../../templates/macro_calls.txt");

/// The package of the macros that fit every engine.
const DEFAULT_PACKAGE: &str = "dbt";

/// What goes before the name of a dispatch in the list of calls.
const DISPATCH: &str = "dispatch:";

/// Reads the macros for every engine, then those for `engine`. `with_params` tells their parameters too, for which they are
/// compiled at once.
pub(super) fn read(
    engine: &str,
    with_params: bool,
    sources: &Sources,
    created_at: f64,
) -> (Vec<ReadMacro>, Vec<Diagnostic>) {
    let calls: HashMap<&str, &str> = CALLS.lines().filter_map(|line| line.split_once(':')).collect();
    let read_file = |(package, path, file, text): &(Arc<str>, String, FileId, &'static str)| {
        let place = Place { package, path, file: *file, internal: true };
        read_text(text, &place, created_at, |block| {
            let name = block.macro_name();
            match calls.get(&*format!("{package}.{name}")) {
                Some(calls) if !with_params => Ok(Some(later(&name, text, *file, block, calls))),
                _ => compiled(text, *file, block),
            }
        })
    };
    flatten(files(engine, sources).par_iter().map(read_file).collect())
}

/// The files in their order, each with its package and its path in that.
fn files(engine: &str, sources: &Sources) -> Vec<(Arc<str>, String, FileId, &'static str)> {
    let engine_package: Arc<str> = format!("dbt_{engine}").into();
    let mut files = Vec::new();
    for (folder, package) in [("default", Arc::from(DEFAULT_PACKAGE)), (engine, engine_package)] {
        let mut found = Vec::new();
        collect(FILES.get_dir(folder), &mut found);
        found.sort_unstable_by_key(|(path, _)| *path);
        for (path, text) in found {
            let below = path.strip_prefix(folder).unwrap_or(path).trim_start_matches('/');
            let path = format!("macros/{below}");
            let file = sources.add_inner(format!("{package}/{path}"), text);
            files.push((Arc::clone(&package), path, file, text));
        }
    }
    files
}

fn collect(dir: Option<&'static Dir<'static>>, found: &mut Vec<(&'static str, &'static str)>) {
    let Some(dir) = dir else { return };
    for file in dir.files() {
        if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
            found.push((path, text));
        }
    }
    dir.dirs().for_each(|dir| collect(Some(dir), found));
}

/// Makes a macro of a block that is compiled when it is called.
fn later(name: &str, text: &'static str, file: FileId, block: &Block, calls: &str) -> Made {
    let whole = Span::new(file, block.full.start, block.full.end);
    let (value, block) = Engine::new().macro_later(name, text, whole);
    Made { value, block, calls: calls.split_whitespace().map(called).collect(), params: Vec::new() }
}

/// Reads a word of the list.
fn called(word: &str) -> Called {
    let (dispatch, word) = word.strip_prefix(DISPATCH).map_or((false, word), |rest| (true, rest));
    let (before, name) = word.split_once('.').map_or((None, word), |(before, name)| (Some(before), name));
    if dispatch {
        return Called::Dispatch { name: name.to_owned(), namespace: before.map(str::to_owned) };
    }
    Called::Macro { package: before.map(Arc::from), name: name.into() }
}

impl Display for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (prefix, before, name): (_, Option<&str>, &str) = match self {
            Self::Macro { package, name } => ("", package.as_deref(), name),
            Self::Dispatch { name, namespace } => (DISPATCH, namespace.as_deref(), name),
        };
        let (before, dot) = before.map_or(("", ""), |before| (before, "."));
        write!(f, "{prefix}{before}{dot}{name}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// How to make the list anew.
    const UPDATE: &str = "TIDEGATE_UPDATE_MACRO_CALLS";

    #[test]
    fn what_compiling_finds_is_what_is_listed() {
        let (mut listed, mut macros) = (BTreeMap::new(), 0);
        for engine in ["duckdb", "postgres"] {
            let sources = Sources::new();
            let (now, problems) = read(engine, true, &sources, 0.0);
            assert_eq!(problems, []);
            let (later, problems) = read(engine, false, &sources, 0.0);
            assert_eq!((problems, now.len()), (Vec::new(), later.len()));
            macros += now.len();
            for (now, later) in now.iter().zip(&later) {
                let key = format!("{}.{}", now.entry.package_name, now.entry.name);
                let words: Vec<_> = now.made.calls.iter().map(ToString::to_string).collect();
                listed.insert(key, words.join(" "));
                // Each reading has its own files.
                assert_eq!(now.made.block.range(), later.made.block.range(), "{}", now.entry.name);
                assert_eq!(now.entry.macro_sql, later.entry.macro_sql);
            }
        }
        assert!(macros > 800, "{macros}");
        let lines = listed.iter().map(|(key, words)| format!("{key}: {words}").trim_end().to_owned() + "\n");
        let text: String = lines.collect();
        if std::env::var_os(UPDATE).is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/macro_calls.txt");
            std::fs::write(path, &text).unwrap();
        }
        assert_eq!(text, CALLS, "run this test with {UPDATE}=1 to list them anew, then once more");
    }

    #[test]
    fn calls_are_read_as_they_are_written() {
        for word in ["a", "p.a", "dispatch:a", "dispatch:n.a"] {
            assert_eq!(called(word).to_string(), word);
        }
    }
}
