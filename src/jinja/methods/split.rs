//! Splitting, partitioning and stripping text.

use super::{Answer, done};
use crate::jinja::args::Args;
use crate::jinja::error::Error;
use crate::jinja::value::{Value, list, truth, tuple};

pub(super) fn call(this: &str, name: &str, args: &mut Args) -> Answer {
    match name {
        "strip" | "lstrip" | "rstrip" => {
            let chars = args.optional_str("chars")?;
            let hit = |c: char| chars.as_deref().map_or_else(|| is_space(c), |set| set.contains(c));
            let stripped = match name {
                "strip" => this.trim_matches(hit),
                "lstrip" => this.trim_start_matches(hit),
                _ => this.trim_end_matches(hit),
            };
            done(args, stripped)
        }
        "split" | "rsplit" => {
            let separator = args.optional_str("sep")?;
            let most = args.optional_int("maxsplit")?.and_then(|n| usize::try_from(n).ok());
            args.finish()?;
            let parts = match (separator.as_deref(), name) {
                (Some(""), _) => return Err(Error::runtime("empty separator")),
                (Some(separator), "split") => split(this, separator, most),
                (Some(separator), _) => rsplit(this, separator, most),
                (None, "split") => split_space(this, most),
                (None, _) => rsplit_space(this, most),
            };
            Ok(Some(texts(parts)))
        }
        "splitlines" => {
            let keep = args.optional("keepends").is_some_and(|value| truth(&value));
            done(args, texts(lines(this, keep)))
        }
        "partition" | "rpartition" => {
            let separator = args.required_str("sep")?;
            args.finish()?;
            if separator.is_empty() {
                return Err(Error::runtime("empty separator"));
            }
            let parts = match (name, this.split_once(&*separator), this.rsplit_once(&*separator)) {
                ("partition", Some((a, b)), _) | ("rpartition", _, Some((a, b))) => [a, &separator, b],
                ("partition", ..) => [this, "", ""],
                _ => ["", "", this],
            };
            Ok(Some(tuple(parts.map(Value::from))))
        }
        _ => Ok(None),
    }
}

fn texts(parts: Vec<&str>) -> Value {
    list(parts.into_iter().map(Value::from).collect::<Vec<_>>())
}

/// What Python takes for white space: also the separators that Unicode does not.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

fn split<'s>(this: &'s str, separator: &str, most: Option<usize>) -> Vec<&'s str> {
    match most {
        Some(most) => this.splitn(most + 1, separator).collect(),
        None => this.split(separator).collect(),
    }
}

fn rsplit<'s>(this: &'s str, separator: &str, most: Option<usize>) -> Vec<&'s str> {
    let mut parts: Vec<&str> = match most {
        Some(most) => this.rsplitn(most + 1, separator).collect(),
        None => this.rsplit(separator).collect(),
    };
    parts.reverse();
    parts
}

fn split_space(this: &str, most: Option<usize>) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = this.trim_start_matches(is_space);
    while !rest.is_empty() {
        if most == Some(parts.len()) {
            parts.push(rest);
            break;
        }
        let end = rest.find(is_space).unwrap_or(rest.len());
        parts.push(&rest[..end]);
        rest = rest[end..].trim_start_matches(is_space);
    }
    parts
}

fn rsplit_space(this: &str, most: Option<usize>) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = this.trim_end_matches(is_space);
    while !rest.is_empty() {
        if most == Some(parts.len()) {
            parts.push(rest);
            break;
        }
        let start =
            rest.char_indices().rev().find(|(_, c)| is_space(*c)).map_or(0, |(at, c)| at + c.len_utf8());
        parts.push(&rest[start..]);
        rest = rest[..start].trim_end_matches(is_space);
    }
    parts.reverse();
    parts
}

/// Splits at every kind of line end Python knows.
pub(crate) fn lines(text: &str, keep_ends: bool) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_end = matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        );
        if !is_end {
            continue;
        }
        let mut end = at + c.len_utf8();
        if c == '\r' && chars.peek().is_some_and(|(_, next)| *next == '\n') {
            chars.next();
            end += 1;
        }
        lines.push(&text[start..if keep_ends { end } else { at }]);
        start = end;
    }
    if start < text.len() {
        lines.push(&text[start..]);
    }
    lines
}
