//! Rules about the source tree that the compiler does not check: the layering of `src/`, headers, sizes, leftovers.
//!
//! The order of the modules is read from `src/lib.rs`; nothing here names a module.

use std::fs;
use std::path::{Path, PathBuf};

/// No file may be longer, in lines.
const LONGEST_FILE: usize = 600;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder` with one of these extensions, sorted, with their text.
fn files(folder: &str, extensions: &[&str]) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, extensions: &[&str], found: &mut Vec<(PathBuf, String)>) {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            let extension = path.extension().and_then(|it| it.to_str()).unwrap_or_default();
            if path.is_dir() {
                walk(&path, extensions, found);
            } else if extensions.contains(&extension) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root()).unwrap().to_path_buf(), text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), extensions, &mut found);
    found
}

/// Our Rust: the crate and its tests, but not the fixtures.
fn rust_files() -> Vec<(PathBuf, String)> {
    let mut found = files("src", &["rs"]);
    found.extend(files("tests", &["rs"]));
    assert!(found.len() > 20, "the source tree was not found");
    found
}

/// The modules of `lib.rs`, in the order in which they stand there.
fn module_order(lib: &str) -> Vec<&str> {
    lib.lines().filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';')).collect()
}

/// A line without its comment. A `//` within a string ends the line too, which hides nothing that is searched here.
fn code_of(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

/// The top-level modules that a file names after `crate::`, each with its line number, braces included.
fn crate_paths(text: &str) -> Vec<(usize, String)> {
    let mut code = String::new();
    for line in text.lines() {
        code.push_str(code_of(line));
        code.push('\n');
    }
    let mut found = Vec::new();
    for (at, matched) in code.match_indices("crate::") {
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + matched.len()..];
        let names = rest.strip_prefix('{').map_or_else(|| vec![first_name(rest)], names_in_braces);
        found.extend(names.into_iter().map(|name| (line, name)));
    }
    found
}

fn first_name(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first names of `a::b, c::{d, e}, f}`, up to the brace that closes the group.
fn names_in_braces(text: &str) -> Vec<String> {
    let mut names = vec![first_name(text)];
    let mut depth = 0;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(first_name(&text[at + 1..])),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// Uses of modules that stand below `module` in the order, as `line: module`.
fn uses_of_later_modules(order: &[&str], module: &str, text: &str) -> Vec<String> {
    let place = |name: &str| order.iter().position(|it| *it == name);
    let Some(own) = place(module) else { return vec![format!("`{module}` is not in src/lib.rs")] };
    crate_paths(text)
        .into_iter()
        .filter(|(_, name)| place(name).is_some_and(|other| other > own))
        .map(|(line, name)| format!("{line}: `{module}` uses `{name}`, which stands below it"))
        .collect()
}

#[track_caller]
fn none_of(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn modules_use_only_modules_above_them() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let order = module_order(&lib);
    assert!(order.len() > 10, "no modules found in src/lib.rs");
    let mut problems = Vec::new();
    for (path, text) in files("src", &["rs"]) {
        let module = path.iter().nth(1).and_then(|it| it.to_str()).unwrap().trim_end_matches(".rs");
        if !["lib", "main"].contains(&module) {
            let found = uses_of_later_modules(&order, module, &text);
            problems.extend(found.into_iter().map(|it| format!("{}:{it}", path.display())));
        }
    }
    none_of(&problems);
}

#[test]
fn a_use_of_a_later_module_is_found_in_every_form() {
    let order = ["diag", "parse", "run"];
    let later = |text: &str| uses_of_later_modules(&order, "parse", text).len();
    assert_eq!(later("use crate::diag::Span;\nuse crate::parse::Node;"), 0);
    assert_eq!(later("use crate::run::Worker;"), 1);
    assert_eq!(later("use crate::{diag, run::{self, Worker}};"), 1);
    assert_eq!(later("use crate::{\n    diag::{Code, Span},\n    run,\n};"), 1);
    assert_eq!(later("fn f(worker: &crate::run::Worker) {}"), 1);
    assert_eq!(later("/// Called by [`crate::run`].\nfn f() {}"), 0);
    assert_eq!(later("use crate::runner::Other;"), 0);
}

#[test]
fn http_is_spoken_in_one_place() {
    let speaks = |text: &str| text.lines().any(|line| code_of(line).contains("ureq::"));
    let all = files("src", &["rs"]).into_iter().filter(|(_, text)| speaks(text));
    let places: Vec<String> = all.map(|(path, _)| path.display().to_string()).collect();
    assert_eq!(places, ["src/http.rs"]);
}

#[test]
fn every_rust_file_begins_with_a_header() {
    let problems: Vec<String> = rust_files()
        .iter()
        .filter(|(path, text)| !text.starts_with("//!") && !path.ends_with("src/lib.rs"))
        .map(|(path, _)| format!("{}: no `//!` header", path.display()))
        .collect();
    none_of(&problems);
}

#[test]
fn every_template_begins_with_a_comment() {
    let problems: Vec<String> = files("templates/macros", &["sql", "jinja"])
        .iter()
        .filter(|(_, text)| !text.starts_with("{#"))
        .map(|(path, _)| format!("{}: no `{{# .. #}}` header", path.display()))
        .collect();
    none_of(&problems);
}

#[test]
fn no_file_is_too_long() {
    let mut all = rust_files();
    all.extend(files("templates", &["sql", "jinja", "html", "js", "css"]));
    let problems: Vec<String> = all
        .iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST_FILE)
        .map(|(path, lines)| format!("{}: {lines} lines, at most {LONGEST_FILE}", path.display()))
        .collect();
    none_of(&problems);
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not find itself.
    let forbidden = ["todo", "unimplemented", "dbg"].map(|name| format!("{name}!("));
    let mut problems = Vec::new();
    for (path, text) in rust_files() {
        for (number, line) in text.lines().enumerate() {
            let code = code_of(line);
            problems.extend(
                forbidden
                    .iter()
                    .filter(|word| code.contains(*word))
                    .map(|word| format!("{}:{}: {word}..)", path.display(), number + 1)),
            );
            if code.trim_start().starts_with("#[ignore") {
                problems.push(format!("{}:{}: a test that never runs", path.display(), number + 1));
            }
        }
    }
    none_of(&problems);
}

#[test]
fn every_file_of_tests_is_compiled() {
    let main = fs::read_to_string(root().join("tests/it/main.rs")).unwrap();
    let declared = |name: &str| main.lines().any(|line| line.trim() == format!("mod {name};"));
    let problems: Vec<String> = fs::read_dir(root().join("tests/it"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() || path.join("mod.rs").is_file())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .filter(|name| name != "main" && !declared(name))
        .map(|name| format!("tests/it/main.rs does not declare `mod {name};`"))
        .collect();
    none_of(&problems);
}
