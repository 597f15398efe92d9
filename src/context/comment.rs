//! The comment in front of every statement (`project.md` section 9).

use std::sync::Arc;

use super::run_scope::NodeScope;
use super::session::QueryComment;
use super::shared::Shared;
use crate::event::JinjaLogWarning;
use crate::jinja::{Value, from_json, none};
use crate::manifest::{Json, resource_json};
use crate::project::{Comment, DBT_VERSION};

impl Shared {
    /// Returns the comment for the statements of a node, or of a macro that runs on its own.
    pub(super) fn query_comment(self: &Arc<Self>, scope: &NodeScope) -> QueryComment {
        let text = match &self.query_comment.comment {
            Comment::Off => String::new(),
            Comment::Default => self.default_comment(scope),
            Comment::Text(text) => self.own_comment(text.as_str().unwrap_or_default(), scope),
        };
        // The end of the comment inside of it would let its rest run as SQL.
        let text = if text.contains("*/") { text.replace("*/", "* /") } else { text };
        QueryComment { text: text.trim().to_owned(), append: self.query_comment.append }
    }

    fn default_comment(&self, scope: &NodeScope) -> String {
        let text = |key: &str| self.target.get(key).cloned().unwrap_or(Json::Null);
        let (key, id) = match scope.node() {
            Some(node) => ("node_id", node.unique_id.as_str()),
            None => ("connection_name", "master"),
        };
        format!(
            r#"{{"app": "dbt", "dbt_version": "{DBT_VERSION}", "profile_name": {}, "target_name": {}, "{key}": {}}}"#,
            text("profile_name"),
            text("target_name"),
            Json::from(id)
        )
    }

    /// Renders the project's own comment. One that fails is left out and told, since no statement depends on it.
    fn own_comment(self: &Arc<Self>, text: &str, scope: &NodeScope) -> String {
        let node = scope.node().map(|node| from_json(&resource_json(&**node)));
        scope.add("node", node.unwrap_or_else(none));
        let name = scope.node().map_or("master", |node| node.unique_id.as_str());
        scope.add("connection_name", Value::from(name));
        self.render_text(text, &scope.as_scope()).unwrap_or_else(|error| {
            let msg = format!("the query comment could not be rendered: {}", error.message());
            if scope.run().first_time(&msg) {
                self.events.send(JinjaLogWarning { msg });
            }
            String::new()
        })
    }
}
