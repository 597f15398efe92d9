//! `deps` from end to end: the binary, a package hub on loopback, archives and git repositories made here.

mod add;
mod archives;
mod git;
mod lock;
mod server;
mod versions;

use std::path::{Path, PathBuf};

use crate::cli::{Call, Ended, without_times};
use server::Hub;

/// A project named `shop` in a folder of its own, beside a hub.
struct Shop {
    folder: tempfile::TempDir,
    hub: Hub,
}

impl Shop {
    /// Makes the project with this list of packages.
    fn new(packages: &str) -> Self {
        let shop = Self { folder: tempfile::tempdir().unwrap(), hub: Hub::start() };
        shop.write("dbt_project.yml", "name: shop\nprofile: shop\n");
        if !packages.is_empty() {
            shop.write("packages.yml", packages);
        }
        shop
    }

    /// Makes the project with a list of hub packages, each `name version`.
    fn with(packages: &[(&str, &str)]) -> Self {
        let entry = |(name, version): &(&str, &str)| format!("  - package: {name}\n    version: {version}\n");
        Self::new(&format!("packages:\n{}", packages.iter().map(entry).collect::<String>()))
    }

    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    fn path(&self, file: &str) -> PathBuf {
        self.root().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    fn call(&self, arguments: &[&str]) -> Call {
        let path = std::env::var("PATH").unwrap_or_default();
        Call::new(&self.root(), arguments).env("PATH", &path).env("DBT_PACKAGE_HUB_URL", &self.hub.url())
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.call(arguments).run()
    }

    /// Runs `deps`, which must work; returns its lines without times, paths and the first line.
    #[track_caller]
    fn deps(&self) -> String {
        self.works(&["deps"])
    }

    #[track_caller]
    fn works(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.stdout);
        self.shown(&ended)
    }

    /// Runs `deps`, which must end with code 2 and leave neither packages nor lock behind.
    #[track_caller]
    fn fails(&self) -> String {
        let ended = self.run(&["deps"]);
        assert_eq!(ended.code, Some(2), "{}", ended.stdout);
        assert!(self.installed().is_empty(), "{:?}", self.installed());
        self.shown(&ended)
    }

    fn shown(&self, ended: &Ended) -> String {
        let text = without_times(&ended.stdout);
        let text = text.replace(self.root().to_str().unwrap(), "/shop").replace(&self.hub.url(), "HUB/");
        text.lines().skip(1).map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    /// The names in the packages folder.
    fn installed(&self) -> Vec<String> {
        names(&self.path("dbt_packages"))
    }

    /// The version that the project file of an installed package names.
    fn version_of(&self, package: &str) -> String {
        let text = self.read(&format!("dbt_packages/{package}/dbt_project.yml"));
        text.lines().find_map(|line| line.strip_prefix("version: ")).unwrap().to_owned()
    }
}

/// The names in a folder, sorted; none when it is not there.
fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
