//! Where a cursor stands in YAML that is being typed, and may be none at the moment.
//!
//! Input: a text and a byte. Output: the keys above it, by indentation, and whether a key or a value is wanted there. Called by
//! `completion_yaml`.

use std::ops::Range;

/// What is wanted at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A key.
    Key,
    /// The value of a key.
    Value(String),
    /// An item of the list that is the last of the path.
    Item,
}

/// A place in YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The keys above, outermost first; items of lists have none.
    pub(super) path: Vec<String>,
    pub(super) wanted: Wanted,
    /// Keys that are there already, beside the one that is typed, with their values.
    pub(super) siblings: Vec<(String, String)>,
    /// For every key of the path, what the entry that it stands in is called by `name`.
    pub(super) names: Vec<Option<String>>,
    /// The word that is typed.
    pub(super) word: Range<usize>,
}

/// A line that says something.
struct Line<'t> {
    /// The column of its key or value, behind dashes.
    column: usize,
    /// The column of its first dash, if it begins items.
    dash: Option<usize>,
    key: Option<&'t str>,
    value: &'t str,
}

fn line(text: &str) -> Option<Line<'_>> {
    let body = text.trim_start();
    if body.is_empty() || body.starts_with('#') {
        return None;
    }
    let mut column = text.len() - body.len();
    let (mut rest, mut dash) = (body, None);
    while let Some(inner) = rest.strip_prefix("- ").or(if rest == "-" { Some("") } else { None }) {
        dash = dash.or(Some(column));
        let trimmed = inner.trim_start();
        column += rest.len() - trimmed.len();
        rest = trimmed;
    }
    let (key, value) = match rest
        .split_once(':')
        .filter(|(_, value)| value.is_empty() || value.starts_with(' '))
    {
        Some((key, value)) if !key.contains(['{', '[', '"', '\'', ' ']) => (Some(key.trim()), value.trim()),
        _ => (None, rest.trim()),
    };
    Some(Line { column, dash, key, value })
}

/// Finds the place of a byte. `None` within comments.
pub(super) fn place(text: &str, offset: usize) -> Option<Place> {
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let head = &text[start..offset];
    if head.trim_start().starts_with('#') {
        return None;
    }
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let typed =
        head.rfind(|c| !is_word(c)).map_or(0, |at| at + head[at..].chars().next().map_or(1, char::len_utf8));
    let rest = text[offset..].find(|c: char| !is_word(c)).unwrap_or(text.len() - offset);
    let word = start + typed..offset + rest;
    let current = line(head).unwrap_or(Line { column: head.len(), dash: None, key: None, value: "" });
    let (own, wanted) = match current.key {
        Some(key) => (current.column, Wanted::Value(unquoted(key).to_owned())),
        None if current.dash.is_some() => (current.column, Wanted::Item),
        None => (current.column, Wanted::Key),
    };
    let mut place = Place { path: Vec::new(), wanted, siblings: Vec::new(), names: Vec::new(), word };
    climb(text, start, (own, current.dash), &mut place);
    Some(place)
}

/// Goes up the lines before a byte; `own` is the column of the key or value that is typed, and that of its dash.
fn climb(text: &str, start: usize, own: (usize, Option<usize>), place: &mut Place) {
    let (mut column, mut dash) = own;
    let mut name: Option<String> = None;
    // Whether the entry that holds what was found last has begun further down.
    let mut begun = dash.is_some();
    let depth = |place: &Place| place.path.len();
    for text in text[..start].lines().rev() {
        let Some(line) = line(text) else { continue };
        let Some(key) = line.key else { continue };
        let is_sibling = line.column == column && !begun;
        if is_sibling {
            if key == "name" {
                name = Some(unquoted(line.value).to_owned());
            }
            if depth(place) == 0 {
                place.siblings.push((key.to_owned(), unquoted(line.value).to_owned()));
            }
            if line.dash.is_some() {
                (begun, dash) = (true, line.dash);
            }
            continue;
        }
        // Lists may stand at the column of their key.
        let above = match dash {
            Some(dash) => {
                line.dash.is_none() && line.column <= dash
                    || line.dash.is_some_and(|own| own < dash && line.column <= dash)
            }
            None => line.column < column,
        };
        if above {
            place.path.insert(0, unquoted(key).to_owned());
            place.names.insert(0, name.take());
            (column, dash, begun) = (line.column, line.dash, line.dash.is_some());
        }
    }
}

pub(super) fn unquoted(text: &str) -> &str {
    text.trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(marked: &str, path: &[&str], wanted: &Wanted, word: &str) {
        let offset = marked.find('^').unwrap();
        let text = marked.replace('^', "");
        let place = place(&text, offset).unwrap();
        assert_eq!(place.path, path, "{marked}");
        assert_eq!(place.wanted, *wanted, "{marked}");
        assert_eq!(&text[place.word], word, "{marked}");
    }

    #[test]
    fn keys_above_are_found_by_indentation() {
        let models = "version: 2\nmodels:\n  - name: a\n    columns:\n      - name: id\n        data_tests:\n          - unique\n";
        check(&format!("{models}        des^"), &["models", "columns"], &Wanted::Key, "des");
        check(&format!("{models}          - ^"), &["models", "columns", "data_tests"], &Wanted::Item, "");
        check(&format!("{models}    con^fig"), &["models"], &Wanted::Key, "config");
        check(
            &format!("{models}    config:\n      materialized: ta^"),
            &["models", "config"],
            &Wanted::Value("materialized".into()),
            "ta",
        );
        check(&format!("{models}  - na^"), &["models"], &Wanted::Item, "na");
        check(&format!("{models}se^"), &[], &Wanted::Key, "se");
        check(
            "models:\n- name: a\n  columns:\n  - name: ^",
            &["models", "columns"],
            &Wanted::Value("name".into()),
            "",
        );
        check("models:\n- name: a\n  ^", &["models"], &Wanted::Key, "");
    }

    #[test]
    fn entries_have_names_and_siblings() {
        let text = "models:\n  - name: a\n    description: x\n    columns:\n      - name: id\n        ";
        let place = place(text, text.len()).unwrap();
        assert_eq!(place.siblings, [("name".to_owned(), "id".to_owned())]);
        assert_eq!(place.names, [Some("a".to_owned()), Some("id".to_owned())]);
        assert_eq!(super::place("# a", 3), None);
    }
}
