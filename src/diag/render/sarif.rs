//! Diagnostics as SARIF 2.1.0, the format in which code hosts take what tools find.
//!
//! Columns count characters (`columnKind`), and paths are relative to the root of the repository, as hosts expect.

use camino::Utf8Path;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::diag::source::line_col;
use crate::diag::{Diagnostic, Severity, Sources};

/// What a URI of a path keeps as it is.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What a tool says of one of its rules.
#[derive(Clone, Copy, Debug)]
pub struct RuleFacts {
    /// The code of its findings.
    pub id: &'static str,
    /// What it finds, a sentence without a stop.
    pub about: &'static str,
    /// How bad a finding is by itself.
    pub usual: Severity,
}

/// What a log says besides its results.
#[derive(Clone, Copy, Debug)]
pub struct Tool<'a> {
    /// The program's version.
    pub version: &'a str,
    /// All rules, if there is a list.
    pub rules: &'a [RuleFacts],
    /// The project's folder as the repository's root sees it; empty if it is the root.
    pub folder: &'a Utf8Path,
}

/// Returns a log of diagnostics.
pub fn render<'d>(
    diagnostics: impl IntoIterator<Item = &'d Diagnostic>,
    sources: &Sources,
    tool: &Tool<'_>,
) -> Value {
    let rules = tool.rules.iter().map(|rule| {
        json!({
            "id": rule.id,
            "shortDescription": {"text": rule.about},
            "defaultConfiguration": {"level": rule.usual.as_str()},
        })
    });
    let results = diagnostics.into_iter().map(|diagnostic| result(diagnostic, sources, tool));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "Tidegate",
                "version": tool.version,
                "rules": rules.collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

fn result(diagnostic: &Diagnostic, sources: &Sources, tool: &Tool<'_>) -> Value {
    let code = diagnostic.code.as_str();
    let parts = std::iter::once(&diagnostic.message).chain(&diagnostic.notes).chain(&diagnostic.help);
    let text: Vec<&str> = parts.map(String::as_str).collect();
    let mut result = json!({
        "ruleId": code,
        "level": diagnostic.severity.as_str(),
        "message": {"text": text.join("\n")},
        "locations": location(diagnostic, sources, tool.folder).into_iter().collect::<Vec<_>>(),
    });
    if let Some(at) = tool.rules.iter().position(|rule| rule.id == code) {
        result["ruleIndex"] = json!(at);
    }
    result
}

fn location(diagnostic: &Diagnostic, sources: &Sources, folder: &Utf8Path) -> Option<Value> {
    let span = diagnostic.span?;
    let source = sources.get(span.file)?;
    let path = folder.join(&source.path).into_string().replace('\\', "/");
    let (start, end) =
        (line_col(&source.text, span.start as usize), line_col(&source.text, span.end as usize));
    Some(json!({"physicalLocation": {
        "artifactLocation": {"uri": utf8_percent_encode(&path, KEPT).to_string(), "uriBaseId": "%SRCROOT%"},
        "region": {
            "startLine": start.line, "startColumn": start.column,
            "endLine": end.line, "endColumn": end.column,
        },
    }}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Code, Span};

    #[test]
    fn places_are_relative_to_the_repository() {
        let sources = Sources::new();
        let file = sources.add("models/a b.sql", "é\nselect x");
        let found = Diagnostic::warning(Code::UNUSED_CTE, Span::new(file, 10, 11), "nothing reads `x`")
            .help("leave it out");
        let rules = [RuleFacts { id: "unused-cte", about: "About it", usual: Severity::Warning }];
        let tool = Tool { version: "1.0.0", rules: &rules, folder: Utf8Path::new("warehouse") };
        let log = render([&found], &sources, &tool);
        assert_eq!(
            log["runs"][0]["results"],
            json!([{
                "ruleId": "unused-cte",
                "ruleIndex": 0,
                "level": "warning",
                "message": {"text": "nothing reads `x`\nleave it out"},
                "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": "warehouse/models/a%20b.sql", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 2, "startColumn": 8, "endLine": 2, "endColumn": 9},
                }}],
            }])
        );
    }
}
