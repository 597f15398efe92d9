//! Broken YAML in words a person can act on: libyaml's message and place become ours, with help for the
//! mistakes people make in dbt projects.

use crate::diag::{Code, Diagnostic, Span};

/// The advice for the most common mistake of all.
pub(super) const QUOTE_JINJA: &str = "put quotes around values that begin with {{";

const QUOTE: &str = "put quotes around it";

/// What the parser said.
pub(super) struct Problem<'a> {
    /// The text that was parsed.
    pub text: &'a str,
    /// libyaml's words, with line and column of problem and context.
    pub message: &'a str,
    /// The byte at which it stopped, when it said so.
    pub place: Option<usize>,
}

impl Problem<'_> {
    /// Turns the problem into a diagnostic. `span` makes spans of this file.
    pub(super) fn explain(&self, span: impl Fn(usize, usize) -> Span) -> Diagnostic {
        let at = self.place.unwrap_or_default().min(self.text.len());
        let error = |from: usize, to: usize, message: &str| {
            Diagnostic::error(Code::YAML_SYNTAX, span(from, to), message.to_owned())
        };
        let one = |at: usize| at + self.text[at..].chars().next().map_or(0, char::len_utf8);
        if self.message.contains("more than one document") {
            // Where no `---` begins it, something stands behind the end of the first.
            let (from, to) = second_document(self.text).map_or((at, one(at)), |start| (start, start + 3));
            return error(from, to, "the file holds more than one YAML document")
                .at("the second one starts here")
                .help("keep one document in a file; remove `---`");
        }
        if self.message.contains("control characters") {
            let at = self.text.find(|c: char| c.is_control() && !"\t\n\r".contains(c)).unwrap_or_default();
            return error(at, one(at), "control characters are not allowed in YAML");
        }
        if self.message.contains("quoted scalar") && self.message.contains("end of stream") {
            let open = self.context().unwrap_or(at);
            let quote = &self.text[open..one(open)];
            return error(open, one(open), "this quote is never closed")
                .help(format!("close it with `{quote}`"));
        }
        if let Some(jinja) = self.unquoted_jinja(at) {
            return error(jinja, line_end(self.text, jinja), "Jinja without quotes breaks the YAML")
                .help(QUOTE_JINJA);
        }
        self.by_message(at, &error)
    }

    fn by_message(&self, at: usize, error: &dyn Fn(usize, usize, &str) -> Diagnostic) -> Diagnostic {
        let one = at + self.text[at..].chars().next().map_or(0, char::len_utf8);
        if self.message.contains("cannot start any token") {
            return match self.text[at..].chars().next() {
                Some('\t') => error(at, one, "a tab is used for indentation").help("indent with spaces"),
                Some('`') => error(at, one, "a value cannot begin with a backtick").help(QUOTE),
                Some(sign) => error(at, one, &format!("a value cannot begin with `{sign}`")).help(QUOTE),
                None => error(at, one, "the file ends in the middle of a value"),
            };
        }
        if self.message.contains("mapping values are not allowed") {
            return self.second_colon(at, error);
        }
        if self.message.contains("unknown escape character") {
            return error(at, one, "unknown escape sequence in a quoted value")
                .help("in double quotes write `\\\\` for a backslash, or use single quotes");
        }
        if self.message.contains("could not find expected ':'") {
            let start = self.context().unwrap_or(at);
            return error(start, line_end(self.text, start), "a key without a `:` after it")
                .help("write `key: value`, or indent the line if it continues the one above");
        }
        if self.message.contains("flow ") {
            let bracket = self.open_bracket(at);
            return error(bracket, bracket + 1, "this bracket is not closed properly")
                .help("separate items with commas and close the bracket");
        }
        if self.message.contains("unknown anchor") {
            return error(
                at,
                word_end(self.text, at),
                "this alias names an anchor that is not defined above it",
            )
            .help("define it with `&`, or put quotes around a value that begins with `*`");
        }
        if self.message.contains("duplicate anchor") {
            return error(at, word_end(self.text, at), "this anchor is defined twice");
        }
        if self.message.contains("scanning an alias") || self.message.contains("scanning an anchor") {
            let sign = self.text[..at].rfind(['*', '&']).unwrap_or(at);
            let message = format!("a value cannot begin with `{}`", &self.text[sign..=sign]);
            return error(sign, sign + 1, &message).help(QUOTE);
        }
        if self.message.contains("recursion limit") {
            return error(at, one, "values are nested too deeply, or an alias refers to itself");
        }
        if self.message.contains("did not find expected") {
            return self.misplaced(at, error);
        }
        if self.message.contains("tab character") {
            return error(at, one, "a tab is used for indentation").help("indent with spaces");
        }
        let said = self.message.split(" at line").next().unwrap_or(self.message).to_lowercase();
        error(at, one, &format!("broken YAML: {said}"))
    }

    /// `a: b: c`, or a line that is indented more than the one it follows.
    fn second_colon(&self, at: usize, error: &dyn Fn(usize, usize, &str) -> Diagnostic) -> Diagnostic {
        let start = line_start(self.text, at);
        let before = &self.text[start..at];
        if before.contains(": ") {
            let value = start + before.find(": ").map_or(0, |colon| colon + 2);
            return error(at, at + 1, "a second `:` in an unquoted value").help(format!(
                "put quotes around the value that begins at column {}",
                self.text[start..value].chars().count() + 1
            ));
        }
        let indent = before.len() - before.trim_start().len();
        error(start + indent, at, "this key is indented more than the line above allows")
            .help("give keys of one mapping the same indentation")
    }

    /// The parser wanted a key or an item and found something else.
    fn misplaced(&self, at: usize, error: &dyn Fn(usize, usize, &str) -> Diagnostic) -> Diagnostic {
        let start = line_start(self.text, at);
        let before = &self.text[start..at];
        let end = line_end(self.text, at).max(at);
        if before.trim_end().ends_with(['\'', '"']) && !before.trim().is_empty() {
            return error(at, end, "text follows a closed quote")
                .help("write a quote inside quotes as `''` (single) or `\\\"` (double)");
        }
        if self.text[at..].starts_with([']', '}']) {
            return error(at, at + 1, "this bracket was never opened");
        }
        let diagnostic = error(at, end, "this line does not fit the indentation around it");
        diagnostic.help("items of one list, and keys of one mapping, start in the same column")
    }

    /// Finds a value that begins with `{{` or `{%` on the line of the problem or of what led to it.
    fn unquoted_jinja(&self, at: usize) -> Option<usize> {
        let here = [Some(at), self.context()];
        let mut lines: Vec<usize> = here.into_iter().flatten().map(|at| line_start(self.text, at)).collect();
        lines.dedup();
        lines.into_iter().find_map(|start| {
            let line = &self.text[start..line_end(self.text, start)];
            ["{{", "{%"]
                .into_iter()
                .filter_map(|open| {
                    let jinja = line.find(open)?;
                    let before = line[..jinja].trim_end();
                    let begins = before.is_empty() || before.ends_with(':') || before.ends_with('-');
                    begins.then_some(start + jinja)
                })
                .min()
        })
    }

    /// The bracket that the parser was in when it stopped at `at`.
    fn open_bracket(&self, at: usize) -> usize {
        let is_bracket = |at: &usize| self.text[*at..].starts_with(['[', '{']);
        let before = || self.text[..at].rfind(['[', '{']);
        self.context().filter(is_bracket).or_else(before).unwrap_or(at.min(self.text.len().saturating_sub(1)))
    }

    /// The place of the context (", while scanning a quoted scalar at line 1 column 4").
    fn context(&self) -> Option<usize> {
        let (_, context) = self.message.split_once(", while ")?;
        let (_, numbers) = context.rsplit_once(" at line ")?;
        let (line, column) = numbers.split_once(" column ")?;
        let (line, column): (usize, usize) = (line.parse().ok()?, column.parse().ok()?);
        let start: usize = self.text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
        let skipped: usize =
            self.text.get(start..)?.chars().take(column.checked_sub(1)?).map(char::len_utf8).sum();
        Some((start + skipped).min(self.text.len()))
    }
}

fn second_document(text: &str) -> Option<usize> {
    let mut content = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let blank = line.trim().is_empty() || line.starts_with('#') || line.starts_with('%');
        if line.starts_with("---") && content {
            return Some(at);
        }
        content |= !blank;
        at += line.len();
    }
    None
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    at + text[at..].find(['\r', '\n']).unwrap_or(text.len() - at)
}

fn word_end(text: &str, at: usize) -> usize {
    at + text[at..].find(char::is_whitespace).unwrap_or(text.len() - at)
}
