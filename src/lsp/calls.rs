//! The calls in a template's tags, with the places of their names and arguments.
//!
//! Input: the tokens of a tag, which may be half written. Output: every call, outer ones first. Called by `mentions`, which
//! asks what a call names, and by `completion`, which asks in which call the cursor stands.

use std::ops::Range;

use crate::jinja::{Token, TokenKind};

/// A call as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CallSite<'t> {
    /// The names before the parenthesis: `ref`, or `package` and `macro`.
    pub(super) path: Vec<Word<'t>>,
    /// The arguments so far.
    pub(super) arguments: Vec<Argument<'t>>,
    /// Whether its parenthesis is not closed.
    pub(super) open: bool,
}

/// A name or the inside of a string, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word<'t> {
    pub(super) text: &'t str,
    pub(super) range: Range<usize>,
}

/// An argument: its name, if it has one, and its text, if it is nothing but a string.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Argument<'t> {
    pub(super) name: Option<&'t str>,
    pub(super) string: Option<Word<'t>>,
    /// Any other single token.
    pub(super) plain: Option<&'t str>,
    tokens: usize,
}

impl<'t> CallSite<'t> {
    /// Returns the last name.
    pub(super) fn name(&self) -> &'t str {
        self.path.last().map_or("", |word| word.text)
    }

    /// Returns the name if it stands alone, or behind `builtins`.
    pub(super) fn bare_name(&self) -> Option<&'t str> {
        match self.path.as_slice() {
            [name] => Some(name.text),
            [builtins, name] if builtins.text == "builtins" => Some(name.text),
            _ => None,
        }
    }

    /// Returns the positional arguments that are strings; `None` if one of them is something else.
    pub(super) fn strings(&self) -> Option<Vec<&Word<'t>>> {
        let positional =
            self.arguments.iter().filter(|argument| argument.name.is_none() && argument.tokens > 0);
        positional.map(|argument| argument.string.as_ref()).collect()
    }

    /// Returns a named argument.
    pub(super) fn named(&self, name: &str) -> Option<&Argument<'t>> {
        self.arguments.iter().find(|argument| argument.name == Some(name))
    }
}

/// Finds the calls among tokens.
pub(super) fn calls<'t>(text: &'t str, tokens: &[Token]) -> Vec<CallSite<'t>> {
    let of = |token: &Token| text.get(token.start..token.end).unwrap_or_default();
    let mut found: Vec<CallSite<'t>> = Vec::new();
    // For every open bracket, the call it belongs to, if it is a call's.
    let mut open: Vec<Option<usize>> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match (token.kind, of(token)) {
            (TokenKind::Op, "(" | "[" | "{") => {
                note(&mut found, &open, text, token, tokens.get(at + 1));
                let path = if of(token) == "(" { path(text, &tokens[..at]) } else { Vec::new() };
                if path.is_empty() {
                    open.push(None);
                } else {
                    open.push(Some(found.len()));
                    let arguments = vec![Argument::default()];
                    found.push(CallSite { path, arguments, open: true });
                }
            }
            (TokenKind::Op, ")" | "]" | "}") => {
                if let Some(Some(call)) = open.pop() {
                    found[call].open = false;
                }
            }
            (TokenKind::Op, ",") => {
                if let Some(Some(call)) = open.last() {
                    found[*call].arguments.push(Argument::default());
                }
            }
            _ => note(&mut found, &open, text, token, tokens.get(at + 1)),
        }
    }
    found
}

/// Adds a token to the argument that it stands in.
fn note<'t>(
    found: &mut [CallSite<'t>],
    open: &[Option<usize>],
    text: &'t str,
    token: &Token,
    next: Option<&Token>,
) {
    let Some(Some(call)) = open.last() else { return };
    let Some(argument) = found.get_mut(*call).and_then(|call| call.arguments.last_mut()) else { return };
    let of = |token: &Token| text.get(token.start..token.end).unwrap_or_default();
    let names = token.kind == TokenKind::Ident && next.is_some_and(|next| of(next) == "=");
    if argument.tokens == 0 && argument.name.is_none() && names {
        argument.name = Some(of(token));
        return;
    }
    if argument.tokens == 0 && argument.name.is_some() && of(token) == "=" {
        return;
    }
    argument.tokens += 1;
    let is_only = argument.tokens == 1;
    argument.string = (is_only && token.kind == TokenKind::Str).then(|| inside(text, token));
    let is_plain = matches!(token.kind, TokenKind::Ident | TokenKind::Number);
    argument.plain = (is_only && is_plain).then(|| of(token));
}

/// Returns the names that stand before a parenthesis.
fn path<'t>(text: &'t str, before: &[Token]) -> Vec<Word<'t>> {
    let word = |token: &Token| Word {
        text: text.get(token.start..token.end).unwrap_or_default(),
        range: token.start..token.end,
    };
    let mut names = Vec::new();
    let mut at = before.len();
    while let Some(token) = at.checked_sub(1).and_then(|last| before.get(last)) {
        if token.kind != TokenKind::Ident {
            return Vec::new();
        }
        names.push(word(token));
        let dot = at.checked_sub(2).and_then(|dot| before.get(dot));
        if dot.is_none_or(|dot| word(dot).text != ".") {
            break;
        }
        at -= 2;
    }
    names.reverse();
    names
}

/// Returns what is between the quotes of a string, which may lack the second one.
pub(super) fn inside<'t>(text: &'t str, token: &Token) -> Word<'t> {
    let written = text.get(token.start..token.end).unwrap_or_default();
    let quote = written.chars().next().unwrap_or('\'');
    let closed = written.len() > 1 && written.ends_with(quote);
    let range = (token.start + 1).min(token.end)..token.end - usize::from(closed);
    Word { text: text.get(range.clone()).unwrap_or_default(), range }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jinja::tags;

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        let shown = |call: &CallSite<'_>| {
            let path: Vec<&str> = call.path.iter().map(|word| word.text).collect();
            let argument = |it: &Argument<'_>| {
                let value = it.string.as_ref().map_or(it.plain.unwrap_or("?"), |word| word.text);
                it.name.map_or(value.to_owned(), |name| format!("{name}={value}"))
            };
            let arguments: Vec<String> = call.arguments.iter().map(argument).collect();
            format!("{}({}{}", path.join("."), arguments.join("|"), if call.open { "" } else { ")" })
        };
        let tag = tags(text).into_iter().next().unwrap();
        assert_eq!(calls(text, &tag.tokens).iter().map(shown).collect::<Vec<_>>(), want);
    }

    #[test]
    fn calls_have_names_and_arguments() {
        check("{{ ref('p', 'm', v=2) }}", &["ref(p|m|v=2)"]);
        check("{{ p.m(a(x), 'é' ~ 'b', [1, 2], k='v') }}", &["p.m(?|?|?|k=v)", "a(x)"]);
        check("{{ source('s', 't", &["source(s|t"]);
        check("{{ f(g(", &["f(?", "g(?"]);
        check("{% set x = m() | f(1) %}", &["m(?)", "f(1)"]);
        check("{{ (a)(b)[c] }}", &[]);
    }
}
