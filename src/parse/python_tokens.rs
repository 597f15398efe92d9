//! Python text cut into tokens, and the values of its literals.
//!
//! Input: the text of a `.py` file. Output: tokens with their ranges; comments and space are left out. What is no valid
//! Python is cut somehow: whether it is valid is for Python to say. Called by `python_model`.

use crate::manifest::Json;

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A name or keyword.
    Name,
    /// A number.
    Number,
    /// A string with its prefix and quotes.
    Str,
    /// One character of anything else.
    Op,
}

/// A word of the file, as a range of bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Cuts a file into tokens, then the expressions inside of f-strings, which stand behind everything else.
pub(super) fn all_tokens(text: &str) -> Vec<Token> {
    let mut all = tokens(text, 0..text.len());
    let mut at = 0;
    while let Some(token) = all.get(at).copied() {
        at += 1;
        if token.kind != Kind::Str {
            continue;
        }
        for field in fields(&text[token.start..token.end]) {
            // Keeps the tokens of one field apart from those of the next.
            all.push(Token { kind: Kind::Op, start: token.end, end: token.end });
            all.extend(tokens(text, token.start + field.start..token.start + field.end));
        }
    }
    all
}

/// Returns the ranges of the expressions in an f-string; none for another string.
fn fields(string: &str) -> Vec<std::ops::Range<usize>> {
    let quote = string.find(['\'', '"']).unwrap_or(0);
    if !string[..quote].contains(['f', 'F']) {
        return Vec::new();
    }
    let (mut found, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, c) in string.char_indices() {
        match c {
            // Two braces are one that is printed. Its expression is an empty one, or not looked at.
            '{' => {
                depth += 1;
                if depth == 1 {
                    start = at + 1;
                }
            }
            '}' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    found.push(start..at);
                }
            }
            _ => {}
        }
    }
    found
}

/// Cuts Python text into names, numbers, strings and single operators; comments and space are left out.
fn tokens(text: &str, range: std::ops::Range<usize>) -> Vec<Token> {
    let text = &text[..range.end];
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = range.start;
    while let Some(&byte) = bytes.get(at) {
        let rest = &text[at..];
        let (kind, length) = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b'\\' => {
                at += 1;
                continue;
            }
            b'#' => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            b'\'' | b'"' => (Kind::Str, string_length(rest)),
            b'0'..=b'9' => (
                Kind::Number,
                rest.find(|c: char| !c.is_alphanumeric() && c != '.' && c != '_').unwrap_or(rest.len()),
            ),
            _ if byte == b'_' || byte.is_ascii_alphabetic() || !byte.is_ascii() => {
                let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                if length == 0 {
                    at += rest.chars().next().map_or(1, char::len_utf8);
                    continue;
                }
                let prefix = length <= 2 && rest[..length].chars().all(|c| "rRbBuUfF".contains(c));
                if prefix && rest[length..].starts_with(['\'', '"']) {
                    (Kind::Str, length + string_length(&rest[length..]))
                } else {
                    (Kind::Name, length)
                }
            }
            _ => (Kind::Op, 1),
        };
        found.push(Token { kind, start: at, end: at + length });
        at += length;
    }
    found
}

/// Returns the length of the string that starts the text, its quotes included.
fn string_length(text: &str) -> usize {
    let quote = &text[..1];
    let triple = quote.repeat(3);
    let closing = if text.starts_with(&triple) { triple.as_str() } else { quote };
    let mut at = closing.len();
    while at < text.len() {
        if text.as_bytes()[at] == b'\\' {
            at += 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8);
        } else if text[at..].starts_with(closing) {
            return at + closing.len();
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// Reads a number.
pub(super) fn number(word: &str) -> Option<Json> {
    let plain = word.replace('_', "");
    plain.parse::<i64>().map(Json::from).ok().or_else(|| plain.parse::<f64>().ok().map(Json::from))
}

/// Takes the quotes off a string and its escapes out; bytes and f-strings are no literals.
pub(super) fn unquoted(word: &str) -> Option<String> {
    let start = word.find(['\'', '"'])?;
    let (prefix, body) = word.split_at(start);
    if prefix.contains(['b', 'B', 'f', 'F']) {
        return None;
    }
    let quotes =
        if body.len() >= 6 && (body.starts_with("\"\"\"") || body.starts_with("'''")) { 3 } else { 1 };
    let inner = body.get(quotes..body.len().checked_sub(quotes)?)?;
    if prefix.contains(['r', 'R']) {
        return Some(inner.to_owned());
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next()? {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            '\n' => {}
            c @ ('\\' | '\'' | '"') => out.push(c),
            other => out.extend(['\\', other]),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        let words: Vec<&str> = all_tokens(text).iter().map(|token| &text[token.start..token.end]).collect();
        assert_eq!(words, want);
    }

    #[test]
    fn strings_are_one_token_and_expressions_in_them_follow() {
        check("a.b('c # d') # e", &["a", ".", "b", "(", "'c # d'", ")"]);
        check("\"\"\"x\n'y'\"\"\" rb'z'", &["\"\"\"x\n'y'\"\"\"", "rb'z'"]);
        check(
            "f'{a(1)} {b!r:>{w}}'",
            &["f'{a(1)} {b!r:>{w}}'", "", "a", "(", "1", ")", "", "b", "!", "r", ":", ">", "{", "w", "}"],
        );
        check("'{a}'", &["'{a}'"]);
    }
}
