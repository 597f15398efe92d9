//! The methods of Python's own types, a file for each type.

mod dict;
mod list;
mod number;
mod set;
mod split;
mod text;

use super::args::Args;
use super::call::Call;
use super::error::Error;
use super::value::{Py, Value, View, view};

/// Calls a method; `None` when the type has none of that name.
pub(crate) fn call(receiver: &Value, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
    let result = match view(receiver) {
        View::Str(text) => text::call(text, name, call),
        View::Int(_) | View::Bool(_) | View::Float(_) => number::call(receiver, name, &mut call.args),
        View::Py(Py::List(list)) => list::call(list, name, call),
        View::Py(Py::Tuple(items)) => list::call_tuple(items, name, &mut call.args),
        View::Py(Py::Dict(dict)) => dict::call(receiver, dict, name, &mut call.args),
        View::Py(Py::Set(set)) => set::call(set, name, &mut call.args),
        View::Py(Py::Instance(instance)) => return instance.call_method(name, call),
        _ => return None,
    };
    result.transpose()
}

/// Tells whether a value of one of Python's own types has a method.
pub(crate) fn exists(value: &Value, name: &str) -> bool {
    let names: &[&str] = match view(value) {
        View::Str(_) => text::NAMES,
        View::Int(_) | View::Bool(_) => number::INT_NAMES,
        View::Float(_) => number::FLOAT_NAMES,
        View::Py(Py::List(_)) => list::NAMES,
        View::Py(Py::Tuple(_)) => &["count", "index"],
        View::Py(Py::Dict(_)) => dict::NAMES,
        View::Py(Py::Set(_)) => set::NAMES,
        _ => &[],
    };
    names.contains(&name)
}

/// The answer of a method lookup: `Ok(None)` when the type has no such method.
type Answer = Result<Option<Value>, Error>;

/// Ends a method that takes nothing more.
fn done(args: &Args, value: impl Into<Value>) -> Answer {
    args.finish()?;
    Ok(Some(value.into()))
}

pub(crate) use dict::{entries, from_keys};
pub(crate) use split::{is_space, lines};
pub(crate) use text::capitalize as capitalized;
