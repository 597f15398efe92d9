//! How deep the tree of an expression becomes, counted before it is parsed.
//!
//! minijinja's parser, our lowering and the evaluator recurse over prefixes, postfixes and inline
//! conditions, and the drop of the parsed tree over operators too. Longer ones are refused here.

use super::scan::TokenKind;

/// The most prefixes, postfixes and inline conditions around one operand.
const DEEPEST: usize = 200;
/// The most operators between two commas or brackets.
const MOST_OPERATORS: usize = 1000;

#[derive(Default)]
struct Level {
    operators: usize,
    postfixes: usize,
    conditions: usize,
}

/// Counts while the tokens of a tag go by.
pub(super) struct Complexity {
    /// One level for each open bracket.
    levels: Vec<Level>,
    /// The prefixes, postfixes and conditions of all levels.
    depth: usize,
}

impl Complexity {
    pub(super) fn new() -> Self {
        Self { levels: vec![Level::default()], depth: 0 }
    }

    /// Looks at a token; `prefix` when an operator stands before its operand. Tells whether all is well.
    pub(super) fn see(&mut self, word: &str, kind: TokenKind, prefix: bool) -> bool {
        match (kind, word) {
            (TokenKind::Op, "(" | "[" | "{") => {
                self.deeper(|level| &mut level.postfixes);
                self.levels.push(Level::default());
            }
            (TokenKind::Op, ")" | "]" | "}") => {
                let level = self.levels.pop().unwrap_or_default();
                self.depth = self.depth.saturating_sub(level.postfixes + level.conditions);
            }
            (TokenKind::Op, ",") => self.restart(true),
            (TokenKind::Op, "." | "|") | (TokenKind::Ident, "not") => {
                self.deeper(|level| &mut level.postfixes);
            }
            (TokenKind::Op, _) if prefix => self.deeper(|level| &mut level.postfixes),
            (TokenKind::Ident, "if" | "else" | "is") => self.deeper(|level| &mut level.conditions),
            (TokenKind::Op, _) | (TokenKind::Ident, "and" | "or" | "in") => {
                self.restart(false);
                if let Some(level) = self.levels.last_mut() {
                    level.operators += 1;
                }
            }
            _ => {}
        }
        self.depth <= DEEPEST && self.levels.last().is_none_or(|level| level.operators <= MOST_OPERATORS)
    }

    fn deeper(&mut self, count: impl FnOnce(&mut Level) -> &mut usize) {
        if let Some(level) = self.levels.last_mut() {
            *count(level) += 1;
            self.depth += 1;
        }
    }

    /// A new operand begins, or with `whole` a new expression.
    fn restart(&mut self, whole: bool) {
        let Some(level) = self.levels.last_mut() else { return };
        self.depth -= std::mem::take(&mut level.postfixes).min(self.depth);
        if whole {
            self.depth -= std::mem::take(&mut level.conditions).min(self.depth);
            level.operators = 0;
        }
    }
}
