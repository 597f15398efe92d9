//! `{% docs %}` blocks of Markdown files. Called by `pipeline`.

use std::sync::Arc;

use rayon::prelude::*;

use crate::diag::{Diagnostic, Sources, Span};
use crate::jinja::{BlockKind, Engine, Scope, UndefinedMode, Value, blocks};
use crate::manifest::{Doc, ResourceType, UniqueId};

use super::discover::ProjectFile;
use super::render::is_jinja;

/// The text that greets readers of a project without one of its own; dbt's documentation site asks for it by its id.
const OVERVIEW: &str = include_str!("../../templates/docs/overview.md");

/// Reads the blocks that come with the program.
pub(super) fn read_built_in(sources: &Sources) -> (Vec<Doc>, Vec<Diagnostic>) {
    let (package, path) = ("dbt", "docs/overview.md");
    read_file(&ProjectFile {
        package: package.into(),
        original: path.into(),
        path: "overview.md".into(),
        file: sources.add_inner(format!("{package}/{path}"), OVERVIEW),
        text: OVERVIEW.into(),
    })
}

/// Reads the blocks of files, in the order of the files.
pub(super) fn read(files: &[ProjectFile]) -> (Vec<Doc>, Vec<Diagnostic>) {
    let read: Vec<_> = files.par_iter().map(read_file).collect();
    let mut all = (Vec::new(), Vec::new());
    for (docs, problems) in read {
        all.0.extend(docs);
        all.1.extend(problems);
    }
    all
}

fn read_file(file: &ProjectFile) -> (Vec<Doc>, Vec<Diagnostic>) {
    if !file.text.contains("{%") {
        return (Vec::new(), Vec::new());
    }
    let (found, mut problems) = blocks(&file.text, file.file);
    problems.retain(Diagnostic::is_error);
    let mut docs = Vec::new();
    for block in found.into_iter().filter(|block| block.kind == BlockKind::Docs) {
        let body = file.text.get(block.body.clone()).unwrap_or_default();
        let contents = match contents(body, file, block.body.clone()) {
            Ok(contents) => contents,
            Err(problem) => {
                problems.push(*problem);
                body.trim().to_owned()
            }
        };
        docs.push(Doc {
            unique_id: UniqueId::new(ResourceType::Doc, &file.package, &block.name),
            name: block.name,
            resource_type: ResourceType::Doc,
            package_name: Arc::clone(&file.package),
            path: file.path.to_string(),
            original_file_path: file.original.to_string(),
            block_contents: contents.into(),
            span: Span::new(file.file, block.full.start, block.full.end),
        });
    }
    (docs, problems)
}

/// A block is a template without any names.
fn contents(
    body: &str,
    file: &ProjectFile,
    range: std::ops::Range<usize>,
) -> Result<String, Box<Diagnostic>> {
    if !is_jinja(body) {
        return Ok(body.trim().to_owned());
    }
    let engine = Engine::new();
    let scope: Arc<dyn Scope> = Arc::new(Nothing);
    let rendered =
        engine.compile(file.file, &file.text, range).and_then(|template| engine.render(&template, &scope));
    rendered
        .map(|rendered| rendered.text.trim().to_owned())
        .map_err(|error| Box::new(error.into_diagnostic()))
}

struct Nothing;

impl Scope for Nothing {
    fn get(&self, _name: &str) -> Option<Value> {
        None
    }

    fn undefined(&self) -> UndefinedMode {
        UndefinedMode::Strict
    }
}
