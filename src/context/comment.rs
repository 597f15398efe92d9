//! The comment in front of every statement (`project.md` section 9).

use std::sync::Arc;

use super::run_scope::NodeScope;
use super::session::QueryComment;
use super::shared::Shared;
use crate::diag::Code;
use crate::jinja::{Error, Value, from_json, none};
use crate::manifest::Json;
use crate::project::{Comment, DBT_VERSION};

impl Shared {
    /// Returns the comment for the statements of a node, or of a macro that runs on its own. Errors when the
    /// project's own comment can not be rendered, or would end itself.
    pub(super) fn query_comment(self: &Arc<Self>, scope: &NodeScope) -> Result<QueryComment, Error> {
        let text = match &self.query_comment.comment {
            Comment::Off => String::new(),
            Comment::Default => self.default_comment(scope),
            Comment::Text(text) => self.own_comment(text.as_str().unwrap_or_default(), scope)?,
        };
        Ok(QueryComment { text: text.trim().to_owned(), append: self.query_comment.append })
    }

    fn default_comment(&self, scope: &NodeScope) -> String {
        let text = |key: &str| self.target.get(key).cloned().unwrap_or(Json::Null);
        let (key, id) = match scope.subject_id() {
            Some(id) => ("node_id", id.as_str()),
            None => ("connection_name", "master"),
        };
        format!(
            r#"{{"app": "dbt", "dbt_version": "{DBT_VERSION}", "profile_name": {}, "target_name": {}, "{key}": {}}}"#,
            text("profile_name"),
            text("target_name"),
            Json::from(id)
        )
    }

    /// Renders the project's own comment: apart from the node, since what the comment calls is not called by
    /// the node, and among the macros of the root project.
    fn own_comment(self: &Arc<Self>, text: &str, scope: &NodeScope) -> Result<String, Error> {
        let root = Arc::from(self.macros.root());
        let subject = scope.subject();
        let scope = NodeScope::new(scope.run(), &root, scope.node().cloned(), scope.session().clone());
        scope.add("node", subject.as_ref().map_or_else(none, |(_, dict)| from_json(dict)));
        let name = subject.as_ref().map_or("master", |(id, _)| id.as_str());
        scope.add("connection_name", Value::from(name));
        let comment = self.render_text(text, &scope.as_scope())?;
        if comment.contains("*/") {
            return Err(Error::new(
                Code::CONFIG,
                "the query comment must not hold `*/`: it would end the comment",
            ));
        }
        Ok(comment)
    }
}
