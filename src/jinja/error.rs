//! What a template can fail with: a code, a message, a place, and the macros that were running.
//!
//! An [`Error`] also carries `return(value)` up to the macro it ends, since both unwind in the same way.
//! Made everywhere in this module and by Rust functions that templates call; the caller of a render turns
//! it into a [`Diagnostic`].

use std::fmt;

use super::Value;
use crate::diag::{Code, Diagnostic, Frame, Span};

/// A failed parse or render. One word wide, since every expression returns it.
pub struct Error(Box<Inner>);

struct Inner {
    diagnostic: Diagnostic,
    /// Where the innermost frame not yet on the trace stood.
    cursor: Option<Span>,
    returned: Option<Value>,
}

impl Error {
    /// Makes an error of a given code; the place is added by the evaluator.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self::from(Diagnostic::error(code, None, message))
    }

    /// Makes an error of a template that runs wrongly.
    pub fn runtime(message: impl Into<String>) -> Self {
        Self::new(Code::JINJA_RUNTIME, message)
    }

    /// Makes an error of a template that uses something undefined.
    pub fn undefined(message: impl Into<String>) -> Self {
        Self::new(Code::JINJA_UNDEFINED, message)
    }

    pub(crate) fn syntax(span: Span, message: impl Into<String>) -> Self {
        Self::from(Diagnostic::error(Code::JINJA_SYNTAX, span, message))
    }

    /// Makes the signal that ends the enclosing macro with a value.
    pub fn returning(value: Value) -> Self {
        let mut error = Self::runtime("`return` outside of a macro");
        error.0.returned = Some(value);
        error
    }

    /// Takes the value apart from the error if this is a `return`.
    ///
    /// # Errors
    /// Gives the error back when it is a real one.
    pub(crate) fn into_returned(mut self) -> Result<Value, Error> {
        self.0.returned.take().ok_or(self)
    }

    /// Tells whether this is a `return` on its way, no failure.
    pub fn is_return(&self) -> bool {
        self.0.returned.is_some()
    }

    /// Makes an error whose place lies in another text than the one that is running; the macros that are
    /// running join its trace with their own places.
    pub fn elsewhere(diagnostic: Diagnostic) -> Self {
        let mut error = Self::from(diagnostic);
        error.0.cursor = None;
        error
    }

    /// Returns the code.
    pub fn code(&self) -> Code {
        self.0.diagnostic.code
    }

    /// Returns the message.
    pub fn message(&self) -> &str {
        &self.0.diagnostic.message
    }

    /// Returns the place of the failure.
    pub fn span(&self) -> Option<Span> {
        self.0.diagnostic.span
    }

    /// Returns the macros that were running, innermost first.
    pub fn trace(&self) -> &[Frame] {
        &self.0.diagnostic.trace
    }

    /// Returns the place where the code outside of all macros on the trace stood.
    pub fn outermost_span(&self) -> Option<Span> {
        self.0.cursor.or(self.0.diagnostic.span)
    }

    /// Adds advice.
    #[must_use]
    pub fn help<T: Into<String>>(mut self, text: impl Into<Option<T>>) -> Self {
        self.0.diagnostic.help.extend(text.into().map(Into::into));
        self
    }

    /// Sets the place unless one is known.
    #[must_use]
    pub fn or_at(mut self, span: Span) -> Self {
        self.0.diagnostic.span.get_or_insert(span);
        self.0.cursor.get_or_insert(span);
        self
    }

    /// Moves the error and its labels, given in a text that was cut out or rewritten.
    pub(crate) fn relocated(mut self, place: impl Fn(Span) -> Span) -> Self {
        let diagnostic = &mut self.0.diagnostic;
        diagnostic.span = diagnostic.span.map(&place);
        self.0.cursor = self.0.cursor.map(&place);
        for label in &mut diagnostic.labels {
            label.span = place(label.span);
        }
        self
    }

    /// Says that `name` was running, called from `site`; done by every layer the error passes.
    #[must_use]
    pub fn frame(mut self, name: impl Into<String>, site: impl Into<Option<Span>>) -> Self {
        let span = self.outermost_span();
        self.0.diagnostic.trace.push(Frame { name: name.into(), span });
        if let Some(site) = site.into() {
            self.0.cursor = Some(site);
        }
        self
    }

    /// Gives the error as a diagnostic.
    pub fn into_diagnostic(self) -> Diagnostic {
        self.0.diagnostic
    }
}

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Self {
        let cursor = diagnostic.span;
        Self(Box::new(Inner { diagnostic, cursor, returned: None }))
    }
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        error.into_diagnostic()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.diagnostic, f)
    }
}

impl std::error::Error for Error {}
