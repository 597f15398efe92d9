//! Methods of incremental models and snapshots.

use super::super::relation::relation_of;
use super::super::run_scope::NodeScope;
use crate::diag::Code;
use crate::jinja::{Call, Error, Scope as _, Value, item, list, none, py_str};

/// Strategies that dbt defines; an engine supports some of them.
const BUILT_IN: &[&str] = &["append", "delete+insert", "merge", "insert_overwrite", "microbatch"];

pub(super) fn call(scope: &NodeScope, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
    Some(match name {
        "get_incremental_strategy_macro" => strategy_macro(scope, call),
        "valid_incremental_strategies" => {
            let names = scope.run().shared.dialect.incremental_strategies();
            Ok(list(names.iter().map(|name| Value::from(*name)).collect::<Vec<_>>()))
        }
        "valid_snapshot_target" => snapshot_target(scope, call, false),
        "assert_valid_snapshot_target_given_strategy" => snapshot_target(scope, call, true),
        _ => return None,
    })
}

/// A strategy is the macro `get_incremental_<name>_sql`; projects may bring their own.
fn strategy_macro(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let _context = call.args.required("model_context")?;
    let strategy = call.args.required("strategy")?;
    let strategy = if strategy.is_none() { "default".to_owned() } else { py_str(&strategy) };
    let valid = scope.run().shared.dialect.incremental_strategies();
    // With that flag a project's own macro makes the strategy valid.
    let custom = strategy == "microbatch"
        && scope.run().shared.is_on("REQUIRE_BATCHED_EXECUTION_FOR_CUSTOM_MICROBATCH_STRATEGY");
    if BUILT_IN.contains(&strategy.as_str()) && !custom && !valid.contains(&strategy.as_str()) {
        return Err(Error::new(
            Code::CONFIG,
            format!("The incremental strategy '{strategy}' is not valid for this adapter"),
        )
        .help(format!("the strategies of this engine are {}", valid.join(", "))));
    }
    let name = format!("get_incremental_{}_sql", strategy.replace('+', "_"));
    scope.get(&name).ok_or_else(|| {
        let project = scope.run().shared.project_name();
        Error::new(
            Code::UNKNOWN_MACRO,
            format!("dbt could not find an incremental strategy macro with the name \"{name}\" in {project}"),
        )
        .help(format!(
            "the strategies of this engine are {}; a project adds one by a macro `{name}`",
            valid.join(", ")
        ))
    })
}

/// Checks that a table has the columns a snapshot keeps its history in.
fn snapshot_target(scope: &NodeScope, call: &mut Call<'_>, with_strategy: bool) -> Result<Value, Error> {
    let relation = call.args.required("relation")?;
    let names = call.args.optional("column_names").filter(|v| !v.is_none());
    let strategy = if with_strategy { Some(call.args.required("strategy")?) } else { None };
    let Some(target) = relation_of(&relation) else {
        return Err(Error::runtime("`relation` must be a relation"));
    };
    let found: Vec<String> =
        scope.columns_of(&target, call)?.iter().map(|column| column.name.to_lowercase()).collect();
    let desired = |key: &str| match &names {
        Some(names) => item(names, key).map_or_else(|| key.to_owned(), |v| py_str(&v)),
        None => key.to_owned(),
    };
    let mut wanted = vec!["dbt_scd_id", "dbt_valid_from", "dbt_valid_to"];
    let hard_deletes = strategy.as_ref().and_then(|s| item(s, "hard_deletes"));
    if hard_deletes.is_some_and(|value| value.as_str() == Some("new_record")) {
        wanted.push("dbt_is_deleted");
    }
    let missing: Vec<String> =
        wanted.into_iter().map(desired).filter(|name| !found.contains(&name.to_lowercase())).collect();
    if missing.is_empty() {
        return Ok(none());
    }
    let quoted: Vec<_> = missing.iter().map(|name| format!("\"{name}\"")).collect();
    let message = format!(
        "Snapshot target is missing configured columns (missing {}). See https://docs.getdbt.com/docs/build/snapshots#snapshot-meta-fields for more information.",
        quoted.join(", ")
    );
    Err(Error::new(Code::INVALID_RESOURCE, message))
}
