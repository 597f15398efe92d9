//! Text → tree. The only file that names the YAML crate.
//!
//! Ordinary texts are left to `ordinary`, which gives the tree that this file would give, or none. For all others the
//! crate (libyaml inside, as in `PyYAML`) decides what is YAML and delivers nodes with untyped text and starts; types,
//! merge keys, duplicate keys and ends are decided here. Every problem of a file is reported, except that broken syntax
//! stops at its first place.

use std::sync::Arc;

use camino::Utf8PathBuf;
use serde_yaml::StringNode;

use crate::diag::{Code, Diagnostic, FileId, Sources, Span};
use crate::hash::HashMap;

use super::input::Input;
use super::keys::{self, Keys};
use super::place::{self, Head, Style};
use super::scalar::{self, Plain};
use super::{Entry, Map, Value, Yaml, ordinary, syntax};

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

/// Tells whether there are more brackets than may be open at once: nearly never, and much quicker to know.
fn many_brackets(text: &str) -> bool {
    let opening = |chunk: &[u8]| chunk.iter().map(|byte| u8::from(matches!(byte, b'[' | b'{'))).sum::<u8>();
    text.as_bytes().chunks(128).map(|chunk| usize::from(opening(chunk))).sum::<usize>() > MOST_OPEN
}

/// Parses a file of the store. An empty file gives [`Value::Null`].
pub fn parse(sources: &Sources, file: FileId) -> Parsed {
    let Some(source) = sources.get(file) else { return (None, Vec::new()) };
    let bom = if source.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let input = Input { path: &source.path, text: &source.text[bom..], bom, file };
    if many_brackets(input.text)
        && let Some(place) = too_deep(input.text)
    {
        let span = input.span(place, place + 1);
        return (None, vec![Diagnostic::error(Code::YAML_SYNTAX, span, TOO_DEEP)]);
    }
    match ordinary::read(input) {
        Some((tree, found)) => (Some(tree), found),
        None => parse_any(input),
    }
}

/// Parses whatever there is, or says what is wrong with it.
pub(super) fn parse_any(input: Input<'_>) -> Parsed {
    let mut builder = Builder { input, anchors: HashMap::default(), found: Vec::new() };
    match StringNode::from_str(input.text) {
        Ok(node) => {
            let tree = builder.node(&node);
            let failed = builder.found.iter().any(Diagnostic::is_error);
            (if failed { None } else { Some(tree) }, builder.found)
        }
        Err(error) => {
            let place = error.location().map(|marker| marker.index());
            let problem = syntax::Problem { text: input.text, message: &error.to_string(), place };
            (None, vec![problem.explain(|from, to| input.span(from, to))])
        }
    }
}

/// Adds a text under a name to show, for example `--vars`, and parses it.
pub fn parse_text(sources: &Sources, name: impl Into<Utf8PathBuf>, text: impl Into<Arc<str>>) -> Parsed {
    let file = sources.add(name, text);
    parse(sources, file)
}

struct Builder<'a> {
    input: Input<'a>,
    anchors: HashMap<&'a str, Yaml>,
    found: Vec<Diagnostic>,
}

impl Builder<'_> {
    fn node(&mut self, node: &StringNode) -> Yaml {
        let (start, limit) = (node.span().start.index(), node.span().end.index());
        if let Some(name) = place::alias(self.input.text, start)
            && let Some(known) = self.anchors.get(name)
        {
            let span = self.input.span(start, start + 1 + name.len());
            return Yaml::new(span, known.value.clone());
        }
        let head = match node {
            // In `!!str a: 1` the tag belongs to the key, which starts where the mapping starts.
            StringNode::Mapping(pairs, _)
                if pairs.first().is_some_and(|(k, _)| k.span().start.index() == start) =>
            {
                Head { content: start, ..Head::default() }
            }
            _ => place::head(self.input.text, start),
        };
        let (value, end) = match node {
            StringNode::Scalar(text, _) => self.scalar(text, &head, limit),
            StringNode::QuotedScalar(text, _) => {
                let end = place::scalar_end(self.input.text, head.content, limit, (text, Style::Quoted));
                (self.tagged(text, &head, end).unwrap_or_else(|| Value::Str(text.as_str().into())), end)
            }
            StringNode::Sequence(items, _) => self.sequence(items, &head),
            StringNode::Mapping(pairs, _) => self.mapping(pairs, &head),
        };
        let yaml = Yaml::new(self.input.span(start, end), value);
        if let Some(anchor) = head.anchor {
            self.anchors.insert(anchor, yaml.clone());
        }
        yaml
    }

    fn scalar(&mut self, text: &str, head: &Head<'_>, limit: usize) -> (Value, usize) {
        let block = matches!(self.input.text.as_bytes().get(head.content), Some(b'|' | b'>'));
        if text.is_empty() && !block {
            let none = if head.tag == Some("!") { Value::Str("".into()) } else { Value::Null };
            return (self.tagged("", head, head.content).unwrap_or(none), head.content);
        }
        let style = if block { Style::Block } else { Style::Plain };
        let end = place::scalar_end(self.input.text, head.content, limit, (text, style));
        if let Some(value) = self.tagged(text, head, end) {
            return (value, end);
        }
        if block {
            return (Value::Str(text.into()), end);
        }
        let span = self.input.span(head.content, end);
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
            let span = self.input.span(head.content.min(end), end);
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
        let before = self.input.text[..head.content].rfind(tag).unwrap_or(head.content);
        let span = self.input.span(before, before + tag.len());
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
        let after = items.last().map_or(head.content, |item| self.input.end(item.span));
        (Value::Seq(items), place::collection_end(self.input.text, head.content, after))
    }

    fn mapping(&mut self, pairs: &[(StringNode, StringNode)], head: &Head<'_>) -> (Value, usize) {
        self.collection_tag(head, "map");
        let mut own = Keys::with_capacity(pairs.len());
        let mut merged = Vec::new();
        let mut after = head.content;
        for (key, value) in pairs {
            if self.is_merge(key) {
                let value = self.node(value);
                after = after.max(self.input.end(value.span));
                self.merge(&value, &mut merged);
                continue;
            }
            let (key, typed) = self.key(key);
            let value = self.node(value);
            after = after.max(self.input.end(value.span)).max(self.input.end(key.span));
            let Value::Str(text) = key.value else { continue };
            let entry = Entry { key: text, key_span: key.span, typed_key: typed, value };
            own.add(entry, &self.input, &mut self.found);
        }
        let map = if merged.is_empty() { Map::new(own.entries) } else { merge_under(merged, own.entries) };
        (Value::Map(map), place::collection_end(self.input.text, head.content, after))
    }

    /// Types a key. The result is text as JSON spells the key; the second part is its value when it was
    /// not text.
    fn key(&mut self, node: &StringNode) -> (Yaml, Option<Box<Value>>) {
        if let StringNode::Scalar(text, span) = node
            && text == "="
        {
            let start = span.start.index();
            return (Yaml::text(self.input.span(start, start + 1), "="), None);
        }
        let key = self.node(node);
        let Some(text) = keys::spelling(&key.value) else {
            self.found.push(self.unhashable(&key));
            return (key, None);
        };
        let typed = key.as_str().is_none().then(|| Box::new(key.value));
        (Yaml::text(key.span, text), typed)
    }

    /// A list or mapping as a key is nearly always Jinja without quotes.
    fn unhashable(&self, key: &Yaml) -> Diagnostic {
        let start = self.input.start(key.span);
        let braces = self.input.text[..start].ends_with('{') && self.input.text[start..].starts_with('{');
        if braces {
            let end =
                self.input.text[start..].find("}}").map_or(self.input.end(key.span), |at| start + at + 2);
            let span = self.input.span(start - 1, end);
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
            && self.input.text.get(span.start.index()..).is_some_and(|rest| rest.starts_with("<<")))
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

    fn error(&mut self, span: Span, message: impl Into<String>, help: &str) {
        self.found.push(Diagnostic::error(Code::YAML_SYNTAX, span, message).help(help));
    }
}

/// Returns the name of a tag of YAML itself (`!!str`), empty for others.
fn tag_name(tag: &str) -> &str {
    let verbatim = || tag.strip_prefix("!<tag:yaml.org,2002:")?.strip_suffix('>');
    tag.strip_prefix("!!").or_else(verbatim).unwrap_or_default()
}

/// Merged entries come first and lose against own ones.
fn merge_under(merged: Vec<Entry>, own: Vec<Entry>) -> Map {
    let mut map = Map::default();
    for entry in merged.into_iter().chain(own) {
        map.insert(entry);
    }
    map
}
