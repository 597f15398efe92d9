//! Diagnostics as JSON, for editors and scripts. Lines and columns count from 1, columns in characters.

use serde_json::{Map, Value, json};

use crate::diag::source::line_col;
use crate::diag::{Diagnostic, Sources, Span};

/// Returns one diagnostic as an object. Keys whose value would be empty are left out.
pub fn render(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    let mut object = Map::new();
    object.insert("severity".into(), json!(diagnostic.severity.as_str()));
    object.insert("code".into(), json!(diagnostic.code.as_str()));
    object.insert("message".into(), json!(diagnostic.message));
    for (key, value) in &diagnostic.facts {
        object.insert((*key).into(), json!(value));
    }
    if let Some(mut at) = diagnostic.span.and_then(|span| place(span, sources)) {
        if !diagnostic.note_at_span.is_empty() {
            at.insert("text".into(), json!(diagnostic.note_at_span));
        }
        object.insert("place".into(), Value::Object(at));
    }
    let labels = diagnostic.labels.iter().filter_map(|label| {
        let mut at = place(label.span, sources)?;
        at.insert("text".into(), json!(label.text));
        Some(Value::Object(at))
    });
    let trace = diagnostic.trace.iter().map(|frame| {
        let mut at = frame.span.and_then(|span| place(span, sources)).unwrap_or_default();
        at.insert("name".into(), json!(frame.name));
        Value::Object(at)
    });
    let lists: [(&str, Vec<Value>); 4] = [
        ("labels", labels.collect()),
        ("notes", diagnostic.notes.iter().map(|note| json!(note)).collect()),
        ("help", diagnostic.help.iter().map(|help| json!(help)).collect()),
        ("trace", trace.collect()),
    ];
    for (key, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        object.insert(key.into(), Value::Array(list));
    }
    Value::Object(object)
}

/// File, start and end of a span; `None` for a file that is not known.
fn place(span: Span, sources: &Sources) -> Option<Map<String, Value>> {
    let source = sources.get(span.file)?;
    let (start, end) =
        (line_col(&source.text, span.start as usize), line_col(&source.text, span.end as usize));
    let mut map = Map::new();
    map.insert("file".into(), json!(source.path));
    map.insert("line".into(), json!(start.line));
    map.insert("column".into(), json!(start.column));
    map.insert("end_line".into(), json!(end.line));
    map.insert("end_column".into(), json!(end.column));
    Some(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Code, Frame};

    #[test]
    fn places_labels_and_the_macro_stack_are_there() {
        let sources = Sources::new();
        let file = sources.add("macros/m.sql", "{% macro m() %}é{{ x }}{% endmacro %}");
        let span = Span::new(file, 20, 21);
        let diagnostic = Diagnostic::error(Code::JINJA_UNDEFINED, span, "`x` is undefined")
            .at("used here")
            .help("pass it as an argument")
            .trace(vec![Frame { name: "macro `m`".into(), span: None }]);
        let want = json!({
            "severity": "error",
            "code": "jinja-undefined",
            "message": "`x` is undefined",
            "place": {
                "file": "macros/m.sql", "line": 1, "column": 20, "end_line": 1, "end_column": 21,
                "text": "used here",
            },
            "help": ["pass it as an argument"],
            "trace": [{"name": "macro `m`"}],
        });
        assert_eq!(render(&diagnostic, &sources), want);
    }
}
