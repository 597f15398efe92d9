//! A query without what only people see: white space, comments, the case of words, the names of common table expressions.

use crate::hash::HashMap;

use crate::sql::{Kind, Lexer};

/// A query as words and signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Canonical {
    /// Its words and signs.
    pub tokens: Vec<String>,
    /// The same as text that can be parsed.
    pub text: String,
}

/// Words that may stand between `as` and the query of a common table expression.
const MATERIALIZED: [&str; 2] = ["materialized", "not"];

/// Reads a query. Its names of common table expressions become numbers where that is safe.
pub(super) fn canonical(sql: &str) -> Canonical {
    let mut tokens: Vec<String> = Vec::new();
    let mut spaced: Vec<bool> = Vec::new();
    let mut space = false;
    for token in Lexer::new(sql) {
        let text = &sql[token.range];
        match token.kind {
            Kind::Space | Kind::Comment => {
                space = true;
                continue;
            }
            // Letters of names in quotes count, and so do those of strings.
            Kind::Word => tokens.push(text.to_lowercase()),
            _ => tokens.push(text.to_owned()),
        }
        spaced.push(std::mem::take(&mut space));
    }
    while tokens.last().is_some_and(|last| last == ";") {
        tokens.pop();
    }
    rename_ctes(&mut tokens);
    let mut text = String::with_capacity(sql.len());
    for (token, spaced) in tokens.iter().zip(spaced) {
        if spaced {
            text.push(' ');
        }
        text.push_str(token);
    }
    Canonical { tokens, text }
}

fn rename_ctes(tokens: &mut [String]) {
    let mut names: HashMap<String, usize> = HashMap::default();
    for at in 0..tokens.len() {
        if is_definition(tokens, at) {
            *names.entry(tokens[at].clone()).or_default() += 1;
        }
    }
    let safe = |name: &str, times: usize| {
        times == 1 && (0..tokens.len()).filter(|at| tokens[*at] == name).all(|at| is_relation(tokens, at))
    };
    let defined: Vec<&String> =
        (0..tokens.len()).filter(|at| is_definition(tokens, *at)).map(|at| &tokens[at]).collect();
    let renamed: HashMap<String, String> = defined
        .into_iter()
        .enumerate()
        .filter(|(_, name)| safe(name, names.get(*name).copied().unwrap_or_default()))
        .map(|(number, name)| (name.clone(), format!("tidegate_cte_{number}")))
        .collect();
    for token in tokens {
        if let Some(name) = renamed.get(token) {
            token.clone_from(name);
        }
    }
}

fn token(tokens: &[String], at: Option<usize>) -> &str {
    at.and_then(|at| tokens.get(at)).map_or("", String::as_str)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Tells whether a word is the name in `with name as (`, also behind a comma and with a list of columns.
fn is_definition(tokens: &[String], at: usize) -> bool {
    let before = token(tokens, at.checked_sub(1));
    if !is_name(&tokens[at]) || !matches!(before, "with" | "recursive" | ",") {
        return false;
    }
    let mut next = at + 1;
    if token(tokens, Some(next)) == "(" {
        next = end_of_group(tokens, next) + 1;
    }
    if token(tokens, Some(next)) != "as" {
        return false;
    }
    let mut rest = tokens[next + 1..].iter().map(String::as_str);
    rest.find(|word| !MATERIALIZED.contains(word)) == Some("(")
}

/// Tells whether a word can only be the name of a relation: where one is defined or read, or before a dot.
fn is_relation(tokens: &[String], at: usize) -> bool {
    let before = token(tokens, at.checked_sub(1));
    let after = token(tokens, Some(at + 1));
    if is_definition(tokens, at) {
        return true;
    }
    match before {
        "." => false,
        _ if after == "." => true,
        "join" => after != "(",
        "from" => after != "(" && at.checked_sub(1).is_some_and(|from| reads_relations(tokens, from)),
        _ => false,
    }
}

/// Tells whether a `from` belongs to a `select`, and not to `extract(.. from ..)` or `is distinct from`.
fn reads_relations(tokens: &[String], from: usize) -> bool {
    let mut depth = 0usize;
    for at in (0..from).rev() {
        match tokens[at].as_str() {
            ")" => depth += 1,
            "(" if depth == 0 => return at + 1 == from,
            "(" => depth -= 1,
            "select" if depth == 0 => {
                return token(tokens, from.checked_sub(1)) != "distinct" || at + 1 == from - 1;
            }
            "from" if depth == 0 => return false,
            _ => {}
        }
    }
    from == 0
}

/// Returns the place of the parenthesis that closes the one at `open`.
pub(super) fn end_of_group(tokens: &[String], open: usize) -> usize {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.as_str() {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len()
}

/// Counts the stars that stand for columns.
pub(super) fn stars(tokens: &[String]) -> usize {
    const BEFORE: [&str; 5] = ["select", "distinct", "all", ",", "."];
    let is_star = |at: &usize| tokens[*at] == "*" && BEFORE.contains(&token(tokens, at.checked_sub(1)));
    (0..tokens.len()).filter(is_star).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(one: &str, other: &str, want: bool) {
        assert_eq!(canonical(one).tokens == canonical(other).tokens, want, "{one}\n{other}");
    }

    #[test]
    fn what_only_people_see_does_not_count() {
        same("select a, 'B' from t -- c", "SELECT\n  A , 'B'\nFROM /* d */ T;", true);
        same("select 'a'", "select 'A'", false);
        same("select \"a\"", "select \"A\"", false);
    }

    #[test]
    fn names_of_ctes_do_not_count_where_nothing_else_has_them() {
        same("with a as (select 1 x) select a.x from a", "with b as (select 1 x) select b.x from b", true);
        same(
            "with a as (select 1 x), c as (select * from a) select * from c",
            "with d as (select 1 x), e as (select * from d) select * from e",
            true,
        );
        same("with a as (select 1 a) select a from a", "with b as (select 1 a) select a from b", false);
        same("with a as (select 1 x) select a from a", "with b as (select 1 x) select b from b", false);
        same(
            "with d as (select 1 x) select extract(year from d) from d",
            "with e as (select 1 x) select extract(year from e) from e",
            false,
        );
        same(
            "with d as (select 1 x) select x is distinct from d from d",
            "with e as (select 1 x) select x is distinct from e from e",
            false,
        );
        same(
            "with a as (select 1 x), b as (select 2 x) select * from a",
            "with b as (select 1 x), a as (select 2 x) select * from a",
            false,
        );
    }
}
