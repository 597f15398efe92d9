//! The compiled SQL of a document as it is now, saved or not.
//!
//! Input: the command `tidegate.compiledSql` with a URI. Output: the SQL, which is also written where `compile` writes it and
//! shown by editors that can. A template that asks the warehouse is refused, since the server does not open it. Called by
//! `requests`.

use std::sync::Arc;

use lsp_types::{CodeLens, CodeLensParams, Command, ExecuteCommandParams, Position, Range, Uri};
use serde_json::{Value, json};

use super::requests::{Answer, Refusal};
use super::snapshot::{Snapshot, World};
use super::uri;
use super::workshop::Workshop;
use crate::artifacts::{CodeFile, compiled_path, write_code};
use crate::diag::Code;
use crate::manifest::{Language, Node};

/// The command's name.
pub(super) const COMPILED_SQL: &str = "tidegate.compiledSql";

/// Answers `workspace/executeCommand`.
pub(super) fn execute(world: &World, params: ExecuteCommandParams) -> Answer<Value> {
    if params.command != COMPILED_SQL {
        return Err(Refusal::invalid(format!("there is no command `{}`", params.command)));
    }
    let argument = params.arguments.into_iter().next().unwrap_or_default();
    let uri: Uri = serde_json::from_value(argument)
        .map_err(|_| Refusal::invalid(format!("`{COMPILED_SQL}` takes the URI of a model")))?;
    let path = uri::to_path(&uri).ok_or_else(|| Refusal::invalid("only files can be compiled"))?;
    let snapshot = &world.snapshot;
    let node = snapshot.node_in(&path).ok_or_else(|| {
        let path = path.strip_prefix(snapshot.root()).unwrap_or(&path);
        Refusal::failed(format!("`{path}` holds no model, snapshot, test or analysis of the project"))
    })?;
    let sql = compiled(snapshot, node)?;
    show(world, node, &sql);
    Ok(Value::String(sql.to_string()))
}

fn compiled(snapshot: &Snapshot, node: &Arc<Node>) -> Answer<Arc<str>> {
    let workshop = Workshop::open(snapshot).ok_or_else(|| {
        Refusal::failed("only projects that build in DuckDB can be compiled without their warehouse: run `tidegate compile`")
    })?;
    workshop.compile(node).map_err(|problem| match problem.code {
        Code::INTROSPECTION => Refusal::failed(format!(
            "{}, and the language server does not open it: run `tidegate compile`",
            problem.message
        )),
        _ => Refusal::failed(problem.message),
    })
}

/// Writes the SQL below the target folder, and asks the editor to show it.
fn show(world: &World, node: &Node, sql: &str) {
    let paths = &world.snapshot.workspace.paths;
    let path = compiled_path(&paths.target, CodeFile::from(node));
    // Whoever cannot write there still has the answer.
    if !world.client.shows_documents || write_code(&paths.root, &path, sql).is_err() {
        return;
    }
    if let Some(uri) = uri::of_path(&paths.root.join(&path)) {
        world.ask("window/showDocument", json!({"uri": uri, "takeFocus": true}));
    }
}

/// Answers `textDocument/codeLens`: the command, above the first line of what can be compiled.
#[expect(clippy::unnecessary_wraps, reason = "as all requests are answered")]
pub(super) fn lenses(world: &World, params: CodeLensParams) -> Answer<Vec<CodeLens>> {
    let uri = params.text_document.uri;
    let node = uri::to_path(&uri).and_then(|path| world.snapshot.node_in(&path));
    let Some(_) = node.filter(|node| node.language == Language::Sql) else { return Ok(Vec::new()) };
    let start = Position::default();
    let command = Command {
        title: "Compiled SQL".to_owned(),
        command: COMPILED_SQL.to_owned(),
        arguments: Some(vec![json!(uri)]),
    };
    Ok(vec![CodeLens { range: Range { start, end: start }, command: Some(command), data: None }])
}
