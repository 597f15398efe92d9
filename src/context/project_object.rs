//! The project as templates reach it: `builtins.ref.config`, an object with the settings of
//! `dbt_project.yml` and, under `dependencies`, those of every installed package. Packages read their own
//! version and the command line from it. Made by the scopes for `ref` and `source`.

use std::sync::Arc;

use super::names::names_object;
use super::shared::Shared;
use crate::jinja::{Call, Error, Instance, Value, dict, from_json, function, none, object};
use crate::manifest::{Json, JsonMap};
use crate::project::{DBT_VERSION, Project};

/// `ref` or `source`: a function that knows the project.
pub(super) struct Resolver {
    shared: Arc<Shared>,
    package: Arc<str>,
    answer: Value,
}

impl Resolver {
    /// Makes the function; `answer` is what is called.
    pub(super) fn value(
        shared: &Arc<Shared>,
        package: &Arc<str>,
        name: &'static str,
        answer: impl Fn(&mut Call<'_>) -> Result<Value, Error> + Send + Sync + 'static,
    ) -> Value {
        let answer = function(name, answer);
        object(Self { shared: Arc::clone(shared), package: Arc::clone(package), answer })
    }
}

impl Instance for Resolver {
    fn type_name(&self) -> &'static str {
        "function"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(match name {
            "config" => Some(root(&self.shared)),
            "current_project" => Some(Value::from(&*self.package)),
            _ => None,
        })
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        let args = std::mem::take(&mut call.args);
        Some(call.call(&self.answer, args))
    }

    fn repr(&self) -> String {
        crate::jinja::py_repr(&self.answer)
    }
}

/// The root project, with what only an invocation has: target, arguments, packages.
fn root(shared: &Arc<Shared>) -> Value {
    let shared = Arc::clone(shared);
    names_object("RuntimeConfig", move |name| {
        let root = shared.projects.first()?;
        let target = |key: &str| shared.target.get(key).map(from_json);
        Some(match name {
            "args" => from_json(&Json::Object(shared.args.clone())),
            "cli_vars" => from_json(&Json::Object(shared.cli_vars.clone())),
            "dependencies" => dict(shared.projects.iter().enumerate().map(|(index, project)| {
                let shared = Arc::clone(&shared);
                let of = move |name: &str| setting(shared.projects.get(index)?, name);
                (&*project.name, names_object("RuntimeConfig", of))
            })),
            "target_name" => return target("target_name"),
            "profile_name" => return target("profile_name"),
            "threads" => return target("threads"),
            _ => return setting(root, name),
        })
    })
}

/// A setting of one project.
fn setting(project: &Project, name: &str) -> Option<Value> {
    let paths = &project.paths;
    let texts = |paths: &[camino::Utf8PathBuf]| {
        from_json(&Json::Array(paths.iter().map(|path| Json::from(path.as_str())).collect()))
    };
    let hooks = |hooks: &[crate::yaml::Yaml]| {
        from_json(&Json::Array(hooks.iter().map(crate::yaml::Yaml::to_json).collect()))
    };
    Some(match name {
        "project_name" => Value::from(&*project.name),
        "version" => project.version.as_deref().map_or_else(none, Value::from),
        "project_root" => Value::from(project.root.as_str()),
        "model_paths" => texts(&paths.models),
        "macro_paths" => texts(&paths.macros),
        "seed_paths" => texts(&paths.seeds),
        "test_paths" => texts(&paths.tests),
        "analysis_paths" => texts(&paths.analyses),
        "docs_paths" => texts(&paths.docs),
        "asset_paths" => texts(&paths.assets),
        "snapshot_paths" => texts(&paths.snapshots),
        "function_paths" => texts(&paths.functions),
        "target_path" => Value::from(project.target_path.as_str()),
        "clean_targets" => texts(&project.clean_targets),
        "packages_install_path" => Value::from(project.packages_install_path.as_str()),
        "quoting" => {
            let quoting = &project.quoting;
            let given = [
                ("database", quoting.database),
                ("schema", quoting.schema),
                ("identifier", quoting.identifier),
            ];
            dict(given.into_iter().filter_map(|(name, on)| Some((name, Value::from(on?)))))
        }
        "on_run_start" => hooks(&project.on_run_start),
        "on_run_end" => hooks(&project.on_run_end),
        "vars" => vars(project),
        "restrict_access" => Value::from(project.restrict_access),
        "config_version" => Value::from(2),
        "dbt_version" => Value::from(DBT_VERSION),
        _ => return None,
    })
}

/// `vars:` as written, which templates take as a dict with `to_dict()`.
fn vars(project: &Project) -> Value {
    object(ProjectVars(project.vars.iter().map(|e| (e.key.to_string(), e.value.to_json())).collect()))
}

struct ProjectVars(JsonMap);

impl Instance for ProjectVars {
    fn type_name(&self) -> &'static str {
        "VarProvider"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok((name == "vars").then(|| from_json(&Json::Object(self.0.clone()))))
    }

    fn has_method(&self, name: &str) -> bool {
        name == "to_dict"
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        self.has_method(name).then(|| call.args.finish().map(|()| from_json(&Json::Object(self.0.clone()))))
    }

    fn truth(&self) -> bool {
        true
    }
}
