//! Builds a node by its materialization macro (`macros.md` sections 5 and 6).

use std::sync::Arc;

use crate::adapter::AdapterResponse;
use crate::context::{MacroEntry, NodeScope, relation_of, relation_value};
use crate::diag::{Code, Diagnostic, suggest};
use crate::event::Diagnosed;
use crate::jinja::{Args, Error, Value, elements, from_json, item, list, none};
use crate::manifest::{Compiled, Json, Language, Node};

/// Runs the materialization of a node and returns the database's answer to its main statement.
///
/// Relations that the macro returns are added to the cache. Errors leave the transaction open; the caller
/// rolls it back.
pub(super) fn materialize(
    node: &Node,
    compiled: Option<&Arc<Compiled>>,
    scope: &NodeScope,
) -> Result<AdapterResponse, Diagnostic> {
    scope.count_calls_at(0);
    let name = node.config.materialized();
    check_language(node, name.as_str(), scope)?;
    let returned =
        call_materialization(node, name.as_str(), compiled.map(|compiled| &*compiled.code), scope)?;
    // Functions are no relations: none is looked for in the cache. What waits to be published will be renamed there.
    if node.signature().is_none() && !scope.waits() {
        add_relations(node, &returned, scope)?;
    }
    Ok(scope.main_response().unwrap_or_else(|| AdapterResponse::message("OK")))
}

/// Puts a copy of the relation that another run built in the place of a node: nothing where there is none. Returns
/// nothing where nothing was to be done.
pub(super) fn clone_relation(node: &Node, scope: &NodeScope) -> Result<Option<AdapterResponse>, Diagnostic> {
    let other = scope.run().deferral.relations.get(&node.unique_id);
    let sql = other.map(|other| format!("select * from {other}"));
    scope.add("defer_relation", other.map_or_else(none, |other| relation_value(other.clone())));
    let returned = call_materialization(node, "clone", sql.as_deref(), scope)?;
    add_relations(node, &returned, scope)?;
    Ok(scope.main_response())
}

/// Adds the relations that a materialization returned to the cache. Errors when it returned none.
fn add_relations(node: &Node, returned: &Value, scope: &NodeScope) -> Result<(), Diagnostic> {
    let relations = item(returned, "relations").and_then(|relations| elements(&relations).ok());
    let Some(relations) = relations else {
        let name = node.config.materialized();
        return Err(Diagnostic::error(
            Code::INVALID_RESOURCE,
            node.span,
            format!("The materialization (\"{name}\") did not explicitly return a list of relations to add to the cache."),
        )
        .help("end the macro with `{{ return({'relations': [this]}) }}`"));
    };
    for relation in relations.iter().filter_map(relation_of) {
        scope.run().cache.add(relation);
    }
    Ok(())
}

/// Errors when a materialization does not take the language of a node.
fn check_language(node: &Node, name: &str, scope: &NodeScope) -> Result<(), Diagnostic> {
    let run = scope.run();
    let found = find(name, scope).and_then(|entry| run.shared.macros.id_of(entry.span));
    let languages = found.and_then(|id| run.manifest.macros.get(id)?.supported_languages.as_ref());
    let language = match node.language {
        Language::Sql => "sql",
        Language::Python => "python",
    };
    let Some(languages) = languages.filter(|all| !all.is_empty() && !all.iter().any(|one| one == language))
    else {
        return Ok(());
    };
    let quoted: Vec<String> = languages.iter().map(|language| format!("'{language}'")).collect();
    let message = format!(
        "Materialization \"{name}\" only supports languages [{}]; got \"{language}\"",
        quoted.join(", ")
    );
    let diagnostic = Diagnostic::error(Code::INVALID_RESOURCE, node.place_of("materialized"), message);
    let advice =
        (node.language == Language::Python).then_some("a Python model can be a `table` or `incremental`");
    Err(diagnostic.help::<&str>(advice))
}

/// Finds a materialization: the project's, a package's or Tidegate's own.
fn find<'a>(name: &str, scope: &'a NodeScope) -> Option<&'a MacroEntry> {
    let shared = &scope.run().shared;
    let packages_override = !shared.is_on("REQUIRE_EXPLICIT_PACKAGE_OVERRIDES_FOR_BUILTIN_MATERIALIZATIONS");
    shared.macros.materialization(name, packages_override)
}

/// Calls a materialization macro for a node, with `sql` in the template of that name: the project's, a package's or Tidegate's own.
pub fn call_materialization(
    node: &Node,
    name: &str,
    sql: Option<&str>,
    scope: &NodeScope,
) -> Result<Value, Diagnostic> {
    let shared = &scope.run().shared;
    let Some(entry) = find(name, scope) else {
        let message = format!("there is no materialization `{name}` for {}", shared.engine_name);
        let known = ["view", "table", "incremental", "ephemeral", "seed", "snapshot", "external"];
        return Err(Diagnostic::error(Code::UNKNOWN_MACRO, node.place_of("materialized"), message)
            .help::<String>(suggest(name, known))
            .help(format!(
                "a project adds its own by `{{% materialization {name}, adapter='{}' %}}`",
                shared.engine_name
            )));
    };
    if let Some(package) = shared.macros.replaced_by(name, entry) {
        let message =
            format!("Installed package '{package}' is overriding the built-in materialization '{name}'");
        let warning = Diagnostic::warning(Code::DEPRECATED, None, message)
            .known_as("PackageMaterializationOverrideDeprecation")
            .fact("package_name", package)
            .fact("materialization_name", name)
            .help("if you want it, let a materialization of your own in the project call the package's");
        shared.warn(Diagnosed::new(warning, &shared.sources)).map_err(Error::into_diagnostic)?;
    }
    let code = sql.map_or_else(none, Value::from);
    scope.add("sql", code.clone());
    scope.add("compiled_code", code);
    scope.add("pre_hooks", hooks(node, "pre-hook"));
    scope.add("post_hooks", hooks(node, "post-hook"));
    scope.take_session().map_err(Error::into_diagnostic)?;
    let called = shared.engine.call(&entry.value, Args::default(), &scope.as_scope(), entry.span);
    called.map_err(Error::into_diagnostic)
}

fn hooks(node: &Node, key: &str) -> Value {
    let hooks = node.config.get(key).and_then(Json::as_array);
    list(hooks.into_iter().flatten().map(from_json).collect::<Vec<_>>())
}
