//! Filters on text.

use super::input;
use crate::jinja::call::Call;
use crate::jinja::error::Error;
use crate::jinja::format::{checked_width, percent, percent_args};
use crate::jinja::methods::{capitalized, is_space, lines};
use crate::jinja::value::{Value, View, as_int, as_undefined, check_length, py_str, replaced, size, view};

fn text(call: &mut Call<'_>) -> Result<String, Error> {
    input(call).map(|value| py_str(&value))
}

fn map_text(call: &mut Call<'_>, f: impl FnOnce(&str) -> String) -> Result<Value, Error> {
    let text = text(call)?;
    call.args.finish()?;
    Ok(Value::from(f(&text)))
}

pub(super) fn upper(call: &mut Call<'_>) -> Result<Value, Error> {
    map_text(call, str::to_uppercase)
}

pub(super) fn lower(call: &mut Call<'_>) -> Result<Value, Error> {
    map_text(call, str::to_lowercase)
}

pub(super) fn capitalize(call: &mut Call<'_>) -> Result<Value, Error> {
    map_text(call, capitalized)
}

/// Jinja2's own idea of a title: words begin after space, `-`, `(`, `{`, `[`, `<`.
pub(super) fn title(call: &mut Call<'_>) -> Result<Value, Error> {
    map_text(call, |text| {
        let mut out = String::with_capacity(text.len());
        let mut start = true;
        for c in text.chars() {
            if start {
                out.extend(c.to_uppercase());
            } else {
                out.extend(c.to_lowercase());
            }
            start = is_space(c) || matches!(c, '-' | '(' | '{' | '[' | '<');
        }
        out
    })
}

pub(super) fn string(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    call.args.finish()?;
    let is_text = matches!(view(&value), View::Str(_));
    Ok(if is_text { value } else { Value::from(py_str(&value)) })
}

pub(super) fn trim(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    let chars = call.args.optional_str("chars")?;
    call.args.finish()?;
    let text = py_str(&value);
    let trimmed = match &chars {
        Some(chars) => text.trim_matches(|c| chars.contains(c)),
        None => text.trim_matches(is_space),
    };
    if trimmed.len() == text.len() && value.as_str().is_some() {
        return Ok(value);
    }
    let start = trimmed.as_ptr() as usize - text.as_ptr() as usize;
    Ok(call.state.part_of(&value, trimmed, start))
}

pub(super) fn center(call: &mut Call<'_>) -> Result<Value, Error> {
    let text = text(call)?;
    let width = call.args.optional_int("width")?.unwrap_or(80);
    call.args.finish()?;
    let width = checked_width(usize::try_from(width).unwrap_or(0))?;
    let missing = width.saturating_sub(text.chars().count());
    let left = missing / 2 + (missing & width & 1);
    Ok(Value::from(format!("{}{text}{}", " ".repeat(left), " ".repeat(missing - left))))
}

pub(super) fn replace(call: &mut Call<'_>) -> Result<Value, Error> {
    let text = text(call)?;
    let old = py_str(&call.args.required("old")?);
    let new = py_str(&call.args.required("new")?);
    let count = call.args.optional_int("count")?;
    call.args.finish()?;
    replaced(&text, &old, &new, count.and_then(|n| usize::try_from(n).ok())).map(Value::from)
}

pub(super) fn format(call: &mut Call<'_>) -> Result<Value, Error> {
    let template = text(call)?;
    let positional = call.args.rest();
    let named = std::mem::take(&mut call.args.named);
    if !positional.is_empty() && !named.is_empty() {
        return Err(Error::runtime("`format` takes values by place or by name, not both"));
    }
    percent(&template, &percent_args(positional, named)).map(Value::from)
}

pub(super) fn indent(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    if let Some(undefined) = as_undefined(&value) {
        return Err(undefined.error());
    }
    let text = py_str(&value);
    let width = call.args.optional("width");
    let first = call.args.optional_bool("first").unwrap_or(false);
    let blank = call.args.optional_bool("blank").unwrap_or(false);
    call.args.finish()?;
    let by = match width.as_ref().map(view) {
        Some(View::Str(by)) => by.to_owned(),
        Some(View::Int(width)) => " ".repeat(checked_width(usize::try_from(width).unwrap_or(0))?),
        _ => " ".repeat(4),
    };
    let text = text + "\n";
    let mut out = String::with_capacity(text.len() + by.len() * 8);
    for (i, line) in lines(&text, false).into_iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        if if i == 0 { first } else { blank || !line.is_empty() } {
            out.push_str(&by);
        }
        out.push_str(line);
        check_length(out.len())?;
    }
    Ok(Value::from(out))
}

pub(super) fn wordcount(call: &mut Call<'_>) -> Result<Value, Error> {
    let text = text(call)?;
    call.args.finish()?;
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    Ok(size(words.count()))
}

/// Takes an integer argument with a default.
pub(super) fn integer(call: &mut Call<'_>, name: &str, default: i128) -> Result<i128, Error> {
    match call.args.optional(name).filter(|value| !value.is_none()) {
        Some(value) => as_int(&value).ok_or_else(|| Error::runtime(format!("`{name}` must be an integer"))),
        None => Ok(default),
    }
}
