//! Jinja: blocks, compilation, rendering to text and to values, with everything that needs no project.

use std::collections::HashMap;
use std::sync::Arc;

use tidegate::diag::{Code, Diagnostic, Sources, Span};
use tidegate::jinja::{
    Engine, Error, Scope, UndefinedMode, Value, blocks, function, list, py_repr, pycompat, return_function,
};

use super::harness::{Target, feed};
use super::{can_all_be_told, can_be_told, fixtures, inside, text};

struct Names(HashMap<String, Value>, UndefinedMode);

impl Scope for Names {
    fn get(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    fn undefined(&self) -> UndefinedMode {
        self.1
    }
}

/// `range` and `xs` are short, so that loops in loops end while somebody waits.
fn names() -> HashMap<String, Value> {
    let mut names: HashMap<String, Value> =
        pycompat::functions().iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    names.insert("modules".to_owned(), pycompat::modules());
    let short = |call: &mut tidegate::jinja::Call<'_>| {
        let count = call.args.rest().first().and_then(Value::as_usize).unwrap_or(2).min(2);
        Ok(list((0..count).map(Value::from).collect::<Vec<_>>()))
    };
    names.insert("range".to_owned(), function("range", short));
    names.insert("return".to_owned(), return_function());
    names.insert("x".to_owned(), Value::from("text"));
    names.insert("n".to_owned(), Value::from(7));
    names.insert("xs".to_owned(), list([Value::from(1)]));
    names
}

fn scope(mode: UndefinedMode) -> Arc<dyn Scope> {
    Arc::new(Names(names(), mode))
}

/// What gives something else each time.
const CHANCE: [&str; 7] = ["random", "lipsum", "now", "today", "time", "urlize", "id"];

/// Renders in all ways. Returns what was shown.
fn render(text: &str) -> Vec<String> {
    let sources = Sources::new();
    let file = sources.add("any.sql", text);
    let (found, problems) = blocks(text, file);
    can_all_be_told(&problems, &sources);
    let told = |error: Error| {
        error.span().into_iter().for_each(|span| inside(span, &sources));
        let problem = error.into_diagnostic();
        can_be_told(&problem, &sources);
        problem.message
    };
    let mut shown = Vec::new();
    let engine = Engine::new();
    for block in &found {
        assert!(text.get(block.full.clone()).is_some() && text.get(block.body.clone()).is_some());
        assert!(text.get(block.arguments.clone()).is_some() && text.get(block.name_range.clone()).is_some());
        shown.push(engine.compile(file, text, block.full.clone()).err().map(told).unwrap_or_default());
    }
    let template = match engine.compile(file, text, 0..text.len()) {
        Ok(template) => template,
        Err(error) => return vec![told(error)],
    };
    for mode in [UndefinedMode::Strict, UndefinedMode::Capture] {
        match engine.render(&template, &scope(mode)) {
            Ok(rendered) => {
                let half = rendered.text.floor_char_boundary(rendered.text.len() / 2);
                for at in [0, half, rendered.text.len()] {
                    let origin = rendered.map.lookup(at);
                    if let Some(origin) = origin {
                        // A place in plain text is its first byte.
                        inside(Span { end: origin.span.start, ..origin.span }, &sources);
                        can_be_told(
                            &Diagnostic::error(Code::JINJA_RUNTIME, None, "").label(origin.span, ""),
                            &sources,
                        );
                    }
                }
                shown.push(rendered.text);
            }
            Err(error) => shown.push(told(error)),
        }
    }
    let native = engine.render_native(&template, &scope(UndefinedMode::Strict));
    shown.push(native.map_or_else(told, |value| py_repr(&value)));
    shown
}

/// Renders with Jinja2's own `range`; errors with what the user is told.
pub(crate) fn rendered(text: &str) -> Result<String, String> {
    let sources = Sources::new();
    let file = sources.add("any.sql", text);
    let engine = Engine::new();
    let mut names = names();
    names.remove("range");
    let scope: Arc<dyn Scope> = Arc::new(Names(names, UndefinedMode::Strict));
    let rendered =
        engine.compile(file, text, 0..text.len()).and_then(|template| engine.render(&template, &scope));
    rendered.map(|rendered| rendered.text).map_err(|error| error.into_diagnostic().message)
}

#[test]
fn jinja() {
    let run = |input: &[u8]| {
        let text = text(input);
        let shown = render(&text);
        if !CHANCE.iter().any(|word| text.contains(word)) {
            assert_eq!(shown, render(&text), "the second time it is something else");
        }
    };
    let mut corpus = fixtures("sql");
    let cases: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../../fixtures/jinja/expected.json")).unwrap();
    corpus.extend(cases.iter().map(|case| case["template"].as_str().unwrap().as_bytes().to_vec()));
    feed(Target { name: "jinja", corpus, frames: &["?", "{{ ? }}", "{% set x = ? %}"], run: &run });
}
