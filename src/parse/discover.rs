//! A project's folders → the files of each resource kind, read and in a fixed order.
//!
//! One entry per file; a folder that several kinds share gives each its own. Seeds are not read into the
//! store: they may be large, only their fingerprint is taken. Called by `mod`.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use crate::diag::{Code, Diagnostic, FileId, Sources, Span};
use crate::files;
use crate::hash::HashMap;
use crate::manifest::Checksum;
use crate::project::Project;

/// Seeds above this many bytes are compared by path, not by content.
const LARGE_SEED: u64 = 1024 * 1024;

/// A file of a project.
#[derive(Clone, Debug)]
pub(super) struct ProjectFile {
    pub(super) package: Arc<str>,
    /// Path below the package root.
    pub(super) original: Utf8PathBuf,
    /// Path below its resource path.
    pub(super) path: Utf8PathBuf,
    pub(super) file: FileId,
    /// The text; empty for seeds.
    pub(super) text: Arc<str>,
}

impl ProjectFile {
    /// Returns the name without folders and extension.
    pub(super) fn stem(&self) -> &str {
        self.path.file_stem().unwrap_or_default()
    }

    /// Returns the package and the folders below the resource path.
    pub(super) fn fqn_prefix(&self) -> Vec<String> {
        fqn_prefix(&self.package, &self.path)
    }
}

/// Returns a package and the folders of a path.
pub(super) fn fqn_prefix(package: &str, path: &Utf8Path) -> Vec<String> {
    let folders = path.parent().into_iter().flat_map(Utf8Path::components);
    std::iter::once(package.to_owned()).chain(folders.map(|part| part.as_str().to_owned())).collect()
}

/// A seed with its fingerprint.
#[derive(Clone, Debug)]
pub(super) struct SeedFile {
    pub(super) file: ProjectFile,
    pub(super) checksum: Checksum,
}

/// All files of a project, by kind.
#[derive(Debug, Default)]
pub(super) struct ProjectFiles {
    pub(super) models: Vec<ProjectFile>,
    pub(super) snapshots: Vec<ProjectFile>,
    pub(super) analyses: Vec<ProjectFile>,
    pub(super) singular_tests: Vec<ProjectFile>,
    pub(super) seeds: Vec<SeedFile>,
    pub(super) functions: Vec<ProjectFile>,
    pub(super) docs: Vec<ProjectFile>,
    pub(super) macros: Vec<ProjectFile>,
    pub(super) generic_tests: Vec<ProjectFile>,
    pub(super) fixtures: Vec<ProjectFile>,
    pub(super) properties: Vec<ProjectFile>,
}

/// Finds and reads the files of a project.
pub(super) fn discover(project: &Project, sources: &Sources, problems: &mut Vec<Diagnostic>) -> ProjectFiles {
    let mut finder = Finder { project, sources, problems, walked: HashMap::default() };
    let paths = &project.paths;
    let mut tests = finder.read(&paths.tests, &["sql"]);
    let first_folder =
        |file: &ProjectFile| file.path.components().next().map(|part| part.as_str().to_owned());
    let mut generic_tests = Vec::new();
    let mut fixtures = Vec::new();
    let mut singular_tests = Vec::new();
    for file in tests.drain(..) {
        // A file `generic` directly in the folder is no folder: it has an extension.
        match first_folder(&file).as_deref() {
            Some("generic") => generic_tests.push(below_first(file)),
            Some("fixtures") => fixtures.push(below_first(file)),
            _ => singular_tests.push(file),
        }
    }
    let csv = finder.read(&paths.tests, &["csv"]);
    fixtures
        .extend(csv.into_iter().filter(|f| first_folder(f).as_deref() == Some("fixtures")).map(below_first));
    unique_fixtures(&fixtures, finder.problems);
    ProjectFiles {
        models: finder.read(&paths.models, &["sql", "py"]),
        snapshots: finder.read(&paths.snapshots, &["sql"]),
        analyses: finder.read(&paths.analyses, &["sql"]),
        singular_tests,
        seeds: finder.seeds(&paths.seeds),
        functions: finder.read(&paths.functions, &["sql", "py"]),
        docs: finder.read(&paths.docs, &["md"]),
        macros: finder.read(&paths.macros, &["sql"]),
        generic_tests,
        fixtures,
        properties: finder.read(&paths.all_sources(), &["yml", "yaml"]),
    }
}

/// A unit test names a fixture without folder and extension.
fn unique_fixtures(fixtures: &[ProjectFile], problems: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<&str, &ProjectFile> = HashMap::default();
    for file in fixtures {
        let Some(first) = seen.insert(file.stem(), file) else { continue };
        let message =
            format!("two fixtures are called `{}`: {} and {}", file.stem(), first.original, file.original);
        problems.push(
            Diagnostic::error(Code::DUPLICATE_NAME, Span::new(file.file, 0, 0), message)
                .help("rename one of them: unit tests name a fixture without its folder and extension"),
        );
    }
}

/// Files of `tests/generic` and `tests/fixtures` count their path from there.
fn below_first(mut file: ProjectFile) -> ProjectFile {
    file.path = file.path.components().skip(1).map(|part| part.as_str()).collect();
    file
}

struct Finder<'a> {
    project: &'a Project,
    sources: &'a Sources,
    problems: &'a mut Vec<Diagnostic>,
    /// The files of each folder that was walked: several kinds share folders.
    walked: HashMap<Utf8PathBuf, Vec<Utf8PathBuf>>,
}

impl Finder<'_> {
    /// Lists files below folders; each as path below its folder and path below the project's root.
    fn list(&mut self, folders: &[Utf8PathBuf], extensions: &[&str]) -> Vec<(Utf8PathBuf, Utf8PathBuf)> {
        let mut found: Vec<(Utf8PathBuf, Utf8PathBuf)> = Vec::new();
        for folder in folders {
            let wanted = |path: &&Utf8PathBuf| files::has_extension(path, extensions);
            for original in self.walk(folder).iter().filter(wanted) {
                let path = original.strip_prefix(folder).unwrap_or(original).to_owned();
                found.push((path, original.clone()));
            }
        }
        found
    }

    /// Lists all files below a folder, once.
    fn walk(&mut self, folder: &Utf8Path) -> &[Utf8PathBuf] {
        let (project, sources, problems) = (self.project, self.sources, &mut *self.problems);
        self.walked.entry(folder.to_owned()).or_insert_with(|| {
            let mut paths = files::walk(sources, &project.root, folder, &[], &project.ignored)
                .unwrap_or_else(|error| {
                    problems.push(error.into());
                    Vec::new()
                });
            paths.retain(|path| !path.file_name().is_some_and(files::is_skipped_name));
            paths
        })
    }

    fn read(&mut self, folders: &[Utf8PathBuf], extensions: &[&str]) -> Vec<ProjectFile> {
        let listed = self.list(folders, extensions);
        let originals: Vec<Utf8PathBuf> = listed.iter().map(|(_, original)| original.clone()).collect();
        let ids = files::read_all(self.sources, &self.project.root, &self.project.shown_root, &originals);
        let mut read = Vec::with_capacity(listed.len());
        for ((path, original), id) in listed.into_iter().zip(ids) {
            match id {
                Ok(file) => {
                    let text = self.sources.get(file).map(|source| Arc::clone(&source.text));
                    let text = text.unwrap_or_else(|| Arc::from(""));
                    read.push(ProjectFile {
                        package: Arc::clone(&self.project.name),
                        original,
                        path,
                        file,
                        text,
                    });
                }
                Err(error) => self.problems.push(error.into()),
            }
        }
        read
    }

    fn seeds(&mut self, folders: &[Utf8PathBuf]) -> Vec<SeedFile> {
        let listed = self.list(folders, &["csv"]);
        let root = &self.project.root;
        let sums: Vec<_> = listed.par_iter().map(|(_, original)| seed_checksum(root, original)).collect();
        let mut seeds = Vec::with_capacity(listed.len());
        for ((path, original), checksum) in listed.into_iter().zip(sums) {
            match checksum {
                Ok(checksum) => {
                    let file = self.sources.add(self.project.shown_root.join(&original), "");
                    let package = Arc::clone(&self.project.name);
                    let file = ProjectFile { package, original, path, file, text: Arc::from("") };
                    seeds.push(SeedFile { file, checksum });
                }
                Err(problem) => self.problems.push(*problem),
            }
        }
        seeds
    }
}

fn seed_checksum(root: &Utf8Path, original: &Utf8Path) -> Result<Checksum, Box<Diagnostic>> {
    let path = root.join(original);
    let size = std::fs::metadata(&path).map(|metadata| metadata.len());
    if size.is_ok_and(|size| size > LARGE_SEED) {
        return Ok(Checksum { name: "path".to_owned(), checksum: original.to_string() });
    }
    let text = files::read_text(&path).map_err(|error| Box::new(Diagnostic::from(error)))?;
    Ok(Checksum { name: "sha256".to_owned(), checksum: files::checksum(&text) })
}
