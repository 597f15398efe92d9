//! Where a node is built: database, schema and identifier by the `generate_*_name` macros (`project.md`
//! section 8).
//!
//! Where nobody replaced a macro its result is computed here, since a call for each of thousands of nodes
//! and tests would be most of the time that parsing takes; the results are equal. A macro of the project's own is
//! called for each, but the node's dict is made for it only if it looks at the node. Called by `node`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::context::{ParseScope, Shared};
use crate::diag::{Code, Diagnostic};
use crate::jinja::{BinaryOp, Call, Error, Instance, Scope, Value, from_json, none, object, py_str};
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
    /// For each part whether its macro was seen to look at the node.
    looks: [AtomicBool; 3],
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
            looks: Default::default(),
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
        let ask = |node_value: Value| {
            let custom = configured.map_or_else(none, |text| from_json(&Json::from(text)));
            self.shared.engine.call(&entry.value, [custom, node_value], &scope, node.span)
        };
        let looks = &self.looks[part as usize];
        let mut answer = None;
        if !looks.load(Ordering::Relaxed) {
            let touched = Arc::new(AtomicBool::new(false));
            answer = Some(ask(object(Untouched(Arc::clone(&touched)))));
            if touched.load(Ordering::Relaxed) {
                looks.store(true, Ordering::Relaxed);
                answer = None;
            }
        }
        let answer = answer.unwrap_or_else(|| ask(from_json(&resource_json(node))));
        let value = answer.map_err(|error| {
            let who = format!("{} `{}`", node.resource_type(), node.name);
            Box::new(error.frame(who, None).into_diagnostic())
        })?;
        Ok(if value.is_none() { String::new() } else { py_str(&value).trim().to_owned() })
    }
}

/// Stands for a node whose dict is costly: notes that somebody looked at it.
struct Untouched(Arc<AtomicBool>);

impl Untouched {
    fn touch(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Instance for Untouched {
    fn type_name(&self) -> &'static str {
        self.touch();
        "dict"
    }

    fn attr(&self, _name: &str) -> Result<Option<Value>, Error> {
        self.touch();
        Ok(None)
    }

    fn set_attr(&self, _name: &str, _value: Value) -> bool {
        self.touch();
        false
    }

    fn has_method(&self, _name: &str) -> bool {
        self.touch();
        false
    }

    fn call_method(&self, _name: &str, _call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        self.touch();
        None
    }

    fn call(&self, _call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        self.touch();
        None
    }

    fn callable(&self) -> bool {
        self.touch();
        false
    }

    fn item(&self, _key: &Value) -> Result<Option<Value>, Error> {
        self.touch();
        Ok(None)
    }

    fn iter(&self) -> Option<Vec<Value>> {
        self.touch();
        None
    }

    fn len(&self) -> Option<usize> {
        self.touch();
        None
    }

    fn truth(&self) -> bool {
        self.touch();
        true
    }

    fn str(&self) -> String {
        self.touch();
        String::new()
    }

    fn repr(&self) -> String {
        self.touch();
        String::new()
    }

    fn eq(&self, _other: &Value) -> Option<bool> {
        self.touch();
        None
    }

    fn cmp(&self, _other: &Value) -> Option<std::cmp::Ordering> {
        self.touch();
        None
    }

    fn contains(&self, _item: &Value) -> Option<bool> {
        self.touch();
        None
    }

    fn hash(&self) -> Option<u64> {
        self.touch();
        None
    }

    fn binary(&self, _op: BinaryOp, _other: &Value, _reflected: bool) -> Option<Result<Value, Error>> {
        self.touch();
        None
    }

    fn number(&self) -> Option<f64> {
        self.touch();
        None
    }

    fn integer(&self) -> Option<i128> {
        self.touch();
        None
    }

    fn round(&self, _places: i32) -> Option<Value> {
        self.touch();
        None
    }

    fn format(&self, _spec: &str) -> Option<String> {
        self.touch();
        None
    }

    fn is_mapping(&self) -> bool {
        self.touch();
        true
    }
}
