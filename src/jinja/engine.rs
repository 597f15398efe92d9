//! Compiles and renders templates: the face of the module.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::args::Args;
use super::error::Error;
use super::eval::{self, Later, Macro, MacroCode, State};
use super::front;
use super::ir::{Code, Stmt};
use super::source_map::SourceMap;
use super::value::{Py, Value};
use crate::diag::{FileId, Span};

/// What happens when something undefined is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndefinedMode {
    /// It prints nothing and is false; any other use is an error. dbt at run time.
    Strict,
    /// Its attributes, items and calls are undefined too. dbt while parsing.
    Capture,
}

/// The global names of one render.
pub trait Scope: Send + Sync {
    /// Returns the value of a name.
    fn get(&self, name: &str) -> Option<Value>;

    /// Tells what happens when something undefined is used.
    fn undefined(&self) -> UndefinedMode;

    /// Hears of every macro call: the macro's whole block, and how many macros run, this one included.
    fn called(&self, block: Span, depth: u32) {
        let _ = (block, depth);
    }

    /// Returns all names, for suggestions in errors.
    fn names(&self) -> Vec<Arc<str>> {
        Vec::new()
    }
}

/// A compiled template or expression. Cloning shares it.
#[derive(Clone)]
pub struct Template(pub(crate) Arc<Compiled>);

/// What a [`Template`] shares.
pub(crate) struct Compiled {
    pub(crate) code: Code,
    globals: Vec<Arc<str>>,
}

impl Template {
    /// Returns the names it may look up among the globals, sorted.
    pub fn names(&self) -> &[Arc<str>] {
        &self.0.globals
    }

    /// Returns the code of the macros at its top level, in order.
    pub(crate) fn macros(&self) -> impl Iterator<Item = &Arc<Code>> {
        self.0.code.body.iter().filter_map(|stmt| match stmt {
            Stmt::Macro { code, .. } => Some(code),
            _ => None,
        })
    }

    /// Returns the text if it has no tag at all.
    pub fn plain_text(&self) -> Option<&str> {
        match self.0.code.body.as_slice() {
            [] => Some(""),
            [Stmt::Text { text, .. }] => Some(text),
            _ => None,
        }
    }
}

/// What a render gives.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The output.
    pub text: String,
    /// Where it came from.
    pub map: SourceMap,
}

/// A macro defined at the top level of a template.
#[derive(Clone)]
pub struct MacroDef {
    /// Its name.
    pub name: Arc<str>,
    /// The macro, to be called.
    pub value: Value,
    /// Its parameters, and whether each has a default.
    pub params: Vec<(Arc<str>, bool)>,
    /// Its whole block.
    pub span: Span,
}

/// Compiles and renders. Stateless; one for each process is enough.
#[derive(Clone, Copy, Debug, Default)]
pub struct Engine;

impl Engine {
    /// Makes an engine.
    pub fn new() -> Self {
        Self
    }

    /// Compiles `range` of a file's text. All positions are offsets of the file.
    ///
    /// # Errors
    /// Syntax errors, with their place.
    pub fn compile(&self, file: FileId, text: &str, range: Range<usize>) -> Result<Template, Error> {
        let start = range.start.min(text.len());
        let part = text.get(range).ok_or_else(|| Error::runtime("the range does not fit the text"))?;
        let lowered = front::template(part, file, start)?;
        Ok(Template(Arc::new(Compiled { code: lowered.code, globals: lowered.globals })))
    }

    /// Compiles an expression alone, for example `ref('x')`, that lies at `start` of a file.
    ///
    /// # Errors
    /// Syntax errors, with their place.
    pub fn compile_expr(&self, file: FileId, text: &str, start: usize) -> Result<Template, Error> {
        let lowered = front::expression(text, file, start)?;
        Ok(Template(Arc::new(Compiled { code: lowered.code, globals: lowered.globals })))
    }

    /// Renders a template to text.
    ///
    /// # Errors
    /// What the template fails with.
    pub fn render(&self, template: &Template, scope: &Arc<dyn Scope>) -> Result<Rendered, Error> {
        let (text, map) = eval::render(&template.0.code, scope)?;
        Ok(Rendered { text, map })
    }

    /// Renders a template to a value: one expression keeps its type, several parts become text.
    ///
    /// # Errors
    /// What the template fails with.
    pub fn render_native(&self, template: &Template, scope: &Arc<dyn Scope>) -> Result<Value, Error> {
        eval::render_native(&template.0.code, scope)
    }

    /// Evaluates a compiled expression to its value, whatever it is.
    ///
    /// # Errors
    /// What the expression fails with.
    pub fn eval_expr(&self, expression: &Template, scope: &Arc<dyn Scope>) -> Result<Value, Error> {
        eval::evaluate(&expression.0.code, scope)
    }

    /// Returns the macros that a template defines at its top level, in order. They know no name by being there:
    /// each other and themselves they find in the scope they are called in, as dbt's do.
    pub fn macros(&self, template: &Template) -> Vec<MacroDef> {
        let made = |code: &Arc<Code>| {
            let made = Macro { code: MacroCode::Made(Arc::clone(code)), closure: None };
            MacroDef {
                name: Arc::clone(&code.name),
                value: Value::from_object(Py::Macro(made)),
                params: code.params.iter().map(|p| (Arc::clone(&p.name), p.default.is_some())).collect(),
                span: code.span.in_file(code.file),
            }
        };
        template.macros().map(made).collect()
    }

    /// Returns a macro that is compiled when it is needed, and the place that is its [`MacroDef::span`]. Its text is sure to
    /// compile: what is wrong with it shows only then. `block` is its whole block in `text`, the text of its file.
    pub fn macro_later(&self, name: &str, text: &'static str, block: Span) -> (Value, Span) {
        // A macro's place is all but the marks of its first and last tag.
        let is_mark = |c: char| c.is_whitespace() || "{%-+}".contains(c);
        let range = block.range();
        let inner = text.get(range.clone()).unwrap_or_default().trim_start_matches(is_mark);
        let start = range.end - inner.len();
        let span = Span::new(block.file, start, start + inner.trim_end_matches(is_mark).len());
        let later = Later { name: name.into(), block, text, made: OnceLock::new() };
        let made = Macro { code: MacroCode::Later(Box::new(later)), closure: None };
        (Value::from_object(Py::Macro(made)), span)
    }

    /// Calls a macro or function from Rust, outside of any render.
    ///
    /// # Errors
    /// What the callee fails with.
    pub fn call(
        &self,
        callable: &Value,
        args: impl Into<Args>,
        scope: &Arc<dyn Scope>,
        site: Span,
    ) -> Result<Value, Error> {
        let mut state = State::new(scope);
        eval::call_value(&mut state, callable, args.into(), site)
    }
}
