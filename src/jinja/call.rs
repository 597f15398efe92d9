//! What a Rust function gets when a template calls it, and how to make one.

use std::sync::Arc;

use super::args::Args;
use super::error::Error;
use super::eval::State;
use super::source_map::SourceMap;
use super::value::{Instance, Value, object};
use super::{Scope, eval};
use crate::diag::{Frame, Span};

/// A call from a template to Rust.
pub struct Call<'a> {
    /// The arguments.
    pub args: Args,
    pub(crate) state: &'a mut State,
    pub(crate) site: Span,
    pub(crate) this: Option<Value>,
}

impl Call<'_> {
    /// Returns the globals of the render.
    pub fn scope(&self) -> &Arc<dyn Scope> {
        &self.state.scope
    }

    /// Returns the place of the call.
    pub fn span(&self) -> Span {
        self.site
    }

    /// Returns the object whose method this is; none for a plain function.
    pub fn this(&self) -> Value {
        self.this.clone().unwrap_or_else(super::value::none)
    }

    /// Returns the macros that are running, innermost first.
    pub fn stack(&self) -> Vec<Frame> {
        self.state.stack(self.site)
    }

    /// Calls a macro or function in the same render.
    ///
    /// # Errors
    /// What the callee fails with.
    pub fn call(&mut self, callable: &Value, args: impl Into<Args>) -> Result<Value, Error> {
        eval::call_value(self.state, callable, args.into(), self.site)
    }

    /// Renders another template in the same render, and returns its text.
    ///
    /// # Errors
    /// What the template fails with.
    pub fn render(&mut self, template: &super::Template) -> Result<Value, Error> {
        eval::render_nested(self.state, &template.0.code, self.site)
    }

    /// Returns the attribute of a value, with methods and items, as `value.name` does.
    ///
    /// # Errors
    /// When looking it up fails.
    pub fn attr(&mut self, value: &Value, name: &str) -> Result<Value, Error> {
        eval::get_attr(self.state, value, name)
    }

    /// Returns where the text of a value came from, if templates of this render made it.
    pub fn source_map(&self, value: &Value) -> Option<SourceMap> {
        self.state.map_of(value)
    }

    /// Makes an undefined of a name, which behaves as the phase of the render wants.
    pub fn undefined(&self, name: &str) -> Value {
        self.state.undefined(name)
    }
}

type Body = dyn Fn(&mut Call<'_>) -> Result<Value, Error> + Send + Sync;

struct Function {
    name: &'static str,
    body: Box<Body>,
}

impl Instance for Function {
    fn type_name(&self) -> &'static str {
        "function"
    }

    fn repr(&self) -> String {
        format!("<function {}>", self.name)
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        Some((self.body)(call))
    }
}

/// Makes a value of a Rust function.
pub fn function(
    name: &'static str,
    body: impl Fn(&mut Call<'_>) -> Result<Value, Error> + Send + Sync + 'static,
) -> Value {
    object(Function { name, body: Box::new(body) })
}

/// The `return(value)` function of dbt's context: ends the enclosing macro with a value.
pub fn return_function() -> Value {
    function("return", |call| {
        let value = call.args.optional("data").unwrap_or_else(super::value::none);
        call.args.finish()?;
        Err(Error::returning(value))
    })
}
