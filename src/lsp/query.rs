//! The queries of a template as it is typed: its CTEs and selects, what they read, and what their columns are called.
//!
//! Input: a text with Jinja in it, and what its tags stand for. Output: a [`Query`] whose places count in that text. Every tag
//! keeps its length: one that stands for a relation becomes a name, any other expression a name that nobody knows, a
//! statement blanks. Tokens are followed as far as they make sense, since half-written SQL has no tree. What a name means is
//! asked in `columns`. Called by `mentions`, `completion` and `outline`.

use std::ops::Range;

use crate::jinja::Tag;
use crate::manifest::UniqueId;
use crate::sql::{Kind, Lexer, Token};

/// The selects of a text.
#[derive(Debug, Default)]
pub(super) struct Query {
    pub(super) selects: Vec<Select>,
    pub(super) ctes: Vec<Cte>,
    /// The selects whose rows the whole text gives.
    pub(super) finals: Vec<usize>,
}

/// A `with` entry.
#[derive(Debug)]
pub(super) struct Cte {
    pub(super) name: String,
    pub(super) name_range: Range<usize>,
    pub(super) range: Range<usize>,
}

/// A `select` with its clauses.
#[derive(Debug, Default)]
pub(super) struct Select {
    pub(super) range: Range<usize>,
    pub(super) items: Vec<Item>,
    pub(super) sources: Vec<SourceItem>,
    /// The select it stands in, whose columns it sees too.
    pub(super) parent: Option<usize>,
    /// Names in its clauses that may be columns.
    pub(super) names: Vec<Name>,
}

/// A column that a select gives.
#[derive(Debug)]
pub(super) struct Item {
    /// What it is called, and where that stands; `None` for a star or an expression without a name.
    pub(super) name: Option<(String, Range<usize>)>,
    /// Whether the name was given to it, and is not that of the column it shows.
    pub(super) is_alias: bool,
    /// Whether it is a star.
    pub(super) star: Option<Star>,
}

/// `*`, with what stands before its dot.
#[derive(Debug)]
pub(super) struct Star(pub(super) Option<String>);

/// What a select reads.
#[derive(Debug)]
pub(super) struct SourceItem {
    /// The name by which columns can be qualified, in small letters.
    pub(super) alias: String,
    pub(super) target: Target,
}

/// Where the columns of a source come from.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// A relation of the project.
    Relation(UniqueId),
    /// The selects of a CTE or subquery.
    Selects(Vec<usize>),
    /// Nobody knows.
    Unknown,
}

/// A name that may be a column's.
#[derive(Debug)]
pub(super) struct Name {
    /// What stands before its dot, in small letters.
    pub(super) qualifier: Option<String>,
    pub(super) text: String,
    pub(super) range: Range<usize>,
    /// Whether it is a whole item, which is called by it.
    pub(super) is_item: bool,
    /// Whether it stands where the names of items count too: in `group by`, `order by` and the like.
    pub(super) sees_items: bool,
}

/// Reads the queries of a text. `relation` tells which relation a tag stands for.
pub(super) fn read(text: &str, tags: &[Tag], relation: &dyn Fn(&Tag) -> Option<UniqueId>) -> Query {
    let mut masked = text.to_owned().into_bytes();
    let mut relations = Vec::new();
    for tag in tags {
        let found = if tag.is_block { None } else { relation(tag) };
        relations.extend(found.map(|id| (tag.range.start, id)));
        let filler = if tag.is_block { b' ' } else { b'_' };
        masked[tag.range.clone()].fill(filler);
    }
    blank_comments(text, &mut masked);
    let masked = String::from_utf8(masked).unwrap_or_default();
    let tokens: Vec<Token> =
        Lexer::new(&masked).filter(|token| !matches!(token.kind, Kind::Space | Kind::Comment)).collect();
    let mut reader = Reader {
        text: &masked,
        closing: closing(&masked, &tokens),
        tokens,
        relations,
        query: Query::default(),
    };
    let (end, scope) = (reader.tokens.len(), Vec::new());
    let finals = reader.query((0, end), &scope, None);
    reader.query.finals = finals;
    reader.query
}

/// Comments of Jinja are no part of the SQL.
fn blank_comments(text: &str, masked: &mut [u8]) {
    let mut at = 0;
    while let Some(start) = text[at..].find("{#").map(|found| at + found) {
        let end = text[start..].find("#}").map_or(text.len(), |found| start + found + 2);
        // One that stands in a tag or has no end is no comment.
        if masked[start] == b'{' && end < text.len() {
            masked[start..end].fill(b' ');
        }
        at = end.max(start + 2).min(text.len());
    }
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

/// CTEs that can be read, by name, the nearest last.
type Scope = Vec<(String, Vec<usize>)>;
/// A stretch of tokens.
type Part = (usize, usize);

struct Reader<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    closing: Vec<usize>,
    /// Where tags begin that stand for relations.
    relations: Vec<(usize, UniqueId)>,
    query: Query,
}

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

    /// Reads a query: its CTEs, then its selects, which are returned.
    fn query(&mut self, (mut at, end): Part, outer: &Scope, parent: Option<usize>) -> Vec<usize> {
        let mut scope = outer.clone();
        // Tags that print nothing, such as a `config`, may stand before.
        at = self.find((at, end), |_, word| matches!(word, "with" | "select" | "("));
        if self.word(at) == "with" {
            at = self.ctes((at + 1, end), &mut scope, parent);
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
                    finals.push(self.select((at, stop), &scope, parent));
                    at = stop;
                }
                "(" => {
                    let inner = (at + 1, self.closing[at].min(end));
                    finals.extend(self.query(inner, &scope, parent));
                    at = inner.1 + 1;
                }
                _ => at += 1,
            }
        }
        finals
    }

    fn ctes(&mut self, (mut at, end): Part, scope: &mut Scope, parent: Option<usize>) -> usize {
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
            let selects = self.query(inner, scope, parent);
            scope.push((name.to_lowercase(), selects));
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

    fn select(&mut self, (start, end): Part, scope: &Scope, parent: Option<usize>) -> usize {
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
        let sources = self.sources((from + 1, after), (scope, id));
        let listed = self.parts((first, from));
        let items: Vec<Item> = listed.iter().map(|part| self.item(*part)).collect();
        let mut names = Vec::new();
        for (part, item) in listed.iter().zip(&items) {
            self.names(*part, (scope, id), &mut names);
            // A name that was given is no column.
            if let (true, Some((_, range))) = (item.is_alias, &item.name) {
                names.retain(|name: &Name| name.range != *range);
            } else if let (Some((_, range)), Some(name)) = (&item.name, names.last_mut()) {
                name.is_item = name.range == *range;
            }
        }
        self.names((from + 1, after), (scope, id), &mut names);
        let grouped =
            self.find((after, end), |_, word| matches!(word, "group" | "having" | "qualify" | "order"));
        self.names((after, grouped), (scope, id), &mut names);
        let before = names.len();
        self.names((grouped, end), (scope, id), &mut names);
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
    fn sources(&mut self, (from, end): Part, (scope, id): (&Scope, usize)) -> Vec<SourceItem> {
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
                    found.extend(self.sources(inner, (scope, id)));
                }
                at = inner.1 + 1;
                if is_query { Target::Selects(self.query(inner, scope, None)) } else { Target::Unknown }
            } else {
                self.named_source(&mut at, scope)
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
    fn named_source(&self, at: &mut usize, scope: &Scope) -> Target {
        let Some(token) = self.tokens.get(*at) else { return Target::Unknown };
        let tag = self.relations.iter().find(|(start, _)| *start == token.range.start);
        let cte = scope.iter().rev().find(|(name, _)| *name == self.name(*at).0.to_lowercase());
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
    fn names(&mut self, (mut at, end): Part, (scope, id): (&Scope, usize), found: &mut Vec<Name>) {
        while at < end {
            if self.word(at) == "(" && matches!(self.word(at + 1).as_str(), "select" | "with") {
                let inner = (at + 1, self.closing[at].min(end));
                // Those of `from` were read before.
                if !self.query.selects.iter().any(|select| select.range.start == self.bytes(inner).start) {
                    self.query(inner, scope, Some(id));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jinja::tags;

    fn query(text: &str) -> Query {
        let all = tags(text);
        read(text, &all, &|tag| {
            text[tag.range.clone()].contains("ref").then(|| UniqueId::from_artifact("model.p.m"))
        })
    }

    #[track_caller]
    fn items(text: &str, want: &[&str]) {
        let query = query(text);
        let shown = |item: &Item| match (&item.name, &item.star) {
            (Some((name, _)), _) => format!("{name}{}", if item.is_alias { "=" } else { "" }),
            (None, Some(Star(qualifier))) => format!("{}*", qualifier.clone().unwrap_or_default()),
            (None, None) => "?".to_owned(),
        };
        let last = query.finals.first().map(|id| &query.selects[*id]).expect("a select");
        assert_eq!(last.items.iter().map(shown).collect::<Vec<_>>(), want, "{text}");
    }

    #[test]
    fn items_are_called_by_their_column_or_alias() {
        items(
            "select a, t.b, c as d, 1 e, f(x), case when y then 1 end, g + 1 from t",
            &["a", "b", "d=", "e=", "?", "?", "?"],
        );
        items("select distinct on (a, b) *, t.* exclude (x), \"Größe\" from t", &["*", "t*", "Größe"]);
        items("with x as (select 1) select {{ m('a') }} as q, {{ n() }} from x", &["q=", "_________"]);
        items("select a,", &["a"]);
        items("{% if x %} select * except (b) {% endif %} from t union select b", &["*"]);
        items("(select a from t) order by 1", &["a"]);
    }

    #[track_caller]
    fn sources(text: &str, want: &[&str]) {
        let query = query(text);
        let shown = |source: &SourceItem| {
            let kind = match &source.target {
                Target::Relation(_) => "relation",
                Target::Selects(_) => "query",
                Target::Unknown => "?",
            };
            format!("{}:{kind}", source.alias)
        };
        let last = query.finals.first().map(|id| &query.selects[*id]).expect("a select");
        assert_eq!(last.sources.iter().map(shown).collect::<Vec<_>>(), want, "{text}");
    }

    #[test]
    fn sources_have_aliases() {
        sources(
            "select 1 from {{ ref('a') }} as x join db.s.t y on x.a = y.a left join (select 2) z using (a)",
            &["x:relation", "y:?", "z:query"],
        );
        sources(
            "with c as (select 1) select 1 from c, {{ ref('b') }} where a in (select 1 from d)",
            &["c:query", "______________:relation"],
        );
        sources("select 1 from read_csv('x') r group by 1", &["r:?"]);
        sources("select 1 from", &[]);
    }

    #[test]
    fn names_are_those_of_columns() {
        let query = query(
            "select t.a, upper(b) as c, d.e.f from {{ ref('x') }} t where b > (select max(g) from u) order by c",
        );
        let names: Vec<String> = query.selects[0]
            .names
            .iter()
            .map(|name| {
                let qualifier = name.qualifier.as_ref().map(|it| format!("{it}.")).unwrap_or_default();
                format!("{qualifier}{}{}", name.text, if name.is_item { "!" } else { "" })
            })
            .collect();
        assert!(["t.a!", "b", "d.e", "c"].iter().all(|name| names.iter().any(|it| it == name)), "{names:?}");
        assert_eq!(query.selects.len(), 2);
        assert_eq!(query.selects[1].parent, Some(0));
    }
}
