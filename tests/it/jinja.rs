//! Jinja: the same templates through our engine and through Python's Jinja2, whose answers are in
//! `tests/fixtures/jinja/expected.json` (made by `generate.py` beside it).

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::Value as Json;
use tidegate::diag::{Code, Sources};
use tidegate::jinja::{
    Engine, Error, Scope, UndefinedMode, Value, from_json, function, py_repr, pycompat, return_function,
};

struct Variables(HashMap<String, Value>);

impl Scope for Variables {
    fn get(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    fn undefined(&self) -> UndefinedMode {
        UndefinedMode::Strict
    }
}

fn scope(variables: &Json) -> Arc<dyn Scope> {
    let mut names: HashMap<String, Value> = HashMap::new();
    for (name, value) in variables.as_object().into_iter().flatten() {
        names.insert(name.clone(), from_json(value));
    }
    names.extend(pycompat::functions().iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    names.insert("modules".to_owned(), pycompat::modules());
    names.insert("return".to_owned(), return_function());
    // Stands for a macro of the project, whose `return` Python's plain macros would not catch.
    names.insert("macro".to_owned(), function("macro", |call| call.args.required("macro")));
    Arc::new(Variables(names))
}

fn render(template: &str, variables: &Json) -> (Result<String, Error>, Sources) {
    let sources = Sources::new();
    let file = sources.add("template", template);
    let engine = Engine::new();
    let result = engine
        .compile(file, template, 0..template.len())
        .and_then(|compiled| engine.render(&compiled, &scope(variables)))
        .map(|rendered| rendered.text);
    (result, sources)
}

fn kind(error: &Error) -> &'static str {
    match error.code() {
        Code::JINJA_SYNTAX => "syntax",
        Code::JINJA_UNDEFINED => "undefined",
        _ => "runtime",
    }
}

/// Says how our answer differs from Python's, if it does.
fn difference(case: &Json) -> Option<String> {
    let template = case["template"].as_str().unwrap();
    let (result, sources) = render(template, &case["vars"]);
    match (result, case["output"].as_str()) {
        (Ok(text), Some(wanted)) if text == wanted => None,
        (Ok(text), Some(wanted)) => Some(format!("  wanted {wanted:?}\n  got    {text:?}")),
        (Err(error), Some(wanted)) => Some(format!("  wanted {wanted:?}\n  got    error {error}")),
        (Ok(text), None) => Some(format!("  wanted error {}\n  got    {text:?}", case["message"])),
        (Err(error), None) => {
            let line = error.span().and_then(|span| sources.line_col(span)).map(|at| at.line as u64);
            let wanted = (case["error"].as_str().unwrap(), case["line"].as_u64());
            let same_line = wanted.1.is_none() || wanted.1 == line;
            if wanted.0 == kind(&error) && same_line {
                return None;
            }
            let got = (kind(&error), line);
            Some(format!("  wanted {wanted:?} {}\n  got    {got:?} {error}", case["message"]))
        }
    }
}

#[test]
fn agrees_with_jinja2() {
    let text = std::fs::read_to_string("tests/fixtures/jinja/expected.json").unwrap();
    let cases: Vec<Json> = serde_json::from_str(&text).unwrap();
    let mut report = String::new();
    let mut failed = 0;
    for case in &cases {
        if let Some(difference) = difference(case) {
            failed += 1;
            let _ = writeln!(
                report,
                "{}\n  {:?}\n{difference}",
                case["name"],
                case["template"].as_str().unwrap()
            );
        }
    }
    assert!(failed == 0, "{failed} of {} cases differ from Jinja2:\n{report}", cases.len());
    assert!(cases.len() >= 700, "only {} cases", cases.len());
}

#[test]
fn native_rendering_agrees_with_jinja2() {
    let text = std::fs::read_to_string("tests/fixtures/jinja/values.json").unwrap();
    let cases: Vec<Json> = serde_json::from_str(&text).unwrap();
    let mut report = String::new();
    for case in &cases {
        let template = case["template"].as_str().unwrap();
        let engine = Engine::new();
        let file = Sources::new().add("value", template);
        let result = engine
            .compile(file, template, 0..template.len())
            .and_then(|compiled| engine.render_native(&compiled, &scope(&case["vars"])));
        let got = result.map(|value| py_repr(&value));
        if got.as_deref().ok() != case["repr"].as_str() {
            let _ = writeln!(report, "{template}\n  wanted {case}\n  got    {got:?}");
        }
    }
    assert!(report.is_empty(), "of {} cases these differ from Jinja2:\n{report}", cases.len());
    assert!(cases.len() >= 80, "only {} cases", cases.len());
}
