//! How deep the tree of a query becomes, counted before it is parsed, and the stack that such a tree needs.
//!
//! sqlparser bounds how deep brackets are nested. A chain (`a || b || c`, `union all` of many) it reads in a loop, but its tree is as
//! deep as the chain is long, and whoever compares, copies or drops a tree goes down all of it.

use std::ops::Range;

use super::{Kind, code_tokens};

/// The deepest tree that is made. The longest chains that people have tools write are of some hundred parts.
pub(super) const DEEPEST: usize = 2000;
/// What is free of the stack while trees are worked on, in bytes. Untouched, it costs nothing.
const STACK: usize = 64 << 20;

/// Runs what works on trees of queries where the stack has room for the deepest.
pub fn with_room_for_trees<T>(work: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(STACK, STACK, work)
}

/// What is open: the whole text, or a bracket.
#[derive(Default)]
struct Level {
    /// Operators of the expression that is being read.
    chain: usize,
    /// Those of the longest one before.
    longest: usize,
    /// `union` and the like.
    sets: usize,
    /// The deepest bracket inside.
    inner: usize,
}

impl Level {
    fn next_expression(&mut self) {
        self.longest = self.longest.max(std::mem::take(&mut self.chain));
    }

    fn word(&mut self, word: &str) {
        match word {
            "and" | "or" | "not" | "is" | "in" | "like" | "ilike" | "between" | "at" | "collate" => {
                self.chain += 1;
            }
            "union" | "except" | "intersect" => self.sets += 1,
            "select" | "from" | "where" | "join" | "on" | "when" | "then" | "else" => self.next_expression(),
            _ => {}
        }
    }

    fn depth(&self) -> usize {
        self.inner + self.longest.max(self.chain) + self.sets
    }
}

/// Returns how deep the tree of a text is at most: never deeper than the text is long in bytes.
pub(super) fn depth(sql: &str) -> usize {
    let (mut outer, mut level) = (Vec::new(), Level::default());
    let mut sign: Option<Range<usize>> = None;
    for token in code_tokens(sql) {
        let before = sign.take();
        match (token.kind, &sql[token.range.clone()]) {
            (Kind::Other, "(" | "[" | "{") => {
                level.chain += 1;
                outer.push(std::mem::take(&mut level));
            }
            (Kind::Other, ")" | "]" | "}") => {
                let inner = level.depth();
                level = outer.pop().unwrap_or_default();
                level.inner = level.inner.max(inner);
            }
            (Kind::Other, ",") | (Kind::Semicolon, _) => level.next_expression(),
            (Kind::Other, _) => {
                // `::` is one.
                let continues = before.is_some_and(|before| before.end == token.range.start);
                level.chain += usize::from(!continues);
                sign = Some(token.range);
            }
            (Kind::Word, word) => level.word(&word.to_ascii_lowercase()),
            _ => {}
        }
    }
    // What is not closed is no deeper than if all of it were.
    outer
        .iter()
        .rev()
        .fold(level.depth(), |inner, level| level.inner.max(inner) + level.depth() - level.inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_count_and_lists_do_not() {
        let check = |sql: &str, want: usize| assert_eq!(depth(sql), want, "{sql}");
        check("select a, b, c from t", 0);
        check("select a || b || c, d::int::text from t", 2);
        check("select 1 union all select 2 + 1 union all select 3", 3);
        check("select (a + (b + c)) + 1", 5);
        check("select (1 + 1 + 1) + 1, (1)", 4);
        check("select case when a = 1 and b then 2 when a = 2 then 3 end", 2);
        check("select '1 + 1 + 1' -- + +", 0);
        check("select ((((1", 4);
        check(") ) ]", 0);
        assert_eq!(with_room_for_trees(|| depth("1 + 1")), 1);
    }
}
