//! Filters for HTML, URLs and JSON text.

use std::fmt::Write as _;

use super::input;
use crate::jinja::call::Call;
use crate::jinja::error::Error;
use crate::jinja::eval::pairs;
use crate::jinja::format::checked_width;
use crate::jinja::pycompat::{JsonStyle, json_text};
use crate::jinja::value::{Value, collect, is_undefined, py_str};

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

pub(super) fn escape(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    call.args.finish()?;
    Ok(if value.is_safe() { value } else { Value::from_safe_string(escaped(&py_str(&value))) })
}

pub(super) fn forceescape(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    call.args.finish()?;
    Ok(Value::from_safe_string(escaped(&py_str(&value))))
}

pub(super) fn safe(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    call.args.finish()?;
    Ok(Value::from_safe_string(py_str(&value)))
}

pub(super) fn striptags(call: &mut Call<'_>) -> Result<Value, Error> {
    let text = py_str(&input(call)?);
    call.args.finish()?;
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        let comment = rest[open..].starts_with("<!--");
        let end = if comment {
            rest[open..].find("-->").map(|at| at + 3)
        } else {
            rest[open..].find('>').map(|at| at + 1)
        };
        let Some(end) = end else {
            rest = &rest[open..];
            break;
        };
        rest = &rest[open + end..];
    }
    out.push_str(rest);
    let plain = out.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain =
        [("&lt;", "<"), ("&gt;", ">"), ("&#34;", "\""), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
            .into_iter()
            .fold(plain, |text, (from, to)| text.replace(from, to));
    Ok(Value::from(plain))
}

pub(super) fn tojson(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    let indent = call.args.optional_int("indent")?.and_then(|n| usize::try_from(n).ok());
    indent.map_or(Ok(0), checked_width)?;
    call.args.finish()?;
    let text = json_text(&value, &JsonStyle { sort_keys: true, indent })?;
    let text =
        text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026").replace('\'', "\\u0027");
    Ok(Value::from_safe_string(text))
}

fn percent_encoded(text: &str, safe: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~".contains(&byte) || safe.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

pub(super) fn urlencode(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    call.args.finish()?;
    if value.as_str().is_some() {
        return Ok(Value::from(percent_encoded(&py_str(&value), "/")));
    }
    let pairs = match pairs(&value) {
        Some(pairs) => pairs,
        None if value.kind() == minijinja::value::ValueKind::Number => {
            return Ok(Value::from(percent_encoded(&py_str(&value), "/")));
        }
        None => collect(&value)?
            .iter()
            .map(|pair| match collect(pair)?.as_slice() {
                [key, value] => Ok((key.clone(), value.clone())),
                _ => Err(Error::runtime("`urlencode` needs pairs")),
            })
            .collect::<Result<_, _>>()?,
    };
    let encode = |value: &Value| percent_encoded(&py_str(value), "").replace("%20", "+");
    let parts: Vec<String> = pairs.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect();
    Ok(Value::from(parts.join("&")))
}

pub(super) fn xmlattr(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    let autospace = call.args.optional_bool("autospace").unwrap_or(true);
    call.args.finish()?;
    let mut parts = Vec::new();
    for (key, value) in pairs(&value).ok_or_else(|| Error::runtime("`xmlattr` needs a mapping"))? {
        if value.is_none() || is_undefined(&value) {
            continue;
        }
        let key = py_str(&key);
        if key.contains([' ', '\t', '\n', '\r', '\u{c}', '/', '>', '=']) {
            return Err(Error::runtime(format!("invalid character in attribute name `{key}`")));
        }
        parts.push(format!("{}=\"{}\"", escaped(&key), escaped(&py_str(&value))));
    }
    let text = parts.join(" ");
    Ok(Value::from(if autospace && !text.is_empty() { format!(" {text}") } else { text }))
}

pub(super) fn urlize(call: &mut Call<'_>) -> Result<Value, Error> {
    let text = py_str(&input(call)?);
    let limit = call.args.optional_int("trim_url_limit")?.and_then(|n| usize::try_from(n).ok());
    let nofollow = call.args.optional_bool("nofollow").unwrap_or(false);
    let target = call.args.optional_str("target")?;
    let rel = call.args.optional_str("rel")?;
    call.args.finish()?;
    let mut rels: Vec<&str> = rel.as_deref().unwrap_or_default().split_whitespace().collect();
    rels.extend(nofollow.then_some("nofollow"));
    rels.push("noopener");
    rels.sort_unstable();
    rels.dedup();
    let mut tail = format!(" rel=\"{}\"", escaped(&rels.join(" ")));
    if let Some(target) = &target {
        let _ = write!(tail, " target=\"{}\"", escaped(target));
    }
    let mut out = String::new();
    for word in escaped(&text).split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        out.push_str(&link(bare, limit, &tail));
        out.push_str(&word[bare.len()..]);
    }
    Ok(Value::from(out))
}

/// Makes a link of a word that is a URL or an e-mail address; brackets and stops around it stay outside.
fn link(word: &str, limit: Option<usize>, tail: &str) -> String {
    let head_len = word.len() - word.trim_start_matches(['(', '<']).trim_start_matches("&lt;").len();
    let (head, rest) = word.split_at(head_len);
    let middle = rest.trim_end_matches([')', '>', '.', ',', '\n']).trim_end_matches("&gt;");
    let end = &rest[middle.len()..];
    let domains = [".com", ".net", ".org", ".info", ".gov", ".edu", ".mil", ".int"];
    let named_domain = !middle.contains('@')
        && domains.iter().any(|d| middle.ends_with(d) || middle.contains(&format!("{d}/")));
    let shown = match limit {
        Some(limit) if middle.chars().count() > limit => {
            format!("{}...", middle.chars().take(limit).collect::<String>())
        }
        _ => middle.to_owned(),
    };
    let host =
        middle.split("://").nth(1).unwrap_or_default().split(['/', ':', '?', '#']).next().unwrap_or_default();
    let top_level = host.rsplit('.').next().unwrap_or_default();
    let has_host = host == "localhost" || (host.contains('.') && top_level.len() >= 2);
    let web = middle.starts_with("http://") || middle.starts_with("https://");
    let made = if web && has_host {
        format!("<a href=\"{middle}\"{tail}>{shown}</a>")
    } else if middle.starts_with("www.") || named_domain {
        format!("<a href=\"https://{middle}\"{tail}>{shown}</a>")
    } else if let Some((_, host)) =
        middle.split_once('@').filter(|(user, _)| !user.is_empty() && !user.contains(':'))
    {
        if host.contains('.') {
            format!("<a href=\"mailto:{middle}\">{middle}</a>")
        } else {
            middle.to_owned()
        }
    } else {
        middle.to_owned()
    };
    format!("{head}{made}{end}")
}
