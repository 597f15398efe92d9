//! Wildcards as Python has them: `fnmatch` for names, `pathlib` globbing for paths. Pure.

/// A name pattern: `*` any text, `?` one character, `[a-z]` and `[!a-z]` one of a set. Case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Token>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Any,
    One,
    Literal(char),
    Set { negated: bool, ranges: Vec<(char, char)> },
}

impl Pattern {
    /// Reads a pattern; every text is one.
    pub(super) fn new(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        // Behind the last closing bracket no set is looked for any more.
        let last = chars.iter().rposition(|c| *c == ']').unwrap_or_default();
        let mut tokens = Vec::new();
        let mut at = 0;
        while let Some(c) = chars.get(at) {
            at += 1;
            tokens.push(match c {
                '*' => Token::Any,
                '?' => Token::One,
                '[' if at <= last => match set(&chars[at..]) {
                    Some((token, length)) => {
                        at += length;
                        token
                    }
                    None => Token::Literal('['),
                },
                other => Token::Literal(*other),
            });
        }
        tokens.dedup_by(|a, b| *a == Token::Any && *b == Token::Any);
        Self(tokens)
    }

    /// Tells whether all of a text matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut token, mut at) = (0, 0);
        // Where to go on when the text after the last `*` did not match: one character further.
        let mut retry: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.0.get(token) {
                Some(Token::Any) => {
                    retry = Some((token, at));
                    token += 1;
                }
                Some(wanted) if wanted.matches(text[at]) => {
                    token += 1;
                    at += 1;
                }
                _ => {
                    let Some((any, from)) = retry else { return false };
                    retry = Some((any, from + 1));
                    token = any + 1;
                    at = from + 1;
                }
            }
        }
        self.0[token..].iter().all(|token| *token == Token::Any)
    }
}

impl Token {
    fn matches(&self, c: char) -> bool {
        match self {
            Self::Any | Self::One => true,
            Self::Literal(wanted) => *wanted == c,
            Self::Set { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
        }
    }
}

/// Reads what follows `[`: the set and its length with `]`; `None` without a closing bracket.
fn set(chars: &[char]) -> Option<(Token, usize)> {
    let negated = chars.first() == Some(&'!');
    let start = usize::from(negated);
    // A bracket right at the start belongs to the set.
    let end = (start + 1..chars.len()).find(|at| chars[*at] == ']')?;
    let mut ranges = Vec::new();
    let mut at = start;
    while at < end {
        if at + 2 < end && chars[at + 1] == '-' {
            ranges.push((chars[at], chars[at + 2]));
            at += 3;
        } else {
            ranges.push((chars[at], chars[at]));
            at += 1;
        }
    }
    Some((Token::Set { negated, ranges }, end + 1))
}

/// A path pattern below some folder: parts as [`Pattern`]s, `**` for any number of folders.
#[derive(Clone, Debug)]
pub(super) struct PathPattern(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Folders,
    Name(Pattern),
}

impl PathPattern {
    /// Reads a relative pattern; empty parts and `.` mean nothing.
    pub(super) fn new(text: &str) -> Self {
        let parts = text.split('/').filter(|part| !part.is_empty() && *part != ".");
        let read = |part| if part == "**" { Part::Folders } else { Part::Name(Pattern::new(part)) };
        let mut parts: Vec<Part> = parts.map(read).collect();
        parts.dedup_by(|a, b| matches!((a, b), (Part::Folders, Part::Folders)));
        Self(parts)
    }

    /// Tells whether the pattern has any part.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether all of a path matches, given by its parts.
    pub(super) fn matches(&self, path: &[&str]) -> bool {
        matches_parts(&self.0, path)
    }
}

fn matches_parts(pattern: &[Part], path: &[&str]) -> bool {
    match pattern.split_first() {
        None => path.is_empty(),
        Some((Part::Folders, rest)) => (0..=path.len()).any(|skip| matches_parts(rest, &path[skip..])),
        Some((Part::Name(name), rest)) => {
            path.split_first().is_some_and(|(first, below)| name.matches(first) && matches_parts(rest, below))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_in_python() {
        let check = |pattern: &str, yes: &[&str], no: &[&str]| {
            let compiled = Pattern::new(pattern);
            for text in yes {
                assert!(compiled.matches(text), "`{pattern}` should match `{text}`");
            }
            for text in no {
                assert!(!compiled.matches(text), "`{pattern}` should not match `{text}`");
            }
        };
        check("stg_*", &["stg_", "stg_orders"], &["a_stg_", "Stg_x"]);
        check("*_orders*x", &["a_orders_yx", "_ordersx"], &["_orders", "x_orders_xy"]);
        check("a?c", &["abc", "aéc"], &["ac", "abbc"]);
        check("[a-cx]1", &["a1", "c1", "x1"], &["d1", "-1"]);
        check("[!a]1", &["b1"], &["a1", "1"]);
        check("[]]", &["]"], &["[", ""]);
        check("[abc", &["[abc"], &["a"]);
        check("[a-]", &["a", "-"], &["b"]);
        check("**", &["", "abc"], &[]);
        check("", &[""], &["a"]);
        check("*a*a*a*a*b", &["aaaab"], &["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]);
    }

    #[test]
    fn paths_match_as_in_pathlib() {
        let check = |pattern: &str, path: &str, want: bool| {
            let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
            assert_eq!(PathPattern::new(pattern).matches(&parts), want, "`{pattern}` on `{path}`");
        };
        check("models/staging", "models/staging", true);
        check("./models//staging/", "models/staging", true);
        check("models", "models/staging", false);
        check("models/*/x.sql", "models/a/x.sql", true);
        check("models/*/x.sql", "models/a/b/x.sql", false);
        check("models/**/x.sql", "models/a/b/x.sql", true);
        check("models/**/x.sql", "models/x.sql", true);
        check("**/*.sql", "models/x.sql", true);
        check("**", "", true);
    }
}
