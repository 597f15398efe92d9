//! Which request is answered by which file.
//!
//! Input: a request and the state it is about. Output: an answer, or an error that says what is wrong with the request.
//! Called by `server`, on a thread for each request.

use lsp_server::{ErrorCode, Request, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::snapshot::World;
use super::{completion, definition, hover, outline, preview, references, rename};

/// Why a request is not answered.
pub(super) struct Refusal {
    code: ErrorCode,
    message: String,
}

impl Refusal {
    /// Makes the refusal of what could be asked but not be done.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self { code: ErrorCode::RequestFailed, message: message.into() }
    }

    /// Makes the refusal of what makes no sense.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self { code: ErrorCode::InvalidParams, message: message.into() }
    }
}

/// What a request comes to.
pub(super) type Answer<T> = Result<T, Refusal>;

type Handler = fn(&World, Value) -> Answer<Value>;

/// All requests, by name.
const HANDLERS: &[(&str, Handler)] = &[
    ("textDocument/definition", |world, params| run(world, params, definition::definition)),
    ("textDocument/references", |world, params| run(world, params, references::references)),
    ("textDocument/hover", |world, params| run(world, params, hover::hover)),
    ("textDocument/completion", |world, params| run(world, params, completion::completion)),
    ("textDocument/prepareRename", |world, params| run(world, params, rename::prepare)),
    ("textDocument/rename", |world, params| run(world, params, rename::rename)),
    ("textDocument/documentSymbol", |world, params| run(world, params, outline::of_document)),
    ("textDocument/codeLens", |world, params| run(world, params, preview::lenses)),
    ("workspace/symbol", |world, params| run(world, params, outline::of_workspace)),
    ("workspace/executeCommand", |world, params| run(world, params, preview::execute)),
];

/// Tells whether a request has to wait until the newest texts were read: its answer is more than something to look at.
pub(super) fn wants_newest(method: &str) -> bool {
    matches!(method, "textDocument/prepareRename" | "textDocument/rename" | "workspace/executeCommand")
}

/// Tells whether a request is answered at all.
pub(super) fn is_known(method: &str) -> bool {
    HANDLERS.iter().any(|(known, _)| *known == method)
}

/// Answers a request.
pub(super) fn answer(world: &World, request: Request) -> Response {
    let handler = HANDLERS.iter().find(|(known, _)| *known == request.method);
    let answered = match handler {
        Some((_, handler)) => handler(world, request.params),
        None => Err(Refusal { code: ErrorCode::MethodNotFound, message: request.method }),
    };
    match answered {
        Ok(result) => Response::new_ok(request.id, result),
        Err(refusal) => Response::new_err(request.id, refusal.code as i32, refusal.message),
    }
}

fn run<P: DeserializeOwned, R: Serialize>(
    world: &World,
    params: Value,
    handler: impl FnOnce(&World, P) -> Answer<R>,
) -> Answer<Value> {
    let params = serde_json::from_value(params).map_err(|error| Refusal::invalid(error.to_string()))?;
    let result = handler(world, params)?;
    serde_json::to_value(result).map_err(|error| Refusal::failed(error.to_string()))
}
