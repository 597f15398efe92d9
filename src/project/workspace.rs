//! What a command knows before it reads the first model: settings in ([`Options`]), [`Workspace`] out.
//! Data and small questions about it; `load` fills it.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::diag::Scrubber;
use crate::manifest::JsonMap;
use crate::yaml::Map;

use super::definition::Project;
use super::env::Env;
use super::flags::ProjectFlags;
use super::packages::PackageList;
use super::profiles::Profile;
use super::scope::{YamlBase, YamlContext};
use super::selectors::SelectorDefinition;
use super::vars::Vars;

/// The name of the file that makes a folder a project.
pub const PROJECT_FILE: &str = "dbt_project.yml";

/// What the command line and the environment say. Paths may be relative to `cwd`.
#[derive(Clone, Debug)]
pub struct Options {
    /// The working folder, absolute.
    pub cwd: Utf8PathBuf,
    /// The user's home folder.
    pub home: Option<Utf8PathBuf>,
    /// The environment.
    pub env: Env,
    /// `--project-dir`.
    pub project_dir: Option<Utf8PathBuf>,
    /// `--profiles-dir`.
    pub profiles_dir: Option<Utf8PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--target`.
    pub target: Option<String>,
    /// `--threads`.
    pub threads: Option<usize>,
    /// `--target-path`, relative to the project.
    pub target_path: Option<Utf8PathBuf>,
    /// `--log-path`, relative to the project.
    pub log_path: Option<Utf8PathBuf>,
    /// `--vars`, as given.
    pub vars: Option<String>,
    /// `--version-check`; else the project's flag, else on.
    pub version_check: Option<bool>,
    /// Whether `catalogs.yml` is looked at: dbt does so for commands that could write.
    pub catalogs: bool,
    /// `invocation_id` of templates.
    pub invocation_id: Option<Arc<str>>,
    /// `run_started_at` of templates.
    pub started_at: Option<jiff::Timestamp>,
    /// `flags` of templates: names in upper case.
    pub flags: Arc<JsonMap>,
    /// Whether an embedded database stands in for a profile that cannot be used, of which a warning tells: for who reads
    /// a project and builds nothing.
    pub profile_may_lack: bool,
}

impl Options {
    /// Makes the settings of a command without flags.
    pub fn new(cwd: impl Into<Utf8PathBuf>, env: Env) -> Self {
        Self {
            cwd: cwd.into(),
            home: env.raw("HOME").or_else(|| env.raw("USERPROFILE")).map(Utf8PathBuf::from),
            env,
            project_dir: None,
            profiles_dir: None,
            profile: None,
            target: None,
            threads: None,
            target_path: None,
            log_path: None,
            vars: None,
            version_check: None,
            catalogs: false,
            invocation_id: None,
            started_at: None,
            flags: Arc::default(),
            profile_may_lack: false,
        }
    }
}

/// Folders of an invocation, absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// The project.
    pub root: Utf8PathBuf,
    /// Where artifacts go.
    pub target: Utf8PathBuf,
    /// Where logs go.
    pub logs: Utf8PathBuf,
    /// Where packages are installed.
    pub packages: Utf8PathBuf,
}

/// A project without a profile: what `deps` and `clean` work on.
#[derive(Clone, Debug)]
pub struct ProjectOnly {
    /// The project.
    pub project: Project,
    /// What it asks to be installed.
    pub package_list: PackageList,
    /// The folders.
    pub paths: Paths,
    /// The flags of the project.
    pub flags: ProjectFlags,
    /// `--vars`.
    pub cli_vars: Arc<Map>,
    /// What its YAML files share.
    pub base: YamlBase,
}

/// Everything a command knows before it reads the first model.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The root project.
    pub project: Project,
    /// The installed packages by name.
    pub packages: Vec<Project>,
    /// What the project asks to be installed.
    pub package_list: PackageList,
    /// Profile and target.
    pub profile: Profile,
    /// The named selections.
    pub selectors: Vec<SelectorDefinition>,
    /// The folders.
    pub paths: Paths,
    /// The flags of the project.
    pub flags: ProjectFlags,
    /// `--vars`.
    pub cli_vars: Arc<Map>,
    /// The environment.
    pub env: Env,
    /// What YAML files share.
    pub base: YamlBase,
    /// Hides the secrets that this invocation knows.
    pub scrubber: Scrubber,
}

impl Workspace {
    /// Goes through all projects in the order in which dbt treats them: packages by name, the root last.
    pub fn projects(&self) -> impl Iterator<Item = &Project> {
        self.packages.iter().chain(std::iter::once(&self.project))
    }

    /// Returns the project of a name.
    pub fn project_named(&self, name: &str) -> Option<&Project> {
        self.projects().find(|project| &*project.name == name)
    }

    /// Returns the variables that the resources of a package see.
    pub fn vars(&self, package: &Project) -> Vars {
        let own = (package.name != self.project.name).then(|| Arc::new(package.vars.clone()));
        let root = Arc::new(self.project.vars.clone());
        Vars::of_package(Arc::clone(&self.cli_vars), Arc::clone(&package.name), root, own)
    }

    /// Returns what the property files of a package see.
    pub fn properties_context(&self, package: &Project) -> YamlContext {
        let target = Arc::new(self.profile.target());
        YamlContext::properties(&self.base, self.vars(package), target, Arc::clone(&self.project.name))
    }
}

/// Finds the project's folder: `--project-dir`, else the nearest folder from `cwd` upwards that holds
/// `dbt_project.yml`, else `cwd`.
pub fn find_project(options: &Options) -> Utf8PathBuf {
    if let Some(folder) = &options.project_dir {
        return normal(&options.cwd.join(folder));
    }
    let mut above = options.cwd.ancestors();
    above.find(|folder| folder.join(PROJECT_FILE).is_file()).unwrap_or(&options.cwd).to_owned()
}

/// Takes `.` and `..` out of a path without asking the disk.
pub(super) fn normal(path: &Utf8Path) -> Utf8PathBuf {
    let mut clean = Utf8PathBuf::new();
    for part in path.components() {
        match part {
            camino::Utf8Component::CurDir => {}
            camino::Utf8Component::ParentDir if clean.file_name().is_some() => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}
