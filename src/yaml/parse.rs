//! Text → tree. The only file that names the YAML crate.
//!
//! The crate (libyaml inside, as in `PyYAML`) decides what is YAML and delivers nodes with untyped text
//! and starts; types, merge keys, duplicate keys and ends are decided here. Every problem of a file is
//! reported, except that broken syntax stops at its first place.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use serde_yaml::StringNode;

use crate::diag::{Code, Diagnostic, FileId, Sources, Span, line_col};
use crate::hash::HashMap;

use super::place::{self, Head, Style};
use super::scalar::{self, Plain};
use super::{Entry, Map, Value, Yaml, syntax};

/// The tree, unless there are errors, and everything found wrong. Warnings leave the tree in place.
pub type Parsed = (Option<Yaml>, Vec<Diagnostic>);

/// The most brackets that may be open at once. The parser looks at all of them again at each token.
const MOST_OPEN: usize = 2000;
const TOO_DEEP: &str = "brackets are nested too deeply, or are not closed";

/// Returns the bracket that is one too many. Those in quotes and comments count as well: of these, too, people close most.
fn too_deep(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    text.bytes().position(|byte| {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open > MOST_OPEN
    })
}

/// Parses a file of the store. An empty file gives [`Value::Null`].
pub fn parse(sources: &Sources, file: FileId) -> Parsed {
    let Some(source) = sources.get(file) else { return (None, Vec::new()) };
    let bom = if source.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let text = &source.text[bom..];
    let path = &source.path;
    if let Some(place) = too_deep(text) {
        let span = Span::new(file, place + bom, place + bom + 1);
        return (None, vec![Diagnostic::error(Code::YAML_SYNTAX, span, TOO_DEEP)]);
    }
    let mut builder = Builder { path, text, bom, file, anchors: HashMap::default(), found: Vec::new() };
    match StringNode::from_str(text) {
        Ok(node) => {
            let tree = builder.node(&node);
            let failed = builder.found.iter().any(Diagnostic::is_error);
            (if failed { None } else { Some(tree) }, builder.found)
        }
        Err(error) => {
            let place = error.location().map(|marker| marker.index());
            let problem = syntax::Problem { text, message: &error.to_string(), place };
            (None, vec![problem.explain(|from, to| builder.span(from, to))])
        }
    }
}

/// Adds a text under a name to show, for example `--vars`, and parses it.
pub fn parse_text(sources: &Sources, name: impl Into<Utf8PathBuf>, text: impl Into<Arc<str>>) -> Parsed {
    let file = sources.add(name, text);
    parse(sources, file)
}

struct Builder<'a> {
    /// The file's path as shown.
    path: &'a Utf8Path,
    text: &'a str,
    /// Bytes of a byte order mark in front of `text`.
    bom: usize,
    file: FileId,
    anchors: HashMap<&'a str, Yaml>,
    found: Vec<Diagnostic>,
}

impl Builder<'_> {
    fn span(&self, from: usize, to: usize) -> Span {
        Span::new(self.file, from + self.bom, to + self.bom)
    }

    fn node(&mut self, node: &StringNode) -> Yaml {
        let (start, limit) = (node.span().start.index(), node.span().end.index());
        if let Some(name) = place::alias(self.text, start)
            && let Some(known) = self.anchors.get(name)
        {
            let span = self.span(start, start + 1 + name.len());
            return Yaml::new(span, known.value.clone());
        }
        let head = match node {
            // In `!!str a: 1` the tag belongs to the key, which starts where the mapping starts.
            StringNode::Mapping(pairs, _)
                if pairs.first().is_some_and(|(k, _)| k.span().start.index() == start) =>
            {
                Head { content: start, ..Head::default() }
            }
            _ => place::head(self.text, start),
        };
        let (value, end) = match node {
            StringNode::Scalar(text, _) => self.scalar(text, &head, limit),
            StringNode::QuotedScalar(text, _) => {
                let end = place::scalar_end(self.text, head.content, limit, (text, Style::Quoted));
                (self.tagged(text, &head, end).unwrap_or_else(|| Value::Str(text.as_str().into())), end)
            }
            StringNode::Sequence(items, _) => self.sequence(items, &head),
            StringNode::Mapping(pairs, _) => self.mapping(pairs, &head),
        };
        let yaml = Yaml::new(self.span(start, end), value);
        if let Some(anchor) = head.anchor {
            self.anchors.insert(anchor, yaml.clone());
        }
        yaml
    }

    fn scalar(&mut self, text: &str, head: &Head<'_>, limit: usize) -> (Value, usize) {
        let block = matches!(self.text.as_bytes().get(head.content), Some(b'|' | b'>'));
        if text.is_empty() && !block {
            let none = if head.tag == Some("!") { Value::Str("".into()) } else { Value::Null };
            return (self.tagged("", head, head.content).unwrap_or(none), head.content);
        }
        let style = if block { Style::Block } else { Style::Plain };
        let end = place::scalar_end(self.text, head.content, limit, (text, style));
        if let Some(value) = self.tagged(text, head, end) {
            return (value, end);
        }
        if block {
            return (Value::Str(text.into()), end);
        }
        let span = self.span(head.content, end);
        let value = match scalar::resolve(text) {
            Ok(Plain::Value(value)) => value,
            Ok(Plain::Merge | Plain::Equals) => {
                let message = format!("`{text}` alone is not a value");
                self.error(span, message, "put quotes around it");
                Value::Null
            }
            Err(message) => {
                self.error(span, message, "put quotes around it if it is text");
                Value::Null
            }
        };
        (value, end)
    }

    /// Types text under an explicit tag; `None` without one.
    fn tagged(&mut self, text: &str, head: &Head<'_>, end: usize) -> Option<Value> {
        let tag = head.tag.filter(|tag| *tag != "!")?;
        let name = tag_name(tag);
        if name == "str" {
            return Some(Value::Str(text.into()));
        }
        let value = scalar::tagged(name, text);
        if value.is_none() {
            let span = self.span(head.content.min(end), end);
            match name {
                "bool" | "int" | "float" | "null" | "timestamp" => {
                    self.error(
                        span,
                        format!("`{text}` does not fit the tag `{tag}`"),
                        "correct it or remove the tag",
                    );
                }
                _ => self.unknown_tag(head, tag),
            }
        }
        Some(value.unwrap_or(Value::Null))
    }

    fn unknown_tag(&mut self, head: &Head<'_>, tag: &str) {
        let before = self.text[..head.content].rfind(tag).unwrap_or(head.content);
        let span = self.span(before, before + tag.len());
        self.error(span, format!("unknown tag `{tag}`"), "put quotes around a value that begins with `!`");
    }

    fn collection_tag(&mut self, head: &Head<'_>, fitting: &str) {
        if let Some(tag) = head.tag
            && tag_name(tag) != fitting
            && tag != "!"
        {
            self.unknown_tag(head, tag);
        }
    }

    fn sequence(&mut self, nodes: &[StringNode], head: &Head<'_>) -> (Value, usize) {
        self.collection_tag(head, "seq");
        let items: Vec<Yaml> = nodes.iter().map(|node| self.node(node)).collect();
        let after = items.last().map_or(head.content, |item| item.span.end as usize - self.bom);
        (Value::Seq(items), place::collection_end(self.text, head.content, after))
    }

    fn mapping(&mut self, pairs: &[(StringNode, StringNode)], head: &Head<'_>) -> (Value, usize) {
        self.collection_tag(head, "map");
        let mut own = Keys::with_capacity(pairs.len());
        let mut merged = Vec::new();
        let mut after = head.content;
        for (key, value) in pairs {
            if self.is_merge(key) {
                let value = self.node(value);
                after = after.max(value.span.end as usize - self.bom);
                self.merge(&value, &mut merged);
                continue;
            }
            let (key, typed) = self.key(key);
            let value = self.node(value);
            after = after.max(value.span.end as usize - self.bom).max(key.span.end as usize - self.bom);
            let Value::Str(text) = key.value else { continue };
            let entry = Entry { key: text, key_span: key.span, typed_key: typed, value };
            if let Some(first) = own.add(entry) {
                self.found.push(self.duplicate(&own.entries[first.at], first.span, key.span));
            }
        }
        let map = if merged.is_empty() { Map::new(own.entries) } else { merge_under(merged, own.entries) };
        (Value::Map(map), place::collection_end(self.text, head.content, after))
    }

    /// Types a key. The result is text as JSON spells the key; the second part is its value when it was
    /// not text.
    fn key(&mut self, node: &StringNode) -> (Yaml, Option<Box<Value>>) {
        if let StringNode::Scalar(text, span) = node
            && text == "="
        {
            let start = span.start.index();
            return (Yaml::text(self.span(start, start + 1), "="), None);
        }
        let key = self.node(node);
        let text: Arc<str> = match &key.value {
            Value::Str(text) => return (Yaml::text(key.span, Arc::clone(text)), None),
            Value::Null => "null".into(),
            Value::Bool(value) => value.to_string().into(),
            Value::Int(value) => value.to_string().into(),
            Value::Float(value) => super::json::python_float(*value).into(),
            Value::Time(time) => time.iso().into(),
            Value::Seq(_) | Value::Map(_) => {
                self.found.push(self.unhashable(&key));
                return (key, None);
            }
        };
        (Yaml::text(key.span, text), Some(Box::new(key.value)))
    }

    /// A list or mapping as a key is nearly always Jinja without quotes.
    fn unhashable(&self, key: &Yaml) -> Diagnostic {
        let start = key.span.start as usize - self.bom;
        let braces = self.text[..start].ends_with('{') && self.text[start..].starts_with('{');
        if braces {
            let end =
                self.text[start..].find("}}").map_or(key.span.end as usize - self.bom, |at| start + at + 2);
            let span = self.span(start - 1, end);
            return Diagnostic::error(
                Code::YAML_SYNTAX,
                span,
                "Jinja without quotes is read as a YAML mapping",
            )
            .help(syntax::QUOTE_JINJA);
        }
        let message = format!("a key must be one word or number, but is {}", key.kind());
        Diagnostic::error(Code::YAML_SYNTAX, key.span, message)
    }

    fn is_merge(&self, key: &StringNode) -> bool {
        matches!(key, StringNode::Scalar(text, span) if text == "<<"
            && self.text.get(span.start.index()..).is_some_and(|rest| rest.starts_with("<<")))
    }

    /// Collects what `<<: value` brings, weakest first. Of a list the first mapping wins, as YAML's page on merge keys says and
    /// `PyYAML` did until 6.0.3; 6.0.4 compares keys by their address, so that the last wins where keys are longer than a letter.
    fn merge(&mut self, value: &Yaml, merged: &mut Vec<Entry>) {
        match &value.value {
            Value::Map(map) => merged.extend(map.iter().cloned()),
            Value::Seq(items) if items.iter().all(|item| item.as_map().is_some()) => {
                for map in items.iter().rev().filter_map(Yaml::as_map) {
                    merged.extend(map.iter().cloned());
                }
            }
            _ => {
                let message =
                    format!("`<<` merges a mapping or a list of mappings, but this is {}", value.kind());
                self.error(value.span, message, "refer to a mapping, for example `<<: *defaults`");
            }
        }
    }

    /// Says so in dbt's words, which scripts look for. dbt leaves out the empty lines at the top before it counts.
    fn duplicate(&self, entry: &Entry, first: Span, again: Span) -> Diagnostic {
        let text = self.text.trim_start();
        let skipped = self.bom + self.text.len() - text.len();
        let at = line_col(text, (again.start as usize).saturating_sub(skipped));
        let place = format!("line {}, column {} in file `{}`", at.line, at.column, self.path);
        let message = format!("Duplicate key '{}' in \"<unicode string>\", {place}", entry.key);
        Diagnostic::warning(Code::YAML_DUPLICATE_KEY, again, message)
            .at("this one counts")
            .label(first, "this one is dropped")
            .help("remove one of them")
    }

    fn error(&mut self, span: Span, message: impl Into<String>, help: &str) {
        self.found.push(Diagnostic::error(Code::YAML_SYNTAX, span, message).help(help));
    }
}

/// Returns the name of a tag of YAML itself (`!!str`), empty for others.
fn tag_name(tag: &str) -> &str {
    let verbatim = || tag.strip_prefix("!<tag:yaml.org,2002:")?.strip_suffix('>');
    tag.strip_prefix("!!").or_else(verbatim).unwrap_or_default()
}

/// Own entries in order, with quick search once there are many.
struct Keys {
    entries: Vec<Entry>,
    index: HashMap<Arc<str>, usize>,
}

/// The entry that a later one replaced, and where its key stood.
struct Replaced {
    at: usize,
    span: Span,
}

/// Up to here a walk through the entries is quicker than hashing.
const FEW: usize = 12;

impl Keys {
    fn with_capacity(len: usize) -> Self {
        Self { entries: Vec::with_capacity(len), index: HashMap::default() }
    }

    /// Adds an entry; an equal key takes the new value and keeps its position, as in Python.
    fn add(&mut self, entry: Entry) -> Option<Replaced> {
        let known = if self.entries.len() <= FEW {
            self.entries.iter().position(|known| known.key == entry.key)
        } else {
            if self.index.is_empty() {
                self.index =
                    self.entries.iter().enumerate().map(|(at, e)| (Arc::clone(&e.key), at)).collect();
            }
            self.index.get(&entry.key).copied()
        };
        let Some(at) = known.filter(|at| self.entries[*at].typed_key.is_some() == entry.typed_key.is_some())
        else {
            if !self.index.is_empty() {
                self.index.insert(Arc::clone(&entry.key), self.entries.len());
            }
            self.entries.push(entry);
            return None;
        };
        let span = self.entries[at].key_span;
        self.entries[at] = entry;
        Some(Replaced { at, span })
    }
}

/// Merged entries come first and lose against own ones.
fn merge_under(merged: Vec<Entry>, own: Vec<Entry>) -> Map {
    let mut map = Map::default();
    for entry in merged.into_iter().chain(own) {
        map.insert(entry);
    }
    map
}
