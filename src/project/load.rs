//! From the command line's settings to a [`Workspace`]: the order in which files are read, since each
//! needs the one before: project (raw) → profile → project (rendered) → packages → selectors.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::diag::{Code, Diagnostic, FileId, Severity, Sources};
use crate::files;
use crate::yaml::{Map, Yaml};

use super::catalogs::{self, CATALOGS_FILE};
use super::definition::Project;
use super::flags::ProjectFlags;
use super::packages::{self, PackageList};
use super::profiles::{self, Profile, ProfilesFile, Wanted};
use super::project_yml::{self, Origin};
use super::render::{kept_in_project, render_tree};
use super::scope::{YamlBase, YamlContext};
use super::selectors::{self, SelectorDefinition};
use super::settings_file;
use super::vars::{self, Vars};
use super::workspace::{Options, PROJECT_FILE, Paths, ProjectOnly, Workspace, find_project, normal};

/// Loads everything. The workspace is missing when there are errors; warnings may come with it.
pub fn load(sources: &Sources, options: &Options) -> (Option<Workspace>, Vec<Diagnostic>) {
    let mut loader = Loader::new(sources, options);
    let workspace = loader.workspace();
    let failed = loader.found.iter().any(Diagnostic::is_error);
    (workspace.filter(|_| !failed), loader.found)
}

/// Loads the project alone, for commands that need no database. Jinja sees an empty `target`, and missing
/// variables are no error.
pub fn load_project(sources: &Sources, options: &Options) -> (Option<ProjectOnly>, Vec<Diagnostic>) {
    let mut loader = Loader::new(sources, options);
    let project = loader.project_only();
    let failed = loader.found.iter().any(Diagnostic::is_error);
    (project.filter(|_| !failed), loader.found)
}

struct Loader<'a> {
    sources: &'a Sources,
    options: &'a Options,
    base: YamlBase,
    found: Vec<Diagnostic>,
}

/// `dbt_project.yml` before Jinja.
struct RawProject {
    root: Utf8PathBuf,
    shown_root: Utf8PathBuf,
    file: FileId,
    tree: Yaml,
}

impl<'a> Loader<'a> {
    fn new(sources: &'a Sources, options: &'a Options) -> Self {
        let base = YamlBase {
            sources: sources.clone(),
            env: options.env.clone(),
            invocation_id: options.invocation_id.clone(),
            started_at: options.started_at,
            flags: Arc::clone(&options.flags),
        };
        Self { sources, options, base, found: Vec::new() }
    }

    fn workspace(&mut self) -> Option<Workspace> {
        let cli_vars = self.cli_vars();
        let root = find_project(self.options);
        let raw = self.raw_project(&root, Utf8Path::new(""));
        let (cli_vars, raw) = (cli_vars?, raw?);
        let secret = YamlContext::secret(&self.base, Vars::of_cli(Arc::clone(&cli_vars)));
        let before = self.found.len();
        let profiles = self.profiles_file(&root);
        let flags = self.flags(&raw.tree, profiles.as_ref().ok().and_then(Option::as_ref));
        let profile = profiles.ok().and_then(|file| self.profile(file.as_ref(), &raw, &secret));
        let Some(profile) = profile.or_else(|| self.stand_in(&raw, before)) else {
            self.check_without_profile(&raw, &secret, &cli_vars, &flags);
            return None;
        };
        let target = Arc::new(profile.target());
        let cli = Vars::of_cli(Arc::clone(&cli_vars));
        let context = YamlContext::project(&self.base, cli, Arc::clone(&target));
        let version_check = self.version_check(&flags);
        let project = self.project(&raw, &context, version_check);
        if self.options.catalogs {
            self.catalogs(&root, &secret);
        }
        let package_list = self.package_list(&root, &secret);
        let selectors = self.selectors(&root, &context);
        let project = project?;
        // Packages do not see the variables of the command line in their own `dbt_project.yml`.
        let context = YamlContext::project(&self.base, Vars::default(), target);
        let packages = self.packages(&project, &package_list, &context, version_check);
        self.check_names(&project, &packages, &profile);
        let scrubber = vars::scrubber(
            &self.options.env,
            cli_vars.iter().map(|entry| (&entry.key, entry.value.to_json())),
        );
        Some(Workspace {
            paths: self.paths(&project, &raw.tree),
            project,
            packages,
            package_list,
            profile,
            selectors,
            flags,
            cli_vars,
            env: self.options.env.clone(),
            base: self.base.clone(),
            scrubber,
        })
    }

    /// Without a profile nothing can be loaded, but what is wrong elsewhere should be told all the same.
    /// Values that cannot be rendered without a target are left out of it.
    fn check_without_profile(
        &mut self,
        raw: &RawProject,
        secret: &YamlContext,
        cli_vars: &Arc<Map>,
        flags: &ProjectFlags,
    ) {
        let context = YamlContext::lenient(&self.base, Vars::of_cli(Arc::clone(cli_vars)));
        let rendered = render_tree(&raw.tree, &context, &kept_in_project, &mut Vec::new());
        self.read_project(raw, &rendered, self.version_check(flags));
        self.package_list(&raw.root, secret);
    }

    fn project_only(&mut self) -> Option<ProjectOnly> {
        let cli_vars = self.cli_vars();
        let root = find_project(self.options);
        let raw = self.raw_project(&root, Utf8Path::new(""));
        let (cli_vars, raw) = (cli_vars?, raw?);
        let cli = Vars::of_cli(Arc::clone(&cli_vars));
        let flags = self.flags(&raw.tree, None);
        let context = YamlContext::lenient(&self.base, cli.clone());
        let version_check = self.version_check(&flags);
        let project = self.project(&raw, &context, version_check);
        let secret = YamlContext::secret(&self.base, cli);
        let package_list = self.package_list(&root, &secret);
        let project = project?;
        let paths = self.paths(&project, &raw.tree);
        Some(ProjectOnly { project, package_list, paths, flags, cli_vars, base: self.base.clone() })
    }

    fn cli_vars(&mut self) -> Option<Arc<Map>> {
        let Some(text) = &self.options.vars else { return Some(Arc::default()) };
        match vars::parse_cli_map(self.sources, "--vars", text) {
            Ok(map) => Some(Arc::new(map)),
            Err(problems) => {
                self.found.extend(problems);
                None
            }
        }
    }

    fn raw_project(&mut self, root: &Utf8Path, shown_root: &Utf8Path) -> Option<RawProject> {
        let shown = shown_root.join(PROJECT_FILE);
        let file = match files::read_source(self.sources, &root.join(PROJECT_FILE), &shown) {
            Ok(file) => file,
            Err(error) if error.is_missing() => {
                let missing =
                    Diagnostic::error(Code::PROJECT, None, format!("no `{PROJECT_FILE}` in `{root}`"));
                self.found.push(if shown_root.as_str().is_empty() {
                    missing.help(
                        "run in a project's folder, name it with --project-dir, or make one with `init`",
                    )
                } else {
                    missing.help(
                        "every folder in the packages folder must be a package; delete it or run `deps`",
                    )
                });
                return None;
            }
            Err(error) => {
                self.found.push(error.into());
                return None;
            }
        };
        let (tree, problems) = settings_file::parse(self.sources, file);
        self.found.extend(problems);
        let tree = tree?;
        if let Err(error) = tree.expect_map(PROJECT_FILE) {
            self.found.push(*error);
            return None;
        }
        Some(RawProject { root: root.to_owned(), shown_root: shown_root.to_owned(), file, tree })
    }

    /// Finds and reads `profiles.yml`: nothing when there is none, an error (noted) when it is broken, or
    /// not where the user said it is.
    fn profiles_file(&mut self, root: &Utf8Path) -> Result<Option<ProfilesFile>, ()> {
        let options = self.options;
        let flag = options.profiles_dir.as_deref();
        let Some(folder) = profiles::find_folder(flag, &options.cwd, options.home.as_deref(), root) else {
            return Ok(None);
        };
        let before = self.found.len();
        let file = profiles::load(self.sources, &folder, &mut self.found);
        if file.is_some() {
            return Ok(file);
        }
        if self.found.len() == before {
            let message = format!("no `{}` in `{folder}`", profiles::PROFILES_FILE);
            let help = "correct --profiles-dir (or DBT_PROFILES_DIR), or write the file";
            self.found.push(Diagnostic::error(Code::PROFILE, None, message).help(help));
        }
        Err(())
    }

    fn profile(
        &mut self,
        file: Option<&ProfilesFile>,
        raw: &RawProject,
        context: &YamlContext,
    ) -> Option<Profile> {
        let options = self.options;
        let wanted = Wanted {
            profile: options.profile.as_deref(),
            target: options.target.as_deref(),
            threads: options.threads,
            in_project: raw.tree.get("profile").filter(|yaml| !yaml.is_null()),
        };
        match file {
            Some(file) if wanted.profile.is_some() || wanted.in_project.is_some() => {
                profiles::choose(file, &wanted, context, &mut self.found)
            }
            None if wanted.profile.is_some() => {
                let name = wanted.profile.unwrap_or_default();
                let message =
                    format!("no `{}` was found, so there is no profile `{name}`", profiles::PROFILES_FILE);
                let help = "say where it is with --profiles-dir";
                self.found.push(Diagnostic::error(Code::PROFILE, None, message).help(help));
                None
            }
            _ => self.embedded(raw, &wanted),
        }
    }

    /// Makes the profile of those who can do without one; what was found wrong `since` is none of their errors then.
    fn stand_in(&mut self, raw: &RawProject, since: usize) -> Option<Profile> {
        if !self.options.profile_may_lack {
            return None;
        }
        self.found[since..].iter_mut().for_each(|problem| problem.severity = Severity::Warning);
        let wanted = Wanted { profile: None, target: None, threads: self.options.threads, in_project: None };
        self.embedded(raw, &wanted)
    }

    fn embedded(&mut self, raw: &RawProject, wanted: &Wanted<'_>) -> Option<Profile> {
        let project = raw.tree.get("name").and_then(Yaml::as_str).unwrap_or("project");
        let name = wanted.in_project.and_then(Yaml::as_str).unwrap_or(project);
        let database = self.target_folder(&raw.root, &raw.tree).join(format!("{project}.duckdb"));
        let profile = profiles::embedded(name, &database, wanted);
        profile.map_err(|error| self.found.push(*error)).ok()
    }

    /// Reads `flags:` of the project, or `config:` of `profiles.yml`, where they were before.
    fn flags(&mut self, project: &Yaml, profiles: Option<&ProfilesFile>) -> ProjectFlags {
        let set = |yaml: Option<&Yaml>| yaml.filter(|yaml| !yaml.is_falsy()).cloned();
        let flags = set(project.get("flags"));
        let config = profiles.and_then(|file| set(file.tree.get("config")));
        if let (Some(flags), Some(config)) = (&flags, &config) {
            let message = "`flags` and `config` in `profiles.yml` cannot both be set";
            let error = Diagnostic::error(Code::PROJECT, flags.span, message);
            let error = error.label(config.span, "set here too");
            self.found.push(error.help("keep `flags`; `config` in `profiles.yml` is deprecated"));
        } else if let Some(config) = &config {
            let message = "User config should be moved from the 'config' key in profiles.yml to the 'flags' key in dbt_project.yml.";
            let warning = Diagnostic::warning(Code::DEPRECATED, config.span, message);
            let warning = warning.help(format!("move it to `flags:` in `{PROJECT_FILE}`"));
            self.found.push(warning.known_as("ProjectFlagsMovedDeprecation"));
        }
        match flags.or(config).as_ref().and_then(Yaml::as_map) {
            Some(map) => ProjectFlags::read(map, &mut self.found),
            None => ProjectFlags::default(),
        }
    }

    fn version_check(&self, flags: &ProjectFlags) -> bool {
        self.options.version_check.or_else(|| flags.flag("version_check")).unwrap_or(true)
    }

    fn project(&mut self, raw: &RawProject, context: &YamlContext, version_check: bool) -> Option<Project> {
        let before = self.found.len();
        let rendered = render_tree(&raw.tree, context, &kept_in_project, &mut self.found);
        let project = self.read_project(raw, &rendered, version_check);
        let failed = self.found[before..].iter().any(Diagnostic::is_error);
        project.filter(|_| !failed)
    }

    fn read_project(&mut self, raw: &RawProject, rendered: &Yaml, version_check: bool) -> Option<Project> {
        let origin = Origin { root: &raw.root, shown_root: &raw.shown_root, file: raw.file, version_check };
        project_yml::read(&origin, &raw.tree, rendered, &mut self.found)
    }

    fn package_list(&mut self, root: &Utf8Path, context: &YamlContext) -> PackageList {
        packages::load(self.sources, (root, Utf8Path::new("")), context, &mut self.found)
    }

    fn selectors(&mut self, root: &Utf8Path, context: &YamlContext) -> Vec<SelectorDefinition> {
        let path = (root, Utf8Path::new(""));
        let Some(raw) = settings_file::optional(self.sources, path, "selectors.yml", &mut self.found) else {
            return Vec::new();
        };
        let rendered = render_tree(&raw, context, &|_| false, &mut self.found);
        selectors::read(&rendered, &mut self.found)
    }

    fn catalogs(&mut self, root: &Utf8Path, context: &YamlContext) {
        let path = (root, Utf8Path::new(""));
        let Some(raw) = settings_file::optional(self.sources, path, CATALOGS_FILE, &mut self.found) else {
            return;
        };
        catalogs::check_text(&raw, &mut self.found);
        let rendered = render_tree(&raw, context, &|_| false, &mut self.found);
        catalogs::check(&rendered, &mut self.found);
    }

    /// Reads the installed packages, by name.
    fn packages(
        &mut self,
        project: &Project,
        list: &PackageList,
        context: &YamlContext,
        version_check: bool,
    ) -> Vec<Project> {
        let folder = project.root.join(&project.packages_install_path);
        let folders = match files::subfolders(&folder) {
            Ok(folders) => folders,
            Err(error) => {
                self.found.push(error.into());
                return Vec::new();
            }
        };
        let is_package = |path: &Utf8PathBuf| path.file_name().is_some_and(|name| !name.starts_with("__"));
        let folders: Vec<Utf8PathBuf> = folders.into_iter().filter(is_package).collect();
        if folders.len() < list.packages.len() {
            self.found.push(not_installed(list, folders.len(), &project.packages_install_path));
            return Vec::new();
        }
        let mut packages = Vec::new();
        for root in folders {
            let shown = project.packages_install_path.join(root.file_name().unwrap_or_default());
            let raw = self.raw_project(&root, &shown);
            packages.extend(raw.and_then(|raw| self.project(&raw, context, version_check)));
        }
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        packages
    }

    /// Names of packages must differ, also from those of the built-in ones.
    fn check_names(&mut self, project: &Project, packages: &[Project], profile: &Profile) {
        let adapter = format!("dbt_{}", profile.connection.kind().as_str());
        let mut seen: Vec<&Project> = Vec::new();
        for package in std::iter::once(project).chain(packages) {
            let name = &*package.name;
            let folder = |project: &Project| match project.shown_root.as_str() {
                "" => "the project itself".to_owned(),
                shown => format!("`{shown}`"),
            };
            let other = match seen.iter().find(|other| other.name == package.name) {
                Some(other) => Some(folder(other)),
                None if name == "dbt" || name == adapter => Some("what is built in".to_owned()),
                None => None,
            };
            if let Some(other) = other {
                let message = format!(
                    "dbt found more than one package with the name \"{name}\" included in this project: {other} and {}",
                    folder(package)
                );
                let help = "package names must be unique; rename or remove one of them";
                self.found.push(Diagnostic::error(Code::PACKAGE, None, message).help(help));
            }
            seen.push(package);
        }
    }

    fn paths(&self, project: &Project, raw: &Yaml) -> Paths {
        let root = &project.root;
        let logs = match (&self.options.log_path, raw.get("log-path").and_then(Yaml::as_str)) {
            (Some(flag), _) => root.join(flag),
            (None, Some(path)) => root.join(path),
            (None, None) => root.join("logs"),
        };
        let target = self.options.target_path.as_deref().unwrap_or(&project.target_path);
        Paths {
            target: normal(&root.join(target)),
            logs: normal(&logs),
            packages: normal(&root.join(&project.packages_install_path)),
            root: root.clone(),
        }
    }

    /// The target folder before the project is rendered.
    fn target_folder(&self, root: &Utf8Path, raw: &Yaml) -> Utf8PathBuf {
        let in_project = || raw.get("target-path").and_then(Yaml::as_str).unwrap_or("target").into();
        normal(&root.join(self.options.target_path.clone().unwrap_or_else(in_project)))
    }
}

/// The wording is dbt's: tools look for `Run "dbt deps"`.
fn not_installed(list: &PackageList, installed: usize, folder: &Utf8Path) -> Diagnostic {
    let message = format!(
        "dbt found {} package(s) specified in {}, but only {installed} package(s) installed in {folder}. \
         Run \"dbt deps\" to install package dependencies.",
        list.packages.len(),
        list.file
    );
    let first = list.packages.first().map(|package| package.span);
    Diagnostic::error(Code::PACKAGE, first, message).help("run `tidegate deps`")
}
