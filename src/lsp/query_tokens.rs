//! Follows the tokens of queries as far as they make sense, since half-written SQL has no tree.
//!
//! Input: SQL in which every tag of Jinja is a name or blank, and which of the names stand for relations. Output: a [`Query`].
//! Invariant: whatever the text, the stack it takes is bounded. Called by `query`.

use std::ops::Range;

use super::query::{Cte, Item, Name, Query, Select, SourceItem, Star, Target};
use crate::manifest::UniqueId;
use crate::sql::{Kind, Token, code_tokens};

/// Reads the queries of a text. `relations` are the bytes where names begin that stand for relations.
pub(super) fn follow(text: &str, relations: &[(usize, UniqueId)]) -> Query {
    let tokens: Vec<Token> = code_tokens(text).collect();
    let closing = closing(text, &tokens);
    let end = tokens.len();
    let (query, scope) = (Query::default(), Vec::new());
    let mut reader = Reader { text, tokens, closing, relations, query, scope, depth: 0 };
    let finals = reader.query((0, end), None);
    reader.query.finals = finals;
    reader.query
}

/// For every opening parenthesis, the token that closes it.
fn closing(text: &str, tokens: &[Token]) -> Vec<usize> {
    let mut closing = vec![tokens.len(); tokens.len()];
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match &text[token.range.clone()] {
            "(" => open.push(at),
            ")" => {
                if let Some(start) = open.pop() {
                    closing[start] = at;
                }
            }
            _ => {}
        }
    }
    closing
}

/// A stretch of tokens.
type Part = (usize, usize);

struct Reader<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    closing: Vec<usize>,
    relations: &'t [(usize, UniqueId)],
    query: Query,
    /// CTEs that can be read here, by name, the nearest last.
    scope: Vec<(String, Vec<usize>)>,
    /// How many parentheses are being read, one in the other.
    depth: usize,
}

/// How deep queries are followed: what nests deeper was not written by anybody, and would need more stack than there is.
const DEEPEST: usize = 200;
/// Words that end the list of what a select reads.
const AFTER_FROM: [&str; 12] = [
    "where",
    "group",
    "having",
    "qualify",
    "window",
    "order",
    "limit",
    "offset",
    "fetch",
    "for",
    "union",
    "returning",
];
/// Words that put queries together.
const SET_OPERATORS: [&str; 4] = ["union", "intersect", "except", "minus"];
/// Words that cannot be the name of what stands before them.
const NO_ALIAS: [&str; 20] = [
    "on",
    "using",
    "join",
    "left",
    "right",
    "full",
    "inner",
    "cross",
    "outer",
    "natural",
    "lateral",
    "positional",
    "asof",
    "semi",
    "anti",
    "tablesample",
    "pivot",
    "unpivot",
    "as",
    "end",
];

impl Reader<'_> {
    fn word(&self, at: usize) -> String {
        self.tokens.get(at).map(|token| self.text[token.range.clone()].to_lowercase()).unwrap_or_default()
    }

    fn is_name(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| match token.kind {
            Kind::Quoted => true,
            Kind::Word => {
                !self.text[token.range.clone()].starts_with(|c: char| c.is_ascii_digit() || c == '$')
            }
            _ => false,
        })
    }

    fn name(&self, at: usize) -> (String, Range<usize>) {
        let Some(token) = self.tokens.get(at) else { return (String::new(), 0..0) };
        let text = &self.text[token.range.clone()];
        let inner = if token.kind == Kind::Quoted { text.trim_matches(['"', '`']) } else { text };
        (inner.to_owned(), token.range.clone())
    }

    /// Returns what is behind a token, or behind what it opens.
    fn next(&self, at: usize) -> usize {
        if self.word(at) == "(" { self.closing[at] + 1 } else { at + 1 }
    }

    /// Finds the first of some words outside of parentheses.
    fn find(&self, (mut at, end): Part, is_it: impl Fn(usize, &str) -> bool) -> usize {
        while at < end && !is_it(at, &self.word(at)) {
            at = self.next(at);
        }
        at.min(end)
    }

    fn bytes(&self, (from, to): Part) -> Range<usize> {
        let start = self.tokens.get(from).map_or(self.text.len(), |token| token.range.start);
        let end =
            to.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(start, |token| token.range.end);
        start..end.max(start)
    }

    /// Reads what stands in parentheses; nothing if they nest too deeply.
    fn nested<T: Default>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth == DEEPEST {
            return T::default();
        }
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    /// Reads a query: its CTEs, then its selects, which are returned.
    fn query(&mut self, part: Part, parent: Option<usize>) -> Vec<usize> {
        let outer = self.scope.len();
        let selects = self.nested(|reader| reader.selects(part, parent));
        self.scope.truncate(outer);
        selects
    }

    fn selects(&mut self, (mut at, end): Part, parent: Option<usize>) -> Vec<usize> {
        // Tags that print nothing, such as a `config`, may stand before.
        at = self.find((at, end), |_, word| matches!(word, "with" | "select" | "("));
        if self.word(at) == "with" {
            at = self.ctes((at + 1, end), parent);
        }
        let mut finals = Vec::new();
        while at < end {
            match self.word(at).as_str() {
                "select" => {
                    let starred = |place: usize| place > 0 && self.word(place - 1) == "*";
                    let is_end = |place: usize, word: &str| {
                        word == ";"
                            || (SET_OPERATORS.contains(&word) && !(word == "except" && starred(place)))
                    };
                    let stop = self.find((at + 1, end), is_end);
                    finals.push(self.select((at, stop), parent));
                    at = stop;
                }
                "(" => {
                    let inner = (at + 1, self.closing[at].min(end));
                    finals.extend(self.query(inner, parent));
                    at = inner.1 + 1;
                }
                _ => at += 1,
            }
        }
        finals
    }

    fn ctes(&mut self, (mut at, end): Part, parent: Option<usize>) -> usize {
        if self.word(at) == "recursive" {
            at += 1;
        }
        while at < end && self.is_name(at) {
            let start = at;
            let (name, name_range) = self.name(at);
            at = self.find((at + 1, end), |_, word| word == "as") + 1;
            while matches!(self.word(at).as_str(), "not" | "materialized") {
                at += 1;
            }
            if self.word(at) != "(" {
                break;
            }
            let inner = (at + 1, self.closing[at].min(end));
            let selects = self.query(inner, parent);
            self.scope.push((name.to_lowercase(), selects));
            let range = self.bytes((start, inner.1 + 1));
            self.query.ctes.push(Cte { name, name_range, range });
            at = inner.1 + 1;
            if self.word(at) != "," {
                break;
            }
            at += 1;
        }
        at
    }

    fn select(&mut self, (start, end): Part, parent: Option<usize>) -> usize {
        let id = self.query.selects.len();
        self.query.selects.push(Select { range: self.bytes((start, end)), parent, ..Select::default() });
        let from = self.find((start + 1, end), |_, word| word == "from");
        let mut first = start + 1;
        if matches!(self.word(first).as_str(), "distinct" | "all") {
            first += 1;
            if self.word(first) == "on" {
                first = self.next(first + 1);
            }
        }
        let after = self.find((from + 1, end), |_, word| AFTER_FROM.contains(&word)).max(from);
        let sources = self.sources((from + 1, after));
        let listed = self.parts((first, from));
        let items: Vec<Item> = listed.iter().map(|part| self.item(*part)).collect();
        let mut names = Vec::new();
        for (part, item) in listed.iter().zip(&items) {
            self.names(*part, id, &mut names);
            // A name that was given is no column.
            if let (true, Some((_, range))) = (item.is_alias, &item.name) {
                names.retain(|name: &Name| name.range != *range);
            } else if let (Some((_, range)), Some(name)) = (&item.name, names.last_mut()) {
                name.is_item = name.range == *range;
            }
        }
        self.names((from + 1, after), id, &mut names);
        let grouped =
            self.find((after, end), |_, word| matches!(word, "group" | "having" | "qualify" | "order"));
        self.names((after, grouped), id, &mut names);
        let before = names.len();
        self.names((grouped, end), id, &mut names);
        names[before..].iter_mut().for_each(|name| name.sees_items = true);
        if let Some(select) = self.query.selects.get_mut(id) {
            (select.items, select.sources, select.names) = (items, sources, names);
        }
        id
    }

    /// Cuts a list at its commas.
    fn parts(&self, (from, end): Part) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut at = from;
        while at < end {
            let comma = self.find((at, end), |_, word| word == ",");
            if comma > at {
                parts.push((at, comma));
            }
            at = comma + 1;
        }
        parts
    }

    fn item(&self, (from, end): Part) -> Item {
        let star = (from..end).find(|at| self.word(*at) == "*" && (*at == from || self.word(at - 1) == "."));
        if let Some(star) = star.filter(|star| *star == from || *star == from + 2) {
            let qualifier = (star > from).then(|| self.name(from).0.to_lowercase());
            return Item { name: None, is_alias: false, star: Some(Star(qualifier)) };
        }
        let last = end - 1;
        let before = last.checked_sub(1).filter(|before| *before >= from);
        let is_name = self.is_name(last) && !NO_ALIAS.contains(&self.word(last).as_str());
        let named = |is_alias| Item { name: Some(self.name(last)), is_alias, star: None };
        match before.map(|before| (before, self.word(before))) {
            None if is_name => named(false),
            Some((_, word)) if is_name && word == "as" => named(true),
            // `t.a`, `s.t.a`
            Some((_, word)) if is_name && word == "." => {
                let plain = (from..end).all(|at| self.is_name(at) || self.word(at) == ".");
                if plain { named(false) } else { Item { name: None, is_alias: false, star: None } }
            }
            Some((before, word))
                if is_name && (self.is_name(before) || word == ")" || self.is_value(before)) =>
            {
                named(true)
            }
            _ => Item { name: None, is_alias: false, star: None },
        }
    }

    fn is_value(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| matches!(token.kind, Kind::String | Kind::Word))
    }

    /// Reads what stands behind `from`.
    fn sources(&mut self, (from, end): Part) -> Vec<SourceItem> {
        let mut found = Vec::new();
        let mut at = from;
        while at < end {
            let start = at;
            while self.word(at) == "lateral" {
                at += 1;
            }
            let target = if self.word(at) == "(" {
                let inner = (at + 1, self.closing[at].min(end));
                let is_query = matches!(self.word(inner.0).as_str(), "select" | "with" | "(");
                if !is_query {
                    found.extend(self.nested(|reader| reader.sources(inner)));
                }
                at = inner.1 + 1;
                if is_query { Target::Selects(self.query(inner, None)) } else { Target::Unknown }
            } else {
                self.named_source(&mut at)
            };
            let own = self.name(at.saturating_sub(1)).0.to_lowercase();
            if self.word(at) == "as" {
                at += 1;
            }
            let stops = |word: &str| NO_ALIAS.contains(&word) || AFTER_FROM.contains(&word);
            let given = at < end && self.is_name(at) && !stops(&self.word(at));
            let alias = if given { self.name(at).0.to_lowercase() } else { own };
            if at > start {
                found.push(SourceItem { alias, target });
            }
            at = self.find((at.max(start + 1), end), |_, word| word == "," || word == "join") + 1;
        }
        found
    }

    /// Reads a relation's name: of a tag, a CTE, or something else.
    fn named_source(&self, at: &mut usize) -> Target {
        let Some(token) = self.tokens.get(*at) else { return Target::Unknown };
        let tag = self.relations.iter().find(|(start, _)| *start == token.range.start);
        let read = self.name(*at).0.to_lowercase();
        let cte = self.scope.iter().rev().find(|(name, _)| *name == read);
        let target = match (tag, cte) {
            (Some((_, id)), _) => Target::Relation(id.clone()),
            (None, Some((_, selects))) if self.word(*at + 1) != "." => Target::Selects(selects.clone()),
            _ => Target::Unknown,
        };
        *at += 1;
        while self.word(*at) == "." && self.is_name(*at + 1) {
            *at += 2;
        }
        // A function that gives rows.
        if self.word(*at) == "(" {
            *at = self.next(*at);
            return Target::Unknown;
        }
        target
    }

    /// Collects names that may be columns; queries in parentheses are read on their own.
    fn names(&mut self, (mut at, end): Part, id: usize, found: &mut Vec<Name>) {
        while at < end {
            if self.word(at) == "(" && matches!(self.word(at + 1).as_str(), "select" | "with") {
                let inner = (at + 1, self.closing[at].min(end));
                // Those of `from` were read before.
                if !self.query.selects.iter().any(|select| select.range.start == self.bytes(inner).start) {
                    self.query(inner, Some(id));
                }
                at = inner.1 + 1;
                continue;
            }
            if !self.is_name(at) {
                at += 1;
                continue;
            }
            let mut chain = vec![at];
            while self.word(at + 1) == "." && self.is_name(at + 2) {
                at += 2;
                chain.push(at);
            }
            at += 1;
            if self.word(at) == "(" && chain.len() == 1 {
                continue;
            }
            // Of more names than two the first two are a relation and its column, or it is no column of ours.
            let (qualifier, column) = match chain.as_slice() {
                [column] => (None, *column),
                [qualifier, column, ..] => (Some(self.name(*qualifier).0.to_lowercase()), *column),
                [] => continue,
            };
            let (text, range) = self.name(column);
            found.push(Name { qualifier, text, range, is_item: false, sees_items: false });
        }
    }
}
