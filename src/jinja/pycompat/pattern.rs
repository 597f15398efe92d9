//! Python's pattern syntax in terms of the `fancy_regex` crate's, and replacement templates.

use super::re::{DOTALL, IGNORECASE, MULTILINE, VERBOSE};
use crate::jinja::error::Error;
use crate::jinja::value::{Value, size};

/// Rewrites a pattern of Python's `re`.
///
/// Inside of a class `[`, `&&`, `--` and `~~` mean themselves; a brace that starts no repetition does
/// too; `\Z` is the end. Comments of verbose patterns go, so that nothing in them is taken for syntax.
pub(super) fn translate(pattern: &str, flags: i128) -> Result<String, Error> {
    let mut out = String::with_capacity(pattern.len() + 8);
    let letters: String = [(IGNORECASE, 'i'), (MULTILINE, 'm'), (DOTALL, 's'), (VERBOSE, 'x')]
        .into_iter()
        .filter(|(flag, _)| flags & flag != 0)
        .map(|(_, letter)| letter)
        .collect();
    if !letters.is_empty() {
        out.push_str("(?");
        out.push_str(&letters);
        out.push(')');
    }
    let chars: Vec<char> = pattern.chars().collect();
    let is_verbose = flags & VERBOSE != 0 || starts_verbose(pattern);
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        match c {
            '\\' => {
                at += 1;
                escaped(&mut out, pattern, chars.get(at).copied())?;
            }
            '[' => at = class(&mut out, &chars, at),
            '{' if !is_repetition(&chars[at + 1..]) => out.push_str("\\{"),
            '}' if !closes_repetition(&out) => out.push_str("\\}"),
            '#' if is_verbose => {
                let comment = chars[at..].iter().take_while(|c| **c != '\n').count();
                at += comment;
                continue;
            }
            _ => out.push(c),
        }
        at += 1;
    }
    Ok(out)
}

/// Tells whether the flags that open a pattern, `(?ix)`, make it verbose.
fn starts_verbose(pattern: &str) -> bool {
    let flags = pattern.trim_start().strip_prefix("(?").and_then(|rest| rest.split_once(')'));
    flags
        .is_some_and(|(letters, _)| letters.contains('x') && letters.chars().all(|c| c.is_ascii_alphabetic()))
}

fn escaped(out: &mut String, pattern: &str, c: Option<char>) -> Result<(), Error> {
    match c {
        Some('Z') => out.push_str("\\z"),
        Some(c @ ('<' | '>')) => out.push(c),
        Some(c) if !c.is_ascii() => out.push(c),
        Some(c) => {
            out.push('\\');
            out.push(c);
        }
        None => return Err(Error::runtime(format!("the pattern `{pattern}` ends in a backslash"))),
    }
    Ok(())
}

/// Copies a class; returns the place of its last character.
fn class(out: &mut String, chars: &[char], open: usize) -> usize {
    out.push('[');
    let mut at = open + 1;
    if chars.get(at) == Some(&'^') {
        out.push('^');
        at += 1;
    }
    if chars.get(at) == Some(&']') {
        out.push_str("\\]");
        at += 1;
    }
    while let Some(&c) = chars.get(at) {
        match c {
            ']' => {
                out.push(']');
                return at;
            }
            '\\' => {
                out.push('\\');
                at += 1;
                out.extend(chars.get(at));
            }
            '[' | '&' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '-' if chars.get(at + 1) == Some(&'-') => out.push_str("\\-"),
            _ => out.push(c),
        }
        at += 1;
    }
    at
}

fn is_repetition(rest: &[char]) -> bool {
    let Some(end) = rest.iter().position(|c| *c == '}') else { return false };
    let inside: String = rest[..end].iter().collect();
    let number = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    match inside.split_once(',') {
        Some((low, high)) => !low.is_empty() && number(low) && number(high),
        None => !inside.is_empty() && number(&inside),
    }
}

fn closes_repetition(out: &str) -> bool {
    out.rfind('{').is_some_and(|open| {
        !out[..open].ends_with('\\') && out[open + 1..].chars().all(|c| c.is_ascii_digit() || c == ',')
    }) || out.rfind("\\p{").is_some_and(|open| !out[open..].contains('}'))
}

enum Part {
    Text(String),
    Group(Value),
}

/// A replacement template: `\1`, `\g<name>`, escapes.
pub(super) struct Replacement(Vec<Part>);

impl Replacement {
    pub(super) fn parse(template: &str) -> Result<Self, Error> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut chars = template.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '\\' {
                text.push(c);
                continue;
            }
            match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('r') => text.push('\r'),
                Some('g') => {
                    let open = chars.next();
                    let name: String = chars.by_ref().take_while(|c| *c != '>').collect();
                    if open != Some('<') || name.is_empty() {
                        return Err(Error::runtime("missing group name in the replacement"));
                    }
                    let group = name.parse::<usize>().map_or_else(|_| Value::from(name), size);
                    parts.push(Part::Text(std::mem::take(&mut text)));
                    parts.push(Part::Group(group));
                }
                Some(digit @ '0'..='9') => {
                    let mut number = digit.to_string();
                    number.extend(chars.next_if(char::is_ascii_digit));
                    parts.push(Part::Text(std::mem::take(&mut text)));
                    parts.push(Part::Group(size(number.parse().unwrap_or(0))));
                }
                Some(letter) if letter.is_ascii_alphabetic() => {
                    return Err(Error::runtime(format!("bad escape `\\{letter}` in the replacement")));
                }
                Some('\\') | None => text.push('\\'),
                Some(other) => {
                    text.push('\\');
                    text.push(other);
                }
            }
        }
        parts.push(Part::Text(text));
        Ok(Self(parts))
    }

    /// Writes the replacement, with the text of a group from a function.
    pub(super) fn expand(
        &self,
        out: &mut String,
        group: impl Fn(Value) -> Result<String, Error>,
    ) -> Result<(), Error> {
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Group(which) => out.push_str(&group(which.clone())?),
            }
        }
        Ok(())
    }
}
