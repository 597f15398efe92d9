//! JSON text as Python's `json.dumps` writes it: `, ` and `: ` between parts, ASCII only.

use std::fmt::Write;

use crate::jinja::error::Error;
use crate::jinja::value::{Py, Value, View, check_length, compare, is_int, key_text, type_name, view};
use crate::python::{json_float, push_json_text};

/// How to write.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct JsonStyle {
    pub(crate) sort_keys: bool,
    /// Spaces for each level; one line when not given.
    pub(crate) indent: Option<usize>,
}

/// Writes a value as JSON text.
///
/// # Errors
/// When the value holds something JSON cannot.
pub(crate) fn json_text(value: &Value, style: &JsonStyle) -> Result<String, Error> {
    let mut out = String::new();
    write_value(&mut out, value, style, 0)?;
    Ok(out)
}

fn write_value(out: &mut String, value: &Value, style: &JsonStyle, level: usize) -> Result<(), Error> {
    if level > 100 {
        return Err(Error::runtime("the value is nested too deeply for JSON"));
    }
    check_length(out.len())?;
    match view(value) {
        View::None => out.push_str("null"),
        View::Bool(b) => out.push_str(if b { "true" } else { "false" }),
        View::Int(i) => drop(write!(out, "{i}")),
        View::Float(f) => out.push_str(&json_float(f)),
        View::Str(s) => push_json_text(out, s),
        View::Py(Py::List(list)) => write_items(out, &list.snapshot(), style, level)?,
        View::Py(Py::Tuple(items)) => write_items(out, items, style, level)?,
        View::Py(Py::Dict(dict)) => write_pairs(out, dict.snapshot(), style, level)?,
        View::Py(Py::Instance(instance)) if instance.len().is_some() && !instance.is_mapping() => {
            write_items(out, &instance.iter().unwrap_or_default(), style, level)?;
        }
        View::Py(Py::Instance(instance)) if is_int(value) => out.push_str(&instance.repr()),
        View::Foreign if !value.is_undefined() => {
            write_value(out, &crate::jinja::value::adopt(value)?, style, level)?;
        }
        _ => {
            let name = type_name(value);
            return Err(Error::runtime(format!("object of type `{name}` is not JSON serializable")));
        }
    }
    Ok(())
}

fn break_line(out: &mut String, style: &JsonStyle, level: usize, first: bool) {
    match style.indent {
        Some(indent) => {
            if !first {
                out.push(',');
            }
            out.push('\n');
            out.push_str(&" ".repeat(indent * level));
        }
        None if !first => out.push_str(", "),
        None => {}
    }
}

fn close_line(out: &mut String, style: &JsonStyle, level: usize) {
    if let Some(indent) = style.indent {
        out.push('\n');
        out.push_str(&" ".repeat(indent * level));
    }
}

fn write_items(out: &mut String, items: &[Value], style: &JsonStyle, level: usize) -> Result<(), Error> {
    out.push('[');
    for (i, item) in items.iter().enumerate() {
        break_line(out, style, level + 1, i == 0);
        write_value(out, item, style, level + 1)?;
    }
    if !items.is_empty() {
        close_line(out, style, level);
    }
    out.push(']');
    Ok(())
}

fn write_pairs(
    out: &mut String,
    mut pairs: Vec<(Value, Value)>,
    style: &JsonStyle,
    level: usize,
) -> Result<(), Error> {
    if style.sort_keys {
        for pair in pairs.windows(2) {
            compare(&pair[0].0, &pair[1].0)?;
        }
        pairs.sort_by(|(a, _), (b, _)| compare(a, b).ok().flatten().unwrap_or(std::cmp::Ordering::Equal));
    }
    out.push('{');
    for (i, (key, value)) in pairs.iter().enumerate() {
        break_line(out, style, level + 1, i == 0);
        push_json_text(out, &key_text(key)?);
        out.push_str(": ");
        write_value(out, value, style, level + 1)?;
    }
    if !pairs.is_empty() {
        close_line(out, style, level);
    }
    out.push('}');
    Ok(())
}
