//! A package of which it is settled what exactly is installed, and how it is called in messages.

use camino::Utf8PathBuf;

use super::git::Wanted;
use crate::diag::Span;

/// What is installed.
#[derive(Clone, Debug)]
pub(super) enum Pinned {
    /// A version of the hub.
    Hub {
        /// `namespace/name`.
        package: String,
        /// The version, as the hub writes it.
        version: String,
        /// The newest version that could be installed.
        latest: String,
    },
    /// A commit.
    Git {
        /// Where it is, and which.
        wanted: Wanted,
        /// The URL before Jinja, for the lock.
        written: String,
        /// Whether the user wants to hear that the revision may move.
        warn_unpinned: bool,
    },
    /// A folder.
    Local {
        /// As listed.
        path: String,
        /// Absolute.
        folder: Utf8PathBuf,
    },
    /// An archive.
    Tarball {
        /// The URL.
        url: String,
        /// The URL before Jinja, for the lock.
        written: String,
        /// The name of the package.
        name: String,
    },
}

impl Pinned {
    /// Names the package as dbt does when it installs it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Hub { package, .. } => package.clone(),
            Self::Git { wanted, .. } => match &wanted.subdirectory {
                Some(folder) => format!("{}/{folder}", wanted.url),
                None => wanted.url.clone(),
            },
            Self::Local { path, .. } => path.clone(),
            Self::Tarball { name, .. } => name.clone(),
        }
    }

    /// Names what is installed as dbt does.
    pub(super) fn version_name(&self) -> String {
        match self {
            Self::Hub { version, .. } => format!("version {version}"),
            Self::Git { wanted, .. } => format!("revision {}", wanted.revision),
            Self::Local { path, .. } => format!("<local @ {path}>"),
            Self::Tarball { url, .. } => format!("tarball (url: {url})"),
        }
    }

    /// Names the package as one that asks for others.
    pub(super) fn as_asker(&self) -> String {
        match self {
            Self::Hub { package, version, .. } => format!("`{package}` {version}"),
            other => format!("`{}`", other.name()),
        }
    }
}

/// A pinned package with the name of its project.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    /// What is installed.
    pub(super) pinned: Pinned,
    /// The name of its project: its folder is called so.
    pub(super) name: String,
    /// Where it is listed first.
    pub(super) span: Span,
}
