//! Makes the packages folder hold exactly the packages of the lock: all of them, or what was there before.
//!
//! Packages are put together in a folder beside it, which takes its place when nothing failed.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use camino::{Utf8Path, Utf8PathBuf};

use super::archive::{self, ArchiveError};
use super::http::{self, Http, at_once};
use super::package::Pinned;
use super::resolve::placed;
use super::wishes::{Listing, Wish};
use super::{Deps, DepsError, lock_file};
use crate::diag::{Code, Diagnostic, Span};
use crate::event::{
    DepsCreatingLocalSymlink, DepsInstallInfo, DepsListSubdirectory, DepsNotifyUpdatesAvailable,
    DepsStartPackageInstall, DepsUpToDate, DepsUpdateAvailable, Formatting,
};
use crate::files::{self, FileError};
use crate::project::package_spec::PackageSpec;

impl Deps<'_> {
    /// Installs the packages of the lock.
    pub(super) fn install(&mut self, locked: &[PackageSpec]) -> Result<(), DepsError> {
        let mut listing = Listing::default();
        for spec in locked {
            listing.add(&Wish { spec: spec.clone(), by: format!("`{}`", lock_file::NAME) })?;
        }
        self.ask_hub(&listing)?;
        let mut packages = Vec::new();
        for wishes in listing.iter() {
            packages.push((self.pin(wishes)?, wishes.spec().span));
        }
        let staging = Staging::beside(&self.project.paths.packages)?;
        let mut fetched = self.fetch_all(&packages, &staging)?;
        let mut outdated = Vec::new();
        for (at, (mut package, span)) in packages.into_iter().enumerate() {
            self.events.send(DepsStartPackageInstall { package_name: package.name() });
            self.place(&mut package, fetched.remove(&at).as_deref(), &staging.new, span)?;
            self.check_stop()?;
            self.events.send(DepsInstallInfo { version_name: package.version_name() });
            self.tell_of_updates(&package, &mut outdated);
        }
        staging.publish()?;
        if !outdated.is_empty() {
            self.events.send(Formatting::blank());
            self.events.send(DepsNotifyUpdatesAvailable { packages: outdated });
        }
        Ok(())
    }

    fn tell_of_updates(&self, package: &Pinned, outdated: &mut Vec<String>) {
        match package {
            Pinned::Hub { version, latest, .. } if version == latest => self.events.send(DepsUpToDate {}),
            Pinned::Hub { package, latest, .. } => {
                outdated.push(package.clone());
                self.events.send(DepsUpdateAvailable { version_latest: latest.clone() });
            }
            Pinned::Git { wanted, .. } => {
                if let Some(subdirectory) = wanted.subdirectory.clone() {
                    self.events.send(DepsListSubdirectory { subdirectory });
                }
            }
            Pinned::Local { .. } | Pinned::Tarball { .. } => {}
        }
    }

    /// Downloads the archives of all hub packages, several at a time; by the package's place in the list.
    fn fetch_all(
        &mut self,
        packages: &[(Pinned, Span)],
        staging: &Staging,
    ) -> Result<BTreeMap<usize, Utf8PathBuf>, DepsError> {
        let mut wanted = Vec::new();
        for (at, (package, _)) in packages.iter().enumerate() {
            let Pinned::Hub { package, version, .. } = package else { continue };
            let page = self.hub.page(&self.http, package)?;
            let url = page.versions.get(version.as_str()).map(|release| release.downloads.tarball.clone());
            let folder = staging.new.with_file_name(format!("archive-{at}"));
            wanted.push((at, package.clone(), url.unwrap_or_default(), folder));
        }
        let (http, failed) = (&self.http, AtomicBool::new(false));
        let results = at_once(&wanted, |(_, name, url, folder)| {
            // One that failed is the end: no need to download the rest.
            if failed.load(Ordering::Relaxed) {
                return Ok(());
            }
            let done = fetch(http, url, folder, name);
            failed.fetch_or(done.is_err(), Ordering::Relaxed);
            done
        });
        for ((at, ..), result) in wanted.iter().zip(results) {
            if let Err(error) = result {
                let (package, span) = &packages[*at];
                self.events.send(DepsStartPackageInstall { package_name: package.name() });
                return Err(placed(error, *span).into());
            }
        }
        Ok(wanted.into_iter().map(|(at, _, _, folder)| (at, folder)).collect())
    }

    /// Puts a package into the new folder, under the name of its project.
    fn place(
        &mut self,
        package: &mut Pinned,
        archive: Option<&Utf8Path>,
        new: &Utf8Path,
        span: Span,
    ) -> Result<(), DepsError> {
        let name = self.metadata(package, span)?.name;
        let target = new.join(&name);
        // As in dbt, the later of two packages with one name wins.
        files::remove(&target)?;
        match package {
            Pinned::Hub { .. } => archive.map_or(Ok(()), |folder| files::move_folder(folder, &target))?,
            Pinned::Git { wanted, .. } => {
                let folder = self.git.checkout(wanted).map_err(|error| placed(error, span))?.folder;
                files::move_folder(&folder, &target)?;
                self.git.forget(&folder);
            }
            Pinned::Local { folder, .. } => {
                self.events.debug(|| DepsCreatingLocalSymlink {});
                files::link_or_copy(folder, &target)?;
            }
            Pinned::Tarball { url, name, .. } => {
                let folder = self.archive_folder(url, name).map_err(|error| placed(error, span))?;
                files::move_folder(&folder, &target)?;
                self.archives.retain(|(_, known)| *known != folder);
            }
        }
        Ok(())
    }

    /// Downloads an archive into the temporary folder; the second time it is there already.
    pub(super) fn archive_folder(&mut self, url: &str, name: &str) -> Result<Utf8PathBuf, Box<Diagnostic>> {
        if let Some((_, folder)) = self.archives.iter().find(|(known, _)| known == url) {
            return Ok(folder.clone());
        }
        let folder = self.downloads.join(format!("archive-{}", self.unpacked));
        self.unpacked += 1;
        fetch(&self.http, url, &folder, name)?;
        self.archives.push((url.to_owned(), folder.clone()));
        Ok(folder)
    }
}

/// Downloads an archive and unpacks it into a folder that does not exist yet.
fn fetch(http: &Http, url: &str, target: &Utf8Path, name: &str) -> Result<(), Box<Diagnostic>> {
    let what = format!("package `{name}`");
    let attempt = || {
        let Err(error) = archive::unpack(http.open(url)?, target) else { return Ok(Ok(())) };
        if let Err(error) = files::remove(target) {
            return Ok(Err(Box::new(error.into())));
        }
        match error {
            ArchiveError::Broken(error) => Err(http::broken(url, &error)),
            error => Ok(Err(Box::new(refused(&what, url, &error)))),
        }
    };
    http.retry(attempt).map_err(|error| Box::new(http::not_downloaded(&error, &what)))?
}

fn refused(what: &str, url: &str, error: &ArchiveError) -> Diagnostic {
    let code = if matches!(error, ArchiveError::Disk(..)) { Code::IO } else { Code::PACKAGE };
    Diagnostic::error(code, None, format!("{what} cannot be unpacked: {error}")).note(format!("from {url}"))
}

/// The packages folder to be.
struct Staging {
    /// Keeps the folder that holds both until it is dropped.
    root: tempfile::TempDir,
    /// What becomes the packages folder.
    new: Utf8PathBuf,
    /// The packages folder.
    target: Utf8PathBuf,
}

impl Staging {
    /// Makes an empty folder on the same disk as the packages folder.
    fn beside(target: &Utf8Path) -> Result<Self, FileError> {
        let parent = target.parent().unwrap_or(Utf8Path::new("."));
        files::create_dirs(parent)?;
        let name = format!(".{}-", target.file_name().unwrap_or("packages"));
        let made = tempfile::Builder::new().prefix(&name).tempdir_in(parent);
        let root = made.map_err(|error| FileError::io("write", parent, error))?;
        let path = root.path().file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let new = parent.join(path).join("new");
        files::create_dirs(&new)?;
        Ok(Self { root, new, target: target.to_owned() })
    }

    /// Lets the new folder take the place of the old one, which is removed.
    fn publish(self) -> Result<(), FileError> {
        let Self { root, new, target } = self;
        let old = new.with_file_name("old");
        if target.symlink_metadata().is_err() {
            fs::rename(&new, &target).map_err(|error| FileError::io("write", &target, error))?;
        } else if fs::rename(&target, &old).is_ok() {
            if let Err(error) = fs::rename(&new, &target) {
                let _ = fs::rename(&old, &target);
                return Err(FileError::io("write", &target, error));
            }
        } else {
            // The folder itself cannot be moved, for example because a disk is mounted there.
            files::replace_content(&new, &target)?;
        }
        drop(root);
        Ok(())
    }
}
