//! The reader against the YAML crate: it gives up, or gives the same tree with the same places and warnings. On the
//! documents of the fixtures and the example, on generated ones, and on both after random edits.

mod generate;

use std::fs;
use std::path::Path;

use crate::diag::Sources;

use super::super::input::Input;
use super::super::parse::parse_any;
use super::super::{Entry, Value, Yaml};
use super::{DEEPEST, LONGEST_KEY, read};
use generate::{Random, document, edit};

fn same(left: &Yaml, right: &Yaml) -> bool {
    left.span == right.span
        && match (&left.value, &right.value) {
            (Value::Seq(left), Value::Seq(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
            }
            (Value::Map(left), Value::Map(right)) => {
                left.len() == right.len()
                    && left.iter().zip(right).all(|(left, right)| {
                        typed_key(left) == typed_key(right)
                            && left.key == right.key
                            && left.key_span == right.key_span
                            && same(&left.value, &right.value)
                    })
            }
            _ => left == right,
        }
}

fn typed_key(entry: &Entry) -> Option<Yaml> {
    entry.typed_key.as_deref().map(|value| Yaml::new(entry.key_span, value.clone()))
}

/// What came of a text that has been given to both readers.
#[derive(PartialEq, Eq)]
enum Outcome {
    /// The reader under test took it on, and the trees are equal.
    Taken,
    /// It gave up on what the crate can read.
    Left,
    /// It gave up, and rightly: this is not YAML.
    Broken,
}

/// Compares the two readers on a text.
#[track_caller]
fn check(text: &str) -> Outcome {
    let sources = Sources::new();
    let file = sources.add("any.yml", text);
    // Some as if they stood behind a byte order mark.
    let input = Input { path: "any.yml".into(), text, bom: text.len() % 2 * 3, file };
    let (other, other_found) = parse_any(input);
    let Some((tree, found)) = read(input) else {
        return if other.is_some() { Outcome::Left } else { Outcome::Broken };
    };
    let equal = other.as_ref().is_some_and(|other| same(&tree, other));
    assert!(equal, "{text:?}\n  ours  {tree:?}\n  crate {other:?} {other_found:?}");
    assert_eq!(format!("{found:?}"), format!("{other_found:?}"), "{text:?}");
    Outcome::Taken
}

/// Compares the two readers on each text, and the share of those taken on with what is expected: of all that are YAML, in percent.
#[track_caller]
fn check_all<'a>(texts: impl IntoIterator<Item = &'a str>, at_least: usize) {
    let (mut taken, mut left) = (0, 0);
    for text in texts {
        match check(text) {
            Outcome::Taken => taken += 1,
            Outcome::Left => left += 1,
            Outcome::Broken => {}
        }
    }
    assert!(taken * 100 >= (taken + left) * at_least, "taken on {taken}, left {left}");
}

/// The texts of all YAML files of the fixtures and the example.
fn files() -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<String>) {
        let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml") {
                found.extend(fs::read_to_string(&path));
            }
        }
    }
    let mut found = Vec::new();
    for folder in ["tests/fixtures", "example_project"] {
        walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    let cases = include_str!("../../../../tests/fixtures/yaml/pyyaml.json");
    let cases: Vec<serde_json::Value> = serde_json::from_str(cases).unwrap();
    found.extend(cases.iter().map(|case| case["text"].as_str().unwrap().to_owned()));
    found
}

/// Texts in which a rule is easily missed. The reader may give up on any, but not on all.
const EDGES: [&str; 40] = [
    "",
    "\n # c\n",
    "--- # c\na: 1\n",
    "---\n---\na: 1\n",
    "...  k: 1\n",
    "a: 1\n...\n",
    "a: 1\n--- x\n",
    "'a\n b': 1\n",
    "a: 'b\n--- c'\n",
    "a: 'b\n  c':\n",
    "a: b: c\n",
    "a: b\n  c: d\n",
    "a: b\n # c\n  d\n",
    "a: b # c\n  d\n",
    "a: b\n  c\n# c\nd: e\n",
    "- a\n  b\n-  # b\n  c\n",
    "- a\n  -\n-\n- b\n",
    "- >\n  a\n- # a\n  b\n",
    "a:\n- b\n- c\nd:\n",
    "a:\n  - b\n c: d\n",
    "- a\nb: c\n",
    "- - a\n  - b\n -c\n",
    "a: - b\n",
    "a: -\n",
    "a:\tb\n",
    "a: b\t# c\n\t\nd: e\n",
    "a: |\n    \n  b\n",
    "a: |+\n\n\nb: c\n",
    "a: >\n  b\n\n   c\n  d\n \n",
    "a: |\n  b\n   ",
    "a: |\n# c\n  b\n",
    "a: [b, c,]\nd: {e: , \"f\":g}\n",
    "a: [b c\n  d]\n",
    "a: {b:c, d: e}\n",
    "a: [b: c]\n",
    "a: [b]: c\n",
    "a: [b]#c\n",
    "1: a\n'1': b\n1: c\n",
    "a: 1\nb: 2\na: 3\n",
    "<<: {a: 1}\n",
];

#[test]
fn edges_are_read_alike() {
    check_all(EDGES, 60);
}

#[test]
fn deep_and_wide_texts_are_read_alike() {
    let taken = |text: &str| check(text) == Outcome::Taken;
    let deep = |depth| (0..depth).map(|at| format!("{:at$}a:\n", "")).collect::<Vec<_>>().concat();
    assert!(taken(&deep(DEEPEST)));
    assert!(!taken(&deep(DEEPEST + 1)));
    assert!(!taken(&"[".repeat(DEEPEST + 1)));
    let keys = (0..300).map(|at| format!("k{at}: {at}\n")).collect::<Vec<_>>().concat();
    assert!(taken(&format!("{keys}{keys}")));
    let long = "k".repeat(LONGEST_KEY);
    assert!(taken(&format!("{long}: a\n")));
    assert!(!taken(&format!("{long}k: a\n")));
}

#[test]
fn files_of_projects_are_ordinary() {
    let texts = files();
    assert!(texts.len() > 500, "only {} texts", texts.len());
    check_all(texts.iter().map(String::as_str), 90);
}

#[test]
fn generated_documents_are_read_alike() {
    let mut random = Random(1);
    let texts: Vec<String> = (0..6000).map(|_| document(&mut random)).collect();
    check_all(texts.iter().map(String::as_str), 80);
}

#[test]
fn edited_documents_are_read_alike() {
    let mut random = Random(2);
    let mut texts = files();
    texts.retain(|text| text.len() < 1500);
    let edited: Vec<String> = (0..10_000)
        .map(|at| {
            let whole = if at % 2 == 0 { document(&mut random) } else { random.pick(&texts) };
            edit(&whole, &mut random)
        })
        .collect();
    check_all(edited.iter().map(String::as_str), 60);
}
