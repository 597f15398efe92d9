//! `modules.re`: Python's regular expressions.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use fancy_regex::{Captures, Regex};

use super::pattern::{Replacement, translate};
use crate::hash::HashMap;
use crate::jinja::call::{Call, function};
use crate::jinja::error::Error;
use crate::jinja::value::{
    Instance, Value, as_int, check_length, dict, int, lazy_iterator, list, none, object, py_repr, py_str,
    size, tuple,
};

/// The flags as Python numbers them.
pub(super) const IGNORECASE: i128 = 2;
pub(super) const MULTILINE: i128 = 8;
pub(super) const DOTALL: i128 = 16;
pub(super) const VERBOSE: i128 = 64;

/// `modules.re`.
pub(super) fn module() -> Value {
    let flags = [
        ("I", IGNORECASE),
        ("IGNORECASE", IGNORECASE),
        ("M", MULTILINE),
        ("MULTILINE", MULTILINE),
        ("S", DOTALL),
        ("DOTALL", DOTALL),
        ("X", VERBOSE),
        ("VERBOSE", VERBOSE),
        ("U", 32),
        ("UNICODE", 32),
        ("A", 256),
        ("ASCII", 256),
        ("NOFLAG", 0),
    ];
    let functions = [
        ("compile", function("compile", |call| take_pattern(call).map(object))),
        ("search", function("search", |call| top_level(call, "search"))),
        ("match", function("match", |call| top_level(call, "match"))),
        ("fullmatch", function("fullmatch", |call| top_level(call, "fullmatch"))),
        ("findall", function("findall", |call| top_level(call, "findall"))),
        ("finditer", function("finditer", |call| top_level(call, "finditer"))),
        ("split", function("split", |call| top_level(call, "split"))),
        ("sub", function("sub", |call| top_level(call, "sub"))),
        ("subn", function("subn", |call| top_level(call, "subn"))),
        ("escape", function("escape", escape)),
        ("purge", function("purge", |call| call.args.finish().map(|()| none()))),
    ];
    dict(flags.into_iter().map(|(name, flag)| (name, int(flag))).chain(functions))
}

/// Where a match must lie.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Anchor {
    Anywhere,
    Start,
    Whole,
}

/// A compiled pattern.
struct Pattern {
    source: Arc<str>,
    flags: i128,
}

type Cache = Mutex<HashMap<(Arc<str>, i128, Anchor), Arc<Regex>>>;

/// Compiles a pattern, or takes it from those compiled before.
fn regex(source: &Arc<str>, flags: i128, anchor: Anchor) -> Result<Arc<Regex>, Error> {
    static CACHE: LazyLock<Cache> = LazyLock::new(Cache::default);
    let key = (Arc::clone(source), flags, anchor);
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = cache.get(&key) {
        return Ok(Arc::clone(known));
    }
    let translated = translate(source, flags)?;
    let translated = match anchor {
        Anchor::Anywhere => translated,
        Anchor::Start => format!(r"\A(?:{translated})"),
        Anchor::Whole => format!(r"\A(?:{translated})\z"),
    };
    let compiled = Regex::new(&translated).map_err(|error| {
        let reason = error.to_string();
        let last = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
        Error::runtime(format!("the pattern `{source}` cannot be used: {last}"))
    })?;
    if cache.len() >= 256 {
        cache.clear();
    }
    let compiled = Arc::new(compiled);
    cache.insert(key, Arc::clone(&compiled));
    Ok(compiled)
}

/// Takes a pattern, compiled or as text, and its flags.
fn take_pattern(call: &mut Call<'_>) -> Result<Pattern, Error> {
    let given = call.args.required("pattern")?;
    let flags = call.args.keyword("flags");
    if let Some(pattern) = crate::jinja::value::downcast::<Pattern>(&given) {
        return Ok(Pattern { source: Arc::clone(&pattern.source), flags: pattern.flags });
    }
    let source = given.to_str().ok_or_else(|| Error::runtime("a pattern must be text"))?;
    let number = |flags: Value| as_int(&flags).ok_or_else(|| Error::runtime("flags must be an integer"));
    let flags = flags.map(number).transpose()?.unwrap_or(0);
    regex(&source, flags, Anchor::Anywhere)?;
    Ok(Pattern { source, flags })
}

/// `re.search(pattern, ...)` and its kin: flags may come last by place.
fn top_level(call: &mut Call<'_>, name: &str) -> Result<Value, Error> {
    let by_place = match name {
        "sub" | "subn" => 5,
        "split" => 4,
        _ => 3,
    };
    if call.args.positional.len() == by_place {
        let flags = call.args.positional.pop().unwrap_or_default();
        call.args.named.push(("flags".into(), flags));
    }
    let pattern = take_pattern(call)?;
    pattern.run(name, call)
}

fn escape(call: &mut Call<'_>) -> Result<Value, Error> {
    let text = call.args.required_str("pattern")?;
    call.args.finish()?;
    let special = "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}";
    let mut out = String::new();
    for c in text.chars() {
        if special.contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    Ok(Value::from(out))
}

impl Pattern {
    fn run(&self, name: &str, call: &mut Call<'_>) -> Result<Value, Error> {
        match name {
            "search" => self.find(call, Anchor::Anywhere),
            "match" => self.find(call, Anchor::Start),
            "fullmatch" => self.find(call, Anchor::Whole),
            "findall" => Ok(list(self.matches(call)?.iter().map(Match::found).collect::<Vec<_>>())),
            "finditer" => {
                let mut matches = self.matches(call)?.into_iter();
                Ok(lazy_iterator("callable_iterator", move || matches.next().map(|m| Ok(object(m)))))
            }
            "split" => self.split(call),
            "sub" => self.replace(call).map(|(text, _)| Value::from(text)),
            _ => self.replace(call).map(|(text, count)| tuple([Value::from(text), size(count)])),
        }
    }

    /// Patterns with lookaround or references to groups are matched by trying, within a limit of steps.
    fn gave_up(&self, error: &fancy_regex::Error) -> Error {
        Error::runtime(format!("the pattern `{}` cannot be matched: {error}", self.source))
    }

    fn find(&self, call: &mut Call<'_>, anchor: Anchor) -> Result<Value, Error> {
        let text = call.args.required_str("string")?;
        call.args.finish()?;
        let regex = regex(&self.source, self.flags, anchor)?;
        let found = regex.captures(&*text).map_err(|error| self.gave_up(&error))?;
        Ok(found.map_or_else(none, |found| object(Match::new(&regex, &text, &found))))
    }

    fn matches(&self, call: &mut Call<'_>) -> Result<Vec<Match>, Error> {
        let text = call.args.required_str("string")?;
        call.args.finish()?;
        self.first_matches(&text, usize::MAX)
    }

    /// Finds at most `most` matches, one after the other. An empty one may follow right behind another, as
    /// in Python.
    fn first_matches(&self, text: &Arc<str>, most: usize) -> Result<Vec<Match>, Error> {
        let regex = regex(&self.source, self.flags, Anchor::Anywhere)?;
        let mut found = Vec::new();
        let mut from = 0;
        while found.len() < most && from <= text.len() {
            let captures = regex.captures_from_pos(&**text, from).map_err(|error| self.gave_up(&error))?;
            let Some(captures) = captures else { break };
            let next = Match::new(&regex, text, &captures);
            let (start, end) = next.range();
            let step = text[end..].chars().next().map_or(1, char::len_utf8);
            from = if start == end { end + step } else { end };
            found.push(next);
        }
        Ok(found)
    }

    fn split(&self, call: &mut Call<'_>) -> Result<Value, Error> {
        let text = call.args.required_str("string")?;
        let most = call.args.optional_int("maxsplit")?.unwrap_or(0);
        call.args.finish()?;
        let most = usize::try_from(most).ok().filter(|n| *n > 0).unwrap_or(usize::MAX);
        let mut parts = Vec::new();
        let mut last = 0;
        for found in self.first_matches(&text, most)? {
            let (start, end) = found.range();
            parts.push(Value::from(&text[last..start]));
            parts.extend((1..found.groups.len()).map(|index| found.group(index)));
            last = end;
        }
        parts.push(Value::from(&text[last..]));
        Ok(list(parts))
    }

    fn replace(&self, call: &mut Call<'_>) -> Result<(String, usize), Error> {
        let with = call.args.required("repl")?;
        let text = call.args.required_str("string")?;
        let most = call.args.optional_int("count")?.unwrap_or(0);
        call.args.finish()?;
        let most = usize::try_from(most).ok().filter(|n| *n > 0).unwrap_or(usize::MAX);
        let template = with.as_str().map(Replacement::parse).transpose()?;
        let (mut out, mut last, mut count) = (String::with_capacity(text.len()), 0, 0);
        for found in self.first_matches(&text, most)? {
            let (start, end) = found.range();
            out.push_str(&text[last..start]);
            match &template {
                Some(template) => found.expand(template, &mut out)?,
                None => out.push_str(&py_str(&call.call(&with, [object(found)])?)),
            }
            check_length(out.len())?;
            last = end;
            count += 1;
        }
        out.push_str(&text[last..]);
        Ok((out, count))
    }
}

const PATTERN_METHODS: &[&str] =
    &["search", "match", "fullmatch", "findall", "finditer", "split", "sub", "subn"];

impl Instance for Pattern {
    fn type_name(&self) -> &'static str {
        "re.Pattern"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(match name {
            "pattern" => Some(Value::from(&*self.source)),
            "flags" => Some(int(self.flags | 32)),
            "groups" => Some(size(regex(&self.source, self.flags, Anchor::Anywhere)?.captures_len() - 1)),
            _ => None,
        })
    }

    fn has_method(&self, name: &str) -> bool {
        PATTERN_METHODS.contains(&name)
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        self.has_method(name).then(|| self.run(name, call))
    }

    fn repr(&self) -> String {
        format!("re.compile({})", py_repr(&Value::from(&*self.source)))
    }
}

/// A match: byte ranges of the groups, the whole match first.
struct Match {
    text: Arc<str>,
    groups: Vec<Option<(usize, usize)>>,
    names: Vec<(String, usize)>,
}

impl Match {
    fn new(regex: &Regex, text: &Arc<str>, found: &Captures<'_, str>) -> Self {
        let names = regex.capture_names().enumerate();
        Self {
            text: Arc::clone(text),
            groups: found.iter().map(|group| group.map(|g| (g.start(), g.end()))).collect(),
            names: names.filter_map(|(i, name)| Some((name?.to_owned(), i))).collect(),
        }
    }

    /// Returns where the whole match lies, in bytes.
    fn range(&self) -> (usize, usize) {
        self.groups.first().copied().flatten().unwrap_or_default()
    }

    /// Writes a replacement; a group that took no part is empty.
    fn expand(&self, template: &Replacement, out: &mut String) -> Result<(), Error> {
        template.expand(out, |group| {
            let index = self.index(&group).map_err(|_| no_group(&group))?;
            Ok(self.group(index).as_str().unwrap_or_default().to_owned())
        })
    }

    fn index(&self, group: &Value) -> Result<usize, Error> {
        let index = match group.as_str() {
            Some(name) => self.names.iter().find(|(known, _)| known == name).map(|(_, i)| *i),
            None => as_int(group).and_then(|i| usize::try_from(i).ok()).filter(|i| *i < self.groups.len()),
        };
        index.ok_or_else(|| Error::runtime(format!("no such group: {}", py_repr(group))))
    }

    fn group(&self, index: usize) -> Value {
        let range = self.groups.get(index).copied().flatten();
        range.map_or_else(none, |(start, end)| Value::from(&self.text[start..end]))
    }

    /// What `findall` gives for this match.
    fn found(&self) -> Value {
        let text = |index| {
            let group = self.group(index);
            if group.is_none() { Value::from("") } else { group }
        };
        match self.groups.len() {
            1 => text(0),
            2 => text(1),
            n => tuple((1..n).map(text).collect::<Vec<_>>()),
        }
    }

    /// Returns where a group lies, in characters; -1 for a group that took no part.
    fn span(&self, index: usize) -> (Value, Value) {
        let chars = |at: usize| size(self.text[..at].chars().count());
        match self.groups.get(index).copied().flatten() {
            Some((start, end)) => (chars(start), chars(end)),
            None => (int(-1), int(-1)),
        }
    }

    fn method(&self, name: &str, call: &mut Call<'_>) -> Result<Value, Error> {
        let args = &mut call.args;
        match name {
            "group" => {
                let wanted = args.rest();
                let groups = wanted.iter().map(|g| self.index(g).map(|i| self.group(i)));
                let mut groups = groups.collect::<Result<Vec<_>, _>>()?;
                Ok(match groups.len() {
                    0 => self.group(0),
                    1 => groups.remove(0),
                    _ => tuple(groups),
                })
            }
            "groups" | "groupdict" => {
                let default = args.optional("default").unwrap_or_else(none);
                let or_default = |i| {
                    let group = self.group(i);
                    if group.is_none() { default.clone() } else { group }
                };
                if name == "groups" {
                    return Ok(tuple((1..self.groups.len()).map(or_default).collect::<Vec<_>>()));
                }
                Ok(dict(self.names.iter().map(|(name, i)| (name.as_str(), or_default(*i)))))
            }
            "expand" => {
                let template = args.required_str("template")?;
                let mut out = String::new();
                self.expand(&Replacement::parse(&template)?, &mut out)?;
                Ok(Value::from(out))
            }
            _ => {
                let group = args.optional("group").unwrap_or_else(|| int(0));
                let (start, end) = self.span(self.index(&group)?);
                Ok(match name {
                    "start" => start,
                    "end" => end,
                    _ => tuple([start, end]),
                })
            }
        }
    }
}

fn no_group(group: &Value) -> Error {
    Error::runtime(format!("invalid group reference {}", py_repr(group)))
}

impl Instance for Match {
    fn type_name(&self) -> &'static str {
        "re.Match"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        let last = || self.groups.iter().skip(1).rposition(Option::is_some).map(|i| i + 1);
        Ok(match name {
            "string" => Some(Value::from(&*self.text)),
            "pos" => Some(int(0)),
            "endpos" => Some(size(self.text.chars().count())),
            "lastindex" => Some(last().map_or_else(none, size)),
            "lastgroup" => {
                let named = self.names.iter().find(|(_, i)| Some(*i) == last());
                Some(named.map_or_else(none, |(name, _)| Value::from(name.as_str())))
            }
            _ => None,
        })
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        self.index(key).map(|index| Some(self.group(index)))
    }

    fn has_method(&self, name: &str) -> bool {
        matches!(name, "group" | "groups" | "groupdict" | "expand" | "start" | "end" | "span")
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        self.has_method(name).then(|| self.method(name, call))
    }

    fn truth(&self) -> bool {
        true
    }

    fn repr(&self) -> String {
        let (start, end) = self.span(0);
        let (start, end, found) = (py_str(&start), py_str(&end), py_repr(&self.group(0)));
        format!("<re.Match object; span=({start}, {end}), match={found}>")
    }
}
