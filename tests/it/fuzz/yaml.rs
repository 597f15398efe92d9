//! YAML: every value lies in the text, errors can be told, and the same text gives the same tree.

use tidegate::diag::Sources;
use tidegate::yaml::{self, Value, Yaml};

use super::harness::{Target, feed};
use super::{can_all_be_told, fixtures, inside, text};

/// Each value and key lies in the text. Returns how many there are.
fn check(yaml: &Yaml, sources: &Sources) -> usize {
    inside(yaml.span, sources);
    match &yaml.value {
        Value::Seq(items) => 1 + items.iter().map(|item| check(item, sources)).sum::<usize>(),
        Value::Map(map) => {
            let entry = |entry: &yaml::Entry| {
                inside(entry.key_span, sources);
                check(&entry.value, sources)
            };
            1 + map.iter().map(entry).sum::<usize>()
        }
        _ => 1,
    }
}

#[test]
fn yaml() {
    let run = |input: &[u8]| {
        let text = text(input);
        let sources = Sources::new();
        let (tree, found) = yaml::parse_text(&sources, "any.yml", text.as_str());
        can_all_be_told(&found, &sources);
        assert!(tree.is_some() || !found.is_empty(), "there is neither a tree nor a reason");
        if let Some(tree) = &tree {
            check(tree, &sources);
            let again = yaml::parse_text(&Sources::new(), "any.yml", text.as_str()).0.unwrap();
            assert_eq!(tree.to_json(), again.to_json());
        }
    };
    let mut corpus = fixtures("yml");
    let cases: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../../fixtures/yaml/pyyaml.json")).unwrap();
    corpus.extend(cases.iter().map(|case| case["text"].as_str().unwrap().as_bytes().to_vec()));
    feed(Target { name: "yaml", corpus, frames: &["?", "a: ?", "a:\n  - ?"], run: &run });
}
