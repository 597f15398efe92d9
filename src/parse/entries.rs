//! Property files → entries: the YAML tree of each file, its lists, each entry rendered where dbt renders
//! early. Called by `pipeline`.

use std::sync::Arc;

use rayon::prelude::*;

use crate::diag::{Code, Diagnostic, Sources, suggest};
use crate::project::{KeyPath, Workspace, YamlContext, render_tree, stays_as_written};
use crate::yaml::{self, Value, Yaml};

use super::discover::ProjectFile;
use super::properties::{PropertyFile, RawEntry, SECTIONS, Section};
use super::render;

/// Reads the property files of one project.
pub(super) fn read(
    files: &[ProjectFile],
    workspace: &Workspace,
    sources: &Sources,
) -> (Vec<RawEntry>, Vec<Diagnostic>) {
    let Some(first) = files.first() else { return (Vec::new(), Vec::new()) };
    let project = workspace.project_named(&first.package).unwrap_or(&workspace.project);
    let context = workspace.properties_context(project);
    let read: Vec<_> = files.par_iter().map(|file| read_file(file, &context, sources)).collect();
    let mut all = (Vec::new(), Vec::new());
    for (entries, problems) in read {
        all.0.extend(entries);
        all.1.extend(problems);
    }
    all
}

fn read_file(
    file: &ProjectFile,
    context: &YamlContext,
    sources: &Sources,
) -> (Vec<RawEntry>, Vec<Diagnostic>) {
    let (tree, mut problems) = yaml::parse(sources, file.file);
    let Some(mut tree) = tree.filter(|tree| !tree.is_null()) else { return (Vec::new(), problems) };
    cut_last_newline(&mut tree, &file.text);
    let Value::Map(mut map) = tree.value else {
        problems.push(
            Diagnostic::error(
                Code::YAML_TYPE,
                tree.span,
                format!("Dictionary expected: `{}` must be a mapping, but is {}", file.original, tree.kind()),
            )
            .help("begin with a list's name, for example `models:`"),
        );
        return (Vec::new(), problems);
    };
    let unknown = unknown_keys(&map);
    let place = Arc::new(PropertyFile {
        package: Arc::clone(&file.package),
        file: file.file,
        original_path: file.original.to_string(),
        path: file.path.to_string(),
    });
    let mut entries = Vec::new();
    for section in SECTIONS {
        let Some(list) = map.remove(section.key()).map(|entry| entry.value) else { continue };
        if list.is_null() {
            continue;
        }
        if let Err(problem) = list.expect_seq(section.key()) {
            // Scripts look for dbt's words, here and below.
            problems.push(problem.note(format!("the value of '{}' is not a list", section.key())));
        } else if let Value::Seq(items) = list.value {
            for item in items {
                entries.extend(read_entry(section, item, &place, context, &mut problems));
            }
        }
    }
    problems.extend(unknown);
    (entries, problems)
}

fn read_entry(
    section: Section,
    item: Yaml,
    place: &Arc<PropertyFile>,
    context: &YamlContext,
    problems: &mut Vec<Diagnostic>,
) -> Option<RawEntry> {
    if item.as_map().is_none() {
        let words = format!("a list element for '{}' is not a dictionary", section.key());
        problems.push(item.unexpected_item(section.key(), "a mapping with a `name`").note(words));
        return None;
    }
    let keep = |path: &KeyPath| render::stays(section, path);
    let file = Arc::clone(place);
    if stays_as_written(&item, &keep) {
        return Some(RawEntry { section, file, rendered: item, as_written: None });
    }
    let rendered = render_tree(&item, context, &keep, problems);
    Some(RawEntry { section, file, rendered, as_written: Some(item) })
}

/// dbt cuts white space off the ends of a file before it reads it, so that a block scalar at the end has no
/// final newline.
fn cut_last_newline(last: &mut Yaml, text: &str) {
    let starts_block = text.get(last.span.range()).is_some_and(|written| written.starts_with(['|', '>']));
    match &mut last.value {
        Value::Map(map) => {
            if let Some(mut entry) = map.iter().last().cloned() {
                cut_last_newline(&mut entry.value, text);
                map.insert(entry);
            }
        }
        Value::Seq(items) => {
            if let Some(item) = items.last_mut() {
                cut_last_newline(item, text);
            }
        }
        Value::Str(scalar) if starts_block && scalar.ends_with('\n') => {
            *scalar = scalar.trim_end_matches('\n').into();
        }
        _ => {}
    }
}

/// Tells of lists that mean nothing here.
fn unknown_keys(map: &yaml::Map) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let known = || SECTIONS.iter().map(|section| section.key());
    for entry in map {
        let key = &*entry.key;
        if !matches!(key, "version" | "anchors") && !known().any(|name| name == key) {
            problems.push(
                Diagnostic::warning(
                    Code::UNKNOWN_KEY,
                    entry.key_span,
                    format!("`{key}` means nothing in a property file"),
                )
                .help::<String>(suggest(key, known())),
            );
        }
    }
    problems
}
