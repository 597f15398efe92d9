//! Unpacks the archive of a package: a gzipped tar with one folder in it, whose name does not matter.
//!
//! Nothing is ever written outside the target: paths that are absolute or climb with `..` are refused, files
//! are written before any link exists. An archive that becomes far larger than any
//! package is given up before it fills the disk.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use flate2::read::MultiGzDecoder;
use tar::{Archive, Entry, EntryType};

use super::links::stays_inside;

/// What an archive may become: packages are of some megabytes and some hundred files.
const LIMITS: Limits = Limits { bytes: 1 << 30, entries: 100_000 };

/// Bounds of what is unpacked.
#[derive(Clone, Copy)]
struct Limits {
    /// Bytes of all files, names and gaps together.
    bytes: u64,
    /// Files, folders and links.
    entries: usize,
}

/// Why an archive was not unpacked.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArchiveError {
    /// Broken bytes, or the download broke off: worth another attempt.
    #[error("{0}")]
    Broken(io::Error),
    /// The disk said no.
    #[error("cannot write `{0}`: {1}")]
    Disk(Utf8PathBuf, io::Error),
    /// The archive wants to write somewhere else.
    #[error("`{0}` in the archive leads out of the package")]
    Escapes(String),
    /// The archive is a bomb.
    #[error("the archive holds more than {0}, which no package needs")]
    TooLarge(String),
    /// The archive holds something other than one folder.
    #[error("the archive must hold one folder with the package in it, but {0}")]
    Shape(String),
}

/// A link to be made when all files are there.
struct Link {
    path: Utf8PathBuf,
    target: String,
    hard: bool,
}

/// Unpacks into a folder that does not exist yet; what is there after an error must be thrown away.
pub(super) fn unpack(archive: impl Read, target: &Utf8Path) -> Result<(), ArchiveError> {
    unpack_within(LIMITS, archive, target).map_err(|error| match error {
        ArchiveError::Broken(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            ArchiveError::TooLarge(format!("{} bytes", LIMITS.bytes))
        }
        other => other,
    })
}

/// Reads no more than so many bytes; more are an error of the kind `FileTooLarge`.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(count)
    }
}

fn unpack_within(limits: Limits, archive: impl Read, target: &Utf8Path) -> Result<(), ArchiveError> {
    make_folder(target)?;
    let bytes = Bounded { inner: MultiGzDecoder::new(archive), left: limits.bytes };
    let mut archive = Archive::new(bytes);
    let mut top: Option<String> = None;
    let mut links = Vec::new();
    for (count, entry) in archive.entries().map_err(ArchiveError::Broken)?.enumerate() {
        if count >= limits.entries {
            return Err(ArchiveError::TooLarge(format!("{} files", limits.entries)));
        }
        let mut entry = entry.map_err(ArchiveError::Broken)?;
        // Notes that belong to no file, such as the commit that git writes.
        if matches!(entry.header().entry_type(), EntryType::XGlobalHeader) {
            continue;
        }
        let path = inside(&name_of(&entry)?)?;
        let (first, rest) = split(&path)?;
        let known = top.get_or_insert_with(|| first.to_owned());
        if known != first {
            return Err(ArchiveError::Shape(format!("it holds `{known}` and `{first}`")));
        }
        if let Some(link) = write(&mut entry, rest, target)? {
            links.push(link);
        }
    }
    let Some(top) = top else { return Err(ArchiveError::Shape("it is empty".to_owned())) };
    links.iter().try_for_each(|link| make_link(link, &top, target))
}

fn name_of(entry: &Entry<'_, impl Read>) -> Result<String, ArchiveError> {
    let bytes = entry.path_bytes().into_owned();
    String::from_utf8(bytes)
        .map_err(|error| ArchiveError::Shape(format!("a name in it is not UTF-8: {error}")))
}

/// Takes `.` out of a path; refuses one that is absolute or climbs.
fn inside(text: &str) -> Result<Utf8PathBuf, ArchiveError> {
    let mut path = Utf8PathBuf::new();
    for part in Utf8Path::new(text).components() {
        match part {
            Utf8Component::Normal(name) => path.push(name),
            Utf8Component::CurDir => {}
            _ => return Err(ArchiveError::Escapes(text.to_owned())),
        }
    }
    Ok(path)
}

/// Takes the top folder off a path.
fn split(path: &Utf8Path) -> Result<(&str, &Utf8Path), ArchiveError> {
    let mut parts = path.components();
    match parts.next() {
        Some(first) => Ok((first.as_str(), parts.as_path())),
        None => Err(ArchiveError::Shape("it lists itself".to_owned())),
    }
}

/// Writes a folder or a file; returns a link, which is made later.
fn write(
    entry: &mut Entry<'_, impl Read>,
    path: &Utf8Path,
    target: &Utf8Path,
) -> Result<Option<Link>, ArchiveError> {
    let kind = entry.header().entry_type();
    if path.as_str().is_empty() {
        let message = "there is a file instead".to_owned();
        return if kind.is_dir() { Ok(None) } else { Err(ArchiveError::Shape(message)) };
    }
    let full = target.join(path);
    match kind {
        EntryType::Directory => make_folder(&full)?,
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => write_file(entry, &full)?,
        EntryType::Symlink | EntryType::Link => {
            let link = entry.link_name_bytes().unwrap_or_default().into_owned();
            let target = String::from_utf8(link)
                .map_err(|error| ArchiveError::Shape(format!("a link in it is not UTF-8: {error}")))?;
            return Ok(Some(Link { path: path.to_owned(), target, hard: kind == EntryType::Link }));
        }
        // Devices, pipes and what else does not belong into a package.
        _ => return Err(ArchiveError::Shape(format!("`{path}` in it is neither file nor folder"))),
    }
    Ok(None)
}

fn write_file(entry: &mut Entry<'_, impl Read>, path: &Utf8Path) -> Result<(), ArchiveError> {
    let disk = |error| ArchiveError::Disk(path.to_owned(), error);
    path.parent().map_or(Ok(()), make_folder)?;
    let mut file = File::create(path).map_err(disk)?;
    // Reading fails where the download is broken, writing where the disk is full: told apart by who failed.
    let mut buffer = vec![0; 64 << 10];
    loop {
        match entry.read(&mut buffer).map_err(ArchiveError::Broken)? {
            0 => break,
            count => io::Write::write_all(&mut file, &buffer[..count]).map_err(disk)?,
        }
    }
    let executable = entry.header().mode().is_ok_and(|mode| mode & 0o100 != 0);
    if executable { make_executable(path).map_err(disk) } else { Ok(()) }
}

#[cfg(unix)]
fn make_executable(path: &Utf8Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = fs::metadata(path)?.permissions();
    permissions.set_mode(permissions.mode() | (permissions.mode() & 0o444) >> 2);
    fs::set_permissions(path, permissions)
}

#[cfg(not(unix))]
fn make_executable(_path: &Utf8Path) -> io::Result<()> {
    Ok(())
}

fn make_folder(path: &Utf8Path) -> Result<(), ArchiveError> {
    fs::create_dir_all(path).map_err(|error| ArchiveError::Disk(path.to_owned(), error))
}

fn make_link(link: &Link, top: &str, target: &Utf8Path) -> Result<(), ArchiveError> {
    let escapes = || ArchiveError::Escapes(link.path.to_string());
    let full = target.join(&link.path);
    let disk = |error| ArchiveError::Disk(full.clone(), error);
    let folder = full.parent().unwrap_or(target);
    make_folder(folder)?;
    // A folder that is itself a link made before would take this one somewhere else.
    if folder.canonicalize_utf8().map_err(disk)?
        != real(target)?.join(link.path.parent().unwrap_or(&link.path))
    {
        return Err(escapes());
    }
    if link.hard {
        // A hard link names its file from the top of the archive.
        let path = inside(&link.target).map_err(|_| escapes())?;
        let (first, rest) = split(&path)?;
        let original = target.join(rest);
        let plain = original.symlink_metadata().is_ok_and(|facts| facts.is_file());
        if first != top || !plain || !original.canonicalize_utf8().map_err(disk)?.starts_with(real(target)?) {
            return Err(escapes());
        }
        return fs::copy(&original, &full).map(|_| ()).map_err(disk);
    }
    let depth = link.path.parent().map_or(0, |folder| folder.components().count());
    if !stays_inside(depth, Path::new(&link.target)) {
        return Err(escapes());
    }
    symlink(Utf8Path::new(&link.target), &full).map_err(disk)
}

fn real(path: &Utf8Path) -> Result<Utf8PathBuf, ArchiveError> {
    path.canonicalize_utf8().map_err(|error| ArchiveError::Disk(path.to_owned(), error))
}

#[cfg(unix)]
fn symlink(target: &Utf8Path, link: &Utf8Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn symlink(target: &Utf8Path, link: &Utf8Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, link)
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn an_archive_that_grows_too_large_is_given_up() {
        let packed = |bytes: usize| {
            let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
            for name in ["x/a", "x/b"] {
                let mut header = tar::Header::new_gnu();
                header.set_size(bytes as u64);
                tar.append_data(&mut header, name, vec![0; bytes].as_slice()).unwrap();
            }
            tar.into_inner().unwrap().finish().unwrap()
        };
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let limits = Limits { bytes: 8000, entries: 2 };
        assert!(unpack_within(limits, packed(1000).as_slice(), &folder.join("fits")).is_ok());
        let bomb = unpack_within(limits, packed(100_000).as_slice(), &folder.join("large"));
        assert!(
            matches!(bomb, Err(ArchiveError::Broken(error)) if error.kind() == io::ErrorKind::FileTooLarge)
        );
        assert!(fs::metadata(folder.join("large/a")).unwrap().len() < 10_000);
        let many = unpack_within(Limits { entries: 1, ..limits }, packed(1).as_slice(), &folder.join("many"));
        assert!(matches!(many, Err(ArchiveError::TooLarge(_))));
    }
}
