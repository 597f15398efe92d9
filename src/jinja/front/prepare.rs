//! Rewrites what Jinja2 and dbt accept and minijinja's parser does not, remembering every position.
//!
//! `{% do anything %}`, typed macro arguments, tuples without parentheses, unary plus, integers of any size, Python's
//! string escapes, CRLF, and dbt's `test` and `materialization` tags (which become macros). Also reports tags
//! that are not closed at the tag that opened them, and expressions too long to be parsed safely.

use std::borrow::Cow;
use std::ops::Range;

use super::complexity::Complexity;
use super::scan::{Piece, Scanner, Token, TokenKind};
use super::tags::TagStack;
use crate::diag::{FileId, Span};
use crate::jinja::error::Error;
use crate::jinja::filters::integer_literal;
use crate::jinja::value::as_int;

/// The name of the call that wraps the expression of a `do` tag for the parser.
pub(super) const DO: &str = "__do";
/// The name of the call that an integer too large for the parser becomes; its argument are the digits.
pub(super) const INTEGER: &str = "__int";
/// Ends names that the parser reserves and Jinja2 does not.
pub(super) const RESERVED_MARK: char = '\u{b7}';

/// The length of the shortest literal that no `i128` holds, in hexadecimal digits.
const LARGE_LITERAL: usize = "0x80000000000000000000000000000000".len();

/// Text for the parser, and the way back to the file.
pub(super) struct Prepared<'s> {
    pub(super) text: Cow<'s, str>,
    /// Pairs of offsets, new and old, where the distance between the two changes.
    breaks: Vec<(usize, usize)>,
    lines: Vec<(usize, usize)>,
    pub(super) file: FileId,
    base: i64,
}

impl Prepared<'_> {
    /// Maps a range of the prepared text to the file.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        let end = if range.end > range.start { self.offset(range.end) } else { self.offset(range.start) };
        Span::new(self.file, self.offset(range.start), end)
    }

    /// Maps an offset of the prepared text to the file.
    pub(super) fn offset(&self, offset: usize) -> usize {
        let offset = back(&self.lines, back(&self.breaks, offset));
        usize::try_from(self.base + i64::try_from(offset).unwrap_or(0)).unwrap_or(0)
    }
}

fn back(breaks: &[(usize, usize)], offset: usize) -> usize {
    let next = breaks.partition_point(|(new, _)| *new <= offset);
    let Some((new, old)) = next.checked_sub(1).and_then(|i| breaks.get(i)) else { return offset };
    let mapped = old + (offset - new);
    breaks.get(next).map_or(mapped, |(_, limit)| mapped.min(*limit))
}

/// Prepares `text`, which lies at `base` of its file (negative when something was put before it).
pub(super) fn prepare(text: &str, file: FileId, base: i64) -> Result<Prepared<'_>, Error> {
    let (text, lines) = unify_newlines(text);
    let mut prepared = Prepared { text: Cow::Borrowed(""), breaks: Vec::new(), lines, file, base };
    let edits = find_edits(&text, &prepared)?;
    if edits.is_empty() {
        prepared.text = text;
    } else {
        let (text, breaks) = apply(&text, edits);
        prepared.text = Cow::Owned(text);
        prepared.breaks = breaks;
    }
    Ok(prepared)
}

/// Jinja2 turns every kind of line end into `\n`.
fn unify_newlines(text: &str) -> (Cow<'_, str>, Vec<(usize, usize)>) {
    if !text.contains('\r') {
        return (Cow::Borrowed(text), Vec::new());
    }
    let edits = text
        .match_indices('\r')
        .map(|(at, _)| {
            let crlf = text[at + 1..].starts_with('\n');
            (at..at + 1, if crlf { String::new() } else { "\n".to_owned() })
        })
        .collect();
    let (text, breaks) = apply(text, edits);
    (Cow::Owned(text), breaks)
}

type Edit = (Range<usize>, String);

fn apply(text: &str, mut edits: Vec<Edit>) -> (String, Vec<(usize, usize)>) {
    edits.sort_by_key(|(range, _)| range.start);
    let mut out = String::with_capacity(text.len() + edits.len() * 4);
    let mut breaks = Vec::with_capacity(edits.len() * 2);
    let mut copied = 0;
    for (range, new) in edits {
        // An edit inside of a part that was dropped (a parameter's type) has nothing left to change.
        if range.start < copied {
            continue;
        }
        out.push_str(&text[copied..range.start]);
        breaks.push((out.len(), range.start));
        out.push_str(&new);
        breaks.push((out.len(), range.end));
        copied = range.end;
    }
    out.push_str(&text[copied..]);
    (out, breaks)
}

fn find_edits(text: &str, prepared: &Prepared<'_>) -> Result<Vec<Edit>, Error> {
    let mut scanner = Scanner::new(text, prepared.file, 0);
    let mut edits = Vec::new();
    let mut tags = TagStack::default();
    loop {
        let piece = scanner.next().map_err(|e| remap(e, prepared))?;
        let (is_block, range) = match piece {
            None => break,
            Some(Piece::Plain(_)) => continue,
            Some(Piece::Variable(range)) => (false, range),
            Some(Piece::Block(range)) => (true, range),
        };
        if !is_block && text[range.clone()].ends_with("+}}") {
            let span = prepared.span(range.end - 3..range.end - 2);
            return Err(Error::syntax(span, "unexpected `+` before the end of the expression"));
        }
        let adapter = (is_block && scanner.word(0) == "materialization")
            .then(|| super::adapter_of_materialization(&scanner));
        let mut tag = Tag { text, tokens: &scanner.tokens, edits: &mut edits };
        tag.spaces(&range);
        tag.expressions()
            .and_then(|()| tag.check())
            .map_err(|(at, message)| Error::syntax(prepared.span(at.start..at.end), message))?;
        if is_block {
            tag.statement(adapter.as_deref().unwrap_or_default());
            tags.see(&scanner, range).map_err(|e| remap(e, prepared))?;
        } else {
            tag.wrap_tuple(0..scanner.tokens.len());
        }
    }
    tags.finish().map_err(|e| remap(e, prepared))?;
    Ok(edits)
}

/// The scanner worked on the text with unified line ends: move its error to the file.
fn remap(error: Error, prepared: &Prepared<'_>) -> Error {
    error.relocated(|span| prepared.span(span.range()))
}

/// Tells whether a number is an integer that the parser refuses, or would make a float of.
fn is_large(word: &str) -> bool {
    word.len() >= LARGE_LITERAL && integer_literal(word).is_some_and(|value| as_int(&value).is_none())
}

struct Tag<'a> {
    text: &'a str,
    tokens: &'a [Token],
    edits: &'a mut Vec<Edit>,
}

impl<'a> Tag<'a> {
    fn word(&self, index: usize) -> &'a str {
        self.tokens.get(index).map_or("", |t| &self.text[t.start..t.end])
    }

    fn insert(&mut self, at: usize, text: &str) {
        self.edits.push((at..at, text.to_owned()));
    }

    /// Every kind of Unicode space separates tokens in Jinja2.
    fn spaces(&mut self, range: &Range<usize>) {
        let tag = &self.text[range.clone()];
        if tag.is_ascii() {
            return;
        }
        for (at, c) in tag.char_indices().filter(|(_, c)| !c.is_ascii() && c.is_whitespace()) {
            let at = range.start + at;
            if !self.tokens.iter().any(|token| token.start <= at && at < token.end) {
                self.edits.push((at..at + c.len_utf8(), " ".to_owned()));
            }
        }
    }

    /// Handles what can be anywhere in an expression.
    fn expressions(&mut self) -> Result<(), (Token, String)> {
        let mut complexity = Complexity::new();
        for (i, token) in self.tokens.iter().enumerate() {
            let word = self.word(i);
            let is_prefix = token.kind == TokenKind::Op && self.is_prefix(i);
            match token.kind {
                TokenKind::Str => self.escapes(*token),
                TokenKind::Number if is_large(word) => {
                    self.edits.push((token.start..token.end, format!("{INTEGER}('{word}')")));
                }
                TokenKind::Ident if word == "self" && (i == 0 || self.word(i - 1) != ".") => {
                    self.insert(token.end, &RESERVED_MARK.to_string());
                }
                TokenKind::Op if word == "+" && is_prefix => {
                    self.edits.push((token.start..token.end, " ".to_owned()));
                }
                _ => {}
            }
            if word == "[" && i > 0 && self.ends_operand(i - 1) {
                self.subscript(i);
            }
            if !complexity.see(word, token.kind, is_prefix) {
                return Err((*token, "the expression is too long or nested too deeply".to_owned()));
            }
        }
        Ok(())
    }

    /// Refuses what minijinja's parser takes and Jinja2 does not.
    fn check(&self) -> Result<(), (Token, String)> {
        if self.word(0) == "macro" && self.word(2) == "(" {
            let close = self.closing(2).unwrap_or(2);
            if close > 3 && self.word(close - 1) == "," {
                return Err((self.tokens[close], "unexpected `)`, expected a parameter".to_owned()));
            }
        }
        for (i, token) in self.tokens.iter().enumerate() {
            let next = self.tokens.get(i + 1);
            match (token.kind, self.word(i)) {
                (TokenKind::Op, ".")
                    if !next.is_some_and(|t| matches!(t.kind, TokenKind::Ident | TokenKind::Number)) =>
                {
                    return Err((*token, "expected a name or number after `.`".to_owned()));
                }
                (TokenKind::Ident, "is") if i == 0 || self.word(i - 1) != "." => {}
                _ => continue,
            }
            let name = if self.word(i + 1) == "not" { i + 2 } else { i + 1 };
            let after = match self.word(name + 1) {
                "(" => self.closing(name + 1).map_or(name + 1, |close| close + 1),
                _ => name + 1,
            };
            if self.word(after) == "is" {
                return Err((self.tokens[after], "tests cannot be chained with `is`".to_owned()));
            }
        }
        Ok(())
    }

    fn is_prefix(&self, index: usize) -> bool {
        index == 0 || !self.ends_operand(index - 1)
    }

    fn ends_operand(&self, index: usize) -> bool {
        match self.tokens[index].kind {
            TokenKind::Number | TokenKind::Str => true,
            TokenKind::Op => matches!(self.word(index), ")" | "]" | "}"),
            TokenKind::Ident => {
                !matches!(self.word(index), "and" | "or" | "not" | "in" | "is" | "if" | "else" | "elif")
                    || (index > 0 && self.word(index - 1) == ".")
            }
        }
    }

    /// Python knows escapes that minijinja reads otherwise: `\/`, `\a`, `\v`, `\U`, an escaped line end.
    fn escapes(&mut self, token: Token) {
        let body = &self.text[token.start..token.end];
        if !body.contains('\\') {
            return;
        }
        let mut chars = body.char_indices();
        while let Some((at, c)) = chars.next() {
            if c != '\\' {
                continue;
            }
            let Some((_, escaped)) = chars.next() else { break };
            let start = token.start + at;
            let new = match escaped {
                '/' => "\\\\/".to_owned(),
                'a' => "\\x07".to_owned(),
                'v' => "\\x0b".to_owned(),
                '\n' => String::new(),
                'U' => {
                    let digits = body.get(at + 2..at + 10).unwrap_or_default();
                    let decoded = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
                    if let Some(c) = decoded.filter(|c| !c.is_control() && *c > '~') {
                        self.edits.push((start..start + 10, c.to_string()));
                    }
                    continue;
                }
                _ => continue,
            };
            self.edits.push((start..start + 2, new));
        }
    }

    /// `x[a, b]` is `x[(a, b)]`.
    fn subscript(&mut self, open: usize) {
        let Some(close) = self.closing(open) else { return };
        if self.top_level(open + 1..close, &[":"]).is_none() {
            self.wrap_tuple(open + 1..close);
        }
    }

    fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        (open..self.tokens.len()).find(|i| {
            match self.word(*i) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            depth == 0
        })
    }

    /// Finds the first of some words outside of all brackets.
    fn top_level(&self, range: Range<usize>, words: &[&str]) -> Option<usize> {
        let mut depth = 0_usize;
        range.into_iter().find(|i| {
            let word = self.word(*i);
            match word {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            let part_of_name = *i > 0 && self.word(*i - 1) == ".";
            depth == 0 && words.contains(&word) && !part_of_name
        })
    }

    /// Returns where some tokens stand.
    fn place(&self, range: Range<usize>) -> Range<usize> {
        match self.tokens.get(range).unwrap_or_default() {
            [] => 0..0,
            [only] => only.start..only.end,
            [first, .., last] => first.start..last.end,
        }
    }

    /// `a, b` is `(a, b)`.
    fn wrap_tuple(&mut self, range: Range<usize>) {
        let has_comma = self.text[self.place(range.clone())].contains(',');
        if !has_comma || self.top_level(range.clone(), &[","]).is_none() {
            return;
        }
        self.insert(self.tokens[range.start].start, "(");
        self.insert(self.tokens[range.end - 1].end, ")");
    }

    /// Rewrites a block tag; `adapter` is that of a `materialization`.
    fn statement(&mut self, adapter: &str) {
        let Some(keyword) = self.tokens.first() else { return };
        let mut all = self.tokens.len();
        let has_body = matches!(
            self.word(0),
            "if" | "elif" | "else" | "for" | "macro" | "call" | "filter" | "with" | "block" | "test"
        );
        if has_body && all > 1 && self.word(all - 1) == ":" {
            // Jinja2 takes a colon where the body of a block begins, as Python's statements have it.
            all -= 1;
            self.edits.push((self.tokens[all].start..self.tokens[all].end, String::new()));
        }
        match self.word(0) {
            "do" if all > 1 => {
                let end = self.tokens[all - 1].end;
                self.insert(keyword.end, &format!(" {DO}("));
                self.insert(end, ")");
            }
            "for" => {
                let Some(start) = self.top_level(1..all, &["in"]) else { return };
                let end = self.top_level(start + 1..all, &["if", "recursive"]).unwrap_or(all);
                self.wrap_tuple(start + 1..end);
            }
            "if" | "elif" => self.wrap_tuple(1..all),
            "macro" => self.untype(2),
            "call" => self.untype(1),
            "test" | "data_test" => {
                self.edits.push((keyword.start..keyword.end, "macro test_".to_owned()));
                if let Some(name) = self.tokens.get(1) {
                    self.edits.push((keyword.end..name.start, String::new()));
                }
                self.untype(2);
            }
            "endtest" | "enddata_test" | "endmaterialization" => {
                self.edits.push((keyword.start..keyword.end, "endmacro".to_owned()));
            }
            "materialization" if all > 1 => {
                self.edits.push((keyword.start..self.tokens[1].start, "macro materialization_".to_owned()));
                let end = self.tokens[all - 1].end;
                self.edits.push((self.tokens[1].end..end, format!("_{adapter}()")));
            }
            _ => {}
        }
    }

    /// Drops the types of parameters: `(a: str, b: list[int] = 1)`.
    fn untype(&mut self, open: usize) {
        if self.word(open) != "(" {
            return;
        }
        let close = self.closing(open).unwrap_or(self.tokens.len());
        let mut at = open + 1;
        while at < close {
            let end = self.top_level(at..close, &[","]).unwrap_or(close);
            if self.word(at + 1) == ":" && at + 1 < end {
                let stop = self.top_level(at + 1..end, &["="]).unwrap_or(end);
                let range = self.tokens[at + 1].start..self.tokens[stop - 1].end;
                self.edits.push((range, String::new()));
            }
            at = end + 1;
        }
    }
}
