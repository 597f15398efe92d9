//! Which packages a project needs in the end: its own list, then the lists of those packages, and so on.

use camino::{Utf8Path, Utf8PathBuf};

use crate::diag::{Code, Diagnostic, Sources};
use crate::files;
use crate::project::names;
use crate::project::packages::{self, PackageSource, PackageSpec};
use crate::project::scope::YamlContext;
use crate::project::vars::Vars;
use crate::project::workspace::{PROJECT_FILE, ProjectOnly};
use crate::yaml::{self, Yaml};

/// A package to install.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedPackage {
    /// The name of its project: its folder is called so.
    pub name: String,
    /// Where it comes from, as listed.
    pub listed: String,
    /// The folder that holds it.
    pub folder: Utf8PathBuf,
}

/// Resolves the packages of a project. Paths of local packages are relative to the root project, also
/// those that packages list, as in dbt. Nothing is written.
pub fn resolve(sources: &Sources, workspace: &ProjectOnly) -> (Vec<ResolvedPackage>, Vec<Diagnostic>) {
    let vars = Vars::of_cli(std::sync::Arc::clone(&workspace.cli_vars));
    let mut resolver = Resolver {
        sources,
        root: &workspace.paths.root,
        context: YamlContext::secret(&workspace.base, vars),
        resolved: Vec::new(),
        found: Vec::new(),
    };
    let mut pending = workspace.package_list.packages.clone();
    while !pending.is_empty() {
        let mut next = Vec::new();
        for spec in &pending {
            next.extend(resolver.one(spec));
        }
        pending = next;
    }
    resolver.check_names(&workspace.project.name);
    (resolver.resolved, resolver.found)
}

struct Resolver<'a> {
    sources: &'a Sources,
    root: &'a Utf8Path,
    context: YamlContext,
    resolved: Vec<ResolvedPackage>,
    found: Vec<Diagnostic>,
}

impl Resolver<'_> {
    /// Resolves one package, and returns what it lists itself.
    fn one(&mut self, spec: &PackageSpec) -> Vec<PackageSpec> {
        let PackageSource::Local(path) = &spec.source else {
            let message = format!("package `{}` does not lie in a local folder", spec.source.name());
            let help =
                "packages of the hub and of git cannot be installed yet; copy it and list it as `local:`";
            self.found.push(Diagnostic::error(Code::UNSUPPORTED, spec.span, message).help(help));
            return Vec::new();
        };
        if self.resolved.iter().any(|known| known.listed == *path) {
            return Vec::new();
        }
        let folder = self.root.join(path);
        match self.name_of(&folder, path, spec) {
            Ok(name) => {
                self.resolved.push(ResolvedPackage { name, listed: path.clone(), folder: folder.clone() });
                let shown = Utf8Path::new(path);
                packages::load(self.sources, (&folder, shown), &self.context, &mut self.found).packages
            }
            Err(problems) => {
                self.found.extend(problems);
                Vec::new()
            }
        }
    }

    /// Reads the name of the project in a folder.
    fn name_of(&self, folder: &Utf8Path, shown: &str, spec: &PackageSpec) -> Result<String, Vec<Diagnostic>> {
        let path = folder.join(PROJECT_FILE);
        let file = files::read_source(self.sources, &path, &Utf8Path::new(shown).join(PROJECT_FILE));
        let file = file.map_err(|error| {
            if error.is_missing() {
                let message = format!("no `{PROJECT_FILE}` in `{shown}`");
                let help = "`local:` must name the folder of a package, relative to this project";
                return vec![Diagnostic::error(Code::PACKAGE, spec.span, message).help(help)];
            }
            vec![error.into()]
        })?;
        let (tree, problems) = yaml::parse(self.sources, file);
        let tree = tree.ok_or(problems)?;
        let name = tree.get("name").filter(|name| !name.is_null()).ok_or_else(|| {
            vec![Diagnostic::error(
                Code::MISSING_KEY,
                spec.span,
                format!("`{shown}/{PROJECT_FILE}` has no `name`"),
            )]
        })?;
        let checked = |name: &Yaml| {
            let text = name.expect_str("name")?;
            names::check_project(text, name.span).map(|()| text.to_owned())
        };
        checked(name).map_err(|error| vec![*error])
    }

    fn check_names(&mut self, root_name: &str) {
        for (at, package) in self.resolved.iter().enumerate() {
            let same = self.resolved[..at].iter().find(|other| other.name == package.name);
            let other = match same {
                Some(other) => format!("`{}`", other.listed),
                None if package.name == root_name => "the project itself".to_owned(),
                None => continue,
            };
            let message =
                format!("package `{}` in `{}` has the name of {other}", package.name, package.listed);
            let error = Diagnostic::error(Code::PACKAGE, None, message);
            self.found.push(error.help("package names must be unique; rename or remove one of them"));
        }
    }
}
