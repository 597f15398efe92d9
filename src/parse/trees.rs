//! The config trees of the projects as layers: what `dbt_project.yml` files say of a resource by its fqn.
//! Called wherever a configuration is resolved.

use std::collections::HashMap;

use crate::manifest::ResourceType;
use crate::project::{ConfigEntry, Project};

use super::config::Layer;

/// The root project and its packages.
pub(super) struct Trees<'a> {
    root: &'a Project,
    by_name: HashMap<&'a str, &'a Project>,
}

/// The layers of both trees that matter for a resource.
#[derive(Clone, Debug, Default)]
pub(super) struct TreeLayers {
    /// The package's own tree.
    pub(super) own: Vec<Layer>,
    /// The root project's tree; empty for the root project itself.
    pub(super) root: Vec<Layer>,
}

impl<'a> Trees<'a> {
    /// `projects` are all, the root project included.
    pub(super) fn new(root: &'a Project, projects: impl IntoIterator<Item = &'a Project>) -> Self {
        Self { root, by_name: projects.into_iter().map(|project| (&*project.name, project)).collect() }
    }

    /// Returns a project.
    pub(super) fn project(&self, package: &str) -> &'a Project {
        self.by_name.get(package).copied().unwrap_or(self.root)
    }

    /// Returns the rendered layers.
    pub(super) fn layers(&self, resource: ResourceType, package: &str, fqn: &[String]) -> TreeLayers {
        self.both(resource, package, fqn, |entry| entry.value.to_json())
    }

    /// Returns the layers as written, for state comparison: those of functions are looked up among the models', as
    /// in dbt.
    pub(super) fn raw_layers(&self, resource: ResourceType, package: &str, fqn: &[String]) -> TreeLayers {
        let resource = if resource == ResourceType::Function { ResourceType::Model } else { resource };
        self.both(resource, package, fqn, |entry| entry.raw.to_json())
    }

    fn both(
        &self,
        resource: ResourceType,
        package: &str,
        fqn: &[String],
        value: impl Fn(&ConfigEntry) -> crate::manifest::Json,
    ) -> TreeLayers {
        let of = |project: &Project| {
            let levels = project.configs.of(resource).levels(fqn);
            let layer = |entries: &[ConfigEntry]| {
                let mut layer = Layer::default();
                for entry in entries {
                    layer.set(&*entry.key, value(entry), Some(entry.value.span));
                }
                layer
            };
            levels.into_iter().filter(|level| !level.configs.is_empty()).map(|l| layer(&l.configs)).collect()
        };
        let own = of(self.project(package));
        let root = if *package == *self.root.name { Vec::new() } else { of(self.root) };
        TreeLayers { own, root }
    }
}
