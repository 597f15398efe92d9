//! Python models: what they ref, read and configure, found without running them (`resources.md` section 9).
//!
//! Input is the text of a `.py` file. Calls of `dbt.ref`, `dbt.source`, `dbt.config` and `dbt.config.get`
//! count, with literal arguments only. Called by `drafts`.

use super::python_tokens::{Kind, Token, all_tokens, number, unquoted};
use crate::context::{Capture, ConfigCall};
use crate::diag::{Code, Diagnostic, FileId, Span};
use crate::manifest::{Json, JsonMap, RefCall, SourceCall};

/// Reads a model. Everything wrong with it is reported.
pub(super) fn read(text: &str, file: FileId, problems: &mut Vec<Diagnostic>) -> Capture {
    let mut reader = Reader { text, file, tokens: all_tokens(text), capture: Capture::default(), problems };
    if text.trim().is_empty() {
        return reader.capture;
    }
    reader.check_shape();
    let (mut used, mut defaults, mut meta_used, mut meta_defaults) = (vec![], vec![], vec![], vec![]);
    for at in 0..reader.tokens.len() {
        let Some((function, open)) = reader.dbt_call(at) else { continue };
        let Some((positional, named)) = reader.arguments(open, &function) else { continue };
        let span = reader.span(at, open);
        match function.as_str() {
            "ref" => reader.add_ref(&positional, &named, span),
            "source" => reader.add_source(&positional, span),
            "config" => reader.capture.configs.push(ConfigCall { values: named, span: Some(span) }),
            name => {
                let (keys, values) = if name == "get" {
                    (&mut used, &mut defaults)
                } else {
                    (&mut meta_used, &mut meta_defaults)
                };
                keys.extend(positional.first().cloned());
                values.push(positional.get(1).cloned().unwrap_or(Json::Null));
            }
        }
    }
    if !used.is_empty() || !meta_used.is_empty() {
        let mut values = JsonMap::new();
        values.insert("config_keys_used".to_owned(), Json::Array(used));
        values.insert("config_keys_defaults".to_owned(), Json::Array(defaults));
        values.insert("meta_keys_used".to_owned(), Json::Array(meta_used));
        values.insert("meta_keys_defaults".to_owned(), Json::Array(meta_defaults));
        reader.capture.configs.push(ConfigCall { values, span: None });
    }
    reader.capture
}

struct Reader<'a, 'p> {
    text: &'a str,
    file: FileId,
    tokens: Vec<Token>,
    capture: Capture,
    problems: &'p mut Vec<Diagnostic>,
}

impl Reader<'_, '_> {
    fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &self.text[token.start..token.end])
    }

    fn span(&self, from: usize, to: usize) -> Span {
        let start = self.tokens.get(from).map_or(0, |token| token.start);
        let end = self.tokens.get(to).map_or(self.text.len(), |token| token.end);
        Span::new(self.file, start, end)
    }

    fn fail(&mut self, span: impl Into<Option<Span>>, message: impl Into<String>) {
        self.problems.push(Diagnostic::error(Code::INVALID_RESOURCE, span, message));
    }

    /// There must be one `def model(dbt, session)`.
    fn check_shape(&mut self) {
        let definitions: Vec<usize> = (0..self.tokens.len())
            .filter(|at| self.word(*at) == "def" && self.word(at + 1) == "model")
            .collect();
        let [definition] = definitions.as_slice() else {
            let message = format!(
                "a Python model defines `model` once, but here it is defined {} times",
                definitions.len()
            );
            let place = definitions.get(1).map(|at| self.span(*at, at + 1));
            self.fail(place.unwrap_or(Span::new(self.file, 0, 0)), message);
            return;
        };
        let definition = *definition;
        let mut parameters = Vec::new();
        let (mut at, mut depth) = (definition + 2, 0);
        while at < self.tokens.len() {
            match self.word(at) {
                "(" | "[" => depth += 1,
                ")" | "]" => depth -= 1,
                _ if depth == 1 && matches!(self.word(at - 1), "(" | ",") => {
                    parameters.push(self.word(at).to_owned());
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
            at += 1;
        }
        let span = self.span(definition, at);
        if parameters.len() != 2 {
            self.fail(
                span,
                format!("`model` takes two arguments, `dbt` and a session, but here {}", parameters.len()),
            );
        } else if parameters[0] != "dbt" {
            self.fail(span, "the first argument of `model` must be called `dbt`");
        }
        if let Some(span) = self.no_return(definition, at) {
            self.fail(span, "`model` must end with `return` and one frame");
        }
        if self.text.contains("{{") || self.text.contains("{%") {
            let at = self.text.find("{{").or_else(|| self.text.find("{%")).unwrap_or(0);
            // A nested dict or set also begins with two braces; only a template's tag ends alike.
            if self.text[at..].contains("}}")
                && self.text[at + 2..].trim_start().starts_with(|c: char| c.is_alphabetic())
            {
                let span = Span::new(self.file, at, at + 2);
                self.fail(span, "a Python model cannot contain Jinja");
            }
        }
    }

    /// Returns the last statement of a function if that returns nothing, or several values. The body is what is
    /// indented more than the definition; lines inside of brackets begin no statement.
    fn no_return(&self, definition: usize, end_of_parameters: usize) -> Option<Span> {
        let indent_of = |at: usize| {
            let start = self.tokens[at].start;
            let line = self.text[..start].rfind('\n').map_or(0, |end| end + 1);
            self.text[line..start].chars().all(char::is_whitespace).then_some(start - line)
        };
        let outer = indent_of(definition).unwrap_or(0);
        let colon = (end_of_parameters..self.tokens.len()).find(|at| self.word(*at) == ":")?;
        let (mut last, mut body, mut depth, mut several, mut end) = (colon + 1, None, 0_i32, false, colon);
        for at in colon + 1..self.tokens.len() {
            let word = self.word(at);
            if depth == 0 && self.tokens[at].start >= self.tokens[end].end {
                match indent_of(at) {
                    Some(indent) if indent <= outer => break,
                    Some(indent) if *body.get_or_insert(indent) == indent && !self.continues(at) => {
                        (last, several) = (at, false);
                    }
                    _ => {}
                }
            } else if self.tokens[at].start < self.tokens[end].end {
                break;
            }
            match word {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                "," if depth == 0 => several = true,
                _ => {}
            }
            end = at;
        }
        (self.word(last) != "return" || several).then(|| self.span(last, end))
    }

    /// Tells whether the line of a token goes on from the one before it, which ends with a backslash.
    fn continues(&self, at: usize) -> bool {
        let before = self.text[..self.tokens[at].start].trim_end();
        before.ends_with('\\')
    }

    /// Returns the function and the place of its parenthesis, if a call of dbt's begins here.
    fn dbt_call(&self, at: usize) -> Option<(String, usize)> {
        let starts =
            self.word(at) == "dbt" && self.word(at + 1) == "." && (at == 0 || self.word(at - 1) != ".");
        if !starts {
            return None;
        }
        let first = self.word(at + 2);
        if self.word(at + 3) == "(" && matches!(first, "ref" | "source" | "config") {
            return Some((first.to_owned(), at + 3));
        }
        let second = self.word(at + 4);
        let getter = first == "config" && self.word(at + 3) == "." && matches!(second, "get" | "meta_get");
        (getter && self.word(at + 5) == "(").then(|| (second.to_owned(), at + 5))
    }

    /// Reads the arguments of a call; what is no literal is reported.
    fn arguments(&mut self, open: usize, function: &str) -> Option<(Vec<Json>, JsonMap)> {
        let (mut positional, mut named) = (Vec::new(), JsonMap::new());
        let mut at = open + 1;
        loop {
            match self.word(at) {
                ")" => return Some((positional, named)),
                "," => at += 1,
                "" => return None,
                _ => {
                    let name = (self.word(at + 1) == "=" && self.word(at + 2) != "=")
                        .then(|| self.word(at).to_owned());
                    let start = if name.is_some() { at + 2 } else { at };
                    let Some((value, end)) =
                        self.literal(start).filter(|(_, end)| matches!(self.word(*end), "," | ")"))
                    else {
                        let span = self.span(start, start);
                        if let closing @ ("]" | "}") = self.word(start + 1).to_owned().as_str() {
                            self.fail(
                                self.span(start + 1, start + 1),
                                format!("`{closing}` does not close `dbt.{function}(`"),
                            );
                            return None;
                        }
                        self.fail(span, format!("the arguments of `dbt.{function}` must be literals, since the file is not run"));
                        return None;
                    };
                    match name {
                        Some(name) => {
                            named.insert(name, value);
                        }
                        None => positional.push(value),
                    }
                    at = end;
                }
            }
        }
    }

    /// Reads a literal; returns it with the place after it.
    fn literal(&self, at: usize) -> Option<(Json, usize)> {
        let token = self.tokens.get(at)?;
        let word = self.word(at);
        match (token.kind, word) {
            (Kind::Str, _) => {
                let mut text = unquoted(word)?;
                let mut next = at + 1;
                while self.tokens.get(next).is_some_and(|token| token.kind == Kind::Str) {
                    text.push_str(&unquoted(self.word(next))?);
                    next += 1;
                }
                Some((Json::from(text), next))
            }
            (Kind::Number, _) => number(word).map(|value| (value, at + 1)),
            (Kind::Name, "True") => Some((Json::Bool(true), at + 1)),
            (Kind::Name, "False") => Some((Json::Bool(false), at + 1)),
            (Kind::Name, "None") => Some((Json::Null, at + 1)),
            (Kind::Op, "-") => {
                let (value, next) = self.literal(at + 1)?;
                let negative = value
                    .as_i64()
                    .map(|n| Json::from(-n))
                    .or_else(|| value.as_f64().map(|n| Json::from(-n)))?;
                Some((negative, next))
            }
            (Kind::Op, "[") => self.items(at, "]"),
            (Kind::Op, "(") => self.items(at, ")"),
            (Kind::Op, "{") => self.mapping(at),
            _ => None,
        }
    }

    fn items(&self, open: usize, close: &str) -> Option<(Json, usize)> {
        let (mut items, mut at, mut commas) = (Vec::new(), open + 1, 0);
        while self.word(at) != close {
            let (item, next) = self.literal(at)?;
            items.push(item);
            at = next;
            if self.word(at) == "," {
                at += 1;
                commas += 1;
            } else if self.word(at) != close {
                return None;
            }
        }
        // One value in parentheses is that value, not a tuple.
        let single = close == ")" && commas == 0 && items.len() == 1;
        Some((if single { items.remove(0) } else { Json::Array(items) }, at + 1))
    }

    fn mapping(&self, open: usize) -> Option<(Json, usize)> {
        let (mut map, mut at) = (JsonMap::new(), open + 1);
        while self.word(at) != "}" {
            let (key, next) = self.literal(at)?;
            if self.word(next) != ":" {
                return None;
            }
            let (value, next) = self.literal(next + 1)?;
            map.insert(key.as_str().map_or_else(|| key.to_string(), str::to_owned), value);
            at = next;
            if self.word(at) == "," {
                at += 1;
            } else if self.word(at) != "}" {
                return None;
            }
        }
        Some((Json::Object(map), at + 1))
    }

    fn add_ref(&mut self, positional: &[Json], named: &JsonMap, span: Span) {
        let names: Option<Vec<&str>> = positional.iter().map(Json::as_str).collect();
        let version = named.get("v").or_else(|| named.get("version")).cloned().filter(|v| !v.is_null());
        let (package, name) = match names.as_deref() {
            Some([name]) => (None, (*name).to_owned()),
            Some([package, name]) => (Some((*package).to_owned()), (*name).to_owned()),
            _ => return self.fail(span, "`dbt.ref` takes one or two names"),
        };
        self.capture.refs.push(RefCall { name, package, version, span: Some(span) });
    }

    fn add_source(&mut self, positional: &[Json], span: Span) {
        let names: Option<Vec<&str>> = positional.iter().map(Json::as_str).collect();
        let Some([source, table]) = names.as_deref() else {
            return self.fail(span, "`dbt.source` takes two names");
        };
        let (source, table) = ((*source).to_owned(), (*table).to_owned());
        self.capture.sources.push(SourceCall { source, table, span: Some(span) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sources;

    fn read_text(text: &str) -> (Capture, Vec<String>) {
        let mut problems = Vec::new();
        let capture = read(text, Sources::new().add("m.py", text), &mut problems);
        (capture, problems.into_iter().map(|problem| problem.message).collect())
    }

    #[test]
    fn calls_with_literals_are_found() {
        let (capture, problems) = read_text(
            "import x  # dbt.ref('comment')\ndef model(dbt, session):\n    \"\"\"dbt.ref('doc')\"\"\"\n    \
             dbt.config(materialized='table', tags=[\"a\", 'b'], meta={'k': -1, 'n': None})\n    \
             a = dbt.ref('p', \"m\", v=2)\n    b = f(dbt.source('s', 't'), other.dbt.ref('no'))\n    \
             c = dbt.config.get('zz', 3)\n    return a\n",
        );
        assert!(problems.is_empty(), "{problems:?}");
        let refs: Vec<_> =
            capture.refs.iter().map(|r| (r.package.as_deref(), r.name.as_str(), r.version.clone())).collect();
        assert_eq!(refs, [(Some("p"), "m", Some(Json::from(2)))]);
        assert_eq!(capture.sources.iter().map(|s| (&*s.source, &*s.table)).collect::<Vec<_>>(), [("s", "t")]);
        assert_eq!(
            capture.configs[0].values,
            *serde_json::json!({"materialized": "table", "tags": ["a", "b"], "meta": {"k": -1, "n": null}})
                .as_object()
                .unwrap()
        );
        assert_eq!(capture.configs[1].values["config_keys_used"], serde_json::json!(["zz"]));
        assert_eq!(capture.configs[1].values["config_keys_defaults"], serde_json::json!([3]));
    }

    #[track_caller]
    fn check_error(text: &str, message: &str) {
        assert_eq!(read_text(text).1, [message]);
    }

    #[test]
    fn mistakes_are_explained() {
        check_error("x = 1", "a Python model defines `model` once, but here it is defined 0 times");
        check_error(
            "def model(dbt): return 1",
            "`model` takes two arguments, `dbt` and a session, but here 1",
        );
        check_error("def model(d, s): return 1", "the first argument of `model` must be called `dbt`");
        check_error(
            "def model(dbt, s):\n  return dbt.ref(name)",
            "the arguments of `dbt.ref` must be literals, since the file is not run",
        );
        check_error("def model(dbt, s):\n  return dbt.ref('a']", "`]` does not close `dbt.ref(`");
    }

    #[test]
    fn a_model_ends_with_one_frame() {
        let ends_wrong = |body: &str| {
            let text = format!("import x\n\ndef model(dbt, s):\n{body}\n\ndef other():\n    return 1\n");
            !read_text(&text).1.is_empty()
        };
        for body in [
            "    return x",
            "    if x:\n        return y\n    return (\n    1, 2)  # the end\n",
            "    x = '''\n    no statement\n    '''\n    return f(\n  x, f\"{x}, {y}\")",
            "    return \\\n    x",
        ] {
            assert!(!ends_wrong(body), "{body}");
        }
        for body in ["    pass", "    return x, y", "    if x:\n        return y", "    return x\n    x = 1"]
        {
            assert!(ends_wrong(body), "{body}");
        }
    }

    #[test]
    fn calls_in_f_strings_count() {
        let (capture, _) = read_text("def model(dbt, s):\n    return s.sql(f\"from {x(dbt.ref('a'))!r}\")\n");
        assert_eq!(capture.refs.len(), 1);
    }
}
