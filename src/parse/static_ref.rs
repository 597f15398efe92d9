//! `ref(...)`, `source(...)` and `metric(...)` as texts of property files, read without rendering: the
//! dependencies of exposures, the targets of foreign keys, the inputs of unit tests, relations of
//! snapshots. Only calls with literal arguments count, as in dbt.

use crate::diag::{Code, Diagnostic, Span};
use crate::manifest::{Json, RefCall, SourceCall};

/// A call.
#[derive(Clone, Debug, PartialEq)]
pub enum Reference {
    /// `ref(...)`.
    Ref(RefCall),
    /// `source(...)`.
    Source(SourceCall),
    /// `metric(...)`.
    Metric(Vec<String>),
}

/// Reads a call. `span` is where the text stands. A text that is no such call is an error.
pub fn parse(text: &str, span: Span) -> Result<Reference, Box<Diagnostic>> {
    read(text, span).ok_or_else(|| {
        Box::new(
            Diagnostic::error(Code::INVALID_RESOURCE, span, format!("`{}` is no reference", text.trim()))
                .help("write `ref('model')`, `ref('package', 'model', v=1)` or `source('source', 'table')`"),
        )
    })
}

fn read(text: &str, span: Span) -> Option<Reference> {
    let text = text.trim();
    let (function, rest) = text.split_once('(')?;
    let (positional, named) = arguments(rest.trim_end().strip_suffix(')')?)?;
    let text = |value: &Json| value.as_str().map(str::to_owned);
    match function.trim() {
        "ref" => {
            let names: Vec<String> = positional.iter().map(text).collect::<Option<_>>()?;
            let (package, name) = match names.as_slice() {
                [name] => (None, name.clone()),
                [package, name] => (Some(package.clone()), name.clone()),
                _ => return None,
            };
            let version = match named.as_slice() {
                [] => None,
                [(key, value)] if matches!(key.as_str(), "v" | "version") => Some(value.clone()),
                _ => return None,
            };
            Some(Reference::Ref(RefCall { name, package, version, span: Some(span) }))
        }
        "source" => match (positional.as_slice(), named.as_slice()) {
            ([source, table], []) => Some(Reference::Source(SourceCall {
                source: text(source)?,
                table: text(table)?,
                span: Some(span),
            })),
            _ => None,
        },
        "metric" if named.is_empty() && matches!(positional.len(), 1 | 2) => {
            Some(Reference::Metric(positional.iter().map(text).collect::<Option<_>>()?))
        }
        _ => None,
    }
}

type Arguments = (Vec<Json>, Vec<(String, Json)>);

/// Reads `'a', "b", v=1`.
fn arguments(text: &str) -> Option<Arguments> {
    let mut found: Arguments = Default::default();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let name_end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let after_name = rest[name_end..].trim_start();
        let name = match after_name.strip_prefix('=') {
            Some(after) if name_end > 0 => {
                let name = rest[..name_end].to_owned();
                rest = after.trim_start();
                Some(name)
            }
            _ => None,
        };
        let (value, after) = literal(rest)?;
        match name {
            Some(name) => found.1.push((name, value)),
            None if found.1.is_empty() => found.0.push(value),
            None => return None,
        }
        rest = match after.trim_start() {
            "" => "",
            more => more.strip_prefix(',')?.trim_start(),
        };
    }
    Some(found)
}

fn literal(text: &str) -> Option<(Json, &str)> {
    let quote = text.chars().next()?;
    if matches!(quote, '\'' | '"') {
        let end = text[1..].find(quote)? + 1;
        return Some((Json::from(&text[1..end]), &text[end + 1..]));
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number = &text[..end];
    let value = match number.parse::<i64>() {
        Ok(whole) => Json::from(whole),
        Err(_) => Json::from(number.parse::<f64>().ok()?),
    };
    Some((value, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sources;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let span = Span::new(Sources::new().add("x.yml", text), 0, text.len());
        let got = match parse(text, span) {
            Ok(Reference::Ref(call)) => {
                format!("{:?} {} {:?}", call.package, call.name, call.version.map(|v| v.to_string()))
            }
            Ok(Reference::Source(call)) => format!("{}.{}", call.source, call.table),
            Ok(Reference::Metric(names)) => names.join("/"),
            Err(problem) => problem.message,
        };
        assert_eq!(got, want);
    }

    #[test]
    fn calls_with_literals_are_read() {
        check("ref('m')", "None m None");
        check(" ref( \"p\" , 'm', v = 1 ) ", "Some(\"p\") m Some(\"1\")");
        check("ref('m', version='2')", "None m Some(\"\\\"2\\\"\")");
        check("source('s','t')", "s.t");
        check("metric('x')", "x");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "m",
            "ref()",
            "ref(m)",
            "ref('m', x=1)",
            "source('s')",
            "ref('m'",
            "ref('a', 'b', 'c')",
            "ref(v=1, 'm')",
        ] {
            check(text, &format!("`{text}` is no reference"));
        }
    }
}
