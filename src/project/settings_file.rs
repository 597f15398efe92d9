//! The YAML files that set a project up: `dbt_project.yml`, `profiles.yml`, `packages.yml` and their like.
//!
//! Input: a file. Output: its tree, and what is wrong with it. Called by whoever reads such a file. Property files are
//! none of them: dbt counts what is broken there among the mistakes of parsing.

use camino::Utf8Path;

use crate::diag::{Code, Diagnostic, FileId, Sources};
use crate::files;
use crate::yaml::{self, Parsed, Yaml};

/// Parses a file. What cannot be read as YAML is counted as dbt counts it in these files.
pub(super) fn parse(sources: &Sources, file: FileId) -> Parsed {
    let (tree, found) = yaml::parse(sources, file);
    let counted = |problem: Diagnostic| match problem.code {
        Code::YAML_SYNTAX => problem.counted_as("Runtime Error"),
        _ => problem,
    };
    (tree, found.into_iter().map(counted).collect())
}

/// Reads a file of a folder (and how to show it) that need not be there.
pub(super) fn optional(
    sources: &Sources,
    (root, shown): (&Utf8Path, &Utf8Path),
    name: &str,
    found: &mut Vec<Diagnostic>,
) -> Option<Yaml> {
    match files::read_source(sources, &root.join(name), &shown.join(name)) {
        Ok(file) => {
            let (tree, problems) = parse(sources, file);
            found.extend(problems);
            tree
        }
        Err(error) if error.is_missing() => None,
        Err(error) => {
            found.push(error.into());
            None
        }
    }
}
