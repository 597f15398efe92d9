//! Plays a session: each step is sent, and what comes of it is compared with the lines below it.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::editor::Editor;
use super::protocol::{edits, find, offered, outline, places, position, problems};
use crate::cli::copy_folder;

/// How long an expected state may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

struct Step {
    comments: Vec<String>,
    words: Vec<String>,
    line: String,
    want: Vec<String>,
}

fn steps(script: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut comments = Vec::new();
    for line in script.lines() {
        if let Some(step) = line.strip_prefix("> ") {
            let words = step.split(" | ").map(|word| word.replace("\\n", "\n")).collect();
            let comments = std::mem::take(&mut comments);
            steps.push(Step { comments, words, line: line.to_owned(), want: Vec::new() });
        } else if let (Some(want), Some(step)) = (line.strip_prefix("= "), steps.last_mut()) {
            step.want.push(want.to_owned());
        } else {
            comments.push(line.to_owned());
        }
    }
    steps
}

/// Plays the session of a file with a server that has these flags.
#[track_caller]
pub(crate) fn play(file: &Path, flags: &[&str]) {
    let script = std::fs::read_to_string(file).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap().join("shop");
    copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lsp"), &root);
    let mut editor = Editor::start(&root, flags);
    let updates = std::env::var_os("UPDATE_SESSIONS").is_some();
    let mut written = String::new();
    let mut wrong = String::new();
    for step in steps(&script) {
        let got = perform(&mut editor, &step, updates);
        if got != step.want {
            let _ = write!(wrong, "{}\n  wanted {:#?}\n  got {got:#?}\n", step.line, step.want);
        }
        step.comments.iter().for_each(|line| written.push_str(&format!("{line}\n")));
        written.push_str(&format!("{}\n", step.line));
        got.iter().for_each(|line| written.push_str(&format!("= {line}\n")));
    }
    if updates {
        std::fs::write(file, written).unwrap();
    } else {
        assert!(wrong.is_empty(), "{}\n{wrong}", file.display());
    }
}

/// Does a step, again until what comes of it is what is wanted, where it may take a while.
fn perform(editor: &mut Editor, step: &Step, updates: bool) -> Vec<String> {
    let words: Vec<&str> = step.words.iter().map(String::as_str).collect();
    let begin = Instant::now();
    let patience = if updates { Duration::from_secs(6) } else { PATIENCE };
    loop {
        let got = once(editor, &words);
        let waits = matches!(words[0], "problems" | "definition" | "references" | "hover" | "complete");
        let settled = got == step.want && !updates;
        if !waits || settled || begin.elapsed() > patience {
            return got;
        }
        editor.receive(Duration::from_millis(50));
    }
}

fn once(editor: &mut Editor, words: &[&str]) -> Vec<String> {
    match words {
        ["initialize"] => initialize(editor),
        ["open", path] => {
            let text = editor.text(path);
            open(editor, path, &text);
            Vec::new()
        }
        ["open", path, text] => {
            open(editor, path, text);
            Vec::new()
        }
        ["replace", path, old, new] => {
            replace(editor, path, old, new);
            Vec::new()
        }
        ["close", path] => {
            editor.open.remove(*path);
            let uri = editor.uri(path);
            editor.notify("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
            Vec::new()
        }
        ["write", path, text] => {
            std::fs::write(editor.root.join(path), text).unwrap();
            let change = json!({"uri": editor.uri(path), "type": 2});
            editor.notify("workspace/didChangeWatchedFiles", json!({"changes": [change]}));
            Vec::new()
        }
        ["problems"] => told(editor),
        ["definition", path, needle] => {
            let params = at(editor, path, needle);
            let answer = editor.ask("textDocument/definition", params);
            places(editor, &answer["result"])
        }
        ["references", path, needle] => {
            let mut params = at(editor, path, needle);
            params["context"] = json!({"includeDeclaration": true});
            let answer = editor.ask("textDocument/references", params);
            places(editor, &answer["result"])
        }
        ["hover", path, needle] => {
            let params = at(editor, path, needle);
            let answer = editor.ask("textDocument/hover", params);
            let card = answer["result"]["contents"]["value"].as_str().unwrap_or("nothing").to_owned();
            card.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
        }
        ["complete", path, needle] => {
            let params = at(editor, path, needle);
            let answer = editor.ask("textDocument/completion", params);
            offered(editor, path, &answer["result"])
        }
        ["rename", path, needle, new] => {
            let mut params = at(editor, path, needle);
            let prepared = editor.ask("textDocument/prepareRename", params.clone());
            if prepared.get("error").is_some() {
                return vec![brief(editor, &prepared)];
            }
            params["newName"] = json!(new);
            let answer = editor.ask("textDocument/rename", params);
            match answer.get("error") {
                Some(_) => vec![brief(editor, &answer)],
                None => edits(editor, &answer["result"]),
            }
        }
        ["outline", path] => {
            let answer =
                editor.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": editor.uri(path)}}));
            outline(editor, path, &answer["result"], 0)
        }
        ["sql", path] => {
            let argument = editor.uri(path);
            let params = json!({"command": "tidegate.compiledSql", "arguments": [argument]});
            let answer = editor.ask("workspace/executeCommand", params);
            match answer["result"].as_str() {
                Some(sql) => sql.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect(),
                None => vec![brief(editor, &answer)],
            }
        }
        ["ask", method, params] => {
            let params = with_uris(editor, params);
            let answer = editor.ask(method, params);
            vec![brief(editor, &answer)]
        }
        ["notify", method, params] => {
            let params = with_uris(editor, params);
            editor.notify(method, params);
            Vec::new()
        }
        ["raw", text] => {
            editor.send_text(text);
            Vec::new()
        }
        ["heard"] => heard(editor),
        ["hang up"] => vec![format!("exit code {}", editor.hang_up().map_or(-1, |code| code))],
        _ => panic!("no such step: {words:?}"),
    }
}

fn initialize(editor: &mut Editor) -> Vec<String> {
    let capabilities = json!({
        "workspace": {
            "workspaceEdit": {
                "documentChanges": true,
                "resourceOperations": ["rename"],
                "changeAnnotationSupport": {},
            },
        },
        "window": {"showDocument": {"support": true}},
    });
    let folder = json!({"uri": format!("file://{}", editor.root.display()), "name": "shop"});
    let params = json!({"processId": null, "rootUri": null, "workspaceFolders": [folder], "capabilities": capabilities});
    let answer = editor.ask("initialize", params);
    editor.notify("initialized", json!({}));
    let kind = &answer["result"]["capabilities"]["textDocumentSync"]["change"];
    vec![format!("{} sync {kind}", answer["result"]["serverInfo"]["name"].as_str().unwrap())]
}

fn open(editor: &mut Editor, path: &str, text: &str) {
    editor.open.insert(path.to_owned(), (1, text.to_owned()));
    let document = json!({"uri": editor.uri(path), "languageId": "sql", "version": 1, "text": text});
    editor.notify("textDocument/didOpen", json!({"textDocument": document}));
}

/// Changes the first `old` of a text into `new`, as an editor that sends only what changed.
fn replace(editor: &mut Editor, path: &str, old: &str, new: &str) {
    let uri = editor.uri(path);
    let (version, text) = editor.open.get_mut(path).unwrap();
    let start = text.find(old).unwrap_or_else(|| panic!("`{old}` is not in:\n{text}"));
    let range = json!({"start": position(text, start), "end": position(text, start + old.len())});
    *version += 1;
    text.replace_range(start..start + old.len(), new);
    let document = json!({"uri": uri, "version": *version});
    let change = json!({"range": range, "text": new});
    editor.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": [change]}));
}

/// Returns what is wrong, once the newest texts were looked at.
fn told(editor: &mut Editor) -> Vec<String> {
    let behind = |editor: &Editor| {
        editor.open.iter().any(|(path, (version, _))| {
            let uri = editor.uri(path);
            uri.starts_with("file:") && editor.problems.get(&uri).is_none_or(|(of, _)| *of != Some(*version))
        })
    };
    let begin = Instant::now();
    while behind(editor) && begin.elapsed() < PATIENCE {
        editor.receive(Duration::from_millis(100));
    }
    while editor.receive(Duration::from_millis(1)).is_some() {}
    problems(editor)
}

pub(crate) fn at(editor: &Editor, path: &str, needle: &str) -> Value {
    let text = editor.text(path);
    let position = position(&text, find(&text, needle));
    json!({"textDocument": {"uri": editor.uri(path)}, "position": position})
}

/// Reads parameters, in which `@path` stands for a file's URI.
fn with_uris(editor: &Editor, params: &str) -> Value {
    let root = format!("file://{}/", editor.root.display());
    serde_json::from_str(&params.replace('@', &root)).unwrap()
}

fn brief(editor: &Editor, answer: &Value) -> String {
    let shown = match answer.get("error") {
        Some(error) => format!("error {}: {}", error["code"], error["message"].as_str().unwrap()),
        None => answer["result"].to_string(),
    };
    shown.replace(&format!("file://{}/", editor.root.display()), "@")
}

fn heard(editor: &mut Editor) -> Vec<String> {
    while editor.receive(Duration::from_millis(300)).is_some() {}
    let root = editor.root.display().to_string();
    let said = std::mem::take(&mut editor.heard);
    said.iter()
        .map(|message| format!("{} {}", message["method"], message["params"]).replace(&root, "@"))
        .collect()
}
