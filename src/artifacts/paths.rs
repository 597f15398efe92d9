//! Where compiled and executed SQL lies below the target folder (`artifacts.md` section 1), and writing it.

use camino::{Utf8Path, Utf8PathBuf};

use crate::files::{self, FileError};
use crate::manifest::Node;

/// Returns the file of a node's compiled SQL: `TARGET/compiled/PACKAGE/...`. `target` is the target folder as
/// artifacts show it, usually relative to the project.
pub fn compiled_path(target: &Utf8Path, node: &Node) -> Utf8PathBuf {
    below(target, "compiled", node)
}

/// Returns the file of the SQL that was executed for a node: `TARGET/run/PACKAGE/...`.
pub fn run_path(target: &Utf8Path, node: &Node) -> Utf8PathBuf {
    below(target, "run", node)
}

/// A file with one node keeps its path; a node that shares its file with others (a test of a property file, a
/// hook) gets a file of its own in a folder named like the shared file.
fn below(target: &Utf8Path, kind: &str, node: &Node) -> Utf8PathBuf {
    let file = Utf8Path::new(&node.original_file_path);
    let path = Utf8Path::new(&node.path);
    let folder = target.join(kind).join(&*node.package_name);
    if path.file_name() == file.file_name() { folder.join(file) } else { folder.join(file).join(path) }
}

/// Writes a node's SQL. `path` is relative to `root` unless it is absolute.
pub fn write_code(root: &Utf8Path, path: &Utf8Path, code: &str) -> Result<(), FileError> {
    files::write_atomic(&root.join(path), code.as_bytes())
}
