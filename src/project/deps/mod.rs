//! Installing packages: what a project lists becomes folders in its packages folder.
//!
//! `resolve` decides which packages are wanted, those of packages included; `lock_file` writes that down, and
//! later invocations take it from there; `install` makes the folders, all of them or none. `hub`, `git` and
//! `archive` fetch, `http` is the only network client of Tidegate. Called by the command `deps`.

mod add;
mod archive;
mod git;
mod http;
mod hub;
mod install;
mod links;
mod lock_file;
mod package;
mod range;
mod resolve;
mod wishes;

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::Utf8PathBuf;

use crate::diag::{Code, Diagnostic, Sources};
use crate::event::{DepsLockUpdating, DepsNoPackagesFound, DepsSetDownloadDirectory, Escalated, EventSink};
use crate::files::{self, FileError};
use crate::project::package_spec::PackageSpec;
use crate::project::scope::YamlContext;
use crate::project::vars::Vars;
use crate::project::workspace::ProjectOnly;

pub use add::{NewPackage, Origin, add};

use git::{Git, Wanted};
use http::Http;
use hub::Hub;
use lock_file::LockFile;

/// Why packages were not installed.
#[derive(Debug)]
pub enum DepsError {
    /// What is wrong.
    Problems(Vec<Diagnostic>),
    /// A warning that the user made an error.
    Escalated(Escalated),
}

impl From<Diagnostic> for DepsError {
    fn from(problem: Diagnostic) -> Self {
        Self::Problems(vec![problem])
    }
}

impl From<Box<Diagnostic>> for DepsError {
    fn from(problem: Box<Diagnostic>) -> Self {
        Self::Problems(vec![*problem])
    }
}

impl From<FileError> for DepsError {
    fn from(error: FileError) -> Self {
        Self::Problems(vec![error.into()])
    }
}

impl From<Escalated> for DepsError {
    fn from(escalated: Escalated) -> Self {
        Self::Escalated(escalated)
    }
}

/// What the command line asks for.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Which versions are taken.
    pub versions: Versions,
    /// Only write `package-lock.yml`.
    pub lock_only: bool,
    /// Leave out versions that are written for another dbt.
    pub version_check: bool,
}

/// Which versions are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// Those of `package-lock.yml` if it was made from the same list.
    Locked,
    /// The newest that fit the list.
    Newest,
    /// As [`Versions::Locked`], for a list that [`add`] has just changed.
    Added,
}

/// All that fetching needs.
struct Deps<'a> {
    sources: &'a Sources,
    project: &'a ProjectOnly,
    events: &'a EventSink,
    version_check: bool,
    context: YamlContext,
    http: Http,
    hub: Hub,
    git: Git,
    /// Where checkouts and archives go first; removed in the end.
    downloads: Utf8PathBuf,
    /// URL and folder of archives that are unpacked there.
    archives: Vec<(String, Utf8PathBuf)>,
    /// How many archives were unpacked; each has a folder of its own.
    unpacked: usize,
    /// Git packages that were warned about.
    unpinned: BTreeSet<Wanted>,
    stop: Stop,
}

/// Tells whether the user wants to stop. Asked from several threads.
pub type Stop = Arc<dyn Fn() -> bool + Send + Sync>;

/// Installs what the project lists, or what its lock says if that was made from the same list.
///
/// Errors leave the packages folder as it was.
pub fn run(
    sources: &Sources,
    project: &ProjectOnly,
    events: &EventSink,
    request: Request,
    stop: &Stop,
) -> Result<(), DepsError> {
    let folder = tempfile::Builder::new().prefix("tidegate-deps-").tempdir();
    let folder = folder.map_err(|error| no_temporary_folder(&error.to_string()))?;
    let downloads = Utf8PathBuf::from_path_buf(folder.path().to_owned())
        .map_err(|path| no_temporary_folder(&format!("`{}` is not UTF-8", path.display())))?;
    events.debug(|| DepsSetDownloadDirectory { path: downloads.to_string() });
    let env = &project.base.env;
    let mut deps = Deps {
        sources,
        project,
        events,
        version_check: request.version_check,
        context: YamlContext::secret(&project.base, Vars::of_cli(Arc::clone(&project.cli_vars))),
        http: Http::new(env, events, stop)?,
        hub: Hub::new(env, events, sources),
        git: Git::new(downloads.clone(), events),
        downloads,
        archives: Vec::new(),
        unpacked: 0,
        unpinned: BTreeSet::new(),
        stop: Arc::clone(stop),
    };
    deps.run(request)
}

impl Deps<'_> {
    fn run(&mut self, request: Request) -> Result<(), DepsError> {
        let listed = &self.project.package_list.packages;
        let hash = lock_file::hash(listed, request.versions == Versions::Added);
        let known = self.read_lock()?;
        let upgrade = request.versions == Versions::Newest;
        if upgrade || known.is_none_or(|lock| lock.hash.as_deref() != Some(hash.as_str())) {
            self.lock(listed, &hash)?;
        }
        if request.lock_only {
            return Ok(());
        }
        // As dbt does, what is installed is what the file says, also if the project lists nothing (any more).
        let locked = self.read_lock()?.map(|lock| lock.packages).unwrap_or_default();
        if locked.is_empty() {
            files::remove(&self.project.paths.packages)?;
            files::create_dirs(&self.project.paths.packages)?;
            self.events.send(DepsNoPackagesFound {});
            return Ok(());
        }
        self.install(&locked)
    }

    /// Ends the work where the user asked for it.
    fn check_stop(&self) -> Result<(), DepsError> {
        if (self.stop)() {
            return Err(Diagnostic::error(Code::INTERRUPTED, None, "stopped: no package was changed").into());
        }
        Ok(())
    }

    fn lock_path(&self) -> Utf8PathBuf {
        self.project.paths.root.join(lock_file::NAME)
    }

    fn read_lock(&self) -> Result<Option<LockFile>, DepsError> {
        let root = &self.project.paths.root;
        lock_file::read(self.sources, root, &self.context).map_err(DepsError::Problems)
    }

    /// Resolves the list and writes the lock. A list without packages has none.
    fn lock(&mut self, listed: &[PackageSpec], hash: &str) -> Result<(), DepsError> {
        if listed.is_empty() {
            self.events.send(DepsNoPackagesFound {});
            return Ok(());
        }
        let resolved = self.resolve(listed)?;
        let text = lock_file::text(&resolved, hash, &self.project.base.env, self.events)?;
        let path = self.lock_path();
        files::write_atomic(&path, text.as_bytes())?;
        self.events.send(DepsLockUpdating { lock_filepath: path.to_string() });
        Ok(())
    }
}

fn no_temporary_folder(reason: &str) -> Diagnostic {
    Diagnostic::error(Code::IO, None, format!("no temporary folder can be made: {reason}"))
        .help("TMPDIR names the folder for temporary files")
}
