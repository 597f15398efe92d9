//! The command line of an earlier run, restored from its `run_results.json`, for `retry`.
//!
//! Input: what `retry` was given and the `args` of that run. Output: the [`LowArgs`] of its command; variables and
//! `flags:` of the project fill the gaps as usual. Facts: dbt's `retry`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::flag::{Flag, Kind};
use super::flag_table::{FULL_REFRESH, VARS};
use super::{LowArgs, UsageError, parse};
use crate::cli::commands::SPECS;

/// Commands that can be run again, by dbt's names.
const COMMANDS: [&str; 9] =
    ["build", "compile", "clone", "generate", "seed", "snapshot", "test", "run", "run-operation"];

/// Flags that are not taken over from the earlier run: what they say holds for one machine, or one invocation.
const NOT_RESTORED: [&str; 11] = [
    "log_path",
    "output_path",
    "profiles_dir",
    "project_dir",
    "defer_state",
    "target_path",
    "warn_error",
    "lock_timeout",
    "dry_run",
    // Those of no effect on what is built.
    "sqlparse",
    "show",
];

/// Flags that `retry` may give anew.
const OVERRIDES: [&str; 3] = [VARS.id, "threads", FULL_REFRESH.id];

/// Restores the earlier command line. Errors when it was of a command that cannot be run again.
pub(crate) fn restore(now: &LowArgs, previous: &Map<String, Value>) -> Result<LowArgs, UsageError> {
    let which = previous.get("which").and_then(Value::as_str).unwrap_or_default();
    let spec =
        SPECS.iter().find(|spec| spec.which == which && COMMANDS.contains(&which)).ok_or_else(|| {
            UsageError::new(format!("the previous run was of `{which}`, which cannot be run again"))
                .help(format!("`retry` knows {}", COMMANDS.join(", ")))
        })?;
    let mut given = BTreeMap::new();
    for flag in parse::flags_of(spec) {
        let renewed = NOT_RESTORED.contains(&flag.id) || OVERRIDES.contains(&flag.id);
        if let Some(value) = now.given.get(flag.id).filter(|_| renewed) {
            given.insert(flag.id, value.clone());
        } else if !NOT_RESTORED.contains(&flag.id)
            && let Some(value) = previous.get(flag.id).filter(|value| was_given(flag, value))
        {
            given.insert(flag.id, value.clone());
        }
    }
    if given.get("warn_error") == Some(&Value::Bool(true)) {
        given.remove("warn_error_options");
    }
    let vars = given.get(VARS.id).map(Value::to_string);
    let positional = spec.positional.and_then(|word| previous.get(word.id)).and_then(Value::as_str);
    Ok(LowArgs {
        spec,
        which: spec.which,
        vars_text: now.vars_text.clone().or(vars),
        given,
        positional: positional.map(str::to_owned),
        invocation_command: now.invocation_command.clone(),
        old_select: false,
    })
}

/// Tells whether a setting is another than the one that holds by itself, and of the flag's type.
fn was_given(flag: &Flag, value: &Value) -> bool {
    let fits = match flag.kind {
        Kind::Switch => value.is_boolean(),
        Kind::Int => value.is_i64(),
        Kind::Text => value.is_string() || value.is_object(),
        Kind::Path | Kind::Choice(_) => value.is_string(),
        Kind::Words | Kind::ChoiceWords(_) => value.as_array().is_some_and(|words| !words.is_empty()),
        Kind::Mapping => value.as_object().is_some_and(|map| !map.values().all(is_empty_list)),
    };
    fits && *value != flag.fallback.to_json()
}

/// `warn_error_options` shows lists of nothing when it was not given.
fn is_empty_list(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{Parsed, Program};
    use serde_json::json;

    fn typed(line: &str) -> LowArgs {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        match parse::parse(&Program::from_argument("dbt"), &words) {
            Ok(Parsed::Run(low)) => *low,
            other => panic!("{other:?}"),
        }
    }

    fn restored(line: &str, previous: &Value) -> LowArgs {
        restore(&typed(line), previous.as_object().unwrap()).unwrap()
    }

    #[test]
    fn settings_come_back_and_some_can_be_given_anew() {
        let previous = json!({
            "which": "build", "select": ["a+"], "exclude": [], "full_refresh": true, "threads": 4,
            "vars": {"day": "2024-01-01"}, "target_path": "elsewhere", "profiles_dir": "/far", "print": true,
            "warn_error_options": {"error": [], "silence": [], "warn": []}, "quiet": false, "macro": "no",
            "resource_types": [], "sample": {"start": "2024-01-01T00:00:00+00:00", "end": "2024-01-02T00:00:00+00:00"},
        });
        let low = restored("retry --project-dir here --quiet", &previous);
        let given: Vec<&str> = low.given.keys().copied().collect();
        assert_eq!(low.spec.which, "build");
        assert_eq!(given, ["full_refresh", "project_dir", "sample", "select", "threads", "vars"]);
        assert_eq!(low.vars_text.as_deref(), Some(r#"{"day":"2024-01-01"}"#));
        let low = restored("retry --threads 1 --no-full-refresh --vars {day:1}", &previous);
        assert_eq!(
            (low.given["threads"].clone(), low.given["full_refresh"].clone()),
            (json!(1), json!(false))
        );
        assert_eq!(low.vars_text.as_deref(), Some("{day:1}"));
    }

    #[test]
    fn a_macro_comes_back_with_its_arguments() {
        let previous = json!({"which": "run-operation", "macro": "grant_all", "args": {"to": "me"}});
        let low = restored("retry", &previous);
        assert_eq!(low.positional.as_deref(), Some("grant_all"));
        assert_eq!(low.given["args"], json!({"to": "me"}));
    }

    #[test]
    fn what_is_only_looked_at_cannot_be_run_again() {
        let previous = json!({"which": "show"});
        let error = restore(&typed("retry"), previous.as_object().unwrap()).unwrap_err();
        assert_eq!(error.message, "the previous run was of `show`, which cannot be run again");
    }
}
