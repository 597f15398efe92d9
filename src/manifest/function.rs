//! What only user-defined functions have: how they are called, and `function()` calls. Read by `parse`, shown in
//! `manifest.json`.

use serde::ser::{Serialize, Serializer};

use super::Json;
use crate::diag::Span;

/// Arguments and result of a function, as its property file declares them.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// In the order of the call.
    pub arguments: Vec<FunctionArgument>,
    /// What comes back.
    pub returns: FunctionReturns,
}

impl Default for Signature {
    /// The signature of a function that no property file describes: dbt shows its type as invalid.
    fn default() -> Self {
        let returns = FunctionReturns { data_type: "INVALID_TYPE".to_owned(), description: None };
        Self { arguments: Vec::new(), returns }
    }
}

/// One argument of a function.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct FunctionArgument {
    /// Its name in the body.
    pub name: String,
    /// Its SQL type.
    pub data_type: String,
    /// As written: dbt renders no texts of functions.
    pub description: Option<String>,
    /// The value of an argument that is left out, written into the SQL as it is.
    pub default_value: Option<Json>,
}

/// The result of a function.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct FunctionReturns {
    /// Its SQL type.
    pub data_type: String,
    /// As written.
    pub description: Option<String>,
}

/// One `function()` as written, with the place of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionCall {
    /// The package, when given.
    pub package: Option<String>,
    /// The function's name.
    pub name: String,
    /// Where it was called.
    pub span: Option<Span>,
}

impl FunctionCall {
    /// Returns the call as people write it: `function('package', 'name')`.
    pub fn written(&self) -> String {
        let package = self.package.as_ref().map(|package| format!("'{package}', ")).unwrap_or_default();
        format!("function({package}'{}')", self.name)
    }
}

impl Serialize for FunctionCall {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.package.iter().chain([&self.name]))
    }
}
