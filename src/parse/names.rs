//! Where a node is built: database, schema and identifier by the `generate_*_name` macros (`project.md`
//! section 8).
//!
//! Where nobody replaced a macro its result is computed here, since a call for each of thousands of nodes
//! and tests would be most of the time that parsing takes; the results are equal. Called by `node`.

use std::sync::Arc;

use crate::context::{ParseScope, Shared};
use crate::diag::{Code, Diagnostic};
use crate::jinja::{Scope, from_json, none, py_str};
use crate::manifest::{Json, JsonMap, Node, resource_json};

/// A part of a relation's name that a macro decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Database,
    Schema,
    Alias,
}

const PARTS: [Part; 3] = [Part::Database, Part::Schema, Part::Alias];

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Schema => "schema",
            Self::Alias => "alias",
        }
    }
}

/// Decides names. Made once, after the macros are known.
pub(super) struct Names {
    shared: Arc<Shared>,
    database: String,
    schema: String,
    /// For each part whether a project or package has a say.
    custom: [bool; 3],
}

impl Names {
    /// `macro_names` are all macros of projects and packages, as `(package, name)`.
    pub(super) fn new<'a>(shared: &Arc<Shared>, macro_names: impl Iterator<Item = &'a str>) -> Self {
        let mut custom = [false; 3];
        for name in macro_names {
            for (at, part) in PARTS.into_iter().enumerate() {
                custom[at] |= name.ends_with(&format!("generate_{}_name", part.name()));
            }
        }
        let field = |target: &JsonMap, key: &str| {
            target.get(key).and_then(Json::as_str).unwrap_or_default().to_owned()
        };
        Self {
            shared: Arc::clone(shared),
            database: field(&shared.target, "database"),
            schema: field(&shared.target, "schema"),
            custom,
        }
    }

    /// Returns the target's database.
    pub(super) fn default_database(&self) -> &str {
        &self.database
    }

    /// Returns the target's schema.
    pub(super) fn default_schema(&self) -> &str {
        &self.schema
    }

    /// Returns a part of a node's name. `configured` is the value of the config of that name.
    pub(super) fn part(
        &self,
        part: Part,
        configured: Option<&str>,
        node: &Node,
    ) -> Result<String, Box<Diagnostic>> {
        if self.custom[part as usize] {
            return self.call(part, configured, node);
        }
        Ok(match (part, configured) {
            (Part::Schema, Some(custom)) => format!("{}_{}", self.schema, custom.trim()).trim().to_owned(),
            (Part::Schema, None) => self.schema.trim().to_owned(),
            (Part::Alias, Some(custom)) if !custom.is_empty() => custom.trim().to_owned(),
            (Part::Database, Some(custom)) => custom.trim().to_owned(),
            (Part::Database, None) => self.database.trim().to_owned(),
            (Part::Alias, _) => match node.version() {
                Some(version) => format!("{}_v{}", node.name, version.replace('.', "_")),
                None => node.name.trim().to_owned(),
            },
        })
    }

    /// Asks the macro: the root project's, or the one of the node's own package where it has one.
    fn call(&self, part: Part, configured: Option<&str>, node: &Node) -> Result<String, Box<Diagnostic>> {
        let name = format!("generate_{}_name", part.name());
        let macros = &self.shared.macros;
        let Some(entry) = macros.bare(&node.package_name, &name) else {
            let message = format!("there is no macro `{name}`");
            return Err(Box::new(Diagnostic::error(Code::UNKNOWN_MACRO, None, message)));
        };
        let scope: Arc<dyn Scope> =
            Arc::new(ParseScope::new(Arc::clone(&self.shared), &node.package_name, None));
        let custom = configured.map_or_else(none, |text| from_json(&Json::from(text)));
        let args = [custom, from_json(&resource_json(node))];
        let value = self.shared.engine.call(&entry.value, args, &scope, node.span).map_err(|error| {
            let who = format!("{} `{}`", node.resource_type(), node.name);
            Box::new(error.frame(who, None).into_diagnostic())
        })?;
        Ok(if value.is_none() { String::new() } else { py_str(&value).trim().to_owned() })
    }
}
