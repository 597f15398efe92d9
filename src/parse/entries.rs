//! Property files → entries: the YAML tree of each file, its lists, each entry rendered where dbt renders
//! early. What describes nodes is read at once: the trees of all files together would be a large part of the memory.
//! Called by `pipeline`.

use std::sync::Arc;

use rayon::prelude::*;

use crate::diag::{Code, Diagnostic, Sources, suggest};
use crate::project::{KeyPath, Workspace, YamlContext, render_tree, stays_as_written};
use crate::yaml::{self, Value, Yaml};

use super::columns::SharedColumns;
use super::discover::ProjectFile;
use super::properties::{self, Properties, PropertyFile, RawEntry, SECTIONS, Section};
use super::render;

/// What property files say.
#[derive(Default)]
pub(super) struct Entries {
    /// Of nodes.
    pub(super) described: Vec<Properties>,
    /// What is wrong with these descriptions.
    pub(super) wrong: Vec<Diagnostic>,
    /// All other entries.
    pub(super) others: Vec<RawEntry>,
    /// What is wrong with the files.
    pub(super) problems: Vec<Diagnostic>,
}

impl Entries {
    fn add(&mut self, entry: RawEntry, shared: &SharedColumns) {
        if !entry.section.describes_nodes() {
            self.others.push(entry);
            return;
        }
        let Some(mut described) = properties::node(&entry, &mut self.wrong) else { return };
        let of_versions = described.versions.iter_mut().flat_map(|version| &mut version.columns);
        for column in described.columns.iter_mut().chain(of_versions) {
            shared.share(&mut column.shown);
        }
        self.described.push(described);
    }

    fn append(&mut self, more: Self) {
        self.described.extend(more.described);
        self.wrong.extend(more.wrong);
        self.others.extend(more.others);
        self.problems.extend(more.problems);
    }
}

/// Reads property files.
pub(super) struct Reader<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) sources: &'a Sources,
    pub(super) columns: &'a SharedColumns,
}

impl Reader<'_> {
    /// Reads the files of one project.
    pub(super) fn read(&self, files: &[ProjectFile], all: &mut Entries) {
        let Some(first) = files.first() else { return };
        let project = self.workspace.project_named(&first.package).unwrap_or(&self.workspace.project);
        let context = self.workspace.properties_context(project);
        let read: Vec<_> = files.par_iter().map(|file| self.file(file, &context)).collect();
        read.into_iter().for_each(|read| all.append(read));
    }

    fn file(&self, file: &ProjectFile, context: &YamlContext) -> Entries {
        let (tree, problems) = yaml::parse(self.sources, file.file);
        let mut read = Entries { problems, ..Entries::default() };
        let Some(tree) = tree.filter(|tree| !tree.is_null()) else { return read };
        let Value::Map(mut map) = tree.value else {
            read.problems.push(
                Diagnostic::error(
                    Code::YAML_TYPE,
                    tree.span,
                    format!(
                        "Dictionary expected: `{}` must be a mapping, but is {}",
                        file.original,
                        tree.kind()
                    ),
                )
                .help("begin with a list's name, for example `models:`"),
            );
            return read;
        };
        let unknown = unknown_keys(&map);
        let place = Arc::new(PropertyFile {
            package: Arc::clone(&file.package),
            file: file.file,
            original_path: file.original.to_string(),
            path: file.path.to_string(),
        });
        for section in SECTIONS {
            let Some(list) = map.remove(section.key()).map(|entry| entry.value) else { continue };
            if list.is_null() {
                continue;
            }
            if let Err(problem) = list.expect_seq(section.key()) {
                // Scripts look for dbt's words, here and below.
                read.problems.push(problem.note(format!("the value of '{}' is not a list", section.key())));
            } else if let Value::Seq(items) = list.value {
                for item in items {
                    if let Some(entry) = read_entry(section, item, &place, context, &mut read.problems) {
                        read.add(entry, self.columns);
                    }
                }
            }
        }
        read.problems.extend(unknown);
        read
    }
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
