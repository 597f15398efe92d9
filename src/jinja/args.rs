//! The arguments of a call, and how a Rust function takes them: in the order of its parameters, each by
//! place or by name, then [`Args::finish`] refuses what is left over.

use std::sync::Arc;

use super::error::Error;
use super::value::{Value, View, type_name, view};

/// Positional and named arguments.
#[derive(Clone, Debug, Default)]
pub struct Args {
    /// Arguments by place.
    pub positional: Vec<Value>,
    /// Arguments by name, in the order given.
    pub named: Vec<(Arc<str>, Value)>,
    /// How many positional arguments were taken.
    taken: usize,
}

impl Args {
    /// Makes arguments.
    pub fn new(positional: Vec<Value>, named: Vec<(Arc<str>, Value)>) -> Self {
        Self { positional, named, taken: 0 }
    }

    /// Adds a named argument.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.named.push((name.into(), value.into()));
        self
    }

    /// Takes the next parameter, called `name`, from its place or by its name.
    pub fn optional(&mut self, name: &str) -> Option<Value> {
        if let Some(value) = self.positional.get(self.taken) {
            self.taken += 1;
            return Some(value.clone());
        }
        self.keyword(name)
    }

    /// Takes a parameter that can be given by name only.
    pub fn keyword(&mut self, name: &str) -> Option<Value> {
        let at = self.named.iter().position(|(n, _)| &**n == name)?;
        Some(self.named.remove(at).1)
    }

    /// Takes the next parameter, called `name`.
    ///
    /// # Errors
    /// When it is missing.
    pub fn required(&mut self, name: &str) -> Result<Value, Error> {
        self.optional(name).ok_or_else(|| Error::runtime(format!("missing argument `{name}`")))
    }

    /// Takes the next parameter, called `name`, as text.
    ///
    /// # Errors
    /// When it is missing or no text.
    pub fn required_str(&mut self, name: &str) -> Result<Arc<str>, Error> {
        let value = self.required(name)?;
        text(name, &value)
    }

    /// Takes the next parameter, called `name`, as text; `none` counts as not given.
    ///
    /// # Errors
    /// When it is no text.
    pub fn optional_str(&mut self, name: &str) -> Result<Option<Arc<str>>, Error> {
        self.optional(name).filter(|v| !v.is_none()).map(|value| text(name, &value)).transpose()
    }

    /// Takes the next parameter, called `name`, as an integer; `none` counts as not given.
    ///
    /// # Errors
    /// When it is no integer.
    pub fn optional_int(&mut self, name: &str) -> Result<Option<i64>, Error> {
        let Some(value) = self.optional(name).filter(|v| !v.is_none()) else { return Ok(None) };
        match view(&value) {
            View::Int(i) => Ok(i64::try_from(i).ok()),
            View::Bool(b) => Ok(Some(i64::from(b))),
            _ => Err(wrong(name, "an integer", &value)),
        }
    }

    /// Takes the next parameter, called `name`, by Python's idea of truth.
    pub fn optional_bool(&mut self, name: &str) -> Option<bool> {
        self.optional(name).map(|v| super::value::truth(&v))
    }

    /// Takes all remaining positional arguments.
    pub fn rest(&mut self) -> Vec<Value> {
        let rest = self.positional.split_off(self.taken.min(self.positional.len()));
        self.taken = self.positional.len();
        rest
    }

    /// Checks that nothing is left over.
    ///
    /// # Errors
    /// When an argument was not taken.
    pub fn finish(&self) -> Result<(), Error> {
        if self.positional.len() > self.taken {
            let (most, given) = (self.taken, self.positional.len());
            return Err(Error::runtime(format!("takes at most {most} positional arguments, got {given}")));
        }
        match self.named.first() {
            Some((name, _)) => Err(Error::runtime(format!("unexpected argument `{name}`"))),
            None => Ok(()),
        }
    }
}

impl From<Vec<Value>> for Args {
    fn from(positional: Vec<Value>) -> Self {
        Self::new(positional, Vec::new())
    }
}

impl<const N: usize> From<[Value; N]> for Args {
    fn from(positional: [Value; N]) -> Self {
        Self::new(positional.into(), Vec::new())
    }
}

fn text(name: &str, value: &Value) -> Result<Arc<str>, Error> {
    value.to_str().ok_or_else(|| wrong(name, "text", value))
}

fn wrong(name: &str, wanted: &str, value: &Value) -> Error {
    if let Some(undefined) = super::value::as_undefined(value) {
        return undefined.error();
    }
    Error::runtime(format!("argument `{name}` must be {wanted}, got `{}`", type_name(value)))
}
