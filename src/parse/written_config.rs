//! The arguments of a `config()` call as they are written, for `unrendered_config`.
//!
//! Input: code. Output: each key of its first call with a text that changes when the argument does: dbt's for
//! literals, names and calls, so that its manifests can be compared with; the source for anything more. Called by
//! `drafts` and `test_nodes`.

use crate::manifest::Json;

/// Returns the named arguments of the first `config()` call in a text.
pub(super) fn arguments(text: &str) -> Vec<(String, Json)> {
    let Some(start) = text.find("config(").map(|at| at + "config(".len()) else { return Vec::new() };
    let end = text[start..].char_indices().scan(Scan::default(), |scan, (at, c)| Some((scan.step(c), at)));
    let end = end.into_iter().find(|(outside, _)| *outside == Outside::End).map(|(_, at)| start + at);
    let inner = &text[start..end.unwrap_or(text.len())];
    pieces(inner, ',')
        .into_iter()
        .filter_map(keyword)
        .map(|(key, shown)| (key.to_owned(), shown.into()))
        .collect()
}

/// Shows `key=value`; nothing for what has no key.
fn keyword(text: &str) -> Option<(&str, String)> {
    let (key, value) = text.split_once('=')?;
    let key = key.trim();
    (is_name(key) && !value.starts_with('='))
        .then(|| (key, format!("Keyword(key='{key}', value={})", shown(value.trim()))))
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn shown(value: &str) -> String {
    if let Some(constant) = constant(value) {
        return format!("Const(value={constant})");
    }
    if let Some(items) = enclosed(value, '[', ']') {
        return format!("List(items={})", list(items, shown));
    }
    if let Some(items) = enclosed(value, '{', '}') {
        let pair = |item: &str| match pieces(item, ':').as_slice() {
            [key, value] => format!("Pair(key={}, value={})", shown(key.trim()), shown(value.trim())),
            _ => item.to_owned(),
        };
        return format!("Dict(items={})", list(items, pair));
    }
    if is_name(value) {
        return format!("Name(name='{value}', ctx='load')");
    }
    let call = value.split_once('(').filter(|(name, _)| is_name(name));
    match call.and_then(|(name, _)| Some((name, enclosed(&value[name.len()..], '(', ')')?))) {
        Some((name, inner)) => called(name, inner),
        None => value.to_owned(),
    }
}

fn called(name: &str, inner: &str) -> String {
    let (named, plain): (Vec<&str>, Vec<&str>) = pieces(inner, ',')
        .into_iter()
        .filter(|item| !item.trim().is_empty())
        .partition(|item| keyword(item).is_some());
    let plain: Vec<String> = plain.iter().map(|item| shown(item.trim())).collect();
    let named: Vec<String> = named.iter().filter_map(|item| keyword(item)).map(|(_, shown)| shown).collect();
    format!(
        "Call(node=Name(name='{name}', ctx='load'), args=[{}], kwargs=[{}], dyn_args=None, dyn_kwargs=None)",
        plain.join(", "),
        named.join(", ")
    )
}

fn list(items: &str, show: impl Fn(&str) -> String) -> String {
    let items = pieces(items, ',').into_iter().map(str::trim).filter(|item| !item.is_empty());
    format!("[{}]", items.map(show).collect::<Vec<_>>().join(", "))
}

/// Returns what is between two brackets that belong together.
fn enclosed(text: &str, open: char, close: char) -> Option<&str> {
    let inner = text.strip_prefix(open)?.strip_suffix(close)?;
    let mut scan = Scan::default();
    inner.chars().all(|c| scan.step(c) != Outside::End).then_some(inner)
}

fn constant(value: &str) -> Option<String> {
    let quoted = |quote: char| {
        let inner = value.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.contains([quote, '\\', '\''])).then(|| format!("'{inner}'"))
    };
    match value {
        "true" | "True" => Some("True".to_owned()),
        "false" | "False" => Some("False".to_owned()),
        "none" | "None" => Some("None".to_owned()),
        number if number.parse::<i64>().is_ok() => Some(number.to_owned()),
        _ => quoted('\'').or_else(|| quoted('"')),
    }
}

/// Splits at a mark outside of brackets and quotes.
fn pieces(text: &str, mark: char) -> Vec<&str> {
    let (mut found, mut start, mut scan) = (Vec::new(), 0, Scan::default());
    for (at, c) in text.char_indices() {
        if scan.step(c) == Outside::Yes && c == mark {
            found.push(&text[start..at]);
            start = at + c.len_utf8();
        }
    }
    found.push(&text[start..]);
    found
}

/// Whether a character stands outside of brackets and quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outside {
    Yes,
    No,
    /// It closes a bracket that was not opened.
    End,
}

/// Reads expressions character by character.
#[derive(Default)]
struct Scan {
    depth: usize,
    quote: Option<char>,
    escaped: bool,
}

impl Scan {
    fn step(&mut self, c: char) -> Outside {
        if let Some(open) = self.quote {
            if self.escaped {
                self.escaped = false;
            } else if c == '\\' {
                self.escaped = true;
            } else if c == open {
                self.quote = None;
            }
            return Outside::No;
        }
        match c {
            '\'' | '"' => self.quote = Some(c),
            '(' | '[' | '{' => self.depth += 1,
            ')' | ']' | '}' if self.depth == 0 => return Outside::End,
            ')' | ']' | '}' => self.depth -= 1,
            _ if self.depth == 0 => return Outside::Yes,
            _ => {}
        }
        Outside::No
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_shown_as_dbt_shows_them() {
        let call = r#"{{ config(materialized = "table", enabled=true, tags=['a', "b,c"],
            schema=env_var('S', 'a)b'), meta={'x': f(1, y=2)}, limit=10, alias='a' ~ b,) }} select config(x=1)"#;
        let found: Vec<(String, String)> =
            arguments(call).into_iter().map(|(key, text)| (key, text.as_str().unwrap().to_owned())).collect();
        let call = |name: &str, args: &str, kwargs: &str| {
            format!(
                "Call(node=Name(name='{name}', ctx='load'), args=[{args}], kwargs=[{kwargs}], dyn_args=None, dyn_kwargs=None)"
            )
        };
        let env = call("env_var", "Const(value='S'), Const(value='a)b')", "");
        let f = call("f", "Const(value=1)", "Keyword(key='y', value=Const(value=2))");
        let want = [
            ("materialized", "Const(value='table')".to_owned()),
            ("enabled", "Const(value=True)".to_owned()),
            ("tags", "List(items=[Const(value='a'), Const(value='b,c')])".to_owned()),
            ("schema", env),
            ("meta", format!("Dict(items=[Pair(key=Const(value='x'), value={f})])")),
            ("limit", "Const(value=10)".to_owned()),
            ("alias", "'a' ~ b".to_owned()),
        ];
        let want = want.map(|(key, value)| (key.to_owned(), format!("Keyword(key='{key}', value={value})")));
        assert_eq!(found, want);
        assert_eq!(arguments("config({'materialized': 'table'})"), []);
        assert_eq!(arguments("select 1"), []);
    }
}
