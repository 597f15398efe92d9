//! The queries of a template as it is typed: its CTEs and selects, what they read, and what their columns are called.
//!
//! Input: a text with Jinja in it, and what its tags stand for. Output: a [`Query`] whose places count in that text. Every tag
//! keeps its length: one that stands for a relation becomes a name, any other expression a name that nobody knows, a
//! statement blanks. The rest is followed by `query_tokens`. What a name means is asked in `columns`. Called by `mentions`.

use std::ops::Range;

use super::query_tokens::follow;
use crate::jinja::Tag;
use crate::manifest::UniqueId;

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
    follow(&masked, &relations)
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

    #[test]
    fn parentheses_without_end_are_given_up() {
        for (before, opening) in [
            ("", "("),
            ("select 1 from ", "(a, "),
            ("", "select 1 from ("),
            ("", "select (select "),
            ("", "with a as ("),
        ] {
            let read = query(&[before, &opening.repeat(20_000)].concat());
            assert!(read.selects.len() < 1000, "{opening}");
        }
        items(&format!("{}select a{}", "(".repeat(100), ")".repeat(100)), &["a"]);
    }
}
