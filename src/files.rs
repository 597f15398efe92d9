//! Disk access: read text, walk folders, write atomically. The only place that opens project files.
//!
//! Reads give UTF-8 text or a [`FileError`]; walks are sorted, so the same folder gives the same list on
//! every machine (design D6). Many files are read in parallel and enter [`Sources`] in the order asked
//! for. Called by `project`, `parse`, `artifacts` and `cli`.

use std::fs;
use std::io::{self, Write as _};
use std::sync::Arc;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rayon::prelude::*;

use crate::diag::{Code, Diagnostic, FileId, Sources};
use crate::digest;

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system said no.
    #[error("cannot {action} `{path}`: {source}")]
    Io {
        /// What was tried: `read`, `write`, `list`, `create`, `remove`.
        action: &'static str,
        /// The path.
        path: Utf8PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is not UTF-8.
    #[error("`{path}` is not UTF-8: byte {offset} does not belong there")]
    NotUtf8 {
        /// The path.
        path: Utf8PathBuf,
        /// The first wrong byte, from 0.
        offset: usize,
    },
}

impl FileError {
    /// Makes the error of something the operating system refused.
    pub fn io(action: &'static str, path: &Utf8Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    /// Tells whether the file is simply not there.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

impl From<FileError> for Diagnostic {
    fn from(error: FileError) -> Self {
        let message = error.to_string();
        match error {
            FileError::Io { .. } => Diagnostic::error(Code::IO, None, message),
            FileError::NotUtf8 { .. } => {
                Diagnostic::error(Code::NOT_UTF8, None, message).help("save the file as UTF-8")
            }
        }
    }
}

/// Reads a file as text.
pub fn read_text(path: &Utf8Path) -> Result<String, FileError> {
    let bytes = fs::read(path).map_err(|source| FileError::io("read", path, source))?;
    String::from_utf8(bytes).map_err(|error| FileError::NotUtf8 {
        path: path.to_owned(),
        offset: error.utf8_error().valid_up_to(),
    })
}

/// Reads a file into the store under the path people should see, without the white space at its end: dbt cuts it off
/// before it reads a file. What the store has unsaved is taken instead.
pub fn read_source(sources: &Sources, path: &Utf8Path, shown: &Utf8Path) -> Result<FileId, FileError> {
    Ok(sources.add(shown, read_trimmed(sources, path)?))
}

/// Returns the text of a file as it is now: unsaved, else on disk.
fn read_trimmed(sources: &Sources, path: &Utf8Path) -> Result<Arc<str>, FileError> {
    match sources.unsaved_text(path) {
        Some(text) => Ok(text.trim_end().into()),
        None => read_text(path).map(|text| text.trim_end().into()),
    }
}

/// Reads many files of one folder in parallel as [`read_source`] does, and adds them to the store in the given order.
/// Paths are relative to `root` and shown behind `shown_root`, which is empty for the root project.
pub fn read_all(
    sources: &Sources,
    root: &Utf8Path,
    shown_root: &Utf8Path,
    paths: &[Utf8PathBuf],
) -> Vec<Result<FileId, FileError>> {
    let texts: Vec<_> = paths.par_iter().map(|path| read_trimmed(sources, &root.join(path))).collect();
    let pairs = texts.into_iter().zip(paths);
    pairs.map(|(text, path)| Ok(sources.add(shown_root.join(path), text?))).collect()
}

/// Tells whether a file name is one that dbt never reads: editors' and systems' leftovers.
pub fn is_skipped_name(name: &str) -> bool {
    name.starts_with(['!', '.', '#', '~'])
}

/// The patterns of a project's `.dbtignore`, in gitignore syntax. `.gitignore` is not asked.
#[derive(Clone, Debug)]
pub struct Ignored(Gitignore);

impl Ignored {
    /// Reads `.dbtignore` in a project's root; without the file nothing is ignored. Lines that are no
    /// pattern are left out.
    pub fn load(root: &Utf8Path) -> Self {
        let mut builder = GitignoreBuilder::new(root);
        let file = root.join(".dbtignore");
        if file.is_file() {
            let _ = builder.add(file);
        }
        Self(builder.build().unwrap_or_else(|_| Gitignore::empty()))
    }

    /// Tells whether a file, relative to the project's root, is ignored, by itself or by a folder above.
    pub fn contains(&self, path: &Utf8Path) -> bool {
        !self.0.is_empty() && self.0.matched_path_or_any_parents(path, false).is_ignore()
    }
}

/// Lists the files below `folder` (relative to `root`) whose extension is one of `extensions`, upper or
/// lower case; an empty list takes all. Links are followed. Paths come back relative to `root`, sorted. A
/// folder that is not there has no files. Files that are only unsaved so far are listed with the others.
pub fn walk(
    sources: &Sources,
    root: &Utf8Path,
    folder: &Utf8Path,
    extensions: &[&str],
    ignored: &Ignored,
) -> Result<Vec<Utf8PathBuf>, FileError> {
    let start = root.join(folder);
    let wanted = |path: &Utf8Path| {
        (extensions.is_empty() || has_extension(path, extensions)) && !ignored.contains(path)
    };
    let mut found = if start.is_dir() { on_disk(&start, folder, &wanted)? } else { Vec::new() };
    let unsaved = sources.unsaved().keys().filter_map(|path| path.strip_prefix(root).ok());
    let below = unsaved.filter(|path| path.starts_with(folder) && wanted(path));
    found.extend(below.map(Utf8Path::to_owned));
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn on_disk(
    start: &Utf8Path,
    folder: &Utf8Path,
    wanted: &dyn Fn(&Utf8Path) -> bool,
) -> Result<Vec<Utf8PathBuf>, FileError> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(start).follow_links(true).sort_by_file_name() {
        let entry = match entry {
            Ok(entry) => entry,
            // A link to nowhere, or a file that vanished meanwhile, is no file of the project.
            Err(error) if error.io_error().is_some_and(|e| e.kind() == io::ErrorKind::NotFound) => continue,
            Err(error) => {
                let path = error.path().and_then(Utf8Path::from_path).unwrap_or(start).to_owned();
                return Err(FileError::io("list", &path, error.into()));
            }
        };
        if !entry.file_type().is_file() {
            continue;
        }
        // A path that is not UTF-8 cannot be named in a project.
        let Some(path) = Utf8Path::from_path(entry.path()) else { continue };
        let relative = folder.join(path.strip_prefix(start).unwrap_or(path));
        if wanted(&relative) {
            found.push(relative);
        }
    }
    Ok(found)
}

/// Tells whether a path ends in one of these extensions, upper or lower case.
pub fn has_extension(path: &Utf8Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|end| extensions.iter().any(|want| want.eq_ignore_ascii_case(end)))
}

/// Writes a file so that readers see the old content or the new, never a part: into a temporary file
/// beside it, then renamed over it. Missing folders are created.
pub fn write_atomic(path: &Utf8Path, content: &[u8]) -> Result<(), FileError> {
    write_atomic_with(path, |file| file.write_all(content).map(|()| true)).map(|_| ())
}

/// As [`write_atomic`], for content that is made while it is written. Nothing is changed if `write` fails or returns
/// false, which is passed on.
pub fn write_atomic_with(
    path: &Utf8Path,
    write: impl FnOnce(&mut fs::File) -> io::Result<bool>,
) -> Result<bool, FileError> {
    let failed = |source| FileError::io("write", path, source);
    let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    create_dirs(folder)?;
    let mut temporary = tempfile::Builder::new().prefix(".tidegate-").tempfile_in(folder).map_err(failed)?;
    if !write(temporary.as_file_mut()).map_err(failed)? {
        return Ok(false);
    }
    share(temporary.as_file(), path);
    temporary.persist(path).map_err(|error| failed(error.error))?;
    Ok(true)
}

/// Writes a file that may be seen half written: one of many that are for people to look at. Its folder is made
/// when it is missing. One with this content is left as it is: reading thousands of files again takes the disk no time,
/// replacing them does.
pub fn write_plain(path: &Utf8Path, content: &[u8]) -> Result<(), FileError> {
    let is_there = size(path).is_some_and(|size| size == content.len() as u64);
    if is_there && fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    let written = match fs::write(path, content) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            path.parent().map_or(Ok(()), create_dirs)?;
            fs::write(path, content)
        }
        other => other,
    };
    written.map_err(|source| FileError::io("write", path, source))
}

/// Adds to the end of a file, which is made if it is not there.
pub fn append(path: &Utf8Path, content: &[u8]) -> Result<(), FileError> {
    let failed = |source| FileError::io("write", path, source);
    path.parent().map_or(Ok(()), create_dirs)?;
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
    file.write_all(content).map_err(failed)
}

/// Copies a file so that readers see the old copy or the new, never a part, also after a power cut. `check` looks at the
/// copy before it takes the place of the old one, which stays if there is something wrong.
pub fn copy_atomic(
    from: &Utf8Path,
    to: &Utf8Path,
    check: impl FnOnce(&Utf8Path) -> Result<(), String>,
) -> Result<(), FileError> {
    let failed = |source| FileError::io("write", to, source);
    let folder = to.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    create_dirs(folder)?;
    let mut copy = tempfile::Builder::new().prefix(".tidegate-").tempfile_in(folder).map_err(failed)?;
    let mut original = fs::File::open(from).map_err(|source| FileError::io("read", from, source))?;
    io::copy(&mut original, copy.as_file_mut()).map_err(failed)?;
    copy.as_file().sync_all().map_err(failed)?;
    let path =
        Utf8Path::from_path(copy.path()).ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()))?;
    check(path).map_err(|reason| failed(io::Error::other(reason)))?;
    share(copy.as_file(), to);
    copy.persist(to).map_err(|error| failed(error.error))?;
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Has the disk keep a file that was written.
pub fn sync(path: &Utf8Path) -> Result<(), FileError> {
    fs::File::open(path).and_then(|file| file.sync_all()).map_err(|error| FileError::io("write", path, error))
}

/// Returns a file's size in bytes; `None` if it is not there.
pub fn size(path: &Utf8Path) -> Option<u64> {
    fs::metadata(path).ok().map(|meta| meta.len())
}

/// A temporary file is private to its owner; the file it becomes keeps the old file's permissions, or
/// gets the usual ones.
#[cfg(unix)]
fn share(file: &fs::File, path: &Utf8Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let permissions =
        fs::metadata(path).map_or_else(|_| fs::Permissions::from_mode(0o644), |m| m.permissions());
    let _ = file.set_permissions(permissions);
}

#[cfg(not(unix))]
fn share(_file: &fs::File, _path: &Utf8Path) {}

/// Joins a path to a folder and takes away `.` and `..`, without asking the disk.
pub fn absolute(base: &Utf8Path, path: impl AsRef<Utf8Path>) -> Utf8PathBuf {
    let mut result = Utf8PathBuf::new();
    for part in base.join(path).components() {
        match part {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                result.pop();
            }
            part => result.push(part),
        }
    }
    result
}

/// Creates a folder and those above it; one that is there is fine.
pub fn create_dirs(path: &Utf8Path) -> Result<(), FileError> {
    fs::create_dir_all(path).map_err(|source| FileError::io("create", path, source))
}

/// Removes a file, a link or a folder with all in it; one that is not there is fine. A link is removed,
/// not what it points to.
pub fn remove(path: &Utf8Path) -> Result<(), FileError> {
    let removed = match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::io("remove", path, error)),
        _ => Ok(()),
    }
}

/// Lists the folders directly in a folder, links to folders included, sorted by name. A folder that is
/// not there has none.
pub fn subfolders(path: &Utf8Path) -> Result<Vec<Utf8PathBuf>, FileError> {
    let entries = match path.read_dir_utf8() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(FileError::io("list", path, error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|source| FileError::io("list", path, source))?;
        if entry.path().is_dir() {
            found.push(entry.path().to_owned());
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Makes `link` stand for `folder`; where links cannot be made, the folder is copied.
pub fn link_or_copy(folder: &Utf8Path, link: &Utf8Path) -> Result<(), FileError> {
    if symlink(folder, link).is_ok() { Ok(()) } else { copy_folder(folder, link) }
}

#[cfg(unix)]
fn symlink(folder: &Utf8Path, link: &Utf8Path) -> io::Result<()> {
    std::os::unix::fs::symlink(folder, link)
}

#[cfg(windows)]
fn symlink(folder: &Utf8Path, link: &Utf8Path) -> io::Result<()> {
    std::os::windows::fs::symlink_dir(folder, link)
}

/// Copies a folder with all in it; files that are there already are replaced. Links are followed.
pub fn copy_folder(from: &Utf8Path, to: &Utf8Path) -> Result<(), FileError> {
    for entry in walkdir::WalkDir::new(from).follow_links(true) {
        let entry = entry.map_err(|error| FileError::io("list", from, error.into()))?;
        let Some(path) = Utf8Path::from_path(entry.path()) else { continue };
        let target = to.join(path.strip_prefix(from).unwrap_or(path));
        if entry.file_type().is_dir() {
            create_dirs(&target)?;
        } else {
            fs::copy(path, &target).map_err(|source| FileError::io("write", &target, source))?;
        }
    }
    Ok(())
}

/// Moves a folder to a place that is free, also to another disk. Links in it stay links.
pub fn move_folder(from: &Utf8Path, to: &Utf8Path) -> Result<(), FileError> {
    if fs::rename(from, to).is_ok() {
        return Ok(());
    }
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.map_err(|error| FileError::io("list", from, error.into()))?;
        let Some(path) = Utf8Path::from_path(entry.path()) else { continue };
        let target = to.join(path.strip_prefix(from).unwrap_or(path));
        let written = |source| FileError::io("write", &target, source);
        if entry.file_type().is_symlink() {
            let linked = path.read_link_utf8().map_err(written)?;
            symlink(&linked, &target).map_err(written)?;
        } else if entry.file_type().is_dir() {
            create_dirs(&target)?;
        } else {
            fs::copy(path, &target).map_err(written)?;
        }
    }
    remove(from)
}

/// Puts a file in the place of another one on the same disk.
pub fn replace(from: &Utf8Path, to: &Utf8Path) -> Result<(), FileError> {
    fs::rename(from, to).map_err(|source| FileError::io("write", to, source))
}

/// Makes a folder hold what another one holds, entry by entry, for folders that cannot be moved themselves.
pub fn replace_content(from: &Utf8Path, to: &Utf8Path) -> Result<(), FileError> {
    let list = |folder: &Utf8Path| -> Result<Vec<Utf8PathBuf>, FileError> {
        let entries = folder.read_dir_utf8().map_err(|source| FileError::io("list", folder, source))?;
        let paths = entries.map(|entry| entry.map(|entry| entry.path().to_owned()));
        paths.collect::<io::Result<_>>().map_err(|source| FileError::io("list", folder, source))
    };
    list(to)?.iter().try_for_each(|path| remove(path))?;
    for path in list(from)? {
        move_folder(&path, &to.join(path.file_name().unwrap_or_default()))?;
    }
    Ok(())
}

/// Returns the SHA-256 of a text as hex, after white space at both ends is cut: the checksum that dbt
/// gives files in `manifest.json`.
pub fn checksum(text: &str) -> String {
    digest::sha256(text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        (folder, path)
    }

    #[test]
    fn walks_sorted_without_ignored_files() {
        let (_keep, root) = folder();
        for path in
            ["models/b.sql", "models/a/z.SQL", "models/a.yml", "models/skip/c.sql", "models/skip/keep.sql"]
        {
            write_atomic(&root.join(path), b"x").unwrap();
        }
        let list =
            |ignored: &Ignored| walk(&Sources::new(), &root, "models".into(), &["sql"], ignored).unwrap();
        let all = ["models/a/z.SQL", "models/b.sql", "models/skip/c.sql", "models/skip/keep.sql"];
        assert_eq!(list(&Ignored::load(&root)), all);
        write_atomic(&root.join(".dbtignore"), b"# comment\n**/skip/*\n!keep.sql\n/b.sql\n").unwrap();
        assert_eq!(list(&Ignored::load(&root)), ["models/a/z.SQL", "models/b.sql", "models/skip/keep.sql"]);
        write_atomic(&root.join(".dbtignore"), b"models/skip/\n**/b.sql\n").unwrap();
        assert_eq!(list(&Ignored::load(&root)), ["models/a/z.SQL"]);
        let nothing = walk(&Sources::new(), &root, "nothing".into(), &[], &Ignored::load(&root)).unwrap();
        assert!(nothing.is_empty());
    }

    #[test]
    fn unsaved_texts_are_read_instead_of_files_and_listed_with_them() {
        let (_keep, root) = folder();
        write_atomic(&root.join("models/a.sql"), b"select 1").unwrap();
        let unsaved = ["models/a.sql", "models/new.sql", "models/note.txt", "other/b.sql"];
        let unsaved = unsaved.map(|path| (root.join(path), Arc::from("select 2 ")));
        let sources = Sources::with_unsaved(unsaved.into());
        let found = walk(&sources, &root, "models".into(), &["sql"], &Ignored::load(&root)).unwrap();
        assert_eq!(found, ["models/a.sql", "models/new.sql"]);
        let read = read_all(&sources, &root, "".into(), &found);
        let texts = read.into_iter().map(|file| sources.get(file.unwrap()).unwrap().text.to_string());
        assert_eq!(texts.collect::<Vec<_>>(), ["select 2", "select 2"]);
        let file = read_source(&sources, &root.join("other/b.sql"), "b.sql".into()).unwrap();
        assert_eq!(&*sources.get(file).unwrap().text, "select 2");
    }

    #[test]
    fn reads_in_the_order_asked_for() {
        let (_keep, root) = folder();
        let paths: Vec<Utf8PathBuf> = (0..200).map(|n| format!("f{n}.sql").into()).collect();
        for path in &paths {
            write_atomic(&root.join(path), path.as_str().as_bytes()).unwrap();
        }
        let sources = Sources::new();
        for (read, path) in read_all(&sources, &root, "dbt_packages/p".into(), &paths).iter().zip(&paths) {
            let source = sources.get(*read.as_ref().unwrap()).unwrap();
            assert_eq!(&*source.text, path.as_str());
            assert_eq!(source.path, Utf8Path::new("dbt_packages/p").join(path));
        }
    }

    #[test]
    fn tells_where_a_file_is_not_utf8() {
        let (_keep, root) = folder();
        write_atomic(&root.join("a.sql"), b"select \xff").unwrap();
        let error = read_text(&root.join("a.sql")).unwrap_err();
        assert!(error.to_string().ends_with("is not UTF-8: byte 7 does not belong there"), "{error}");
        assert!(read_text(&root.join("none.sql")).unwrap_err().is_missing());
    }

    #[test]
    fn writes_replace_the_whole_file() {
        let (_keep, root) = folder();
        let path = root.join("deep/er/file.json");
        write_atomic(&path, b"long content").unwrap();
        write_atomic(&path, b"short").unwrap();
        assert_eq!(read_text(&path).unwrap(), "short");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_with_the_same_content_is_left_alone() {
        let (_keep, root) = folder();
        let path = root.join("compiled/a.sql");
        let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1);
        let is_old = || fs::metadata(&path).unwrap().modified().unwrap() == old;
        write_plain(&path, b"select 1").unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        write_plain(&path, b"select 1").unwrap();
        assert!(is_old());
        write_plain(&path, b"select 2").unwrap();
        assert!(!is_old());
        assert_eq!(read_text(&path).unwrap(), "select 2");
    }

    #[test]
    fn removes_links_and_not_their_targets() {
        let (_keep, root) = folder();
        write_atomic(&root.join("real/a"), b"x").unwrap();
        link_or_copy(&root.join("real"), &root.join("link")).unwrap();
        assert_eq!(subfolders(&root).unwrap(), [root.join("link"), root.join("real")]);
        remove(&root.join("link")).unwrap();
        remove(&root.join("link")).unwrap();
        assert!(root.join("real/a").is_file() && !root.join("link").exists());
    }

    #[test]
    fn checksum_ignores_outer_white_space() {
        assert_eq!(checksum("\nselect 1\n\n"), checksum("select 1"));
        assert_eq!(checksum(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
