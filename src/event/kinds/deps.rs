//! Installing packages.

use std::collections::BTreeMap;

use super::super::define::events;
use crate::event::Level::{Debug, Error, Info, Warn};

events! {
    /// Only a folder of a repository is fetched.
    GitSparseCheckoutSubdirectory("M001") { subdir: String }
        level |_| Debug,
        text |e, _| format!("Subdirectory specified: {}, using sparse checkout.", e.subdir);

    /// A branch, tag or commit is fetched.
    GitProgressCheckoutRevision("M002") { revision: String }
        level |_| Debug,
        text |e, _| format!("Checking out revision {}.", e.revision);

    /// A repository is fetched.
    GitProgressPullingNewDependency("M004") { dir: String }
        level |_| Debug,
        text |e, _| format!("Pulling new dependency {}.", e.dir);

    /// A repository was fetched.
    GitProgressCheckedOutAt("M007") { end_sha: String }
        level |_| Debug,
        text |e, _| format!("Checked out at {}.", e.end_sha);

    /// The hub is asked for a package.
    RegistryProgressGETRequest("M008") { url: String }
        level |_| Debug,
        text |e, _| format!("Making package registry request: GET {}", e.url);

    /// The hub answered about a package.
    RegistryProgressGETResponse("M009") { resp_code: u16, url: String }
        level |_| Debug,
        text |e, _| format!("Response from registry: GET {} {}", e.url, e.resp_code);

    /// Nothing is listed.
    DepsNoPackagesFound("M013") {}
        level |_| Info,
        text |_, _| "Warning: No packages were found in packages.yml".to_owned();

    /// A package comes next.
    DepsStartPackageInstall("M014") { package_name: String }
        level |_| Info,
        text |e, _| format!("Installing {}", e.package_name);

    /// A package is there.
    DepsInstallInfo("M015") { version_name: String }
        level |_| Info,
        text |e, _| format!("Installed from {}", e.version_name);

    /// The hub has a newer version than the one installed.
    DepsUpdateAvailable("M016") { version_latest: String }
        level |_| Info,
        text |e, _| format!("Updated version available: {}", e.version_latest);

    /// The hub has no newer version.
    DepsUpToDate("M017") {}
        level |_| Info,
        text |_, _| "Up to date!".to_owned();

    /// The package is a folder of a repository.
    DepsListSubdirectory("M018") { subdirectory: String }
        level |_| Info,
        text |e, _| format!("and subdirectory {}", e.subdirectory);

    /// Which packages have newer versions.
    DepsNotifyUpdatesAvailable("M019") { packages: Vec<String> }
        level |_| Info,
        text |e, _| {
            let names: Vec<String> = e.packages.iter().map(|name| format!("'{name}'")).collect();
            format!(
                "Updates available for packages: [{}]\nUpdate your versions in packages.yml, then run dbt deps",
                names.join(", ")
            )
        };

    /// A request failed and will be repeated.
    RetryExternalCall("M020") { attempt: usize, max: usize }
        level |_| Debug,
        text |e, _| format!("Retrying external call. Attempt: {} Max attempts: {}", e.attempt, e.max);

    /// Why a request failed.
    RecordRetryException("M021") { exc: String }
        level |_| Debug,
        text |e, _| format!("External call exception: {}", e.exc);

    /// The hub is asked for the list of all packages.
    RegistryIndexProgressGETRequest("M022") { url: String }
        level |_| Debug,
        text |e, _| format!("Making package index registry request: GET {}", e.url);

    /// The hub gave the list of all packages.
    RegistryIndexProgressGETResponse("M023") { resp_code: u16, url: String }
        level |_| Debug,
        text |e, _| format!("Response from registry index: GET {} {}", e.url, e.resp_code);

    /// Where repositories and archives go first.
    DepsSetDownloadDirectory("M028") { path: String }
        level |_| Debug,
        text |e, _| format!("Set downloads directory='{}'", e.path);

    /// A git package follows a branch.
    DepsUnpinned("M029") { git: String, revision: String }
        level |_| Warn,
        text |e, style| {
            let how = match e.revision.as_str() {
                "HEAD" => "not pinned, using HEAD (default branch)".to_owned(),
                branch => format!("pinned to the \"{branch}\" branch"),
            };
            style.yellow(&format!(
                "WARNING: The git package \"{}\" \n\tis {how}.\n\tWhat it holds can change at any time. Give a \
                 tag or a commit as `revision`, or set `warn-unpinned: false`.",
                e.git
            ))
        };

    /// `package-lock.yml` is written.
    DepsLockUpdating("M031") { lock_filepath: String }
        level |_| Info,
        text |e, _| format!("Updating lock file in file path: {}", e.lock_filepath);

    /// `--add-package` added a package.
    DepsAddPackage("M032") { package_name: String, packages_filepath: String, version: String }
        level |_| Info,
        text |e, _| format!("Added new package {}@{} to {}", e.package_name, e.version, e.packages_filepath);

    /// `--add-package` found that the package was listed already.
    DepsFoundDuplicatePackage("M033") { removed_package: BTreeMap<String, String> }
        level |_| Info,
        text |e, _| {
            let pairs: Vec<_> = e.removed_package.iter().map(|(k, v)| format!("'{k}': '{v}'")).collect();
            format!("Found duplicate package in packages.yml, removing: {{{}}}", pairs.join(", "))
        };

    /// A secret was cut out of what goes into `package-lock.yml`.
    DepsScrubbedPackageName("M035") { package_name: String }
        level |_| Warn,
        text |e, _| format!(
            "The value of a secret stands in {}. It is hidden in package-lock.yml, which cannot be installed \
             from so: read the secret with `env_var` in packages.yml instead.",
            e.package_name
        );

    /// The program `git` cannot be started.
    EnsureGitInstalled("Z036") {}
        level |_| Error,
        text |_, _| "Packages from git need the program `git`: install it, or put it on PATH".to_owned();

    /// A local package is linked.
    DepsCreatingLocalSymlink("Z037") {}
        level |_| Debug,
        text |_, _| "Creating symlink to local dependency.".to_owned();
}
