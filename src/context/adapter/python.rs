//! `submit_python_job`: runs a Python model, and says in the user's terms why it failed.
//!
//! Input: the model and its compiled code, which begins with the user's file. Output: the engine's response. An error
//! points at the line of the user's file that was running, with Python's own words.

use std::path::PathBuf;

use super::super::run_scope::NodeScope;
use super::super::statement::response_value;
use crate::adapter::{PythonError, PythonException, PythonFrame, PythonJob};
use crate::diag::{Code, Diagnostic, Frame, Sources, Span};
use crate::event::AdapterEventDebug;
use crate::jinja::{Call, Error, Value, function, item, py_str};
use crate::manifest::Node;

pub(super) fn call(scope: &NodeScope, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
    (name == "submit_python_job").then(|| submit(scope, call))
}

/// The context's own function of that name.
pub(in super::super) fn submit_python_job(scope: &NodeScope) -> Value {
    let scope = scope.clone();
    function("submit_python_job", move |call| submit(&scope, call))
}

fn submit(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let model = call.args.required("parsed_model")?;
    let code = py_str(&call.args.required("compiled_code")?);
    let Some(node) = scope.node() else {
        return Err(Error::new(
            Code::JINJA_RUNTIME,
            "`submit_python_job` is for the materialization of a model",
        ));
    };
    let sources = &scope.run().shared.sources;
    let path = sources.path(node.file).unwrap_or_default();
    let job = PythonJob {
        name: item(&model, "alias").map_or_else(|| node.alias.clone(), |alias| py_str(&alias)),
        path: std::path::absolute(path.as_std_path())
            .unwrap_or_else(|_| PathBuf::from(&path))
            .to_string_lossy()
            .into_owned(),
        code: code.trim_start().to_owned(),
        lines_before: file_of(node, sources).map_or(0, |(text, at)| text[..at].matches('\n').count()),
    };
    match scope.session().with(|session| session.run_python(&job)) {
        Ok(response) => Ok(response_value(response)),
        Err(error) => {
            if let PythonError::Raised(exception) = &error {
                let (name, base_msg) = ("duckdb".to_owned(), exception.traceback.clone());
                scope.run().shared.events.debug(|| AdapterEventDebug { args: Vec::new(), base_msg, name });
            }
            Err(Error::elsewhere(diagnostic(error, node, &job, sources)))
        }
    }
}

/// Returns the text of a node's file and where its code begins there.
fn file_of(node: &Node, sources: &Sources) -> Option<(std::sync::Arc<str>, usize)> {
    let text = std::sync::Arc::clone(&sources.get(node.file)?.text);
    let at = text.find(node.raw_code.trim_start())?;
    Some((text, at))
}

fn diagnostic(error: PythonError, node: &Node, job: &PythonJob, sources: &Sources) -> Diagnostic {
    let simple = |message: String| Diagnostic::error(Code::PYTHON, definition(node, sources), message);
    match error {
        PythonError::Raised(exception) => raised(&exception, node, job, sources),
        PythonError::NoFrame => simple("`model` returned `None`".to_owned()).help(
            "return the rows of the model: a pandas or Polars frame, an Arrow table or a DuckDB relation",
        ),
        PythonError::Missing { message, help } => simple(message).help(help),
        PythonError::Died(how) => {
            simple(format!("the Python process ended before the model was done: {how}"))
        }
        PythonError::Io(message) => simple(message),
        PythonError::Database(error) => error.to_diagnostic(),
    }
}

fn raised(exception: &PythonException, node: &Node, job: &PythonJob, sources: &Sources) -> Diagnostic {
    let users = |frame: &&PythonFrame| frame.file == job.path;
    let own: Vec<(&PythonFrame, Span)> = (exception.frames.iter().rev().filter(users))
        .filter_map(|frame| Some((frame, line_span(node, frame.line, sources)?)))
        .collect();
    let what = match exception.message.trim() {
        "" => exception.class.clone(),
        message => format!("{}: {message}", exception.class),
    };
    let message = format!("Python model failed: {what}");
    let span = own.first().map_or_else(|| definition(node, sources), |(_, span)| *span);
    let mut diagnostic = Diagnostic::error(Code::PYTHON, span, message);
    if own.len() > 1 {
        let calls = own
            .iter()
            .map(|(frame, span)| Frame { name: format!("function `{}`", frame.function), span: Some(*span) });
        diagnostic = diagnostic.trace(calls.collect());
    }
    if let Some(last) = exception.frames.last().filter(|frame| !users(frame)) {
        diagnostic = diagnostic.note(format!("raised in `{}` {}:{}", last.function, last.file, last.line));
    }
    diagnostic.help::<String>(missing(exception).map(|module| {
        let python = &exception.python;
        format!(
            "install it with `{python} -m pip install {module}`, or name another Python in `TIDEGATE_PYTHON`"
        )
    }))
}

/// Returns the library that is not there, if that is why a model failed. DuckDB says it in a sentence.
fn missing(exception: &PythonException) -> Option<&str> {
    if let Some(module) = &exception.missing_module {
        return module.split('.').next();
    }
    let message = exception.message.as_str();
    if let Some((_, rest)) = message.split_once("No module named '") {
        return rest.split(['\'', '.']).next();
    }
    let (module, rest) = message.split_once('\'')?.1.split_once('\'')?;
    rest.contains("required for this operation").then_some(module)
}

/// Returns the line that defines `model`.
fn definition(node: &Node, sources: &Sources) -> Span {
    let found = file_of(node, sources).and_then(|(text, _)| {
        let above = text.lines().position(|line| line.starts_with("def model"))?;
        line_span(node, above + 1, sources)
    });
    found.unwrap_or(node.span)
}

/// Returns the place of a line of the user's file, without its indentation.
fn line_span(node: &Node, line: usize, sources: &Sources) -> Option<Span> {
    let (text, at) = file_of(node, sources)?;
    let end_of_own = at + node.raw_code.trim_start().len();
    let start = match line.checked_sub(1)? {
        0 => 0,
        above => text.match_indices('\n').nth(above - 1)?.0 + 1,
    };
    let content = text.get(start..)?.lines().next()?;
    let indent = content.len() - content.trim_start().len();
    // What follows is not the user's, though it runs as part of the file.
    (start < end_of_own).then(|| Span::new(node.file, start + indent, start + content.trim_end().len()))
}
