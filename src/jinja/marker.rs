//! dbt's `as_text`, `as_bool`, `as_number`, `as_native`: how native rendering reads a value.

use super::error::Error;
use super::front::literal;
use super::value::{Instance, Value, View, downcast, object, py_repr, py_str, view};

/// What a marked value becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The text as it is.
    Text,
    /// The Python literal in the text, if there is one.
    Native,
    /// A literal that must be a boolean.
    Bool,
    /// A literal that must be a number.
    Number,
}

/// Text that carries a mark.
struct Marked {
    text: String,
    mark: Mark,
}

impl Instance for Marked {
    fn type_name(&self) -> &'static str {
        "str"
    }

    fn str(&self) -> String {
        self.text.clone()
    }

    fn repr(&self) -> String {
        py_repr(&Value::from(self.text.as_str()))
    }

    fn as_text(&self) -> Option<&str> {
        Some(&self.text)
    }
}

/// Marks a value.
pub(crate) fn mark(value: &Value, mark: Mark) -> Value {
    object(Marked { text: py_str(value), mark })
}

/// Gives the value that a single node of a native render becomes.
pub(crate) fn resolve(value: Value) -> Result<Value, Error> {
    let Some(marked) = downcast::<Marked>(&value) else { return Ok(value) };
    let text = Value::from(marked.text.as_str());
    let read = literal(&marked.text).unwrap_or_else(|| text.clone());
    let (fits, wanted) = match (marked.mark, view(&read)) {
        (Mark::Text, _) => return Ok(text),
        (Mark::Native, _) => return Ok(read),
        (Mark::Bool, View::Bool(_)) | (Mark::Number, View::Int(_) | View::Float(_)) => (true, ""),
        (Mark::Bool, _) => (false, "bool"),
        (Mark::Number, _) => (false, "number"),
    };
    if fits {
        return Ok(read);
    }
    Err(Error::runtime(format!("could not convert value `{}` into type `{wanted}`", marked.text)))
}
