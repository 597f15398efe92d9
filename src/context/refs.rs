//! `ref()`, `source()` and `function()`: reading their arguments, and answering them with relations at run time
//! (`resources.md` section 10).

use super::base::json_of;
use super::run_scope::NodeScope;
use crate::diag::{Code, suggest};
use crate::event::UnpinnedRefNewVersionAvailable;
use crate::jinja::{Call, Error, Value, py_str};
use crate::manifest::{
    Found, FunctionCall, Node, NodeKind, Policy, RefCall, Relation, RelationType, SourceCall, UniqueId,
    version_order, version_text,
};

use super::relation::relation_value;

/// Reads the arguments of `ref`: `ref(name)`, `ref(package, name)`, `version=` or `v=`.
pub(super) fn ref_call(call: &mut Call<'_>) -> Result<RefCall, Error> {
    let version = call.args.keyword("version").or_else(|| call.args.keyword("v"));
    let names = texts(call)?;
    let (package, name) = match <[String; 2]>::try_from(names) {
        Ok([package, name]) => (Some(package), name),
        Err(mut names) if names.len() == 1 => (None, names.remove(0)),
        Err(names) => {
            return Err(Error::runtime(format!("ref() takes one or two arguments ({} given)", names.len()))
                .help("write `ref('model')` or `ref('package', 'model')`"));
        }
    };
    let version = version.filter(|value| !value.is_none()).map(|value| json_of(&value));
    Ok(RefCall { name, package, version, span: Some(call.span()) })
}

/// Reads the arguments of `source`: `source(source, table)`.
pub(super) fn source_call(call: &mut Call<'_>) -> Result<SourceCall, Error> {
    let names = texts(call)?;
    match <[String; 2]>::try_from(names) {
        Ok([source, table]) => Ok(SourceCall { source, table, span: Some(call.span()) }),
        Err(names) => {
            Err(Error::runtime(format!("source() takes exactly two arguments ({} given)", names.len()))
                .help("write `source('source_name', 'table_name')`"))
        }
    }
}

/// Reads the arguments of `function`: `function(name)` or `function(package, name)`.
pub(super) fn function_call(call: &mut Call<'_>) -> Result<FunctionCall, Error> {
    let names = texts(call)?;
    let (package, name) = match <[String; 2]>::try_from(names) {
        Ok([package, name]) => (Some(package), name),
        Err(mut names) if names.len() == 1 => (None, names.remove(0)),
        Err(names) => {
            let message = format!("function() takes one or two arguments ({} given)", names.len());
            return Err(Error::runtime(message)
                .help("write `function('name')` or `function('package', 'name')`; the call's own arguments follow it"));
        }
    };
    Ok(FunctionCall { package, name, span: Some(call.span()) })
}

/// Takes all positional arguments, which must be texts.
pub(super) fn texts(call: &mut Call<'_>) -> Result<Vec<String>, Error> {
    let text = |value: Value| match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(Error::runtime(format!("expected a text, got `{}`", py_str(&value)))),
    };
    call.args.rest().into_iter().map(text).collect()
}

impl NodeScope {
    /// Answers `ref()` for a node that is compiled or run.
    pub(super) fn answer_ref(&self, call: &mut Call<'_>) -> Result<Value, Error> {
        let asked = ref_call(call)?;
        let package = asked.package.as_deref();
        let lookup = &self.run().lookup;
        let found = lookup.node(self.package(), package, &asked.name, asked.version.as_ref());
        let Found::One(id) = found else { return Err(self.no_such_ref(&asked, &found)) };
        let Some(target) = self.run().manifest.nodes.get(&id) else {
            return Err(self.no_such_ref(&asked, &Found::Missing));
        };
        self.check_declared(&id, &asked)?;
        if asked.version.is_none() {
            self.tell_of_newer_version(target);
        }
        self.ref_relation(target, call).map(relation_value)
    }

    /// Tells of a version that an unpinned `ref` will mean one day: newer than the latest.
    fn tell_of_newer_version(&self, target: &Node) {
        let NodeKind::Model { version: Some(_), latest_version: Some(latest), .. } = &target.kind else {
            return;
        };
        let version = |node: &Node| match &node.kind {
            NodeKind::Model { version, .. } if node.name == target.name => version.clone(),
            _ => None,
        };
        let versions = self.run().manifest.nodes.values().filter_map(|node| version(node));
        let Some(newest) =
            versions.max_by(version_order).filter(|newest| version_order(newest, latest).is_gt())
        else {
            return;
        };
        self.run().shared.events.send(UnpinnedRefNewVersionAvailable {
            ref_node_name: target.name.clone(),
            ref_node_package: target.package_name.to_string(),
            ref_node_version: version_text(latest),
            ref_max_version: version_text(&newest),
        });
    }

    fn ref_relation(&self, target: &Node, call: &mut Call<'_>) -> Result<Relation, Error> {
        if let Some(candidate) = self.candidate_of(&target.unique_id) {
            return Ok(self.restricted(candidate, target));
        }
        if !target.is_ephemeral() {
            let deferred = self.deferred(target, call)?;
            let relation = deferred.unwrap_or_else(|| self.run().relation_of(target));
            return Ok(self.restricted(relation, target));
        }
        if self.is_operation() {
            let name = &target.name;
            return Err(Error::new(
                Code::INVALID_RESOURCE,
                format!("Operations can not ref() ephemeral nodes, but {name} is ephemeral"),
            ));
        }
        self.use_cte(&target.unique_id);
        Ok(self.restricted(Relation::ephemeral(self.run().shared.dialect, &target.alias), target))
    }

    /// Answers `source()` for a node that is compiled or run.
    pub(super) fn answer_source(&self, call: &mut Call<'_>) -> Result<Value, Error> {
        let asked = source_call(call)?;
        let found = self.run().lookup.source(self.package(), &asked.source, &asked.table);
        let table = match &found {
            Found::One(id) => self.run().manifest.sources.get(id),
            _ => None,
        };
        let Some(table) = table else { return Err(self.no_such_source(&asked)) };
        let relation = self.run().source_relation(table)?;
        Ok(relation_value(self.restricted(relation, &**table)))
    }

    /// Answers `function()` for a node that is compiled or run: the name of the function, to be called. The
    /// project's quoting does not count, as in dbt.
    pub(super) fn answer_function(&self, call: &mut Call<'_>) -> Result<Value, Error> {
        let asked = function_call(call)?;
        let found = self.run().lookup.function(self.package(), asked.package.as_deref(), &asked.name);
        let target = match &found {
            Found::One(id) => self.run().manifest.functions.get(id),
            _ => None,
        };
        let Some(target) = target else {
            let written = asked.written();
            let message = match &found {
                Found::Disabled(id) => format!("`{written}` means `{id}`, which is disabled"),
                _ => format!("`{written}` means nothing in this project"),
            };
            return Err(Error::new(Code::UNKNOWN_REF, message)
                .help::<String>(suggest(&asked.name, self.run().lookup.function_names())));
        };
        let deferred = self.deferred(target, call)?;
        let mut relation = deferred.unwrap_or_else(|| self.run().relation_of(target));
        relation.quote_policy = Policy::ALL;
        relation.ty = Some(RelationType::Function);
        Ok(relation_value(relation))
    }

    /// A `ref` that was not seen while parsing has no edge in the graph: it must be declared. Of a `source` dbt does
    /// not ask that: nothing has to be built before it.
    fn check_declared(&self, id: &UniqueId, asked: &RefCall) -> Result<(), Error> {
        let Some(node) = self.node() else { return Ok(()) };
        let declared = node.unique_id == *id || node.depends_on.nodes.contains(id);
        if declared || matches!(node.kind, NodeKind::Operation { .. } | NodeKind::SqlOperation) {
            return Ok(());
        }
        let (what, written) = (id, asked.written());
        Err(Error::new(
            Code::UNKNOWN_REF,
            format!("`{}` depends on `{what}`, but that was not seen while the project was parsed", node.name),
        )
        .help(format!(
            "the call is hidden from parsing (often by `if execute`); declare it with a comment at the top of the file:\n\
             -- depends_on: {{{{ {written} }}}}"
        )))
    }

    pub(super) fn no_such_ref(&self, asked: &RefCall, found: &Found) -> Error {
        let written = asked.written();
        let message = match found {
            Found::Disabled(id) => format!("`{written}` means `{id}`, which is disabled"),
            Found::Ambiguous(ids) => {
                let ids: Vec<_> = ids.iter().map(|id| format!("`{id}`")).collect();
                format!("`{written}` could mean {}", ids.join(" or "))
            }
            Found::NoSuchVersion(versions) => {
                format!("`{}` has no such version; it has {}", asked.name, versions.join(", "))
            }
            Found::One(_) | Found::Missing => format!("`{written}` means nothing in this project"),
        };
        Error::new(Code::UNKNOWN_REF, message)
            .help::<String>(suggest(&asked.name, self.run().lookup.node_names()))
    }

    pub(super) fn no_such_source(&self, asked: &SourceCall) -> Error {
        let name = format!("{}.{}", asked.source, asked.table);
        Error::new(Code::UNKNOWN_SOURCE, format!("source `{name}` is not defined"))
            .help::<String>(suggest(&name, self.run().lookup.source_names()))
    }
}
