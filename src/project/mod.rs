//! Settings: everything about a project that is not a resource.
//!
//! [`load`] reads `dbt_project.yml`, `profiles.yml`, `packages.yml`, `selectors.yml`, `catalogs.yml` and the installed
//! packages, and returns a [`Workspace`] together with all that is wrong. It touches no database and reads
//! no models. [`deps`] installs packages. Used by `context`, `parse` and `cli`.

mod catalogs;
mod config_tree;
mod definition;
pub mod deps;
pub mod env;
mod flags;
mod keys;
mod load;
mod names;
mod package_spec;
mod packages;
mod profiles;
mod project_yml;
mod render;
mod scope;
mod selectors;
mod settings_file;
mod vars;
mod version;
mod workspace;

pub use config_tree::{ConfigEntry, ConfigTree, ConfigTrees, Level, UnusedPath};
pub use definition::{Comment, Dispatch, Project, QueryComment, Quoting, SourcePaths};
pub use env::{Env, EnvError, Secrets, is_secret};
pub use flags::ProjectFlags;
pub use load::{load, load_project};
pub use package_spec::{PackageSource, PackageSpec};
pub use packages::PackageList;
pub use profiles::{PROFILES_FILE, Profile};
pub use render::{KeyPath, has_jinja, render_tree, rendered_plain, stays_as_written};
pub use scope::{YamlBase, YamlContext};
pub use selectors::SelectorDefinition;
pub use vars::{Vars, parse_cli_map, scrubber};
pub use version::{DBT_VERSION, Requirement, Version};
pub use workspace::{Options, PROJECT_FILE, Paths, ProjectOnly, Workspace, find_project};
