//! What Jinja sees in YAML files: `var`, `env_var`, `target`, `project_name` (`jinja.md` section 3).

use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Span};
use crate::manifest::JsonMap;
use crate::yaml::Value;

use super::env::{Env, Secrets};
use super::vars::Vars;

/// The names of one YAML file's Jinja. Cheap to clone.
#[derive(Clone, Debug)]
pub struct YamlContext {
    env: Env,
    secrets: Secrets,
    vars: Vars,
    target: Option<Arc<JsonMap>>,
    project_name: Option<Arc<str>>,
    lenient: bool,
}

impl YamlContext {
    /// Makes the context of `profiles.yml` and `packages.yml`: secrets may be read, there is no `target`.
    pub fn secret(env: Env, vars: Vars) -> Self {
        Self { env, secrets: Secrets::Allowed, vars, target: None, project_name: None, lenient: false }
    }

    /// Makes the context of `dbt_project.yml` and `selectors.yml`.
    pub fn project(env: Env, vars: Vars, target: Arc<JsonMap>) -> Self {
        Self {
            env,
            secrets: Secrets::Forbidden,
            vars,
            target: Some(target),
            project_name: None,
            lenient: false,
        }
    }

    /// Makes the context of `dbt_project.yml` for commands without a profile: `target` is empty, and a
    /// missing variable is nothing instead of an error.
    pub fn lenient(env: Env, vars: Vars) -> Self {
        Self { lenient: true, ..Self::project(env, vars, Arc::default()) }
    }

    /// Makes the context of property files: that of the project, with the package's variables and the root
    /// project's name.
    pub fn properties(env: Env, vars: Vars, target: Arc<JsonMap>, project_name: Arc<str>) -> Self {
        Self { project_name: Some(project_name), ..Self::project(env, vars, target) }
    }

    /// Renders one text natively; `span` is where it stands.
    pub fn render(&self, text: &str, span: Span) -> Result<Value, Box<Diagnostic>> {
        let _ = (&self.env, &self.secrets, &self.vars, &self.target, &self.project_name, self.lenient, text);
        Err(Box::new(Diagnostic::error(Code::UNSUPPORTED, span, "Jinja in YAML files is not connected yet")))
    }
}
