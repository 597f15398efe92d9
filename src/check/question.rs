//! Compiled SQL of a data test → the question it asks, where that is one of a few known ones.
//!
//! A question is known by its SQL, whoever wrote it: the text must be that of `templates/known_tests`, apart from
//! white space, comments and the case of keywords. So a macro that a project replaced is either the same question
//! or an unknown one. Pure; called by `run`, which answers known questions of one relation together.

use std::sync::LazyLock;

use crate::hash::HashMap;
use crate::sql::{Kind, Lexer};

/// What a data test asks, in the words of its SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The relation under test, or a subquery on it with its alias.
    pub relation: String,
    /// The column under test.
    pub column: String,
    /// What is asked of it.
    pub about: About,
}

/// The known kinds of questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// Is it null anywhere?
    Nulls,
    /// Does a value occur more than once?
    Repeats,
    /// Is a value none of these (the text between the parentheses of `in`)?
    Others(String),
    /// Is a value missing in the column of another relation?
    Orphans {
        /// The other relation.
        parent: String,
        /// Its column.
        field: String,
    },
}

/// What a test without a single failing row amounts to: whether `warn_if` and `error_if` hold of 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfNone {
    /// Whether it is a warning.
    pub should_warn: bool,
    /// Whether it is an error.
    pub should_error: bool,
}

impl Question {
    /// Recognizes a test by its compiled SQL.
    pub fn of(sql: &str) -> Option<Self> {
        let words = words(sql);
        let [not_null, unique, accepted_values, relationships] = &*KNOWN;
        let make = |captured: &Captured<'_, '_>, about| {
            let (relation, column) = (text(captured.get("relation")?), text(captured.get("column")?));
            Some(Self { relation, column, about })
        };
        if let Some(captured) = captures(not_null, &words) {
            return make(&captured, About::Nulls);
        }
        if let Some(captured) = captures(unique, &words) {
            return make(&captured, About::Repeats);
        }
        if let Some(captured) = captures(accepted_values, &words) {
            return make(&captured, About::Others(text(captured.get("values")?)));
        }
        let captured = captures(relationships, &words)?;
        let (parent, field) = (text(captured.get("parent")?), text(captured.get("field")?));
        make(&captured, About::Orphans { parent, field })
    }
}

/// Recognizes the statement that counts the failing rows of a test, whose compiled SQL is `query`, and compares
/// their number with plain numbers; returns what it answers when there are none.
pub fn verdict_of_none(sql: &str, query: &str) -> Option<OfNone> {
    static VERDICT: LazyLock<Vec<String>> =
        LazyLock::new(|| pattern(include_str!("../../templates/known_tests/verdict.sql")));
    let words_of_sql = words(sql);
    let captured = captures(&VERDICT, &words_of_sql)?;
    if !same(captured.get("query")?, &words(query)) {
        return None;
    }
    let holds = |name: &str| holds_of_zero(captured.get(name)?);
    Some(OfNone { should_warn: holds("warning")?, should_error: holds("error")? })
}

/// Tells whether a condition such as `> 5` holds of 0; `None` for anything more complicated.
fn holds_of_zero(condition: &[Word<'_>]) -> Option<bool> {
    let (number, operator) = condition.split_last()?;
    let number: u64 = number.text.parse().ok()?;
    let operator: String = operator.iter().map(|word| word.text).collect();
    Some(match operator.as_str() {
        "=" | ">=" => number == 0,
        "!=" | "<>" | "<" => number != 0,
        "<=" => true,
        ">" => false,
        _ => return None,
    })
}

/// The patterns of [`About`], in its order.
static KNOWN: LazyLock<[Vec<String>; 4]> = LazyLock::new(|| {
    [
        pattern(include_str!("../../templates/known_tests/not_null.sql")),
        pattern(include_str!("../../templates/known_tests/unique.sql")),
        pattern(include_str!("../../templates/known_tests/accepted_values.sql")),
        pattern(include_str!("../../templates/known_tests/relationships.sql")),
    ]
});

fn pattern(text: &str) -> Vec<String> {
    words(text).into_iter().map(|word| word.text.to_owned()).collect()
}

/// A token that counts.
#[derive(Clone, Copy, Debug)]
struct Word<'a> {
    text: &'a str,
    /// Whether something stands between it and the one before.
    apart: bool,
}

fn words(sql: &str) -> Vec<Word<'_>> {
    let mut apart = false;
    let mut found = Vec::new();
    for token in Lexer::new(sql) {
        let counts = !matches!(token.kind, Kind::Space | Kind::Comment);
        if counts {
            found.push(Word { text: &sql[token.range], apart });
        }
        apart = !counts;
    }
    found
}

/// Puts words together again.
fn text(words: &[Word<'_>]) -> String {
    let mut text = String::new();
    for word in words {
        if word.apart && !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word.text);
    }
    text
}

fn same(one: &[Word<'_>], other: &[Word<'_>]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.text == other.text)
}

/// What the `$names` of a pattern stand for.
type Captured<'p, 'w> = HashMap<&'p str, &'w [Word<'w>]>;

/// Matches the words of a query with a pattern; returns what its `$names` stand for. A name that occurs again
/// must stand for the same words.
fn captures<'p, 'w>(pattern: &'p [String], words: &'w [Word<'w>]) -> Option<Captured<'p, 'w>> {
    let mut found = Captured::default();
    let mut rest = words;
    for (at, wanted) in pattern.iter().enumerate() {
        let Some(name) = wanted.strip_prefix('$') else {
            let (first, others) = rest.split_first()?;
            if !first.text.eq_ignore_ascii_case(wanted) {
                return None;
            }
            rest = others;
            continue;
        };
        let length = match name {
            "column" | "field" => usize::from(is_name(rest.first()?.text)),
            "relation" => relation(rest),
            "parent" => table(rest),
            "values" => list(rest),
            "warning" | "error" => {
                rest.iter().position(|word| word.text.eq_ignore_ascii_case("as")).unwrap_or(0)
            }
            // A query goes as far as the rest of the pattern leaves it room.
            _ => rest.len().checked_sub(pattern.len() - at - 1)?,
        };
        if length == 0 {
            return None;
        }
        let (taken, others) = rest.split_at(length);
        // Quoted and unquoted names may differ by case; then they are not known to be the same.
        if found.insert(name, taken).is_some_and(|before| !same(before, taken)) {
            return None;
        }
        rest = others;
    }
    rest.is_empty().then_some(found)
}

/// Tells whether a word is a name and nothing that could mean something else.
fn is_name(word: &str) -> bool {
    let first = word.chars().next().unwrap_or(' ');
    word.starts_with('"') || ((first.is_alphabetic() || first == '_') && !word.contains('\''))
}

/// Returns the length of `name.name.name` at the beginning; 0 if there is none.
fn table(words: &[Word<'_>]) -> usize {
    let mut length = 0;
    while words.get(length).is_some_and(|word| is_name(word.text)) {
        length += 1;
        if words.get(length).is_none_or(|word| word.text != ".") {
            return length;
        }
        length += 1;
    }
    0
}

/// Returns the length of a table, or of a subquery with its alias, at the beginning.
fn relation(words: &[Word<'_>]) -> usize {
    if words.first().is_none_or(|word| word.text != "(") {
        return table(words);
    }
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate() {
        match word.text {
            "(" => depth += 1,
            ")" if depth == 1 => {
                return if words.get(at + 1).is_some_and(|word| is_name(word.text)) { at + 2 } else { 0 };
            }
            ")" => depth -= 1,
            _ => {}
        }
    }
    0
}

/// Returns the length of a list of literals up to the parenthesis that ends it.
fn list(words: &[Word<'_>]) -> usize {
    let is_literal = |word: &Word<'_>| {
        let first = word.text.chars().next().unwrap_or(' ');
        first == '\'' || first.is_ascii_digit() || matches!(word.text, "," | "-" | "." | "true" | "false")
    };
    let length = words.iter().position(|word| word.text == ")").unwrap_or(0);
    if words[..length].iter().all(is_literal) { length } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, relation: &str, column: &str, about: &About) {
        let question = Question::of(sql).unwrap();
        assert_eq!((question.relation.as_str(), question.column.as_str()), (relation, column));
        assert_eq!(&question.about, about);
    }

    const UNIQUE: &str =
        "select id as unique_field, count(*) as n_records\n\nfrom \"d\".\"s\".\"t\"\nwhere id is not null
        group by id\nhaving count(*) > 1";

    #[test]
    fn known_tests_are_recognized() {
        check("select \"Id\"\nfrom a.b -- x\nWHERE \"Id\" is NULL\n", "a.b", "\"Id\"", &About::Nulls);
        check(UNIQUE, "\"d\".\"s\".\"t\"", "id", &About::Repeats);
        check(
            "with all_values as (select a as value_field, count(*) as n_records from (select * from t where f(x) > 1)
            dbt_subquery group by a) select * from all_values where value_field not in ('x , y', -1.5, 2)",
            "(select * from t where f(x) > 1) dbt_subquery",
            "a",
            &About::Others("'x , y', -1.5, 2".to_owned()),
        );
        check(
            "with child as (select a as from_field from t where a is not null), parent as (select id as to_field from p)
            select from_field from child left join parent on child.from_field = parent.to_field
            where parent.to_field is null",
            "t",
            "a",
            &About::Orphans { parent: "p".to_owned(), field: "id".to_owned() },
        );
    }

    #[test]
    fn anything_else_is_unknown() {
        for sql in [
            "",
            "select 1",
            "select a from t where b is null",
            "select a from t where a is null or b",
            "select a from t where a is null limit 5",
            "select * from t where a is null",
            "select 1 from t where 1 is null",
            "select f(a) from t where f(a) is null",
            "select a from t, u where a is null",
            "select a from read_csv('x') where a is null",
            "with all_values as (select a as value_field, count(*) as n_records from t group by a)
            select * from all_values where value_field not in (select x from y)",
            &UNIQUE.replace("> 1", "> 2"),
            &UNIQUE.replace("by id", "by ID"),
        ] {
            assert_eq!(Question::of(sql), None, "{sql}");
        }
    }

    #[test]
    fn the_verdict_on_nothing_is_known_for_plain_thresholds() {
        let query = "select a from t where a is null";
        let check = |fail: &str, warn: &str, error: &str| {
            let sql = format!(
                "select {fail} as failures, {fail} {warn} as should_warn, {fail} {error} as should_error
                from (\n{query} -- c\n) dbt_internal_test"
            );
            verdict_of_none(&sql, query).map(|found| (found.should_warn, found.should_error))
        };
        assert_eq!(check("count(*)", "!= 0", "<>0"), Some((false, false)));
        assert_eq!(check("count(*)", "< 5", ">= 1"), Some((true, false)));
        assert_eq!(check("count(*)", "=0", "<= 0"), Some((true, true)));
        assert_eq!(check("count(*)", ">=0", "> 3"), Some((true, false)));
        assert_eq!(check("count(*)", "between 1 and 3", "!= 0"), None);
        assert_eq!(check("count(*)", "> -1", "!= 0"), None);
        assert_eq!(check("sum(n)", "!= 0", "!= 0"), None);
        let other = "select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error
            from (select a from u where a is null) dbt_internal_test";
        assert_eq!(verdict_of_none(other, query), None);
    }
}
