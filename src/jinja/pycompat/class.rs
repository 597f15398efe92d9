//! A Python class as templates see it: called to make instances, with class methods and constants.

use crate::jinja::call::Call;
use crate::jinja::error::Error;
use crate::jinja::value::{Instance, Value, object};

type Method = fn(&mut Call<'_>) -> Result<Value, Error>;

/// A class, or a function with attributes.
pub(super) struct Class {
    pub(super) name: &'static str,
    /// Makes an instance; none for a class that cannot be called.
    pub(super) make: Option<Method>,
    pub(super) methods: &'static [(&'static str, Method)],
    pub(super) constants: fn(&str) -> Option<Value>,
}

impl Class {
    pub(super) fn value(self) -> Value {
        object(self)
    }

    fn method(&self, name: &str) -> Option<Method> {
        self.methods.iter().find(|(known, _)| *known == name).map(|(_, method)| *method)
    }
}

impl Instance for Class {
    fn type_name(&self) -> &'static str {
        "type"
    }

    fn repr(&self) -> String {
        format!("<class '{}'>", self.name)
    }

    fn callable(&self) -> bool {
        self.make.is_some()
    }

    fn call(&self, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        self.make.map(|make| make(call))
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok((self.constants)(name))
    }

    fn has_method(&self, name: &str) -> bool {
        self.method(name).is_some()
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        self.method(name).map(|method| method(call))
    }
}

/// For a class without constants.
pub(super) fn no_constants(_: &str) -> Option<Value> {
    None
}
