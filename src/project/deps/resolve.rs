//! Which packages a project needs in the end: its own list, then the lists of those packages, and so on, each
//! package in the newest version that meets all that is asked of it.
//!
//! As in dbt, what a package lists is read from the version that fits when the package is first met, also if
//! later lists narrow it down further. Nothing is written but into the temporary folder.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::git::{HEAD, Wanted};
use super::hub::Page;
use super::package::{Pinned, Resolved};
use super::range::{self, Range};
use super::wishes::{Listing, Wish, Wishes};
use super::{Deps, DepsError};
use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::event::DepsUnpinned;
use crate::files;
use crate::project::names;
use crate::project::package_spec::{PackageSource, PackageSpec};
use crate::project::version::{DBT_VERSION, Requirement};
use crate::project::workspace::{PROJECT_FILE, normal};
use crate::project::{packages, settings_file};
use crate::yaml::{self, Yaml};

/// How many of the versions there are an error names.
const SHOWN_VERSIONS: usize = 8;

/// What a package says of itself.
pub(super) struct Metadata {
    /// The name of its project.
    pub(super) name: String,
    /// What it lists.
    pub(super) packages: Vec<PackageSpec>,
}

impl Deps<'_> {
    /// Resolves a list. Packages that cannot be resolved are all told, unless the network fails.
    pub(super) fn resolve(&mut self, listed: &[PackageSpec]) -> Result<Vec<Resolved>, DepsError> {
        let mut found = Vec::new();
        let mut pending = Listing::default();
        for spec in listed {
            let wish = Wish { spec: spec.clone(), by: "this project".to_owned() };
            found.extend(pending.add(&wish).err().map(|error| *error));
        }
        let mut all = Listing::default();
        let mut visited = BTreeSet::new();
        while pending.iter().next().is_some() {
            self.ask_hub(&pending)?;
            let mut next = Listing::default();
            for wishes in pending.iter() {
                self.check_stop()?;
                if let Err(error) = self.visit(wishes, &mut all, &mut next, &mut visited) {
                    collect(error, &mut found)?;
                }
            }
            pending = next;
        }
        if !found.is_empty() {
            return Err(DepsError::Problems(found));
        }
        let mut resolved = Vec::new();
        for wishes in all.iter() {
            let mut pinned = self.pin(wishes)?;
            let span = wishes.spec().span;
            let name = self.metadata(&mut pinned, span)?.name;
            resolved.push(Resolved { pinned, name, span });
        }
        check_names(&resolved, &self.project.project.name)?;
        Ok(resolved)
    }

    /// Asks the hub for all packages of a list at once, so that it need not be waited for one by one.
    pub(super) fn ask_hub(&mut self, listing: &Listing) -> Result<(), DepsError> {
        let of_hub = |wishes: &Wishes| match wishes.source() {
            PackageSource::Hub { package, .. } => Some(package.clone()),
            _ => None,
        };
        let names: BTreeSet<String> = listing.iter().filter_map(of_hub).collect();
        if !names.is_empty() {
            self.hub.index(&self.http)?;
            self.hub.fetch(&self.http, names.iter().map(String::as_str).collect());
        }
        Ok(())
    }

    /// Takes a package into `all`, and what its list asks for into `next`.
    fn visit(
        &mut self,
        wishes: &Wishes,
        all: &mut Listing,
        next: &mut Listing,
        visited: &mut BTreeSet<String>,
    ) -> Result<(), DepsError> {
        let mut at = 0;
        for wish in wishes.iter() {
            at = all.add(wish)?;
        }
        let mut pinned = self.pin(all.get(at))?;
        let by = pinned.as_asker();
        let metadata = self.metadata(&mut pinned, wishes.spec().span)?;
        // Packages may ask for each other.
        if visited.insert(by.clone()) {
            for spec in metadata.packages {
                next.add(&Wish { spec, by: by.clone() })?;
            }
        }
        Ok(())
    }

    /// Settles what exactly is meant by all that is asked of a package.
    pub(super) fn pin(&mut self, wishes: &Wishes) -> Result<Pinned, DepsError> {
        let spec = wishes.spec();
        Ok(match wishes.source() {
            PackageSource::Local(path) => {
                Pinned::Local { path: path.clone(), folder: self.local_folder(path) }
            }
            PackageSource::Tarball { url, name } => Pinned::Tarball {
                url: url.clone(),
                written: spec.written("tarball").unwrap_or(url).to_owned(),
                name: name.clone(),
            },
            PackageSource::Git { url, subdirectory, .. } => Pinned::Git {
                wanted: Wanted {
                    url: url.clone(),
                    revision: revision(wishes)?,
                    subdirectory: subdirectory.clone(),
                },
                written: spec.written("git").unwrap_or(url).to_owned(),
                warn_unpinned: wishes
                    .iter()
                    .all(|wish| !matches!(wish.spec.source, PackageSource::Git { warn_unpinned: false, .. })),
            },
            PackageSource::Private(name) => {
                let message = format!("private package `{name}` needs a git provider integration");
                let help = "list it as `git:` with the URL of its repository";
                return Err(Diagnostic::error(Code::PACKAGE, spec.span, message).help(help).into());
            }
            PackageSource::Hub { package, prerelease, .. } => self.pin_hub(wishes, package, *prerelease)?,
        })
    }

    /// Local paths count from the root project, also in the lists of packages; `~` is the user's home.
    fn local_folder(&self, path: &str) -> Utf8PathBuf {
        let home = || self.project.base.env.raw("HOME").or_else(|| self.project.base.env.raw("USERPROFILE"));
        let in_home = path.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let path = match in_home.and_then(|rest| Some((rest, home()?))) {
            Some((rest, home)) => format!("{home}{rest}"),
            None => path.to_owned(),
        };
        normal(&self.project.paths.root.join(path))
    }

    fn pin_hub(&mut self, wishes: &Wishes, package: &str, prerelease: bool) -> Result<Pinned, DepsError> {
        let conditions = conditions(wishes)?;
        let index = self.hub.index(&self.http)?;
        if !index.contains(package) {
            let message = format!("package `{package}` was not found in the package index");
            let near = suggest(package, index.iter().map(String::as_str));
            let near = near.unwrap_or_else(|| "look its name up in the package hub".to_owned());
            return Err(Diagnostic::error(Code::PACKAGE, wishes.spec().span, message).help(near).into());
        }
        let Some(range) = Range::intersect(&conditions) else {
            let message = format!("no version of `{package}` can meet all that is asked for");
            let error = wishes.conflict(message, asked_version);
            return Err(error
                .help("loosen one of the conditions, or take other versions of who asks")
                .into());
        };
        let page = self.hub.page(&self.http, package)?;
        let prereleases = prerelease || conditions.iter().any(range::is_prerelease);
        let compatible = page.versions.iter().filter(|(_, release)| {
            let required = release.requires_dbt();
            !self.version_check || required.is_empty() || range::fits_dbt(&required, DBT_VERSION)
        });
        let versions = range::installable(compatible.map(|(version, _)| version.clone()), prereleases);
        match (range.newest(&versions), versions.last()) {
            (Some(version), Some(latest)) => Ok(Pinned::Hub {
                package: package.to_owned(),
                version: version.to_owned(),
                latest: latest.clone(),
            }),
            _ => Err(no_version(wishes, &page, &range, &versions).into()),
        }
    }

    /// Reads the name and the list of a package; for git, the revision becomes that of the commit.
    pub(super) fn metadata(&mut self, pinned: &mut Pinned, span: Span) -> Result<Metadata, DepsError> {
        let shown = pinned.name();
        match pinned {
            Pinned::Hub { package, version, .. } => {
                let page = self.hub.page(&self.http, package)?;
                self.of_page(&page, version, span)
            }
            Pinned::Local { folder, .. } => self.of_folder(folder, &shown, span),
            Pinned::Git { wanted, warn_unpinned, .. } => {
                let checkout = self.git.checkout(wanted).map_err(|error| placed(error, span))?;
                let moves = matches!(wanted.revision.as_str(), HEAD | "main" | "master");
                if moves && *warn_unpinned && self.unpinned.insert(wanted.clone()) {
                    let (git, revision) = (wanted.url.clone(), wanted.revision.clone());
                    self.events.warn(DepsUnpinned { git, revision })?;
                }
                wanted.revision = checkout.commit;
                self.of_folder(&checkout.folder, &shown, span)
            }
            Pinned::Tarball { url, name, .. } => {
                check_folder_name(name, span)?;
                let folder = self.archive_folder(url, name).map_err(|error| placed(error, span))?;
                let metadata = self.of_folder(&folder, &shown, span)?;
                Ok(Metadata { name: name.clone(), ..metadata })
            }
        }
    }

    fn of_page(&self, page: &Page, version: &str, span: Span) -> Result<Metadata, DepsError> {
        let Some(release) = page.versions.get(version) else {
            let message = format!("version {version} is not in {}", page.url);
            return Err(Diagnostic::error(Code::PACKAGE, span, message).into());
        };
        check_folder_name(&release.name, span)?;
        let text = serde_json::to_string_pretty(&release.packages).unwrap_or_default();
        // JSON is YAML: read so, mistakes in it are shown like those in a file.
        let (tree, mut found) = yaml::parse_text(self.sources, &page.url, text.as_str());
        let packages = packages::read_of_hub(tree.as_ref(), &mut found);
        finish(Metadata { name: release.name.clone(), packages }, found)
    }

    fn of_folder(&self, folder: &Utf8Path, shown: &str, span: Span) -> Result<Metadata, DepsError> {
        let name = self.name_of(folder, shown, span).map_err(DepsError::Problems)?;
        let mut found = Vec::new();
        let list = packages::load(self.sources, (folder, Utf8Path::new(shown)), &self.context, &mut found);
        finish(Metadata { name, packages: list.packages }, found)
    }

    /// Reads the name of the project in a folder.
    fn name_of(&self, folder: &Utf8Path, shown: &str, span: Span) -> Result<String, Vec<Diagnostic>> {
        let path = folder.join(PROJECT_FILE);
        let file = files::read_source(self.sources, &path, &Utf8Path::new(shown).join(PROJECT_FILE));
        let file = file.map_err(|error| {
            if error.is_missing() {
                let message = format!("no `{PROJECT_FILE}` in `{shown}`");
                let help = "name the folder of a project: in `local`, or in `subdirectory` of a git package";
                return vec![Diagnostic::error(Code::PACKAGE, span, message).help(help)];
            }
            vec![error.into()]
        })?;
        let (tree, problems) = settings_file::parse(self.sources, file);
        let tree = tree.ok_or(problems)?;
        let name = tree.get("name").filter(|name| !name.is_null()).ok_or_else(|| {
            vec![Diagnostic::error(
                Code::MISSING_KEY,
                span,
                format!("`{shown}/{PROJECT_FILE}` has no `name`"),
            )]
        })?;
        let checked = |name: &Yaml| {
            let text = name.expect_str("name")?;
            names::check_project(text, name.span).map(|()| text.to_owned())
        };
        checked(name).map_err(|error| vec![*error])
    }
}

fn finish(metadata: Metadata, found: Vec<Diagnostic>) -> Result<Metadata, DepsError> {
    if found.iter().any(Diagnostic::is_error) { Err(DepsError::Problems(found)) } else { Ok(metadata) }
}

/// Keeps problems for later; gives up at once where the next packages would meet the same.
fn collect(error: DepsError, found: &mut Vec<Diagnostic>) -> Result<(), DepsError> {
    match error {
        DepsError::Problems(problems) if problems.iter().all(|problem| problem.code != Code::NETWORK) => {
            found.extend(problems.into_iter().filter(|problem| !found.contains(problem)).collect::<Vec<_>>());
            Ok(())
        }
        error => Err(error),
    }
}

/// Gives a problem the place of the entry that leads to it.
pub(super) fn placed(mut problem: Box<Diagnostic>, span: Span) -> Box<Diagnostic> {
    problem.span = problem.span.or(Some(span));
    problem
}

/// A package becomes a folder of the packages folder, nothing above or below it.
fn check_folder_name(name: &str, span: Span) -> Result<(), Box<Diagnostic>> {
    let plain = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', '\0']);
    if plain {
        return Ok(());
    }
    let message = format!("`{name}` cannot be the name of a package: its folder would lie elsewhere");
    Err(Diagnostic::error(Code::PACKAGE, span, message).into())
}

/// Reads the version conditions of a hub package.
fn conditions(wishes: &Wishes) -> Result<Vec<Requirement>, DepsError> {
    let (mut conditions, mut found) = (Vec::new(), Vec::new());
    for wish in wishes.iter() {
        let PackageSource::Hub { versions, .. } = &wish.spec.source else { continue };
        for text in versions {
            match Requirement::parse_strict(text) {
                Some(condition) => conditions.push(condition),
                None => {
                    let message = format!("`{text}` is not a valid semantic version");
                    let items = wish.spec.entry.get("version").and_then(Yaml::as_seq).unwrap_or_default();
                    let item = items.iter().find(|item| item.as_str() == Some(text));
                    let place = item.map_or(wish.spec.version_span(), |item| item.span);
                    let help = "write three numbers, perhaps behind an operator, each condition by itself: \
                                `[\">=1.0.0\", \"<2.0.0\"]`";
                    found.push(Diagnostic::error(Code::VERSION, place, message).help(help));
                }
            }
        }
    }
    if found.is_empty() { Ok(conditions) } else { Err(DepsError::Problems(found)) }
}

fn asked_version(source: &PackageSource) -> String {
    match source {
        PackageSource::Hub { versions, .. } => format!("`{}`", versions.join("`, `")),
        source => source.name().to_owned(),
    }
}

/// Returns the one revision that is asked for.
fn revision(wishes: &Wishes) -> Result<String, Box<Diagnostic>> {
    let asked = |source: &PackageSource| match source {
        PackageSource::Git { revision, .. } => revision.clone(),
        _ => None,
    };
    let revisions: BTreeSet<String> = wishes.iter().filter_map(|wish| asked(&wish.spec.source)).collect();
    if revisions.len() < 2 {
        return Ok(revisions.into_iter().next().unwrap_or_else(|| HEAD.to_owned()));
    }
    let message = format!("git package `{}` is asked for at different revisions", wishes.source().name());
    let what = |source: &PackageSource| match asked(source) {
        Some(revision) => format!("`{revision}`"),
        None => "any revision".to_owned(),
    };
    let error = wishes.conflict(message, what);
    Err(error.help("a git package can be there at one revision only").into())
}

fn no_version(wishes: &Wishes, page: &Page, range: &Range, installable: &[String]) -> Diagnostic {
    let package = wishes.source().name();
    let message = format!("could not find a matching compatible version for package `{package}`");
    let error = wishes.conflict(message, asked_version);
    let newest: Vec<&str> = installable.iter().rev().take(SHOWN_VERSIONS).map(String::as_str).collect();
    let more = installable.len() - newest.len();
    let more = if more > 0 { format!(" and {more} older ones") } else { String::new() };
    let error = error.note(match newest.as_slice() {
        [] => format!("no version of it can be installed with dbt {DBT_VERSION}"),
        newest => format!("these versions could be installed: {}{more}", newest.join(", ")),
    });
    let every = range::installable(page.versions.keys().cloned(), true);
    match range.newest(&every) {
        Some(version)
            if page.versions.get(version).is_some_and(|release| !release.requires_dbt().is_empty()) =>
        {
            let wanted =
                page.versions.get(version).map(super::hub::Release::requires_dbt).unwrap_or_default();
            error.help(format!("{version} requires dbt {}: see --no-version-check", wanted.join(", ")))
        }
        Some(version) => {
            error.help(format!("{version} is a pre-release: name it, or set `install_prerelease: true`"))
        }
        None => error.help("ask for one of them"),
    }
}

fn check_names(resolved: &[Resolved], root: &str) -> Result<(), DepsError> {
    let mut found = Vec::new();
    for (at, package) in resolved.iter().enumerate() {
        let same = resolved[..at].iter().find(|other| other.name == package.name);
        let other = match same {
            Some(other) => format!("`{}`", other.pinned.name()),
            None if package.name == root => "the project itself".to_owned(),
            None => continue,
        };
        let listed = package.pinned.name();
        let message = format!("package `{}` in `{listed}` has the name of {other}", package.name);
        let error = Diagnostic::error(Code::PACKAGE, package.span, message);
        let error = error.label(same.map(|other| other.span), "the other one");
        found.push(error.help("package names must be unique; rename or remove one of them"));
    }
    if found.is_empty() { Ok(()) } else { Err(DepsError::Problems(found)) }
}
