//! YAML against `PyYAML`: same values, same refusals, on all documents of `fixtures/yaml/pyyaml.json`.

use serde_json::{Value as Json, json};
use tidegate::diag::Sources;
use tidegate::yaml::{self, Value, Yaml};

/// Writes a tree the way `generate.py` writes Python's values.
fn encode(yaml: &Yaml) -> Json {
    match &yaml.value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!({"int": value.to_string()}),
        Value::Float(_) => json!({"float": yaml.scalar_text()}),
        Value::Str(text) => json!(&**text),
        Value::Time(time) => json!({"time": time.iso()}),
        Value::Seq(items) => json!({"list": items.iter().map(encode).collect::<Vec<_>>()}),
        Value::Map(map) => {
            let pair = |entry: &yaml::Entry| {
                let typed = entry.typed_key.as_deref().cloned();
                let key = Yaml::new(entry.key_span, typed.unwrap_or(Value::Str(entry.key.clone())));
                json!([encode(&key), encode(&entry.value)])
            };
            json!({"map": map.iter().map(pair).collect::<Vec<_>>()})
        }
    }
}

#[test]
fn reads_what_pyyaml_reads() {
    let cases: Vec<Json> = serde_json::from_str(include_str!("../fixtures/yaml/pyyaml.json")).unwrap();
    assert!(cases.len() > 400, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let text = case["text"].as_str().unwrap();
        let (tree, found) = yaml::parse_text(&Sources::new(), "case.yml", text);
        let got = tree.as_ref().map(encode);
        let want = case.get("error").is_none().then(|| case["value"].clone());
        assert_eq!(tree.is_none(), found.iter().any(tidegate::diag::Diagnostic::is_error), "{text:?}");
        if got != want {
            wrong.push(format!(
                "{text:?}\n  want {want:?}\n  got  {got:?} {:?}",
                found.first().map(|d| &d.message)
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// Calls `f` with every value of a tree, keys left out.
fn each(yaml: &Yaml, f: &mut impl FnMut(&Yaml)) {
    f(yaml);
    match &yaml.value {
        Value::Seq(items) => items.iter().for_each(|item| each(item, f)),
        Value::Map(map) => map.iter().for_each(|entry| each(&entry.value, f)),
        _ => {}
    }
}

/// The text under a value's span, read alone, must give the value again: so the span is neither too
/// short nor too long. Left out: block scalars and block collections (indentation), aliases, and plain
/// text over several lines.
#[test]
fn spans_cover_the_value_and_nothing_else() {
    let cases: Vec<Json> = serde_json::from_str(include_str!("../fixtures/yaml/pyyaml.json")).unwrap();
    let mut checked = 0;
    for text in cases.iter().filter_map(|case| case["text"].as_str()) {
        let sources = Sources::new();
        let (Some(tree), _) = yaml::parse_text(&sources, "case.yml", text) else { continue };
        each(&tree, &mut |yaml| {
            let excerpt = sources.excerpt(yaml.span);
            let flow =
                excerpt.starts_with(['[', '{', '"', '\'']) || yaml.as_str().is_some_and(|s| s == excerpt);
            if flow && !excerpt.contains('*') && !["...", "---"].contains(&excerpt.as_str()) {
                let (again, _) = yaml::parse_text(&sources, "part.yml", excerpt.as_str());
                let again = again.unwrap_or_else(|| panic!("{excerpt:?} of {text:?}"));
                assert_eq!(encode(&again), encode(yaml), "{excerpt:?} of {text:?}");
                checked += 1;
            } else if matches!(yaml.value, Value::Int(_) | Value::Float(_) | Value::Bool(_) | Value::Time(_))
            {
                let bare = excerpt.rsplit(' ').next().unwrap_or_default();
                assert!(!excerpt.ends_with([' ', '\n', ',', '}', ']', '#']), "{excerpt:?} of {text:?}");
                assert!(!bare.is_empty(), "{text:?}");
            }
        });
    }
    assert!(checked > 200, "only {checked}");
}

/// Whatever is in a file, reading it ends with a tree or with errors that lie inside the text.
#[test]
fn broken_text_never_breaks_the_reader() {
    let cases: Vec<Json> = serde_json::from_str(include_str!("../fixtures/yaml/pyyaml.json")).unwrap();
    let texts: Vec<&str> = cases.iter().filter_map(|case| case["text"].as_str()).collect();
    let check = |text: &str| {
        let sources = Sources::new();
        let (_, found) = yaml::parse_text(&sources, "case.yml", text);
        for problem in &found {
            let span = problem.span.unwrap();
            assert!(span.start <= span.end && span.end as usize <= text.len(), "{text:?} {problem:?}");
            let _ = tidegate::diag::render::human::render(problem, &sources, false);
        }
    };
    for (at, text) in texts.iter().enumerate() {
        let other = texts[(at * 7 + 3) % texts.len()];
        for (cut, _) in text.char_indices() {
            check(&text[..cut]);
            check(&text[cut..]);
            check(&format!("{}{other}", &text[..cut]));
        }
    }
}

#[track_caller]
fn check_span(text: &str, path: &[&str], want: &str) {
    let sources = Sources::new();
    let (tree, _) = yaml::parse_text(&sources, "case.yml", text);
    let tree = tree.unwrap();
    let found = path.iter().fold(&tree, |yaml, key| match key.parse::<usize>() {
        Ok(at) => &yaml.as_seq().unwrap()[at],
        Err(_) => yaml.get(key).unwrap(),
    });
    assert_eq!(sources.excerpt(found.span), want);
}

#[test]
fn spans_end_before_comments_and_space() {
    check_span("a: b # c\n\nd: e\n", &["a"], "b");
    check_span("a:\n  - b\n  - c # d\n\n# e\nf: 1\n", &["a"], "- b\n  - c");
    check_span("a: [b, # c\n  d] # e\n", &["a"], "[b, # c\n  d]");
    check_span("a: {b: 1, } # e\n", &["a"], "{b: 1, }");
    check_span("a: |\n  x\n  y\n\n# c\nb: 1\n", &["a"], "|\n  x\n  y");
    check_span("a: b\n  c # d\ne: f\n", &["a"], "b\n  c");
    check_span("a: 'b''c' # d\n", &["a"], "'b''c'");
    check_span("é: [ü, \"ñ\"] # é\n", &["é"], "[ü, \"ñ\"]");
    check_span("\u{feff}a: b\n", &["a"], "b");
    check_span("a: 1\r\nb: 2\r\n", &["b"], "2");
    check_span("x: &d {a: 1}\ny: *d\n", &["y"], "*d");
    check_span("x: &d {a: 1}\ny: *d\n", &["y", "a"], "1");
    check_span("a: !!str 12 # c\n", &["a"], "!!str 12");
    check_span("a:\nb: 1\n", &["a"], "");
}

/// Everything said about a text, rendered as on a terminal.
fn complaints(text: &str) -> String {
    let sources = Sources::new();
    let (_, found) = yaml::parse_text(&sources, "models/schema.yml", text);
    let shown = found.iter().map(|d| tidegate::diag::render::human::render(d, &sources, false));
    shown.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn mistakes_are_explained() {
    let mistakes = [
        ("tab", "models:\n\t- name: a\n"),
        ("unclosed double quote", "a: \"x\nb: 1\n"),
        ("unclosed single quote", "a: 1\nb: 'x\nc: 1\n"),
        ("quote in quotes", "description: 'it's late'\n"),
        ("unquoted jinja", "models:\n  - name: a\n    schema: {{ var('x') }}\n"),
        ("unquoted jinja with text", "schema: {{ var('x') }}_y\n"),
        ("unquoted jinja in a list", "tags:\n  - {{ var('x') }}\n"),
        ("unquoted jinja block", "a: {% if x %}y{% endif %}\n"),
        ("second colon", "description: note: this breaks\n"),
        ("at sign", "owner: @team\n"),
        ("backtick", "description: `orders` of a day\n"),
        ("percent", "a: %x\n"),
        ("star", "select: *\n"),
        ("unknown alias", "a: *defaults\n"),
        ("deeper key", "a: 1\n  b: 2\n"),
        ("list item out of line", "columns:\n  - name: a\n - name: b\n"),
        ("list and mapping mixed", "- a\nb: 1\n"),
        ("no colon", "a: 1\nmaterialized\nb: 2\n"),
        ("open bracket", "tags: [a, b\nname: x\n"),
        ("open brace", "config: {a: 1\nname: x\n"),
        ("extra bracket", "tags: ]\n"),
        ("two documents", "a: 1\n---\nb: 2\n"),
        ("escape", "a: \"c:\\path\"\n"),
        ("duplicate key", "a: 1\nb: 2\na: 3\n"),
        ("impossible date", "start: 2024-02-30\n"),
        ("unknown tag", "a: !vault x\n"),
        ("wrong merge", "a:\n  <<: x\n"),
        ("list as key", "{[1, 2]: x}\n"),
        ("control character", "a: x\u{7}y\n"),
        ("two of a kind", "a: !x 1\nb: 2024-02-30\nc: 1\nc: 2\n"),
    ];
    let report: Vec<String> =
        mistakes.iter().map(|(name, text)| format!("## {name}\n{}\n", complaints(text))).collect();
    insta::assert_snapshot!(report.join("\n"));
}

#[test]
fn wrong_types_name_key_and_place() {
    let text = "s: 1\nb: 'yes'\nl: x\nm: [a]\nt: on\ni: 1.5\nls: [a, 2]\n";
    let sources = Sources::new();
    let (tree, _) = yaml::parse_text(&sources, "dbt_project.yml", text);
    let tree = tree.unwrap();
    let get = |key: &str| tree.get(key).unwrap();
    let found = [
        get("s").expect_str("s").err(),
        get("b").expect_bool("b").err(),
        get("l").expect_strs("l").err(),
        get("m").expect_map("m").err(),
        get("t").expect_str("t").err(),
        get("i").expect_int("i").err(),
        get("ls").expect_strs("ls").err(),
        get("s").expect_str_or_strs("s").err(),
    ];
    let shown = found.iter().flatten().map(|d| tidegate::diag::render::human::render(d, &sources, false));
    insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n\n"));
}

#[test]
fn json_keeps_order_and_loses_places() {
    let (tree, _) =
        yaml::parse_text(&Sources::new(), "x.yml", "b: [1, 1.5, .nan, yes, ~]\na: 2024-01-31\n1: x\n");
    let json = serde_json::to_string(&tree.unwrap().to_json()).unwrap();
    assert_eq!(json, r#"{"b":[1,1.5,null,true,null],"a":"2024-01-31","1":"x"}"#);
}
