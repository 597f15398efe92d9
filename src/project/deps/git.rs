//! Packages from git: calls the program `git`, as dbt does, so that keys, helpers and proxies set up for it
//! work here too.
//!
//! Input: a URL, a revision, a folder inside. Output: a checkout of that one commit, and its id.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use crate::diag::{Code, Diagnostic};
use crate::event::{
    EnsureGitInstalled, EventSink, GitProgressCheckedOutAt, GitProgressCheckoutRevision,
    GitProgressPullingNewDependency, GitSparseCheckoutSubdirectory,
};
use crate::files::FileError;

use super::links::stays_inside;

/// What a repository is asked when nobody names a revision.
pub(super) const HEAD: &str = "HEAD";

/// Variables that git sets for hooks: with them, a call from a hook would work on the wrong repository.
const OF_HOOKS: [&str; 6] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_PREFIX",
];

/// What is to be checked out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wanted {
    /// The URL, with secrets in it.
    pub(super) url: String,
    /// A branch, a tag, a commit, or [`HEAD`].
    pub(super) revision: String,
    /// The folder of the package inside.
    pub(super) subdirectory: Option<String>,
}

/// A commit on the disk.
#[derive(Clone, Debug)]
pub(super) struct Checkout {
    /// The folder of the package.
    pub(super) folder: Utf8PathBuf,
    /// The id of the commit.
    pub(super) commit: String,
}

/// All checkouts of an invocation.
pub(super) struct Git {
    downloads: Utf8PathBuf,
    done: BTreeMap<Wanted, Checkout>,
    /// How many clones were made; each has a folder of its own.
    clones: usize,
    events: EventSink,
}

impl Git {
    /// Makes checkouts below `downloads`.
    pub(super) fn new(downloads: Utf8PathBuf, events: &EventSink) -> Self {
        Self { downloads, done: BTreeMap::new(), clones: 0, events: events.clone() }
    }

    /// Checks out a commit; the second time it is there already.
    pub(super) fn checkout(&mut self, wanted: &Wanted) -> Result<Checkout, Box<Diagnostic>> {
        if let Some(done) = self.done.get(wanted) {
            return Ok(done.clone());
        }
        check_words(wanted)?;
        let name = format!("git-{}", self.clones);
        self.clones += 1;
        let root = self.downloads.join(&name);
        self.clone(wanted, &name)?;
        self.events.debug(|| GitProgressPullingNewDependency { dir: root.to_string() });
        self.events.debug(|| GitProgressCheckoutRevision { revision: wanted.revision.clone() });
        let spec = self.fetch(wanted, &root)?;
        self.git(&root, wanted, &["reset", "--hard", "--quiet", &spec])?;
        if let Some(link) = links_out_of(&root).next() {
            let name = link.strip_prefix(&root).unwrap_or(&link).display();
            let message = format!("the link `{name}` of git package `{}` leads out of it", wanted.url);
            return Err(Diagnostic::error(Code::PACKAGE, None, message).into());
        }
        let commit = self.git(&root, wanted, &["rev-parse", HEAD])?.trim().to_owned();
        self.events.debug(|| GitProgressCheckedOutAt { end_sha: commit.chars().take(7).collect() });
        let folder = wanted.subdirectory.as_ref().map_or(root.clone(), |folder| root.join(folder));
        if !folder.is_dir() {
            let inside = wanted.subdirectory.as_deref().unwrap_or_default();
            let message = format!("git package `{}` has no folder `{inside}`", wanted.url);
            return Err(Diagnostic::error(Code::PACKAGE, None, message)
                .help("correct its `subdirectory`")
                .into());
        }
        // Only this folder is the package: a link to another one would name a file of the project once it has moved.
        for link in links_out_of(&folder).collect::<Vec<_>>() {
            std::fs::remove_file(&link)
                .map_err(|error| Diagnostic::from(FileError::io("remove", &folder, error)))?;
        }
        let checkout = Checkout { folder, commit };
        let pinned = Wanted { revision: checkout.commit.clone(), ..wanted.clone() };
        self.done.insert(pinned, checkout.clone());
        self.done.insert(wanted.clone(), checkout.clone());
        Ok(checkout)
    }

    /// Forgets a checkout that is moved away.
    pub(super) fn forget(&mut self, folder: &Utf8Path) {
        self.done.retain(|_, checkout| checkout.folder != folder);
    }

    fn clone(&self, wanted: &Wanted, name: &str) -> Result<(), Box<Diagnostic>> {
        let mut words = vec!["clone", "--depth", "1"];
        if let Some(subdir) = &wanted.subdirectory {
            self.events.debug(|| GitSparseCheckoutSubdirectory { subdir: subdir.clone() });
            words.extend(["--filter=blob:none", "--sparse"]);
        }
        words.extend(["--", &wanted.url, name]);
        self.git(&self.downloads, wanted, &words)?;
        if let Some(subdir) = &wanted.subdirectory {
            self.git(&self.downloads.join(name), wanted, &["sparse-checkout", "set", subdir])?;
        }
        Ok(())
    }

    /// Fetches the revision; returns how it is called then. A tag goes before a branch of the same name.
    fn fetch(&self, wanted: &Wanted, root: &Utf8Path) -> Result<String, Box<Diagnostic>> {
        let revision = wanted.revision.as_str();
        let fetch = ["fetch", "--depth", "1", "origin"];
        if is_commit(revision) {
            self.git(root, wanted, &[&fetch[..], &[revision]].concat())?;
            return Ok(revision.to_owned());
        }
        if revision == HEAD {
            return Ok(HEAD.to_owned());
        }
        self.git(root, wanted, &["remote", "set-branches", "origin", revision])?;
        self.git(root, wanted, &[&fetch[..], &["--tags", revision]].concat())?;
        let tags = self.git(root, wanted, &["tag", "--list"])?;
        let is_tag = tags.lines().any(|tag| tag == revision);
        Ok(if is_tag { format!("refs/tags/{revision}") } else { format!("origin/{revision}") })
    }

    /// Runs git; returns what it wrote to stdout.
    fn git(&self, folder: &Utf8Path, wanted: &Wanted, words: &[&str]) -> Result<String, Box<Diagnostic>> {
        let mut command = Command::new("git");
        command.args(words).current_dir(folder).env("LC_ALL", "C").stdin(Stdio::inherit());
        for name in OF_HOOKS {
            command.env_remove(name);
        }
        match command.output() {
            Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            Ok(output) => Err(failed(wanted, &output).into()),
            Err(error) => {
                self.events.send(EnsureGitInstalled {});
                Err(not_started(wanted, &error).into())
            }
        }
    }
}

/// Tells whether a revision is the full id of a commit.
pub(super) fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && revision.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Refuses words that git would take for options, and folders outside of the repository.
fn check_words(wanted: &Wanted) -> Result<(), Box<Diagnostic>> {
    let refuse = |key: &str, value: &str, why: &str| {
        let message = format!("`{key}: {value}` of a git package {why}");
        Err(Diagnostic::error(Code::PACKAGE, None, message).into())
    };
    let subdirectory = wanted.subdirectory.as_deref().unwrap_or_default();
    for (key, value) in
        [("git", &*wanted.url), ("revision", &*wanted.revision), ("subdirectory", subdirectory)]
    {
        if value.starts_with('-') {
            return refuse(key, value, "begins with a dash");
        }
        // What git's own helpers `ext` and `fd` are told is a program to run, or a descriptor to wait for.
        if value.starts_with("ext::") || value.starts_with("fd::") {
            return refuse(key, value, "is no address of a repository");
        }
    }
    let mut parts = Utf8Path::new(subdirectory).components();
    if parts.any(|part| !matches!(part, Utf8Component::Normal(_) | Utf8Component::CurDir)) {
        return refuse("subdirectory", subdirectory, "leads out of the repository");
    }
    Ok(())
}

/// Returns the links below a folder that lead out of it.
fn links_out_of(root: &Utf8Path) -> impl Iterator<Item = PathBuf> + '_ {
    let entries = walkdir::WalkDir::new(root).into_iter().filter_entry(|entry| entry.file_name() != ".git");
    let links = entries.flatten().filter(walkdir::DirEntry::path_is_symlink);
    links.map(walkdir::DirEntry::into_path).filter(move |link| {
        let depth = link
            .parent()
            .and_then(|folder| folder.strip_prefix(root).ok())
            .map_or(0, |it| it.components().count());
        !std::fs::read_link(link).is_ok_and(|target| stays_inside(depth, &target))
    })
}

fn failed(wanted: &Wanted, output: &Output) -> Diagnostic {
    let message = format!("git package `{}` cannot be fetched at `{}`", wanted.url, wanted.revision);
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.split("\nusage: git").next().unwrap_or_default().trim();
    let error = Diagnostic::error(Code::PACKAGE, None, message).note(format!("git says: {said}"));
    if said.contains("couldn't find remote ref") {
        return error.help("`revision` must be a branch, a tag or a full commit id of the repository");
    }
    error.help("try the same with `git clone`: keys and passwords set up for git are used here as well")
}

fn not_started(wanted: &Wanted, error: &io::Error) -> Diagnostic {
    let message = format!("git package `{}` cannot be fetched: `git` cannot be started", wanted.url);
    Diagnostic::error(Code::PACKAGE, None, message)
        .note(error.to_string())
        .help("install git, or put it on PATH")
}
