//! Which texts of a property file dbt renders early, and which it leaves for later: descriptions, tests,
//! hooks, freshness queries (`jinja.md` section 3). Called by `properties`.

use std::sync::Arc;

use crate::diag::{Diagnostic, Span};
use crate::yaml::Yaml;

use super::properties::Section;

pub(super) use crate::project::has_jinja as is_jinja;

/// Renders one text natively: `{{ var('n') }}` becomes a number if `n` is one.
pub(super) type RenderText<'a> = dyn Fn(&str, Span) -> Result<Yaml, Box<Diagnostic>> + Sync + 'a;

/// Tells whether the value at a path of an entry stays as written. Items of a list are one step each.
pub(super) fn stays(section: Section, path: &[Arc<str>]) -> bool {
    let path: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
    match (section, path.as_slice()) {
        (Section::Sources, ["description" | "loaded_at_query"] | ["config", "loaded_at_query"]) => true,
        (Section::Sources, ["tables", _, below @ ..]) => is_late(below),
        (Section::Sources, _) => false,
        (Section::Metrics, [.., "filter"] | [.., "filter", _]) => true,
        (Section::SavedQueries, ["query_params", "where", ..]) => true,
        (Section::Macros, ["arguments", below @ ..]) => is_late(below),
        (_, below) => is_late(below),
    }
}

/// Places whose text is rendered later, relative to the thing described.
fn is_late(path: &[&str]) -> bool {
    const LATE: [&str; 4] = ["tests", "data_tests", "description", "loaded_at_query"];
    match path {
        [first] | [_, first] if LATE.contains(first) => true,
        ["config", "pre_hook" | "post_hook" | "loaded_at_query"] => true,
        [_, _, _, _, "description"] => true,
        ["columns" | "dimensions" | "measures" | "entities", _, "tests" | "data_tests" | "description"] => {
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(section: Section, path: &str, want: bool) {
        let path: Vec<Arc<str>> = path.split('/').map(Arc::from).collect();
        assert_eq!(stays(section, &path), want);
    }

    #[test]
    fn descriptions_tests_and_hooks_stay() {
        for path in
            ["description", "tests", "columns/[]/data_tests", "columns/[]/description", "config/pre_hook"]
        {
            check(Section::Models, path, true);
        }
        check(Section::Models, "versions/[]/columns/[]/description", true);
        check(Section::Models, "config/meta", false);
        check(Section::Sources, "tables/[]/columns/[]/tests", true);
        check(Section::Sources, "schema", false);
        check(Section::Sources, "config/meta/description", false);
        check(Section::Macros, "arguments/[]/description", true);
    }
}
