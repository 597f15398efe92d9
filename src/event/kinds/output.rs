//! What a command was asked to print, and free text.

use serde_json::json;

use super::super::define::events;
use crate::event::Level::Info;

events! {
    /// `print()` of a template, and every line of `ls`.
    PrintEvent("Z052") { msg: String }
        level |_| Info,
        text |e, _| e.msg.clone(),
        is_output;

    /// Compiled SQL on the terminal. `output_format` is `text` or `json`.
    CompiledNode("Q042") {
        compiled: String,
        is_inline: bool,
        node_name: String,
        output_format: String,
        quiet: bool,
        unique_id: String,
    }
        level |_| Info,
        text |e, _| match (e.output_format.as_str(), e.is_inline) {
            ("json", true) => pretty(&json!({"compiled": e.compiled})),
            ("json", false) => pretty(&json!({"node": e.node_name, "compiled": e.compiled})),
            _ if e.quiet => e.compiled.clone(),
            (_, true) => format!("Compiled inline node is:\n{}", e.compiled),
            (_, false) => format!("Compiled node '{}' is:\n{}", e.node_name, e.compiled),
        },
        is_output;

    /// Rows on the terminal. `preview` is a drawn table, or JSON rows when `output_format` is `json`.
    ShowNode("Q041") {
        is_inline: bool,
        node_name: String,
        output_format: String,
        preview: String,
        quiet: bool,
        unique_id: String,
    }
        level |_| Info,
        text |e, _| match (e.output_format.as_str(), e.is_inline) {
            ("json", true) => indented(&format!("{{\"show\": {}}}", e.preview)),
            ("json", false) => {
                let node = serde_json::Value::from(e.node_name.as_str());
                indented(&format!("{{\"node\": {node}, \"show\": {}}}", e.preview))
            }
            _ if e.quiet => e.preview.clone(),
            (_, true) => format!("Previewing inline node:\n{}", e.preview),
            (_, false) => format!("Previewing node '{}':\n{}", e.node_name, e.preview),
        },
        is_output;

    /// A line of a list that is logging, not output; `ls` itself prints `PrintEvent`s, as dbt does.
    ListCmdOut("Z049") { msg: String }
        level |_| Info,
        text |e, _| e.msg.clone();

    /// A line of `debug`.
    DebugCmdOut("Z047") { msg: String }
        level |_| Info,
        text |e, _| e.msg.clone();

    /// The verdict of `debug`.
    DebugCmdResult("Z048") { msg: String }
        level |_| Info,
        text |e, _| e.msg.clone();

    /// The heading above the rows of a seed.
    SeedHeader("Q004") { header: String }
        level |_| Info,
        text |e, _| e.header.clone();

    /// `compile` is done.
    CompileComplete("Q002") {}
        level |_| Info,
        text |_, _| "Done.".to_owned();

    /// `source freshness` is done.
    FreshnessCheckComplete("Q003") {}
        level |_| Info,
        text |_, _| "Done.".to_owned();

    /// Free text.
    Note("Z050") { msg: String }
        level |_| Info,
        text |e, _| e.msg.clone();

    /// An empty line or a ruler.
    Formatting("Z017") { msg: String }
        level |_| Info,
        text |e, _| e.msg.clone();
}

impl Formatting {
    /// Makes an empty line.
    pub fn blank() -> Self {
        Self { msg: String::new() }
    }
}

fn pretty(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// Breaks JSON into lines as Python does with `indent=2`. Numbers stay as they are written: `NaN`, `Infinity` and integers
/// beyond 64 bits have no other form.
fn indented(json: &str) -> String {
    let (mut out, mut depth, mut in_string, mut escaped) = (String::new(), 0, false, false);
    let break_line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    };
    for c in json.chars() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            ' ' | '\n' => continue,
            ']' | '}' => {
                depth -= 1;
                if !out.ends_with(['[', '{']) {
                    break_line(&mut out, depth);
                }
            }
            _ if out.ends_with(['[', '{', ',']) => break_line(&mut out, depth),
            _ => {}
        }
        out.push(c);
        match c {
            '[' | '{' => depth += 1,
            ':' => out.push(' '),
            '"' => in_string = true,
            _ => {}
        }
    }
    out
}
