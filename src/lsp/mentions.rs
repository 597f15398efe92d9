//! What the words of a text mean: which of them name a model, source, macro, variable, docs block or column, and where.
//!
//! Input: a text as it is now, and the project. Output: [`Mention`]s in the order of the text. Every feature starts here:
//! a definition is looked up for the mention at the cursor, references are the mentions of one symbol in all files, and a
//! renaming edits exactly those. Names are resolved by the project's own rules; what resolves to nothing is no mention.

use std::ops::Range;

use camino::Utf8Path;

use super::calls::{CallSite, Word, calls};
use super::columns::{Meaning, Scoped};
use super::query::{Query, read};
use super::snapshot::Snapshot;
use super::yaml_mentions::{self, column_of};
use crate::files;
use crate::hash::HashMap;
use crate::jinja::{Tag, Token, TokenKind, expression_tokens, tags};
use crate::manifest::{Doc, Found, Json, UniqueId};

/// Something with a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Symbol {
    /// A model, seed, snapshot, analysis, test or function.
    Node(UniqueId),
    /// A table of a source.
    Source(UniqueId),
    /// A macro, or the macro of a test or materialization.
    Macro(UniqueId),
    /// A docs block.
    Doc(UniqueId),
    /// A variable.
    Var(String),
    /// A column of a node or source; its name in small letters.
    Column(UniqueId, String),
}

impl Symbol {
    /// Returns the node or source that it is.
    fn relation(&self) -> Option<&UniqueId> {
        match self {
            Self::Node(id) | Self::Source(id) => Some(id),
            _ => None,
        }
    }
}

/// A name in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mention {
    /// What it names.
    pub(super) symbol: Symbol,
    /// Where, in bytes.
    pub(super) range: Range<usize>,
    /// Whether this is where the symbol is defined or described.
    pub(super) defines: bool,
}

impl Mention {
    pub(super) fn of(symbol: Symbol, range: Range<usize>) -> Self {
        Self { symbol, range, defines: false }
    }

    pub(super) fn defining(symbol: Symbol, range: Range<usize>) -> Self {
        Self { symbol, range, defines: true }
    }
}

/// The tags of a text, with what they name.
struct Tagged {
    tags: Vec<Tag>,
    /// The relations that expressions stand for, by where their tags begin.
    relations: HashMap<usize, UniqueId>,
    /// All that they name.
    mentions: Vec<Mention>,
}

impl Tagged {
    /// Reads the queries of the text.
    fn query(&self, text: &str) -> Query {
        read(text, &self.tags, &|tag| self.relations.get(&tag.range.start).cloned())
    }
}

/// Finds all mentions in the text of a file.
pub(super) fn mentions(snapshot: &Snapshot, path: &Utf8Path, text: &str) -> Vec<Mention> {
    read_file(snapshot, path, text).0
}

/// Finds the same. Returns also the queries of a file that is SQL.
pub(super) fn read_file<'s>(
    snapshot: &'s Snapshot,
    path: &Utf8Path,
    text: &str,
) -> (Vec<Mention>, Option<Scoped<'s>>) {
    let namer = Namer::of_file(snapshot, path);
    let tagged = namer.tagged(text);
    let is_query = files::has_extension(path, &["sql"]);
    let scoped = is_query.then(|| Scoped::new(snapshot, tagged.query(text)));
    let mut found = tagged.mentions;
    if let Some(scoped) = &scoped {
        add_columns(scoped, path, &mut found);
    }
    if files::has_extension(path, &["yml", "yaml"]) {
        yaml_mentions::add(&namer, path, text, &mut found);
    }
    found.sort_by_key(|mention| (mention.range.start, mention.range.end));
    found.dedup();
    (found, scoped)
}

/// Adds the columns that a query names, and those that it gives its own names.
fn add_columns(scoped: &Scoped<'_>, path: &Utf8Path, found: &mut Vec<Mention>) {
    for (at, select) in scoped.query.selects.iter().enumerate() {
        for name in &select.names {
            if let Some(Meaning::Column(id)) = scoped.meaning(at, name) {
                found.push(Mention::of(column_of(&id, &name.text), name.range.clone()));
            }
        }
    }
    let Some(node) = scoped.snapshot.node_in(path) else { return };
    for name in &scoped.outputs(&scoped.query.finals).names {
        // One that only shows a column that is read has that column's name.
        if let Some((range, true)) = scoped.given(name) {
            found.push(Mention::defining(column_of(&node.unique_id, name), range));
        }
    }
}

/// Returns the mention at a byte, the shortest if several are.
pub(super) fn mention_at(mentions: &[Mention], offset: usize) -> Option<&Mention> {
    let here = mentions.iter().filter(|mention| mention.range.start <= offset && offset <= mention.range.end);
    here.min_by_key(|mention| mention.range.len())
}

/// Resolves names as a file of a package means them.
#[derive(Clone, Copy)]
pub(super) struct Namer<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) package: &'a str,
}

impl<'a> Namer<'a> {
    /// Returns the one for a file.
    pub(super) fn of_file(snapshot: &'a Snapshot, path: &Utf8Path) -> Self {
        Self { snapshot, package: &snapshot.project_of(path).name }
    }
}

impl Namer<'_> {
    /// Reads the queries of a template.
    pub(super) fn query(&self, text: &str) -> Query {
        self.tagged(text).query(text)
    }

    /// Reads the tags of a text.
    fn tagged(&self, text: &str) -> Tagged {
        let tags = tags(text);
        let (mut relations, mut mentions) = (HashMap::default(), Vec::new());
        for tag in &tags {
            let before = mentions.len();
            self.in_tag(text, tag, &mut mentions);
            let named = mentions.iter().skip(before).find_map(|mention: &Mention| mention.symbol.relation());
            relations.extend(named.filter(|_| !tag.is_block).map(|id| (tag.range.start, id.clone())));
        }
        Tagged { tags, relations, mentions }
    }

    /// Adds what a tag names: what its calls name, and the block that it opens.
    fn in_tag(&self, text: &str, tag: &Tag, found: &mut Vec<Mention>) {
        let opened = if tag.is_block { self.opened(text, &tag.tokens) } else { None };
        for call in calls(text, &tag.tokens) {
            // The name of a macro, with its parameters, only looks like a call.
            let is_opened =
                |opened: &Mention| call.path.last().is_some_and(|name| name.range == opened.range);
            if !opened.as_ref().is_some_and(is_opened) {
                self.in_call(&call, found);
            }
        }
        found.extend(opened);
    }

    /// Adds what an expression without braces names, which begins at a byte of the file.
    pub(super) fn in_expression(&self, text: &str, start: usize, found: &mut Vec<Mention>) {
        let mut inner = Vec::new();
        for call in calls(text, &expression_tokens(text)) {
            self.in_call(&call, &mut inner);
        }
        let moved = |range: Range<usize>| range.start + start..range.end + start;
        found.extend(inner.into_iter().map(|it| Mention { range: moved(it.range.clone()), ..it }));
    }

    /// Returns the first node or source that an expression without braces names.
    pub(super) fn relation_in(&self, expression: &str) -> Option<UniqueId> {
        let mut named = Vec::new();
        self.in_expression(expression, 0, &mut named);
        named.iter().find_map(|mention| mention.symbol.relation()).cloned()
    }

    fn in_call(&self, call: &CallSite<'_>, found: &mut Vec<Mention>) {
        let before = found.len();
        match call.bare_name() {
            Some("ref") => found.extend(self.referred(call)),
            Some("source") => found.extend(self.table(call).into_iter().flatten()),
            Some("doc") => found.extend(self.doc_named(call)),
            Some("var") => found.extend(var_named(call)),
            Some("function") => found.extend(self.function(call)),
            _ => found.extend(self.called(call).or_else(|| self.dispatched(call))),
        }
        // A project may have macros of these names.
        if found.len() == before
            && matches!(call.bare_name(), Some("ref" | "source" | "doc" | "var" | "function"))
        {
            found.extend(
                self.called(call).filter(|_| self.snapshot.parsed.shared.macros.is_replaced(call.name())),
            );
        }
    }

    fn referred(&self, call: &CallSite<'_>) -> Option<Mention> {
        let names = call.strings()?;
        let (package, name) = two(&names)?;
        let version = call.named("v").or_else(|| call.named("version"));
        let version = version.and_then(|version| {
            let text = version.string.as_ref().map(|word| Json::from(word.text));
            text.or_else(|| serde_json::from_str(version.plain?).ok())
        });
        let id = self.node(package, name.text, version.as_ref())?;
        Some(Mention::of(Symbol::Node(id), name.range.clone()))
    }

    /// Returns what `ref` means here.
    pub(super) fn node(&self, package: Option<&str>, name: &str, version: Option<&Json>) -> Option<UniqueId> {
        one(self.snapshot.parsed.lookup.node(self.package, package, name, version))
    }

    /// Returns what `source` means here.
    pub(super) fn source(&self, source: &str, table: &str) -> Option<UniqueId> {
        one(self.snapshot.parsed.lookup.source(self.package, source, table))
    }

    fn table(&self, call: &CallSite<'_>) -> Option<[Mention; 2]> {
        let names = call.strings()?;
        let [source, table] = names.as_slice() else { return None };
        let id = self.source(source.text, table.text)?;
        Some([source, table].map(|word| Mention::of(Symbol::Source(id.clone()), word.range.clone())))
    }

    fn function(&self, call: &CallSite<'_>) -> Option<Mention> {
        let names = call.strings()?;
        let (package, name) = two(&names)?;
        let id = one(self.snapshot.parsed.lookup.function(self.package, package, name.text))?;
        Some(Mention::of(Symbol::Node(id), name.range.clone()))
    }

    fn doc_named(&self, call: &CallSite<'_>) -> Option<Mention> {
        let names = call.strings()?;
        let (package, name) = two(&names)?;
        let doc = self.doc(package, name.text)?;
        Some(Mention::of(Symbol::Doc(doc.unique_id.clone()), name.range.clone()))
    }

    /// Finds a docs block: in the package named, or in the root project, then here, then anywhere.
    fn doc(&self, package: Option<&str>, name: &str) -> Option<&Doc> {
        let docs = self.snapshot.manifest().docs.values();
        let all: Vec<&Doc> = docs.filter(|doc| doc.name == name).map(|doc| &**doc).collect();
        let of = |package: &str| all.iter().find(|doc| &*doc.package_name == package).copied();
        let root = &self.snapshot.workspace.project.name;
        match package {
            Some(package) => of(package),
            None => of(root).or_else(|| of(self.package)).or_else(|| all.first().copied()),
        }
    }

    fn called(&self, call: &CallSite<'_>) -> Option<Mention> {
        let macros = &self.snapshot.parsed.shared.macros;
        let entry = match call.path.as_slice() {
            [name] => macros.bare(self.package, name.text),
            [package, name] => macros.qualified(package.text, name.text),
            _ => None,
        }?;
        Some(Mention::of(Symbol::Macro(entry.id.clone()), call.path.last()?.range.clone()))
    }

    /// `adapter.dispatch('name', 'package')`
    fn dispatched(&self, call: &CallSite<'_>) -> Option<Mention> {
        if call.name() != "dispatch" {
            return None;
        }
        let name = call.arguments.first()?.string.as_ref()?;
        let namespace = call.named("macro_namespace").or_else(|| call.arguments.get(1));
        let namespace = namespace.and_then(|argument| argument.string.as_ref()).map(|word| word.text);
        let macros = &self.snapshot.parsed.shared.macros;
        let entry = macros.dispatch(Some(self.package), name.text, namespace).ok()?;
        Some(Mention::of(Symbol::Macro(entry.id.clone()), name.range.clone()))
    }

    /// Returns the macro that a test's name in a property file means: `unique`, or `package.name`.
    pub(super) fn test_macro(&self, name: &str) -> Option<UniqueId> {
        let macros = &self.snapshot.parsed.shared.macros;
        let entry = match name.split_once('.') {
            Some((package, name)) => macros.qualified(package, &format!("test_{name}")),
            None => macros.bare(self.package, &format!("test_{name}")),
        };
        entry.map(|entry| entry.id.clone())
    }

    /// Returns the macro of this package that has a name.
    pub(super) fn own_macro(&self, name: &str) -> Option<UniqueId> {
        self.snapshot.parsed.shared.macros.qualified(self.package, name).map(|entry| entry.id.clone())
    }

    /// Returns what a block defines: its tag's first word says what it is, its second how it is called.
    fn opened(&self, text: &str, tokens: &[Token]) -> Option<Mention> {
        let of = |token: &Token| text.get(token.start..token.end).unwrap_or_default();
        let [keyword, name, ..] = tokens else { return None };
        let word = of(name);
        let symbol = match of(keyword) {
            "macro" => Symbol::Macro(self.own_macro(word)?),
            "test" | "data_test" => Symbol::Macro(self.own_macro(&format!("test_{word}"))?),
            "docs" => Symbol::Doc(self.doc(Some(self.package), word)?.unique_id.clone()),
            "snapshot" => Symbol::Node(self.node(Some(self.package), word, None)?),
            _ => return None,
        };
        (name.kind == TokenKind::Ident).then(|| Mention::defining(symbol, name.start..name.end))
    }
}

fn var_named(call: &CallSite<'_>) -> Option<Mention> {
    let name = call.arguments.first()?.string.as_ref()?;
    Some(Mention::of(Symbol::Var(name.text.to_owned()), name.range.clone()))
}

/// Reads `name`, or `package` and `name`.
fn two<'w, 't>(names: &[&'w Word<'t>]) -> Option<(Option<&'t str>, &'w Word<'t>)> {
    match names {
        [name] => Some((None, name)),
        [package, name] => Some((Some(package.text), name)),
        _ => None,
    }
}

fn one(found: Found) -> Option<UniqueId> {
    match found {
        Found::One(id) => Some(id),
        Found::Disabled(_) | Found::Ambiguous(_) | Found::NoSuchVersion(_) | Found::Missing => None,
    }
}
