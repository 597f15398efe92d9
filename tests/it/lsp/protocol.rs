//! Positions as the protocol counts them, and answers as lines for people. Written apart from the server's own, so that both
//! must agree.

use serde_json::{Value, json};

use super::editor::Editor;

/// Returns the position of a byte: lines and UTF-16 units from 0.
pub(crate) fn position(text: &str, byte: usize) -> Value {
    let before = &text[..byte];
    let line = before.matches('\n').count();
    let units = before.rsplit('\n').next().unwrap().encode_utf16().count();
    json!({"line": line, "character": units})
}

/// Finds `needle`, in which `^` stands for the cursor, and returns the cursor's byte.
pub(crate) fn find(text: &str, needle: &str) -> usize {
    let (before, after) = needle.split_once('^').unwrap_or_else(|| panic!("no ^ in {needle}"));
    let whole = [before, after].concat();
    let at = text.find(&whole).unwrap_or_else(|| panic!("`{whole}` is not in:\n{text}"));
    at + before.len()
}

/// Returns the byte of a position.
fn byte(text: &str, position: &Value) -> usize {
    let line = usize::try_from(position["line"].as_u64().unwrap()).unwrap();
    let units = usize::try_from(position["character"].as_u64().unwrap()).unwrap();
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let mut seen = 0;
    let line = text[start..].lines().next().unwrap_or_default();
    let inside = line.char_indices().find(|(_, c)| {
        let here = seen >= units;
        seen += c.len_utf16();
        here
    });
    start + inside.map_or(line.len(), |(at, _)| at)
}

/// `path:line:column "text"`, counted from 1.
pub(crate) fn place(editor: &Editor, location: &Value) -> String {
    let path = editor.shown(location["uri"].as_str().unwrap());
    format!("{path}:{}", range(editor, &path, &location["range"]))
}

pub(crate) fn range(editor: &Editor, path: &str, range: &Value) -> String {
    let text = editor.text(path);
    let (start, end) = (byte(&text, &range["start"]), byte(&text, &range["end"]));
    let line = range["start"]["line"].as_u64().unwrap() + 1;
    let column = range["start"]["character"].as_u64().unwrap() + 1;
    let covered = text.get(start..end).unwrap_or_default().replace('\n', "⏎");
    if covered.is_empty() { format!("{line}:{column}") } else { format!("{line}:{column} `{covered}`") }
}

/// One line for each problem.
pub(crate) fn problems(editor: &Editor) -> Vec<String> {
    let mut lines = Vec::new();
    for (uri, (_, list)) in &editor.problems {
        let path = editor.shown(uri);
        for problem in list {
            let severity = if problem["severity"] == 1 { "error" } else { "warning" };
            let message = problem["message"].as_str().unwrap().lines().next().unwrap_or_default();
            let place = range(editor, &path, &problem["range"]);
            let code = problem["code"].as_str().unwrap();
            lines.push(format!("{path}:{place} {severity}[{code}] {message}"));
            for related in problem["relatedInformation"].as_array().into_iter().flatten() {
                let place = place_without_text(editor, &related["location"]);
                lines.push(format!("  {place} {}", related["message"].as_str().unwrap()));
            }
        }
    }
    lines
}

fn place_without_text(editor: &Editor, location: &Value) -> String {
    place(editor, location).split(" `").next().unwrap().to_owned()
}

/// One line for each place of an answer, sorted.
pub(crate) fn places(editor: &Editor, result: &Value) -> Vec<String> {
    let mut lines: Vec<String> =
        result.as_array().into_iter().flatten().map(|location| place(editor, location)).collect();
    lines.sort();
    lines
}

/// How many offers are shown.
const OFFERS: usize = 12;

/// The first offers, with what they would replace.
pub(crate) fn offered(editor: &Editor, path: &str, result: &Value) -> Vec<String> {
    let items = result["items"].as_array().cloned().unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    if let Some(first) = items.first() {
        lines.push(format!(
            "{} offers for {}",
            items.len(),
            range(editor, path, &first["textEdit"]["range"])
        ));
    }
    for item in items.iter().take(OFFERS) {
        let detail = item["detail"].as_str().map(|detail| format!(" · {detail}")).unwrap_or_default();
        lines.push(format!("  {}{detail}", item["textEdit"]["newText"].as_str().unwrap()));
    }
    lines
}

/// The lines that an edit changes, as they would be, and the files that it renames.
pub(crate) fn edits(editor: &Editor, result: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for change in result["documentChanges"].as_array().into_iter().flatten() {
        if change["kind"] == "rename" {
            let name = |key: &str| editor.shown(change[key].as_str().unwrap());
            lines.push(format!("{} becomes {}", name("oldUri"), name("newUri")));
            continue;
        }
        let path = editor.shown(change["textDocument"]["uri"].as_str().unwrap());
        let mut text = editor.text(&path);
        let old = text.clone();
        let mut edits: Vec<(usize, usize, &str)> = Vec::new();
        for edit in change["edits"].as_array().unwrap() {
            let (start, end) = (byte(&old, &edit["range"]["start"]), byte(&old, &edit["range"]["end"]));
            edits.push((start, end, edit["newText"].as_str().unwrap()));
        }
        edits.sort_unstable();
        for (start, end, new) in edits.into_iter().rev() {
            text.replace_range(start..end, new);
        }
        let changed = text.lines().zip(old.lines()).enumerate().filter(|(_, (new, old))| new != old);
        lines.extend(changed.map(|(at, (new, _))| format!("{path}:{} {}", at + 1, new.trim())));
    }
    lines
}

/// Symbols, those within others indented.
pub(crate) fn outline(editor: &Editor, path: &str, symbols: &Value, depth: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for symbol in symbols.as_array().into_iter().flatten() {
        let place = range(editor, path, &symbol["selectionRange"]);
        lines.push(format!("{}{} {place}", "  ".repeat(depth), symbol["name"].as_str().unwrap()));
        lines.extend(outline(editor, path, &symbol["children"], depth + 1));
    }
    lines
}
