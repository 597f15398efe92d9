//! Where compiled and executed SQL lies below the target folder (`artifacts.md` section 1), and writing it.

use std::borrow::Cow;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use crate::files::{self, FileError};
use crate::manifest::{Node, UnitTest};

/// What decides where the SQL of a resource lies. Made from a [`Node`] or a [`UnitTest`].
#[derive(Clone, Debug)]
pub struct CodeFile<'a> {
    package: &'a str,
    /// The file that defines the resource, below its package.
    file: &'a Utf8Path,
    /// The resource's own path.
    path: Cow<'a, Utf8Path>,
    /// The batch, of a model that has a file for each.
    batch: Option<String>,
}

impl CodeFile<'_> {
    /// Makes it the file of one batch, called by the batch's label.
    #[must_use]
    pub fn of_batch(self, label: Option<String>) -> Self {
        Self { batch: label, ..self }
    }
}

impl<'a> From<&'a Node> for CodeFile<'a> {
    fn from(node: &'a Node) -> Self {
        let (file, path) = (Utf8Path::new(&node.original_file_path), Utf8Path::new(&node.path));
        Self { package: &node.package_name, file, path: Cow::Borrowed(path), batch: None }
    }
}

impl<'a> From<&'a UnitTest> for CodeFile<'a> {
    fn from(test: &'a UnitTest) -> Self {
        let file = Utf8Path::new(&test.original_file_path);
        let path = file.with_file_name(format!("{}.sql", test.name));
        Self { package: &test.package_name, file, path: Cow::Owned(path), batch: None }
    }
}

/// Returns the file of a resource's compiled SQL: `TARGET/compiled/PACKAGE/...`. `target` is the target folder as
/// artifacts show it, usually relative to the project.
pub fn compiled_path<'a>(target: &Utf8Path, code: impl Into<CodeFile<'a>>) -> Utf8PathBuf {
    below(target, "compiled", &code.into())
}

/// Returns the file of the SQL that was executed for a resource: `TARGET/run/PACKAGE/...`.
pub fn run_path<'a>(target: &Utf8Path, code: impl Into<CodeFile<'a>>) -> Utf8PathBuf {
    below(target, "run", &code.into())
}

/// A file with one resource keeps its path; a resource that shares its file with others (a test of a property
/// file, a hook) gets a file of its own in a folder named like the shared file. Batches lie together in a folder
/// named like their model.
fn below(target: &Utf8Path, kind: &str, code: &CodeFile<'_>) -> Utf8PathBuf {
    let shared = code.path.file_name() != code.file.file_name();
    let own: &Utf8Path = if shared { &code.path } else { Utf8Path::new("") };
    let file = joined(&target.join(kind), [Utf8Path::new(code.package), code.file, own]);
    let (Some(batch), Some(stem)) = (&code.batch, file.file_stem()) else { return file };
    let ending = file.extension().map(|ending| format!(".{ending}")).unwrap_or_default();
    file.with_file_name(stem).join(format!("{stem}_{batch}{ending}"))
}

/// Joins paths below a folder. Names of tests and paths of a package come from whoever wrote it: where they would lead out of the
/// folder, only the names in them are taken.
fn joined(folder: &Utf8Path, paths: [&Utf8Path; 3]) -> Utf8PathBuf {
    let parts = || paths.into_iter().flat_map(Utf8Path::components);
    let mut depth = 0_usize;
    let stays = parts().all(|part| match part {
        Utf8Component::Normal(_) => {
            depth += 1;
            true
        }
        Utf8Component::CurDir => true,
        Utf8Component::ParentDir => {
            let below = depth > 0;
            depth = depth.saturating_sub(1);
            below
        }
        Utf8Component::RootDir | Utf8Component::Prefix(_) => false,
    });
    let taken = parts().filter(|part| stays || matches!(part, Utf8Component::Normal(_)));
    taken.fold(folder.to_owned(), |path, part| path.join(part))
}

/// Writes SQL. `path` is relative to `root` unless it is absolute.
pub fn write_code(root: &Utf8Path, path: &Utf8Path, code: &str) -> Result<(), FileError> {
    files::write_plain(&root.join(path), code.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let check = |file: &str, path: &str, want: &str| {
            let code = CodeFile {
                package: "shop",
                file: Utf8Path::new(file),
                path: Cow::Borrowed(Utf8Path::new(path)),
                batch: None,
            };
            assert_eq!(compiled_path(Utf8Path::new("target"), code), format!("target/compiled/{want}"));
        };
        check("models/a.sql", "a.sql", "shop/models/a.sql");
        check("models/s.yml", "not_null.sql", "shop/models/s.yml/not_null.sql");
        check("../shared/a.sql", "a.sql", "shop/../shared/a.sql");
        check("../../../a.sql", "a.sql", "shop/a.sql");
        check("/etc/a.sql", "a.sql", "shop/etc/a.sql");
        check("models/s.yml", "/etc/cron.d/x.sql", "shop/models/s.yml/etc/cron.d/x.sql");
        check("models/s.yml", "../../../../../x.sql", "shop/models/s.yml/x.sql");
    }
}
