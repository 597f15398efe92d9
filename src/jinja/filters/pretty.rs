//! `pprint`, laid out as Python's `pprint.pformat` does.

use super::input;
use crate::jinja::call::Call;
use crate::jinja::error::Error;
use crate::jinja::value::{Py, Value, View, py_repr, view};

const WIDTH: usize = 80;

pub(super) fn pprint(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    call.args.finish()?;
    Ok(Value::from(layout(&value, 0, 0, 50)))
}

fn one_line(value: &Value, depth: usize) -> String {
    match view(value) {
        View::Py(Py::Dict(dict)) if depth > 0 => {
            let pairs: Vec<String> = sorted(dict.snapshot())
                .iter()
                .map(|(k, v)| format!("{}: {}", py_repr(k), one_line(v, depth - 1)))
                .collect();
            format!("{{{}}}", pairs.join(", "))
        }
        View::Py(Py::List(list)) if depth > 0 => {
            let items: Vec<String> = list.snapshot().iter().map(|item| one_line(item, depth - 1)).collect();
            format!("[{}]", items.join(", "))
        }
        _ => py_repr(value),
    }
}

fn sorted(mut pairs: Vec<(Value, Value)>) -> Vec<(Value, Value)> {
    pairs.sort_by(|(a, _), (b, _)| {
        crate::jinja::value::compare(a, b).ok().flatten().unwrap_or_else(|| py_repr(a).cmp(&py_repr(b)))
    });
    pairs
}

/// Lays a value out at a column; `after` characters follow it on its last line.
fn layout(value: &Value, column: usize, after: usize, depth: usize) -> String {
    let short = one_line(value, depth);
    if depth == 0 || short.chars().count() + column + after <= WIDTH {
        return short;
    }
    let (open, close, parts) = match view(value) {
        View::Py(Py::Dict(dict)) => {
            let pairs = sorted(dict.snapshot());
            let last = pairs.len().saturating_sub(1);
            let parts = pairs.iter().enumerate().map(|(i, (k, v))| {
                let key = format!("{}: ", py_repr(k));
                let trailing = if i == last { after + 1 } else { 1 };
                let inner = layout(v, column + 1 + key.chars().count(), trailing, depth - 1);
                format!("{key}{inner}")
            });
            ("{", "}", parts.collect::<Vec<_>>())
        }
        View::Py(Py::List(items)) => ("[", "]", elements(&items.snapshot(), column, after, depth)),
        View::Py(Py::Tuple(items)) => ("(", ")", elements(items, column, after, depth)),
        _ => return short,
    };
    let separator = format!(",\n{}", " ".repeat(column + 1));
    format!("{open}{}{close}", parts.join(&separator))
}

fn elements(items: &[Value], column: usize, after: usize, depth: usize) -> Vec<String> {
    let last = items.len().saturating_sub(1);
    items
        .iter()
        .enumerate()
        .map(|(i, item)| layout(item, column + 1, if i == last { after + 1 } else { 1 }, depth - 1))
        .collect()
}
