//! Python models: their code with what connects it to the project, and the places where only SQL will do.

use super::node::{Compiler, Rendered, describe};
use crate::context::NodeScope;
use crate::diag::{Code, Diagnostic};
use crate::jinja::{Args, Error, SourceMap, py_str};
use crate::manifest::{Language, Node};

impl Compiler {
    /// A Python model is not a template: it is its own code with what connects it to the project behind it.
    pub(super) fn python(&self, node: &Node, scope: &NodeScope) -> Result<Rendered, Diagnostic> {
        scope.take_session().map_err(Error::into_diagnostic)?;
        let model = scope.as_scope().get("model").unwrap_or_default();
        let rest = scope
            .call_from_rust("py_script_postfix", Args::new(vec![model], Vec::new()))
            .map_err(|error| describe(error, node, &self.run().shared.sources))?;
        if let Some(ephemeral) = scope.ctes().first() {
            let model = self.run().manifest.nodes.get(ephemeral);
            let name = model.map_or(ephemeral.as_str(), |model| &model.name);
            let call = node.refs.iter().find(|call| call.name == name).and_then(|call| call.span);
            let message = format!(
                "Python model `{}` refs the ephemeral model `{name}`, which has no rows to read",
                node.name
            );
            return Err(Diagnostic::error(Code::INVALID_RESOURCE, call.unwrap_or(node.span), message)
                .help(format!("give `{name}` another materialization, for example `view`")));
        }
        let text = format!("{}\n\n{}", node.raw_code, py_str(&rest));
        let mut map = SourceMap::default();
        map.push_unknown(text.len());
        Ok(Rendered { text: text.into(), map, ctes: Vec::new() })
    }
}

/// Errors for a Python model where `what` needs the SQL of one, for example ``a unit test``.
pub fn needs_sql(node: &Node, what: &str) -> Result<(), Diagnostic> {
    if node.language != Language::Python {
        return Ok(());
    }
    let message = format!("{what} needs the SQL of a model, but `{}` is a Python model", node.name);
    Err(Diagnostic::error(Code::INVALID_RESOURCE, node.place_of("materialized"), message))
}
