//! `adapter.*`: what macros may ask of the engine (`jinja.md` section 7).
//!
//! While parsing, [`ParseAdapter`] answers with the values dbt gives then. At run time [`RunAdapter`] hands a
//! call to the group of methods that knows it; each group is a file here. What is sent to the database is
//! written by macros: methods such as `create_schema` call the macro of that name and keep the relation cache
//! in step.

mod columns;
mod constraints;
mod duckdb;
mod incremental;
mod listing;
mod names;
mod python;
mod relations;
mod statements;

use std::sync::Arc;

pub(super) use duckdb::KeysBySchema;
pub(super) use python::submit_python_job;

use super::base::empty_dict;
use super::macros::MacroEntry;
use super::run_scope::NodeScope;
use super::shared::Shared;
use crate::diag::Code;
use crate::jinja::{Args, Call, Error, Instance, Value, list, none, tuple};

/// `adapter` while a node is parsed: nothing is executed.
pub(super) struct ParseAdapter {
    pub(super) shared: Arc<Shared>,
    /// Where a dispatch without a namespace begins its search; everywhere without one.
    pub(super) package: Option<Arc<str>>,
}

/// `adapter` while a node is compiled or run.
pub(super) struct RunAdapter {
    pub(super) scope: NodeScope,
}

impl Instance for ParseAdapter {
    fn type_name(&self) -> &'static str {
        "adapter"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(names::attr(&self.shared, name))
    }

    fn has_method(&self, name: &str) -> bool {
        names::is_method(name) || parse_value(name).is_some()
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        if let Some(answer) = names::call(&self.shared, self.package.as_deref(), name, call) {
            return Some(answer);
        }
        if let Some(answer) = constraints::call(&self.shared, name, call) {
            return Some(answer);
        }
        parse_value(name).map(Ok)
    }
}

/// What a method gives while parsing; `None` for a method that does not exist.
fn parse_value(name: &str) -> Option<Value> {
    Some(match name {
        "get_columns_in_relation"
        | "get_missing_columns"
        | "get_column_schema_from_query"
        | "get_columns_in_table" => list(Vec::new()),
        "check_schema_exists"
        | "already_exists"
        | "location_exists"
        | "is_gated"
        | "run_later"
        | "in_release_set" => Value::from(false),
        "execute" => tuple([none(), super::table::empty()]),
        "add_query" => tuple([none(), none()]),
        "cache_added" | "cache_dropped" | "cache_renamed" => Value::from(""),
        "standardize_grants_dict" => empty_dict(),
        "get_partitions_metadata" => super::table::empty(),
        other => return METHODS.contains(&other).then(none),
    })
}

/// Methods that need a database, whatever the engine.
const METHODS: &[&str] = &[
    "get_relation",
    "expand_target_column_types",
    "create_schema",
    "drop_schema",
    "drop_relation",
    "truncate_relation",
    "rename_relation",
    "has_dependents",
    "commit",
    "pass_gate",
    "copy_rows",
    "get_incremental_strategy_macro",
    "valid_incremental_strategies",
    "valid_snapshot_target",
    "assert_valid_snapshot_target_given_strategy",
    "get_hard_deletes_behavior",
    "convert_type",
    "verify_database",
    "submit_python_job",
    "parse_index",
    "is_motherduck",
    "is_ducklake",
    "disable_transactions",
    "ensure_transaction",
    "escape_sql_string",
    "use_ducklake_table_workarounds",
    "convert_datetimes_to_strs",
    "get_seed_file_path",
    "store_relation",
    "external_root",
    "get_binding_char",
    "external_write_options",
    "external_read_location",
    "warn_once",
    "batch_id_for_model",
    "get_temp_relation_path",
    "existing_key_constraint_types",
    "catalog_supports_foreign_keys",
];

impl Instance for RunAdapter {
    fn type_name(&self) -> &'static str {
        "adapter"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(names::attr(&self.scope.run().shared, name))
    }

    fn has_method(&self, name: &str) -> bool {
        names::is_method(name) || parse_value(name).is_some()
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        let (scope, shared) = (&self.scope, &self.scope.run().shared);
        let package: Arc<str> = scope.package().into();
        names::call(shared, Some(&package), name, call)
            .or_else(|| constraints::call(shared, name, call))
            .or_else(|| relations::call(scope, name, call))
            .or_else(|| columns::call(scope, name, call))
            .or_else(|| statements::call(scope, name, call))
            .or_else(|| incremental::call(scope, name, call))
            .or_else(|| python::call(scope, name, call))
            .or_else(|| duckdb::call(scope, name, call))
            .or_else(|| Some(Err(unknown(name))))
    }
}

fn unknown(name: &str) -> Error {
    let known = METHODS.iter().copied().chain(names::METHODS.iter().copied());
    Error::new(Code::JINJA_UNDEFINED, format!("`adapter` has no method `{name}`"))
        .help::<String>(crate::diag::suggest(name, known))
}

impl NodeScope {
    /// Calls one of dbt's macros by name, as adapter methods do: the root project's version if it has one.
    pub(super) fn call_macro(
        &self,
        name: &str,
        args: Vec<Value>,
        call: &mut Call<'_>,
    ) -> Result<Value, Error> {
        let entry = self.adapter_macro(name)?;
        call.call(&entry.value, args)
    }

    /// The same from outside of a render.
    pub fn call_from_rust(&self, name: &str, args: Args) -> Result<Value, Error> {
        let entry = self.adapter_macro(name)?;
        self.run().shared.engine.call(&entry.value, args, &self.as_scope(), entry.span)
    }

    fn adapter_macro(&self, name: &str) -> Result<MacroEntry, Error> {
        let macros = &self.run().shared.macros;
        macros
            .bare(macros.root(), name)
            .cloned()
            .ok_or_else(|| Error::new(Code::UNKNOWN_MACRO, format!("macro `{name}` does not exist")))
    }
}
