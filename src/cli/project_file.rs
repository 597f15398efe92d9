//! What must be known of `dbt_project.yml` before the project is loaded: where the log goes, and `flags:`.
//!
//! Input: the project's folder. Output: a look at the raw file. What is wrong in it is told later, by the one who
//! loads the project; here it counts as not said.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Map, Value};

use crate::diag::Sources;
use crate::files;
use crate::yaml::{self, Yaml};

/// The raw project file.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProjectFile {
    tree: Option<Yaml>,
    exists: bool,
}

impl ProjectFile {
    /// Reads the file of a folder.
    pub(crate) fn peek(project_dir: &Utf8Path) -> Self {
        let path = project_dir.join("dbt_project.yml");
        let Ok(text) = files::read_text(&path) else { return Self { tree: None, exists: path.is_file() } };
        let (tree, _) = yaml::parse_text(&Sources::new(), path, text);
        Self { tree, exists: true }
    }

    /// Tells whether there is such a file.
    pub(crate) fn exists(&self) -> bool {
        self.exists
    }

    /// Returns `flags:`; empty when there are none.
    pub(crate) fn flags(&self) -> Map<String, Value> {
        self.get("flags").and_then(Yaml::as_map).map(yaml::Map::to_json).unwrap_or_default()
    }

    /// Returns a text of the top level.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Yaml::as_str)
    }

    /// Returns the folder of the log: `log-path`, or `logs` in the project.
    pub(crate) fn log_folder(&self, project_dir: &Utf8Path) -> Utf8PathBuf {
        project_dir.join(self.text("log-path").unwrap_or("logs"))
    }

    fn get(&self, key: &str) -> Option<&Yaml> {
        self.tree.as_ref().and_then(|tree| tree.get(key))
    }
}
